#include <set>
#include <string>

#include <gtest/gtest.h>
#include <sodium.h>

#include "messages/money/transfer.hpp"
#include "messages/secure/words.hpp"

namespace liveconnect {
namespace {

TEST(words, are_sorted_plain_and_found_again) {
  std::string last;
  for (size_t i = 0; i < word_count; ++i) {
    const std::string x{word(i)};
    EXPECT_LT(last, x);
    EXPECT_GE(x.size(), 3u);
    EXPECT_LE(x.size(), 8u);
    EXPECT_EQ(x.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string::npos) << x;
    EXPECT_EQ(word_index(x), i);
    last = x;
  }
  for (const auto* x : {"", "a", "zzz", "Able", "able "})
    EXPECT_FALSE(word_index(x)) << x;
}

TEST(words, never_change) {
  std::string all;
  for (size_t i = 0; i < word_count; ++i)
    all += std::string{word(i)} + "\n";
  digest hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const uint8_t*>(all.data()),
                     all.size(), nullptr, 0);
  EXPECT_EQ(to_hex(hash), "ad8b9e94e86571d621b5d55b6175d033b1057fa4c85c45075382024e3d2176b8")
      << "keys out there are written in this list";
}

TEST(words, carry_eleven_bits_each_from_the_front) {
  const bytes x{0xff, 0xe0, 0x00, 0x00};
  EXPECT_EQ(word_at(x, 0), 2047u);
  EXPECT_EQ(word_at(x, 1), 0u);
  EXPECT_EQ(phrase(x, 2), std::string{word(2047)} + " " + std::string{word(0)});
  const bytes y{0x00, 0x20, 0x04};
  EXPECT_EQ(word_at(y, 0), 1u);
  EXPECT_EQ(word_at(y, 1), 1u);
  EXPECT_EQ(word_at({}, 5), 0u);
}

} // namespace
} // namespace liveconnect
