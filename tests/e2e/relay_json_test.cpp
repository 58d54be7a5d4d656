// --json of the relay's program: every mode obeys it and ends with a result line
// (docs/design/cli.md "Screens"). What it does when its standard streams are full or missing.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/e2e/relay_program.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::test {
namespace {

using namespace std::chrono_literals;
using json = nlohmann::json;
using words = std::vector<std::string>;

/// Every line is an object with what each begins with; the last one, a result that agrees with the
/// exit code and, after a failure, with what people read.
json result_in(const std::string& out, int code, const std::string& err) {
  std::istringstream lines(out);
  json last;
  for (std::string text; std::getline(lines, text);) {
    last = json::parse(text, nullptr, false);
    if (!last.is_object()) {
      ADD_FAILURE() << "no object: " << text;
      return json::object();
    }
    EXPECT_EQ(last.value("v", 0), 1) << text;
    EXPECT_EQ(last.value("t", "").size(), 24u) << text;
    EXPECT_NE(last.value("type", ""), "") << text;
  }
  if (!last.is_object()) {
    ADD_FAILURE() << "nothing said; " << err;
    return json::object();
  }
  EXPECT_EQ(last.value("type", ""), "result") << out;
  EXPECT_EQ(last.value("code", -1), code) << out;
  EXPECT_EQ(last.value("ok", code != 0), code == 0) << out;
  EXPECT_NE(last.value("name", ""), "") << out;
  if (code != 0) {
    EXPECT_NE(last.value("error", ""), "") << out;
    EXPECT_NE(err.find(last.value("what", "-") + " " + last.value("what_to_do", "-") + "\n"),
              std::string::npos)
        << out << err;
  }
  return last;
}

json run(words arguments, int code) {
  arguments.insert(arguments.begin(), "liveconnect-relay");
  arguments.push_back("--json");
  process x(arguments);
  EXPECT_EQ(x.wait(), code) << testing::PrintToString(arguments);
  const auto err = x.errors();
  SCOPED_TRACE(testing::PrintToString(arguments));
  return result_in(x.output(), code, err);
}

/// The exit code of the program with these words and redirections, through a shell.
int shell(const std::string& text) {
  process x({"/bin/sh", "-c", "exec " LIVECONNECT_BIN "/liveconnect-relay " + text});
  return x.wait().value_or(-1);
}

struct relay_json_test : ::testing::Test {
  temporary_folder folder;
  const std::string bad = (folder.path() / "bad.toml").string();
  const std::string socket = (folder.path() / "run" / "admin.sock").string();
  relay_json_test() { std::ofstream(bad) << "rooms_mx = 5\n"; }
};

TEST_F(relay_json_test, wrong_usage_and_settings_are_a_result_too) {
  for (const auto& x : std::vector<words>{{},
                                          {"rum"},
                                          {"rum\xff"},
                                          {"run", "--foo"},
                                          {"version", "now"},
                                          {"kick"},
                                          {"kick", "0", "--admin-socket", socket},
                                          {"log-level", "loud", "--admin-socket", socket},
                                          {"probe"},
                                          {"probe", "abc"}}) {
    auto result = run(x, 2);
    EXPECT_EQ(result["name"], "usage");
    EXPECT_EQ(result["error"], "bad_argument") << result;
  }
  for (const auto& x : std::vector<words>{{"run", "--config", bad},
                                          {"check", "--config", bad},
                                          {"run", "--listen", "abc"},
                                          {"check", "--room-wait", "soon"}}) {
    auto result = run(x, 2);
    EXPECT_EQ(result["name"], "usage");
    EXPECT_EQ(result["error"], "bad_config") << result;
  }
}

TEST_F(relay_json_test, subcommands_that_need_no_relay_give_a_result) {
  auto version = run({"version"}, 0);
  EXPECT_EQ(version["program"], "liveconnect-relay");
  EXPECT_EQ(run({"--json", "version"}, 0)["version"], version["version"]);
  EXPECT_NE(run({"--help"}, 0)["help"].get<std::string>().find("log-level"), std::string::npos);
  EXPECT_EQ(run({"check", "--listen", "127.0.0.1:9100"}, 0)["listen"], json({"127.0.0.1:9100"}));
}

TEST_F(relay_json_test, every_subcommand_of_a_running_relay_gives_a_result) {
  relay_program relay({"--admin-socket", socket});
  tcp_client waiting(relay.address());
  waiting.send("<# Join_Room 42>\n");
  ASSERT_TRUE(waiting.read_until("Room_Joined"));
  const words at{"--admin-socket", socket};
  const auto ask = [&](words x, int code) {
    x.insert(x.end(), at.begin(), at.end());
    return run(x, code);
  };
  EXPECT_EQ(ask({"rooms"}, 0)["rooms"], 1);
  EXPECT_TRUE(ask({"status"}, 0)["status"].is_object());
  EXPECT_EQ(ask({"log-level", "warn"}, 0)["level"], "warn");
  EXPECT_EQ(ask({"kick", "43"}, 1)["detail"], "there is no room 43");
  EXPECT_EQ(run({"probe", relay.address()}, 0)["seen_as"], "127.0.0.1");
  EXPECT_EQ(ask({"kick", "42"}, 0)["people"], 1);
  ask({"drain"}, 0);
  EXPECT_EQ(relay.program().wait(), 0);
  result_in(relay.program().output(), 0, "");
  EXPECT_EQ(run({"probe", relay.address()}, 3)["error"], "relay_unreachable");
  for (const auto& x :
       std::vector<words>{{"rooms"}, {"status"}, {"log-level", "warn"}, {"kick", "42"}, {"drain"}})
    EXPECT_EQ(ask(x, 3)["name"], "relay_unreachable");
}

TEST_F(relay_json_test, a_relay_that_cannot_start_says_what_failed) {
  relay_program first({"--status-listen", "127.0.0.1:0"});
  auto taken = run({"run", "--listen", first.address(), "--status-listen", "none"}, 1);
  EXPECT_EQ(taken["error"], "cannot_listen");
  EXPECT_NE(taken["what"].get<std::string>().find(first.address()), std::string::npos);
  run({"run", "--listen", "127.0.0.1:0", "--status-listen", first.status()}, 1);
  run({"run", "--listen", "127.0.0.1:0", "--status-listen", "none", "--usage-log",
       "/nonexistent/x"},
      1);
}

TEST_F(relay_json_test, a_signal_is_named) {
  relay_program relay;
  relay.program().signal(SIGINT);
  EXPECT_EQ(relay.program().wait(), 130);
  const auto& out = relay.program().output();
  auto last = json::parse(out.substr(out.find('\n') + 1));
  EXPECT_EQ(last["name"], "interrupted");
  EXPECT_EQ(last["ok"], false);
  EXPECT_TRUE(last["what_to_do"].is_string());
}

TEST_F(relay_json_test, lost_output_is_not_a_success) {
  relay_program relay({"--admin-socket", socket});
  const auto at = " --admin-socket " + socket;
  for (const auto& x : words{"version", "version --json", "--help", "rooms" + at, "status" + at,
                             "status --json" + at, "check --listen 127.0.0.1:0",
                             "probe " + relay.address(), "drain" + at}) {
    process lost(
        {"/bin/sh", "-c", "exec " LIVECONNECT_BIN "/liveconnect-relay " + x + " >/dev/full"});
    EXPECT_EQ(lost.wait(), 1) << x;
    EXPECT_NE(lost.errors().find("Standard output takes no more"), std::string::npos) << x;
  }
  EXPECT_EQ(shell("rum >/dev/full"), 2);
  EXPECT_EQ(shell("rum --json >/dev/full"), 2);
}

TEST_F(relay_json_test, missing_standard_streams_are_no_place_for_other_files) {
  process relay({"/bin/sh", "-c",
                 "exec " LIVECONNECT_BIN "/liveconnect-relay run --listen 127.0.0.1:0 "
                 "--status-listen none --admin-socket " +
                     socket + " <&- >&- 2>&-"});
  const auto until = std::chrono::steady_clock::now() + 10s;
  int code = -1;
  while ((code = shell("status --admin-socket " + socket)) != 0 &&
         std::chrono::steady_clock::now() < until)
    ASSERT_TRUE(relay.running());
  ASSERT_EQ(code, 0);
  for (const auto* fd : {"0", "1", "2"})
    EXPECT_EQ(std::filesystem::read_symlink("/proc/" + std::to_string(relay.pid()) + "/fd/" + fd),
              "/dev/null");
  relay.signal(SIGTERM);
  EXPECT_EQ(relay.wait(), 0);
}

} // namespace
} // namespace liveconnect::test
