#include <algorithm>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "actors/session/transcript.hpp"
#include "messages/base/error.hpp"
#include "messages/base/time_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::session {
namespace {

const std::chrono::system_clock::time_point noon{std::chrono::milliseconds(1'795'348'805'123)};

TEST(transcript, tells_time_direction_address_number_and_name) {
  EXPECT_EQ(utc_text(noon), "2026-11-22T12:00:05.123Z");
  EXPECT_EQ(transcript_line(noon, direction::sent, "198.51.100.20:5000",
                            make_frame(message_number::making_change)),
            "2026-11-22T12:00:05.123Z sent 198.51.100.20:5000 5 Making_Change\n");
  EXPECT_EQ(transcript_line(noon, direction::got, "", make_frame(message_number::amount, "0.25")),
            "2026-11-22T12:00:05.123Z got - 4 amount 0.25\n");
}

TEST(transcript, shortens_bodies_handshakes_and_proofs) {
  auto coin = make_frame(message_number::coin, "QUJDREVGR0hJSktMTU5PUFFS");
  coin.index = 3;
  coin.count = 14;
  coin.auth = "NV9z0aI6+i0O3P4XdDFm7A==";
  auto line = transcript_line(noon, direction::got, "a", coin);
  EXPECT_NE(line.find(" 24 coin 3/14 body 24 QUJDREVG... a=NV9z0aI6..."), std::string::npos)
      << line;
  EXPECT_EQ(line.find("R0hJ"), std::string::npos);
  auto beat = make_frame(message_number::heartbeat);
  beat.handshake = std::string(64, 'h');
  EXPECT_NE(transcript_line(noon, direction::got, "a", beat).find("h=hhhhhhhh..."),
            std::string::npos);
}

TEST(transcript, escapes_what_came_from_outside_and_tells_unknown_messages_by_length) {
  auto reason = make_frame(message_number::cancel, "bad\x1b[2Jnews\n");
  auto line = transcript_line(noon, direction::got, "a\nb", reason);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  frame unknown;
  unknown.tag = "Whatever";
  unknown.details = std::string(5'000, 'x');
  line = transcript_line(noon, direction::got, "a", unknown);
  EXPECT_NE(line.find("Whatever body 5000 xxxxxxxx..."), std::string::npos);
  EXPECT_LT(line.size(), 200u);
}

TEST(transcript, appends_to_a_file_of_mode_0600_and_refuses_a_symbolic_link) {
  const test::temporary_folder folder;
  const auto path = (folder / "t").string();
  std::ofstream(path) << "before\n";
  chmod(path.c_str(), 0644);
  {
    auto log = transcript::open(path);
    ASSERT_TRUE(log);
    log->add("one\n");
    transcript moved = std::move(*log);
    moved.add("two\n");
    log->add("nowhere\n");
  }
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), "before\none\ntwo\n");
  struct stat facts {};
  ASSERT_EQ(stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  const auto link = (folder / "l").string();
  ASSERT_EQ(symlink(path.c_str(), link.c_str()), 0);
  auto refused = transcript::open(link);
  ASSERT_FALSE(refused);
  EXPECT_EQ(code_of(refused.error()), ec::disk_failed);
}

TEST(transcript, tells_at_most_200_characters_of_details) {
  const auto line = transcript_line(noon, direction::got, "a",
                                    make_frame(message_number::cancel, std::string(5'000, 'x')));
  EXPECT_NE(line.find(' ' + std::string(200, 'x') + "..."), std::string::npos);
  EXPECT_EQ(line.find(std::string(201, 'x')), std::string::npos);
}

TEST(transcript, ends_at_its_largest_size_with_one_line_that_says_so) {
  const test::temporary_folder folder;
  const auto path = (folder / "t").string();
  std::ofstream(path) << "";
  ASSERT_EQ(truncate(path.c_str(), static_cast<off_t>(transcript_bytes_max - 1'000)), 0);
  for (int run = 0; run < 2; ++run) {
    auto log = transcript::open(path);
    ASSERT_TRUE(log);
    for (int i = 0; i < 20; ++i)
      log->add(std::string(99, 'x') + "\n");
  }
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  const auto whole = text.str();
  EXPECT_LE(whole.size(), transcript_bytes_max);
  const auto tail = whole.substr(transcript_bytes_max - 1'000);
  EXPECT_EQ(std::count(tail.begin(), tail.end(), 'x') / 99, 9);
  EXPECT_EQ(tail.find("cut here"), tail.rfind("cut here"));
  EXPECT_EQ(tail.substr(tail.size() - 13), "largest size\n");
}

} // namespace
} // namespace liveconnect::session
