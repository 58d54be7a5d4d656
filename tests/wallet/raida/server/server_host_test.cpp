#include "tests/support/actor_fixture.hpp"
#include "tests/support/raida_lab.hpp"
#include "tests/wallet/raida/server/fake_network.hpp"
#include "wallet/raida/derive.hpp"
#include "wallet/raida/server/server_host.hpp"

namespace liveconnect::raida {
namespace {

using namespace std::chrono_literals;
using test::fake_network;
using test::memory_store;

/// A memory store that counts commits and lives on when its server is gone.
class counted_store final : public record_store {
public:
  struct shared {
    memory_store records;
    size_t commits = 0;
    size_t changes = 0;
  };
  explicit counted_store(std::shared_ptr<shared> x) : x_(std::move(x)) {}
  caf::expected<std::optional<record>> get(note_id id) override { return x_->records.get(id); }
  caf::error for_each_in_use(const std::function<void(note_id)>& visit) override {
    return x_->records.for_each_in_use(visit);
  }
  caf::error stage(const std::vector<change>& changes) override {
    x_->changes += changes.size();
    return x_->records.stage(changes);
  }
  caf::error commit() override {
    ++x_->commits;
    return x_->records.commit();
  }
  void rollback() override { x_->records.rollback(); }

private:
  std::shared_ptr<shared> x_;
};

class raida_server_host : public test::actor_test {
protected:
  static constexpr uint16_t base = 30000;

  host_setup setup_of(size_t servers) {
    loop = net.spawn(system);
    host_setup out;
    out.at.port = base;
    out.detached = false;
    for (size_t i = 0; i < servers; ++i) {
      stores.push_back(std::make_shared<counted_store::shared>());
      server_setup x;
      x.options.id = static_cast<uint8_t>(i);
      x.options.servers = static_cast<uint8_t>(servers);
      x.loop = loop;
      x.open_store = [s = stores.back()]() -> caf::expected<std::unique_ptr<record_store>> {
        return std::unique_ptr<record_store>{std::make_unique<counted_store>(s)};
      };
      x.month = [] { return uint8_t{45}; };
      out.servers.push_back(std::move(x));
    }
    return out;
  }

  /// Starts and returns the error, if any.
  caf::error start(host_setup x) {
    host = spawn_host(system, std::move(x));
    caf::error failure;
    caf::scoped_actor self{system};
    self->send(host, start_servers{});
    run();
    self->receive([&](const servers_ready& r) { ready = r; },
                  [&](caf::error& err) { failure = std::move(err); },
                  caf::after(0s) >> [&] { failure = fail(ec::internal, "no answer"); });
    return failure;
  }

  /// A note on all servers.
  note put(note_id id) {
    note out;
    out.id = id;
    for (size_t i = 0; i < stores.size(); ++i) {
      out.ans.push_back(md5(byte_view{to_string(id) + std::to_string(i)}));
      stores[i]->records.put(id, out.ans.back(), 1);
    }
    return out;
  }

  outgoing_request request_to(uint8_t server, command what, byte_view payload = {}) {
    return *encode_request(server, what, payload, random_request_seed());
  }
  bytes packet_of(const outgoing_request& x) { return {x.packet.begin(), x.packet.end()}; }

  /// One request over TCP, to the end.
  answer ask(uint8_t server, command what, byte_view payload = {}) {
    auto x = request_to(server, what, payload);
    auto socket = net.connect(static_cast<uint16_t>(base + server));
    net.send(socket, packet_of(x));
    run();
    return decode_response(x.context, net.at(socket).in);
  }

  secret_bytes coin21(const note& x, size_t server) {
    secret_bytes out;
    byte_writer<secret_bytes>(out)
        .u8(static_cast<uint8_t>(x.id.denomination))
        .u32(x.id.serial)
        .raw(x.ans[server].view());
    return out;
  }

  secret_bytes coin37(const note& x, size_t server, const authenticity_number& pan) {
    auto out = coin21(x, server);
    byte_writer<secret_bytes>(out).raw(pan.view());
    return out;
  }

  /// A Fix of `x` with tickets from servers 0..tickets-1.
  secret_bytes fix_payload(const note& x, const authenticity_number& pg, uint8_t tickets) {
    secret_bytes out;
    byte_writer<secret_bytes> w(out);
    w.u8(static_cast<uint8_t>(x.id.denomination)).u32(x.id.serial).raw(pg.view());
    for (uint8_t i = 0; i < stores.size(); ++i) {
      auto got = i < tickets ? ask(i, command::get_ticket, view(coin21(x, i))) : answer{};
      w.u32(got.payload.size() == 4 ? byte_reader(got.payload).u32() : 0);
    }
    return out;
  }

