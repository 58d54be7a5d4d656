// The program itself, with the real relay, HAProxy and gnuplot. Nothing here asserts a time: a
// busy machine must not fail it. What is sent must be received, which the program checks itself and
// says.
#include <fstream>

#include <gtest/gtest.h>

#include "benchmarks/subjects/machine_info.hpp"
#include "tests/benchmarks/bench_program.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::bench {
namespace {

using std::chrono::seconds;

ended short_run(const std::string& mode, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"relay", "--json", "--mode", mode, "--seconds", "0.2"});
  return bench(std::move(more));
}

/// The summary of a subject in the first scenario.
json summary(const ended& x, const std::string& subject = "liveconnect") {
  return x.result.at("result").at("scenarios").at(0).at("subjects").at(subject).at("summary");
}

void expect_all_came(const ended& x, const std::string& subject = "liveconnect") {
  ASSERT_EQ(x.code, 0) << x.errors << x.output;
  const auto figures = summary(x, subject);
  EXPECT_GT(figures.at("sent").get<double>(), 0) << subject;
  EXPECT_EQ(figures.at("sent"), figures.at("received")) << subject;
}

TEST(bench_program, bulk_frames_of_all_sizes_all_arrive) {
  for (const auto* size : {"64", "4KiB", "48KiB", "64KiB"}) {
    const auto x = short_run("bulk", {"--pairs", "3", "--frame-bytes", size});
    expect_all_came(x);
    // On a busy machine nothing may have come within so short a time; then it came afterwards.
    EXPECT_TRUE(summary(x).contains("messages_per_second")) << size;
    EXPECT_TRUE(summary(x).contains("gb_per_second")) << size;
  }
}

TEST(bench_program, paced_messages_are_all_answered) {
  const auto x = short_run("paced", {"--pairs", "20", "--rate", "500"});
  expect_all_came(x);
  EXPECT_GE(summary(x).at("p99_us"), summary(x).at("p50_us"));
}

TEST(bench_program, ping_pong_on_the_same_core) {
  const auto x = short_run("ping-pong", {"--same-core"});
  expect_all_came(x);
  EXPECT_GT(summary(x).at("round_trips_per_second"), 0);
}

TEST(bench_program, pairs_meet_over_and_over) {
  const auto x = short_run("connect", {"--pairs", "8"});
  ASSERT_EQ(x.code, 0) << x.errors;
  EXPECT_GT(summary(x).at("pairs_per_second"), 0);
}

TEST(bench_program, idle_pairs_hear_every_heartbeat) {
  const auto x = short_run("idle", {"--pairs", "200", "--heartbeat", "0.2"});
  expect_all_came(x);
  EXPECT_GE(summary(x).at("sent"), 400) << "each end speaks at least once";
  EXPECT_GT(summary(x).at("resident_kb"), 0);
}

TEST(bench_program, honest_rooms_go_on_beside_silent_receivers) {
  const auto x = short_run("slow-reader", {"--pairs", "5", "--attackers", "2", "--rate", "200"});
  expect_all_came(x);
  EXPECT_GT(summary(x).at("calm_p99_us"), 0);
}

TEST(bench_program, honest_rooms_go_on_beside_a_flood) {
  const auto x = short_run("flood", {"--pairs", "5", "--attackers", "2", "--rate", "200"});
  expect_all_came(x);
  EXPECT_GT(summary(x).at("attack_messages_per_second"), 0);
}

TEST(bench_program, the_same_work_goes_through_haproxy_and_raw_loopback) {
  for (const auto* mode : {"bulk", "ping-pong"}) {
    const auto x = short_run(
        mode, {"--pairs", "2", "--frame-bytes", "64", "--rounds", "2", "--peers", "haproxy,raw"});
    for (const auto* subject : {"liveconnect", "haproxy", "raw"}) {
      expect_all_came(x, subject);
      const auto& scenario = x.result.at("result").at("scenarios").at(0);
      EXPECT_EQ(scenario.at("subjects").at(subject).at("rounds").size(), 2u);
    }
    EXPECT_FALSE(x.result.at("result").at("scenarios").at(0).at("ratios").at("haproxy").empty());
  }
  const auto connect = short_run("connect", {"--peers", "haproxy,raw", "--rounds", "1"});
  EXPECT_EQ(connect.code, 0) << connect.errors;
}

