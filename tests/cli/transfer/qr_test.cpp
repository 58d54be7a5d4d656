#include <gtest/gtest.h>

#include "cli/transfer/qr.hpp"

namespace liveconnect::cli {
namespace {

TEST(qr, draws_a_square_with_two_modules_a_cell) {
  auto text = qr_text("liveconnect://relay.example.org:9100/4182907731?id=00#key");
  size_t lines = 0;
  for (auto c : text)
    lines += c == '\n' ? 1 : 0;
  // Version 4 has 33 modules, the quiet zone adds two on each side.
  EXPECT_EQ(lines, 19u);
  EXPECT_NE(text.find("\u2588"), std::string::npos);
}

TEST(qr, says_nothing_when_the_text_does_not_fit) {
  EXPECT_EQ(qr_text(std::string(5000, 'x')), "");
}

} // namespace
} // namespace liveconnect::cli
