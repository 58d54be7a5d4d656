#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "messages/base/error.hpp"
#include "relay/admin/usage_log.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::relay {
namespace {

using namespace std::chrono_literals;

room_usage sample() {
  room_usage x;
  x.room = 4182907731;
  x.mood = room_mood::happy;
  x.open = 12'345ms;
  x.together = 2s;
  x.bytes_forwarded = 3439;
  x.people.resize(2);
  EXPECT_TRUE(endpoint::parse("198.51.100.20:55012", x.people[0]));
  EXPECT_TRUE(endpoint::parse("[2001:db8:1:2::3]:1", x.people[1]));
  return x;
}

TEST(usage_line, rounds_addresses_unless_asked) {
  EXPECT_EQ(
      usage_line(sample(), "2026-01-02T03:04:05Z", false),
      R"({"v":1,"t":"2026-01-02T03:04:05Z","mood":"happy","seconds":12.345,)"
      R"("seconds_together":2.0,"bytes":3439,"people":["198.51.100.0/24","2001:db8:1::/48"]})");
  EXPECT_NE(usage_line(sample(), "", true).find(R"(["198.51.100.20","2001:db8:1:2::3"])"),
            std::string::npos);
}

TEST(usage_log, appends_every_record_for_its_owner_alone) {
  const liveconnect::test::temporary_folder folder;
  const auto path = (folder.path() / "usage.log").string();
  for (int round = 0; round < 2; ++round) {
    auto log = usage_log::open(path, false);
    ASSERT_TRUE(log);
    for (int i = 0; i < 500; ++i)
      (*log)->record(sample());
  }
  struct stat about {};
  ASSERT_EQ(stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  std::ifstream file(path);
  std::string line;
  size_t count = 0;
  while (std::getline(file, line)) {
    EXPECT_EQ(nlohmann::json::parse(line)["mood"], "happy");
    ++count;
  }
  EXPECT_EQ(count, 1000u);
}

TEST(usage_log, a_file_that_cannot_be_written_is_said) {
  const auto log = usage_log::open("/nonexistent/usage.log", false);
  ASSERT_FALSE(log);
  EXPECT_EQ(code_of(log.error()), ec::disk_failed);
}

} // namespace
} // namespace liveconnect::relay
