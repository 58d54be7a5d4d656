// The operator's commands against a real relay: rooms, kick, drain, status, log-level, check,
// probe, the usage log, the status port.
#include <csignal>
#include <fstream>
#include <set>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/e2e/relay_program.hpp"
#include "tests/support/http.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::test {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using json = nlohmann::json;

struct relay_operator_test : ::testing::Test {
  temporary_folder folder;
  const std::string socket = (folder.path() / "run" / "admin.sock").string();
  const std::string usage = (folder.path() / "usage.log").string();
  relay_program relay{
      {"--admin-socket", socket, "--status-listen", "127.0.0.1:0", "--usage-log", usage}};

  struct ended {
    int code = -1;
    std::string out;
    std::string err;
  };

  static ended run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "liveconnect-relay");
    process x(arguments);
    ended out;
    out.code = x.wait().value_or(-1);
    out.err = x.errors();
    out.out = x.output();
    return out;
  }

  ended ask(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--admin-socket", socket});
    return run(std::move(arguments));
  }

  tcp_client join(const std::string& room) const {
    tcp_client out(relay.address());
    out.send("<# Join_Room " + room + ">\n");
    EXPECT_TRUE(out.read_until("Room_Joined"));
    return out;
  }

  std::vector<json> usage_lines() const {
    std::vector<json> out;
    std::ifstream file(usage);
    for (std::string line; std::getline(file, line);)
      out.push_back(json::parse(line, nullptr, false));
    return out;
  }
};

TEST_F(relay_operator_test, rooms_shows_numbers_and_rounds_addresses) {
  EXPECT_EQ(ask({"rooms"}).out, "0 rooms\n");
  auto a = join("42");
  auto b = join("42");
  auto c = join("7");
  ASSERT_TRUE(a.read_until("Peer_Joined"));
  a.send("<# Wink>\n");
  ASSERT_TRUE(b.read_until("Wink"));
  const auto people = ask({"rooms"});
  EXPECT_EQ(people.code, 0) << people.err;
  EXPECT_EQ(people.out.rfind("7  waiting for ", 0), 0u) << people.out;
  EXPECT_NE(people.out.find("\n42  paired for "), std::string::npos);
  EXPECT_NE(people.out.find("127.0.0.0/24 (17 bytes)"), std::string::npos) << people.out;
  EXPECT_NE(people.out.find("\n2 rooms\n"), std::string::npos);
  const auto lines = ask({"rooms", "--addresses", "--json"}).out;
  const auto first = json::parse(lines.substr(0, lines.find('\n')));
  EXPECT_EQ(first["type"], "room");
  EXPECT_EQ(first["room"], "7");
  EXPECT_EQ(first["people"][0]["address"], c.local_address());
  const auto last = json::parse(lines.substr(lines.rfind('\n', lines.size() - 2) + 1));
  EXPECT_EQ(last["type"], "result");
  EXPECT_EQ(last["code"], 0);
  EXPECT_EQ(last["rooms"], 2);
}

TEST_F(relay_operator_test, kick_ends_one_room_and_leaves_the_others) {
  auto a = join("42");
  auto b = join("42");
  auto c = join("43");
  EXPECT_EQ(ask({"kick", "42"}).out, "Ended the room; 2 people were in it.\n");
  EXPECT_TRUE(a.read_until("Refused kicked "));
  EXPECT_TRUE(b.read_until("Refused kicked "));
  EXPECT_TRUE(a.closed_by_peer());
  auto d = join("43");
  EXPECT_TRUE(c.read_until("Peer_Joined"));
  const auto none = ask({"kick", "42", "--json"});
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(json::parse(none.out)["detail"], "there is no room 42");
  EXPECT_EQ(ask({"kick", "0"}).code, 2);
  const auto until = clock::now() + 5s;
  while (usage_lines().empty() && clock::now() < until)
    continue;
  ASSERT_EQ(usage_lines().size(), 1u);
  EXPECT_EQ(usage_lines()[0]["mood"], "kicked");
}

TEST_F(relay_operator_test, the_usage_log_tells_moods_and_names_no_client) {
  {
    auto a = join("42");
    auto b = join("42");
    ASSERT_TRUE(a.read_until("Peer_Joined"));
    a.send("<# Secret_Word_Xyzzy>\n");
    ASSERT_TRUE(b.read_until("Xyzzy"));
    auto c = join("43");
  }
  {
    auto a = join("44");
    auto b = join("44");
    ASSERT_TRUE(a.read_until("Peer_Joined"));
    b.send("nonsense\n");
    ASSERT_TRUE(a.read_until("Peer_Left"));
  }
  const auto until = clock::now() + 5s;
  while (usage_lines().size() < 3 && clock::now() < until)
    continue;
  std::multiset<std::string> moods;
  uint64_t bytes = 0;
  for (const auto& x : usage_lines()) {
    moods.insert(x["mood"].get<std::string>());
    bytes += x["bytes"].get<uint64_t>();
    EXPECT_EQ(x["people"][0], "127.0.0.0/24");
  }
  EXPECT_EQ(moods, (std::multiset<std::string>{"errory", "happy", "lonely"}));
  EXPECT_EQ(bytes, std::string("<127.0.0.1 Secret_Word_Xyzzy>\n").size());
  std::ifstream file(usage);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(all.find("Xyzzy"), std::string::npos);
  EXPECT_EQ(all.find("127.0.0.1"), std::string::npos);
}

