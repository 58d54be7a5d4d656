// Three relays behind Debian's HAProxy, with the configuration that docs/haproxy.cfg gives to
// operators: only its addresses are replaced.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
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

constexpr const char* haproxy_path = "/usr/sbin/haproxy";

/// Replaces the one place where `from` stands.
void replace_one(std::string& text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  ASSERT_EQ(text.find(from, at + 1), std::string::npos) << from;
  text.replace(at, from.size(), to);
}

/// A client on its way into a room.
struct person {
  person(const std::string& address, uint64_t number, bool json)
      : line(address), room(number), text(join_text(number, json)) {}

  static std::string join_text(uint64_t room, bool json) {
    const auto number = std::to_string(room);
    return json ? R"({"from":"#","Message Number":100,)"
                  "\n "
                  R"("Message_Details":")" +
                      number + " 6f1ed002ab5595859014ebf0951522d9\"}\n"
                : "<# Join_Room " + number + " 6f1ed002ab5595859014ebf0951522d9>\n";
  }

  /// Sends the first `count` bytes of the join, or the rest of it.
  void begin(size_t count) { line.send(text.substr(0, sent = count)); }
  void finish() { line.send(text.substr(sent)); }

  tcp_client line;
  uint64_t room;
  std::string text;
  size_t sent = 0;
};

class haproxy_test : public ::testing::Test {
protected:
  void SetUp() override {
    ASSERT_TRUE(std::filesystem::exists(haproxy_path)) << "install haproxy (scripts/packages.txt)";
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8192);
    setrlimit(RLIMIT_NOFILE, &files);
    for (int i = 0; i < 3; ++i)
      relays_.push_back(std::make_unique<relay_program>(std::vector<std::string>{
          "--proxy-from", "127.0.0.1", "--status-listen", "127.0.0.1:0",
          "--connections-per-address-max", "0", "--new-connections-per-address-per-minute", "0"}));
    start_haproxy();
  }

  void start_haproxy() {
    std::ifstream file(LIVECONNECT_TEST_DATA "/../docs/haproxy.cfg");
    std::stringstream read;
    read << file.rdbuf();
    auto text = read.str();
    const auto port = free_ports(2);
    address_ = "127.0.0.1:" + std::to_string(port);
    socket_ = (folder_.path() / "admin.sock").string();
    replace_one(text, "stats socket /run/haproxy/admin.sock", "stats socket " + socket_);
    replace_one(text, "bind :::9100 v4v6", "bind " + address_);
    replace_one(text, "peer balancer 127.0.0.1:10000",
                "peer balancer 127.0.0.1:" + std::to_string(port + 1));
    for (size_t i = 0; i < relays_.size(); ++i) {
      const auto name = "server relay" + std::to_string(i + 1);
      const auto host = "192.0.2.1" + std::to_string(i + 1);
      replace_one(text, name + " " + host + ":9100 check addr " + host + " port 9101",
                  name + " " + relays_[i]->address() + " check addr 127.0.0.1 port " +
                      std::to_string(port_of(relays_[i]->status())));
    }
    const auto path = folder_.path() / "haproxy.cfg";
    std::ofstream(path) << text;
    haproxy_ = std::make_unique<process>(
        std::vector<std::string>{haproxy_path, "-db", "-L", "balancer", "-f", path.string()});
    const auto until = clock::now() + 10s;
    while (ask("show info").empty()) {
      ASSERT_TRUE(haproxy_->running()) << haproxy_->errors();
      ASSERT_LT(clock::now(), until) << haproxy_->errors();
    }
  }

  /// One command to HAProxy's own admin socket.
  std::string ask(const std::string& command) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    socket_.copy(at.sun_path, sizeof at.sun_path - 1);
    std::string out;
    if (connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 &&
        write(fd, (command + "\n").data(), command.size() + 1) > 0) {
      char buffer[4096];
      for (ssize_t n = 0; (n = read(fd, buffer, sizeof buffer)) > 0;)
        out.append(buffer, static_cast<size_t>(n));
    }
    ::close(fd);
    return out;
  }

  /// Waits until HAProxy sees relay `i` as `state`.
  bool sees(size_t i, const std::string& state, std::chrono::seconds deadline = 10s) {
    const auto until = clock::now() + deadline;
    const auto start = "relays,relay" + std::to_string(i + 1) + ",";
    while (clock::now() < until) {
      const auto stat = ask("show stat");
      const auto at = stat.find(start);
      const auto line = stat.substr(at, stat.find('\n', at) - at);
      if (at != std::string::npos && line.find("," + state) != std::string::npos)
        return true;
    }
    return false;
  }

  uint64_t status_number(size_t i, const std::string& group, const std::string& name) {
    const auto x =
        nlohmann::json::parse(http_get(relays_[i]->status(), "/status.json").body, nullptr, false);
    return x.is_object() ? x[group][name].get<uint64_t>() : 0;
  }

  std::unique_ptr<person> arrive(uint64_t room, bool json = false) {
    auto out = std::make_unique<person>(address_, room, json);
    out->finish();
    return out;
  }

  temporary_folder folder_;
  std::vector<std::unique_ptr<relay_program>> relays_;
  std::unique_ptr<process> haproxy_;
  std::string address_;
  std::string socket_;
};

