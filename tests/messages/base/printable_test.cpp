#include <gtest/gtest.h>

#include "messages/base/printable.hpp"

namespace liveconnect {
namespace {

TEST(printable, shows_ascii_and_escapes_the_rest) {
  EXPECT_EQ(printable("plain words #7"), "plain words #7");
  EXPECT_EQ(printable("a\033[31mb\x7f\n\xe2\x80\xae"), "a\\x1b[31mb\\x7f\\x0a\\xe2\\x80\\xae");
  EXPECT_EQ(printable(std::string_view{"\0x", 2}), "\\x00x");
}

TEST(printable, is_bounded) {
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_EQ(printable("abc", 3), "abc");
  EXPECT_LE(printable(std::string(1'000'000, '\n')).size(), 210u);
}

TEST(printable, in_quotes_is_the_same_in_quotes) {
  EXPECT_EQ(in_quotes("a\nb"), "'a\\x0ab'");
  EXPECT_EQ(in_quotes("abcdef", 3), "'abc...'");
}

TEST(escape_for_display, keeps_what_can_be_seen_in_any_language_and_escapes_the_rest) {
  EXPECT_EQ(escape_for_display("Hello, Zoë 你好"), "Hello, Zoë 你好");
  EXPECT_EQ(escape_for_display("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(escape_for_display("a\r\n\t\x7f"), "a\\x0d\\x0a\\x09\\x7f");
  EXPECT_EQ(escape_for_display("\xc2\x9b"), "\\u{9b}");
  EXPECT_EQ(escape_for_display("\xe2\x80\xae"), "\\u{202e}");
  EXPECT_EQ(escape_for_display("\xff\xc0"), "\\xff\\xc0");
  EXPECT_EQ(escape_for_display("\\x1b"), "\\\\x1b");
  EXPECT_EQ(escape_for_display("abcdef", 3), "abc...");
  EXPECT_EQ(escape_for_display("abc", 3), "abc");
}

} // namespace
} // namespace liveconnect
