#include <gtest/gtest.h>

#include "wallet/raida/server/ticket_book.hpp"

namespace liveconnect::raida {
namespace {

using namespace std::chrono_literals;
using time_point = ticket_book::time_point;

constexpr time_point start = time_point{} + 1000h;

client_key client(uint8_t x) {
  client_key out{};
  out[15] = x;
  return out;
}

std::vector<note_id> listed(const ticket_book& book, uint32_t number, time_point now = start) {
  return book.listing(number, now).value_or(std::vector<note_id>{});
}

TEST(raida_ticket_book, a_note_stands_in_the_last_few_tickets_alone) {
  ticket_book book;
  const note_id x{1, 1}, y{1, 2};
  ASSERT_TRUE(book.issue(1, {x, y}, client(1), start));
  for (uint32_t i = 2; i <= 600; ++i)
    ASSERT_TRUE(book.issue(i, {x}, client(1), start));
  EXPECT_EQ(book.size(), tickets_of_note_max + 1);
  EXPECT_EQ(listed(book, 1), std::vector<note_id>{y});
  EXPECT_TRUE(listed(book, 600 - tickets_of_note_max).empty());
  for (uint32_t i = 601 - tickets_of_note_max; i <= 600; ++i)
    EXPECT_EQ(listed(book, i), std::vector<note_id>{x});
}

TEST(raida_ticket_book, a_client_takes_slots_from_itself_and_never_the_last_of_another) {
  ticket_book book;
  uint32_t number = 0;
  const auto ask = [&](std::optional<client_key> who) {
    ++number;
    return book.issue(number, {{1, number}}, who, start);
  };
  ASSERT_TRUE(ask(client(200)));
  for (size_t i = 0; i < 3 * tickets_of_client_max; ++i)
    ASSERT_TRUE(ask(client(1)));
  EXPECT_EQ(book.size(), tickets_of_client_max + 1);
  // All slots are taken: whoever has most gives one up for whoever has fewer.
  for (uint8_t who = 2; who < 9; ++who)
    for (size_t i = 0; i < tickets_of_client_max; ++i)
      ASSERT_TRUE(ask(client(who)));
  EXPECT_EQ(book.size(), tickets_max);
  EXPECT_TRUE(ask(client(100)));
  EXPECT_EQ(book.size(), tickets_max);
  EXPECT_FALSE(listed(book, 1).empty());
  // A client that no budget counts takes nobody's.
  EXPECT_FALSE(ask(std::nullopt));
  EXPECT_TRUE(book.issue(9999, {{1, 1}}, std::nullopt, start + ticket_lifetime));
  EXPECT_EQ(book.size(), 1u);
}

TEST(raida_ticket_book, notes_of_all_tickets_together_are_bounded) {
  ticket_book book;
  uint32_t serial = 0, number = 0;
  const auto ask = [&](size_t notes) {
    std::vector<note_id> list;
    for (size_t i = 0; i < notes; ++i)
      list.push_back({1, serial++});
    return book.issue(++number, list, std::nullopt, start);
  };
  EXPECT_FALSE(ask(ticket_notes_max + 1));
  for (size_t i = 0; i < ticket_notes_in_all_max / ticket_notes_max; ++i)
    ASSERT_TRUE(ask(ticket_notes_max));
  EXPECT_FALSE(ask(1));
  book.forget({1, serial - 2}); // a note of the last ticket that was given out
  EXPECT_TRUE(ask(1));
}

TEST(raida_ticket_book, a_ticket_goes_with_its_last_note_and_with_its_time) {
  ticket_book book;
  const note_id x{1, 1}, y{1, 2};
  ASSERT_TRUE(book.issue(5, {x, y, x}, {}, start));
  EXPECT_EQ(listed(book, 5), (std::vector<note_id>{x, y}));
  EXPECT_EQ(listed(book, 5), (std::vector<note_id>{x, y})); // whoever asks again hears the same
  book.forget(x);
  EXPECT_EQ(listed(book, 5), std::vector<note_id>{y});
  book.forget(y);
  EXPECT_FALSE(book.listing(5, start));
  EXPECT_EQ(book.size(), 0u);
  ASSERT_TRUE(book.issue(6, {x}, {}, start));
  EXPECT_TRUE(book.listing(6, start + ticket_lifetime - 1ns));
  EXPECT_FALSE(book.listing(6, start + ticket_lifetime));
}

} // namespace
} // namespace liveconnect::raida
