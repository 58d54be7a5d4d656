#include "benchmarks/program/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <netdb.h>

#include <fmt/format.h>

#include "benchmarks/load/numbered_frames.hpp"
#include "benchmarks/load/sockets.hpp"
#include "benchmarks/report/goals.hpp"
#include "cli/shell/values.hpp"
#include "messages/base/error.hpp"
#include "messages/base/host_port.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect::bench {

namespace {

caf::error contradiction(const std::string& what, const std::string& what_to_do) {
  return fail(ec::bad_argument, what + ". " + what_to_do + ".");
}

bool parse_number(const std::string& text, double& out) {
  char* end = nullptr;
  out = std::strtod(text.c_str(), &end);
  return !text.empty() && end == text.c_str() + text.size() && std::isfinite(out);
}

/// Looks HOST:PORT up.
caf::expected<endpoint> find_target(const std::string& text) {
  endpoint out;
  if (endpoint::parse(text, out))
    return out;
  const auto at = split_host_port(text);
  if (!at)
    return wrong_value("The relay", text, "as HOST:PORT, such as 127.0.0.1:9100");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(at->host.c_str(), nullptr, &hints, &found) != 0 || found == nullptr)
    return fail(ec::relay_unreachable,
                "The host of '" + escape_for_display(text, 80) + "' is not known. Check its name.");
  sockaddr_storage address{};
  std::copy_n(reinterpret_cast<const char*>(found->ai_addr), found->ai_addrlen,
              reinterpret_cast<char*>(&address));
  ::freeaddrinfo(found);
  out = endpoint::from(address);
  out.port = at->port;
  return out;
}

/// Reads a list of values; nothing given: `otherwise`.
template<class Parse>
caf::expected<std::vector<size_t>> read_list(const std::string& text, std::vector<size_t> otherwise,
                                             Parse parse) {
  if (text.empty())
    return otherwise;
  std::vector<size_t> out;
  for (const auto& part : split_list(text)) {
    auto x = parse(part);
    if (!x)
      return x.error();
    out.push_back(*x);
  }
  return out;
}

/// Flags read into numbers, defaults left out.
struct numbers {
  std::vector<size_t> pairs;
  std::vector<size_t> frame_bytes;
  std::optional<double> rate;
  size_t attackers = 16;
  std::chrono::milliseconds heartbeat{5000};
};

caf::expected<numbers> read_numbers(const relay_flags& flags) {
  constexpr size_t pairs_max = 100'000;
  numbers out;
  auto pairs = read_list(flags.pairs, {},
                         [](const auto& x) { return parse_count(x, "--pairs", 1, pairs_max); });
  if (!pairs)
    return pairs.error();
  auto frame_bytes = read_list(flags.frame_bytes, {},
                               [](const auto& x) { return parse_frame_bytes(x, "--frame-bytes"); });
  if (!frame_bytes)
    return frame_bytes.error();
  out.pairs = *pairs;
  out.frame_bytes = *frame_bytes;
  if (!flags.rate.empty()) {
    double rate = 0;
    if (!parse_number(flags.rate, rate) || rate <= 0 || rate > 10'000'000)
      return wrong_value("--rate", flags.rate, "round trips a second, more than 0");
    out.rate = rate;
  }
  if (!flags.attackers.empty()) {
    auto x = parse_count(flags.attackers, "--attackers", 1, pairs_max);
    if (!x)
      return x.error();
    out.attackers = *x;
  }
  if (!flags.heartbeat.empty()) {
    auto x = parse_seconds(flags.heartbeat, "--heartbeat", 60);
    if (!x)
      return x.error();
    out.heartbeat = *x;
  }
  return out;
}

/// The numbers that a mode's scenarios have where none are given.
struct mode_defaults {
  std::vector<size_t> pairs;
  std::vector<size_t> frame_bytes;
  double rate;
};

mode_defaults defaults_of(mode x) {
  switch (x) {
  case mode::bulk:
    return {{1, 16}, {64, 4096, 48 * 1024}, 0};
  case mode::paced:
    return {{100}, {64}, 1000};
  case mode::ping_pong:
    return {{1}, {64}, 0};
  case mode::connect:
    return {{64}, {64}, 0};
  case mode::idle:
    return {{1000}, {64}, 0};
  case mode::slow_reader:
    return {{100}, {4096}, 1000};
  case mode::flood:
    return {{100}, {64}, 1000};
  }
  return {};
}

void add_scenarios(std::vector<planned_scenario>& to, mode what, const numbers& given,
                   bool same_core) {
  const auto usual = defaults_of(what);
  const bool sized = what != mode::connect && what != mode::idle;
  const auto sizes = given.frame_bytes.empty() || !sized ? usual.frame_bytes : given.frame_bytes;
  for (const auto size : sizes)
    for (const auto count : given.pairs.empty() ? usual.pairs : given.pairs) {
      planned_scenario x;
      x.what.what = what;
      x.what.pairs = count;
      x.what.frame_bytes = size;
      x.what.rate = given.rate.value_or(usual.rate);
      x.what.attackers = given.attackers;
      x.what.heartbeat = given.heartbeat;
      x.what.same_core = same_core;
      to.push_back(x);
    }
}

