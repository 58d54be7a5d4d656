#include "relay/command_line.hpp"

#include <cstdlib>
#include <iostream>
#include <map>

#include <CLI/CLI.hpp>

#include "messages/error.hpp"

namespace liveconnect::relay {

namespace {

constexpr int wrong_usage = 2;

int complain(const std::string& what, const std::string& what_to_do) {
  std::cerr << what << ". " << what_to_do << ".\n";
  return wrong_usage;
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

caf::error layer(relay_settings& into, const std::string& file,
                 const std::map<const setting*, std::vector<std::string>>& flags) {
  if (!file.empty())
    if (auto error = read_file(into, file))
      return error;
  if (auto error = read_environment(into, environment))
    return error;
  for (const auto& [which, values] : flags)
    if (!values.empty())
      if (auto error = which->set(into, values))
        return fail(ec::bad_config, flag_of(*which) + ": " + detail_of(error));
  return caf::none;
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
  auto* run = app.add_subcommand("run", "listen until SIGTERM or SIGINT");
  auto* show_version = app.add_subcommand("version", "what this program is");
  std::string file;
  std::map<const setting*, std::vector<std::string>> flags;
  for (const auto& x : all_settings()) {
    auto* option = run->add_option(flag_of(x), flags[&x], x.description);
    if (x.list_of != nullptr)
      option->type_name(x.list_of)->expected(1, -1)->multi_option_policy(
          CLI::MultiOptionPolicy::TakeAll);
    else
      option->expected(1)->type_name("")->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  }
  run->add_option("--config", file, "TOML file with these settings, - written as _")
      ->type_name("FILE");
  for (auto* sub : {run, show_version})
    sub->add_flag("--json", out.json, "speak JSON on stdout, one object a line");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& x) {
    app.exit(x, std::cout, std::cerr);
    out.exit_code = 0;
    return out;
  } catch (const CLI::Error& x) {
    // CLI11's own codes begin at 100; ours for wrong usage is 2.
    out.exit_code = complain(x.what(), "Run liveconnect-relay --help to see what there is");
    return out;
  }
  out.what = run->parsed() ? command_line::command::run : command_line::command::version;
  if (out.what == command_line::command::run && file.empty())
    file = environment("LIVECONNECT_RELAY_CONFIG").value_or("");
  if (out.what == command_line::command::run)
    if (auto error = layer(out.settings, file, flags))
      out.exit_code = complain("The settings are wrong: " + detail_of(error),
                               "Correct them and start the relay again");
  return out;
}

} // namespace liveconnect::relay
