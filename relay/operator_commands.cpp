#include "relay/operator_commands.hpp"

#include <cstdio>
#include <iostream>

#include <nlohmann/json.hpp>

#include "cli/shell/result_line.hpp"
#include "messages/base/error.hpp"
#include "relay/admin/admin_client.hpp"
#include "relay/probe.hpp"
#include "relay/relay_server.hpp"

namespace liveconnect::relay {

namespace {

using command = command_line::command;
using json = nlohmann::json;

std::string span(double seconds) {
  char out[32];
  std::snprintf(out, sizeof out, seconds < 100 ? "%.1f s" : "%.0f s", seconds);
  return out;
}

std::string milliseconds(std::chrono::microseconds x) {
  char out[32];
  std::snprintf(out, sizeof out, "%.3g ms", static_cast<double>(x.count()) / 1000);
  return out;
}

void show_room(const json& x) {
  std::cout << x.value("room", "?") << "  " << x.value("state", "?") << " for "
            << span(x.value("seconds", 0.0));
  for (const auto& who : x.value("people", json::array()))
    std::cout << "  " << who.value("address", "?") << " (" << who.value("bytes", uint64_t{0})
              << " bytes)";
  std::cout << "\n";
}

void show_status(const json& x) {
  const auto now = x.value("now", json::object());
  const auto totals = x.value("totals", json::object());
  const auto of = [](const json& from, const char* name) { return from.value(name, 0.0); };
  const auto line = [](const char* name, double value) {
    std::printf("%-22s %.0f\n", name, value);
  };
  std::printf("%-22s %s, version %s, up for %s\n", "state", x.value("state", "?").c_str(),
              x.value("version", "?").c_str(), span(x.value("uptime_seconds", 0.0)).c_str());
  line("rooms waiting", of(now, "rooms_waiting"));
  line("rooms paired", of(now, "rooms_paired"));
  line("connections", of(now, "connections"));
  line("messages a second", of(now, "messages_per_second"));
  line("bytes a second", of(now, "bytes_per_second"));
  line("joins so far", of(totals, "joins"));
  line("pairs so far", of(totals, "pairs"));
  const auto refusals = x.value("refusals", json::object());
  for (const auto& [reason, count] : refusals.items())
    if (count.is_number() && count.get<double>() > 0)
      line(("refused: " + reason).c_str(), count.get<double>());
  std::fflush(stdout);
}

void show_result(const command_line& asked, const json& x) {
  switch (asked.what) {
  case command::rooms:
    std::cout << x.value("rooms", 0) << " rooms\n";
    break;
  case command::kick:
    std::cout << "Ended the room; " << x.value("people", 0) << " people were in it.\n";
    break;
  case command::drain:
    std::cout << "The relay takes no new rooms and ends when the last one is empty.\n";
    break;
  case command::log_level:
    std::cout << "The log level is " << x.value("level", "?") << ".\n";
    break;
  case command::status:
    show_status(x.value("status", json::object()));
    break;
  default:
    break;
  }
}

json request_of(const command_line& asked) {
  json out{{"v", 1}};
  switch (asked.what) {
  case command::rooms:
    out["command"] = "rooms";
    out["addresses"] = asked.full_addresses ? "full" : "rounded";
    break;
  case command::kick:
    out["command"] = "kick";
    out["room"] = asked.argument;
    break;
  case command::drain:
    out["command"] = "drain";
    break;
  case command::log_level:
    out["command"] = "log-level";
    out["level"] = asked.argument;
    break;
  default:
    out["command"] = "status";
    break;
  }
  return out;
}

/// What the relay said, less what every line begins with.
cli::json_fields fields_of(const json& line) {
  cli::json_fields out = cli::json_fields::object();
  for (const auto& [name, value] : line.items())
    if (name != "v" && name != "type" && name != "ok")
      out[name] = value;
  return out;
}

int ask(const command_line& asked) {
  json result;
  const auto err = ask_admin(asked.admin_socket, request_of(asked), [&](const json& line) {
    if (line.value("type", "") == "result")
      result = line;
    else if (asked.json)
      std::cout << cli::json_line(line.value("type", "room").c_str(), fields_of(line)) << "\n";
    else
      show_room(line);
  });
  if (err) {
    const auto why = detail_of(err);
    return cli::say_failed(
        asked.json,
        {cli::unreachable, code_of(err), why, "No relay answers at its admin socket (" + why + ")",
         "Start one with --admin-socket, name the socket with the same flag here, "
         "and be its user"});
  }
  if (!result.value("ok", false)) {
    const auto why = result.value("error", "no reason");
    return cli::say_failed(asked.json,
                           {cli::other_error, ec::relay_refused, why,
                            "The relay did not do that: " + why, "See liveconnect-relay --help"});
  }
  if (!asked.json)
    show_result(asked, result);
  return cli::say_done(asked.json, fields_of(result));
}

cli::failure why_no_probe(const std::string& at, const caf::error& err) {
  const auto why = detail_of(err);
  const auto what = "The relay at " + at + " did not bring two connections together (" + why + ")";
  switch (code_of(err)) {
  case ec::bad_argument:
    return {cli::wrong_usage, ec::bad_argument, why,
            "'" + at + "' is no address of a relay (" + why + ")",
            "Name one as relay.example.org:9100"};
  case ec::relay_unreachable:
    return {cli::unreachable, ec::relay_unreachable, why, what,
            "Check the address, and whether it runs"};
  case ec::relay_busy:
    return {cli::try_later, ec::relay_busy, why, what, "Try later"};
  default:
    return {cli::other_error, code_of(err), why, what, "Check the address, and whether it runs"};
  }
}

int run_probe(const command_line& asked) {
  const auto x = probe(asked.argument);
  if (!x)
    return cli::say_failed(asked.json, why_no_probe(asked.argument, x.error()));
  if (!asked.json)
    std::cout << "Two connections met at " << asked.argument << ", which sees us as " << x->seen_as
              << ".\nconnect " << milliseconds(x->connect) << "   join and meet "
              << milliseconds(x->meet) << "   round trip " << milliseconds(x->round_trip)
              << " (worst " << milliseconds(x->worst) << ")\n";
  return cli::say_done(asked.json, {{"room", std::to_string(x->room)},
                                    {"seen_as", x->seen_as},
                                    {"connect_us", x->connect.count()},
                                    {"meet_us", x->meet.count()},
                                    {"round_trip_us", x->round_trip.count()},
                                    {"round_trip_worst_us", x->worst.count()}});
}

/// Reading the settings has been the check; what remains depends on the machine.
int check(const command_line& asked) {
  const auto& settings = asked.settings;
  const auto connections = provide_descriptors(settings.limits).connections;
  const auto wanted = settings.limits.connections_max;
  if (!asked.json) {
    std::cout << "The settings are good: listening on";
    for (const auto& x : settings.listen)
      std::cout << " " << x;
    std::cout << ".\n";
    if (wanted == 0 || connections < wanted)
      std::cout << "The descriptor limit leaves room for " << connections
                << " connections only; raise LimitNOFILE (or ulimit -n) for more.\n";
  }
  return cli::say_done(asked.json, {{"listen", settings.listen},
                                    {"connections_max", wanted},
                                    {"connections_by_descriptors", connections}});
}

int show_version(const command_line& asked) {
  if (!asked.json)
    std::cout << program_and_version() << "\n";
  return cli::say_done(asked.json, {{"program", "liveconnect-relay"}, {"version", version()}});
}

} // namespace

int operate(const command_line& asked) {
  switch (asked.what) {
  case command::check:
    return check(asked);
  case command::probe:
    return run_probe(asked);
  case command::version:
    return show_version(asked);
  default:
    return ask(asked);
  }
}

} // namespace liveconnect::relay
