#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "wallet/files/coin_name.hpp"

namespace liveconnect::wallet {
namespace {

TEST(coin_name, amounts_read_as_the_pro_client_writes_them) {
  EXPECT_EQ(pro_amount(amount::from_units(1'244'100'000'340)), "12,441.0000-034");
  EXPECT_EQ(pro_amount(amount::from_units(1)), "0.0000-0001");
  EXPECT_EQ(pro_amount(amount::from_units(21'115'079'389'913)), "211,150.7938-9913");
  EXPECT_EQ(pro_amount(amount::from_units(102'100'000'001)), "1,021.0000-0001");
  EXPECT_EQ(pro_amount(denomination_value(-3)), "0.001");
  EXPECT_EQ(pro_amount(denomination_value(-4)), "0.0001");
  EXPECT_EQ(pro_amount(denomination_value(-5)), "0.0000-1");
  EXPECT_EQ(pro_amount(denomination_value(6)), "1,000,000");
}

TEST(coin_name, the_samples_have_their_conventional_names) {
  EXPECT_EQ(coin_name({2, 7998}, "sample"), "100 CloudCoin #7998 'sample'.bin");
  EXPECT_EQ(coin_name({-2, 5000}, "sample"), "0.01 CloudCoin #5000 'sample'.bin");
  EXPECT_EQ(container_name(amount::from_units(102'100'000'001), 5, "sample"),
            "1,021.0000-0001 CloudCoin #5 'sample'.bin");
}

TEST(coin_name, a_tag_from_outside_is_made_harmless) {
  EXPECT_EQ(clean_tag("../../etc/passwd"), "______etc_passwd");
  EXPECT_EQ(clean_tag("a'b#c.d"), "a_b_c_d");
  EXPECT_EQ(clean_tag(std::string_view{"a\0b\x1b[2J", 7}), "a_b_[2J");
  EXPECT_EQ(clean_tag("\xc3\xa9"), "__");
  EXPECT_EQ(clean_tag(""), "coin");
  EXPECT_EQ(clean_tag(std::string(1'000, 'x')).size(), tag_bytes_max);
}

RC_GTEST_PROP(coin_name, every_tag_gives_a_plain_name_with_one_number_sign,
              (const std::string& tag)) {
  const auto name = coin_name({0, 1}, tag);
  RC_ASSERT(is_plain_name(name));
  RC_ASSERT(std::count(name.begin(), name.end(), '#') == 1);
  RC_ASSERT(std::count(name.begin(), name.end(), '\'') == 2);
}

TEST(coin_name, a_suffix_goes_into_the_tag) {
  EXPECT_EQ(with_suffix("1 CloudCoin #5 'tag'.bin", "x2"), "1 CloudCoin #5 'tag-x2'.bin");
  EXPECT_EQ(with_suffix("-2.5000.bin", "x2"), "-2.5000-x2.bin");
  EXPECT_EQ(with_suffix("noextension", "x2"), "noextension-x2");
  EXPECT_EQ(with_suffix(".hidden", "x2"), ".hidden-x2");
  EXPECT_NE(random_suffix(), random_suffix());
}

TEST(coin_name, a_suffix_never_makes_a_name_too_long) {
  const auto name = std::string(251, 'x') + ".bin";
  const auto out = with_suffix(name, "abcdefgh");
  EXPECT_TRUE(is_plain_name(out));
  EXPECT_EQ(out.substr(out.size() - 13), "-abcdefgh.bin");
  // The place of the suffix may be at the very beginning, where nothing can make room.
  const auto early = with_suffix("a'." + std::string(252, 'x'), "abcdefgh");
  EXPECT_TRUE(is_plain_name(early));
  EXPECT_EQ(early.substr(0, 11), "a-abcdefgh'");
}

TEST(coin_name, only_one_plain_component_is_a_name) {
  for (const auto* good : {"a", "100 CloudCoin #7998 'x'.bin", "..a", ".tmp-1", "-rf"})
    EXPECT_TRUE(is_plain_name(good)) << good;
  for (const std::string& bad :
       {std::string{}, std::string{"."}, std::string{".."}, std::string{"a/b"}, std::string{"/"},
        std::string{"../x"}, std::string{"a\nb"}, std::string{"a\0b", 3}, std::string{"\x7f"},
        std::string(256, 'x')})
    EXPECT_FALSE(is_plain_name(bad)) << bad;
}

} // namespace
} // namespace liveconnect::wallet
