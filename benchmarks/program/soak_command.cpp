#include <algorithm>
#include <cmath>
#include <random>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "benchmarks/load/numbered_frames.hpp"
#include "benchmarks/program/command.hpp"
#include "benchmarks/program/options.hpp"
#include "benchmarks/questions/side_by_side.hpp"
#include "benchmarks/questions/soak.hpp"
#include "benchmarks/report/report.hpp"
#include "benchmarks/subjects/cores.hpp"
#include "cli/shell/values.hpp"
#include "messages/base/error.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect::bench {

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// What attackers hold open at most.
constexpr size_t attackers_open_max = 1000;
/// A room of default limits may live for 24 hours.
constexpr auto length_max = std::chrono::hours(23);

struct soak_flags : subject_flags {
  std::string length = "60s";
  std::string rooms = "50";
  std::string idle = "200";
  std::string rate = "500";
  std::string frame_bytes = "1KiB";
  std::string attacks;
  std::string scale = "1";
  std::string ratio = "3";
  std::string seed;
  std::string relay_status;
  std::string out_file;
};

caf::expected<double> parse_number(const std::string& text, const std::string& flag, double least,
                                   double most) {
  char* end = nullptr;
  const auto out = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size() || !(out >= least && out <= most))
    return wrong_value(flag, text, fmt::format("a number from {} to {}", least, most));
  return out;
}

caf::error read_attacks(const std::string& text, soak_plan& into) {
  if (text.empty()) {
    for (const auto& x : all_attacks())
      into.attacks.push_back(x.kind);
    return caf::none;
  }
  for (const auto& name : split_list(text)) {
    const auto* x = find_attack(name);
    if (x == nullptr) {
      std::string names;
      for (const auto& y : all_attacks())
        names += (names.empty() ? "" : ", ") + std::string(y.name);
      return wrong_value("--attacks", name, "names with commas between, of " + names);
    }
    if (std::find(into.attacks.begin(), into.attacks.end(), x->kind) == into.attacks.end())
      into.attacks.push_back(x->kind);
  }
  return caf::none;
}

