#include <csignal>
#include <sstream>

#include <gtest/gtest.h>

#include "cli/shell/command.hpp"

namespace liveconnect::cli {
namespace {

struct said {
  int code = 0;
  std::vector<json_fields> lines;
  std::string out;
  std::string err;
};

/// What finish() writes and returns.
said finished(bool as_json, const command_end& end, const finish_style& how = {}) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  said x;
  {
    output out{output_style{as_json, false, false, false}};
    x.code = finish(out, end, how);
  }
  x.out = testing::internal::GetCapturedStdout();
  x.err = testing::internal::GetCapturedStderr();
  std::istringstream lines(x.out);
  for (std::string line; as_json && std::getline(lines, line);)
    x.lines.push_back(json_fields::parse(line));
  return x;
}

command_end busy() {
  return failed(fail(ec::relay_busy, "full"), {}, {"The relay is full.", "Try later."});
}

TEST(finish, success_is_said_with_its_fields_in_json_only) {
  EXPECT_EQ(finished(false, {{}, {{"rooms", 2}}}).out, "");
  const auto x = finished(true, {{}, {{"rooms", 2}}});
  EXPECT_EQ(x.code, 0);
  ASSERT_EQ(x.lines.size(), 1u);
  EXPECT_EQ(x.lines[0]["type"], "result");
  EXPECT_EQ(x.lines[0]["ok"], true);
  EXPECT_EQ(x.lines[0]["name"], "done");
  EXPECT_EQ(x.lines[0]["rooms"], 2);
}

TEST(finish, a_failure_is_two_sentences_for_people_and_the_same_in_json) {
  const auto people = finished(false, busy());
  EXPECT_EQ(people.code, 75);
  EXPECT_EQ(people.out, "");
  EXPECT_EQ(people.err, "The relay is full. Try later.\n");
  const auto x = finished(true, busy());
  EXPECT_EQ(x.err, "");
  ASSERT_EQ(x.lines.size(), 2u);
  EXPECT_EQ(x.lines[0]["type"], "error");
  for (const auto& line : x.lines) {
    EXPECT_EQ(line["code"], 75);
    EXPECT_EQ(line["name"], "try_later");
    EXPECT_EQ(line["error"], "relay_busy");
    EXPECT_EQ(line["what"], "The relay is full.");
    EXPECT_EQ(line["what_to_do"], "Try later.");
  }
  EXPECT_EQ(x.lines[1]["detail"], "full");
}

TEST(finish, without_an_error_object_the_sentences_go_to_standard_error_in_json_mode_too) {
  finish_style how;
  how.error_object = false;
  const auto x = finished(true, busy(), how);
  EXPECT_EQ(x.lines.size(), 1u);
  EXPECT_EQ(x.err, "The relay is full. Try later.\n");
}

TEST(finish, a_signal_is_named_and_wins_over_the_failure) {
  auto end = busy();
  end.signal = SIGTERM;
  const auto x = finished(true, end);
  EXPECT_EQ(x.code, 143);
  ASSERT_EQ(x.lines.size(), 1u);
  EXPECT_EQ(x.lines[0]["name"], "terminated");
  EXPECT_FALSE(x.lines[0].contains("error"));
  EXPECT_EQ(finished(false, end).out, "The relay is full. Try later.\n");
  finish_style how;
  how.tells_signal = false;
  EXPECT_EQ(finished(false, end, how).out, "");
}

TEST(finish, a_command_may_choose_its_code) {
  command_end end;
  end.status = exit_status{1, "missed"};
  end.words = {"A goal was missed.", "Look at the table."};
  const auto x = finished(true, end);
  EXPECT_EQ(x.code, 1);
  EXPECT_EQ(x.lines.back()["name"], "missed");
  EXPECT_EQ(x.lines.back()["what"], "A goal was missed.");
}

TEST(finish, bytes_that_are_not_text_do_not_end_the_program) {
  EXPECT_EQ(finished(true, {{}, {{"word", "rum\xff"}}}).lines[0]["word"], "rum\xef\xbf\xbd");
}

} // namespace
} // namespace liveconnect::cli
