#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "wallet/raida/server/serial_book.hpp"

namespace liveconnect::raida {
namespace {

using namespace std::chrono_literals;
using time_point = serial_book::time_point;

constexpr time_point start = time_point{} + 1000h;
constexpr size_t offer = 64;

client_key client(uint32_t x) {
  client_key out{};
  for (size_t i = 0; i < 4; ++i)
    out[12 + i] = static_cast<uint8_t>(x >> (8 * i));
  return out;
}

TEST(raida_serial_book, one_client_holds_no_more_than_its_budget_and_loses_the_oldest_first) {
  serial_book book;
  const auto first = book.reserve({1, client(7)}, 0, offer, start);
  const auto others = book.reserve({2, client(8)}, 0, offer, start);
  // 790 datagrams a second for 16 seconds.
  for (uint32_t session = 1000; session < 1000 + 16 * 790; ++session)
    ASSERT_EQ(book.reserve({session, client(7)}, 0, offer, start).size(), offer);
  EXPECT_EQ(book.reserved(0), reserved_of_client_max + offer);
  EXPECT_EQ(book.holder({0, first[0]}, start), 0u);
  EXPECT_EQ(book.holder({0, others[0]}, start), 2u);
}

TEST(raida_serial_book, however_many_senders_are_claimed_most_serials_stay_free) {
  serial_book book;
  for (uint32_t session = 1; session < 16 * 790; ++session)
    ASSERT_EQ(book.reserve({session, client(session)}, 0, offer, start).size(), offer);
  EXPECT_LE(book.reserved(0), reserved_in_all_max);
  const auto last = book.reserve({16 * 790, client(1)}, 0, offer, start);
  EXPECT_EQ(last.size(), offer);
  for (auto serial : last)
    EXPECT_EQ(book.holder({0, serial}, start), 16u * 790);
}

TEST(raida_serial_book, one_session_holds_no_more_than_its_budget) {
  serial_book book;
  for (int8_t d = -8; d <= 6; ++d)
    ASSERT_EQ(book.reserve({5, std::nullopt}, d, offer, start).size(), offer);
  size_t sum = 0;
  for (int8_t d = -8; d <= 6; ++d)
    sum += book.reserved(d);
  EXPECT_EQ(sum, reserved_of_session_max);
  EXPECT_EQ(book.reserved(-8), 0u);
  EXPECT_EQ(book.reserved(6), offer);
}

TEST(raida_serial_book, the_operators_serials_are_never_given_up_for_others) {
  serial_book book;
  const auto his = book.reserve({1, std::nullopt, true}, 0, 1029, start);
  ASSERT_EQ(his.size(), 1029u);
  for (uint32_t session = 2; session < 3000; ++session)
    book.reserve({session, client(session)}, 0, offer, start);
  for (auto serial : his)
    ASSERT_EQ(book.holder({0, serial}, start), 1u);
  EXPECT_EQ(book.holder({0, his[0]}, start + reservation_lifetime), 0u);
}

TEST(raida_serial_book, what_a_session_is_offered_when_it_asks_again_cannot_be_guessed) {
  serial_book book;
  std::set<uint32_t> seen;
  for (uint32_t session = 1; session <= 50; ++session) {
    book.reserve({session, std::nullopt, true}, 0, offer, start);
    const auto again = book.reserve({session, std::nullopt, true}, 0, offer, start);
    ASSERT_EQ(again.size(), offer);
    ASSERT_TRUE(std::is_sorted(again.begin(), again.end()));
    for (auto serial : again)
      EXPECT_TRUE(seen.insert(serial).second);
  }
  // Spread over the whole range, not from its beginning on.
  EXPECT_GT(std::count_if(seen.begin(), seen.end(), [](uint32_t x) { return x > serial_max / 2; }),
            static_cast<ptrdiff_t>(seen.size() / 3));
}

TEST(raida_serial_book, serials_that_are_freed_are_offered_again) {
  serial_book book;
  for (uint32_t i = 0; i < 3 * page_size; ++i)
    book.set_use({0, i}, true);
  EXPECT_EQ(book.used(0), 3 * page_size);
  EXPECT_EQ(book.reserve({1, {}}, 0, 1, start).at(0), 3 * page_size);
  book.set_use({0, 1030}, false);
  book.set_use({0, 1030}, false); // twice is once
  EXPECT_EQ(book.used(0), 3 * page_size - 1);
  EXPECT_EQ(book.reserve({2, {}}, 0, 1, start + reservation_lifetime).at(0), 1030u);
}

} // namespace
} // namespace liveconnect::raida
