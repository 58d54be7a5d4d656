// The operator's HTTP port within the test's process, over real sockets.
#include <fstream>
#include <regex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "messages/base/error.hpp"
#include "relay/status/status_page.hpp"
#include "relay/status/status_server.hpp"
#include "tests/support/tcp_client.hpp"

namespace liveconnect::relay {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

struct status_server_test : ::testing::Test {
  status_board board{"1.2.3"};
  std::unique_ptr<status_server> server = open();

  std::unique_ptr<status_server> open() {
    auto made = status_server::open("127.0.0.1:0", board);
    EXPECT_TRUE(made) << caf::to_string(made.error());
    return std::move(*made);
  }

  httplib::Result get(const std::string& path) {
    httplib::Client client("http://" + server->address());
    auto out = client.Get(path);
    EXPECT_TRUE(out) << path;
    return out;
  }
};

relay_sample busy() {
  relay_sample x;
  x.counters.accepted = 12;
  x.counters.joined = 9;
  x.counters.paired = 3;
  x.counters.frames_forwarded = 40;
  x.counters.bytes_forwarded = 4000;
  x.counters.connections = 8;
  x.counters.seated = 7;
  x.counters.rooms_paired = 3;
  x.counters.refused[static_cast<size_t>(refusal::crowded)] = 2;
  x.accept_rests = 1;
  return x;
}

TEST_F(status_server_test, the_json_says_what_the_board_says) {
  board.put(busy(), status_board::clock::now() + 1s);
  const auto x = nlohmann::json::parse(get("/status.json")->body, nullptr, false);
  ASSERT_TRUE(x.is_object());
  EXPECT_EQ(x["v"], 1);
  EXPECT_EQ(x["version"], "1.2.3");
  EXPECT_EQ(x["state"], "serving");
  EXPECT_EQ(x["now"]["rooms_waiting"], 1);
  EXPECT_EQ(x["now"]["rooms_paired"], 3);
  EXPECT_EQ(x["now"]["connections"], 8);
  EXPECT_EQ(x["totals"]["messages"], 40);
  EXPECT_EQ(x["totals"]["accept_rests"], 1);
  EXPECT_EQ(x["refusals"]["crowded"], 2);
  EXPECT_EQ(x["refusals"].size(), refusal_count);
  ASSERT_EQ(x["history"].size(), 3u);
  EXPECT_EQ(x["history"][0]["step_seconds"], 1);
  ASSERT_EQ(x["history"][0]["rooms_paired"].size(), 1u);
  EXPECT_EQ(x["history"][0]["rooms_paired"][0], 3);
  EXPECT_GT(x["history"][0]["bytes_per_second"][0], 3000);
}

/// Every number another one, so that none can stand for its neighbour.
relay_sample distinct() {
  relay_sample x;
  auto& c = x.counters;
  // A counter that is new here needs its place on the page, in /status.json and in /metrics.
  static_assert(sizeof(relay_counters) == (14 + refusal_count) * sizeof(uint64_t));
  uint64_t next = 1000;
  for (auto* y : {&c.accepted, &c.joined, &c.paired, &c.frames_forwarded, &c.bytes_received,
                  &c.bytes_forwarded, &c.frames_unheard, &c.held_back, &c.throttled,
                  &c.health_checks, &c.connections, &c.queued_bytes, &x.accept_rests, &x.gatherings,
                  &x.connections_max, &x.rooms_max})
    *y = ++next;
  for (auto& y : c.refused)
    y = ++next;
  c.seated = 777;
  c.rooms_paired = 333;
  return x;
}

TEST_F(status_server_test, every_counter_is_in_the_json_and_in_the_metrics) {
  const auto x = distinct();
  const auto& c = x.counters;
  board.put(x);
  const auto shown = nlohmann::json::parse(get("/status.json")->body, nullptr, false);
  const auto metrics = get("/metrics")->body;
  struct place {
    uint64_t value;
    const char* group;
    const char* name;
    const char* metric;
  };
  const place places[] = {
      {c.accepted, "totals", "connections", "connections_total"},
      {c.joined, "totals", "joins", "joins_total"},
      {c.paired, "totals", "pairs", "pairs_total"},
      {c.frames_forwarded, "totals", "messages", "messages_forwarded_total"},
      {c.frames_unheard, "totals", "messages_unheard", "messages_unheard_total"},
      {c.bytes_forwarded, "totals", "bytes", "forwarded_bytes_total"},
      {c.bytes_received, "totals", "bytes_received", "received_bytes_total"},
      {c.held_back, "totals", "held_back", "held_back_total"},
      {c.throttled, "totals", "throttled", "throttled_total"},
      {c.health_checks, "totals", "health_checks", "health_checks_total"},
      {x.accept_rests, "totals", "accept_rests", "accept_rests_total"},
      {x.gatherings, "totals", "gatherings", "gatherings_total"},
      {c.connections, "now", "connections", "connections"},
      {c.seated, "now", "seated", "seated"},
      {c.queued_bytes, "now", "queued_bytes", "queued_bytes"},
      {c.rooms_paired, "now", "rooms_paired", "rooms{state=\"paired\"}"},
      {c.rooms_waiting(), "now", "rooms_waiting", "rooms{state=\"waiting\"}"},
      {x.connections_max, "limits", "connections_max", "connections_max"},
      {x.rooms_max, "limits", "rooms_max", "rooms_max"},
  };
  for (const auto& y : places) {
    EXPECT_EQ(shown[y.group][y.name], y.value) << y.name;
    EXPECT_THAT(metrics, HasSubstr(std::string("\nliveconnect_relay_") + y.metric + " " +
                                   std::to_string(y.value) + "\n"));
  }
  for (size_t i = 0; i < refusal_count; ++i) {
    const std::string word = word_of(static_cast<refusal>(i));
    EXPECT_EQ(shown["refusals"][word], c.refused[i]);
    EXPECT_THAT(metrics, HasSubstr("refused_total{reason=\"" + word + "\"} " +
                                   std::to_string(c.refused[i]) + "\n"));
    EXPECT_THAT(status_page(), HasSubstr("\n  " + word + ": \"")) << "what it means";
  }
}

TEST_F(status_server_test, metrics_are_there_for_every_counter_and_reason) {
  board.put(busy());
  const auto got = get("/metrics");
  EXPECT_THAT(got->get_header_value("Content-Type"), HasSubstr("version=0.0.4"));
  EXPECT_THAT(got->body, HasSubstr("\nliveconnect_relay_rooms{state=\"waiting\"} 1\n"));
  EXPECT_THAT(got->body, HasSubstr("\nliveconnect_relay_rooms{state=\"paired\"} 3\n"));
  EXPECT_THAT(got->body, HasSubstr("\nliveconnect_relay_forwarded_bytes_total 4000\n"));
  EXPECT_THAT(got->body, HasSubstr("# TYPE liveconnect_relay_refused_total counter\n"));
  EXPECT_THAT(got->body, HasSubstr("{version=\"1.2.3\"} 1\n"));
  for (size_t i = 0; i < refusal_count; ++i)
    EXPECT_THAT(got->body, HasSubstr(std::string("liveconnect_relay_refused_total{reason=\"") +
                                     word_of(static_cast<refusal>(i)) + "\"} "));
  EXPECT_THAT(got->body, HasSubstr("process_resident_memory_bytes"));
}

TEST_F(status_server_test, labels_are_of_a_fixed_set) {
  board.put(busy());
  std::set<std::string> labels;
  const auto text = get("/metrics")->body;
  for (size_t at = text.find('{'); at != std::string::npos; at = text.find('{', at + 1))
    labels.insert(text.substr(at + 1, text.find('=', at) - at - 1));
  EXPECT_EQ(labels, (std::set<std::string>{"version", "state", "reason"}));
}

TEST_F(status_server_test, the_dashboard_asks_for_metrics_that_exist) {
  board.put(busy());
  const auto metrics = get("/metrics")->body;
  std::ifstream file(LIVECONNECT_TEST_DATA "/../docs/grafana.json");
  const auto dashboard = nlohmann::json::parse(file, nullptr, false);
  ASSERT_TRUE(dashboard.is_object());
  size_t asked = 0;
  for (const auto& panel : dashboard["panels"]) {
    for (const auto& target : panel["targets"]) {
      const auto text = target["expr"].get<std::string>();
      const std::regex name("(liveconnect_relay|process)_[a-z_]+");
      for (std::sregex_iterator x(text.begin(), text.end(), name), end; x != end; ++x, ++asked)
        EXPECT_THAT(metrics, HasSubstr("# TYPE " + x->str() + " ")) << panel["title"];
    }
  }
  EXPECT_GE(asked, 8u);
}

TEST_F(status_server_test, health_readiness_and_the_balancer_are_told_apart) {
  board.put({});
  EXPECT_EQ(get("/healthz")->status, 200);
  EXPECT_EQ(get("/readyz")->status, 200);
  EXPECT_EQ(get("/balancer")->status, 200);
  board.set_draining();
  EXPECT_EQ(get("/healthz")->status, 200);
  EXPECT_EQ(get("/readyz")->status, 503);
  EXPECT_EQ(get("/balancer")->status, 404);
  // No sample for too long: the loop hangs.
  board.put({}, status_board::clock::now() - sample_age_max - 1s);
  EXPECT_EQ(get("/healthz")->status, 503);
}

TEST_F(status_server_test, the_page_uses_nothing_from_outside_and_its_policy_says_so) {
  const auto got = get("/");
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, status_page());
  EXPECT_THAT(got->body, Not(HasSubstr("src=")));
  EXPECT_THAT(got->body, Not(HasSubstr("@import")));
  EXPECT_THAT(got->body, Not(HasSubstr("url(")));
  const auto policy = got->get_header_value("Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("script-src 'sha256-"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
}

TEST_F(status_server_test, nothing_else_is_served_and_nothing_can_be_written) {
  EXPECT_EQ(get("/nothing")->status, 404);
  EXPECT_EQ(get("/../etc/passwd")->status, 404);
  httplib::Client client("http://" + server->address());
  const auto got = client.Post("/status.json", std::string(2000, 'x'), "text/plain");
  EXPECT_TRUE(!got || got->status >= 400);
}

TEST_F(status_server_test, a_taken_port_is_an_error_and_not_shared) {
  const auto second = status_server::open(server->address(), board);
  ASSERT_FALSE(second);
  EXPECT_EQ(code_of(second.error()), ec::cannot_listen);
}

TEST_F(status_server_test, silent_clients_keep_no_other_out_for_long) {
  board.put({});
  std::vector<liveconnect::test::tcp_client> silent;
  for (int i = 0; i < 6; ++i)
    silent.emplace_back(server->address());
  httplib::Client client("http://" + server->address());
  client.set_read_timeout(10s);
  const auto got = client.Get("/healthz");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->status, 200);
}

TEST(sampler, takes_a_sample_at_once_and_then_every_second) {
  status_board board{"1"};
  std::atomic<uint64_t> taken{0};
  const sampler x{board, [&] {
                    relay_sample out;
                    out.counters.frames_forwarded = 10 * ++taken;
                    return out;
                  }};
  EXPECT_EQ(board.now().last.counters.frames_forwarded, 10u);
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (board.series(0).empty() && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  ASSERT_FALSE(board.series(0).empty());
  EXPECT_GT(board.series(0).front().messages, 0);
}

} // namespace
} // namespace liveconnect::relay
