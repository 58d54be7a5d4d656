#include <tuple>

#include <caf/expected.hpp>
#include <gtest/gtest.h>

#include "messages/base/assert.hpp"

namespace liveconnect {

namespace {

caf::error divide(int by, int& out) {
  LC_ASSERT(by != 0);
  out = 100 / by;
  return {};
}

caf::expected<int> half_of(int x) {
  LC_ASSERT(x % 2 == 0);
  return x / 2;
}

int sum_of_positive(std::initializer_list<int> x) {
  int out = 0;
  for (const int one : x) {
    LC_ASSERT_OR(one > 0, continue);
    out += one;
  }
  return out;
}

} // namespace

TEST(assertions, cost_nothing_where_they_hold) {
  const auto before = failed_assertions();
  int out = 0;
  EXPECT_FALSE(divide(4, out));
  EXPECT_EQ(out, 25);
  EXPECT_EQ(*half_of(6), 3);
  EXPECT_EQ(sum_of_positive({1, 2, 3}), 6);
  EXPECT_EQ(failed_assertions(), before);
}

#ifdef LIVECONNECT_ASSERTIONS_ABORT

TEST(assertions, abort_and_say_where_in_builds_for_developers) {
  int out = 0;
  EXPECT_DEATH(std::ignore = divide(0, out), "assert_test.cpp:.*by != 0");
  EXPECT_DEATH(sum_of_positive({1, -2}), "one > 0");
}

#else

TEST(assertions, become_internal_errors_in_release_before_anything_was_done) {
  const auto before = failed_assertions();
  int out = 7;
  const auto err = divide(0, out);
  EXPECT_EQ(code_of(err), ec::internal);
  EXPECT_NE(detail_of(err).find("assert_test.cpp"), std::string::npos);
  EXPECT_NE(detail_of(err).find("by != 0"), std::string::npos);
  EXPECT_EQ(out, 7);
  const auto odd = half_of(3);
  ASSERT_FALSE(odd);
  EXPECT_EQ(code_of(odd.error()), ec::internal);
  EXPECT_EQ(sum_of_positive({1, -2, 3}), 4);
  EXPECT_EQ(failed_assertions(), before + 3);
}

#endif

} // namespace liveconnect
