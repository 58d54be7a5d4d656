#include "wallet/raida/server/server_actor.hpp"

#include <map>
#include <unordered_map>

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::raida {

namespace {

using time_point = std::chrono::steady_clock::time_point;

/// How long the byte loop may take to answer a command.
constexpr auto loop_deadline = std::chrono::seconds(10);
/// Free TCP ports we try until one is free for UDP too.
constexpr int port_tries = 16;
/// How long stop() waits for the loop to close the sockets.
constexpr auto stop_deadline = std::chrono::seconds(10);

/// A connection that brings one request.
struct connection {
  bytes in;
  endpoint peer;
  time_point deadline;
  /// The request is complete; nothing more is read.
  bool taken = false;
};

/// Where an answer goes.
struct destination {
  arrival how = arrival::udp;
  io::socket_id socket;
  endpoint peer;
};

/// An answer that waits for the commit.
struct waiting_answer {
  destination where;
  time_point asked;
  reply_context to;
  uint8_t status = 0;
  secret_bytes payload;
};

/// A Fix that waits for the other servers.
struct fix_run {
  destination where;
  time_point asked;
  reply_context to;
  fix_votes votes;
  /// Questions of this round that are not answered yet.
  size_t open = 0;
};

/// One question to another server.
struct inquiry {
  uint64_t fix = 0;
  ticket_claim claim;
  request_context context;
  time_point asked;
  bytes in;
};

class server_state {
public:
  using pointer = raida_server_actor::stateful_pointer<server_state>;

  explicit server_state(pointer actor) : self(actor) {}

  void setup(server_setup x) { setup_ = std::move(x); }

  caf::typed_response_promise<server_ready> start(const endpoint& at);
  void set_addresses(server_addresses x) { addresses_ = std::move(x.list); }
  caf::typed_response_promise<atom::done> stop();
  void on_events(const io::events& x);
  void on_reminder(const server_reminder& x);

  static inline const char* name = "raida_server";

private:
  time_point now() const { return self->clock().now(); }
  socket_owner_actor owner() const { return raida_server_actor{self}; }
  void close(io::socket_id socket, bool flush) {
    self->send(setup_.loop, io::close{socket, flush});
  }

  void listen_tcp(caf::typed_response_promise<server_ready> promise, endpoint at, int tries);
  void listen_udp(caf::typed_response_promise<server_ready> promise, endpoint wanted, endpoint got,
                  int tries);

  void on_accepted(const io::event& x);
  void on_stream(io::socket_id socket, connection& c, const bytes& data);
  void on_closed(const io::event& x);
  void on_inquiry_connected(io::socket_id socket, inquiry& x);
  void on_inquiry_answer(io::socket_id socket, inquiry& x, const bytes& data);
  void sweep();

  void take(const destination& where, byte_view packet);
  void finish(const destination& where, time_point asked, const reply_context& to, reply answer);
  void commit();
  void deliver(const waiting_answer& x);

  void begin_fix(const destination& where, time_point asked, handled x);
  void ask_round(uint64_t fix);
  void ask_one(uint64_t fix, unsigned round, ticket_claim claim, caf::timespan deadline);
  void hear_siblings(fix_votes& votes);
  void one_inquiry_less(uint64_t fix, unsigned round);
  void end_round(uint64_t fix);
  /// 0: there is no such Fix.
  unsigned round_of(uint64_t fix) const;
  void drop_inquiries(uint64_t fix);
  void complete_fix(uint64_t fix);

  void log(const std::string& text) const;
  void log_broken_law();
  bool is_counted(const endpoint& peer) const {
    return setup_.options.limits_loopback || !is_loopback(peer);
  }

  void end_when_closed();

  pointer self;
  server_setup setup_;
  std::unique_ptr<record_store> store_;
  system_random random_;
  std::unique_ptr<server_core> core_;
  std::vector<endpoint> addresses_;

  io::socket_id tcp_;
  io::socket_id udp_;
  std::map<io::socket_id, connection> connections_;
  /// Open connections of the clients that are counted.
  std::unordered_map<client_key, size_t, client_key_hash> connections_of_;
  bool sweep_armed_ = false;

  std::vector<waiting_answer> batch_;
  bool commit_armed_ = false;
  /// A change of this batch could not be staged: no request of it may be answered as done.
  bool batch_failed_ = false;

  std::map<uint64_t, fix_run> fixes_;
  uint64_t last_fix_ = 0;
  bool said_that_the_law_is_broken_ = false;
  std::map<io::socket_id, inquiry> inquiries_;

  bool stopping_ = false;
  caf::typed_response_promise<atom::done> stopped_;
};

// --- start and stop ---

caf::typed_response_promise<server_ready> server_state::start(const endpoint& at) {
  auto promise = self->make_response_promise<server_ready>();
  auto store = setup_.open_store();
  if (!store) {
    promise.deliver(store.error());
    return promise;
  }
  store_ = std::move(*store);
  core_ = std::make_unique<server_core>(setup_.options, *store_, random_, setup_.tickets);
  if (auto err = core_->reset()) {
    promise.deliver(err);
    return promise;
  }
  if (const auto& x = core_->supply(); x.begun && x.live > 0)
    log("its records kept no account; the " + to_string(amount::from_units(x.live)) +
        " coins in use count as created");
  log_broken_law();
  listen_tcp(promise, at, port_tries);
  return promise;
}

void server_state::listen_tcp(caf::typed_response_promise<server_ready> promise, endpoint at,
                              int tries) {
  self->request(setup_.loop, loop_deadline, io::listen{at, io::transport::tcp}, owner())
      .then(
          [=](const io::listening& x) {
            tcp_ = x.socket;
            listen_udp(promise, at, x.at, tries);
          },
          [promise](caf::error& err) mutable { promise.deliver(std::move(err)); });
}

void server_state::listen_udp(caf::typed_response_promise<server_ready> promise, endpoint wanted,
                              endpoint got, int tries) {
  self->request(setup_.loop, loop_deadline, io::listen{got, io::transport::udp}, owner())
      .then(
          [=](const io::listening& x) mutable {
            udp_ = x.socket;
            promise.deliver(server_ready{setup_.options.id, got});
          },
          [=](caf::error& err) mutable {
            if (wanted.port != 0 || tries <= 1) {
              promise.deliver(std::move(err));
              return;
            }
            // Free for TCP, taken for UDP: give it back and take another.
            const auto unused = tcp_;
            tcp_ = {};
            close(unused, false);
            listen_tcp(promise, wanted, tries - 1);
          });
}

caf::typed_response_promise<atom::done> server_state::stop() {
  auto promise = self->make_response_promise<atom::done>();
  if (stopping_) {
    promise.deliver(fail(ec::stopped, "the server is stopping already"));
    return promise;
  }
  stopping_ = true;
  stopped_ = promise;
  commit();
  // A Fix that waits for other servers gets no answer: its connection would wait for one.
  for (auto& [id, x] : fixes_)
    if (x.where.how == arrival::tcp)
      close(x.where.socket, false);
  fixes_.clear();
  for (auto& [socket, x] : inquiries_)
    close(socket, false);
  for (auto& [socket, x] : connections_)
    if (!x.taken)
      close(socket, false);
  for (auto socket : {tcp_, udp_})
    if (socket != io::socket_id{})
      close(socket, true);
  self->delayed_send(self, stop_deadline, server_reminder{server_reminder::kind::stop});
  end_when_closed();
  return promise;
}

void server_state::end_when_closed() {
  if (!stopping_ || tcp_ != io::socket_id{} || udp_ != io::socket_id{} || !connections_.empty() ||
      !inquiries_.empty())
    return;
  // The records are free for the next owner before stop() is answered.
  core_.reset();
  store_.reset();
  stopped_.deliver(atom::done_v);
  self->quit();
}

// --- sockets ---

void server_state::on_events(const io::events& list) {
  if (!core_)
    return;
  for (const auto& x : list.list) {
    switch (x.kind) {
    case io::event_kind::accepted:
      on_accepted(x);
      break;
    case io::event_kind::connected:
      if (auto i = inquiries_.find(x.socket); i != inquiries_.end())
        on_inquiry_connected(i->first, i->second);
      break;
    case io::event_kind::received:
      if (x.socket == udp_) {
        if (!stopping_)
          take({arrival::udp, x.socket, x.peer}, x.data);
      } else if (auto i = connections_.find(x.socket); i != connections_.end()) {
        on_stream(i->first, i->second, x.data);
      } else if (auto j = inquiries_.find(x.socket); j != inquiries_.end()) {
        on_inquiry_answer(j->first, j->second, x.data);
      }
      break;
    case io::event_kind::closed:
      on_closed(x);
      break;
    }
  }
}

void server_state::on_accepted(const io::event& x) {
  if (stopping_ || x.listener != tcp_ || connections_.size() >= setup_.limits.connections_max) {
    close(x.socket, false);
    return;
  }
  if (is_counted(x.peer)) {
    const auto who = key_of(x.peer);
    auto& open = connections_of_[who];
    if (open >= setup_.limits.connections_of_client_max) {
      close(x.socket, false);
      return;
    }
    ++open;
  }
  auto& c = connections_[x.socket];
  c.peer = x.peer;
  c.deadline = now() + setup_.limits.read_deadline;
  if (!sweep_armed_) {
    sweep_armed_ = true;
    self->delayed_send(self, setup_.limits.read_deadline,
                       server_reminder{server_reminder::kind::sweep});
  }
}

void server_state::on_stream(io::socket_id socket, connection& c, const bytes& data) {
  // One request a connection; what follows it is ignored (docs/formats/raida.md 2).
  if (c.taken || stopping_)
    return;
  c.in.insert(c.in.end(), data.begin(), data.end());
  const auto needed = request_bytes_needed(c.in);
  if (c.in.size() >= header_size && needed > c.in.size())
    c.in.reserve(needed);
  if (c.in.size() < header_size || c.in.size() < needed)
    return;
  c.taken = true;
  bytes packet(c.in.begin(), c.in.begin() + static_cast<std::ptrdiff_t>(needed));
  // It may hold ANs: nothing of it stays until the connection has gone.
  sodium_memzero(c.in.data(), c.in.size());
  bytes{}.swap(c.in);
  take({arrival::tcp, socket, c.peer}, packet);
  sodium_memzero(packet.data(), packet.size());
}

void server_state::on_closed(const io::event& x) {
  if (x.socket == tcp_ || x.socket == udp_) {
    (x.socket == tcp_ ? tcp_ : udp_) = {};
    if (!stopping_) {
      self->quit(fail(ec::network_failed, "a RAIDA server lost its socket"));
      return;
    }
  }
  if (auto i = connections_.find(x.socket); i != connections_.end()) {
    if (const auto own = connections_of_.find(key_of(i->second.peer));
        is_counted(i->second.peer) && own != connections_of_.end() && --own->second == 0)
      connections_of_.erase(own);
    connections_.erase(i);
  }
  if (auto i = inquiries_.find(x.socket); i != inquiries_.end()) {
    const auto fix = i->second.fix;
    inquiries_.erase(i);
    one_inquiry_less(fix, round_of(fix));
  }
  end_when_closed();
}

void server_state::sweep() {
  sweep_armed_ = false;
  auto next = time_point::max();
  for (auto& [socket, x] : connections_) {
    if (x.taken)
      continue; // the loop closes it, its linger bounds that
    if (x.deadline <= now()) {
      x.taken = true;
      close(socket, false);
    } else {
      next = std::min(next, x.deadline);
    }
  }
  if (next != time_point::max()) {
    sweep_armed_ = true;
    self->delayed_send(self, next - now(), server_reminder{server_reminder::kind::sweep});
  }
}

// --- requests and the commit they share ---

void server_state::take(const destination& where, byte_view packet) {
  const auto asked = now();
  auto x = core_->handle(where.how, packet, {asked, setup_.month()}, where.peer);
  if (!x) {
    if (where.how == arrival::tcp)
      close(where.socket, false);
    return;
  }
  if (x->fix)
    begin_fix(where, asked, std::move(*x));
  else
    finish(where, asked, x->to, std::move(x->answer));
}

void server_state::finish(const destination& where, time_point asked, const reply_context& to,
                          reply answer) {
  log_broken_law();
  if (!batch_failed_ && store_->stage(answer.changes))
    batch_failed_ = true;
  batch_.push_back({where, asked, to, answer.status, std::move(answer.payload)});
  if (batch_.size() >= setup_.limits.batch_max) {
    commit();
  } else if (!commit_armed_) {
    // Behind everything that waits in the mailbox now: those requests come along.
    commit_armed_ = true;
    self->send(self, server_reminder{server_reminder::kind::commit});
  }
}

void server_state::commit() {
  if (batch_.empty() || !store_)
    return;
  const auto failed = batch_failed_ || store_->commit();
  batch_failed_ = false;
  auto batch = std::move(batch_);
  batch_.clear();
  if (failed) {
    // Nothing of the batch has happened, so nothing that was read in it may be answered either.
    store_->rollback();
    for (auto& x : batch) {
      x.status = status::internal_error;
      x.payload.clear();
    }
  }
  for (const auto& x : batch)
    deliver(x);
  if (failed)
    if (auto err = core_->reset())
      self->quit(std::move(err));
}

void server_state::deliver(const waiting_answer& x) {
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now() - x.asked).count();
  auto packet = encode_response(x.to, x.status, view(x.payload),
                                static_cast<uint32_t>(std::max<long>(took, 0)));
  if (x.where.how == arrival::udp) {
    self->send(setup_.loop, io::send_to{udp_, x.where.peer, std::move(packet)});
    return;
  }
  self->send(setup_.loop, io::send{x.where.socket, std::move(packet)});
  close(x.where.socket, true);
}

// --- Fix: asking the other servers ---

void server_state::begin_fix(const destination& where, time_point asked, handled x) {
  if (fixes_.size() >= setup_.limits.fixes_max) {
    reply busy;
    busy.status = status::internal_error;
    finish(where, asked, x.to, std::move(busy));
    return;
  }
  const auto id = ++last_fix_;
  fixes_.emplace(
      id, fix_run{where, asked, x.to, fix_votes{std::move(*x.fix), setup_.options.servers}, 0});
  end_round(id);
}

void server_state::hear_siblings(fix_votes& votes) {
  for (auto claim : votes.fix().claims) {
    if (claim.server >= setup_.siblings.size() || !setup_.siblings[claim.server])
      continue;
    auto listed = setup_.siblings[claim.server]->listing(claim.ticket, now());
    // Also when it is void by now: it must not count for what it was.
    votes.hear({claim.server, std::move(listed).value_or(std::vector<note_id>{}), now()});
  }
}

/// Decides the Fix when nothing can be gained by waiting, else asks the next round.
void server_state::end_round(uint64_t id) {
  const auto i = fixes_.find(id);
  if (i == fixes_.end())
    return;
  drop_inquiries(id);
  hear_siblings(i->second.votes);
  if (i->second.votes.is_decided(now()))
    complete_fix(id);
  else
    ask_round(id);
}

void server_state::ask_round(uint64_t id) {
  auto& run = fixes_.at(id);
  std::vector<ticket_claim> ask;
  for (auto claim : run.votes.next_round(now())) {
    const bool is_sibling =
        claim.server < setup_.siblings.size() && setup_.siblings[claim.server] != nullptr;
    if (!is_sibling && claim.server < addresses_.size() && addresses_[claim.server].port != 0)
      ask.push_back(claim);
  }
  if (ask.empty()) {
    complete_fix(id);
    return;
  }
  run.open = ask.size();
  const auto round = run.votes.rounds();
  // An answer that took longer than this would be too old when it is here.
  const auto deadline = round == 1
                            ? setup_.limits.fix_deadline
                            : std::min<caf::timespan>(setup_.limits.fix_deadline, listing_lifetime);
  self->delayed_send(self, deadline, server_reminder{server_reminder::kind::fix, id, round});
  for (auto claim : ask)
    ask_one(id, round, claim, deadline);
}

void server_state::ask_one(uint64_t id, unsigned round, ticket_claim claim,
                           caf::timespan deadline) {
  self->request(setup_.loop, loop_deadline,
                io::connect{addresses_[claim.server], io::transport::tcp, deadline}, owner())
      .then(
          [this, id, round, claim](io::socket_id socket) {
            if (round_of(id) != round) {
              close(socket, false);
              return;
            }
            inquiries_[socket] = {id, claim, {}, {}, {}};
          },
          [this, id, round](caf::error&) { one_inquiry_less(id, round); });
}

unsigned server_state::round_of(uint64_t id) const {
  const auto i = fixes_.find(id);
  return i == fixes_.end() ? 0 : i->second.votes.rounds();
}

void server_state::on_inquiry_connected(io::socket_id socket, inquiry& x) {
  const auto payload = validate_ticket_payload(setup_.options.id, x.claim.ticket);
  const auto ask = encode_request(x.claim.server, command::validate_ticket, view(payload),
                                  random_request_seed());
  LC_ASSERT_OR(bool(ask), return ); // the payload has five bytes
  x.context = ask->context;
  x.asked = now();
  self->send(setup_.loop, io::send{socket, bytes(ask->packet.begin(), ask->packet.end())});
}

void server_state::on_inquiry_answer(io::socket_id socket, inquiry& x, const bytes& data) {
  x.in.insert(x.in.end(), data.begin(), data.end());
  const auto needed = response_bytes_needed(x.in);
  if (needed <= response_max && (x.in.size() < header_size || x.in.size() < needed))
    return;
  const auto id = x.fix;
  const auto i = fixes_.find(id);
  if (i != fixes_.end() && needed <= response_max)
    if (auto listing = read_ticket_listing(x.claim.server, decode_response(x.context, x.in))) {
      listing->asked = x.asked;
      i->second.votes.hear(std::move(*listing));
    }
  inquiries_.erase(socket);
  close(socket, true);
  if (i == fixes_.end())
    return;
  // A server that hangs must not hold up what the others have decided.
  hear_siblings(i->second.votes);
  if (i->second.votes.is_decided(now()))
    complete_fix(id);
  else
    one_inquiry_less(id, i->second.votes.rounds());
}

void server_state::one_inquiry_less(uint64_t id, unsigned round) {
  const auto i = fixes_.find(id);
  if (i == fixes_.end() || i->second.votes.rounds() != round)
    return;
  LC_ASSERT_OR(i->second.open > 0, return );
  if (--i->second.open == 0)
    end_round(id);
}

void server_state::drop_inquiries(uint64_t id) {
  for (auto i = inquiries_.begin(); i != inquiries_.end();) {
    if (i->second.fix == id) {
      close(i->first, false);
      i = inquiries_.erase(i);
    } else {
      ++i;
    }
  }
}

void server_state::complete_fix(uint64_t id) {
  const auto i = fixes_.find(id);
  if (i == fixes_.end())
    return;
  auto run = std::move(i->second);
  fixes_.erase(i);
  drop_inquiries(id);
  hear_siblings(run.votes);
  finish(run.where, run.asked, run.to,
         core_->complete_fix(run.votes.fix(), run.votes.fresh(now()), {now(), setup_.month()}));
}

// --- what the operator is told ---

void server_state::log(const std::string& text) const {
  if (setup_.log)
    setup_.log("server " + std::to_string(setup_.options.id) + ": " + text);
}

void server_state::log_broken_law() {
  const auto& x = core_->supply();
  if (x.holds || said_that_the_law_is_broken_)
    return;
  said_that_the_law_is_broken_ = true;
  log("its notes in use are worth " + to_string(amount::from_units(x.live)) + " coins, but " +
      to_string(amount::from_units(x.account.created)) + " were created and " +
      to_string(amount::from_units(x.account.freed)) +
      " freed; it changes no note until its records are put right");
}

void server_state::on_reminder(const server_reminder& x) {
  switch (x.what) {
  case server_reminder::kind::commit:
    commit_armed_ = false;
    commit();
    break;
  case server_reminder::kind::sweep:
    sweep();
    break;
  case server_reminder::kind::fix:
    if (round_of(x.fix) == x.round)
      end_round(x.fix);
    break;
  case server_reminder::kind::stop:
    // The loop has not closed everything in time; it does so when this actor has ended.
    core_.reset();
    store_.reset();
    stopped_.deliver(atom::done_v);
    self->quit();
    break;
  }
}

raida_server_actor::behavior_type raida_server(server_state::pointer self, server_setup setup) {
  self->state.setup(std::move(setup));
  return {
      [self](const io::events& x) { self->state.on_events(x); },
      [self](const listen_at& x) { return self->state.start(x.at); },
      [self](const server_addresses& x) { self->state.set_addresses(x); },
      [self](atom::stop) { return self->state.stop(); },
      [self](const server_reminder& x) { self->state.on_reminder(x); },
  };
}

} // namespace

raida_server_actor spawn_server(caf::actor_system& system, server_setup setup, bool detached) {
  return detached ? system.spawn<caf::detached>(raida_server, std::move(setup))
                  : system.spawn(raida_server, std::move(setup));
}

} // namespace liveconnect::raida
