#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "benchmarks/program/command.hpp"
#include "benchmarks/program/options.hpp"
#include "benchmarks/report/report.hpp"
#include "benchmarks/report/report_page.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

constexpr size_t note_plaintext_bytes = 45'000; // A full frame of coins: 110 notes.

/// Whether as many descriptors as the largest scenario needs can be had.
caf::error check_descriptors(const relay_plan& plan) {
  const auto limit = raise_descriptor_limit();
  for (const auto& x : plan.scenarios) {
    size_t pairs = x.what.pairs;
    if (x.what.what == mode::slow_reader || x.what.what == mode::flood)
      pairs += x.what.attackers;
    if (2 * pairs + 100 > limit)
      return fail(ec::bad_config,
                  fmt::format("{} pairs need {} descriptors, and {} is the limit here. Ask for "
                              "fewer pairs, or raise it (ulimit -Hn).",
                              pairs, 2 * pairs + 100, limit));
  }
  return caf::none;
}

caf::error check_machine(const relay_flags& flags, const relay_plan& plan) {
  for (const auto& x : plan.config.peers)
    if (auto err = check_peer(x))
      return err;
  if (!plan.config.target)
    if (auto relay = find_relay(plan.config.start); !relay)
      return relay.error();
  if (!flags.report_folder.empty())
    if (auto err = check_gnuplot())
      return err;
  return check_descriptors(plan);
}

void say_what_runs(const relay_plan& plan, cli::output& out) {
  out.line(machine_line());
  double seconds = 0;
  for (const auto& x : plan.scenarios) {
    const auto rounds = x.rounds > 0 ? x.rounds : plan.config.rounds;
    const auto subjects = x.alone ? 1 : 1 + plan.config.peers.size();
    auto one = plan.config.times.measured;
    if (x.what.what == mode::idle)
      one = std::max(one, x.what.heartbeat);
    if (x.what.what == mode::slow_reader || x.what.what == mode::flood)
      one *= 2;
    seconds += static_cast<double>(rounds * subjects) *
               std::chrono::duration<double>(one + plan.config.times.warm_up).count();
  }
  out.line(fmt::format("{} scenarios, about {:.0f} s", plan.scenarios.size(), seconds));
}

command_end run_relay(const relay_flags& flags, environment& env) {
  auto plan = plan_of(flags);
  if (!plan)
    return {plan.error()};
  if (auto err = check_machine(flags, *plan))
    return {err};
  say_what_runs(*plan, env.out);
  auto results = run_campaign(plan->scenarios, plan->config, env.out, env.stopped());
  if (!results)
    return {results.error()};

  std::vector<goal> goals;
  json payload_json;
  if (plan->goals) {
    env.out.progress("coin payload", 0, 1);
    const on_core here{choose_cores(false).subject};
    auto payload = measure_coin_payload(note_plaintext_bytes, std::chrono::seconds(1));
    if (!payload)
      return {payload.error()};
    env.out.progress("coin payload", 1, 1);
    payload_json = to_json(*payload);
    goals = judge(*results, *payload);
    for (const auto& line : table_of(goals))
      env.out.last(line);
  }

  auto result = relay_result(plan->config, *results, goals);
  if (!payload_json.is_null())
    result["coin_payload"] = payload_json;
  auto end = finish_result(std::move(result), flags.out_file, flags.report_folder, env);
  const auto met = [](const goal& x) { return x.met; };
  if (!std::all_of(goals.begin(), goals.end(), met))
    end.status = missed;
  return end;
}

} // namespace

void add_relay_command(CLI::App& root, command_table& table) {
  auto* app = root.add_subcommand("relay", "Load a relay, alone or beside others");
  auto flags = std::make_shared<relay_flags>();
  auto& x = *flags;
  add_subject_options(*app, x, "HOST:PORT of a running relay; without it, one is started");
  app->add_flag("--keep-limits", x.keep_limits,
                "Do not lift the limits of the relay that is started")
      ->group(subject_group);
  app->add_option("--peers", x.peers,
                  "Measure these too, in turns: haproxy, raw, wormhole, syncthing")
      ->group(subject_group);
  app->add_flag("--same-core", x.same_core, "Generator and relay share one core")
      ->group(subject_group);
  const auto* work = "Work";
  app->add_option("--mode", x.modes,
                  "bulk, paced, ping-pong, connect, idle, slow-reader, flood (bulk,ping-pong,"
                  "paced,connect)")
      ->group(work);
  app->add_option("--pairs", x.pairs, "Rooms of two, a list; for connect: at a time")->group(work);
  app->add_option("--frame-bytes", x.frame_bytes, "Sizes of messages, a list (64,4KiB,48KiB)")
      ->group(work);
  app->add_option("--rate", x.rate, "Round trips per second in all (1000)")->group(work);
  app->add_option("--attackers", x.attackers, "Pairs that flood or never read (16)")->group(work);
  app->add_option("--heartbeat", x.heartbeat, "For idle: seconds between heartbeats (5)")
      ->group(work);
  app->add_option("--seconds", x.seconds, "Seconds of each round (1)")->group(work);
  app->add_option("--rounds", x.rounds, "Rounds of each scenario (1; 5 with --peers and --goals)")
      ->group(work);
  app->add_flag("--goals", x.goals,
                "Run the table of goals beside HAProxy; exit code 1 when one is missed")
      ->group(result_group);
  add_result_options(*app, x.out_file, x.report_folder);
  table.add(app, [flags](environment& env) { return run_relay(*flags, env); });
}

} // namespace liveconnect::bench
