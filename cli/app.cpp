#include "cli/app.hpp"

#include <cstdlib>
#include <optional>

#include <CLI/CLI.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "cli/commands/commands.hpp"
#include "cli/demo/demo_command.hpp"
#include "cli/shell/usage.hpp"
#include "messages/base/variables.hpp"

namespace liveconnect::cli {

namespace {

/// The words that the program understands, and what each runs.
struct command_tree {
  CLI::App root{"Two people hand digital coins to each other, live.", "liveconnect"};
  setting_flags flags;
  std::string config;
  command_table table;

  command_tree() {
    root.fallthrough();
    root.set_help_flag("-h,--help", "Print this help");
    flags.add_to(root, liveconnect_settings().names, "Settings");
    root.add_option("--config", config, "Read settings from this file, before the usual ones")
        ->type_name("FILE")
        ->group("Settings");
    add_send_command(root, table);
    add_receive_command(root, table);
    add_resume_command(root, table);
    add_cancel_command(root, table);
    add_wallet_command(root, table);
    add_raida_command(root, table);
    add_demo_command(root, table);
    add_version_command(root, table);
  }
};

/// An option that was given without a value, which would otherwise be taken for one that was not
/// given.
std::string empty_option(CLI::App* at) {
  for (; at != nullptr; at = at->get_parent())
    for (const auto* option : at->get_options())
      for (const auto& value : option->results())
        if (value.empty())
          return option->get_name();
  return {};
}

/// The help of the innermost command that was named, and where the settings are that all take.
std::string help_of(const CLI::App& root) {
  auto text = root.help();
  text.erase(text.find_last_not_of('\n') + 1);
  if (!root.get_subcommands().empty())
    text += "\n\nFor the settings that every command takes (--data, --wallet, --relay, --json, "
            "...), see liveconnect --help";
  return text;
}

/// Reads the words; the end of the program where there is nothing (more) to do.
std::optional<command_end> read_words(command_tree& words, int argc, const char* const* argv,
                                      output& early) {
  auto& root = words.root;
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto text = help_of(root);
    early.last(text);
    return command_end{{}, {{"help", text}}};
  } catch (const CLI::ParseError& err) {
    return wrong_usage(root, err);
  }
  auto* at = innermost(&root);
  if (words.table.find() == nullptr)
    return missing_command(*at);
  if (const auto name = empty_option(at); !name.empty())
    return usage_end({name + " was given without a value.", help_advice(*at)});
  return std::nullopt;
}

caf::expected<settings> read_settings(const command_tree& words) {
  if (auto err = check_variables(liveconnect_settings().names,
                                 variables_with(liveconnect_settings().names.variable_prefix)))
    return err;
  std::optional<std::filesystem::path> named_file;
  if (!words.config.empty())
    named_file = words.config;
  return load_settings(words.flags.layer(), named_file,
                       [](const char* name) { return std::getenv(name); });
}

void set_up_log(int verbose) {
  auto log = spdlog::stderr_logger_mt("liveconnect");
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  log->set_level(verbose >= 2   ? spdlog::level::debug
                 : verbose == 1 ? spdlog::level::info
                                : spdlog::level::err);
  spdlog::set_default_logger(std::move(log));
}

finish_style how_to_finish() {
  finish_style out;
  out.lost_output = "Check where the output goes; what was done stays done, so look with "
                    "'liveconnect wallet list' before you send or mint again.";
  return out;
}

/// A signal ends a command within a second (docs/design/cli.md "Screens"); the rest of the second
/// is for the process itself. Commands that run servers or programs of ours take their own time.
constexpr auto stop_within = std::chrono::milliseconds(900);

} // namespace

int run(int argc, const char* const* argv) {
  command_tree words;
  output early{style_of(wants_json(argc, argv, "LIVECONNECT_JSON"), false, false)};
  if (const auto end = read_words(words, argc, argv, early))
    return finish(early, *end, how_to_finish());
  const auto conf = read_settings(words);
  if (!conf)
    return finish(early, failed(conf.error()), how_to_finish());
  output out{style_of(conf->as_json, conf->quiet, !conf->colour)};
  set_up_log(conf->verbose);
  interrupts stop{[&out](int signal) {
    const auto text = advice_for_signal(signal);
    out.result(exit_of_signal(signal), {{"what", text.what}, {"what_to_do", text.what_to_do}});
  }};
  stop.end_within(stop_within);
  environment env{*conf, out, stop};
  auto end = (*words.table.find())(env);
  stop.command_ended();
  // Stopped by a signal is never success, and the signal is what the caller has to know; what was
  // finished in spite of it is a success.
  if (end.failure && stop.signal() != 0)
    end.signal = stop.signal();
  return finish(out, end, how_to_finish());
}

} // namespace liveconnect::cli
