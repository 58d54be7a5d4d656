#include <string>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "wallet/files/legacy_stack.hpp"

namespace liveconnect::wallet {
namespace {

std::string numbers(size_t count = 25, const std::string& one = std::string(32, 'A')) {
  std::string out = "[";
  for (size_t i = 0; i < count; ++i)
    out += (i == 0 ? "\"" : ",\"") + one + "\"";
  return out + "]";
}

std::string stack_of(const std::string& coin) {
  return "{\"cloudcoin\":[" + coin + "]}";
}

caf::expected<legacy_stack> parse(const std::string& text) {
  return parse_legacy_stack(byte_view{std::string_view{text}});
}

void expect_refused(const std::string& text, const std::string& words) {
  auto out = parse(text);
  ASSERT_FALSE(out) << text;
  EXPECT_EQ(code_of(out.error()), ec::bad_coin_file);
  EXPECT_NE(detail_of(out.error()).find(words), std::string::npos) << detail_of(out.error());
}

TEST(legacy_stack, values_change_exactly_at_the_published_serials) {
  EXPECT_EQ(legacy_value(0), 0u);
  EXPECT_EQ(legacy_value(1), 1u);
  EXPECT_EQ(legacy_value(2'097'152), 1u);
  EXPECT_EQ(legacy_value(2'097'153), 5u);
  EXPECT_EQ(legacy_value(4'194'304), 5u);
  EXPECT_EQ(legacy_value(4'194'305), 25u);
  EXPECT_EQ(legacy_value(6'291'456), 25u);
  EXPECT_EQ(legacy_value(6'291'457), 100u);
  EXPECT_EQ(legacy_value(14'680'064), 100u);
  EXPECT_EQ(legacy_value(14'680'065), 250u);
  EXPECT_EQ(legacy_value(16'777'216), 250u);
  EXPECT_EQ(legacy_value(16'777'217), 0u);
}

TEST(legacy_stack, any_order_either_case_and_numbers_as_text_or_not_are_accepted) {
  for (const auto& coin : {"{\"nn\":1,\"sn\":7,\"an\":" + numbers() + "}",
                           "{\"an\":" + numbers(25, std::string(32, 'f')) +
                               ",\"pown\":null,\"sn\":\"7\",\"x\":{},\"nn\":\"1\"}"}) {
    auto out = parse(stack_of(coin));
    ASSERT_TRUE(out) << detail_of(out.error());
    EXPECT_EQ(out->total, 1u);
  }
  EXPECT_TRUE(parse("{\"CloudCoin\":[{\"nn\":1,\"sn\":7,\"an\":" + numbers() + "}]}"));
}

TEST(legacy_stack, wrong_fields_are_named) {
  const auto ans = numbers();
  expect_refused(stack_of("{\"nn\":2,\"sn\":7,\"an\":" + ans + "}"), "coin 1: \"nn\" is not 1");
  expect_refused(stack_of("{\"sn\":7,\"an\":" + ans + "}"), "\"nn\" is not 1");
  expect_refused(stack_of("{\"nn\":1,\"sn\":0,\"an\":" + ans + "}"), "\"sn\" is not");
  expect_refused(stack_of("{\"nn\":1,\"sn\":16777217,\"an\":" + ans + "}"), "\"sn\" is not");
  expect_refused(stack_of("{\"nn\":1,\"sn\":-1,\"an\":" + ans + "}"), "\"sn\" is not");
  expect_refused(stack_of("{\"nn\":1,\"sn\":1.5,\"an\":" + ans + "}"), "\"sn\" is not");
  expect_refused(stack_of("{\"nn\":1,\"sn\":7}"), "no \"an\"");
  expect_refused(stack_of("{\"nn\":1,\"sn\":7,\"an\":7}"), "not a list");
  expect_refused(stack_of("{\"nn\":1,\"sn\":7,\"an\":" + numbers(26) + "}"), "26 ANs");
  expect_refused(stack_of("{\"nn\":1,\"sn\":7,\"an\":" + numbers(25, "abc") + "}"), "hexadecimal");
  expect_refused(stack_of("{\"nn\":1,\"sn\":7,\"an\":" + numbers(25, "ab(cd)") + "}"),
                 "password needed");
  expect_refused(stack_of("7"), "coin 1: not an object");
}

TEST(legacy_stack, one_bad_coin_or_a_repeated_serial_refuses_the_file) {
  const auto good = "{\"nn\":1,\"sn\":7,\"an\":" + numbers() + "}";
  expect_refused(stack_of(good + "," + good), "serial 7 stands twice");
  expect_refused(stack_of(good + ",{}"), "coin 2");
}

TEST(legacy_stack, other_documents_are_refused) {
  expect_refused("{\"cloudcoin\":[]}", "no coins");
  expect_refused("{\"other\":[]}", "no list \"cloudcoin\"");
  expect_refused("[]", "no list \"cloudcoin\"");
  expect_refused("{cloudcoin:[]}", "broken JSON");
  expect_refused("", "broken JSON");
  expect_refused(std::string(100'000, '['), "broken JSON");
}

} // namespace
} // namespace liveconnect::wallet
