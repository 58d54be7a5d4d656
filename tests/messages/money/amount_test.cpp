#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "messages/money/amount.hpp"

namespace liveconnect {
namespace {

TEST(amount, reads_and_prints_the_wires_form) {
  for (const auto* text : {"1", "3439", "9999999999", "0.25", "0.00000001", "12.5"}) {
    const auto x = amount::parse(text);
    ASSERT_TRUE(x) << text;
    EXPECT_EQ(to_string(*x), text);
  }
  EXPECT_EQ(amount::parse("0.25")->units(), 25'000'000u);
}

TEST(amount, refuses_what_is_not_in_the_grammar) {
  for (const auto* text : {"", "0", "-1", "+1", " 1", "1 ", "01", "00.5", "1.", ".5", "1.50", "0.0",
                           "1e3", "34#9", "1.000000001", "12345678901", "1,000", "٣"}) {
    const auto x = amount::parse(text);
    ASSERT_FALSE(x) << text;
    EXPECT_EQ(code_of(x.error()), ec::bad_amount);
  }
}

TEST(amount, adds_and_subtracts_without_wrapping) {
  auto x = amount::from_units(UINT64_MAX);
  EXPECT_FALSE(x.add(amount::from_units(1)));
  EXPECT_EQ(x.units(), UINT64_MAX);
  EXPECT_TRUE(x.subtract(amount::from_units(UINT64_MAX)));
  EXPECT_FALSE(x.subtract(amount::from_units(1)));
  EXPECT_TRUE(x.is_zero());
}

TEST(amount, displays_with_commas) {
  EXPECT_EQ(to_display(amount::from_coins(3439)), "3,439");
  EXPECT_EQ(to_display(amount::from_coins(1234567)), "1,234,567");
  EXPECT_EQ(to_display(amount::from_coins(999)), "999");
  EXPECT_EQ(to_display(*amount::parse("1234.5")), "1,234.5");
}

} // namespace
} // namespace liveconnect
