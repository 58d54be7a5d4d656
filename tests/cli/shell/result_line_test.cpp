#include <csignal>

#include <gtest/gtest.h>

#include "cli/shell/result_line.hpp"

namespace liveconnect::cli {
namespace {

using json = nlohmann::json;

/// What `act` writes to standard output.
template<class F>
json said(F act) {
  testing::internal::CaptureStdout();
  act();
  const auto text = testing::internal::GetCapturedStdout();
  return text.empty() ? json{} : json::parse(text);
}

TEST(result_line, a_line_begins_with_version_time_and_type) {
  const auto line = json_line("ready", {{"listen", {"[::]:9100"}}});
  EXPECT_EQ(line.rfind(R"({"v":1,"t":"20)", 0), 0u) << line;
  EXPECT_NE(line.find(R"(Z","type":"ready","listen":["[::]:9100"]})"), std::string::npos) << line;
  EXPECT_EQ(json::parse(line)["t"].get<std::string>().size(), 24u);
}

TEST(result_line, bytes_that_are_no_text_do_not_end_the_program) {
  EXPECT_EQ(json::parse(json_line("x", {{"word", "rum\xff"}}))["word"], "rum\xef\xbf\xbd");
}

TEST(result_line, success_is_said_with_its_fields_in_json_only) {
  EXPECT_TRUE(said([] { EXPECT_EQ(say_done(false, {{"rooms", 2}}), 0); }).is_null());
  auto x = said([] { EXPECT_EQ(say_done(true, {{"rooms", 2}}), 0); });
  EXPECT_EQ(x["type"], "result");
  EXPECT_EQ(x["ok"], true);
  EXPECT_EQ(x["code"], 0);
  EXPECT_EQ(x["name"], "done");
  EXPECT_EQ(x["rooms"], 2);
}

TEST(result_line, a_failure_is_two_sentences_for_people_and_the_same_in_json) {
  const failure why{try_later, ec::relay_busy, "full", "The relay is full", "Try later"};
  testing::internal::CaptureStderr();
  EXPECT_TRUE(said([&] { EXPECT_EQ(say_failed(false, why), 75); }).is_null());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "The relay is full. Try later.\n");
  auto x = said([&] { EXPECT_EQ(say_failed(true, why), 75); });
  EXPECT_EQ(x["ok"], false);
  EXPECT_EQ(x["code"], 75);
  EXPECT_EQ(x["name"], "try_later");
  EXPECT_EQ(x["error"], "relay_busy");
  EXPECT_EQ(x["detail"], "full");
  EXPECT_EQ(x["what"], "The relay is full.");
  EXPECT_EQ(x["what_to_do"], "Try later.");
}

TEST(result_line, codes_have_the_names_of_the_client) {
  const auto name = [](int code) {
    return said([&] { say_failed(true, {code, ec::internal, "", "A", "B"}); })["name"];
  };
  EXPECT_EQ(name(other_error), "error");
  EXPECT_EQ(name(wrong_usage), "usage");
  EXPECT_EQ(name(unreachable), "relay_unreachable");
  EXPECT_EQ(said([] {
              EXPECT_EQ(say_stopped(true, SIGINT, {"Stopped.", "Go on."}), 130);
            })["name"],
            "interrupted");
  EXPECT_EQ(said([] {
              EXPECT_EQ(say_stopped(true, SIGTERM, {"Stopped.", "Go on."}), 143);
            })["name"],
            "terminated");
  EXPECT_TRUE(said([] { say_stopped(false, SIGINT, {"Stopped.", "Go on."}); }).is_null());
}

} // namespace
} // namespace liveconnect::cli