caf::expected<soak_plan> plan_of(const soak_flags& flags) {
  soak_plan out;
  const auto length = cli::parse_duration(flags.length);
  if (!length || *length < seconds(5) || *length > length_max)
    return wrong_value("--for", flags.length, "a time from 5s to 23h, such as 60s or 10m");
  out.length = *length;
  const auto rooms = parse_count(flags.rooms, "--rooms", 1, 5'000);
  if (!rooms)
    return rooms.error();
  out.rooms = *rooms;
  const auto idle = parse_count(flags.idle, "--idle", 0, 50'000);
  if (!idle)
    return idle.error();
  out.idle_rooms = *idle;
  const auto rate = parse_number(flags.rate, "--rate", 1, 1e6);
  if (!rate)
    return rate.error();
  out.rate = *rate;
  const auto bytes = parse_frame_bytes(flags.frame_bytes, "--frame-bytes");
  if (!bytes)
    return bytes.error();
  out.frame_bytes = *bytes;
  const auto scale = parse_number(flags.scale, "--scale", 0.02, 1);
  if (!scale)
    return scale.error();
  for (auto* x : {&out.join_deadline, &out.frame_deadline, &out.stall_deadline, &out.silence})
    *x = milliseconds(std::llround(static_cast<double>(x->count()) * *scale));
  const auto ratio = parse_number(flags.ratio, "--p99-ratio", 1, 1000);
  if (!ratio)
    return ratio.error();
  out.p99_ratio = *ratio;
  if (auto err = read_attacks(flags.attacks, out))
    return err;
  if (flags.seed.empty()) {
    out.seed = std::random_device{}();
  } else {
    const auto seed = parse_count(flags.seed, "--seed", 0, UINT32_MAX);
    if (!seed)
      return seed.error();
    out.seed = *seed;
  }
  if (out.rate * std::chrono::duration<double>(out.heartbeat()).count() <
      static_cast<double>(out.rooms))
    return fail(ec::bad_argument,
                fmt::format("--rate {} is so little for {} rooms that the relay would think them "
                            "gone. Ask for a higher rate or fewer --rooms.",
                            flags.rate, out.rooms));
  return out;
}

/// What honest load of this plan needs more of than a relay gives by itself; those limits are
/// lifted so far and no further.
std::vector<std::string> lifted_for(soak_plan& plan) {
  std::vector<std::string> out;
  const auto room_rate =
      2 * plan.rate / static_cast<double>(plan.rooms) * static_cast<double>(plan.frame_bytes);
  // Opening and waiting count as well, and a margin.
  const auto whole = std::chrono::duration<double>(plan.length + plan.patience() + minutes(2));
  const auto room_bytes = static_cast<size_t>(1.5 * room_rate * whole.count());
  if (room_bytes > plan.room_bytes_max) {
    plan.room_bytes_max = room_bytes;
    out.insert(out.end(), {"--room-bytes-max", std::to_string(room_bytes)});
  }
  if (room_rate > 1 << 20)
    out.insert(out.end(),
               {"--room-bytes-per-second-max", std::to_string(static_cast<size_t>(2 * room_rate))});
  const auto rooms = plan.rooms + plan.idle_rooms + attackers_open_max;
  if (rooms > 10'000)
    out.insert(out.end(), {"--rooms-max", std::to_string(rooms)});
  if (2 * rooms > 20'000)
    out.insert(out.end(), {"--connections-max", std::to_string(2 * rooms)});
  // Somebody honest waits alone all the time.
  if (whole > minutes(25))
    out.insert(out.end(), {"--room-wait", "24h"});
  return out;
}

std::vector<std::string> deadlines_of(const soak_plan& plan) {
  const auto text = [](milliseconds x) { return fmt::format("{}ms", x.count()); };
  return {"--join-deadline",         text(plan.join_deadline), "--frame-deadline",
          text(plan.frame_deadline), "--stall-deadline",       text(plan.stall_deadline),
          "--heartbeat-timeout",     text(plan.silence)};
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& x : words)
    out += (out.empty() ? "" : " ") + x;
  return out;
}

caf::expected<subject> subject_for(const soak_flags& flags, const std::vector<std::string>& lifted,
                                   const soak_plan& plan, int core) {
  if (flags.target.empty()) {
    relay_start how;
    how.program = flags.relay_program;
    how.keep_limits = true;
    how.arguments = flags.relay_arguments;
    auto ours = lifted;
    if (flags.scale != "1")
      for (const auto& x : deadlines_of(plan))
        ours.push_back(x);
    // Flags and values in turns; what the user sets is not set again.
    for (size_t i = 0; i + 1 < ours.size(); i += 2)
      if (!names_flag(flags.relay_arguments, ours[i]))
        how.arguments.insert(how.arguments.end(), {ours[i], ours[i + 1]});
    return start_relay(how, core);
  }
  endpoint where;
  if (flags.spawn || !endpoint::parse(flags.target, where) || where.host().rfind("127.", 0) != 0)
    return wrong_value(
        "The relay", flags.target,
        "as 127.x.y.z:PORT, for honest and hostile people have addresses of their own "
        "only there, or leave it out");
  if (!lifted.empty())
    return fail(ec::bad_argument, "A relay that runs already keeps its limits, and honest rooms "
                                  "would need " +
                                      joined(lifted) + ". Ask for less, or leave the address out.");
  std::optional<pid_t> pid;
  if (!flags.relay_pid.empty()) {
    const auto x = parse_count(flags.relay_pid, "--relay-pid", 1, 1u << 30);
    if (!x)
      return x.error();
    pid = static_cast<pid_t>(*x);
  }
  auto out = running_relay(where, pid);
  if (!flags.relay_status.empty()) {
    endpoint status;
    if (!endpoint::parse(flags.relay_status, status))
      return wrong_value("--relay-status", flags.relay_status, "HOST:PORT of its status page");
    out.status = status;
  }
  return out;
}

json to_json(const soak_phase& x) {
  json out{{"name", x.name},
           {"seconds", x.seconds},
           {"answered", x.answered},
           {"late_p99_us", static_cast<double>(x.lateness.quantile(0.99)) / 1000},
           {"generator_cpu", x.own_cpu},
           {"others_cpu", x.others_cpu}};
  if (x.relay_cpu)
    out["relay_cpu"] = *x.relay_cpu;
  measurement latency;
  add_latency(latency, x.latency);
  for (const auto& [name, value] : latency)
    out[name] = value;
  return out;
}

json to_json(const attack_tally& x) {
  return {{"begun", x.begun},
          {"refused", x.refused},
          {"closed", x.closed},
          {"given_up", x.given_up},
          {"unconnected", x.unconnected},
          {"still_open", x.open},
          {"longest_seconds", x.longest_seconds},
          {"bytes", x.bytes}};
}

json to_json(const soak_sample& x) {
  return {{"seconds", x.seconds}, {"resident_kb", x.resident_kb}, {"descriptors", x.descriptors}};
}

json result_of(const soak_plan& plan, const subject& through, const std::string& name,
               const std::vector<std::string>& lifted, const soak_outcome& x) {
  auto out = result_head("soak");
  const auto in_seconds = [](milliseconds y) { return std::chrono::duration<double>(y).count(); };
  out["versions"] = {{relay_name, through.version}};
  out["settings"] = {{"seconds", in_seconds(plan.length)},
                     {"rooms", plan.rooms},
                     {"idle_rooms", plan.idle_rooms},
                     {"rate", plan.rate},
                     {"frame_bytes", plan.frame_bytes},
                     {"seed", plan.seed},
                     {"p99_ratio", plan.p99_ratio},
                     {"join_deadline", in_seconds(plan.join_deadline)},
                     {"frame_deadline", in_seconds(plan.frame_deadline)},
                     {"stall_deadline", in_seconds(plan.stall_deadline)},
                     {"heartbeat_timeout", in_seconds(plan.silence)},
                     {"lifted", lifted}};
  json scenario{{"name", name}};
  add_figures(scenario, {{relay_name, through.version, {x.figures()}}});
  out["scenarios"] = json::array({scenario});
  out["phases"] = json::array();
  for (const auto& y : x.phases)
    out["phases"].push_back(to_json(y));
  out["attacks"] = json::object();
  for (const auto& [kind, tally] : x.tallies)
    out["attacks"][all_attacks()[static_cast<size_t>(kind)].name] = to_json(tally);
  out["refusals"] = x.refusals;
  out["newcomers"] = x.newcomers;
  if (x.before)
    out["process"] = {{"before", to_json(*x.before)}, {"peak", to_json(x.peak)}};
  if (x.after)
    out["process"]["after"] = to_json(*x.after);
  out["samples"] = json::array();
  for (const auto& y : x.samples)
    out["samples"].push_back(to_json(y));
  out["checks"] = json::array();
  for (const auto& y : x.checks)
    out["checks"].push_back({{"name", y.name},
                             {"verdict", y.what == soak_check::verdict::held     ? "held"
                                         : y.what == soak_check::verdict::failed ? "failed"
                                                                                 : "not_judged"},
                             {"finding", y.finding}});
  return out;
}

void show(const soak_outcome& x, cli::output& out) {
  const auto ms = [](uint64_t ns) { return static_cast<double>(ns) / 1e6; };
  out.last(fmt::format("  {:<12}{:>10}{:>12}{:>12}{:>12}{:>14}{:>14}", "honest rooms", "answers/s",
                       "p50 ms", "p99 ms", "late p99 ms", "relay cores", "others' cores"));
  for (const auto& y : x.phases)
    out.last(fmt::format("  {:<12}{:>10.0f}{:>12.2f}{:>12.2f}{:>12.2f}{:>14}{:>14.2f}", y.name,
                         static_cast<double>(y.answered) / y.seconds, ms(y.latency.quantile(0.5)),
                         ms(y.latency.quantile(0.99)), ms(y.lateness.quantile(0.99)),
                         y.relay_cpu ? fmt::format("{:.2f}", *y.relay_cpu) : "-", y.others_cpu));
  for (const auto& y : x.checks) {
    out.last(fmt::format("  {:<11}{}", to_string(y.what), y.name));
    out.last(fmt::format("  {:<11}  {}", "", y.finding));
  }
}

command_end run_soak_command(const soak_flags& flags, environment& env) {
  auto plan = plan_of(flags);
  if (!plan)
    return {plan.error()};
  const auto descriptors = 2 * (plan->rooms + plan->idle_rooms) + attackers_open_max;
  if (const auto limit = raise_descriptor_limit(); descriptors > limit)
    return {fail(ec::bad_config, fmt::format("These rooms need {} descriptors, and {} is the limit "
                                             "here. Ask for fewer, or raise it (ulimit -Hn).",
                                             descriptors, limit))};
  const auto lifted = lifted_for(*plan);
  const auto cores = choose_cores(false);
  auto through = subject_for(flags, lifted, *plan, cores.subject);
  if (!through)
    return {through.error()};
  const auto name = fmt::format("soak, {} rooms at {} round trips/s and {} idle, {} attacks",
                                plan->rooms, plan->rate, plan->idle_rooms, plan->attacks.size());
  env.out.line(machine_line());
  env.out.line(fmt::format("{}, seed {}", name, plan->seed));
  const auto in_seconds = [](milliseconds x) { return std::chrono::duration<double>(x).count(); };
  env.out.line(fmt::format("{:.0f} s calm, {:.0f} s attack, at most {:.0f} s until the last "
                           "attackers are gone, {:.0f} s calm",
                           in_seconds(plan->calm()), in_seconds(plan->attack()),
                           in_seconds(plan->patience()), in_seconds(plan->calm())));
  env.out.line(flags.target.empty() ? lifted.empty() ? "The relay has its usual limits."
                                                     : "Lifted for honest rooms: " + joined(lifted)
                                    : "The relay keeps the limits that it has.");
  if (flags.scale != "1")
    env.out.line("Deadlines are shortened: " + joined(deadlines_of(*plan)));

  const on_core here{cores.generator};
  const auto outcome = run_soak(*plan, *through, env.out, env.stopped());
  if (!outcome)
    return {outcome.error()};
  show(*outcome, env.out);
  auto end =
      finish_result(result_of(*plan, *through, name, lifted, *outcome), flags.out_file, "", env);
  end.missed = !outcome->clean();
  end.missed_text = fmt::format("At least one check failed. Look at the table, and repeat it with "
                                "--seed {}.",
                                plan->seed);
  return end;
}

} // namespace

void add_soak_command(CLI::App& root, command_table& table) {
  auto* app = root.add_subcommand("soak", "Honest rooms and a mix of attacks, for a set time");
  auto flags = std::make_shared<soak_flags>();
  auto& x = *flags;
  add_subject_options(*app, x, "127.x.y.z:PORT of a relay that runs; without, it is started");
  app->add_option("--relay-status", x.relay_status, "With TARGET: HOST:PORT of its status page")
      ->group(subject_group);
  const auto* work = "Work";
  app->add_option("--for", x.length, "Calm, attack, calm: so long in all (60s)")->group(work);
  app->add_option("--rooms", x.rooms, "Busy rooms (50)")->group(work);
  app->add_option("--idle", x.idle, "Rooms with heartbeats only (200)")->group(work);
  app->add_option("--rate", x.rate, "Round trips a second in all (500)")->group(work);
  app->add_option("--frame-bytes", x.frame_bytes, "Of busy rooms (1KiB)")->group(work);
  app->add_option("--attacks", x.attacks, "Only these, a list (all)")->group(work);
  app->add_option("--scale", x.scale, "The relay's deadlines times this, from 0.02 to 1 (1)")
      ->group(work);
  app->add_option("--seed", x.seed, "Repeats the attacks of an earlier run (random)")->group(work);
  app->add_option("--p99-ratio", x.ratio, "How often its calm p99 an honest room may see (3)")
      ->group(result_group);
  app->add_option("--out", x.out_file, "Write the result to this file")->group(result_group);
  table.add(app, [flags](environment& env) { return run_soak_command(*flags, env); });
}

} // namespace liveconnect::bench
