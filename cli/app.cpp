#include "cli/app.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "cli/commands/commands.hpp"
#include "cli/demo/demo_command.hpp"
#include "cli/shell/printable.hpp"
#include "messages/base/nearest_word.hpp"
#include "messages/base/variables.hpp"

namespace liveconnect::cli {

namespace {

/// The common flags, bound to texts: what they mean is settings' business.
struct common_flags {
  std::map<std::string, std::string> values;
  std::map<std::string, bool> switches;
  int verbose = 0;
  std::string config;

  void add_to(CLI::App& root) {
    for (const auto& name : setting_names()) {
      if (std::strcmp(name.key, "verbose") == 0)
        continue;
      const auto flag =
          name.flag != nullptr ? std::string{name.flag} : std::string{"--"} + name.key;
      if (name.flag_value != nullptr)
        root.add_flag(flag, switches[name.key], name.help)->group("Settings");
      else
        root.add_option(flag, values[name.key], name.help)->group("Settings");
    }
    root.add_flag("-v,--verbose", verbose, "Tell more on standard error; twice for everything")
        ->group("Settings");
    root.add_option("--config", config, "Read settings from this file, before the usual ones")
        ->group("Settings");
  }

  settings_layer layer() const {
    settings_layer out;
    for (const auto& name : setting_names()) {
      const auto flag =
          name.flag != nullptr ? std::string{name.flag} : std::string{"--"} + name.key;
      if (auto i = switches.find(name.key); i != switches.end() && i->second)
        out[name.key] = {name.flag_value, flag};
      if (auto i = values.find(name.key); i != values.end() && !i->second.empty())
        out[name.key] = {i->second, flag};
    }
    if (verbose > 0)
      out["verbose"] = {std::to_string(std::min(verbose, 2)), "--verbose"};
    return out;
  }
};

/// JSON mode must hold for mistakes too, which are found before there are settings.
bool wants_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc && std::strcmp(argv[i], "--") != 0; ++i)
    if (std::strcmp(argv[i], "--json") == 0)
      return true;
  const auto value = std::getenv("LIVECONNECT_JSON");
  return value != nullptr && (std::strcmp(value, "1") == 0 || std::strcmp(value, "true") == 0 ||
                              std::strcmp(value, "yes") == 0 || std::strcmp(value, "on") == 0);
}

/// The innermost command that the line named.
CLI::App* innermost(CLI::App* at) {
  for (;;) {
    const auto below = at->get_subcommands();
    if (below.empty())
      return at;
    at = below.front();
  }
}

/// An option that was given and says nothing; its value would pass for none.
std::string empty_value(CLI::App* at) {
  for (; at != nullptr; at = at->get_parent())
    for (auto option : at->get_options())
      for (const auto& value : option->results())
        if (value.empty())
          return option->get_name();
  return {};
}

/// What the innermost command can be asked for, and where the settings stand that all take.
std::string help_of(const CLI::App& root) {
  auto text = root.help();
  text.erase(text.find_last_not_of('\n') + 1);
  if (!root.get_subcommands().empty())
    text += "\n\nSettings that every command takes (--data, --wallet, --relay, --json, ...): see "
            "liveconnect --help";
  return text;
}

/// All words that could stand where `at` is: its commands, its options and those it inherits.
std::vector<std::string> words_of(CLI::App* at, bool options) {
  std::vector<std::string> out;
  if (!options) {
    for (auto sub : at->get_subcommands([](CLI::App*) { return true; }))
      out.push_back(sub->get_name());
    return out;
  }
  for (; at != nullptr; at = at->get_parent())
    for (auto option : at->get_options())
      for (const auto& name : option->get_lnames())
        out.push_back("--" + name);
  return out;
}

/// The mistake in words of ours; an argument is shown only when it can be no secret.
caf::error describe(CLI::App& root, const CLI::ParseError& x) {
  const auto at = innermost(&root);
  if (dynamic_cast<const CLI::ExtrasError*>(&x) != nullptr) {
    auto extras = root.remaining(true);
    if (extras.empty())
      extras = at->remaining(true);
    const auto word = extras.empty() ? std::string{} : extras.front();
    if (word.find("://") != std::string::npos || extras.size() > 8)
      return fail(ec::bad_argument, "there is more here than the command takes (an invitation's "
                                    "text belongs into a file or on standard input, never into "
                                    "an argument)");
    const auto option = !word.empty() && word[0] == '-';
    auto text = fmt::format("{} '{}' is not known{}", option ? "option" : "word",
                            printable(word, 40), at == &root ? "" : " to '" + at->get_name() + "'");
    const auto near = nearest_word(word.substr(0, word.find('=')), words_of(at, option));
    if (!near.empty())
      text += fmt::format(" (did you mean '{}')", near);
    return fail(ec::bad_argument, text);
  }
  std::string text = x.what();
  if (text.find("://") != std::string::npos)
    text = "an invitation's text belongs into a file or on standard input, never into an argument";
  return fail(ec::bad_argument, text);
}

