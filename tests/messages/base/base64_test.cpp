#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "messages/base/base64.hpp"
#include "messages/base/error.hpp"

namespace liveconnect {
namespace {

byte_view text(std::string_view x) {
  return byte_view(x);
}

TEST(base64_test, gives_the_vectors_of_rfc_4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64_encode(text(plain)), encoded);
    const auto back = base64_decode(encoded);
    ASSERT_TRUE(back) << encoded;
    EXPECT_EQ(byte_view(*back).text(), plain);
  }
}

TEST(base64_test, refuses_every_other_spelling) {
  for (const auto* x : {"Zg",     "Zg=",    "Zg===",        "Z===",     "====",     "=",
                        "Zg==\n", "\nZg==", " Zg==",        "Zg== ",    "Z g==",    "Zm\n9v",
                        "Zm9v\n", "Zm9v=",  "Zh==",         "Zm9=",     "Zg==Zg==", "Z=9v",
                        "=m9v",   "Zm=v",   "Zm9v====",     "Zm-v",     "Zm_v",     "Zm9\x80",
                        "Zm9-",   "-m9v",   "Zm9v\r\n\r\n", "\t\t\t\t", "Zm#v"}) {
    const auto out = base64_decode(x);
    ASSERT_FALSE(out) << x;
    EXPECT_EQ(code_of(out.error()), ec::bad_frame);
  }
  EXPECT_FALSE(base64_decode(std::string_view("Zm\0v", 4)));
}

RC_GTEST_PROP(base64_test, comes_back_and_has_one_spelling_only, (const bytes& plain)) {
  const auto encoded = base64_encode(plain);
  RC_ASSERT(encoded.size() == base64_size(plain.size()));
  RC_ASSERT(encoded.find('#') == std::string::npos);
  const auto back = base64_decode(encoded);
  RC_ASSERT(back.engaged());
  RC_ASSERT(byte_view(*back) == byte_view(plain));
  if (!encoded.empty()) {
    // Any other text that decodes at all decodes to something else.
    auto other = encoded;
    other[*rc::gen::inRange<size_t>(0, other.size())] = *rc::gen::arbitrary<char>();
    const auto decoded = base64_decode(other);
    // Not within the assertion, which takes expressions apart and looks at every side of ||.
    const bool told_apart = other == encoded || !decoded || byte_view(*decoded) != byte_view(plain);
    RC_ASSERT(told_apart);
  }
}

RC_GTEST_PROP(base64_test, the_url_alphabet_comes_back_without_padding, (const bytes& plain)) {
  const auto encoded = base64url_encode_secret(plain);
  RC_ASSERT(view(encoded).text().find_first_of("+/=#") == std::string_view::npos);
  const auto back = base64url_decode_secret(view(encoded).text());
  RC_ASSERT(back.engaged());
  RC_ASSERT(view(*back) == byte_view(plain));
}

TEST(base64_test, the_url_alphabet_is_strict_too) {
  for (const auto* x : {"A", "AA==", "A+AA", "A/AA", "AB", "AAB", "AA A", "AAAA\n", "=", "AA="}) {
    const auto out = base64url_decode_secret(x);
    ASSERT_FALSE(out) << x;
    EXPECT_EQ(code_of(out.error()), ec::bad_invitation);
  }
  EXPECT_TRUE(base64url_decode_secret("AA"));
  EXPECT_TRUE(base64url_decode_secret("__-A"));
}

} // namespace
} // namespace liveconnect
