#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "cli/shell/output.hpp"
#include "cli/transfer/qr.hpp"
#include "messages/base/nearest_word.hpp"
#include "messages/base/printable.hpp"
#include "messages/base/time_text.hpp"

namespace liveconnect::cli {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::CaptureStdout;
using ::testing::internal::GetCapturedStderr;
using ::testing::internal::GetCapturedStdout;

std::vector<json_fields> objects(const std::string& text) {
  std::vector<json_fields> out;
  size_t from = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', from)) {
    out.push_back(json_fields::parse(text.substr(from, end - from), nullptr, false));
    EXPECT_TRUE(out.back().is_object()) << text.substr(from, end - from);
    from = end + 1;
  }
  EXPECT_EQ(from, text.size()) << "a line without its end";
  return out;
}

TEST(output, json_mode_writes_objects_alone_and_one_result_at_the_end) {
  CaptureStdout();
  CaptureStderr();
  {
    output out{output_style{true, false, false, false}};
    out.line("words for people");
    out.done("more words");
    out.progress("Sending", 3, 10);
    out.event("step", {{"number", 10}});
    out.error(fail(ec::relay_unreachable, "no route"));
    out.last("the end");
    out.result(exit_of(ec::relay_unreachable), {{"session", "ab"}});
    out.result(exit_status{}, {});
    out.event("step", {{"number", 11}});
  }
  auto lines = objects(GetCapturedStdout());
  EXPECT_EQ(GetCapturedStderr(), "");
  ASSERT_EQ(lines.size(), 4u);
  for (const auto& x : lines) {
    EXPECT_EQ(x["v"], 1);
    EXPECT_EQ(x["t"].get<std::string>().back(), 'Z');
  }
  EXPECT_EQ(lines[0]["type"], "progress");
  EXPECT_EQ(lines[1]["number"], 10);
  EXPECT_EQ(lines[2]["type"], "error");
  EXPECT_EQ(lines[2]["code"], 3);
  EXPECT_EQ(lines[3]["type"], "result");
  EXPECT_EQ(lines[3]["ok"], false);
  EXPECT_EQ(lines[3]["code"], 3);
  EXPECT_EQ(lines[3]["name"], "relay_unreachable");
  EXPECT_EQ(lines[3]["session"], "ab");
}

TEST(output, people_see_plain_lines_without_bar_or_colour_off_a_terminal) {
  CaptureStdout();
  {
    output out{output_style{}};
    out.line("hello");
    out.done("it works");
    for (uint64_t i = 0; i <= 5; ++i)
      out.progress("Sending 14 notes", i, 5);
    out.event("step", {{"number", 10}});
    out.result(exit_status{}, {});
  }
  EXPECT_EQ(GetCapturedStdout(), "hello\n\u2713 it works\n\u2192 Sending 14 notes  0/5\n"
                                 "\u2192 Sending 14 notes  5/5\n");
}

TEST(output, errors_go_to_standard_error_as_two_sentences) {
  CaptureStdout();
  CaptureStderr();
  output{output_style{}}.error(fail(ec::not_enough_coins, "12 of 3,439"));
  EXPECT_EQ(GetCapturedStdout(), "");
  EXPECT_EQ(GetCapturedStderr(),
            "The wallet does not hold enough: 12 of 3,439. Run 'liveconnect wallet "
            "list' to see what can be spent.\n");
}

TEST(output, quiet_leaves_the_last_line_and_errors) {
  CaptureStdout();
  {
    output out{output_style{false, true, false, false}};
    out.line("hello");
    out.done("it works");
    out.progress("Sending", 1, 1);
    out.last("Done.");
  }
  EXPECT_EQ(GetCapturedStdout(), "Done.\n");
}

/// Standard output leads to `path` while this lives.
class standard_output_at {
public:
  explicit standard_output_at(const char* path) : kept_(::dup(STDOUT_FILENO)) {
    std::fflush(stdout);
    auto there = ::open(path, O_WRONLY | O_CLOEXEC);
    EXPECT_GE(there, 0) << path;
    ::dup2(there, STDOUT_FILENO);
    ::close(there);
  }
  ~standard_output_at() {
    ::dup2(kept_, STDOUT_FILENO);
    ::close(kept_);
  }

private:
  int kept_;
};

TEST(output, what_does_not_arrive_is_known_whatever_mode_it_is) {
  for (auto as_json : {false, true}) {
    output out{output_style{as_json, false, false, false}};
    EXPECT_EQ(out.lost(), 0);
    {
      standard_output_at full{"/dev/full"};
      out.line("hello");
      out.event("hello", {});
    }
    EXPECT_EQ(out.lost(), ENOSPC);
  }
  output fine{output_style{}};
  standard_output_at nothing{"/dev/null"};
  fine.last("hello");
  EXPECT_EQ(fine.lost(), 0);
}

TEST(output, a_pipe_is_no_terminal_and_gets_no_colour) {
  // Tests have no terminal on standard output under ctest; where they have one this says nothing.
  if (::isatty(1) == 1)
    GTEST_SKIP() << "standard output is a terminal";
  auto style = style_of(false, false, false);
  EXPECT_FALSE(style.colour);
  EXPECT_FALSE(style.terminal);
}

TEST(output, text_that_is_no_utf_8_cannot_break_a_json_line) {
  CaptureStdout();
  output{output_style{true, false, false, false}}.event("x", {{"text", "\xff\xfe\n\""}});
  auto lines = objects(GetCapturedStdout());
  ASSERT_EQ(lines.size(), 1u);
}

TEST(output, time_is_utc_to_the_millisecond) {
  using namespace std::chrono;
  EXPECT_EQ(utc_text(system_clock::time_point{milliseconds{1'795'456'800'007}}),
            "2026-11-23T18:00:00.007Z");
  EXPECT_EQ(utc_text(system_clock::time_point{}), "1970-01-01T00:00:00.000Z");
}

TEST(printable, shows_ascii_and_escapes_the_rest) {
  EXPECT_EQ(printable("plain words #7"), "plain words #7");
  EXPECT_EQ(printable("a\033[31mb\x7f\n\xe2\x80\xae"), "a\\x1b[31mb\\x7f\\x0a\\xe2\\x80\\xae");
  EXPECT_EQ(printable(std::string_view{"\0x", 2}), "\\x00x");
}

TEST(printable, is_bounded) {
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_LE(printable(std::string(1'000'000, '\n')).size(), 210u);
}

TEST(nearest_word, finds_slips_of_the_finger) {
  std::vector<std::string> words{"send", "receive", "resume", "wallet", "version"};
  EXPECT_EQ(nearest_word("sned", words), "send");
  EXPECT_EQ(nearest_word("recieve", words), "receive");
  EXPECT_EQ(nearest_word("resum", words), "resume");
  EXPECT_EQ(nearest_word("walet", words), "wallet");
}

TEST(nearest_word, keeps_quiet_when_nothing_is_near) {
  std::vector<std::string> words{"send", "receive"};
  EXPECT_EQ(nearest_word("elephant", words), "");
  EXPECT_EQ(nearest_word("", words), "");
  EXPECT_EQ(nearest_word(std::string(5000, 's'), words), "");
}

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
