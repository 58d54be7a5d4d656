// The relay under a service manager: what it says to systemd, and that the files in relay/deploy
// name settings that exist.
#include <csignal>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/e2e/relay_program.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::test {
namespace {

using namespace std::chrono_literals;

const std::string deploy = LIVECONNECT_TEST_DATA "/../relay/deploy/";

/// Stands where systemd listens.
class manager {
public:
  manager() : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path().copy(at.sun_path, sizeof at.sun_path - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  }
  ~manager() { ::close(fd_); }

  std::string path() const { return (folder_.path() / "notify").string(); }

  /// Reads messages until one has this line.
  bool hears(const std::string& line) {
    const auto until = std::chrono::steady_clock::now() + 10s;
    pollfd one{fd_, POLLIN, 0};
    while (std::chrono::steady_clock::now() < until && poll(&one, 1, 10'000) > 0) {
      char buffer[4096];
      const auto count = recv(fd_, buffer, sizeof buffer, 0);
      const auto text =
          "\n" + std::string(buffer, count > 0 ? static_cast<size_t>(count) : 0) + "\n";
      if (text.find("\n" + line + "\n") != std::string::npos)
        return true;
    }
    return false;
  }

private:
  temporary_folder folder_;
  int fd_;
};

std::string read_all(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::stringstream out;
  out << file.rdbuf();
  return out.str();
}

/// The value of a key that stands once.
std::string value_of(const std::string& unit, const std::string& key) {
  const auto at = unit.find("\n" + key + "=");
  EXPECT_NE(at, std::string::npos) << key;
  const auto begin = at + key.size() + 2;
  return unit.substr(begin, unit.find('\n', begin) - begin);
}

TEST(relay_deploy, tells_systemd_when_it_is_ready_alive_and_stopping) {
  manager systemd;
  const temporary_folder folder;
  process::options how;
  how.environment["NOTIFY_SOCKET"] = systemd.path();
  how.environment["RUNTIME_DIRECTORY"] = (folder.path() / "run").string();
  process relay(
      {"liveconnect-relay", "run", "--json", "--listen", "127.0.0.1:0", "--status-listen", "none"},
      how);
  EXPECT_TRUE(systemd.hears("READY=1"));
  EXPECT_TRUE(systemd.hears("WATCHDOG=1"));
  EXPECT_TRUE(systemd.hears("WATCHDOG=1"));
  // Its admin socket is where the unit's folder is.
  const auto ready = nlohmann::json::parse(relay.read_line().value_or(""), nullptr, false);
  ASSERT_TRUE(ready.is_object());
  EXPECT_EQ(ready["admin_socket"], (folder.path() / "run" / "admin.sock").string());
  process asked({"liveconnect-relay", "rooms"}, how);
  EXPECT_EQ(asked.wait(), 0);
  relay.signal(SIGTERM);
  EXPECT_TRUE(systemd.hears("STOPPING=1"));
  EXPECT_EQ(relay.wait(), 0);
}

/// A relay that finds these sockets open as systemd hands them over, from descriptor 3 on.
process start_with_sockets(const std::vector<int>& sockets, const std::string& names,
                           const std::string& flags = "", const std::string& pid = "$$") {
  process::options how;
  how.descriptors = sockets;
  how.environment["LISTEN_FDS"] = std::to_string(sockets.size());
  how.environment["LISTEN_FDNAMES"] = names;
  return process(
      {"/bin/sh", "-c",
       "LISTEN_PID=" + pid +
           " exec " LIVECONNECT_BIN "/liveconnect-relay run --json --status-listen none " + flags},
      how);
}

nlohmann::json ready_line(process& relay) {
  auto out = nlohmann::json::parse(relay.read_line(10s).value_or(""), nullptr, false);
  EXPECT_TRUE(out.is_object() && out.value("type", "") == "ready") << out << relay.errors();
  return out;
}

struct relay_socket_activation_test : ::testing::Test {
  uint16_t port = 0;
  uint16_t port2 = 0;
  const int first = listen_tcp(port);
  const int second = listen_tcp(port2);
  ~relay_socket_activation_test() override {
    ::close(first);
    ::close(second);
  }
  std::string address(uint16_t x) const { return "127.0.0.1:" + std::to_string(x); }
};

TEST_F(relay_socket_activation_test, accepts_from_sockets_that_are_there_and_from_no_others) {
  // Connects before the relay is there.
  tcp_client early(address(port));
  early.send("<# Join_Room 42>\n");
  auto relay =
      start_with_sockets({first, second}, "rooms:liveconnect-relay.socket", "--listen 127.0.0.1:1");
  const auto ready = ready_line(relay);
  EXPECT_EQ(ready["listen"], (nlohmann::json{address(port), address(port2)}));
  EXPECT_TRUE(early.read_until("Room_Joined"));
  tcp_client other(address(port2));
  other.send("<# Join_Room 42>\n");
  EXPECT_TRUE(early.read_until("Peer_Joined"));
  EXPECT_NE(relay.errors().find("`listen` is not looked at"), std::string::npos);
}

TEST_F(relay_socket_activation_test, a_restart_refuses_no_client) {
  auto relay = start_with_sockets({first}, "rooms");
  ready_line(relay);
  relay.signal(SIGTERM);
  ASSERT_EQ(relay.wait(), 0);
  // The socket is still the manager's: who comes now waits for the next relay.
  tcp_client between(address(port));
  between.send("<# Join_Room 42>\n");
  auto next = start_with_sockets({first}, "rooms");
  ready_line(next);
  EXPECT_TRUE(between.read_until("Room_Joined"));
}

TEST_F(relay_socket_activation_test, the_admin_socket_may_be_handed_over_and_stays) {
  const temporary_folder folder;
  const auto path = (folder.path() / "admin.sock").string();
  const int admin = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  ASSERT_EQ(bind(admin, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(admin, 16), 0);
  // Its owner lets a group in.
  ASSERT_EQ(chmod(path.c_str(), 0660), 0);
  auto relay = start_with_sockets({admin, first}, "admin:rooms");
  ::close(admin);
  EXPECT_EQ(ready_line(relay)["admin_socket"], path);
  process asked({"liveconnect-relay", "rooms", "--admin-socket", path});
  EXPECT_EQ(asked.wait(), 0) << asked.errors();
  relay.signal(SIGTERM);
  EXPECT_EQ(relay.wait(), 0);
  struct stat about {};
  ASSERT_EQ(stat(path.c_str(), &about), 0) << "the file is not the relay's to take away";
  EXPECT_EQ(about.st_mode & 0777, 0660u);
}

TEST_F(relay_socket_activation_test, what_is_meant_for_another_process_is_left_alone) {
  auto relay = start_with_sockets({first}, "rooms", "--listen 127.0.0.1:0", "1");
  EXPECT_NE(ready_line(relay)["listen"][0], address(port));
}

TEST_F(relay_socket_activation_test, what_does_not_fit_is_wrong_configuration_in_two_sentences) {
  uint16_t port3 = 0;
  const int udp = bind_udp(port3);
  const auto complaint = [](process relay) {
    EXPECT_EQ(relay.wait(), 2);
    return relay.errors();
  };
  const std::string begin = "The service manager handed over sockets that do not fit (";
  const std::string end = "). Correct the .socket unit and start it again.\n";
  EXPECT_EQ(complaint(start_with_sockets({first, udp}, "rooms:rooms")),
            begin +
                "the socket named 'rooms' is no listening TCP socket: its unit needs "
                "ListenStream= and Accept=no" +
                end);
  EXPECT_EQ(complaint(start_with_sockets({first}, "admin")),
            begin +
                "the socket named 'admin' is no listening unix socket: its unit needs "
                "ListenStream= and Accept=no" +
                end);
  EXPECT_EQ(complaint(start_with_sockets({first}, "staus")),
            begin +
                "there is no use for a socket named 'staus': FileDescriptorName= is rooms or "
                "admin" +
                end);
  ::close(udp);
}

TEST(relay_deploy, the_socket_unit_hands_over_what_the_relay_takes) {
  const auto unit = read_all(deploy + "liveconnect-relay.socket");
  EXPECT_EQ(value_of(unit, "FileDescriptorName"), "rooms");
  EXPECT_EQ(value_of(unit, "ListenStream"), "[::]:9100");
  EXPECT_EQ(value_of(unit, "BindIPv6Only"), "both");
  EXPECT_EQ(value_of(unit, "Accept"), "no");
  EXPECT_EQ(value_of(unit, "WantedBy"), "sockets.target");
}

TEST(relay_deploy, the_unit_starts_what_this_program_understands_and_waits_for_the_drain) {
  const auto unit = read_all(deploy + "liveconnect-relay.service");
  EXPECT_EQ(value_of(unit, "ExecStart"),
            "/usr/bin/liveconnect-relay run --config /etc/liveconnect/relay.toml");
  process check({"liveconnect-relay", "check", "--config", deploy + "relay.toml"});
  EXPECT_EQ(check.wait(), 0) << check.errors();
  EXPECT_GT(std::stoi(value_of(unit, "TimeoutStopSec")), 62);
  // Said every second; systemd wants it twice in this time.
  EXPECT_GE(std::stoi(value_of(unit, "WatchdogSec")), 10);
  EXPECT_EQ(value_of(unit, "RuntimeDirectoryMode"), "0700");
  EXPECT_EQ(value_of(unit, "Type"), "notify");
  // Every line is a section, a comment, or KEY=VALUE.
  std::stringstream lines(unit);
  for (std::string line; std::getline(lines, line);)
    EXPECT_TRUE(line.empty() || line[0] == '#' || (line[0] == '[' && line.back() == ']') ||
                (std::isupper(static_cast<unsigned char>(line[0])) != 0 &&
                 line.find('=') != std::string::npos))
        << line;
}

TEST(relay_deploy, the_container_runs_unprivileged_and_its_command_is_understood) {
  const auto file = read_all(deploy + "Containerfile");
  EXPECT_NE(file.find("\nUSER 65534:65534\n"), std::string::npos);
  EXPECT_NE(file.find("CMD [\"/usr/bin/liveconnect-relay\", \"probe\", \"127.0.0.1:9100\"]"),
            std::string::npos);
  const auto at = file.rfind("\nCMD [");
  ASSERT_NE(at, std::string::npos);
  const auto begin = at + 5;
  const auto command =
      nlohmann::json::parse(file.substr(begin, file.find('\n', begin) - begin), nullptr, false);
  ASSERT_TRUE(command.is_array());
  std::vector<std::string> arguments{"liveconnect-relay", "check"};
  for (size_t i = 1; i < command.size(); ++i)
    arguments.push_back(command[i].get<std::string>());
  process check(arguments);
  EXPECT_EQ(check.wait(), 0) << check.errors();
}

} // namespace
} // namespace liveconnect::test