TEST(bench_program, the_same_work_goes_through_peers_that_happen_to_be_installed) {
  // They are not needed to build or test this; benchmarks/README.md says how to get them.
  std::vector<std::string> peers;
  if (!find_program("twist3").empty())
    peers.push_back("wormhole");
  if (!find_program("strelaysrv").empty())
    peers.push_back("syncthing");
  if (peers.empty())
    GTEST_SKIP() << "neither magic-wormhole's transit relay nor syncthing's is here";
  for (const auto& peer : peers) {
    for (const auto* mode : {"bulk", "ping-pong"})
      expect_all_came(short_run(mode, {"--pairs", "80", "--frame-bytes", "64", "--rounds", "1",
                                       "--peers", peer}),
                      peer);
    const auto x = short_run("connect", {"--peers", peer, "--rounds", "2", "--pairs", "16"});
    ASSERT_EQ(x.code, 0) << x.errors;
    EXPECT_GT(summary(x, peer).at("pairs_per_second"), 0) << peer;
  }
}

TEST(bench_program, a_result_names_machine_commit_and_versions) {
  const auto x = short_run("ping-pong");
  ASSERT_EQ(x.code, 0) << x.errors;
  const auto& result = x.result.at("result");
  EXPECT_EQ(result.at("format"), "LiveConnect benchmark");
  EXPECT_EQ(result.at("kind"), "relay");
  EXPECT_FALSE(result.at("commit").get<std::string>().empty());
  EXPECT_GT(result.at("machine").at("cores"), 0);
  EXPECT_FALSE(result.at("machine").at("cpu").get<std::string>().empty());
  EXPECT_FALSE(result.at("machine").at("kernel").get<std::string>().empty());
  EXPECT_NE(result.at("versions").at("liveconnect").get<std::string>().find("liveconnect-relay"),
            std::string::npos);
  EXPECT_EQ(x.result.at("type"), "result");
  EXPECT_EQ(x.result.at("code"), 0);
}

TEST(bench_program, results_are_written_compared_and_drawn) {
  test::temporary_folder folder;
  const auto one = (folder / "one.json").string();
  const auto two = (folder / "two.json").string();
  const auto page = folder / "page";
  ASSERT_EQ(short_run("ping-pong", {"--out", one}).code, 0);
  const auto x = short_run("ping-pong", {"--out", two, "--report", page.string()});
  ASSERT_EQ(x.code, 0) << x.errors << x.output;

  const auto compared = bench({"compare", "--json", one, two});
  ASSERT_EQ(compared.code, 0) << compared.errors;
  EXPECT_GT(compared.result.at("comparisons").size(), 3u);
  EXPECT_EQ(compared.result.at("doubts").size(), 1u) << "the same commit";

  for (const auto* name : {"rates.svg", "latencies.svg"}) {
    std::ifstream file(page / name);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_NE(text.find("<svg"), std::string::npos) << name;
    EXPECT_NE(text.find("ping-pong"), std::string::npos) << name;
  }
  EXPECT_TRUE(std::filesystem::exists(page / "index.html"));
  EXPECT_TRUE(std::filesystem::exists(page / "result.json"));
}

