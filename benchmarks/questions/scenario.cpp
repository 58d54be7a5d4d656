#include "benchmarks/questions/scenario.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "benchmarks/load/bulk_load.hpp"
#include "benchmarks/load/paced_load.hpp"
#include "benchmarks/subjects/process_usage.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

using std::chrono::milliseconds;

constexpr std::pair<mode, const char*> mode_names[] = {
    {mode::bulk, "bulk"},       {mode::paced, "paced"}, {mode::ping_pong, "ping-pong"},
    {mode::connect, "connect"}, {mode::idle, "idle"},   {mode::slow_reader, "slow-reader"},
    {mode::flood, "flood"},
};

double seconds_between(time_point from, time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// A size in its usual unit.
std::string size_text(size_t x) {
  return x == pattern_bytes_max ? "64 KiB"
         : x % 1024 == 0        ? fmt::format("{} KiB", x / 1024)
                                : fmt::format("{} B", x);
}

std::string count_text(double x, const char* one, const char* many) {
  return fmt::format("{} {}", x, x == 1 ? one : many);
}

/// Processor time of subject and generator over a window.
class cpu_window {
public:
  explicit cpu_window(const subject& of) : of_(of) {}

  caf::error begin() {
    begun_ = clock::now();
    own_ = own_cpu_seconds();
    return read(subject_);
  }

  caf::error end() {
    seconds_ = seconds_between(begun_, clock::now());
    own_ = own_cpu_seconds() - own_;
    double now = 0;
    if (auto err = read(now))
      return err;
    subject_ = now - subject_;
    return caf::none;
  }

  double seconds() const { return seconds_; }

  /// `work` of a unit in this window; nothing when the subject cannot be measured.
  void add_to(measurement& out, const char* metric, double factor, double work) const {
    if (of_.pid && work > 0)
      out[metric] = subject_ * factor / work;
  }

  void add_shares(measurement& out) const {
    out["generator_cpu_share"] = own_ / seconds_;
    if (!of_.pid)
      return;
    out["cpu_share"] = subject_ / seconds_;
    out["resident_kb"] = static_cast<double>(resident_kb_);
  }

private:
  caf::error read(double& into) {
    if (!of_.pid)
      return caf::none;
    const auto now = usage_of(*of_.pid);
    if (!now)
      return now.error();
    into = now->cpu_seconds;
    resident_kb_ = now->resident_kb;
    return caf::none;
  }

  const subject& of_;
  time_point begun_;
  double own_ = 0;
  double subject_ = 0;
  double seconds_ = 0;
  uint64_t resident_kb_ = 0;
};

caf::error not_all_came(uint64_t sent, uint64_t received) {
  return fail(ec::timed_out,
              fmt::format("{} frames were sent and only {} came in time. What is measured loses "
                          "frames, or is far too slow for this load.",
                          sent, received));
}

/// One run: the loop and what all scenarios share.
struct run {
  const scenario& what;
  subject& through;
  const run_times& times;
  event_loop loop;
  cpu_window cpu;
  measurement out;

  run(const scenario& s, subject& t, const run_times& r, const std::function<bool()>& stopped)
      : what(s), through(t), times(r), loop(stopped), cpu(t) {}

  time_point patience() const { return clock::now() + times.patience; }

  caf::expected<std::vector<open_pair>> open(size_t count) {
    return open_pairs(loop, through, count, patience());
  }

  caf::error serve(milliseconds x) { return loop.run_until(clock::now() + x); }

  /// Serves until the load has settled; an error when it does not in time.
  template<class Load>
  caf::error settle(Load& x) {
    x.stop();
    if (auto err = loop.run_until(patience(), [&] { return x.settled(); }))
      return err;
    return x.settled() ? caf::error{} : not_all_came(x.sent(), x.received());
  }

  /// Serves for the time of measuring, with processor time counted.
  caf::error measure() {
    if (auto err = cpu.begin())
      return err;
    if (auto err = serve(times.measured))
      return err;
    return cpu.end();
  }

  /// The same, with the load's latencies counted.
  caf::error measure(paced_load& x, milliseconds length) {
    if (auto err = cpu.begin())
      return err;
    if (auto err = serve_window(x, length))
      return err;
    return cpu.end();
  }

  /// Serves with the load's latencies counted.
  caf::error serve_window(paced_load& x, milliseconds length) {
    x.begin_window(clock::now());
    if (auto err = serve(length))
      return err;
    x.end_window(clock::now());
    return caf::none;
  }

  /// The figures that every load of frames has at its end.
  template<class Load>
  void add_frames(const Load& x) {
    cpu.add_shares(out);
    out["sent"] = static_cast<double>(x.sent());
    out["received"] = static_cast<double>(x.received());
  }

  caf::error bulk();
  caf::error round_trips();
  caf::error connect();
  caf::error idle();
  caf::error attack();

  // The parts of attack().
  bool silent() const { return what.what == mode::slow_reader; }
  caf::error measure_calm(paced_load& honest);
  caf::error fill_queues(paced_load& honest, bulk_load& attack);
  caf::error measure_attack(paced_load& honest, bulk_load& attack, const process_usage& before);

  /// Reads what the measured process uses; leaves `into` as it is when that process is not known.
  caf::error read_usage(process_usage& into) const;
  /// How much more memory than before it uses now.
  caf::expected<double> growth_kb(const process_usage& before) const;
};

caf::error run::bulk() {
  auto pattern = coin_pattern(what.frame_bytes);
  if (!pattern)
    return pattern.error();
  auto pairs = open(what.pairs);
  if (!pairs)
    return pairs.error();
  bulk_load load{loop, std::move(*pairs), *pattern};
  load.start();
  if (auto err = serve(times.warm_up))
    return err;
  const auto frames = load.received();
  const auto bytes = load.received_bytes();
  if (auto err = measure())
    return err;
  const auto got_frames = static_cast<double>(load.received() - frames);
  const auto got_gb = static_cast<double>(load.received_bytes() - bytes) * 1e-9;
  if (auto err = settle(load))
    return err;
  out["messages_per_second"] = got_frames / cpu.seconds();
  out["gb_per_second"] = got_gb / cpu.seconds();
  cpu.add_to(out, "cpu_us_per_message", 1e6, got_frames);
  cpu.add_to(out, "cpu_s_per_gb", 1, got_gb);
  add_frames(load);
  return caf::none;
}

caf::error run::round_trips() {
  auto pattern = coin_pattern(what.frame_bytes);
  if (!pattern)
    return pattern.error();
  auto pairs = open(what.pairs);
  if (!pairs)
    return pairs.error();
  const bool paced = what.what == mode::paced;
  paced_load load{loop, std::move(*pairs), {*pattern, true, paced ? what.rate : 0}};
  load.start(clock::now());
  if (auto err = serve(times.warm_up))
    return err;
  if (auto err = measure(load, times.measured))
    return err;
  if (auto err = settle(load))
    return err;
  const auto trips = static_cast<double>(load.completed());
  // Both ways count: each message went through once.
  const auto gb = 2 * trips * static_cast<double>(load.frame_bytes()) * 1e-9;
  out["round_trips_per_second"] = trips / cpu.seconds();
  add_latency(out, load.latency());
  if (paced && load.lateness().count() > 0)
    out["late_p99_us"] = static_cast<double>(load.lateness().quantile(0.99)) / 1000;
  cpu.add_to(out, "cpu_us_per_message", 1e6, 2 * trips);
  cpu.add_to(out, "cpu_s_per_gb", 1, gb);
  add_frames(load);
  return caf::none;
}

caf::error run::connect() {
  // No port may run out: many sources, and each connection is reset when its pair has met.
  const bool local = through.target.host().rfind("127.", 0) == 0;
  histogram times_to_meet;
  uint64_t met = 0;
  bool more = true;
  pair_opener* opener = nullptr;
  pair_opener made{loop, through, local ? size_t{200} : size_t{0}, [&](open_pair&& x, uint64_t ns) {
                     close_at_once(x.a);
                     close_at_once(x.b);
                     ++met;
                     times_to_meet.record(ns);
                     if (more)
                       opener->start();
                   }};
  opener = &made;
  const auto finish = [&](caf::error x) {
    loop.remove(made);
    return x;
  };
  for (size_t i = 0; i < what.pairs; ++i)
    made.start();
  if (auto err = serve(times.warm_up))
    return finish(err);
  const auto before = met;
  times_to_meet.clear();
  if (auto err = measure())
    return finish(err);
  const auto count = static_cast<double>(met - before);
  add_latency(out, times_to_meet);
  more = false;
  if (auto err = loop.run_until(patience(), [&] { return made.in_progress() == 0; }))
    return finish(err);
  if (made.in_progress() > 0)
    return finish(fail(ec::timed_out, fmt::format("{} pairs never met. What is measured loses "
                                                  "connections: look at its log.",
                                                  made.in_progress())));
  out["pairs_per_second"] = count / cpu.seconds();
  cpu.add_to(out, "cpu_us_per_pair", 1e6, count);
  cpu.add_shares(out);
  return finish(caf::none);
}

caf::error run::idle() {
  // One pair first: what is set up once is not what a pair costs.
  if (through.pid)
    if (auto first = open(1); !first)
      return first.error();
  process_usage before;
  if (auto err = read_usage(before))
    return err;
  auto pairs = open(what.pairs);
  if (!pairs)
    return pairs.error();
  const auto senders = static_cast<double>(2 * what.pairs);
  const auto interval = std::chrono::duration<double>(what.heartbeat).count();
  paced_load load{loop, std::move(*pairs), {heartbeat_pattern(), false, senders / interval}};
  load.start(clock::now());
  if (auto err = serve(times.warm_up))
    return err;
  // Each end speaks at least once.
  if (auto err = measure(load, std::max(times.measured, what.heartbeat)))
    return err;
  const auto grown = growth_kb(before);
  if (!grown)
    return grown.error();
  if (through.pid)
    out["bytes_per_pair"] = *grown * 1024 / static_cast<double>(what.pairs);
  if (auto err = settle(load))
    return err;
  out["messages_per_second"] = static_cast<double>(load.completed()) / cpu.seconds();
  add_latency(out, load.latency());
  cpu.add_to(out, "cpu_us_per_message", 1e6, static_cast<double>(load.completed()));
  add_frames(load);
  return caf::none;
}

caf::error run::attack() {
  auto pattern = coin_pattern(what.frame_bytes);
  if (!pattern)
    return pattern.error();
  auto pairs = open(what.pairs);
  if (!pairs)
    return pairs.error();
  auto attackers = open(what.attackers);
  if (!attackers)
    return attackers.error();
  paced_load honest{loop, std::move(*pairs), {*pattern, true, what.rate}};
  honest.start(clock::now());
  if (auto err = measure_calm(honest))
    return err;
  process_usage before;
  if (auto err = read_usage(before))
    return err;
  bulk_load attack{loop, std::move(*attackers), *pattern,
                   silent() ? bulk_load::receivers::silent : bulk_load::receivers::reading};
  attack.start();
  if (silent())
    if (auto err = fill_queues(honest, attack))
      return err;
  if (auto err = measure_attack(honest, attack, before))
    return err;
  attack.stop();
  if (auto err = settle(honest))
    return err;
  if (!silent())
    if (auto err = settle(attack))
      return err;
  add_latency(out, honest.latency());
  if (out.count("calm_p99_us") != 0)
    out["p99_share"] = out["p99_us"] / out["calm_p99_us"];
  out["round_trips_per_second"] = static_cast<double>(honest.completed()) / cpu.seconds();
  add_frames(honest);
  return caf::none;
}

caf::error run::measure_calm(paced_load& honest) {
  if (auto err = serve(times.warm_up))
    return err;
  if (auto err = serve_window(honest, times.measured))
    return err;
  // The calm is over when its last answers are in; new ones belong to neither phase.
  if (auto err = serve(times.warm_up))
    return err;
  add_latency(out, honest.latency(), "calm_");
  return caf::none;
}

caf::error run::fill_queues(paced_load& honest, bulk_load& attack) {
  // First everything on the way fills up; then the silence is what lasts.
  if (auto err = loop.run_until(patience(), [&] { return attack.stuck(); }))
    return err;
  if (!attack.stuck())
    return fail(ec::timed_out, "Receivers read nothing and their senders were never held back. "
                               "What is measured has no bound on its queues.");
  // What became due while the queues filled is not what the silence does.
  const auto usual = std::max(8.0, what.rate / 20);
  return loop.run_until(patience(),
                        [&] { return static_cast<double>(honest.outstanding()) < usual; });
}

caf::error run::measure_attack(paced_load& honest, bulk_load& attack, const process_usage& before) {
  if (auto err = serve(times.warm_up))
    return err;
  const auto frames = attack.received();
  if (auto err = measure(honest, times.measured))
    return err;
  if (!silent()) {
    out["attack_messages_per_second"] =
        static_cast<double>(attack.received() - frames) / cpu.seconds();
    return caf::none;
  }
  const auto grown = growth_kb(before);
  if (!grown)
    return grown.error();
  if (through.pid)
    out["growth_kb_per_direction"] = *grown / static_cast<double>(what.attackers);
  return caf::none;
}

caf::error run::read_usage(process_usage& into) const {
  if (!through.pid)
    return caf::none;
  const auto now = usage_of(*through.pid);
  if (!now)
    return now.error();
  into = *now;
  return caf::none;
}

caf::expected<double> run::growth_kb(const process_usage& before) const {
  auto now = before;
  if (auto err = read_usage(now))
    return err;
  return now.resident_kb < before.resident_kb
             ? 0.0
             : static_cast<double>(now.resident_kb - before.resident_kb);
}

} // namespace

