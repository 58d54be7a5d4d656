#include "cli/shell/settings.hpp"

#include <algorithm>
#include <fstream>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <toml++/toml.h>

#include "cli/shell/values.hpp"
#include "messages/base/error.hpp"
#include "messages/base/nearest_word.hpp"
#include "messages/base/printable.hpp"

namespace liveconnect::cli {

namespace {

constexpr size_t file_bytes_max = 64 * 1024;
constexpr size_t word_chars_max = 60;
/// Repeating a flag more often than this means no more.
constexpr int count_max = 2;

std::string replaced(std::string x, char from, char to) {
  std::replace(x.begin(), x.end(), from, to);
  return x;
}

bool is_list(const setting_row& x) {
  return x.form == flag_form::comma_list || x.form == flag_form::repeated;
}

/// `unknown setting 'wiat' (did you mean 'wait'?)`.
std::string unknown(const char* kind, std::string_view word, const std::string& near) {
  auto out = fmt::format("unknown {} {}", kind, in_quotes(word, word_chars_max));
  if (!near.empty())
    out += fmt::format(" (did you mean '{}'?)", near);
  return out;
}

/// The text of one TOML value; none when it is of a kind that no setting has.
std::optional<std::string> text_of(const toml::node& x) {
  if (auto text = x.value_exact<std::string>())
    return *text;
  if (const auto flag = x.value_exact<bool>())
    return *flag ? "true" : "false";
  if (const auto number = x.value_exact<int64_t>())
    return std::to_string(*number);
  return std::nullopt;
}

/// The same for a value that may be a list of texts.
std::optional<std::vector<std::string>> texts_of(const toml::node& x) {
  std::vector<std::string> out;
  const auto* list = x.as_array();
  if (list == nullptr) {
    auto text = text_of(x);
    if (!text)
      return std::nullopt;
    out.push_back(std::move(*text));
    return out;
  }
  for (const auto& item : *list) {
    auto text = item.value_exact<std::string>();
    if (!text)
      return std::nullopt;
    out.push_back(std::move(*text));
  }
  return out;
}

/// The whole text of a settings file. A pipe is as good as a file.
caf::expected<std::string> read_text(const std::filesystem::path& file, const std::string& name) {
  std::error_code ignored;
  std::ifstream in{file};
  // A folder opens like a file and reads like an empty one.
  if (!in || std::filesystem::is_directory(file, ignored))
    return fail(ec::bad_config, name + ": cannot read this file");
  std::string out(file_bytes_max + 1, '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<size_t>(in.gcount()));
  if (out.size() > file_bytes_max)
    return fail(ec::bad_config, name + ": larger than 64 KiB");
  return out;
}

const setting_row* find_row(const setting_names& names, std::string_view key) {
  const auto at = std::find_if(names.rows.begin(), names.rows.end(),
                               [&](const setting_row& x) { return key == x.key; });
  return at == names.rows.end() ? nullptr : &*at;
}

std::string nearest_key(const setting_names& names, std::string_view key) {
  std::vector<std::string> all;
  for (const auto& x : names.rows)
    all.emplace_back(x.key);
  return nearest_word(key, all);
}

} // namespace

std::string flag_of(const setting_row& x) {
  return (x.form == flag_form::off ? "--no-" : "--") + replaced(x.key, '_', '-');
}

std::string variable_of(const setting_names& names, const setting_row& x) {
  auto out = names.variable_prefix;
  for (const char c : std::string_view{x.key})
    out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

caf::expected<settings_layer> read_settings_file(const setting_names& names,
                                                 const std::filesystem::path& file) {
  const auto name = printable(file.string());
  const auto text = read_text(file, name);
  if (!text)
    return text.error();
  return read_settings_text(names, *text, name);
}

caf::expected<settings_layer> read_settings_text(const setting_names& names, std::string_view text,
                                                 const std::string& name) {
  const auto wrong = [&](const toml::source_region& at, const std::string& what) {
    return fail(ec::bad_config, fmt::format("{}:{}: {}", name, at.begin.line, what));
  };
  toml::table table;
  try {
    table = toml::parse(text, name);
  } catch (const toml::parse_error& x) {
    return wrong(x.source(), printable(x.description()));
  }
  settings_layer out;
  for (const auto& [key, value] : table) {
    const auto* row = find_row(names, key.str());
    if (row == nullptr)
      return wrong(key.source(), unknown("setting", key.str(), nearest_key(names, key.str())));
    auto texts = texts_of(value);
    if (!texts)
      return wrong(value.source(), fmt::format("{} cannot have a value of this kind", row->key));
    out[row->key] = {std::move(*texts), fmt::format("{}:{}", name, value.source().begin.line)};
  }
  return out;
}

settings_layer read_environment(const setting_names& names, const variable_lookup& lookup) {
  settings_layer out;
  for (const auto& row : names.rows) {
    const auto variable = variable_of(names, row);
    const auto* value = lookup(variable.c_str());
    if (value == nullptr || (*value == '\0' && names.empty_variable_is_unset))
      continue;
    out[row.key] = {is_list(row) ? split_list(value) : std::vector<std::string>{value}, variable};
  }
  return out;
}

caf::error check_variables(const setting_names& names, const std::vector<std::string>& variables) {
  const auto prefix = names.variable_prefix.size();
  std::vector<std::string> known;
  for (const auto& x : names.rows)
    known.push_back(variable_of(names, x));
  for (const auto& x : names.other_variables)
    if (x.back() != '_')
      known.push_back(x);
  const auto is_known = [&](const std::string& name) {
    const auto& others = names.other_variables;
    return std::find(known.begin(), known.end(), name) != known.end() ||
           std::any_of(others.begin(), others.end(), [&](const std::string& x) {
             return x.back() == '_' && name.compare(0, x.size(), x) == 0;
           });
  };
  const auto wrong = std::find_if_not(variables.begin(), variables.end(), is_known);
  if (wrong == variables.end())
    return {};
  // By what comes after the prefix: with it, everything would be near.
  for (auto& x : known)
    x.erase(0, prefix);
  const auto near = nearest_word(std::string_view{*wrong}.substr(prefix), known);
  return fail(ec::bad_config,
              unknown("variable", *wrong, near.empty() ? near : names.variable_prefix + near));
}

void setting_flags::add_to(CLI::App& app, const setting_names& names, const std::string& group) {
  for (const auto& row : names.rows) {
    auto& x = all_[row.key];
    x.row = row;
    const auto flag = flag_of(row);
    CLI::Option* option = nullptr;
    switch (row.form) {
    case flag_form::value:
    case flag_form::comma_list:
      option = app.add_option(flag, x.texts, row.help)
                   ->expected(1)
                   ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
      break;
    case flag_form::repeated:
      option = app.add_option(flag, x.texts, row.help)
                   ->expected(1, -1)
                   ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      break;
    case flag_form::on:
    case flag_form::off:
      option = app.add_flag(flag, x.given, row.help);
      break;
    case flag_form::count:
      option = app.add_flag(fmt::format("-{},{}", row.key[0], flag), x.count, row.help);
      break;
    }
    option->group(group);
    if (*row.value_name != '\0')
      option->type_name(row.value_name);
  }
}

settings_layer setting_flags::layer() const {
  settings_layer out;
  for (const auto& [key, x] : all_) {
    std::vector<std::string> texts;
    if (x.given)
      texts = {x.row.form == flag_form::on ? "true" : "false"};
    else if (x.count > 0)
      texts = {std::to_string(std::min(x.count, count_max))};
    else if (x.row.form == flag_form::comma_list && !x.texts.empty())
      texts = split_list(x.texts.front());
    else
      texts = x.texts;
    if (!texts.empty())
      out[key] = {std::move(texts), flag_of(x.row)};
  }
  return out;
}

caf::error at_origin(const raw_setting& x, const caf::error& err) {
  const bool from_flag = x.origin.compare(0, 2, "--") == 0;
  return fail(from_flag ? ec::bad_argument : ec::bad_config, x.origin + ": " + detail_of(err));
}

caf::error check_number(const setting_row& row, const raw_setting& x) {
  if (x.texts.empty())
    return fail(ec::bad_argument, fmt::format("{} needs at least one value", row.key));
  if (x.texts.size() > 1 && !is_list(row))
    return fail(ec::bad_argument, fmt::format("{} takes one value", row.key));
  return {};
}

} // namespace liveconnect::cli