TEST_F(relay_operator_test, rooms_that_end_with_the_relay_are_recorded_too) {
  auto a = join("42");
  auto b = join("42");
  auto c = join("43");
  ASSERT_TRUE(a.read_until("Peer_Joined"));
  relay.program().signal(SIGINT);
  EXPECT_EQ(relay.program().wait(), 130);
  std::multiset<std::string> moods;
  for (const auto& x : usage_lines())
    moods.insert(x["mood"].get<std::string>());
  EXPECT_EQ(moods, (std::multiset<std::string>{"errory", "lonely"}));
}

TEST_F(relay_operator_test, status_counts_waiting_rooms_and_log_level_takes_known_words) {
  const auto until = clock::now() + 5s;
  auto a = join("42");
  std::string shown;
  while (shown.find("rooms waiting          1\n") == std::string::npos && clock::now() < until)
    shown = ask({"status"}).out;
  EXPECT_NE(shown.find("rooms waiting          1\n"), std::string::npos) << shown;
  EXPECT_EQ(shown.rfind("state                  serving, version 1.0.0", 0), 0u) << shown;
  const auto as_json = json::parse(ask({"status", "--json"}).out);
  EXPECT_EQ(as_json["status"]["now"]["rooms_waiting"], 1);
  EXPECT_EQ(ask({"log-level", "debug"}).out, "The log level is debug.\n");
  EXPECT_EQ(ask({"log-level", "loud"}).code, 2);
}

TEST_F(relay_operator_test, drain_is_seen_by_balancers_and_ends_with_the_last_room) {
  auto a = join("42");
  EXPECT_EQ(http_get(relay.status(), "/readyz").status, 200);
  EXPECT_EQ(http_get(relay.status(), "/balancer").status, 200);
  EXPECT_EQ(ask({"drain"}).code, 0);
  EXPECT_EQ(ask({"drain"}).code, 0);
  const auto until = clock::now() + 5s;
  while (http_get(relay.status(), "/readyz").status != 503 && clock::now() < until)
    continue;
  EXPECT_EQ(http_get(relay.status(), "/readyz").status, 503);
  EXPECT_EQ(http_get(relay.status(), "/balancer").status, 404);
  EXPECT_EQ(http_get(relay.status(), "/healthz").status, 200);
  auto b = join("42");
  EXPECT_TRUE(a.read_until("Peer_Joined"));
  a.close();
  b.close();
  EXPECT_EQ(relay.program().wait(), 0);
}

TEST_F(relay_operator_test, no_relay_at_the_socket_exits_with_3) {
  const auto x = run({"rooms", "--json", "--admin-socket", "/nonexistent/admin.sock"});
  EXPECT_EQ(x.code, 3);
  EXPECT_EQ(json::parse(x.out)["name"], "relay_unreachable");
  EXPECT_NE(x.err.find("No relay answers"), std::string::npos);
}

TEST_F(relay_operator_test, probe_meets_itself_and_times_it) {
  const auto x = run({"probe", relay.address(), "--json"});
  EXPECT_EQ(x.code, 0) << x.err;
  const auto result = json::parse(x.out);
  EXPECT_EQ(result["seen_as"], "127.0.0.1");
  EXPECT_GT(result["round_trip_us"], 0);
  EXPECT_GE(result["round_trip_worst_us"], result["round_trip_us"]);
  EXPECT_EQ(run({"probe", relay.address()}).out.rfind("Two connections met at ", 0), 0u);
}

TEST_F(relay_operator_test, probe_tells_why_not) {
  uint16_t port = 0;
  const int silent = listen_tcp(port);
  ::close(silent);
  EXPECT_EQ(run({"probe", "127.0.0.1:" + std::to_string(port)}).code, 3);
  EXPECT_EQ(run({"probe", "nowhere"}).code, 2);
  // A web server is no relay.
  EXPECT_EQ(run({"probe", relay.status()}).code, 1);
  auto waiting = join("42");
  ask({"drain"});
  const auto until = clock::now() + 5s;
  int code = 0;
  while (code != 75 && clock::now() < until)
    code = run({"probe", relay.address()}).code;
  EXPECT_EQ(code, 75);
}

TEST(relay_check, says_whether_the_settings_are_good) {
  const auto run = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"liveconnect-relay", "check"});
    process x(arguments);
    const auto code = x.wait().value_or(-1);
    return std::make_pair(code, x.output());
  };
  const auto good = run({"--listen", "127.0.0.1:9100"});
  EXPECT_EQ(good.first, 0);
  EXPECT_EQ(good.second.rfind("The settings are good: listening on 127.0.0.1:9100.\n", 0), 0u);
  EXPECT_EQ(run({"--proxy-from", "10.0.0.1/8"}).first, 2);
  EXPECT_EQ(run({"--admin-socket", "relative.sock"}).first, 2);
}

TEST(relay_sockets, a_taken_status_port_or_admin_socket_ends_the_start) {
  relay_program first({"--status-listen", "127.0.0.1:0"});
  process second(
      {"liveconnect-relay", "run", "--listen", "127.0.0.1:0", "--status-listen", first.status()});
  EXPECT_EQ(second.wait(), 1);
  EXPECT_NE(second.errors().find("--status-listen"), std::string::npos) << second.errors();
  process third({"liveconnect-relay", "run", "--listen", "127.0.0.1:0", "--status-listen", "none",
                 "--admin-socket", "/tmp/admin.sock"});
  EXPECT_EQ(third.wait(), 1);
  EXPECT_NE(third.errors().find("must be mode 0700"), std::string::npos) << third.errors();
}

} // namespace
} // namespace liveconnect::test
