#include <gtest/gtest.h>

#include "messages/base/nearest_word.hpp"

namespace liveconnect {
namespace {

TEST(nearest_word, finds_slips_of_the_finger) {
  const std::vector<std::string> words{"send", "receive", "resume", "wallet", "version"};
  EXPECT_EQ(nearest_word("sned", words), "send");
  EXPECT_EQ(nearest_word("recieve", words), "receive");
  EXPECT_EQ(nearest_word("resum", words), "resume");
  EXPECT_EQ(nearest_word("walet", words), "wallet");
}

TEST(nearest_word, keeps_quiet_when_nothing_is_near) {
  const std::vector<std::string> words{"send", "receive"};
  EXPECT_EQ(nearest_word("elephant", words), "");
  EXPECT_EQ(nearest_word("", words), "");
  EXPECT_EQ(nearest_word(std::string(5000, 's'), words), "");
}

} // namespace
} // namespace liveconnect
