#include <gtest/gtest.h>

#include "cli/shell/values.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST(parse_duration, adds_numbers_with_their_units) {
  const std::pair<const char*, milliseconds> table[] = {
      {"90s", 90s}, {"500ms", 500ms}, {"2m", 2min},     {"24h", 24h},
      {"1d", 24h},  {"30d", 720h},    {"1h30m", 90min}, {"1m1s1ms", 61'001ms}};
  for (const auto& [text, x] : table)
    EXPECT_EQ(*parse_duration(text), x) << text;
}

TEST(parse_duration, refuses_what_has_no_unit_and_what_is_out_of_bounds) {
  for (const auto* x : {"", "90", "s", "-1s", "0s", "1.5s", "90 s", "90S", "1m30", "31d", "721h",
                        "99999999999s", "4294967295d", "soon"}) {
    const auto read = parse_duration(x);
    ASSERT_FALSE(read) << x;
    EXPECT_EQ(code_of(read.error()), ec::bad_argument) << x;
  }
  EXPECT_TRUE(parse_duration("0s", 0ms));
  EXPECT_EQ(detail_of(parse_duration("1h", 1ms, 90s).error()),
            "'1h' is not a duration from 1ms to 1m30s, such as 90s or 1h30m");
}

TEST(duration_text, is_read_again_as_the_same) {
  for (const auto x : {milliseconds{0}, milliseconds{1}, milliseconds{90s}, milliseconds{90min},
                       milliseconds{24h}, milliseconds{720h}, milliseconds{3'661'001}})
    EXPECT_EQ(*parse_duration(duration_text(x), 0ms), x) << duration_text(x);
  EXPECT_EQ(duration_text(24h), "24h");
  EXPECT_EQ(duration_text(720h), "30d");
}

TEST(parse_size, takes_bytes_with_their_unit) {
  const std::pair<const char*, uint64_t> table[] = {{"0", 0},
                                                    {"65536", 65536},
                                                    {"12B", 12},
                                                    {"48K", 49152},
                                                    {"512KiB", 524288},
                                                    {"64MiB", 67108864u},
                                                    {"1024GiB", uint64_t{1} << 40}};
  for (const auto& [text, x] : table)
    EXPECT_EQ(*parse_size(text), x) << text;
}

TEST(parse_size, refuses_the_rest) {
  for (const auto* x : {"", "MiB", "-1", "1.5MiB", "1 MiB", "1mb", "1MB", "1025GiB",
                        "1099511627777", "0x10", "99999999999999999999"})
    EXPECT_FALSE(parse_size(x)) << x;
  EXPECT_EQ(detail_of(parse_size("9", 4096, 1 << 20).error()),
            "'9' is not a size from 4KiB to 1MiB, such as 65536, 512KiB or 2MiB");
}

TEST(parse_count, takes_whole_decimal_numbers_within_bounds) {
  EXPECT_EQ(*parse_count("7", 1, 9), 7u);
  EXPECT_EQ(*parse_count("010", 1, 10), 10u) << "decimal, whatever stands in front";
  for (const auto* x : {"", "-1", "0", "10", "1.0", "1 ", "x"})
    EXPECT_FALSE(parse_count(x, 1, 9)) << x;
  EXPECT_EQ(detail_of(parse_count("x", 1, 9).error()), "'x' is not a whole number from 1 to 9");
}

TEST(parse_word, names_the_words_that_there_are) {
  EXPECT_EQ(*parse_word("b", {"a", "b", "c"}), 1u);
  EXPECT_EQ(detail_of(parse_word("d", {"a", "b", "c"}).error()), "'d' is not a, b or c");
}

TEST(values, what_is_wrong_is_shown_without_escape_sequences) {
  EXPECT_EQ(detail_of(parse_bool("\033[2J").error()), "'\\x1b[2J' is not true or false");
}

TEST(split_list, drops_blanks_around_the_parts) {
  EXPECT_EQ(split_list("a, b ,c"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(split_list(""), std::vector<std::string>{""});
  EXPECT_EQ(split_list("a,"), (std::vector<std::string>{"a", ""}));
}

} // namespace
} // namespace liveconnect::cli
