#include <csignal>
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

} // namespace
} // namespace liveconnect::cli
