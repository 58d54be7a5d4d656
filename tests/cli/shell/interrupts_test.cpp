#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "cli/shell/interrupts.hpp"

namespace liveconnect::cli {
namespace {

using namespace std::chrono_literals;

/// Each test's process ends with the signals' mask that it began with.
struct signal_source_test : ::testing::Test {
  ~signal_source_test() override { restore_signals(); }
};

TEST_F(signal_source_test, a_signal_is_what_wait_answers) {
  signal_source source{signal_source::hangup::ends};
  ::kill(::getpid(), SIGTERM);
  EXPECT_EQ(source.wait(10s), SIGTERM);
  EXPECT_EQ(source.wait(0ms), 0) << "it has been taken";
  ::kill(::getpid(), SIGHUP);
  EXPECT_EQ(source.wait(10s), SIGHUP);
}

TEST_F(signal_source_test, a_hangup_may_be_a_job_instead) {
  signal_source source{signal_source::hangup::reloads};
  int jobs = 0;
  ::kill(::getpid(), SIGHUP);
  EXPECT_EQ(source.wait(10s), 0) << "no job yet";
  source.on_hangup([&] { ++jobs; });
  ::kill(::getpid(), SIGHUP);
  EXPECT_EQ(source.wait(10s), 0);
  EXPECT_EQ(jobs, 1);
}

TEST_F(signal_source_test, wake_ends_a_wait_from_another_thread) {
  signal_source source{signal_source::hangup::ends};
  std::thread other{[&] { source.wake(); }};
  EXPECT_EQ(source.wait(std::chrono::milliseconds{-1}), 0);
  other.join();
}

TEST_F(signal_source_test, interrupts_pass_the_first_signal_to_the_listener) {
  interrupts stop{[](int) {}};
  std::atomic<int> heard{0};
  stop.listen([&](int signal) { heard = signal; });
  EXPECT_EQ(stop.signal(), 0);
  ::kill(::getpid(), SIGINT);
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (heard == 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  EXPECT_EQ(heard, SIGINT);
  EXPECT_EQ(stop.signal(), SIGINT);
}

/// Makes `interrupts` that leave a command a millisecond, signals its own process, and works on as
/// a command does that hears of no signal. Ends with 0 when that is what happens.
[[noreturn]] void work_through_a_signal(bool has_ended) {
  interrupts stop{[](int signal) { std::fprintf(stderr, "last word %d", signal); }};
  std::atomic<int> attended{0};
  stop.attend([&](int signal) { attended = signal; });
  stop.end_within(1ms);
  if (has_ended)
    stop.command_ended();
  ::kill(::getpid(), SIGTERM);
  while (attended == 0 || !has_ended)
    std::this_thread::yield();
  ::_exit(0);
}

TEST_F(signal_source_test, a_command_that_does_not_end_after_a_signal_is_ended) {
  EXPECT_EXIT(work_through_a_signal(false), ::testing::ExitedWithCode(128 + SIGTERM),
              "last word 15");
}

TEST_F(signal_source_test, a_command_that_has_ended_writes_its_result_to_the_end) {
  EXPECT_EXIT(work_through_a_signal(true), ::testing::ExitedWithCode(0), "^$");
}

} // namespace
} // namespace liveconnect::cli
