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
  caf::expected<std::optional<supply_account>> account() override { return x_->records.account(); }
  caf::error begin_account(const supply_account& x) override {
    return x_->records.begin_account(x);
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

  /// Likewise, but one server runs in a process of its own: between it and the others is the
  /// network.
  caf::error start_apart(host_setup x, uint8_t alone) {
    x.addresses.resize(x.servers.size());
    for (size_t i = 0; i < x.addresses.size(); ++i)
      x.addresses[i].port = static_cast<uint16_t>(base + i);
    auto own = x;
    own.servers = {x.servers[alone]};
    x.servers.erase(x.servers.begin() + alone);
    if (auto err = start(std::move(own)))
      return err;
    others = host;
    return start(std::move(x));
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

  /// A Fix of the notes; server i gives a ticket for covered[i], none where that is empty.
  secret_bytes fix_payload(const std::vector<note>& notes, const authenticity_number& pg,
                           const std::vector<std::vector<note>>& covered) {
    secret_bytes out;
    byte_writer<secret_bytes> w(out);
    for (const auto& x : notes)
      w.u8(static_cast<uint8_t>(x.id.denomination)).u32(x.id.serial);
    w.raw(pg.view());
    for (uint8_t i = 0; i < stores.size(); ++i) {
      secret_bytes payload;
      for (const auto& x : i < covered.size() ? covered[i] : std::vector<note>{})
        byte_writer<secret_bytes>(payload).raw(view(coin21(x, i)));
      auto got = payload.empty() ? answer{} : ask(i, command::get_ticket, view(payload));
      w.u32(got.payload.size() == 4 ? byte_reader(got.payload).u32() : 0);
    }
    return out;
  }

  /// A Fix of `x` with tickets from servers 0..tickets-1.
  secret_bytes fix_payload(const note& x, const authenticity_number& pg, uint8_t tickets) {
    return fix_payload({x}, pg, std::vector<std::vector<note>>(tickets, {x}));
  }

  fake_network net;
  byte_loop_actor loop;
  std::vector<std::shared_ptr<counted_store::shared>> stores;
  raida_host_actor host;
  raida_host_actor others;
  servers_ready ready;

  ~raida_server_host() override {
    for (auto* x : {&host, &others}) {
      if (*x)
        caf::anon_send_exit(*x, caf::exit_reason::user_shutdown);
      run();
      *x = nullptr;
    }
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

TEST_F(raida_server_host, servers_of_one_process_decide_a_fix_without_the_network) {
  auto x = setup_of(25);
  auto n = put({1, 7});
  ASSERT_FALSE(start(std::move(x)));
  const auto payload = fix_payload(n, n.ans[0], 13);
  for (uint16_t i = 0; i < 25; ++i)
    if (i != 20)
      net.hanging.insert(static_cast<uint16_t>(base + i));
  EXPECT_EQ(ask(20, command::fix, view(payload)).status, status::all_pass);
}

TEST_F(raida_server_host, nobody_speaks_over_the_network_in_the_name_of_a_server_of_the_process) {
  auto x = setup_of(5);
  auto n = put({1, 7});
  ASSERT_FALSE(start_apart(std::move(x), 4));
  const auto got = ask(0, command::get_ticket, view(coin21(n, 0)));
  const auto number = byte_reader(got.payload).u32();
  const auto claim = [&](uint8_t claimer) {
    return ask(0, command::validate_ticket, view(validate_ticket_payload(claimer, number)));
  };
  for (uint8_t i = 0; i < 4; ++i)
    EXPECT_EQ(claim(i).status, status::bad_claimer);
  // In the name of a server elsewhere anyone may ask, as often as he likes: that uses nothing up.
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(claim(4).status, status::success);
}

TEST_F(raida_server_host, a_server_that_hangs_holds_up_no_fix_that_the_others_have_decided) {
  auto x = setup_of(25);
  auto n = put({1, 7});
  ASSERT_FALSE(start_apart(std::move(x), 20));
  auto payload = fix_payload(n, n.ans[0], 15);
  net.hanging.insert(base + 3);
  EXPECT_EQ(ask(20, command::fix, view(payload)).status, status::all_pass);
  EXPECT_EQ(net.open_sockets(), 50u);
}

/// Two notes on one Fix: fourteen servers vouch for the first, thirteen for the second, and one of
/// these hangs. So the Fix waits until its deadline with the votes for the first in hand.
class raida_waiting_fix : public raida_server_host {
protected:
  void begin() {
    auto x = setup_of(25);
    first = put({1, 7});
    second = put({1, 8});
    ASSERT_FALSE(start_apart(std::move(x), 20));
    std::vector<std::vector<note>> covered(15, {first, second});
    covered[13] = covered[14] = {first};
    request = request_to(20, command::fix, view(fix_payload({first, second}, pg, covered)));
    net.hanging.insert(base + 3);
    socket = net.connect(base + 20);
    net.send(socket, packet_of(*request));
    run();
    ASSERT_TRUE(net.at(socket).in.empty());
    // Other requests go on meanwhile.
    EXPECT_EQ(ask(20, command::echo).status, status::success);
  }
  answer end() {
    advance(2s);
    return decode_response(request->context, net.at(socket).in);
  }

  note first;
  note second;
  authenticity_number pg = md5(byte_view{std::string_view{"pg"}});
  std::optional<outgoing_request> request;
  io::socket_id socket;
};

TEST_F(raida_waiting_fix, asks_again_those_whose_word_grew_old) {
  begin();
  const auto got = end();
  EXPECT_EQ(got.status, status::mixed);
  EXPECT_EQ(got.payload, bytes{1});
  first.ans[20] = fixed_an(20, first.id, pg);
  EXPECT_EQ(ask(20, command::detect, view(coin21(first, 20))).status, status::all_pass);
  EXPECT_EQ(ask(20, command::detect, view(coin21(second, 20))).status, status::all_pass);
  EXPECT_EQ(net.open_sockets(), 50u);
}

TEST_F(raida_waiting_fix, does_not_write_over_a_pown_that_came_meanwhile) {
  begin();
  const auto pan = md5(byte_view{std::string_view{"payee"}});
  EXPECT_EQ(ask(20, command::pown, view(coin37(first, 20, pan))).status, status::all_pass);
  EXPECT_EQ(end().status, status::all_fail);
  first.ans[20] = pan;
  EXPECT_EQ(ask(20, command::detect, view(coin21(first, 20))).status, status::all_pass);
}

TEST_F(raida_waiting_fix, hears_that_the_note_has_another_owner_at_the_others_by_now) {
  begin();
  for (uint8_t i = 0; i < 2; ++i)
    EXPECT_EQ(ask(i, command::pown, view(coin37(first, i, pg))).status, status::all_pass);
  EXPECT_EQ(end().status, status::all_fail);
  EXPECT_EQ(ask(20, command::detect, view(coin21(first, 20))).status, status::all_pass);
}

TEST_F(raida_server_host, a_fix_beyond_the_bound_is_turned_away) {
  auto x = setup_of(25);
  x.servers[20].limits.fixes_max = 1;
  auto n = put({1, 7});
  ASSERT_FALSE(start_apart(std::move(x), 20));
  auto payload = fix_payload(n, n.ans[0], 13);
  net.hanging.insert(base + 3);
  net.send(net.connect(base + 20), packet_of(request_to(20, command::fix, view(payload))));
  run();
  EXPECT_EQ(ask(20, command::fix, view(payload)).status, status::internal_error);
}

TEST_F(raida_server_host, one_client_has_only_so_many_connections_and_others_have_theirs) {
  auto x = setup_of(1);
  x.servers[0].limits.connections_of_client_max = 2;
  ASSERT_FALSE(start(std::move(x)));
  const auto from = [&](const char* address) {
    endpoint at;
    EXPECT_TRUE(endpoint::parse(address, 5000, at));
    const auto out = net.connect(base, at);
    run();
    return out;
  };
  const auto first = from("192.0.2.1");
  const auto second = from("192.0.2.1");
  EXPECT_FALSE(net.at(first).closed || net.at(second).closed);
  EXPECT_TRUE(net.at(from("192.0.2.1")).closed);
  EXPECT_FALSE(net.at(from("192.0.2.2")).closed);
  for (int i = 0; i < 5; ++i)
    EXPECT_FALSE(net.at(from("127.0.0.1")).closed); // loopback is not counted
  net.hang_up(first);
  run();
  EXPECT_FALSE(net.at(from("192.0.2.1")).closed);
}

TEST_F(raida_server_host,
       the_operator_is_told_what_a_server_begins_with_and_that_it_stopped_changing) {
  std::vector<std::string> lines;
  auto x = setup_of(2);
  auto n = put({1, 7});
  stores[0]->records.set_account(std::nullopt);
  stores[1]->records.set_account(supply_account{5, 0});
  for (auto& server : x.servers)
    server.log = [&](const std::string& line) { lines.push_back(line); };
  ASSERT_FALSE(start(std::move(x)));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0].find("server 0: its records kept no account; the 10 coins"), std::string::npos)
      << lines[0];
  EXPECT_NE(lines[1].find("server 1: its notes in use are worth 10 coins, but 0.00000005 were"),
            std::string::npos)
      << lines[1];
  EXPECT_EQ(ask(0, command::pown, view(coin37(n, 0, n.ans[1]))).status, status::all_pass);
  EXPECT_EQ(ask(1, command::pown, view(coin37(n, 1, n.ans[0]))).status, status::internal_error);
  EXPECT_EQ(ask(1, command::detect, view(coin21(n, 1))).status, status::all_pass);
  EXPECT_EQ(lines.size(), 2u); // said once
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
