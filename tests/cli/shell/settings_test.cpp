#include <fstream>
#include <map>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include "cli/shell/settings.hpp"
#include "cli/shell/values.hpp"
#include "messages/base/error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::cli {
namespace {

/// A program of its own, with a setting of each form.
struct example {
  std::string name = "built in";
  std::vector<std::string> list;
  uint64_t many = 0;
  bool loud = false;
  bool colour = true;
  uint64_t verbose = 0;
};

caf::expected<std::string> any_text(std::string_view text) {
  return std::string{text};
}

caf::expected<uint64_t> digit(std::string_view text) {
  return parse_count(text, 0, 9);
}

caf::error read_list(example& to, const std::vector<std::string>& texts) {
  to.list = texts;
  return {};
}

const settings_table<example>& table() {
  static const settings_table<example> out{
      {{}, "EXAMPLE_", {"EXAMPLE_OTHER_", "EXAMPLE_CONFIG"}},
      {
          {{"the_name", "A name"}, into(&example::name, any_text)},
          {{"list", "A list", flag_form::repeated, "ITEM"}, read_list},
          {{"many", "A number", flag_form::value, "N"}, into(&example::many, digit)},
          {{"loud", "Louder", flag_form::on}, into(&example::loud, parse_bool)},
          {{"color", "Paler", flag_form::off}, into(&example::colour, parse_bool)},
          {{"verbose", "More", flag_form::count}, into(&example::verbose, digit)},
      }};
  return out;
}

settings_layer flags_of(std::vector<std::string> words) {
  CLI::App app;
  setting_flags flags;
  flags.add_to(app, table().names, "Settings");
  std::reverse(words.begin(), words.end());
  app.parse(words);
  return flags.layer();
}

struct settings_engine : ::testing::Test {
  test::temporary_folder folder;

  caf::expected<settings_layer> read(const std::string& text) {
    const auto file = folder.path() / "example.toml";
    std::ofstream{file} << text;
    return read_settings_file(table().names, file);
  }

  std::string complaint(const std::string& text) {
    const auto layer = read(text);
    return layer ? "" : detail_of(layer.error());
  }
};

TEST_F(settings_engine, flags_take_the_form_of_their_row) {
  const auto layer = flags_of(
      {"--the-name=x", "--list", "a", "--list", "b", "--loud", "--no-color", "-v", "-v", "-v"});
  example x;
  EXPECT_FALSE(apply(table(), {layer}, checked::all, x));
  EXPECT_EQ(x.name, "x");
  EXPECT_EQ(x.list, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(x.loud);
  EXPECT_FALSE(x.colour);
  EXPECT_EQ(x.verbose, 2u) << "a third -v means no more than the second";
  EXPECT_TRUE(flags_of({}).empty());
}

TEST_F(settings_engine, the_environment_has_lists_with_commas) {
  std::map<std::string, std::string> variables{{"EXAMPLE_LIST", "a, b"}, {"EXAMPLE_THE_NAME", ""}};
  const auto lookup = [&](const char* name) -> const char* {
    const auto at = variables.find(name);
    return at == variables.end() ? nullptr : at->second.c_str();
  };
  auto layer = read_environment(table().names, lookup);
  EXPECT_EQ(layer["list"].texts, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(layer["list"].origin, "EXAMPLE_LIST");
  EXPECT_EQ(layer.count("the_name"), 1u) << "empty is a value";
  auto lenient = table().names;
  lenient.empty_variable_is_unset = true;
  EXPECT_EQ(read_environment(lenient, lookup).count("the_name"), 0u);
}

TEST_F(settings_engine, files_have_texts_numbers_truth_and_lists) {
  const auto layer = read("the_name = 'x'\nlist = ['a', 'b']\nmany = 7\nloud = true\n");
  ASSERT_TRUE(layer);
  example x;
  EXPECT_FALSE(apply(table(), {*layer}, checked::all, x));
  EXPECT_EQ(x.name, "x");
  EXPECT_EQ(x.many, 7u);
  EXPECT_TRUE(x.loud);
  EXPECT_EQ(x.list.size(), 2u);
}

TEST_F(settings_engine, a_wrong_file_is_named_with_its_line) {
  EXPECT_NE(complaint("\nmanny = 1\n")
                .find("example.toml:2: unknown setting 'manny' (did you mean "
                      "'many'?)"),
            std::string::npos);
  EXPECT_NE(complaint("many = 1.5\n").find(":1: many cannot have a value of this kind"),
            std::string::npos);
  EXPECT_NE(complaint("list = [1]\n").find(":1: list cannot"), std::string::npos);
  EXPECT_NE(complaint("many = [\n").find("example.toml:"), std::string::npos);
  EXPECT_NE(complaint(std::string(70'000, '#')).find("larger than 64 KiB"), std::string::npos);
  EXPECT_EQ(complaint("\"a\\u001b[31m\" = 1\n").find('\x1b'), std::string::npos);
  EXPECT_FALSE(read_settings_file(table().names, folder.path() / "none.toml"));
  EXPECT_FALSE(read_settings_file(table().names, folder.path())) << "a folder";
}

TEST_F(settings_engine, the_topmost_layer_wins_and_lower_ones_are_checked_where_asked) {
  const settings_layer top{{"many", {{"1"}, "--many"}}};
  const settings_layer below{{"many", {{"x"}, "f.toml:3"}}};
  example x;
  EXPECT_FALSE(apply(table(), {top, below}, checked::topmost, x));
  EXPECT_EQ(x.many, 1u);
  const auto err = apply(table(), {top, below}, checked::all, x);
  EXPECT_EQ(code_of(err), ec::bad_config);
  EXPECT_EQ(detail_of(err), "f.toml:3: 'x' is not a whole number from 0 to 9");
  EXPECT_EQ(code_of(apply(table(), {settings_layer{{"many", {{"x"}, "--many"}}}}, checked::all, x)),
            ec::bad_argument);
}

TEST_F(settings_engine, one_value_stays_one_and_a_list_is_not_empty) {
  example x;
  const auto err = [&](const char* key, std::vector<std::string> texts) {
    return detail_of(
        apply(table(), {settings_layer{{key, {std::move(texts), "f:1"}}}}, checked::all, x));
  };
  EXPECT_EQ(err("many", {"1", "2"}), "f:1: many takes one value");
  EXPECT_EQ(err("list", {}), "f:1: list needs at least one value");
}

TEST_F(settings_engine, an_unknown_variable_is_named_with_the_nearest) {
  const auto& names = table().names;
  EXPECT_FALSE(check_variables(names, {"EXAMPLE_MANY", "EXAMPLE_OTHER_X", "EXAMPLE_CONFIG"}));
  EXPECT_EQ(detail_of(check_variables(names, {"EXAMPLE_MANNY"})),
            "unknown variable 'EXAMPLE_MANNY' (did you mean 'EXAMPLE_MANY'?)");
  EXPECT_EQ(detail_of(check_variables(names, {"EXAMPLE_ZZZZ\n"})),
            "unknown variable 'EXAMPLE_ZZZZ\\x0a'");
}

} // namespace
} // namespace liveconnect::cli
