#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "messages/wire/proxy_header.hpp"

namespace liveconnect {
namespace {

using namespace std::string_literals;
using kind = proxy_header::kind;

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string v4 = "\xc6\x33\x64\x14\xcb\x00\x71\x07\xd6\xe4\x23\x8c"s;

proxy_header read(const std::string& text) {
  return read_proxy_header(byte_view{std::string_view{text}});
}

std::string version_2(char command, char family, const std::string& rest) {
  return signature + command + family + static_cast<char>(rest.size() >> 8) +
         static_cast<char>(rest.size() & 0xff) + rest;
}

TEST(proxy_header, version_1_names_the_client) {
  const std::string line = "PROXY TCP4 198.51.100.20 203.0.113.7 55012 9100\r\n";
  const auto x = read(line + "<# Join_Room 42>\n");
  EXPECT_EQ(x.what, kind::client);
  EXPECT_EQ(x.size, line.size());
  EXPECT_EQ(to_string(x.source), "198.51.100.20:55012");
  EXPECT_EQ(to_string(read("PROXY TCP6 2001:db8::7 ::1 65535 1\r\n").source),
            "[2001:db8::7]:65535");
}

TEST(proxy_header, version_2_names_the_client) {
  const auto head = version_2('\x21', '\x11', v4);
  const auto x = read(head + "<# Join_Room 42>\n");
  EXPECT_EQ(x.what, kind::client);
  EXPECT_EQ(x.size, 28u);
  EXPECT_EQ(to_string(x.source), "198.51.100.20:55012");
  const auto v6 =
      "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"s + std::string(16, '\1') + "\xd6\xe4\x23\x8c"s;
  EXPECT_EQ(to_string(read(version_2('\x21', '\x21', v6)).source), "[2001:db8::7]:55012");
}

TEST(proxy_header, what_follows_the_addresses_is_passed_over) {
  const auto x = read(version_2('\x21', '\x11', v4 + "\x04\0\3abc"s + std::string(500, 'x')));
  EXPECT_EQ(x.what, kind::client);
  EXPECT_EQ(x.size, 16u + 12 + 6 + 500);
  EXPECT_EQ(x.source.port, 55012);
}

TEST(proxy_header, a_balancer_that_names_no_client_is_a_health_check) {
  EXPECT_EQ(read(version_2('\x20', '\0', "")).what, kind::health_check);
  EXPECT_EQ(read(version_2('\x20', '\x11', v4)).what, kind::health_check);
  EXPECT_EQ(read(version_2('\x21', '\0', "")).what, kind::health_check);
  EXPECT_EQ(read("PROXY UNKNOWN\r\n").what, kind::health_check);
  EXPECT_EQ(read("PROXY UNKNOWN ff:: ff:: 1 2\r\n").what, kind::health_check);
  EXPECT_EQ(read("PROXY UNKNOWN\r\n").size, 15u);
}

TEST(proxy_header, refuses_what_is_not_one) {
  const std::string hostile[] = {
      "<# Join_Room 42>",
      "GET / HTTP/1.1\r\n",
      "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
      "PROXY\r\n",
      "PROXY TCP4\r\n",
      "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
      "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n",
      "PROXY TCP4 ::1 ::1 1 2\r\n",
      "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
      "PROXY TCP4 a.example 1.2.3.4 1 2\r\n",
      "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
      "PROXY UNKNOWNS\r\n",
      "PROXY TCP4 1.2.3.4\n",
      "PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n"s,
      "PROXY TCP4 \x1b[2J",
      "PROXY UNKNOWN \x01 whole\r\n",
      "PROXY UNKNOWN \r whole\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rX",
      "PROXY UNKNOWN " + std::string(100, 'x'),
      "\r\n<# Join_Room 42>",
      "\r\n\r\n\0\r\nQUIT\r"s,
      version_2('\x11', '\x11', v4),
      version_2('\x22', '\x11', v4),
      version_2('\x21', '\x12', v4),
      version_2('\x21', '\x31', std::string(216, 'x')),
      version_2('\x21', '\x11', v4.substr(1)),
      version_2('\x21', '\x21', v4),
      version_2('\x21', '\x11', std::string(521, 'x')),
      version_2('\x20', '\0', std::string(65535, 'x')),
  };
  for (const auto& text : hostile)
    EXPECT_EQ(read(text).what, kind::malformed) << text;
}

TEST(proxy_header, every_piece_of_a_header_asks_for_more_and_the_whole_is_found) {
  const std::string whole[] = {
      "PROXY TCP4 198.51.100.20 203.0.113.7 55012 9100\r\n",
      "PROXY UNKNOWN\r\n",
      "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
      "65535 65535\r\n",
      version_2('\x21', '\x11', v4 + "\x04\0\3abc"s),
      version_2('\x20', '\0', ""),
  };
  for (const auto& text : whole) {
    for (size_t i = 0; i < text.size(); ++i)
      EXPECT_EQ(read(text.substr(0, i)).what, kind::more) << text << i;
    EXPECT_EQ(read(text).size, text.size());
  }
}

RC_GTEST_PROP(proxy_header_property_test, an_answer_is_bounded_and_more_bytes_never_change_it,
              (const std::string& noise)) {
  const auto start = *rc::gen::element(std::string{}, "PROXY TCP4 1.2.3.4 "s, "PROXY "s, signature,
                                       signature + "\x21\x11\0\x0c"s);
  const auto text = start + noise;
  auto settled = kind::more;
  size_t size = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const auto x = read(text.substr(0, i));
    if (settled == kind::more) {
      settled = x.what;
      size = x.size;
    }
    RC_ASSERT(x.what == settled);
    RC_ASSERT(x.size == size);
    RC_ASSERT(x.size <= i);
  }
  RC_ASSERT(settled != kind::more || text.size() < proxy_header_bytes_max);
}

} // namespace
} // namespace liveconnect