caf::error read_modes(const relay_flags& flags, std::vector<planned_scenario>& into) {
  const auto given = read_numbers(flags);
  if (!given)
    return given.error();
  auto list = split_list(flags.modes);
  if (list.empty())
    list = {"bulk", "ping-pong", "paced", "connect"};
  for (const auto& name : list) {
    const auto what = parse_mode(name);
    if (!what)
      return wrong_value("--mode", name,
                         "bulk, paced, ping-pong, connect, idle, slow-reader or flood, with commas "
                         "between them");
    add_scenarios(into, *what, *given, flags.same_core);
  }
  return caf::none;
}

caf::error read_config(const relay_flags& flags, campaign_config& into) {
  auto seconds = parse_seconds(flags.seconds.empty() ? "1" : flags.seconds, "--seconds", 3600);
  if (!seconds)
    return seconds.error();
  into.times.measured = *seconds;
  // A short run warms up shortly, a long one not for ever.
  into.times.warm_up =
      std::clamp(*seconds / 4, std::chrono::milliseconds(20), std::chrono::milliseconds(1000));
  into.peers = split_list(flags.peers);
  const auto usual_rounds = flags.goals || !into.peers.empty() ? "5" : "1";
  auto rounds =
      parse_count(flags.rounds.empty() ? usual_rounds : flags.rounds, "--rounds", 1, 1000);
  if (!rounds)
    return rounds.error();
  into.rounds = *rounds;
  if (!flags.target.empty()) {
    auto where = find_target(flags.target);
    if (!where)
      return where.error();
    into.target = *where;
  }
  if (!flags.relay_pid.empty()) {
    auto pid = parse_count(flags.relay_pid, "--relay-pid", 1, 4'194'304);
    if (!pid)
      return pid.error();
    into.target_pid = static_cast<pid_t>(*pid);
  }
  into.start = {flags.relay_program, flags.relay_arguments, flags.keep_limits};
  return caf::none;
}

caf::error check_together(const relay_flags& flags) {
  const bool starts = !flags.relay_program.empty() || !flags.relay_arguments.empty() ||
                      flags.keep_limits || flags.spawn;
  if (!flags.target.empty() && starts)
    return contradiction("Both a relay that runs already and one to be started were asked for",
                         "Give HOST:PORT, or --spawn and what belongs to it");
  if (flags.target.empty() && !flags.relay_pid.empty())
    return contradiction("--relay-pid belongs to a relay that runs already",
                         "Give its HOST:PORT too");
  if (flags.goals && !(flags.modes + flags.pairs + flags.frame_bytes + flags.rate +
                       flags.attackers + flags.heartbeat)
                          .empty())
    return contradiction("--goals has scenarios of its own",
                         "Leave out --mode, --pairs, --frame-bytes, --rate, --attackers and "
                         "--heartbeat");
  if (flags.goals && (flags.same_core || !flags.target.empty()))
    return contradiction("--goals starts the relay itself, on the cores that each goal names",
                         "Leave out HOST:PORT and --same-core");
  return caf::none;
}

} // namespace

caf::error wrong_value(const std::string& flag, const std::string& text, const std::string& right) {
  return fail(ec::bad_argument, fmt::format("{} cannot be '{}'. Give it {}.", flag,
                                            escape_for_display(text, 40), right));
}

caf::expected<size_t> parse_frame_bytes(const std::string& text, const std::string& flag) {
  const auto range =
      fmt::format("a size from {} B to 64 KiB, such as 64, 4KiB or 48KiB", pattern_bytes_min);
  const auto size = cli::parse_size(text);
  if (!size)
    return wrong_value(flag, text, range);
  auto number = *size;
  if (number == frame_bytes_max)
    number = pattern_bytes_max;
  if (number < pattern_bytes_min || number > pattern_bytes_max)
    return wrong_value(flag, text, range);
  return number;
}

caf::expected<size_t> parse_count(const std::string& text, const std::string& flag, size_t least,
                                  size_t most) {
  size_t out = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, out);
  if (error != std::errc{} || end != last || out < least || out > most)
    return wrong_value(flag, text, fmt::format("a whole number from {} to {}", least, most));
  return out;
}

caf::expected<std::chrono::milliseconds> parse_seconds(const std::string& text,
                                                       const std::string& flag, double most) {
  // A bare number is seconds, as these flags always took; else a duration as everywhere.
  double out = 0;
  if (!parse_number(text, out)) {
    const auto length = cli::parse_duration(text);
    out = length ? static_cast<double>(length->count()) / 1000 : 0;
  }
  if (out < 0.001 || out > most)
    return wrong_value(flag, text, fmt::format("seconds from 0.001 to {}, or such as 500ms", most));
  return std::chrono::milliseconds(std::llround(out * 1000));
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> out;
  std::string part;
  for (const char c : text + ",") {
    if (c != ',' && c != ' ') {
      part += c;
    } else if (!part.empty()) {
      out.push_back(part);
      part.clear();
    }
  }
  return out;
}

caf::expected<relay_plan> plan_of(const relay_flags& flags) {
  relay_plan out;
  if (auto err = check_together(flags))
    return err;
  if (auto err = read_config(flags, out.config))
    return err;
  out.goals = flags.goals;
  if (flags.goals) {
    out.scenarios = goal_scenarios(raise_descriptor_limit());
    out.config.keep_going = true;
    auto& peers = out.config.peers;
    if (std::find(peers.begin(), peers.end(), haproxy_name) == peers.end())
      peers.insert(peers.begin(), haproxy_name);
  } else if (auto err = read_modes(flags, out.scenarios)) {
    return err;
  }
  return out;
}

} // namespace liveconnect::bench