void set_up_log(int verbose) {
  auto log = spdlog::stderr_logger_mt("liveconnect");
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  log->set_level(verbose >= 2   ? spdlog::level::debug
                 : verbose == 1 ? spdlog::level::info
                                : spdlog::level::err);
  spdlog::set_default_logger(std::move(log));
}

int finish(output& out, const command_end& end) {
  auto fields = end.fields;
  auto status = end.signal != 0 ? exit_of_signal(end.signal) : exit_of(end.failure);
  if (status.code != 0) {
    auto text = words_of(end);
    if (end.signal == 0) {
      fields["error"] = to_string(code_of(end.failure));
      fields["detail"] = printable(detail_of(end.failure), detail_chars_max);
    }
    fields["what"] = text.what;
    fields["what_to_do"] = text.what_to_do;
    if (end.signal == 0)
      out.error(end.failure, text);
    else
      out.last(text.what + " " + text.what_to_do);
  }
  advice lost{"Not everything could be written to standard output",
              "Check where the output goes; what was done stays done, so look with 'liveconnect "
              "wallet list' before you send or mint anew."};
  auto what_of = [&] { return fmt::format("{}: {}.", lost.what, std::strerror(out.lost())); };
  if (out.lost() != 0 && status.code == 0) {
    status = exit_of(ec::disk_failed);
    fields["what"] = what_of();
    fields["what_to_do"] = lost.what_to_do;
  }
  out.result(status, fields);
  if (out.lost() == 0)
    return status.code;
  std::fputs(fmt::format("{} {}\n", what_of(), lost.what_to_do).c_str(), stderr);
  return status.code != 0 ? status.code : exit_of(ec::disk_failed).code;
}

} // namespace

int run(int argc, const char* const* argv) {
  CLI::App root{"Two people hand digital coins to each other, live.", "liveconnect"};
  root.fallthrough();
  root.set_help_flag("-h,--help", "Show what can be asked for");
  common_flags flags;
  flags.add_to(root);
  command_table table;
  add_send_command(root, table);
  add_receive_command(root, table);
  add_resume_command(root, table);
  add_wallet_command(root, table);
  add_raida_command(root, table);
  add_demo_command(root, table);
  add_version_command(root, table);

  const auto early = style_of(wants_json(argc, argv), false, false);
  caf::error mistake;
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    output out{early};
    const auto text = help_of(root);
    out.last(text);
    return finish(out, {{}, {{"help", text}}, 0});
  } catch (const CLI::ParseError& x) {
    mistake = describe(root, x);
  }
  const auto body = table.find();
  if (!mistake && body == nullptr) {
    const auto at = innermost(&root);
    mistake = fail(ec::bad_argument, at == &root
                                         ? "no command was named"
                                         : fmt::format("'{}' needs another word", at->get_name()));
  }
  if (!mistake)
    if (auto name = empty_value(innermost(&root)); !name.empty())
      mistake = fail(ec::bad_argument, name + " was given without a value");
  if (mistake) {
    output out{early};
    return finish(out, failed(mistake));
  }

  std::optional<std::filesystem::path> named_file;
  if (!flags.config.empty())
    named_file = flags.config;
  if (auto unknown = check_variables(variables_with(variable_prefix))) {
    output out{early};
    return finish(out, failed(std::move(unknown)));
  }
  auto conf =
      load_settings(flags.layer(), named_file, [](const char* x) { return std::getenv(x); });
  if (!conf) {
    output out{early};
    return finish(out, failed(conf.error()));
  }
  output out{style_of(conf->as_json, conf->quiet, !conf->colour)};
  set_up_log(conf->verbose);
  interrupts stop{[&out](int signal) {
    const auto text = advice_for_signal(signal);
    out.result(exit_of_signal(signal), {{"what", text.what}, {"what_to_do", text.what_to_do}});
  }};
  environment env{*conf, out, stop};
  auto end = (*body)(env);
  // Stopped by a signal is never success, and the signal is what the caller has to know; what
  // was finished in spite of it is.
  if (end.failure && stop.signal() != 0)
    end.signal = stop.signal();
  return finish(out, end);
}

} // namespace liveconnect::cli
