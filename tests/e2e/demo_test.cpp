#include <csignal>
#include <fstream>
#include <poll.h>
#include <set>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/network_fixture.hpp"

namespace liveconnect::test {
namespace {

/// Every process whose arguments name this folder. Read from /proc, so nothing escapes that keeps
/// its command line.
std::set<pid_t> processes_of(const std::filesystem::path& folder) {
  std::set<pid_t> out;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != name.npos)
      continue;
    std::ifstream in{entry.path() / "cmdline"};
    std::string line{std::istreambuf_iterator<char>{in}, {}};
    if (line.find(folder.string()) != line.npos)
      out.insert(static_cast<pid_t>(std::stol(name)));
  }
  return out;
}

/// Processes that this one started: the relay of a demo has no folder among its arguments.
std::set<pid_t> children_of(pid_t parent) {
  std::set<pid_t> out;
  auto folder = std::filesystem::path{"/proc"} / std::to_string(parent) / "task";
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator{folder, gone}) {
    std::ifstream in{task.path() / "children"};
    for (pid_t pid = 0; in >> pid;)
      out.insert(pid);
  }
  return out;
}

/// Waits for the end of processes that are not our own children.
bool all_gone(const std::set<pid_t>& pids) {
  for (auto pid : pids) {
    auto watch = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (watch < 0)
      continue;
    pollfd ended{watch, POLLIN, 0};
    auto n = ::poll(&ended, 1, 10'000);
    ::close(watch);
    if (n <= 0)
      return false;
  }
  return true;
}

class demo : public ::testing::Test {
protected:
  temporary_folder folder_;

  std::vector<std::string> words(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"demo", "--data", (folder_.path() / "demo").string()});
    return more;
  }
};

class demo_in : public demo, public ::testing::WithParamInterface<const char*> {};

TEST_P(demo_in, either_notation_moves_3439_and_proves_it) {
  client x{words({"--notation", GetParam()})};
  auto result = x.result();
  ASSERT_EQ(result.value("name", ""), "done") << result;
  EXPECT_EQ(result["v"], 1);
  EXPECT_EQ(result["amount"], "3439");
  EXPECT_GT(result["notes"].get<int>(), 0);
  EXPECT_NE(result["session"], "");
  EXPECT_NE(result["receipt"], "");
  EXPECT_EQ(result["sender_before"], "5310");
  EXPECT_EQ(result["receiver_before"], "0");
  EXPECT_EQ(result["sender_after"], "1871");
  EXPECT_EQ(result["receiver_after"], "3439");
  EXPECT_EQ(result["verdict"]["receiver_passes"], 25);
  EXPECT_EQ(result["verdict"]["sent_fails"], 25);
  EXPECT_EQ(x.steps().size(), 25u);
  for (const auto& step : x.objects())
    if (step.value("type", "") == "step") {
      EXPECT_NE(step.value("sender_address", ""), "");
      EXPECT_NE(step.value("receiver_address", ""), "");
    }
  EXPECT_TRUE(processes_of(folder_.path()).empty());
}

INSTANTIATE_TEST_SUITE_P(both, demo_in, ::testing::Values("tag", "json"),
                         [](const auto& x) { return std::string{x.param}; });

struct interruption {
  const char* name;
  int signal;
  const char* at;
  int code;
};

class interrupted_demo : public demo, public ::testing::WithParamInterface<interruption> {};

TEST_P(interrupted_demo, leaves_no_process_behind) {
  client x{words()};
  ASSERT_TRUE(x.wait_for(GetParam().at));
  auto started = children_of(x.program().pid());
  EXPECT_GE(started.size(), 2u) << "servers and relay";
  x.program().signal(GetParam().signal);
  auto code = x.program().wait(patience);
  ASSERT_TRUE(code);
  EXPECT_EQ(*code, GetParam().code);
  // Each program that can still report its end does.
  if (GetParam().signal != SIGKILL) {
    EXPECT_EQ(x.result().value("code", 0), GetParam().code);
  }
  EXPECT_TRUE(all_gone(started));
  EXPECT_TRUE(all_gone(processes_of(folder_.path())));
}

INSTANTIATE_TEST_SUITE_P(by_signal, interrupted_demo,
                         ::testing::Values(interruption{"int_at_start", SIGINT, "network", 130},
                                           interruption{"term_in_transfer", SIGTERM, "step", 143},
                                           interruption{"hang_up", SIGHUP, "step", 129},
                                           interruption{"kill_in_transfer", SIGKILL, "step", 137}),
                         [](const auto& x) { return std::string{x.param.name}; });

TEST_F(demo, refuses_a_folder_that_is_not_empty) {
  std::filesystem::create_directories(folder_.path() / "demo");
  std::ofstream{folder_.path() / "demo" / "mine.txt"} << "mine";
  client x{words()};
  EXPECT_EQ(x.result().value("code", 0), 2);
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "demo" / "mine.txt"));
}

TEST_F(demo, shows_the_same_in_plain_text) {
  auto all = words();
  all.insert(all.begin(), "liveconnect");
  process x{all};
  ASSERT_EQ(x.wait(patience).value_or(-1), 0) << x.output() << x.errors();
  for (auto text :
       {"25 servers are listening", "Sender makes change", "Sender has seen the receipt", "5,310",
        "1,871", "3,439", "pass 25/25", "Done: 3,439 sent", "Receipt "})
    EXPECT_NE(x.output().find(text), std::string::npos) << text << "\n" << x.output();
  EXPECT_EQ(x.output().find('\033'), std::string::npos) << "colours in a pipe";
}

} // namespace
} // namespace liveconnect::test
