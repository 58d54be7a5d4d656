#include <gtest/gtest.h>

#include "cli/shell/values.hpp"

namespace liveconnect::cli {
namespace {

using namespace std::chrono_literals;

TEST(values, reads_durations_with_their_units) {
  EXPECT_EQ(*parse_duration("90s"), 90s);
  EXPECT_EQ(*parse_duration("500ms"), 500ms);
  EXPECT_EQ(*parse_duration("2m"), 2min);
  EXPECT_EQ(*parse_duration("1h30m"), 90min);
  EXPECT_EQ(*parse_duration("2d"), 48h);
  for (const auto* x : {"", "90", "s", "-1s", "0s", "1.5s", "90 s", "90S", "31d", "99999999999s"})
    EXPECT_FALSE(parse_duration(x)) << x;
  EXPECT_TRUE(parse_duration("24h", 24h));
  EXPECT_FALSE(parse_duration("25h", 24h));
}

TEST(values, reads_sizes_with_their_unit) {
  EXPECT_EQ(*parse_size("0"), 0u);
  EXPECT_EQ(*parse_size("65536"), 65536u);
  EXPECT_EQ(*parse_size("512KiB"), 524288u);
  EXPECT_EQ(*parse_size("64K"), 65536u);
  EXPECT_EQ(*parse_size("64MiB"), 67108864u);
  EXPECT_EQ(*parse_size("1024GiB"), size_t{1} << 40);
  for (const auto* x : {"", "MiB", "-1", "1.5MiB", "1 MiB", "1mb", "1025GiB", "1099511627777",
                        "99999999999999999999"})
    EXPECT_FALSE(parse_size(x)) << x;
}

TEST(values, reads_hosts_with_their_port) {
  const auto x = parse_host_port("[::1]:9100");
  ASSERT_TRUE(x);
  EXPECT_EQ(x->host, "::1");
  EXPECT_EQ(x->port, 9100);
  for (const auto* bad : {"", "host", "host:", ":1", "host:0", "host:65536", "::1:9100", "a b:1"})
    EXPECT_FALSE(parse_host_port(bad)) << bad;
}

TEST(values, reads_yes_and_no) {
  for (const auto* x : {"true", "yes", "on", "1"})
    EXPECT_TRUE(*parse_bool(x)) << x;
  for (const auto* x : {"false", "no", "off", "0"})
    EXPECT_FALSE(*parse_bool(x)) << x;
  EXPECT_FALSE(parse_bool("maybe"));
}

} // namespace
} // namespace liveconnect::cli
