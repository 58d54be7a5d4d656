#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "messages/base/error.hpp"
#include "messages/secure/manifest.hpp"

namespace liveconnect {
namespace {

/// 3 x 1000 + 4 x 100 + 3 x 10 + 9 x 1 = 3,439.
manifest example() {
  manifest out;
  out.id.value.fill(0x11);
  out.sum = amount::from_coins(3439);
  out.notes = 19;
  out.by_denomination[8] = 9;
  out.by_denomination[9] = 3;
  out.by_denomination[10] = 4;
  out.by_denomination[11] = 3;
  out.records.fill(0x22);
  return out;
}

TEST(manifest_test, has_the_layout_of_the_document) {
  const auto x = encode(example());
  ASSERT_EQ(x.size(), 124u);
  EXPECT_EQ(to_hex(byte_view(x).sub(0, 28)), "11111111111111111111111111111111"
                                             "0000005012098f00"
                                             "00000013");
  EXPECT_EQ(to_hex(byte_view(x).sub(28 + 8 * 4, 16)), "00000009000000030000000400000003");
  EXPECT_EQ(to_hex(byte_view(x).sub(88)),
            "2222222222222222222222222222222222222222222222222222222222222222"
            "00000078");
}

TEST(manifest_test, comes_back_and_its_hash_covers_every_byte) {
  const auto x = example();
  const auto encoded = encode(x);
  const auto back = decode_manifest(encoded);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, x);
  EXPECT_EQ(hash_of(*back), hash_of(x));
  auto other = x;
  other.lease_seconds = 121;
  EXPECT_NE(hash_of(other), hash_of(x));
}

TEST(manifest_test, refuses_what_does_not_add_up) {
  const auto refuses = [](auto change) {
    auto x = example();
    change(x);
    const auto out = decode_manifest(encode(x));
    EXPECT_FALSE(out);
    EXPECT_EQ(code_of(out.error()), ec::manifest_mismatch);
  };
  refuses([](manifest& x) { x.notes = 18; });
  refuses([](manifest& x) { x.sum = amount::from_coins(3440); });
  refuses([](manifest& x) { x.by_denomination[8] = 10; });
  refuses([](manifest& x) { std::swap(x.by_denomination[8], x.by_denomination[9]); });
  refuses([](manifest& x) { x.lease_seconds = 0; });
  refuses([](manifest& x) { x.lease_seconds = manifest_lease_seconds_max + 1; });
  refuses([](manifest& x) {
    x.by_denomination = {};
    x.notes = 0;
    x.sum = {};
  });
  // Counts whose sum or value wraps around to the announced one.
  refuses([](manifest& x) {
    x.by_denomination[8] += 0x80000000u;
    x.by_denomination[9] += 0x80000000u;
  });
  refuses([](manifest& x) { x.by_denomination.fill(UINT32_MAX); });
}

TEST(manifest_test, refuses_every_other_length) {
  auto encoded = encode(example());
  for (size_t size = 0; size < encoded.size(); ++size)
    EXPECT_FALSE(decode_manifest(byte_view(encoded).sub(0, size)));
  encoded.push_back(0);
  EXPECT_FALSE(decode_manifest(encoded));
}

RC_GTEST_PROP(manifest_test, any_honest_one_comes_back, ()) {
  manifest x;
  for (size_t i = 0; i < denomination_count; ++i) {
    const auto count = *rc::gen::inRange<uint32_t>(0, 1000);
    x.by_denomination[i] = count;
    x.notes += count;
    for (uint32_t k = 0; k < count; ++k)
      RC_ASSERT(x.sum.add(denomination_value(static_cast<int8_t>(static_cast<int>(i) - 8))));
  }
  RC_PRE(x.notes > 0);
  x.lease_seconds = *rc::gen::inRange<uint32_t>(1, manifest_lease_seconds_max + 1);
  const auto back = decode_manifest(encode(x));
  RC_ASSERT(back.engaged());
  RC_ASSERT(*back == x);
}

} // namespace
} // namespace liveconnect
