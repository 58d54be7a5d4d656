#include "relay/command_line.hpp"

#include <cstring>
#include <iostream>
#include <map>
#include <sstream>

#include <CLI/CLI.hpp>

#include "messages/base/error.hpp"
#include "messages/base/variables.hpp"
#include "messages/wire/room.hpp"
#include "relay/output.hpp"

namespace liveconnect::relay {

namespace {

/// JSON mode must hold for mistakes too, which are found before the flags are known.
bool wants_json(int argc, char** argv) {
  for (int i = 1; i < argc && std::strcmp(argv[i], "--") != 0; ++i)
    if (std::strcmp(argv[i], "--json") == 0)
      return true;
  return false;
}

/// These two say what is wrong, or nothing, as CLI11 wants it.
std::string is_room(const std::string& text) {
  uint64_t number = 0;
  return parse_room(text, number) ? ""
                                  : shown(text) + " is no number from 1 to 18446744073709551615";
}

std::string is_level(const std::string& text) {
  for (const auto* known : {"debug", "info", "warn", "error"})
    if (text == known)
      return "";
  return shown(text) + " is none of debug, info, warn and error";
}

using flag_values = std::map<const setting*, std::vector<std::string>>;

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

caf::error layer(relay_settings& into, const std::string& file, const flag_values& flags) {
  if (!file.empty())
    if (auto err = read_file(into, file))
      return err;
  if (auto err = check_variables(variables_with(variable_prefix)))
    return err;
  if (auto err = read_environment(into, environment))
    return err;
  for (const auto& [which, values] : flags)
    if (!values.empty())
      if (auto err = which->set(into, values))
        return fail(ec::bad_config, flag_of(*which) + ": " + detail_of(err));
  return check_together(into);
}

/// What is wrong with the arguments, in words of ours where a word is not known.
std::string mistake(const CLI::App& app, const CLI::Error& x) {
  const auto parsed = app.get_subcommands();
  const auto rest = app.remaining(true);
  const bool unknown = dynamic_cast<const CLI::ExtrasError*>(&x) != nullptr || parsed.empty();
  if (rest.empty() || !unknown)
    return x.what();
  const auto& word = rest.front();
  std::vector<std::string> candidates;
  if (parsed.empty())
    for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; }))
      candidates.push_back(sub->get_name());
  else
    for (const auto* option : parsed.front()->get_options())
      for (const auto& name : option->get_lnames())
        candidates.push_back("--" + name);
  return "There is no " + std::string(parsed.empty() ? "command " : "such argument as ") +
         not_known(word.substr(0, word.find('=')), candidates);
}

} // namespace

const char* version() {
  return LIVECONNECT_VERSION;
}

std::string program_and_version() {
  return std::string("liveconnect-relay ") + version();
}

command_line read_command_line(int argc, char** argv) {
  command_line out;
  CLI::App app{"The relay of LiveConnect: two people meet in a room and hear each other."};
  app.name("liveconnect-relay");
  app.require_subcommand(1);
  const auto add_json = [&out](CLI::App& to) {
    to.add_flag("--json", out.json, "speak JSON on stdout, one object a line");
  };
  add_json(app);
  using command = command_line::command;
  auto* run = app.add_subcommand("run", "listen until SIGTERM or SIGINT");
  auto* check =
      app.add_subcommand("check", "read the settings as run does, and say if they are good");
  const std::vector<std::pair<command, CLI::App*>> others{
      {command::rooms, app.add_subcommand("rooms", "the rooms that there are now")},
      {command::kick, app.add_subcommand("kick", "end a room")},
      {command::drain,
       app.add_subcommand("drain", "take no new rooms, end when the last is empty")},
      {command::status, app.add_subcommand("status", "what the relay does now")},
      {command::log_level, app.add_subcommand("log-level", "say more or less in the log")},
      {command::probe, app.add_subcommand("probe", "meet oneself at a relay and time it")},
      {command::version, app.add_subcommand("version", "what this program is")},
  };
  std::string file;
  std::map<const setting*, std::vector<std::string>> flags;
  out.admin_socket = default_admin_socket().value_or("/run/liveconnect/admin.sock");
  for (const auto& [what, sub] : others) {
    add_json(*sub);
    if (what == command::rooms)
      sub->add_flag("--addresses", out.full_addresses, "whole addresses, not /24 and /48");
    if (what == command::kick)
      sub->add_option("ROOM", out.argument, "its number")->required()->check(is_room);
    if (what == command::log_level)
      sub->add_option("LEVEL", out.argument, "debug, info, warn or error")
          ->required()
          ->check(is_level);
    if (what == command::probe)
      sub->add_option("HOST:PORT", out.argument, "the relay")->required();
    else if (what != command::version)
      sub->add_option("--admin-socket", out.admin_socket, "where that relay listens")
          ->type_name("PATH");
  }
  for (const auto& x : all_settings()) {
    for (auto* sub : {run, check}) {
      auto* option = sub->add_option(flag_of(x), flags[&x], x.description);
      if (x.list_of != nullptr)
        option->type_name(x.list_of)->expected(1, -1)->multi_option_policy(
            CLI::MultiOptionPolicy::TakeAll);
      else
        option->expected(1)->type_name("")->multi_option_policy(CLI::MultiOptionPolicy::Throw);
    }
  }
  for (auto* sub : {run, check}) {
    sub->add_option("--config", file, "TOML file with these settings, - written as _")
        ->type_name("FILE");
    add_json(*sub);
  }
  const bool json = wants_json(argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& x) {
    std::ostringstream help;
    app.exit(x, help, std::cerr);
    if (!json)
      std::cout << help.str();
    out.exit_code = say_done(json, {{"help", help.str()}});
    return out;
  } catch (const CLI::Error& x) {
    // CLI11's own codes begin at 100; ours for wrong usage is 2.
    const auto what = mistake(app, x);
    out.exit_code = say_failed(json, {wrong_usage, ec::bad_argument, what, what,
                                      "Run liveconnect-relay --help to see what there is"});
    return out;
  }
  for (const auto& [what, sub] : others)
    if (sub->parsed()) {
      out.what = what;
      return out;
    }
  out.what = run->parsed() ? command::run : command::check;
  out.settings.admin_socket = runtime_admin_socket().value_or("");
  if (file.empty())
    file = environment("LIVECONNECT_RELAY_CONFIG").value_or("");
  out.read_again = [base = out.settings, file, flags]() -> caf::expected<relay_settings> {
    auto fresh = base;
    if (auto err = layer(fresh, file, flags))
      return err;
    return fresh;
  };
  if (auto err = layer(out.settings, file, flags))
    out.exit_code = say_failed(out.json, {wrong_usage, ec::bad_config, detail_of(err),
                                          "The settings are wrong: " + detail_of(err),
                                          "Correct them and start the relay again"});
  return out;
}

} // namespace liveconnect::relay