  fake_network net;
  byte_loop_actor loop;
  std::vector<std::shared_ptr<counted_store::shared>> stores;
  raida_host_actor host;
  servers_ready ready;

  ~raida_server_host() override {
    if (host)
      caf::anon_send_exit(host, caf::exit_reason::user_shutdown);
    run();
    host = nullptr;
    loop = nullptr;
  }
};

TEST_F(raida_server_host, every_server_listens_on_its_port_for_both_transports) {
  ASSERT_FALSE(start(setup_of(25)));
  ASSERT_EQ(ready.list.size(), 25u);
  for (uint8_t i = 0; i < 25; ++i) {
    EXPECT_EQ(ready.list[i].id, i);
    EXPECT_EQ(ready.list[i].at.port, base + i);
    EXPECT_TRUE(net.is_listening(false, static_cast<uint16_t>(base + i)));
    EXPECT_TRUE(net.is_listening(true, static_cast<uint16_t>(base + i)));
    EXPECT_EQ(ask(i, command::echo).status, status::success);
  }
}

TEST_F(raida_server_host, a_free_port_that_udp_does_not_have_is_given_back) {
  auto x = setup_of(1);
  x.at.port = 0;
  net.taken_ports = {{true, 40000}, {true, 40001}};
  ASSERT_FALSE(start(std::move(x)));
  EXPECT_EQ(ready.list.at(0).at.port, 40002);
  EXPECT_FALSE(net.is_listening(false, 40000));
  EXPECT_EQ(net.open_sockets(), 2u);
}

TEST_F(raida_server_host, one_port_that_is_taken_means_that_no_server_runs) {
  auto x = setup_of(3);
  net.taken_ports = {{false, base + 2}};
  auto err = start(std::move(x));
  EXPECT_EQ(code_of(err), ec::cannot_listen);
}

TEST_F(raida_server_host, a_tcp_request_may_come_byte_by_byte_and_is_answered_once_and_closed) {
  ASSERT_FALSE(start(setup_of(1)));
  auto x = request_to(0, command::version);
  auto socket = net.connect(base);
  for (auto byte : packet_of(x)) {
    EXPECT_TRUE(net.at(socket).in.empty());
    net.send(socket, {byte});
    run();
  }
  net.send(socket, packet_of(x));
  run();
  EXPECT_EQ(net.at(socket).in.size(), header_size + 8 + trailer_size);
  EXPECT_TRUE(net.at(socket).closed);
}

TEST_F(raida_server_host, a_half_open_request_is_dropped_at_its_deadline) {
  ASSERT_FALSE(start(setup_of(1)));
  auto socket = net.connect(base);
  auto x = packet_of(request_to(0, command::echo));
  x.pop_back();
  net.send(socket, x);
  run();
  advance(9s);
  EXPECT_FALSE(net.at(socket).closed);
  advance(1s);
  EXPECT_TRUE(net.at(socket).closed);
  EXPECT_TRUE(net.at(socket).in.empty());
  EXPECT_EQ(net.open_sockets(), 2u);
}

TEST_F(raida_server_host, connections_beyond_the_bound_are_turned_away_until_one_closes) {
  auto x = setup_of(1);
  x.servers[0].limits.connections_max = 2;
  ASSERT_FALSE(start(std::move(x)));
  auto first = net.connect(base);
  auto second = net.connect(base);
  auto third = net.connect(base);
  run();
  EXPECT_FALSE(net.at(first).closed);
  EXPECT_FALSE(net.at(second).closed);
  EXPECT_TRUE(net.at(third).closed);
  net.hang_up(first);
  run();
  auto fourth = net.connect(base);
  run();
  EXPECT_FALSE(net.at(fourth).closed);
}

TEST_F(raida_server_host, requests_that_wait_together_share_one_commit) {
  auto x = setup_of(1);
  std::vector<note> notes;
  for (uint32_t i = 0; i < 10; ++i)
    notes.push_back(put({0, i}));
  ASSERT_FALSE(start(std::move(x)));
  std::vector<bytes> list;
  std::vector<request_context> contexts;
  for (const auto& n : notes) {
    auto r = request_to(0, command::pown, view(coin37(n, 0, md5(byte_view{to_string(n.id)}))));
    list.push_back(packet_of(r));
    contexts.push_back(r.context);
  }
  auto before = stores[0]->commits;
  net.datagrams(1000, base, list);                                      // one loop turn
  net.datagrams(1000, base, {packet_of(request_to(0, command::echo))}); // and one behind it
  run();
  EXPECT_EQ(stores[0]->commits, before + 1);
  EXPECT_EQ(stores[0]->changes, 10u);
  auto got = net.datagrams_at(1000);
  ASSERT_EQ(got.size(), 11u);
  for (size_t i = 0; i < contexts.size(); ++i)
    EXPECT_EQ(decode_response(contexts[i], got[i]).status, status::all_pass);
}

TEST_F(raida_server_host, a_commit_that_fails_is_answered_as_an_error_and_nothing_has_changed) {
  auto x = setup_of(1);
  auto n = put({0, 1});
  ASSERT_FALSE(start(std::move(x)));
  auto pan = md5(byte_view{std::string_view{"pan"}});
  stores[0]->records.disk_is_full = true;
  EXPECT_EQ(ask(0, command::pown, view(coin37(n, 0, pan))).status, status::internal_error);
  stores[0]->records.disk_is_full = false;
  EXPECT_EQ(ask(0, command::find, view(coin37(n, 0, pan))).status, status::find_all_an);
  EXPECT_EQ(ask(0, command::pown, view(coin37(n, 0, pan))).status, status::all_pass);
  EXPECT_EQ(ask(0, command::find, view(coin37(n, 0, pan))).status, status::find_all_pan);
}

TEST_F(raida_server_host, fix_asks_the_others_over_their_sockets) {
  auto x = setup_of(25);
  auto n = put({1, 7});
  stores[20]->records.put(n.id, md5(byte_view{std::string_view{"other"}}), 1);
  ASSERT_FALSE(start(std::move(x)));
  auto pg = md5(byte_view{std::string_view{"pg"}});
  ASSERT_EQ(ask(20, command::detect, view(coin21(n, 20))).status, status::all_fail);
  EXPECT_EQ(ask(20, command::fix, view(fix_payload(n, pg, 12))).status, status::all_fail);
  EXPECT_EQ(ask(20, command::fix, view(fix_payload(n, pg, 13))).status, status::all_pass);
  n.ans[20] = fixed_an(20, n.id, pg);
  EXPECT_EQ(ask(20, command::detect, view(coin21(n, 20))).status, status::all_pass);
}

TEST_F(raida_server_host,
       a_dead_server_does_not_stop_a_fix_and_a_hanging_one_only_to_its_deadline) {
  auto x = setup_of(25);
  auto n = put({1, 7});
  ASSERT_FALSE(start(std::move(x)));
  auto pg = md5(byte_view{std::string_view{"pg"}});
  auto payload = fix_payload(n, pg, 15);
  net.hanging.insert(base + 3);
  auto r = request_to(20, command::fix, view(payload));
  auto socket = net.connect(base + 20);
  net.send(socket, packet_of(r));
  run();
  EXPECT_TRUE(net.at(socket).in.empty());
  // Other requests go on meanwhile.
  EXPECT_EQ(ask(20, command::echo).status, status::success);
  advance(2s);
  EXPECT_EQ(decode_response(r.context, net.at(socket).in).status, status::all_pass);
  EXPECT_EQ(net.open_sockets(), 50u);
}

TEST_F(raida_server_host, a_fix_beyond_the_bound_is_turned_away) {
  auto x = setup_of(25);
  x.servers[20].limits.fixes_max = 1;
  auto n = put({1, 7});
  ASSERT_FALSE(start(std::move(x)));
  auto payload = fix_payload(n, n.ans[0], 13);
  net.hanging.insert(base + 3);
  net.send(net.connect(base + 20), packet_of(request_to(20, command::fix, view(payload))));
  run();
  EXPECT_EQ(ask(20, command::fix, view(payload)).status, status::internal_error);
}

TEST_F(raida_server_host, stop_answers_what_was_asked_and_closes_every_socket) {
  ASSERT_FALSE(start(setup_of(3)));
  auto idle = net.connect(base + 1);
  run();
  auto socket = net.connect(base);
  auto r = request_to(0, command::echo);
  net.send(socket, packet_of(r));
  caf::scoped_actor self{system};
  self->send(host, atom::stop_v);
  run();
  bool done = false;
  self->receive([&](atom::done) { done = true; }, caf::after(0s) >> [] {});
  EXPECT_TRUE(done);
  EXPECT_EQ(net.open_sockets(), 0u);
  EXPECT_TRUE(net.at(idle).closed);
  EXPECT_EQ(decode_response(r.context, net.at(socket).in).what, outcome::answered);
}

} // namespace
} // namespace liveconnect::raida
