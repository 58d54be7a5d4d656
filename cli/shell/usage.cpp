#include "cli/shell/usage.hpp"

#include <cstdlib>
#include <cstring>

#include <CLI/CLI.hpp>

#include "cli/shell/values.hpp"
#include "messages/base/error.hpp"
#include "messages/base/nearest_word.hpp"
#include "messages/base/printable.hpp"

namespace liveconnect::cli {

namespace {

/// All words that could stand where `at` is: its commands, or its options and those it inherits.
std::vector<std::string> words_at(CLI::App* at, bool options) {
  std::vector<std::string> out;
  if (!options) {
    for (const auto* sub : at->get_subcommands([](CLI::App*) { return true; }))
      out.push_back(sub->get_name());
    return out;
  }
  for (; at != nullptr; at = at->get_parent())
    for (const auto* option : at->get_options())
      for (const auto& name : option->get_lnames())
        out.push_back("--" + name);
  return out;
}

caf::error secret_in_argument() {
  return fail(ec::bad_argument, "An invitation's text belongs into a file or on standard input, "
                                "never into an argument");
}

} // namespace

bool wants_json(int argc, const char* const* argv, const char* variable) {
  for (int i = 1; i < argc && std::strcmp(argv[i], "--") != 0; ++i)
    if (std::strcmp(argv[i], "--json") == 0)
      return true;
  const char* value = variable == nullptr ? nullptr : std::getenv(variable);
  const auto yes = parse_bool(value == nullptr ? "" : value);
  return yes && *yes;
}

CLI::App* innermost(CLI::App* at) {
  for (;;) {
    const auto below = at->get_subcommands();
    if (below.empty())
      return at;
    at = below.front();
  }
}

caf::error usage_error(CLI::App& root, const CLI::ParseError& x) {
  auto* at = innermost(&root);
  auto extras = root.remaining(true);
  if (extras.empty())
    extras = at->remaining(true);
  const bool unknown_word =
      dynamic_cast<const CLI::ExtrasError*>(&x) != nullptr || (at == &root && !extras.empty());
  if (!unknown_word) {
    std::string text = x.what();
    while (!text.empty() && (text.back() == '.' || text.back() == '\n'))
      text.pop_back();
    return text.find("://") != std::string::npos ? secret_in_argument()
                                                 : fail(ec::bad_argument, std::move(text));
  }
  const auto word = extras.empty() ? std::string{} : extras.front();
  // A phrase of many words may be a key.
  if (word.find("://") != std::string::npos || extras.size() > 8)
    return secret_in_argument();
  const bool option = !word.empty() && word.front() == '-';
  auto text = std::string{option        ? "Unknown option "
                          : at == &root ? "Unknown command "
                                        : "Unknown word "} +
              in_quotes(word, 40);
  if (at != &root && !option)
    text += " after '" + at->get_name() + "'";
  const auto near = nearest_word(word.substr(0, word.find('=')), words_at(at, option));
  if (!near.empty())
    text += ". Did you mean '" + near + "'?";
  return fail(ec::bad_argument, std::move(text));
}

} // namespace liveconnect::cli
