#include <cstdlib>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include "cli/shell/usage.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::cli {
namespace {

/// `lc send AMOUNT [--relay X]`, `lc wallet export AMOUNT`.
struct usage : ::testing::Test {
  CLI::App root{"", "lc"};
  std::string amount;
  std::string relay;

  usage() {
    root.fallthrough();
    root.add_option("--relay", relay);
    auto* send = root.add_subcommand("send");
    send->add_option("AMOUNT", amount)->required();
    auto* wallet = root.add_subcommand("wallet");
    wallet->add_subcommand("export")->add_option("AMOUNT", amount)->required();
  }

  /// What people read for these words; empty when they are right.
  std::string complaint(std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());
    try {
      root.parse(words);
    } catch (const CLI::ParseError& err) {
      const auto end = wrong_usage(root, err);
      EXPECT_EQ(code_of(end.failure), ec::bad_argument);
      return end.words.what + " " + end.words.what_to_do;
    }
    return {};
  }
};

TEST_F(usage, an_unknown_word_is_answered_with_the_nearest) {
  EXPECT_EQ(complaint({"sned", "5"}), "Unknown command 'sned'. Did you mean 'send'?");
  EXPECT_EQ(complaint({"send", "5", "--realy", "a:1"}),
            "Unknown option '--realy'. Did you mean '--relay'?");
  EXPECT_EQ(complaint({"wallet", "exprot"}), "'wallet' has no command 'exprot'. Did you mean "
                                             "'export'?");
}

TEST_F(usage, a_word_with_none_near_is_answered_with_the_help) {
  EXPECT_EQ(complaint({"elephant"}),
            "Unknown command 'elephant'. Run 'lc --help' to see the commands.");
  EXPECT_EQ(complaint({"send", "5", "6"}),
            "Unexpected argument '6' for 'send'. Run 'lc send --help' to see what it takes.");
  EXPECT_EQ(complaint({"wallet", "export"}),
            "AMOUNT is required. Run 'lc wallet export --help' to see what it takes.");
}

TEST_F(usage, a_missing_command_is_said_alike_whether_the_parser_requires_one_or_not) {
  const auto said = missing_command(root).words;
  EXPECT_EQ(said.what + " " + said.what_to_do,
            "No command was given. Run 'lc --help' to see the commands.");
  root.require_subcommand(1);
  EXPECT_EQ(complaint({}), said.what + " " + said.what_to_do);
  EXPECT_EQ(complaint({"sned"}), "Unknown command 'sned'. Did you mean 'send'?");
  EXPECT_EQ(missing_command(*root.get_subcommand("wallet")).words.what,
            "'wallet' needs a command.");
}

TEST_F(usage, what_may_be_an_invitation_is_not_shown) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"send", "5", "liveconnect://a:1/5#SECRET"},
           {"send", "5", "SECRET", "b", "c", "d", "e", "f", "g", "h", "i"}}) {
    const auto text = complaint(words);
    EXPECT_EQ(text.find("SECRET"), std::string::npos) << text;
    EXPECT_NE(text.find("standard input"), std::string::npos) << text;
  }
}

TEST_F(usage, json_is_asked_for_by_flag_or_variable) {
  const char* words[] = {"lc", "send", "--json"};
  EXPECT_TRUE(wants_json(3, words));
  EXPECT_FALSE(wants_json(2, words));
  const char* behind[] = {"lc", "--", "--json"};
  EXPECT_FALSE(wants_json(3, behind));
  ::setenv("LIVECONNECT_TEST_JSON", "yes", 1);
  EXPECT_TRUE(wants_json(1, words, "LIVECONNECT_TEST_JSON"));
  ::setenv("LIVECONNECT_TEST_JSON", "no", 1);
  EXPECT_FALSE(wants_json(1, words, "LIVECONNECT_TEST_JSON"));
  ::unsetenv("LIVECONNECT_TEST_JSON");
}

} // namespace
} // namespace liveconnect::cli
