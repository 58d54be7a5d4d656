// The microbenchmarks run, all of them, for as short as they can: so that they do not rot.
#include <set>

#include <gtest/gtest.h>

#include "tests/benchmarks/bench_program.hpp"

namespace liveconnect::bench {
namespace {

TEST(microbench, each_runs_and_none_fails) {
  if (!std::filesystem::exists(std::filesystem::path(LIVECONNECT_BIN) / "liveconnect-microbench"))
    GTEST_SKIP() << "built without libbenchmark-dev";
  const auto x = run_program(
      {"liveconnect-microbench", "--benchmark_min_time=0.0001", "--benchmark_format=json"});
  ASSERT_EQ(x.code, 0) << x.errors;
  const auto result = nlohmann::json::parse(x.output, nullptr, false);
  ASSERT_TRUE(result.is_object()) << x.output;
  std::set<std::string> families;
  for (const auto& one : result.at("benchmarks")) {
    const auto name = one.at("name").get<std::string>();
    EXPECT_FALSE(one.value("error_occurred", false)) << name << one.value("error_message", "");
    EXPECT_GT(one.value("real_time", 0.0), 0) << name;
    families.insert(name.substr(0, name.find('/')));
  }
  for (const auto* name :
       {"encoding", "parsing", "manifest_encode", "manifest_decode", "receipt_sign",
        "receipt_verify", "invitation_read_file", "invitation_read_line", "scanner_find",
        "scanner_find_and_gather", "journal_append", "coin_file_read", "coin_file_write"})
    EXPECT_EQ(families.count(name), 1u) << name;
}

} // namespace
} // namespace liveconnect::bench
