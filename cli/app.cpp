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
#include "cli/shell/setting_flags.hpp"
#include "cli/shell/usage.hpp"
#include "cli/transfer/settings.hpp"
#include "messages/base/printable.hpp"
#include "messages/base/variables.hpp"

namespace liveconnect::cli {

namespace {

/// The flags that every command takes.
struct common_flags {
  setting_flags settings{client_settings()};
  int verbose = 0;
  std::string config;

  void add_to(CLI::App& root) {
    settings.add_to(root, "Settings", {"verbose"});
    root.add_flag("-v,--verbose", verbose, "Say more on standard error; twice for everything")
        ->group("Settings");
    root.add_option("--config", config, "Read settings from this file before the usual ones")
        ->group("Settings");
  }

  settings_layer layer() const {
    auto out = settings.layer();
    if (verbose > 0)
      out["verbose"] = {{std::to_string(std::min(verbose, 2))}, "--verbose"};
    return out;
  }
};

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

namespace {

/// The program's words: its commands, and the flags that all take.
struct words {
  words() {
    root.fallthrough();
    root.set_help_flag("-h,--help", "Print what can be asked for");
    flags.add_to(root);
    add_send_command(root, table);
    add_receive_command(root, table);
    add_resume_command(root, table);
    add_wallet_command(root, table);
    add_raida_command(root, table);
    add_demo_command(root, table);
    add_version_command(root, table);
  }

  /// What is wrong with the words, once they are parsed.
  caf::error mistake() {
    auto* at = innermost(&root);
    if (table.find(root) == nullptr)
      return fail(ec::bad_argument, at == &root ? "No command was named"
                                                : "'" + at->get_name() + "' needs another word");
    if (const auto name = empty_value(at); !name.empty())
      return fail(ec::bad_argument, name + " was given without a value");
    return {};
  }

  CLI::App root{"Two people hand digital coins to each other, live.", "liveconnect"};
  common_flags flags;
  command_table table;
};

/// All layers of settings, unknown variables refused.
caf::expected<settings> read_settings(const common_flags& flags) {
  if (auto unknown = client_settings().check_variables(variables_with(variable_prefix)))
    return unknown;
  std::optional<std::filesystem::path> named_file;
  if (!flags.config.empty())
    named_file = flags.config;
  return load_settings(flags.layer(), named_file, [](const char* x) { return std::getenv(x); });
}

} // namespace

int run(int argc, const char* const* argv) {
  words line;
  const auto early = style_of(wants_json(argc, argv, "LIVECONNECT_JSON"), false, false);
  const auto refuse = [&early](caf::error why) {
    output out{early};
    return finish(out, failed(std::move(why)));
  };
  try {
    line.root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    output out{early};
    const auto text = help_of(line.root);
    out.last(text);
    return finish(out, {{}, {{"help", text}}, 0});
  } catch (const CLI::ParseError& x) {
    return refuse(usage_error(line.root, x));
  }
  if (auto mistake = line.mistake())
    return refuse(std::move(mistake));
  const auto conf = read_settings(line.flags);
  if (!conf)
    return refuse(conf.error());
  output out{style_of(conf->as_json, conf->quiet, !conf->colour)};
  set_up_log(conf->verbose);
  interrupts stop{[&out](int signal) {
    const auto text = advice_for_signal(signal);
    out.result(exit_of_signal(signal), {{"what", text.what}, {"what_to_do", text.what_to_do}});
  }};
  environment env{*conf, out, stop};
  auto end = (*line.table.find(line.root))(env);
  // Stopped by a signal is never success, and the signal is what the caller has to know; what
  // was finished in spite of it is.
  if (end.failure && stop.signal() != 0)
    end.signal = stop.signal();
  return finish(out, end);
}

} // namespace liveconnect::cli
