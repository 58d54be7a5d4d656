// Whole transfers by the program itself; it checks every wallet's sum and says so by its code.
#include <csignal>

#include <gtest/gtest.h>

#include "tests/benchmarks/bench_program.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::bench {
namespace {

using std::chrono::seconds;

TEST(transfer_bench, two_at_a_time_add_up_and_tell_what_they_cost) {
  test::temporary_folder folder;
  const auto file = (folder / "transfer.json").string();
  const auto x = bench({"transfer", "--json", "--count", "2", "--jobs", "2", "--out", file});
  ASSERT_EQ(x.code, 0) << x.errors << x.output;
  const auto& scenario = x.result.at("result").at("scenarios").at(0);
  const auto& figures = scenario.at("subjects").at("liveconnect").at("summary");
  for (const auto* name :
       {"transfers_per_second", "notes_per_second", "session_ms_p50", "wall_ms_p99",
        "syncs_per_transfer", "client_peak_kb", "client_cpu_ms_per_transfer"})
    EXPECT_GT(figures.at(name), 0) << name;
  EXPECT_GE(figures.at("wall_ms_p50"), figures.at("session_ms_p50"));
  const auto compared = bench({"compare", "--json", file, file});
  ASSERT_EQ(compared.code, 0) << compared.errors;
  EXPECT_GE(compared.result.at("comparisons").size(), 9u);
}

TEST(transfer_bench, a_purse_that_is_too_small_is_reported) {
  const auto x = bench({"transfer", "--json", "--count", "1", "--purse", "1:2"});
  EXPECT_EQ(x.code, 6) << x.errors << x.output;
}

TEST(transfer_bench, a_signal_ends_everything) {
  test::process program{{"liveconnect-bench", "transfer", "--json", "--count", "1000"}};
  ASSERT_TRUE(program.read_until("Minting", seconds(60)));
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(seconds(30)), 130);
}

TEST(transfer_bench, wrong_usage_exits_with_2) {
  for (const auto& line : std::vector<std::vector<std::string>>{{"transfer", "--count", "0"},
                                                                {"transfer", "--amount", "much"},
                                                                {"transfer", "--jobs", "x"}})
    EXPECT_EQ(bench(line).code, 2) << line.back();
}

} // namespace
} // namespace liveconnect::bench
