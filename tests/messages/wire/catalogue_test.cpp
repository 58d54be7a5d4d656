#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "messages/wire/catalogue.hpp"

namespace liveconnect {
namespace {

TEST(catalogue, finds_every_row_by_number_and_by_tag) {
  for (const auto& row : catalogue()) {
    EXPECT_EQ(find_message(to_integer(row.number)), &row);
    if (!row.tag.empty()) {
      EXPECT_EQ(find_message(row.tag), &row);
    }
  }
}

TEST(catalogue, is_sorted_and_names_nothing_twice) {
  std::set<std::string_view> tags;
  uint16_t last = 0;
  for (const auto& row : catalogue()) {
    EXPECT_GT(to_integer(row.number), last);
    last = to_integer(row.number);
    EXPECT_TRUE(tags.insert(row.tag).second) << row.tag;
  }
}

TEST(catalogue, leaves_the_free_numbers_of_the_original_free) {
  EXPECT_EQ(find_message(uint16_t{22}), nullptr);
  EXPECT_EQ(find_message(uint16_t{23}), nullptr);
  for (uint16_t i = 25; i < 100; ++i)
    EXPECT_EQ(find_message(i), nullptr);
  EXPECT_EQ(find_message(uint16_t{0}), nullptr);
  EXPECT_EQ(find_message(""), nullptr);
  EXPECT_EQ(find_message("heartbeat"), nullptr) << "case matters";
}

TEST(catalogue, knows_who_may_say_what) {
  EXPECT_EQ(find_message(message_number::coin)->from, author::sender);
  EXPECT_EQ(find_message(message_number::receipt)->from, author::receiver);
  EXPECT_EQ(find_message(message_number::peer_joined)->from, author::relay);
  EXPECT_EQ(find_message(message_number::join_room)->from, author::client_to_relay);
  EXPECT_EQ(find_message(message_number::closing)->from, author::both_and_relay);
}

TEST(catalogue, stands_in_the_document_as_it_is_in_the_code) {
  std::ifstream in(LIVECONNECT_TEST_DATA "/../docs/protocol.md");
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_NE(text.str().find(catalogue_markdown()), std::string::npos)
      << "docs/protocol.md must contain:\n"
      << catalogue_markdown();
}

} // namespace
} // namespace liveconnect
