#include "wallet/raida/server/server_host.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"
#include "wallet/raida/server/server_store.hpp"

namespace liveconnect::raida {

namespace {

/// A server opens its file and two sockets in this time, or the disk hangs.
constexpr auto start_deadline = std::chrono::seconds(30);
constexpr auto stop_deadline = std::chrono::seconds(20);

class host_state {
public:
  using pointer = raida_host_actor::stateful_pointer<host_state>;

  explicit host_state(pointer actor) : self(actor) {}

  void setup(host_setup x);
  caf::typed_response_promise<servers_ready> start();
  caf::typed_response_promise<atom::done> stop();
  void on_exit(const caf::exit_msg& x);

  static inline const char* name = "raida_host";

private:
  void on_started(size_t index, const server_ready& x);
  void give_up(caf::error why);
  void one_stopped();

  pointer self;
  host_setup setup_;
  std::vector<raida_server_actor> servers_;
  servers_ready ready_;
  size_t waiting_ = 0;
  bool stopping_ = false;
  caf::typed_response_promise<servers_ready> started_;
  caf::typed_response_promise<atom::done> stopped_;
};

void host_state::setup(host_setup x) {
  setup_ = std::move(x);
  // All servers of the process see each other's tickets.
  std::vector<std::shared_ptr<ticket_book>> books(raida_count);
  std::bitset<256> ids;
  for (const auto& y : setup_.servers) {
    LC_ASSERT_OR(y.options.id < books.size(), continue);
    books[y.options.id] = std::make_shared<ticket_book>();
    ids.set(y.options.id);
  }
  for (auto& y : setup_.servers) {
    LC_ASSERT_OR(y.options.id < books.size(), continue);
    y.tickets = books[y.options.id];
    y.siblings = books;
    y.options.siblings = ids;
  }
  self->set_exit_handler([this](const caf::exit_msg& msg) { on_exit(msg); });
}

caf::typed_response_promise<servers_ready> host_state::start() {
  started_ = self->make_response_promise<servers_ready>();
  auto promise = started_;
  if (!servers_.empty() || stopping_) {
    promise.deliver(fail(ec::bad_argument, "the servers were started already"));
    return promise;
  }
  ready_.list.resize(setup_.servers.size());
  waiting_ = setup_.servers.size();
  for (size_t i = 0; i < setup_.servers.size(); ++i) {
    auto at = setup_.at;
    if (at.port != 0)
      at.port = static_cast<uint16_t>(at.port + setup_.servers[i].options.id);
    const auto server = spawn_server(self->system(), setup_.servers[i], setup_.detached);
    // Linked, so that no server outlives its host, whatever ends that.
    self->link_to(server);
    servers_.push_back(server);
    self->request(server, start_deadline, listen_at{at})
        .then([this, i](const server_ready& x) { on_started(i, x); },
              [this](caf::error& err) { give_up(std::move(err)); });
  }
  return promise;
}

void host_state::on_started(size_t index, const server_ready& x) {
  if (stopping_)
    return;
  LC_ASSERT_OR(index < ready_.list.size() && waiting_ > 0, return );
  ready_.list[index] = x;
  if (--waiting_ > 0)
    return;
  server_addresses table;
  table.list = setup_.addresses;
  for (const auto& y : ready_.list) {
    if (table.list.size() <= y.id)
      table.list.resize(y.id + 1u);
    table.list[y.id] = y.at;
  }
  for (const auto& server : servers_)
    self->send(server, table);
  started_.deliver(ready_);
}

void host_state::give_up(caf::error why) {
  if (stopping_)
    return;
  stopping_ = true;
  if (started_.pending())
    started_.deliver(why);
  self->quit(std::move(why)); // takes the other servers along
}

caf::typed_response_promise<atom::done> host_state::stop() {
  auto promise = self->make_response_promise<atom::done>();
  if (stopping_) {
    promise.deliver(fail(ec::stopped, "the servers are stopping already"));
    return promise;
  }
  stopping_ = true;
  stopped_ = promise;
  if (started_.pending())
    started_.deliver(fail(ec::stopped, "stopped before all servers listened"));
  waiting_ = servers_.size() + 1;
  for (const auto& server : servers_)
    self->request(server, stop_deadline, atom::stop_v)
        .then([this](atom::done) { one_stopped(); },
              [this, server](caf::error&) {
                self->send_exit(server, caf::exit_reason::kill);
                one_stopped();
              });
  one_stopped();
  return promise;
}

void host_state::one_stopped() {
  LC_ASSERT_OR(waiting_ > 0, return );
  if (--waiting_ > 0)
    return;
  stopped_.deliver(atom::done_v);
  self->quit();
}

void host_state::on_exit(const caf::exit_msg& x) {
  const auto is_server = [&x](const raida_server_actor& y) { return y.address() == x.source; };
  if (std::none_of(servers_.begin(), servers_.end(), is_server))
    self->quit(x.reason);
  else if (!stopping_)
    give_up(x.reason ? x.reason : fail(ec::internal, "a RAIDA server ended"));
}

raida_host_actor::behavior_type raida_host(host_state::pointer self, host_setup setup) {
  self->state.setup(std::move(setup));
  return {
      [self](start_servers) { return self->state.start(); },
      [self](atom::stop) { return self->state.stop(); },
  };
}

} // namespace

raida_host_actor spawn_host(caf::actor_system& system, host_setup setup) {
  return system.spawn(raida_host, std::move(setup));
}

caf::expected<host_setup> host_setup_of(const byte_loop_actor& loop, const host_options& options) {
  std::set<uint8_t> ids(options.ids.begin(), options.ids.end());
  if (ids.empty() || ids.size() != options.ids.size() || *ids.rbegin() >= raida_count)
    return fail(ec::bad_argument, "give at least one server to run, each of 0 to 24 at most once");
  if (options.at.port != 0 && options.at.port + *ids.rbegin() > 65535)
    return fail(ec::bad_argument, "the last server's port would be above 65535");
  const auto key = load_or_make_operator_key(options.data);
  if (!key)
    return key.error();
  host_setup out;
  out.at = options.at;
  out.addresses = options.addresses;
  for (auto id : options.ids) {
    server_setup x;
    x.options.id = id;
    x.options.admin_key = *key;
    x.options.breaks_per_minute = options.breaks_per_minute;
    x.options.limits_loopback = options.limits_loopback;
    x.limits = options.limits;
    x.loop = loop;
    x.log = options.log;
    char file[32];
    std::snprintf(file, sizeof file, "server-%02u.db", static_cast<unsigned>(id));
    x.open_store = [path = options.data / file]() -> caf::expected<std::unique_ptr<record_store>> {
      auto store = server_store::open(path);
      if (!store)
        return store.error();
      return std::unique_ptr<record_store>{std::move(*store)};
    };
    x.month = [] { return months_of(std::chrono::system_clock::now()); };
    out.servers.push_back(std::move(x));
  }
  return out;
}

caf::expected<running_servers> spawn_servers(caf::actor_system& system, const byte_loop_actor& loop,
                                             const host_options& options) {
  auto setup = host_setup_of(loop, options);
  if (!setup)
    return setup.error();
  running_servers out;
  out.host = spawn_host(system, std::move(*setup));
  caf::scoped_actor self{system};
  caf::error failure;
  self->request(out.host, 2 * start_deadline, start_servers{})
      .receive([&](const servers_ready& x) { out.list = x.list; },
               [&](caf::error& err) { failure = std::move(err); });
  if (failure) {
    caf::anon_send_exit(out.host, caf::exit_reason::user_shutdown);
    return failure;
  }
  return out;
}

caf::error stop_servers(caf::actor_system& system, const running_servers& servers) {
  caf::scoped_actor self{system};
  caf::error failure;
  self->request(servers.host, stop_deadline + std::chrono::seconds(10), atom::stop_v)
      .receive([](atom::done) {}, [&](caf::error& err) { failure = std::move(err); });
  return failure;
}

} // namespace liveconnect::raida
