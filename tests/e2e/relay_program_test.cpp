// The relay as its operator meets it: output, settings, exit codes, signals.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/e2e/relay_program.hpp"
#include "tests/support/http.hpp"

namespace liveconnect::test {
namespace {

using namespace std::chrono_literals;

struct ended {
  int code;
  std::string out;
  std::string err;
};

ended run(std::vector<std::string> arguments, const process::options& how = {}) {
  arguments.insert(arguments.begin(), "liveconnect-relay");
  process x(arguments, how);
  const auto code = x.wait().value_or(-1);
  auto err = x.errors();
  return {code, x.output(), err};
}

/// A file of this test that goes with it.
struct temporary_file {
  explicit temporary_file(const std::string& text) {
    char name[] = "/tmp/relay-settings-XXXXXX";
    const int fd = mkstemp(name);
    EXPECT_GE(fd, 0);
    ::close(fd);
    path = name;
    std::ofstream(path) << text;
  }
  ~temporary_file() { std::filesystem::remove(path); }
  std::string path;
};

TEST(relay_program, prints_where_it_listens) {
  process relay({"liveconnect-relay", "run", "--listen", "127.0.0.1:0", "--status-listen",
                 "127.0.0.1:0", "--rooms-max", "7", "--connections-max", "500"});
  const auto line = relay.read_line().value_or("");
  EXPECT_EQ(line.rfind("liveconnect-relay 1.0.0 listening on 127.0.0.1:", 0), 0u) << line;
  EXPECT_NE(line.find(", limits: 7 rooms, 500 connections, 16 of one address"), std::string::npos)
      << line;
  const auto status = relay.read_line().value_or("");
  EXPECT_EQ(status.rfind("status http://127.0.0.1:", 0), 0u) << status;
  relay.signal(SIGTERM);
  EXPECT_EQ(relay.wait(), 0);
  EXPECT_EQ(relay.output(), line + "\n" + status + "\n");
}

TEST(relay_program, ends_cleanly_on_sigterm_and_tells_every_client) {
  relay_program relay({"--drain-timeout", "0s"});
  tcp_client waiting(relay.address());
  waiting.send("<# Join_Room 42>\n");
  ASSERT_TRUE(waiting.read_until("Room_Joined"));
  tcp_client json(relay.address());
  json.send(R"({"from":"#","Message Number":100,"Message_Details":"43"})");
  ASSERT_TRUE(json.read_line());
  relay.program().signal(SIGTERM);
  EXPECT_EQ(waiting.read_line(), "<relay Closing>");
  EXPECT_EQ(json.read_line(), R"({"from":"relay","Message Number":106,"Message_Details":""})");
  EXPECT_TRUE(waiting.closed_by_peer());
  EXPECT_EQ(relay.program().wait(), 0);
  const auto last = relay.program().read_line().value_or("");
  const auto result = nlohmann::json::parse(last, nullptr, false);
  ASSERT_TRUE(result.is_object()) << last;
  EXPECT_EQ(result["type"], "result");
  EXPECT_EQ(result["ok"], true);
  EXPECT_EQ(result["code"], 0);
}

TEST(relay_program, sigterm_lets_partners_in_and_ends_when_the_last_has_gone) {
  relay_program relay({"--new-connections-per-address-per-minute", "0"});
  tcp_client waiting(relay.address());
  waiting.send("<# Join_Room 42>\n");
  ASSERT_TRUE(waiting.read_until("Room_Joined"));
  relay.program().signal(SIGTERM);
  // Refused as soon as the signal has arrived; until then rooms are still opened.
  const auto until = std::chrono::steady_clock::now() + 5s;
  std::optional<std::string> refused;
  for (uint64_t room = 100; !refused && std::chrono::steady_clock::now() < until; ++room) {
    tcp_client other(relay.address());
    other.send("<# Join_Room " + std::to_string(room) + ">\n");
    const auto answer = other.read_line().value_or("");
    if (answer.find("Refused draining ") != std::string::npos)
      refused = answer;
  }
  ASSERT_TRUE(refused);
  tcp_client partner(relay.address());
  partner.send("<# Join_Room 42>\n");
  EXPECT_TRUE(partner.read_until("Peer_Joined"));
  partner.send("<# Wink>\n");
  EXPECT_TRUE(waiting.read_until("Wink"));
  partner.close();
  ASSERT_TRUE(waiting.read_until("Peer_Left left"));
  EXPECT_TRUE(relay.program().running());
  waiting.close();
  EXPECT_EQ(relay.program().wait(), 0);
  EXPECT_NE(relay.program().errors().find("drained: nobody is left"), std::string::npos);
}

TEST(relay_program, a_second_signal_ends_the_drain_and_is_not_success) {
  for (const int second : {SIGTERM, SIGINT}) {
    relay_program relay;
    tcp_client waiting(relay.address());
    waiting.send("<# Join_Room 42>\n");
    ASSERT_TRUE(waiting.read_until("Room_Joined"));
    relay.program().signal(SIGTERM);
    // Signals of one kind do not queue up: the second one waits for the first to be seen.
    const auto until = std::chrono::steady_clock::now() + 5s;
    while (relay.program().errors().find("draining") == std::string::npos &&
           std::chrono::steady_clock::now() < until)
      relay.program().wait(10ms);
    relay.program().signal(second);
    EXPECT_EQ(waiting.read_line(), "<relay Closing>");
    EXPECT_EQ(relay.program().wait(), 128 + second);
  }
}

TEST(relay_program, a_drain_ends_when_its_time_is_over) {
  relay_program relay({"--drain-timeout", "300ms"});
  tcp_client waiting(relay.address());
  waiting.send("<# Join_Room 42>\n");
  ASSERT_TRUE(waiting.read_until("Room_Joined"));
  const auto before = std::chrono::steady_clock::now();
  relay.program().signal(SIGTERM);
  EXPECT_EQ(waiting.read_line(), "<relay Closing>");
  EXPECT_GE(std::chrono::steady_clock::now() - before, 300ms);
  EXPECT_EQ(relay.program().wait(), 0);
}

TEST(relay_program, an_interrupt_is_not_success) {
  relay_program relay;
  relay.program().signal(SIGINT);
  EXPECT_EQ(relay.program().wait(), 130);
}

/// A settings file that the test rewrites while the relay runs.
class settings_file {
public:
  explicit settings_file(const std::string& text) {
    char name[] = "/tmp/relay-settings-XXXXXX";
    const int fd = mkstemp(name);
    EXPECT_GE(fd, 0);
    close(fd);
    path_ = name;
    write(text);
  }
  ~settings_file() { std::remove(path_.c_str()); }

  void write(const std::string& text) { std::ofstream(path_) << text; }
  const std::string& path() const { return path_; }

private:
  std::string path_;
};

/// Sends SIGHUP and waits until the log has `said` a further time.
bool hang_up(relay_program& relay, const std::string& said) {
  const auto before = relay.program().errors().size();
  relay.program().signal(SIGHUP);
  const auto until = std::chrono::steady_clock::now() + 5s;
  while (relay.program().errors().find(said, before) == std::string::npos &&
         std::chrono::steady_clock::now() < until)
    relay.program().wait(10ms);
  return relay.program().errors().find(said, before) != std::string::npos;
}

std::string answer_to_join(const relay_program& relay, tcp_client& x, const std::string& room) {
  x = tcp_client(relay.address());
  x.send("<# Join_Room " + room + ">\n");
  auto out = x.read_line().value_or("");
  return out.substr(0, out.find(' ', out.find(' ') + 1));
}

TEST(relay_program, a_hangup_rereads_the_limits_and_keeps_the_old_ones_when_the_new_are_wrong) {
  const std::string listen = "listen = '127.0.0.1:0'\n";
  settings_file file(listen + "rooms_max = 1\n");
  relay_program relay({"--config", file.path()}, {});
  tcp_client a(relay.address());
  tcp_client b(relay.address());
  tcp_client c(relay.address());
  ASSERT_EQ(answer_to_join(relay, a, "42"), "<relay Room_Joined");
  EXPECT_EQ(answer_to_join(relay, b, "43"), "<relay Refused");

  file.write(listen + "rooms_max = 2\n");
  ASSERT_TRUE(hang_up(relay, "settings read anew"));
  EXPECT_EQ(answer_to_join(relay, b, "43"), "<relay Room_Joined");
  EXPECT_EQ(answer_to_join(relay, c, "44"), "<relay Refused");

  // Wrong in its last line: nothing of it holds.
  file.write(listen + "rooms_max = 3\nroom_life = 'soon'\n");
  ASSERT_TRUE(hang_up(relay, file.path() + ":3: room_life: 'soon' is not a duration"))
      << relay.program().errors();
  EXPECT_EQ(answer_to_join(relay, c, "44"), "<relay Refused");
  file.write(listen + "rooms_max = [\n");
  ASSERT_TRUE(hang_up(relay, file.path() + ":")) << relay.program().errors();
  EXPECT_TRUE(a.silent_for(20ms));

  // Who is inside is under the new limits as well.
  file.write(listen + "room_life = '1ms'\n");
  ASSERT_TRUE(hang_up(relay, "settings read anew"));
  EXPECT_TRUE(a.read_until("Refused expired"));
  EXPECT_TRUE(relay.program().running());
}

/// A relay whose shell has set these limits first, and its ready line.
struct limited_relay {
  limited_relay(const std::string& ulimit, const std::string& config)
      : program({"/bin/sh", "-c",
                 ulimit +
                     "; exec " LIVECONNECT_BIN "/liveconnect-relay run --json --listen "
                     "127.0.0.1:0 --status-listen 127.0.0.1:0 --connections-per-address-max 0 "
                     "--new-connections-per-address-per-minute 0 --config " +
                     config}) {
    ready = nlohmann::json::parse(program.read_line(10s).value_or(""), nullptr, false);
    EXPECT_TRUE(ready.is_object()) << program.errors();
  }
  bool logs(const std::string& text) {
    const auto until = std::chrono::steady_clock::now() + 5s;
    while (program.errors().find(text) == std::string::npos &&
           std::chrono::steady_clock::now() < until)
      program.wait(10ms);
    return program.errors().find(text) != std::string::npos;
  }
  uint64_t status(const std::string& group, const std::string& name) {
    const auto x = nlohmann::json::parse(http_get(ready["status"], "/status.json").body);
    return x[group][name].get<uint64_t>();
  }
  process program;
  nlohmann::json ready;
};

TEST(relay_program, a_hangup_raises_the_descriptor_limit_as_far_as_the_new_limits_need) {
  settings_file file("connections_max = 40\n");
  limited_relay relay("ulimit -Sn 128", file.path());
  EXPECT_EQ(relay.ready["connections_max"], 40);
  file.write("connections_max = 400\n");
  relay.program.signal(SIGHUP);
  ASSERT_TRUE(relay.logs("settings read anew"));
  // (400 and 64 others) and a twentieth.
  EXPECT_TRUE(relay.logs("the descriptor limit of 489 leaves room for 457 connections"))
      << relay.program.errors();
  std::vector<tcp_client> crowd;
  for (int i = 0; i < 300; ++i)
    crowd.emplace_back(relay.ready["listen"][0].get<std::string>());
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (relay.status("now", "connections") < 300 && std::chrono::steady_clock::now() < until)
    relay.program.wait(10ms);
  EXPECT_EQ(relay.status("now", "connections"), 300u);
  EXPECT_EQ(relay.status("limits", "connections_max"), 400u);
  EXPECT_EQ(relay.status("totals", "accept_rests"), 0u);
  // Fewer again: no connection has to go.
  file.write("connections_max = 10\n");
  relay.program.signal(SIGHUP);
  while (relay.status("limits", "connections_max") != 10 &&
         std::chrono::steady_clock::now() < until)
    relay.program.wait(10ms);
  EXPECT_EQ(relay.status("limits", "connections_max"), 10u);
  EXPECT_FALSE(crowd[0].closed_by_peer(20ms));
  EXPECT_EQ(relay.status("now", "connections"), 300u);
}

TEST(relay_program, a_hangup_says_when_the_hard_limit_is_in_the_way) {
  settings_file file("connections_max = 40\n");
  limited_relay relay("ulimit -n 128", file.path());
  file.write("connections_max = 400\n");
  relay.program.signal(SIGHUP);
  EXPECT_TRUE(relay.logs("the hard limit of 128 descriptors leaves room for 96 connections where "
                         "400 are allowed"))
      << relay.program.errors();
  EXPECT_TRUE(relay.logs("settings read anew"));
}

TEST(relay_program, too_few_descriptors_for_any_client_are_reported_in_two_sentences) {
  process relay({"/bin/sh", "-c",
                 "ulimit -n 40; exec " LIVECONNECT_BIN
                 "/liveconnect-relay run --listen 127.0.0.1:0 --status-listen none"});
  EXPECT_EQ(relay.wait(), 1);
  EXPECT_EQ(relay.errors(),
            "This process may have 40 descriptors, which leaves no room for people. Raise the "
            "limit to 48 at the very least, better to 65536 (LimitNOFILE= in the unit, or ulimit "
            "-n).\n");
}

TEST(relay_program, a_hangup_names_what_needs_a_restart) {
  settings_file file("listen = '127.0.0.1:0'\n");
  relay_program relay({"--config", file.path()}, {});
  file.write("listen = ['127.0.0.1:0', '127.0.0.1:0']\nproxy_from = '10.0.0.0/8'\n");
  ASSERT_TRUE(hang_up(relay, "proxy_from has changed, which needs a new start"));
  EXPECT_NE(relay.program().errors().find("listen has changed, which needs a new start"),
            std::string::npos);
  tcp_client a(relay.address());
  EXPECT_EQ(answer_to_join(relay, a, "42"), "<relay Room_Joined");
}

TEST(relay_program, a_port_in_use_is_reported_in_two_sentences) {
  relay_program first;
  const auto x = run({"run", "--listen", first.address()});
  EXPECT_EQ(x.code, 1);
  EXPECT_EQ(x.out, "");
  EXPECT_EQ(x.err, "The relay cannot listen on " + first.address() + " (cannot bind " +
                       first.address() +
                       ": Address already in use). Choose another address with --listen, or stop "
                       "the program that has this one.\n");
}

TEST(relay_program, an_address_of_another_machine_is_reported_as_such) {
  // 192.0.2.0/24 belongs to no network (RFC 5737).
  const auto x = run({"run", "--listen", "192.0.2.1:9100", "--status-listen", "none"});
  EXPECT_EQ(x.code, 1);
  EXPECT_EQ(x.err, "The relay cannot listen on 192.0.2.1:9100 (cannot bind 192.0.2.1:9100: Cannot "
                   "assign requested address). This machine has no such address: name one that it "
                   "has with --listen.\n");
  relay_program first({"--status-listen", "127.0.0.1:0"});
  const auto y = run({"run", "--listen", "127.0.0.1:0", "--status-listen", first.status()});
  EXPECT_EQ(y.code, 1);
  EXPECT_EQ(y.err, "The status page cannot be had at " + first.status() + " (cannot bind " +
                       first.status() +
                       ": Address already in use). Choose another address with --status-listen, "
                       "or stop the program that has this one.\n");
}

TEST(relay_program, wrong_usage_exits_with_2) {
  EXPECT_EQ(run({}).code, 2);
  EXPECT_EQ(run({"runn"}).code, 2);
  EXPECT_EQ(run({"run", "--heartbeat"}).code, 2);
  EXPECT_EQ(run({"run", "--listen", "nowhere"}).code, 2);
  const auto x = run({"run", "--heartbeat-timeout", "soon"});
  EXPECT_EQ(x.code, 2);
  EXPECT_NE(x.err.find("--heartbeat-timeout: 'soon' is not a duration"), std::string::npos)
      << x.err;
}

TEST(relay_program, a_misspelt_word_is_answered_with_the_one_that_was_meant) {
  const std::string help = " Run liveconnect-relay --help to see what there is.\n";
  EXPECT_EQ(run({"rnu"}).err, "Unknown command 'rnu'. Did you mean 'run'?" + help);
  EXPECT_EQ(run({"run", "--lisen", "127.0.0.1:0"}).err,
            "Unknown option '--lisen'. Did you mean '--listen'?" + help);
  EXPECT_EQ(run({"run", "--elephant=3"}).err, "Unknown option '--elephant=3'." + help);
  temporary_file file("rooms_mx = 5\n");
  EXPECT_EQ(run({"check", "--config", file.path}).err,
            "The settings are wrong: " + file.path +
                ":1: unknown key 'rooms_mx' (did you mean 'rooms_max'). Correct them and "
                "start the relay again.\n");
}

TEST(relay_program, prints_its_version_and_help) {
  EXPECT_EQ(run({"version"}).out, "liveconnect-relay 1.0.0\n");
  EXPECT_EQ(nlohmann::json::parse(run({"version", "--json"}).out)["version"], "1.0.0");
  const auto help = run({"run", "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("--heartbeat-timeout"), std::string::npos);
}

TEST(relay_program, a_variable_that_is_misspelt_is_an_error) {
  process::options how;
  how.environment["LIVECONNECT_RELAY_ROOMWAIT"] = "1h";
  process relay({"liveconnect-relay", "check"}, how);
  EXPECT_EQ(relay.wait(10s), 2);
  EXPECT_NE(relay.errors().find("LIVECONNECT_RELAY_ROOM_WAIT"), std::string::npos)
      << relay.errors();
}

TEST(relay_program, flags_win_over_the_environment_and_the_environment_over_the_file) {
  temporary_file file("listen = [\"127.0.0.1:0\"]\nrooms_max = 1\nroom_wait = \"200ms\"\n"
                      "heartbeat_timeout = \"1h\"\n");
  process::options how;
  how.environment["LIVECONNECT_RELAY_ROOM_WAIT"] = "1h";
  how.environment["LIVECONNECT_RELAY_HEARTBEAT_TIMEOUT"] = "1h";
  process relay(
      {"liveconnect-relay", "run", "--json", "--config", file.path, "--heartbeat-timeout", "300ms"},
      how);
  const auto ready = nlohmann::json::parse(relay.read_line(10s).value_or(""), nullptr, false);
  ASSERT_TRUE(ready.is_object()) << relay.errors();
  const std::string address = ready["listen"][0];
  EXPECT_EQ(address.rfind("127.0.0.1:", 0), 0u);
  tcp_client first(address);
  first.send("<# Join_Room 42>\n");
  ASSERT_TRUE(first.read_until("Room_Joined"));
  tcp_client second(address);
  second.send("<# Join_Room 43>\n");
  EXPECT_TRUE(second.read_until("Refused full"));
  // The file alone would say lonely, file and environment nothing for an hour.
  EXPECT_TRUE(first.read_until("Refused silent"));
}

TEST(relay_program, a_wrong_file_is_named_with_its_line) {
  const auto code = [](const std::string& text, const std::string& part) {
    temporary_file file(text);
    const auto x = run({"run", "--config", file.path});
    EXPECT_NE(x.err.find(file.path + part), std::string::npos) << x.err;
    return x.code;
  };
  EXPECT_EQ(code("listen = \"127.0.0.1:0\"\nheartbeet = \"90s\"\n", ":2: unknown key 'heartbeet'"),
            2);
  EXPECT_EQ(code("\n\nroom_wait = \"forever\"\n", ":3: room_wait: 'forever' is not a duration"), 2);
  EXPECT_EQ(code("rooms_max = 1.5\n", ":1: rooms_max has a value of the wrong kind"), 2);
  EXPECT_EQ(code("rooms_max = [\n", ":"), 2);
  EXPECT_EQ(run({"run", "--config", "/nonexistent/relay.toml"}).code, 2);
  EXPECT_EQ(run({"run", "--config", "/tmp"}).code, 2);
}

TEST(relay_program, logs_hold_no_payload) {
  relay_program relay;
  tcp_client a(relay.address());
  a.send("<# Join_Room 42>\n<# Secret_Word_Xyzzy>\nnonsense Xyzzy\n");
  ASSERT_TRUE(a.read_until("Refused"));
  relay.program().signal(SIGTERM);
  ASSERT_EQ(relay.program().wait(), 0);
  EXPECT_EQ(relay.program().errors().find("Xyzzy"), std::string::npos);
  EXPECT_NE(relay.program().errors().find("refused bad_frame: 1"), std::string::npos)
      << relay.program().errors();
}

} // namespace
} // namespace liveconnect::test