TEST_F(haproxy_test,
       five_hundred_pairs_in_both_notations_and_in_pieces_all_meet_under_their_own_addresses) {
  constexpr uint64_t pairs = 500;
  std::vector<std::unique_ptr<person>> people;
  for (uint64_t i = 0; i < 2 * pairs; ++i) {
    // Four kinds of pairs: tags, JSON, and one of each in both orders.
    const bool json = i % 2 == 0 ? i / 2 % 4 >= 2 : i / 2 % 2 == 1;
    // Rooms of every length, up to the largest there is.
    const auto room = i / 2 % 5 == 0 ? UINT64_MAX - i / 2 : 1 + i / 2 * 7'919;
    people.push_back(std::make_unique<person>(address_, room, json));
    // The first piece ends anywhere, also before its first byte and behind its last.
    people.back()->begin(i * 13 % (people.back()->text.size() + 1));
  }
  for (auto& x : people)
    x->finish();
  for (auto& x : people) {
    const auto joined = x->line.read_until(std::to_string(x->room) + " " + x->line.local_address());
    ASSERT_TRUE(joined) << x->text << " got " << x->line.received();
  }
  for (size_t i = 0; i < people.size(); i += 2) {
    auto& a = people[i]->line;
    auto& b = people[i + 1]->line;
    // Room_Joined and Peer_Joined may have come in one line's read.
    const auto met = [](tcp_client& line, const tcp_client& other) {
      return line.received().find(other.local_address()) != std::string::npos ||
             line.read_until(other.local_address());
    };
    ASSERT_TRUE(met(a, b)) << people[i]->text;
    ASSERT_TRUE(met(b, a)) << people[i + 1]->text;
  }
  // They are spread over all three, once each has said so (a number is up to a second old).
  const auto until = clock::now() + 10s;
  uint64_t sum = 0;
  while (sum != pairs && clock::now() < until) {
    sum = 0;
    for (size_t i = 0; i < relays_.size(); ++i)
      sum += status_number(i, "now", "rooms_paired");
  }
  for (size_t i = 0; i < relays_.size(); ++i)
    EXPECT_GE(status_number(i, "now", "rooms_paired"), 100u) << i;
  EXPECT_EQ(sum, pairs);
}

TEST_F(haproxy_test, what_is_not_a_join_ends_at_the_balancer) {
  tcp_client web(address_);
  web.send("GET / HTTP/1.1\r\nHost: relay\r\n" + std::string(200, 'x'));
  EXPECT_TRUE(web.closed_by_peer(3s));
  tcp_client forged(address_);
  forged.send("PROXY TCP4 198.51.100.20 203.0.113.7 55012 9100\r\n<# Join_Room 42>\n" +
              std::string(100, ' '));
  EXPECT_TRUE(forged.closed_by_peer(3s));
  EXPECT_EQ(forged.received(), "");
  for (size_t i = 0; i < relays_.size(); ++i)
    EXPECT_EQ(status_number(i, "totals", "joins"), 0u);
}

TEST_F(haproxy_test, a_drained_relay_loses_no_waiting_client) {
  constexpr uint64_t rooms = 90;
  std::vector<std::unique_ptr<person>> waiting;
  for (uint64_t room = 1; room <= rooms; ++room) {
    waiting.push_back(arrive(room));
    ASSERT_TRUE(waiting.back()->line.read_until("Room_Joined"));
  }
  relays_[0]->program().signal(SIGTERM);
  ASSERT_TRUE(sees(0, "NOLB"));
  std::vector<std::unique_ptr<person>> partners;
  for (uint64_t room = 1; room <= rooms; ++room)
    partners.push_back(arrive(room, true));
  for (uint64_t i = 0; i < rooms; ++i) {
    ASSERT_TRUE(partners[i]->line.read_until("\"Message Number\":102")) << "room " << i + 1;
    ASSERT_TRUE(waiting[i]->line.read_until("Peer_Joined")) << "room " << i + 1;
  }
  // Some were on the drained relay, and no new one comes there.
  const auto joins = status_number(0, "totals", "joins");
  EXPECT_GE(joins, 20u);
  for (uint64_t room = 1001; room <= 1030; ++room) {
    auto newcomer = arrive(room);
    EXPECT_TRUE(newcomer->line.read_until("Room_Joined")) << newcomer->line.received();
  }
  EXPECT_EQ(status_number(0, "totals", "joins"), joins);
  waiting.clear();
  partners.clear();
  EXPECT_EQ(relays_[0]->program().wait(), 0);
}

TEST_F(haproxy_test, pairs_of_a_killed_relay_meet_again) {
  constexpr uint64_t rooms = 60;
  std::vector<std::unique_ptr<person>> people;
  for (uint64_t room = 1; room <= rooms; ++room) {
    people.push_back(arrive(room));
    people.push_back(arrive(room, true));
  }
  for (auto& x : people)
    ASSERT_TRUE(
        x->line.read_until(x->text.front() == '{' ? "\"Message Number\":102" : "Peer_Joined"));
  // The samples on the status page are up to a second old.
  const auto until = clock::now() + 10s;
  const auto seated = [&](size_t i) { return status_number(i, "now", "seated"); };
  while (seated(0) + seated(1) + seated(2) < 2 * rooms && clock::now() < until)
    continue;
  const auto there = seated(1);
  EXPECT_GE(there, 20u);
  EXPECT_LT(there, 2 * rooms);
  relays_[1]->program().signal(SIGKILL);
  // A client that was there notices, and comes again at once, as liveconnect does.
  std::set<size_t> lost;
  while (lost.size() < there && clock::now() < until)
    for (size_t i = 0; i < people.size(); ++i)
      if (lost.count(i) == 0 && people[i]->line.closed_by_peer(1ms))
        lost.insert(i);
  ASSERT_EQ(lost.size(), there);
  for (const auto i : lost)
    people[i] = arrive(people[i]->room, i % 2 == 1);
  for (const auto i : lost)
    EXPECT_TRUE(people[i]->line.read_until(i % 2 == 1 ? "\"Message Number\":102" : "Peer_Joined"))
        << "room " << people[i]->room << ": " << people[i]->line.received();
}

} // namespace
} // namespace liveconnect::test
