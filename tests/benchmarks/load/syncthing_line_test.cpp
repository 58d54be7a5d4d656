// The messages of syncthing's relay protocol as bytes, after its public description.
#include <gtest/gtest.h>

#include "benchmarks/load/syncthing_line.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench::syncthing {
namespace {

std::string text_of(std::initializer_list<int> list) {
  std::string out;
  for (const auto x : list)
    out.push_back(static_cast<char>(x));
  return out;
}

const std::string magic = text_of({0x9e, 0x79, 0xbc, 0x40});

std::string number(uint32_t x) {
  return text_of({static_cast<int>(x >> 24), static_cast<int>(x >> 16 & 255),
                  static_cast<int>(x >> 8 & 255), static_cast<int>(x & 255)});
}

TEST(syncthing, requests_have_the_layout_of_the_description) {
  EXPECT_EQ(join_relay_request(), magic + number(2) + number(0));
  EXPECT_EQ(pong(), magic + number(1) + number(0));
  EXPECT_EQ(join_session_request("12345"),
            magic + number(3) + number(12) + number(5) + "12345" + std::string(3, '\0'));
  device_id id{};
  id.fill('x');
  EXPECT_EQ(connect_request(id),
            magic + number(5) + number(36) + number(32) + std::string(32, 'x'));
}

TEST(syncthing, answers_are_read_however_the_stream_is_cut) {
  const auto invitation = number(4) + "from" + number(3) + text_of({'k', 'e', 'y', 0}) + number(0) +
                          number(22067) + number(1);
  const auto whole = magic + number(6) + number(static_cast<uint32_t>(invitation.size())) +
                     invitation + magic + number(0) + number(0) + magic + number(4) + number(20) +
                     number(1) + number(9) + "not found" + std::string(3, '\0');
  std::string stream;
  std::vector<message> got;
  for (const char x : whole) {
    stream += x;
    const auto next = take_message(stream);
    ASSERT_TRUE(next);
    if (*next)
      got.push_back(**next);
  }
  ASSERT_EQ(got.size(), 3u);
  EXPECT_TRUE(stream.empty());
  EXPECT_EQ(got[0].what, message_type::session_invitation);
  EXPECT_EQ(got[0].from, "from");
  EXPECT_EQ(got[0].key, "key");
  EXPECT_EQ(got[1].what, message_type::ping);
  EXPECT_EQ(got[2].what, message_type::response);
  EXPECT_EQ(got[2].code, 1u);
  EXPECT_EQ(describe(got[2]), "response 1, not found");
}

TEST(syncthing, refuses_what_is_not_one_of_its_messages) {
  for (auto stream : {
           std::string("HTTP/1.1 400 Bad Request"),
           magic + number(99) + number(0),
           magic + number(4) + number(1025),
           // Contents that end before their fields do.
           magic + number(4) + number(4) + number(0),
           magic + number(4) + number(8) + number(0) + number(0xffffffff),
           magic + number(6) + number(0),
       }) {
    const auto got = take_message(stream);
    ASSERT_FALSE(got) << stream.size();
    EXPECT_EQ(code_of(got.error()), ec::protocol_violation);
  }
}

} // namespace
} // namespace liveconnect::bench::syncthing
