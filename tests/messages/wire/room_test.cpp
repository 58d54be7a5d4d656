#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "messages/wire/room.hpp"

namespace liveconnect {
namespace {

TEST(room, a_join_request_comes_back_with_and_without_tag) {
  for (const auto& x : {join_request{42, ""}, join_request{UINT64_MAX, std::string(32, 'a')}}) {
    const auto back = parse_join_request(to_details(x));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, x);
  }
  EXPECT_EQ(to_details(join_request{42, ""}), "42");
}

TEST(room, a_wrong_join_request_is_refused) {
  const std::string tag(32, 'a');
  for (const auto& x :
       {std::string{}, std::string{"0"}, std::string{"042"}, std::string{"-1"}, std::string{"4x"},
        std::string{"18446744073709551616"}, "42 " + tag + "a", "42 " + tag.substr(1),
        "42 " + std::string(32, 'A'), "42 " + tag + " more", std::string{"42 tag"}}) {
    const auto out = parse_join_request(x);
    ASSERT_FALSE(out) << x;
    EXPECT_EQ(code_of(out.error()), ec::bad_frame);
  }
}

TEST(room, a_seat_comes_back) {
  for (const auto* x : {"42 1.2.3.4:5 1", "4182907731 [2001:db8::1]:55012 2"}) {
    const auto seat = parse_room_seat(x);
    ASSERT_TRUE(seat) << x;
    EXPECT_EQ(to_details(*seat), x);
  }
  for (const auto* x : {"", "42", "42 1.2.3.4:5", "42 1.2.3.4 1", "42 host:5 1", "42 1.2.3.4:5 3",
                        "42 1.2.3.4:5 0", "42 1.2.3.4:5 1 more"})
    EXPECT_FALSE(parse_room_seat(x)) << x;
}

TEST(endpoint, a_nul_does_not_end_an_address) {
  endpoint out;
  EXPECT_TRUE(endpoint::parse("::1", 5, out));
  EXPECT_FALSE(endpoint::parse(std::string_view{"::1\0x", 5}, 5, out));
  EXPECT_FALSE(endpoint::parse(std::string_view{"1.2.3.4\0:5", 10}, out));
}

TEST(room, a_reason_is_a_word_and_perhaps_a_sentence) {
  const auto x = parse_reason("crowded The room is full.");
  EXPECT_EQ(x.word, "crowded");
  EXPECT_EQ(x.sentence, "The room is full.");
  EXPECT_EQ(parse_reason("silent").word, "silent");
  EXPECT_EQ(parse_reason("silent").sentence, "");
  EXPECT_EQ(parse_reason("").word, "");
}

} // namespace
} // namespace liveconnect
