#include <gtest/gtest.h>

#include "messages/base/host_port.hpp"

namespace liveconnect {
namespace {

TEST(host_port, reads_names_and_both_kinds_of_address) {
  for (const auto* x : {"localhost:1", "relay.example.org:65535", "127.0.0.1:9100", "[::1]:9100",
                        "[fe80::1%eth0]:9100", "a_b-c:1"}) {
    const auto read = parse_host_port(x);
    ASSERT_TRUE(read) << x;
    EXPECT_EQ(to_string(*read), x);
  }
  EXPECT_EQ(parse_host_port("[::1]:7"), (host_port{"::1", 7}));
}

TEST(host_port, refuses_everything_else) {
  for (const auto* x : {"",       ":",      ":1",    "a",     "a:",    "a:01",      "a:65536",
                        "a:-1",   "a:+1",   "a:1 ",  "a b:1", "[]:1",  "[x]:1",     "[1.2.3.4]:1",
                        "[::1:1", "::1]:1", "::1:1", "a/b:1", "a@b:1", "\xc3\xa9:1"})
    EXPECT_FALSE(parse_host_port(x)) << x;
  EXPECT_FALSE(parse_host_port(std::string(254, 'a') + ":1"));
}

TEST(host_port, takes_port_0_only_where_it_means_something) {
  EXPECT_FALSE(parse_host_port("a:0"));
  EXPECT_TRUE(parse_host_port("a:0", 0));
  EXPECT_FALSE(parse_host_port("a:00", 0));
}

} // namespace
} // namespace liveconnect
