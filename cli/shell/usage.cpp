#include "cli/shell/usage.hpp"

#include <cstdlib>
#include <cstring>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/shell/values.hpp"
#include "messages/base/error.hpp"
#include "messages/base/nearest_word.hpp"
#include "messages/base/printable.hpp"

namespace liveconnect::cli {

namespace {

constexpr size_t word_chars_max = 40;
/// More words than this that no command takes are most likely the key of an invitation.
constexpr size_t words_shown_max = 8;

bool any_command(const CLI::App*) {
  return true;
}

bool has_commands(const CLI::App& at) {
  return !at.get_subcommands(any_command).empty();
}

/// `liveconnect raida mint`.
std::string full_name(const CLI::App& at) {
  const auto* parent = at.get_parent();
  return parent == nullptr ? at.get_name() : full_name(*parent) + " " + at.get_name();
}

std::vector<std::string> command_names(const CLI::App& at) {
  std::vector<std::string> out;
  for (const auto* x : at.get_subcommands(any_command))
    out.push_back(x->get_name());
  return out;
}

/// The options of a command and those that it inherits.
std::vector<std::string> option_names(const CLI::App& at) {
  std::vector<std::string> out;
  for (const auto* x = &at; x != nullptr; x = x->get_parent())
    for (const auto* option : x->get_options())
      for (const auto& name : option->get_lnames())
        out.push_back("--" + name);
  return out;
}

advice secret_in_argument(const CLI::App& at) {
  return {"There are more arguments than the command takes, and an invitation's text belongs in a "
          "file or on standard input, never in an argument.",
          help_advice(at)};
}

/// A word that nothing takes.
advice unknown_word(const CLI::App& root, const CLI::App& at, const std::string& word) {
  const bool option = word[0] == '-';
  const auto name = word.substr(0, word.find('='));
  const auto shown = in_quotes(word, word_chars_max);
  const auto near = nearest_word(name, option ? option_names(at) : command_names(at));
  advice out;
  if (option)
    out.what = fmt::format("Unknown option {}.", shown);
  else if (&at == &root)
    out.what = fmt::format("Unknown command {}.", shown);
  else if (has_commands(at))
    out.what = fmt::format("'{}' has no command {}.", at.get_name(), shown);
  else
    out.what = fmt::format("Unexpected argument {} for '{}'.", shown, at.get_name());
  out.what_to_do = near.empty() ? help_advice(at) : fmt::format("Did you mean '{}'?", near);
  return out;
}

advice describe(CLI::App& root, const CLI::ParseError& err) {
  const auto& at = *innermost(&root);
  auto extras = root.remaining(true);
  if (extras.empty())
    extras = at.remaining(true);
  // Where a command is needed, an unknown one is reported as a missing one.
  const bool unknown = dynamic_cast<const CLI::ExtrasError*>(&err) != nullptr ||
                       (&at == &root && dynamic_cast<const CLI::RequiredError*>(&err) != nullptr);
  if (unknown && extras.empty())
    return missing_command(at).words;
  if (unknown) {
    const bool secret =
        extras.size() > words_shown_max || extras.front().find("://") != std::string::npos;
    return secret ? secret_in_argument(at) : unknown_word(root, at, extras.front());
  }
  std::string text = err.what();
  if (text.find("://") != std::string::npos)
    return secret_in_argument(at);
  text.erase(text.find_last_not_of(".\n") + 1);
  return {printable(text, detail_chars_max) + ".", help_advice(at)};
}

} // namespace

bool wants_json(int argc, const char* const* argv, const char* variable) {
  for (int i = 1; i < argc && std::strcmp(argv[i], "--") != 0; ++i)
    if (std::strcmp(argv[i], "--json") == 0)
      return true;
  const char* value = variable == nullptr ? nullptr : std::getenv(variable);
  const auto asked = parse_bool(value == nullptr ? "no" : value);
  return asked && *asked;
}

CLI::App* innermost(CLI::App* root) {
  for (;;) {
    const auto below = root->get_subcommands();
    if (below.empty())
      return root;
    root = below.front();
  }
}

command_end wrong_usage(CLI::App& root, const CLI::ParseError& err) {
  return usage_end(describe(root, err));
}

command_end missing_command(const CLI::App& at) {
  const bool is_root = at.get_parent() == nullptr;
  return usage_end(
      {is_root ? "No command was given." : fmt::format("'{}' needs a command.", at.get_name()),
       fmt::format("Run '{} --help' to see the commands.", full_name(at))});
}

command_end usage_end(advice words) {
  auto detail = words.what;
  if (!detail.empty() && detail.back() == '.')
    detail.pop_back();
  return failed(fail(ec::bad_argument, std::move(detail)), json_fields::object(), std::move(words));
}

std::string help_advice(const CLI::App& at) {
  return fmt::format("Run '{} --help' to see {}.", full_name(at),
                     has_commands(at) ? "the commands" : "what it takes");
}

} // namespace liveconnect::cli
