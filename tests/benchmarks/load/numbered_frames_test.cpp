#include <gtest/gtest.h>

#include "benchmarks/load/numbered_frames.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench {
namespace {

/// The next whole frame of a writer.
std::string write_one(frame_writer& x) {
  const std::string out{x.rest()};
  x.advance(out.size());
  return out;
}

TEST(numbered_frames, patterns_are_frames_of_exactly_that_size) {
  for (const size_t size :
       {size_t{40}, size_t{64}, size_t{4096}, size_t{48 * 1024}, pattern_bytes_max}) {
    const auto pattern = coin_pattern(size);
    ASSERT_TRUE(pattern) << size;
    EXPECT_EQ(pattern->text.size(), size);
    frame_reader reader;
    const auto there = as_relayed(*pattern, "2001:0db8:1111:2222:3333:4444:5555:6666:77777");
    reader.feed(byte_view(there.text));
    const auto got = reader.next();
    ASSERT_TRUE(got && *got) << size;
    EXPECT_TRUE((*got)->is(message_number::coin));
  }
  EXPECT_FALSE(coin_pattern(pattern_bytes_min - 1));
  EXPECT_EQ(code_of(coin_pattern(pattern_bytes_max + 1).error()), ec::bad_argument);
}

TEST(numbered_frames, count_frames_in_hexadecimal) {
  frame_writer x{*coin_pattern(64)};
  for (int i = 0; i < 0x1ff; ++i)
    write_one(x);
  EXPECT_EQ(x.frames(), 0x1ffu);
  EXPECT_NE(write_one(x).find(">000001ff"), std::string::npos);
  EXPECT_NE(write_one(x).find(">00000200"), std::string::npos);
}

TEST(numbered_frames, reader_accepts_the_stream_cut_anywhere) {
  for (const size_t size : {size_t{64}, size_t{3000}}) {
    const auto pattern = *coin_pattern(size);
    for (size_t cut = 1; cut < size; cut += 7) {
      frame_writer out{pattern};
      frame_checker in{as_relayed(pattern, "127.0.0.1")};
      std::string stream;
      for (int i = 0; i < 20; ++i) {
        auto text = write_one(out);
        text.replace(text.find('#'), 1, "127.0.0.1");
        stream += text;
      }
      for (size_t at = 0; at < stream.size(); at += cut)
        ASSERT_TRUE(in.feed(std::string_view(stream).substr(at, cut))) << cut;
      EXPECT_EQ(in.frames(), 20u);
      EXPECT_FALSE(in.in_frame());
      EXPECT_EQ(in.bytes(), stream.size());
    }
  }
}

/// What a checker says about frames 0..2 of which something happened to.
bool accepts(size_t size, const std::function<void(std::vector<std::string>&)>& happens) {
  frame_writer out{*coin_pattern(size)};
  std::vector<std::string> frames{write_one(out), write_one(out), write_one(out)};
  happens(frames);
  frame_checker in{*coin_pattern(size)};
  for (const auto& x : frames)
    if (!in.feed(x))
      return false;
  return in.frames() == 3;
}

TEST(numbered_frames, reader_rejects_loss_repeat_reorder_and_damage) {
  for (const size_t size : {size_t{64}, size_t{4096}}) {
    EXPECT_TRUE(accepts(size, [](auto&) {}));
    EXPECT_FALSE(accepts(size, [](auto& x) { x.erase(x.begin() + 1); }));
    EXPECT_FALSE(accepts(size, [](auto& x) { x.insert(x.begin(), x[0]); }));
    EXPECT_FALSE(accepts(size, [](auto& x) { std::swap(x[1], x[2]); }));
    EXPECT_FALSE(accepts(size, [](auto& x) { x[1][1] = '!'; })) << "from-word";
    EXPECT_FALSE(accepts(size, [](auto& x) { x[2].back() = ' '; })) << "newline";
    EXPECT_FALSE(accepts(size, [](auto& x) { x[1].pop_back(); })) << "a byte is missing";
  }
}

} // namespace
} // namespace liveconnect::bench