TEST(bench_program, a_relay_that_runs_already_keeps_its_limits) {
  test::process relay{{"liveconnect-relay", "run", "--json", "--listen", "127.0.0.1:0",
                       "--status-listen", "none", "--drain-timeout", "0s"}};
  const auto line = relay.read_until("\"ready\"", seconds(20));
  ASSERT_TRUE(line);
  const std::string where = json::parse(*line).at("listen").at(0);
  // 16 connections an address, and 20 new ones a minute: the generator spreads over addresses, and
  // over new ones each time.
  const auto pid = std::to_string(relay.pid());
  const auto x = short_run("paced", {where, "--pairs", "20", "--rounds", "3", "--relay-pid", pid});
  expect_all_came(x);
  EXPECT_GT(summary(x).at("cpu_us_per_message"), 0);
  relay.signal(SIGTERM);
  EXPECT_EQ(relay.wait(seconds(20)), 0);
}

TEST(bench_program, a_refusal_is_named) {
  const auto x = short_run("bulk", {"--pairs", "9", "--relay-arg=--rooms-max", "--relay-arg=4"});
  EXPECT_EQ(x.code, 75) << x.errors << x.output;
  EXPECT_NE(x.result.at("what").get<std::string>().find("full"), std::string::npos);
}

TEST(bench_program, no_relay_there_is_three) {
  const auto x = short_run("bulk", {"127.0.0.1:1"});
  EXPECT_EQ(x.code, 3) << x.errors << x.output;
}

TEST(bench_program, wrong_usage_is_two_and_says_what_to_do) {
  const std::vector<std::vector<std::string>> lines{
      {},
      {"rellay"},
      {"relay", "--pears", "3"},
      {"relay", "--mode", "fast"},
      {"relay", "--peers", "nginx"},
      {"relay", "--relay-program", "/nowhere/liveconnect-relay"},
      {"relay", "--goals", "--pairs", "1"},
      {"relay", "--pairs", "90000", "--mode", "idle"},
      {"compare", "/dev/null", "/dev/null"},
      {"compare", "one"},
      {"crypto", "--mode", "rot13"},
      {"crypto", "--notes", "118"},
      {"crypto", "--rounds", "0"},
  };
  for (const auto& line : lines) {
    const auto x = bench(line);
    const auto shown = line.empty() ? std::string("nothing") : line.back();
    EXPECT_EQ(x.code, 2) << shown << x.errors;
    EXPECT_EQ(x.output, "") << shown;
    EXPECT_NE(x.errors.find_first_of(".?"), x.errors.find_last_of(".?"))
        << "two sentences: " << x.errors;
  }
  EXPECT_NE(bench({"relay", "--pears", "3"}).errors.find("--peers"), std::string::npos);
}

TEST(bench_program, missing_programs_are_named) {
  // Only HAProxy is also looked for where Debian keeps servers, so it may be found there.
  test::temporary_folder empty;
  test::process::options how;
  how.environment["PATH"] = empty.path().string();
  const auto x =
      bench({"relay", "--mode", "ping-pong", "--report", (empty / "page").string()}, how);
  EXPECT_EQ(x.code, 2);
  EXPECT_NE(x.errors.find("gnuplot-nox"), std::string::npos) << x.errors;
  const auto y = bench({"relay", "--peers", "wormhole"}, how);
  EXPECT_EQ(y.code, 2);
  EXPECT_NE(y.errors.find("magic-wormhole-transit-relay"), std::string::npos) << y.errors;
  const auto z = bench({"relay", "--peers", "syncthing"}, how);
  EXPECT_EQ(z.code, 2);
  EXPECT_NE(z.errors.find("syncthing-relaysrv"), std::string::npos) << z.errors;
}

TEST(bench_program, a_signal_ends_it_and_its_relay) {
  test::process program{
      {"liveconnect-bench", "relay", "--json", "--mode", "ping-pong", "--seconds", "60"}};
  ASSERT_TRUE(program.read_until("progress", seconds(30)));
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(seconds(30)), 130);
  EXPECT_NE(program.output().find("\"interrupted\""), std::string::npos);
}

} // namespace
} // namespace liveconnect::bench