const char* to_string(mode x) {
  for (const auto& [value, name] : mode_names)
    if (value == x)
      return name;
  return "";
}

std::optional<mode> parse_mode(const std::string& text) {
  for (const auto& [value, name] : mode_names)
    if (text == name)
      return value;
  return std::nullopt;
}

std::string name_of(const scenario& x) {
  std::string out = to_string(x.what);
  const auto pairs = count_text(static_cast<double>(x.pairs), "pair", "pairs");
  switch (x.what) {
  case mode::bulk:
    out += fmt::format(", {}, {}", size_text(x.frame_bytes), pairs);
    break;
  case mode::ping_pong:
    out += fmt::format(", {}, {}", size_text(x.frame_bytes), pairs);
    break;
  case mode::paced:
    out += fmt::format(", {}, {}, {} round trips/s", size_text(x.frame_bytes), pairs, x.rate);
    break;
  case mode::connect:
    out += fmt::format(", {} at a time", x.pairs);
    break;
  case mode::idle:
    out += fmt::format(", {}, heartbeat every {} s", pairs,
                       std::chrono::duration<double>(x.heartbeat).count());
    break;
  case mode::slow_reader:
  case mode::flood:
    out += fmt::format(", {}, {} beside {} at {} round trips/s", size_text(x.frame_bytes),
                       count_text(static_cast<double>(x.attackers), "attacker", "attackers"), pairs,
                       x.rate);
    break;
  }
  return x.same_core ? out + ", same core" : out;
}

caf::expected<measurement> run_scenario(const scenario& what, subject& through,
                                        const run_times& times,
                                        const std::function<bool()>& stopped) {
  run x{what, through, times, stopped};
  caf::error err;
  switch (what.what) {
  case mode::bulk:
    err = x.bulk();
    break;
  case mode::paced:
  case mode::ping_pong:
    err = x.round_trips();
    break;
  case mode::connect:
    err = x.connect();
    break;
  case mode::idle:
    err = x.idle();
    break;
  case mode::slow_reader:
  case mode::flood:
    err = x.attack();
    break;
  }
  if (err)
    return err;
  return std::move(x.out);
}

} // namespace liveconnect::bench
