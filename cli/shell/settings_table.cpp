#include "cli/shell/settings_table.hpp"

#include <algorithm>

#include <toml++/toml.h>

#include "messages/base/error.hpp"
#include "messages/base/nearest_word.hpp"
#include "messages/base/printable.hpp"

namespace liveconnect::cli {

namespace {

constexpr size_t settings_file_bytes_max = 64 * 1024;

/// Text of one TOML value; nothing when it is of a kind that no setting has.
std::optional<std::string> text_of(const toml::node& x) {
  if (const auto text = x.value_exact<std::string>())
    return *text;
  if (const auto flag = x.value_exact<bool>())
    return *flag ? "true" : "false";
  if (const auto number = x.value_exact<int64_t>())
    return std::to_string(*number);
  return std::nullopt;
}

std::optional<std::vector<std::string>> texts_of(const toml::node& x) {
  std::vector<std::string> out;
  if (const auto* list = x.as_array()) {
    for (const auto& item : *list) {
      auto text = text_of(item);
      if (!text)
        return std::nullopt;
      out.push_back(std::move(*text));
    }
    return out;
  }
  auto text = text_of(x);
  if (!text)
    return std::nullopt;
  out.push_back(std::move(*text));
  return out;
}

caf::expected<toml::table> parse_toml(const std::filesystem::path& file) {
  const auto name = printable(file.string());
  std::error_code problem;
  // A folder opens like a file and reads like an empty one.
  if (std::filesystem::is_directory(file, problem))
    return fail(ec::bad_config, name + " is a folder, not a file");
  const auto size = std::filesystem::file_size(file, problem);
  if (problem)
    return fail(ec::bad_config, name + ": " + problem.message());
  if (size > settings_file_bytes_max)
    return fail(ec::bad_config, name + ": larger than 64 KiB");
  try {
    return toml::parse_file(file.string());
  } catch (const toml::parse_error& x) {
    return fail(ec::bad_config, name + ":" + std::to_string(x.source().begin.line) + ": " +
                                    printable(x.description()));
  }
}

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> out;
  for (;;) {
    const auto end = text.find(',');
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return out;
    text.remove_prefix(end + 1);
  }
}

std::string replaced(std::string x, char from, char to) {
  std::replace(x.begin(), x.end(), from, to);
  return x;
}

} // namespace

std::string with_nearest(std::string_view word, const std::vector<std::string>& candidates) {
  const auto near = nearest_word(word, candidates);
  return in_quotes(word) + (near.empty() ? "" : " (did you mean '" + near + "')");
}

caf::error wrong_setting(const raw_setting& x, const std::string& detail) {
  const bool is_flag = x.origin.rfind("--", 0) == 0;
  return fail(is_flag ? ec::bad_argument : ec::bad_config, x.origin + ": " + detail);
}

settings_table::settings_table(std::vector<setting_name> names, std::string prefix,
                               std::vector<std::string> others, std::vector<std::string> also)
    : names_(std::move(names)), prefix_(std::move(prefix)), others_(std::move(others)),
      also_(std::move(also)) {}

const setting_name* settings_table::find(std::string_view key) const {
  for (const auto& x : names_)
    if (key == x.key)
      return &x;
  return nullptr;
}

std::string settings_table::flag_of(const setting_name& x) const {
  return x.flag != nullptr ? std::string{x.flag} : "--" + replaced(x.key, '_', '-');
}

std::string settings_table::variable_of(const setting_name& x) const {
  auto out = prefix_;
  for (const char c : std::string_view{x.key})
    out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

caf::expected<settings_layer> settings_table::read_file(const std::filesystem::path& file) const {
  const auto table = parse_toml(file);
  if (!table)
    return table.error();
  settings_layer out;
  for (const auto& [key, value] : *table) {
    const auto word = std::string{key.str()};
    const auto where = printable(file.string()) + ":" + std::to_string(value.source().begin.line);
    if (find(word) == nullptr) {
      std::vector<std::string> known;
      for (const auto& x : names_)
        known.emplace_back(x.key);
      return fail(ec::bad_config, where + ": unknown key " + with_nearest(word, known));
    }
    auto texts = texts_of(value);
    if (!texts)
      return fail(ec::bad_config, where + ": " + word + " has a value of the wrong kind");
    out[word] = {std::move(*texts), where + ": " + word};
  }
  return out;
}

settings_layer settings_table::read_environment(const variable_lookup& lookup) const {
  settings_layer out;
  for (const auto& x : names_) {
    const auto variable = variable_of(x);
    const char* value = lookup(variable.c_str());
    if (value == nullptr || *value == '\0')
      continue;
    out[x.key] = {x.list_of == nullptr ? std::vector<std::string>{value} : split_at_commas(value),
                  variable};
  }
  return out;
}

caf::error settings_table::check_variables(const std::vector<std::string>& names) const {
  auto known = also_;
  for (const auto& x : names_)
    known.push_back(variable_of(x));
  // By what comes after the prefix: with it, everything would be near.
  std::vector<std::string> words;
  for (const auto& x : known)
    words.push_back(x.substr(std::min(prefix_.size(), x.size())));
  for (const auto& name : names) {
    const bool other = std::any_of(others_.begin(), others_.end(), [&](const std::string& x) {
      return name.compare(0, x.size(), x) == 0;
    });
    if (other || std::find(known.begin(), known.end(), name) != known.end())
      continue;
    const auto near = nearest_word(std::string_view{name}.substr(prefix_.size()), words);
    return fail(ec::bad_config,
                "there is no variable " + in_quotes(name) +
                    (near.empty() ? "" : " (did you mean '" + prefix_ + near + "')"));
  }
  return {};
}

} // namespace liveconnect::cli
