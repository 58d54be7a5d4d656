#include "relay/command_line.hpp"

#include <cstdlib>
#include <map>

#include <CLI/CLI.hpp>

#include "cli/shell/usage.hpp"
#include "cli/shell/values.hpp"
#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "messages/base/variables.hpp"
#include "messages/wire/room.hpp"

namespace liveconnect::relay {

namespace {

using command = command_line::command;

/// These two say what is wrong, or nothing, as CLI11 wants it.
std::string is_room(const std::string& text) {
  uint64_t number = 0;
  return parse_room(text, number)
             ? ""
             : in_quotes(text) + " is not a number from 1 to 18446744073709551615";
}

std::string is_level(const std::string& text) {
  const auto level = cli::parse_word(text, {"debug", "info", "warn", "error"});
  return level ? "" : detail_of(level.error());
}

/// Under systemd the relay has a folder of its own (RuntimeDirectory=); of several, the first.
std::optional<std::string> runtime_admin_socket() {
  const auto folders = environment("RUNTIME_DIRECTORY");
  if (!folders || folders->empty() || folders->front() != '/')
    return std::nullopt;
  return folders->substr(0, folders->find(':')) + "/admin.sock";
}

std::string default_admin_socket() {
  if (auto named = environment("LIVECONNECT_RELAY_ADMIN_SOCKET"))
    return *named;
  return runtime_admin_socket().value_or("/run/liveconnect/admin.sock");
}

/// The words that the program understands. It must not move: the words are bound to what is in it.
struct word_tree {
  CLI::App root{"The relay of LiveConnect: two people meet in a room and hear each other.",
                "liveconnect-relay"};
  std::map<command, CLI::App*> commands;
  cli::setting_flags flags;
  std::string config;
  bool json = false;

  explicit word_tree(command_line& out) {
    root.require_subcommand(1);
    root.set_help_flag("-h,--help", "Print this help");
    add(command::run, "run", "Listen until SIGTERM or SIGINT");
    add(command::check, "check", "Read the settings as run does, and say whether they are valid");
    add(command::rooms, "rooms", "List the rooms");
    add(command::kick, "kick", "End a room");
    add(command::drain, "drain", "Take no new rooms, and end when the last one is empty");
    add(command::status, "status", "Print what the relay is doing");
    add(command::log_level, "log-level", "Log more or less");
    add(command::probe, "probe", "Join a room of a relay twice, and measure how it answers");
    add(command::version, "version", "Print the version");
    add_arguments(out);
    add_settings();
    root.add_flag("--json", json, "Print one JSON object per line");
    for (const auto& [what, at] : commands)
      at->add_flag("--json", json, "Print one JSON object per line");
  }

  command named() const {
    for (const auto& [what, at] : commands)
      if (at->parsed())
        return what;
    return command::nothing;
  }

private:
  void add(command what, const char* name, const char* help) {
    commands[what] = root.add_subcommand(name, help);
  }

  void add_arguments(command_line& out) {
    commands[command::rooms]->add_flag("--addresses", out.full_addresses,
                                       "Print whole addresses, not /24 and /48");
    commands[command::kick]
        ->add_option("ROOM", out.argument, "The room's number")
        ->required()
        ->check(is_room);
    commands[command::log_level]
        ->add_option("LEVEL", out.argument, "debug, info, warn or error")
        ->required()
        ->check(is_level);
    commands[command::probe]->add_option("HOST:PORT", out.argument, "The relay")->required();
    for (const auto what :
         {command::rooms, command::kick, command::drain, command::status, command::log_level})
      commands[what]
          ->add_option("--admin-socket", out.admin_socket, "Where the running relay listens")
          ->type_name("PATH");
  }

  void add_settings() {
    for (const auto what : {command::run, command::check}) {
      auto& at = *commands[what];
      flags.add_to(at, relay_settings_table().names, "Settings");
      at.add_option("--config", config, "TOML file with these settings, with _ in place of -")
          ->type_name("FILE")
          ->group("Settings");
    }
  }
};

/// Reads the settings as they are now, and keeps how to read them again.
void read_settings(const word_tree& words, command_line& out) {
  relay_settings built_in;
  built_in.admin_socket = runtime_admin_socket().value_or("");
  auto file = words.config;
  if (file.empty())
    file = environment("LIVECONNECT_RELAY_CONFIG").value_or("");
  out.read_again = [built_in, file,
                    flags = words.flags.layer()]() -> caf::expected<relay_settings> {
    const auto& names = relay_settings_table().names;
    if (auto err = cli::check_variables(names, variables_with(names.variable_prefix)))
      return err;
    return load_settings(built_in, file, flags, [](const char* x) { return std::getenv(x); });
  };
  auto settings = out.read_again();
  if (settings)
    out.settings = std::move(*settings);
  else
    out.end = cli::failed(fail(ec::bad_config, detail_of(settings.error())));
}

} // namespace

command_line read_command_line(int argc, const char* const* argv, cli::output& out) {
  command_line asked;
  asked.admin_socket = default_admin_socket();
  word_tree words{asked};
  try {
    words.root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto text = words.root.help();
    out.last(text.substr(0, text.find_last_not_of('\n') + 1));
    asked.end = cli::command_end{{}, {{"help", text}}};
    return asked;
  } catch (const CLI::ParseError& err) {
    asked.end = cli::wrong_usage(words.root, err);
    return asked;
  }
  asked.what = words.named();
  if (asked.what == command::run || asked.what == command::check)
    read_settings(words, asked);
  return asked;
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

} // namespace liveconnect::relay
