#include <type_traits>

#include <gtest/gtest.h>

#include "actors/relay/admission.hpp"
#include "actors/relay/room_account.hpp"

namespace liveconnect::relay {

using kind = admission_step::kind;

/// May open an account, as the switch does.
class room_account_test : public testing::Test {
protected:
  static room_account::key key() { return {}; }
};

// An aggregate could be made with `{}` by any code, whatever its constructor says.
static_assert(!std::is_aggregate_v<room_account::key>);
static_assert(!std::is_default_constructible_v<room_account::key>);

namespace {

constexpr size_t bytes_max = 128;
const std::string join = "<# Join_Room 7 abcdefghijklmnop>";

/// Reads `text` in pieces of `piece` bytes, as a line of the switch does.
admission_step read_in_pieces(const std::string& text, size_t piece) {
  frame_scanner scanner{bytes_max, 0};
  uint32_t blank_bytes = 0;
  std::string unread;
  for (size_t i = 0; i < text.size(); i += piece) {
    unread += text.substr(i, piece);
    const auto step = read_join_frame(scanner, blank_bytes, bytes_max, byte_view{unread});
    if (step.what != kind::more)
      return step;
    unread.erase(0, step.used);
  }
  return {};
}

} // namespace

TEST(admission, takes_a_join_in_any_pieces) {
  for (size_t piece = 1; piece <= join.size(); ++piece) {
    const auto step = read_in_pieces(join, piece);
    EXPECT_EQ(step.what, kind::join) << piece;
    EXPECT_EQ(step.size, join.size()) << piece;
  }
}

TEST(admission, leaves_what_follows_a_join_for_later) {
  frame_scanner scanner{bytes_max, 0};
  uint32_t blank_bytes = 0;
  const auto text = "\n " + join + "<# Heartbeat>";
  const auto step = read_join_frame(scanner, blank_bytes, bytes_max, byte_view{text});
  EXPECT_EQ(step.what, kind::join);
  EXPECT_EQ(step.used, 2 + join.size());
  EXPECT_EQ(step.size, join.size());
}

TEST(admission, counts_blanks_against_the_bound_however_they_come) {
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{500}}) {
    const auto fits = std::string(bytes_max - join.size(), '\n') + join;
    EXPECT_EQ(read_in_pieces(fits, piece).what, kind::join) << piece;
    const auto step = read_in_pieces("\n" + fits, piece);
    EXPECT_EQ(step.what, kind::refused) << piece;
    EXPECT_EQ(step.why, refusal::join) << piece;
  }
  EXPECT_EQ(read_in_pieces(std::string(bytes_max + 1, ' '), 3).what, kind::refused);
}

TEST(admission, refuses_another_first_message_and_a_forged_address) {
  EXPECT_EQ(read_in_pieces("<# Heartbeat>", 4).why, refusal::join);
  EXPECT_EQ(read_in_pieces("<# Heartbeat>", 4).what, kind::refused);
  const auto forged = read_in_pieces("<1.2.3.4:5 Join_Room 7>", 4);
  EXPECT_EQ(forged.what, kind::refused);
  EXPECT_EQ(forged.why, refusal::from);
  EXPECT_EQ(read_in_pieces("GET / HTTP/1.1", 5).why, refusal::join);
}

TEST(admission, believes_a_balancers_header_and_asks_for_the_rest_of_one) {
  const std::string header = "PROXY TCP4 203.0.113.9 10.0.0.1 4711 9100\r\n";
  EXPECT_EQ(read_announcement(byte_view{header}.sub(0, 20)).what, kind::more);
  EXPECT_EQ(read_announcement(byte_view{header}.sub(0, 20)).used, 0u);
  const auto text = header + join;
  const auto step = read_announcement(byte_view{text});
  EXPECT_EQ(step.what, kind::announced);
  EXPECT_EQ(step.used, header.size());
  EXPECT_EQ(to_string(step.client), "203.0.113.9:4711");
  EXPECT_EQ(read_announcement(byte_view{join}).what, kind::refused);
  EXPECT_EQ(read_announcement(byte_view{std::string_view{"PROXY UNKNOWN\r\n"}}).what,
            kind::health_check);
}

TEST_F(room_account_test, opens_once_and_counts_for_both_seats) {
  room_account account;
  const room_account::time_point start{std::chrono::seconds(100)};
  account.open(key(), start);
  account.open(key(), start + std::chrono::seconds(9));
  EXPECT_EQ(account.opened(key()), start);
  account.add(key(), 60);
  account.add(key(), 30);
  EXPECT_FALSE(account.is_spent(key(), 10, 100));
  EXPECT_TRUE(account.is_spent(key(), 11, 100));
  EXPECT_FALSE(account.is_spent(key(), 1'000'000, 0)) << "0 is no limit";
}

TEST_F(room_account_test, tells_until_when_a_fast_room_owes_bytes) {
  room_account account;
  const room_account::time_point start{std::chrono::seconds(100)};
  EXPECT_EQ(account.charge(key(), 1000, 1000, start), start);
  EXPECT_EQ(account.charge(key(), 500, 1000, start), start + std::chrono::milliseconds(500));
  account.forget_budget(key());
  EXPECT_EQ(account.charge(key(), 500, 1000, start), start);
}

} // namespace liveconnect::relay
