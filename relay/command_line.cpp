#include "relay/command_line.hpp"

#include <cstdlib>
#include <iostream>
#include <sstream>

#include <CLI/CLI.hpp>

#include "cli/shell/result_line.hpp"
#include "cli/shell/setting_flags.hpp"
#include "cli/shell/usage.hpp"
#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "messages/base/variables.hpp"
#include "messages/wire/room.hpp"

namespace liveconnect::relay {

namespace {

/// These two say what is wrong, or nothing, as CLI11 wants it.
std::string is_room(const std::string& text) {
  uint64_t number = 0;
  return parse_room(text, number)
             ? ""
             : in_quotes(text) + " is not a number from 1 to 18446744073709551615";
}

std::string is_level(const std::string& text) {
  for (const auto* known : {"debug", "info", "warn", "error"})
    if (text == known)
      return "";
  return in_quotes(text) + " is not one of debug, info, warn and error";
}

/// Under systemd the relay has a folder of its own (RuntimeDirectory=); of several, the first.
std::optional<std::string> runtime_admin_socket() {
  const auto folders = environment("RUNTIME_DIRECTORY");
  if (!folders || folders->empty() || folders->front() != '/')
    return std::nullopt;
  return folders->substr(0, folders->find(':')) + "/admin.sock";
}

std::optional<std::string> default_admin_socket() {
  if (auto named = environment("LIVECONNECT_RELAY_ADMIN_SOCKET"))
    return named;
  return runtime_admin_socket();
}

/// File, variables and flags over what is built in, the last ones on top.
caf::error read_settings(relay_settings& into, const std::string& file,
                         const cli::settings_layer& flags) {
  const auto& names = relay_setting_names();
  if (!file.empty()) {
    const auto layer = names.read_file(file);
    if (!layer)
      return layer.error();
    if (auto err = apply_layer(into, *layer))
      return err;
  }
  if (auto err = names.check_variables(variables_with(variable_prefix)))
    return err;
  if (auto err =
          apply_layer(into, names.read_environment([](const char* x) { return std::getenv(x); })))
    return err;
  if (auto err = apply_layer(into, flags))
    return err;
  return check_together(into);
}

/// The commands and flags of the program, and where what was given goes.
class words {
public:
  using command = command_line::command;

  explicit words(command_line& into) : out_(into) {
    app.name("liveconnect-relay");
    app.require_subcommand(1);
    out_.admin_socket = default_admin_socket().value_or("/run/liveconnect/admin.sock");
    add_json(app);
    add_server_command(command::run, "run", "listen until SIGTERM or SIGINT");
    add_server_command(command::check, "check",
                       "read the settings as run does, and say if they are valid");
    add_operator_command(command::rooms, "rooms", "list the rooms that are open")
        .add_flag("--addresses", out_.full_addresses, "whole addresses, not /24 and /48");
    add_operator_command(command::kick, "kick", "end a room")
        .add_option("ROOM", out_.argument, "its number")
        ->required()
        ->check(is_room);
    add_operator_command(command::drain, "drain", "take no new rooms, end when the last is empty");
    add_operator_command(command::status, "status", "show what the relay does now");
    add_operator_command(command::log_level, "log-level", "say more or less in the log")
        .add_option("LEVEL", out_.argument, "debug, info, warn or error")
        ->required()
        ->check(is_level);
    add_command(command::probe, "probe", "meet yourself at a relay, and time it")
        .add_option("HOST:PORT", out_.argument, "the relay")
        ->required();
    add_command(command::version, "version", "print the version");
  }

  /// The command that was named, once the words are parsed.
  command named() const {
    for (const auto& [what, sub] : commands_)
      if (sub->parsed())
        return what;
    return command::nothing;
  }

  CLI::App app{"The relay of LiveConnect: two people meet in a room and hear each other."};
  cli::setting_flags flags{relay_setting_names()};
  std::string file;

private:
  void add_json(CLI::App& to) {
    to.add_flag("--json", out_.json, "write JSON to stdout, one object per line");
  }

  CLI::App& add_command(command what, const char* name, const char* help) {
    auto* sub = app.add_subcommand(name, help);
    add_json(*sub);
    commands_.emplace_back(what, sub);
    return *sub;
  }

  CLI::App& add_operator_command(command what, const char* name, const char* help) {
    auto& sub = add_command(what, name, help);
    sub.add_option("--admin-socket", out_.admin_socket, "where that relay listens")
        ->type_name("PATH");
    return sub;
  }

  void add_server_command(command what, const char* name, const char* help) {
    auto& sub = add_command(what, name, help);
    flags.add_to(sub, "Settings");
    sub.add_option("--config", file, "TOML file with these settings, with _ for -")
        ->type_name("FILE");
  }

  command_line& out_;
  std::vector<std::pair<command, CLI::App*>> commands_;
};

} // namespace

const char* version() {
  return LIVECONNECT_VERSION;
}

std::string program_and_version() {
  return std::string("liveconnect-relay ") + version();
}

command_line read_command_line(int argc, char** argv) {
  command_line out;
  words line{out};
  const bool json = cli::wants_json(argc, argv);
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::Success& x) {
    std::ostringstream help;
    line.app.exit(x, help, std::cerr);
    if (!json)
      std::cout << help.str();
    out.exit_code = cli::say_done(json, {{"help", help.str()}});
    return out;
  } catch (const CLI::ParseError& x) {
    const auto what = detail_of(cli::usage_error(line.app, x));
    out.exit_code = cli::say_failed(json, {cli::wrong_usage, ec::bad_argument, what, what,
                                           "Run liveconnect-relay --help to see what there is"});
    return out;
  }
  out.what = line.named();
  if (out.what != words::command::run && out.what != words::command::check)
    return out;
  out.settings.admin_socket = runtime_admin_socket().value_or("");
  auto file = line.file;
  if (file.empty())
    file = environment("LIVECONNECT_RELAY_CONFIG").value_or("");
  out.read_again = [base = out.settings, file,
                    flags = line.flags.layer()]() -> caf::expected<relay_settings> {
    auto fresh = base;
    if (auto err = read_settings(fresh, file, flags))
      return err;
    return fresh;
  };
  auto settings = out.read_again();
  if (settings)
    out.settings = std::move(*settings);
  else
    out.exit_code =
        cli::say_failed(out.json, {cli::wrong_usage, ec::bad_config, detail_of(settings.error()),
                                   "The settings are wrong: " + detail_of(settings.error()),
                                   "Correct them and start the relay again"});
  return out;
}

} // namespace liveconnect::relay
