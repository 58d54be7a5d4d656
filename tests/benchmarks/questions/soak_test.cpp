// The soak as a whole, against the real relay: a few seconds with short deadlines. What it checks
// is its own; here it must be clean, and must find what is broken on purpose.
#include <csignal>

#include <gtest/gtest.h>

#include "tests/benchmarks/bench_program.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::bench {
namespace {

using std::chrono::seconds;

std::vector<std::string> short_soak(std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"soak", "--json", "--for", "8s", "--rooms", "8", "--idle", "20",
                             "--rate", "80", "--scale", "0.1", "--seed", "5"});
  return more;
}

/// The check of that name; null when there is none.
nlohmann::json check_in(const ended& x, const std::string& name) {
  for (const auto& one : x.result.at("result").at("checks"))
    if (one.at("name") == name)
      return one;
  return {};
}

TEST(soak, a_short_one_is_clean_and_tells_what_became_of_each_attack) {
  test::temporary_folder folder;
  const auto file = (folder / "soak.json").string();
  const auto x = bench(short_soak({"--out", file}));
  ASSERT_EQ(x.code, 0) << x.errors << x.output.substr(x.output.rfind("\"checks\""));
  const auto& result = x.result.at("result");
  EXPECT_EQ(result.at("kind"), "soak");
  EXPECT_EQ(result.at("settings").at("seed"), 5);
  EXPECT_EQ(result.at("attacks").size(), 14u);
  for (const auto& [name, tally] : result.at("attacks").items()) {
    EXPECT_GT(tally.at("begun"), 0) << name;
    EXPECT_EQ(tally.at("still_open"), 0) << name;
  }
  for (const auto* word : {"slow", "wrong_tag", "guesses", "hasty", "address", "join", "bad_frame",
                           "from", "too_long", "joined", "stalled", "silent"})
    EXPECT_GT(result.at("refusals").value(word, 0), 0) << word;
  EXPECT_EQ(result.at("phases").size(), 3u);
  EXPECT_GT(result.at("newcomers"), 0);
  EXPECT_EQ(check_in(x, "honest rooms lose no frame").at("verdict"), "held");
  EXPECT_EQ(check_in(x, "SIGTERM drains it and it ends with 0").at("verdict"), "held");
  const auto compared = bench({"compare", "--json", file, file});
  EXPECT_EQ(compared.code, 0) << compared.errors;
  EXPECT_FALSE(compared.result.at("comparisons").empty());
}

TEST(soak, a_relay_without_its_limits_fails_and_is_named) {
  const auto x =
      bench(short_soak({"--attacks", "connection-flood,wrong-tag",
                        "--relay-arg=--new-connections-per-address-per-minute", "--relay-arg=0",
                        "--relay-arg=--wrong-guesses-per-address-per-minute", "--relay-arg=0"}));
  EXPECT_EQ(x.code, 1) << x.errors << x.output;
  const auto counted = check_in(x, "the relay counts each refusal");
  ASSERT_EQ(counted.at("verdict"), "failed") << x.output;
  const auto finding = counted.at("finding").get<std::string>();
  const auto missing = finding.substr(0, finding.find("; moved"));
  for (const auto* word : {"hasty", "guesses"})
    EXPECT_NE(missing.find(word), std::string::npos) << missing;
  EXPECT_EQ(check_in(x, "honest rooms lose no frame").at("verdict"), "held");
}

TEST(soak, honest_rooms_that_the_relay_ends_fail) {
  // A round trip is 2 KiB, and each room has ten a second: spent in the middle of it.
  const auto x = bench(short_soak(
      {"--attacks", "noise,half-open", "--relay-arg=--room-bytes-max", "--relay-arg=200KiB"}));
  EXPECT_EQ(x.code, 1) << x.errors << x.output;
  const auto honest = check_in(x, "honest rooms lose no frame");
  EXPECT_EQ(honest.at("verdict"), "failed");
  EXPECT_NE(honest.at("finding").get<std::string>().find("Refused bytes"), std::string::npos)
      << honest;
  EXPECT_EQ(check_in(x, "the relay lives").at("verdict"), "held");
}

TEST(soak, an_attacker_that_the_relay_lets_stay_fails) {
  // The deadline that --scale shortens is what the soak waits for; this relay has another.
  const auto x = bench(
      short_soak({"--attacks", "slow-join", "--relay-arg=--join-deadline", "--relay-arg=1h"}));
  EXPECT_EQ(x.code, 1) << x.errors << x.output;
  const auto checked = check_in(x, "slow-join is turned away");
  EXPECT_EQ(checked.at("verdict"), "failed");
  EXPECT_NE(checked.at("finding").get<std::string>().find("still open"), std::string::npos);
}

TEST(soak, a_signal_ends_it_and_its_relay) {
  test::process program{{"liveconnect-bench", "soak", "--json", "--for", "10m"}};
  ASSERT_TRUE(program.read_until("\"calm\"", seconds(60)));
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(seconds(30)), 130);
}

TEST(soak, wrong_usage_exits_with_2) {
  for (const auto& line : std::vector<std::vector<std::string>>{
           {"soak", "--for", "1s"},
           {"soak", "--attacks", "politeness"},
           {"soak", "--scale", "2"},
           {"soak", "192.0.2.1:9100"},
           {"soak", "--rate", "1"},
       }) {
    const auto x = bench(line);
    EXPECT_EQ(x.code, 2) << line.back() << x.errors;
    EXPECT_NE(x.errors.find(". "), std::string::npos) << "two sentences: " << x.errors;
  }
}

} // namespace
} // namespace liveconnect::bench
