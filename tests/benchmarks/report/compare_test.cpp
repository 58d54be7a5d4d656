#include <gtest/gtest.h>

#include "benchmarks/report/compare.hpp"
#include "benchmarks/report/report_page.hpp"

namespace liveconnect::bench {
namespace {

json result(double rate, double p50, const char* commit = "aaa", const char* name = "bulk") {
  return {
      {"commit", commit},
      {"time", "2026-11-22T20:00:00Z"},
      {"machine", {{"cpu", "x"}, {"cores", 2}, {"kernel", "Linux"}, {"system", "Debian"}}},
      {"versions", json::object()},
      {"settings", {{"seconds", 1}, {"rounds", 5}}},
      {"scenarios",
       {{{"name", name},
         {"ratios", json::object()},
         {"subjects",
          {{"liveconnect", {{"summary", {{"messages_per_second", rate}, {"p50_us", p50}}}}}}}}}}};
}

TEST(compare, fifteen_per_cent_is_a_tie_and_less_latency_is_better) {
  const auto list = compare_results(result(100, 10), result(110, 5));
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].metric, "messages_per_second");
  EXPECT_EQ(list[0].what, comparison::verdict::tie);
  EXPECT_DOUBLE_EQ(list[0].ratio, 1.1);
  EXPECT_EQ(list[1].metric, "p50_us");
  EXPECT_EQ(list[1].what, comparison::verdict::better);
}

TEST(compare, lower_rate_and_higher_latency_are_worse) {
  for (const auto& x : compare_results(result(100, 10), result(50, 20)))
    EXPECT_EQ(x.what, comparison::verdict::worse) << x.metric;
}

TEST(compare, says_what_makes_it_doubtful) {
  EXPECT_TRUE(doubts_about(result(1, 1, "aaa"), result(1, 1, "bbb")).empty());
  EXPECT_EQ(doubts_about(result(1, 1), result(1, 1)).size(), 1u) << "the same commit";
  auto other = result(1, 1, "bbb", "paced");
  other["machine"]["cores"] = 64;
  other["settings"]["rounds"] = 1;
  EXPECT_EQ(doubts_about(result(1, 1), other).size(), 3u);
}

TEST(compare, refuses_foreign_files) {
  for (const auto* text : {"{}", "[]", "{\"scenarios\":[1,null,{\"name\":7}]}",
                           "{\"scenarios\":[{\"name\":\"bulk\",\"subjects\":5}]}"})
    EXPECT_TRUE(compare_results(json::parse(text), result(1, 1)).empty()) << text;
}

TEST(report_page, escapes_what_it_shows) {
  auto x = result(1, 1, "<script>");
  const auto page = page_of(x, true, false);
  EXPECT_EQ(page.find("<script>"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
  EXPECT_NE(page.find("rates.svg"), std::string::npos);
  EXPECT_EQ(page.find("latencies.svg"), std::string::npos);
}

} // namespace
} // namespace liveconnect::bench
