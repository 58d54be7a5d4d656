#include "relay/operator_commands.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/shell/version.hpp"
#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "relay/admin/admin_client.hpp"
#include "relay/probe.hpp"
#include "relay/relay_server.hpp"

namespace liveconnect::relay {

namespace {

using command = command_line::command;
using json = nlohmann::json;

std::string span(double seconds) {
  return fmt::format(seconds < 100 ? "{:.1f} s" : "{:.0f} s", seconds);
}

std::string milliseconds(std::chrono::microseconds x) {
  return fmt::format("{:.3g} ms", static_cast<double>(x.count()) / 1000);
}

std::string room_line(const json& x) {
  auto out = fmt::format("{}  {} for {}", x.value("room", "?"), x.value("state", "?"),
                         span(x.value("seconds", 0.0)));
  for (const auto& who : x.value("people", json::array()))
    out +=
        fmt::format("  {} ({} bytes)", who.value("address", "?"), who.value("bytes", uint64_t{0}));
  return out;
}

void show_status(const json& x, cli::output& out) {
  const auto now = x.value("now", json::object());
  const auto totals = x.value("totals", json::object());
  const auto line = [&](const std::string& name, double value) {
    out.last(fmt::format("{:<22} {:.0f}", name, value));
  };
  out.last(fmt::format("{:<22} {}, version {}, up for {}", "state", x.value("state", "?"),
                       x.value("version", "?"), span(x.value("uptime_seconds", 0.0))));
  line("rooms waiting", now.value("rooms_waiting", 0.0));
  line("rooms paired", now.value("rooms_paired", 0.0));
  line("connections", now.value("connections", 0.0));
  line("messages per second", now.value("messages_per_second", 0.0));
  line("bytes per second", now.value("bytes_per_second", 0.0));
  line("joins so far", totals.value("joins", 0.0));
  line("pairs so far", totals.value("pairs", 0.0));
  const auto refusals = x.value("refusals", json::object());
  for (const auto& [reason, count] : refusals.items())
    if (count.is_number() && count.get<double>() > 0)
      line("refused: " + reason, count.get<double>());
}

void show_result(const command_line& asked, const json& x, cli::output& out) {
  switch (asked.what) {
  case command::rooms:
    out.last(fmt::format("{} rooms", x.value("rooms", 0)));
    break;
  case command::kick:
    out.last(fmt::format("Ended the room; {} people were in it.", x.value("people", 0)));
    break;
  case command::drain:
    out.last("The relay takes no new rooms, and ends when the last one is empty.");
    break;
  case command::log_level:
    out.last(fmt::format("The log level is {}.", x.value("level", "?")));
    break;
  case command::status:
    show_status(x.value("status", json::object()), out);
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

/// The relay's line without what every line begins with.
cli::json_fields fields_of(const json& line) {
  auto out = cli::json_fields::object();
  for (const auto& [name, value] : line.items())
    if (name != "v" && name != "type" && name != "ok")
      out[name] = value;
  return out;
}

cli::command_end ask(const command_line& asked, cli::output& out) {
  json result;
  const auto err = ask_admin(asked.admin_socket, request_of(asked), [&](const json& line) {
    const auto type = line.value("type", "room");
    if (type == "result") {
      result = line;
    } else {
      out.event(type, fields_of(line));
      out.last(room_line(line));
    }
  });
  if (err)
    return {
        err,
        {},
        0,
        {"No relay answers at its admin socket: " + detail_of(err) + ".",
         "Start one with --admin-socket, name the same socket here, and run this as the relay's "
         "user."},
        cli::exit_of(ec::relay_unreachable)};
  if (!result.value("ok", false)) {
    const auto why = result.value("error", "no reason");
    return cli::failed(fail(ec::relay_refused, why), {},
                       {"The relay refused: " + printable(why) + ".",
                        "Run 'liveconnect-relay --help' to see what it can do."});
  }
  show_result(asked, result, out);
  return {{}, fields_of(result)};
}

cli::command_end no_probe(const std::string& at, const caf::error& err) {
  const auto why = detail_of(err);
  const auto what = fmt::format("The relay at {} did not bring two connections together: {}.",
                                printable(at), why);
  switch (code_of(err)) {
  case ec::bad_argument:
    return cli::failed(err, {}, {why + ".", "Name the relay as relay.example.org:9100."});
  case ec::relay_busy:
    return cli::failed(err, {}, {what, "Try again later."});
  default:
    return cli::failed(err, {}, {what, "Check the address, and whether a relay runs there."});
  }
}

cli::command_end run_probe(const command_line& asked, cli::output& out) {
  const auto x = probe(asked.argument);
  if (!x)
    return no_probe(asked.argument, x.error());
  out.last(fmt::format("Two connections met at {}, which sees us as {}.\n"
                       "connect {}   join and meet {}   round trip {} (worst {})",
                       asked.argument, x->seen_as, milliseconds(x->connect), milliseconds(x->meet),
                       milliseconds(x->round_trip), milliseconds(x->worst)));
  return {{},
          {{"room", std::to_string(x->room)},
           {"seen_as", x->seen_as},
           {"connect_us", x->connect.count()},
           {"meet_us", x->meet.count()},
           {"round_trip_us", x->round_trip.count()},
           {"round_trip_worst_us", x->worst.count()}}};
}

/// Reading the settings has been the check; what remains depends on the machine.
cli::command_end check(const command_line& asked, cli::output& out) {
  const auto& settings = asked.settings;
  const auto connections = provide_descriptors(settings.limits).connections;
  const auto wanted = settings.limits.connections_max;
  std::string addresses;
  for (const auto& x : settings.listen)
    addresses += " " + x;
  out.last("The settings are valid: listening on" + addresses + ".");
  if (wanted == 0 || connections < wanted)
    out.last(fmt::format("The descriptor limit leaves room for only {} connections; raise "
                         "LimitNOFILE (or ulimit -n) for more.",
                         connections));
  return {{},
          {{"listen", settings.listen},
           {"connections_max", wanted},
           {"connections_by_descriptors", connections}}};
}

cli::command_end show_version(cli::output& out) {
  out.last(fmt::format("liveconnect-relay {}", cli::program_version));
  return {{}, {{"program", "liveconnect-relay"}, {"version", cli::program_version}}};
}

} // namespace

cli::command_end operate(const command_line& asked, cli::output& out) {
  switch (asked.what) {
  case command::check:
    return check(asked, out);
  case command::probe:
    return run_probe(asked, out);
  case command::version:
    return show_version(out);
  default:
    return ask(asked, out);
  }
}

} // namespace liveconnect::relay
