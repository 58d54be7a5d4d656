#include <gtest/gtest.h>

#include "messages/base/address_range.hpp"

namespace liveconnect {
namespace {

endpoint at(const char* host) {
  endpoint out;
  EXPECT_TRUE(endpoint::parse(host, 7, out)) << host;
  return out;
}

address_range range(const char* text) {
  address_range out;
  EXPECT_TRUE(address_range::parse(text, out)) << text;
  return out;
}

TEST(address_range, holds_exactly_its_block) {
  EXPECT_TRUE(range("10.0.0.0/8").contains(at("10.255.1.2")));
  EXPECT_FALSE(range("10.0.0.0/8").contains(at("11.0.0.0")));
  EXPECT_TRUE(range("198.51.100.64/27").contains(at("198.51.100.95")));
  EXPECT_FALSE(range("198.51.100.64/27").contains(at("198.51.100.96")));
  EXPECT_FALSE(range("198.51.100.64/27").contains(at("198.51.100.63")));
  EXPECT_TRUE(range("127.0.0.1").contains(at("127.0.0.1")));
  EXPECT_FALSE(range("127.0.0.1").contains(at("127.0.0.2")));
  EXPECT_TRUE(range("2001:db8::/33").contains(at("2001:db8:7fff::1")));
  EXPECT_FALSE(range("2001:db8::/33").contains(at("2001:db8:8000::1")));
  EXPECT_TRUE(range("::1").contains(at("::1")));
}

TEST(address_range, a_family_is_not_the_other) {
  EXPECT_TRUE(range("0.0.0.0/0").contains(at("203.0.113.7")));
  EXPECT_FALSE(range("0.0.0.0/0").contains(at("2001:db8::1")));
  EXPECT_TRUE(range("::/0").contains(at("2001:db8::1")));
  // An IPv4 client of a socket that takes both is the same client.
  EXPECT_TRUE(range("127.0.0.0/8").contains(at("::ffff:127.0.0.9")));
}

TEST(address_range, refuses_what_is_not_a_block) {
  address_range out;
  for (const auto* text :
       {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/ 8",
        "10.0.0.1/8", "relay.example.org", "::/129", "2001:db8::1/32", "10.0.0/8", "10.0.0.0/8x"})
    EXPECT_FALSE(address_range::parse(text, out)) << text;
}

TEST(address_range, rounds_to_what_a_customer_has) {
  EXPECT_EQ(rounded(at("198.51.100.20")), "198.51.100.0/24");
  EXPECT_EQ(rounded(at("2001:db8:1:2::3")), "2001:db8:1::/48");
  EXPECT_EQ(rounded(at("::1")), "::/48");
}

} // namespace
} // namespace liveconnect
