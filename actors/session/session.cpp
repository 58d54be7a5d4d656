#include "actors/session/session.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>

#include <caf/all.hpp>

#include "actors/session/receiver_machine.hpp"
#include "actors/session/relay_link.hpp"
#include "actors/session/sender_machine.hpp"
#include "actors/session/session_core.hpp"
#include "actors/session/transcript.hpp"
#include "messages/base/assert.hpp"
#include "messages/base/printable.hpp"

namespace liveconnect::session {

namespace {

/// The whole interface: what the program tells a session, what its link tells it, and its own
/// timers.
using session_impl_actor = session_actor::extend_with<link_owner_actor>::extend<
    // INTERNAL: begin; sent by the spawning function.
    caf::reacts_to<atom::tick>,
    // INTERNAL: a timer of the machine (or `line_timer`) rings.
    caf::reacts_to<atom::tick, uint8_t>>;

/// The one timer that is not a machine's: how long the link may take to close.
constexpr uint8_t line_timer = 255;
/// A little more than the byte loop gives a close that flushes.
constexpr auto line_closes_within = std::chrono::seconds(7);
/// The same once a person or the system wants the program to end.
constexpr auto line_closes_within_when_stopped = std::chrono::milliseconds(200);

constexpr size_t shown_characters_max = 200;

/// Events that the observer has not taken, and questions that the wallet has not answered, before
/// the line is told to wait (docs/design/safety.md I15): a peer or relay decides how many it
/// causes.
constexpr uint32_t unheard_events_max = 64;
constexpr uint32_t open_questions_max = 64;

/// Frames of ours that one line's frames may make us say at once. A transfer needs some twenty; a
/// peer that makes us say more, and may not read them, shall not fill our memory.
constexpr uint32_t answers_max = 4096;

std::string shown(std::string_view text) {
  return escape_for_display(text, shown_characters_max);
}

ec code_of_answer(const caf::error& why) {
  return why == caf::sec::request_timeout ? ec::timed_out : code_of(why);
}

core_terms core_terms_of(const session_config& config, role side) {
  core_terms out;
  out.side = side;
  out.invitation = config.invite.id;
  out.key = config.invite.key;
  out.channel = config.invite.terms();
  out.auth_failures_max = config.auth_failures_max;
  out.sending_begun = config.sending_begun;
  return out;
}

link_config link_config_of(const session_config& config) {
  link_config out;
  static_cast<line_times&>(out) = config;
  out.relays = config.relays;
  out.room = config.invite.room;
  out.tag = room_tag(config.invite.key);
  out.how = config.how;
  return out;
}

/// What a session is spawned with. The actor's first turn may come after the spawning function has
/// returned, so it owns all of it.
struct session_arguments {
  session_config config;
  role side = role::sender;
  /// The protocol: sender_machine or receiver_machine.
  std::function<actions(any_input)> advance;
  std::function<bool()> needs_peer;
  /// One of the two is set, by `side`.
  sender_wallet_actor sender_wallet;
  receiver_wallet_actor receiver_wallet;
  byte_loop_actor loop;
  session_observer_actor observer;
};

/// State of a SESSION. Touched by its own actor only. What it believes is the core's, what follows
/// from it the machine's; here are time, the line, the wallet and the observer.
struct session_state {
  using pointer = session_impl_actor::stateful_pointer<session_state>;

  // --- the beginning and the end ---

  session_impl_actor::behavior_type begin(pointer me, session_arguments& from);
  void start();
  void refuse_to_start(ec code, std::string detail);
  void on_down(const caf::down_msg& what);
  void close_line();
  void say_last_word();
  /// Ends with what is known, and gives the line only moments to close.
  void on_stop();

  // --- the machine ---

  /// Gives the machine an input, carries its actions out, then takes what came meanwhile.
  void handle(any_input what);
  void perform(core_effects what);
  void perform(effect::answer_heartbeat&);
  void perform(effect::connected& x);
  void perform(effect::peer_lives&);
  void perform(effect::feed& x);
  void perform(effect::warn& x);
  void perform(effect::renew_line&);
  void carry_out(action::open_line&);
  void carry_out(action::send& x);
  void carry_out(action::send_offer& x);
  void carry_out(action::send_coins& x);
  void carry_out(action::send_receipt& x);
  void carry_out(action::ask_wallet& x);
  void carry_out(action::arm& x);
  void carry_out(action::disarm& x);
  void carry_out(action::tell& x);
  void carry_out(action::close_line&);
  void carry_out(action::end& x);

  // --- the line ---

  void transmit(frame what);
  void transmit(caf::expected<frame> what);
  void send_heartbeat();
  void on_entered(const link_entered& x);
  void on_peer(const link_peer& x);
  void on_frame(const frame& x);
  /// Does what the line's message asks for, and keeps its credit while others must catch up.
  template<class F>
  void take_from_line(const std::shared_ptr<const void>& credit, F what);
  /// Lets the line go on, unless the observer or the wallet must catch up first.
  void release_credit();

  // --- the wallet ---

  void ask_for(ticket which, ask::step& x);
  void ask_for(ticket which, ask::reserve& x);
  void ask_for(ticket which, ask::get_manifest&);
  void ask_for(ticket which, ask::begin_sending&);
  void ask_for(ticket which, ask::file_receipt& x);
  void ask_for(ticket which, ask::weigh& x);
  void ask_for(ticket which, ask::store& x);
  void ask_for(ticket which, ask::make_receipt&);
  void ask_for(ticket which, ask::confirm&);
  /// Asks, and turns the answer into an input by `read`; a failure into work_failed.
  template<class Answer, class Wallet, class Read, class... Message>
  void request(ticket which, const Wallet& wallet, Read read, Message&&... what);

  // --- what people are told, and time ---

  void tell(event what);
  /// The empty answer to an event tells that it was taken.
  template<class T>
  void to_observer(T what);
  void on_timer(uint8_t which);
  caf::timespan length_of(timer which) const;
  caf::timespan limit_of(awaited whom) const;
  /// How long a peer that shows life may take for its next message.
  caf::timespan work_limit() const;

  pointer self = nullptr;
  session_config config;
  role side = role::sender;
  std::function<actions(any_input)> advance;
  std::function<bool()> needs_peer;
  std::optional<session_core> core;
  sender_wallet_actor sender_wallet;
  receiver_wallet_actor receiver_wallet;
  byte_loop_actor loop;
  session_observer_actor observer;
  link_actor line;
  bool line_is_down = false;
  transcript log;

  /// What came while actions were being carried out: it has its turn after them.
  std::deque<any_input> pending;
  bool working = false;

  /// See unheard_events_max and open_questions_max; and the credit of what the line brought, which
  /// is held so that it waits (io::events::credit).
  uint32_t unheard_events = 0;
  uint32_t open_questions = 0;
  std::vector<std::shared_ptr<const void>> held_credit;
  /// See answers_max.
  bool answering = false;
  uint32_t answers = 0;

  std::string own_address;
  std::string peer_address;

  /// When each armed timer is due. The peer's heartbeats put `answer` off, and no later than what.
  std::map<uint8_t, caf::actor_clock::time_point> due;
  caf::actor_clock::time_point answer_limit;
  /// Timers with a message under way: one each, however often they are armed.
  std::set<uint8_t> ringing;
  std::optional<awaited> told_waiting;
  caf::actor_clock::time_point began;
  caf::actor_clock::time_point connected_at;
  std::optional<finished> last_word;

  static inline const char* name = "session";
};

// --- what people are told ---

void session_state::release_credit() {
  if (unheard_events < unheard_events_max && open_questions < open_questions_max)
    held_credit.clear();
}

template<class T>
void session_state::to_observer(T what) {
  ++unheard_events;
  const auto heard = [this] {
    LC_ASSERT_OR(unheard_events > 0, return );
    --unheard_events;
    release_credit();
  };
  self->request(observer, caf::infinite, std::move(what)).then(heard, [heard](const caf::error&) {
    heard();
  });
}

caf::timespan session_state::work_limit() const {
  return std::max(config.answer_timeout, config.wallet_timeout);
}

caf::timespan session_state::limit_of(awaited whom) const {
  const bool first = core->handshakes() == 0;
  switch (whom) {
  case awaited::relay:
    return first ? config.first_contact : config.relay_patience;
  case awaited::peer:
    return first ? config.wait_for_peer : config.wait_for_return;
  case awaited::peer_work:
    return work_limit();
  case awaited::servers:
    return config.wallet_timeout;
  case awaited::person:
    return caf::timespan{0};
  }
  return caf::timespan{0};
}

void session_state::tell(event what) {
  if (auto* x = std::get_if<waiting>(&what)) {
    if (told_waiting == x->whom)
      return;
    told_waiting = x->whom;
    x->since = std::chrono::system_clock::now();
    x->limit = limit_of(x->whom);
  }
  if (auto* x = std::get_if<step>(&what))
    x->address = x->by == side ? own_address : peer_address;
  if (auto* x = std::get_if<warning>(&what))
    x->text = shown(x->text);
  std::visit([this](auto& x) { to_observer(std::move(x)); }, what);
}

void session_state::say_last_word() {
  if (!last_word)
    return;
  self->send(observer, *std::exchange(last_word, std::nullopt));
  self->quit();
}

// --- the line ---

void session_state::transmit(frame what) {
  if (answering)
    ++answers;
  log.add(transcript_line(std::chrono::system_clock::now(), direction::sent, own_address, what));
  self->send(line, link_send{std::move(what)});
}

void session_state::transmit(caf::expected<frame> what) {
  // Without a peer, or with a channel that died between the order and its turn, there is nothing
  // to send: the machine hears of it by itself.
  if (what)
    transmit(std::move(*what));
}

void session_state::send_heartbeat() {
  transmit(core->next_heartbeat());
}

void session_state::on_entered(const link_entered& x) {
  perform(core->drop_peer());
  own_address = x.own_address;
  answers = 0;
  tell(joined{x.own_address, x.people});
  handle(input::entered{x.people});
}

void session_state::on_peer(const link_peer& x) {
  if (!x.present) {
    // A peer that goes when all is known has done its part: nobody waits for it.
    if (needs_peer())
      tell(peer_lost{x.word});
    return perform(core->end_peer(x.word));
  }
  perform(core->drop_peer());
  core->begin_peer();
  if (!x.word.empty())
    peer_address = x.word;
  tell(peer_seen{x.word});
  handle(input::peer_came{});
  send_heartbeat();
}

void session_state::on_frame(const frame& x) {
  log.add(transcript_line(std::chrono::system_clock::now(), direction::got, x.from, x));
  if (core->has_peer())
    peer_address = x.from;
  perform(core->take(x));
}

template<class F>
void session_state::take_from_line(const std::shared_ptr<const void>& credit, F what) {
  answering = true;
  what();
  answering = false;
  if (answers > answers_max) {
    answers = 0;
    perform(core->drop_peer());
    handle(input::line_failed{ec::protocol_violation, "the other side made us answer without end"});
  }
  // One of a chunk stands for all of it.
  if (credit && (held_credit.empty() || held_credit.back() != credit))
    held_credit.push_back(credit);
  release_credit();
}

// --- what the core concludes ---

void session_state::perform(core_effects what) {
  for (auto& x : what)
    std::visit([this](auto& y) { perform(y); }, x);
}

void session_state::perform(effect::answer_heartbeat&) {
  send_heartbeat();
}

void session_state::perform(effect::connected& x) {
  told_waiting.reset();
  connected_at = self->clock().now();
  tell(connected{own_address, peer_address, x.phrase, x.handshakes});
  handle(input::secured{});
}

void session_state::perform(effect::peer_lives&) {
  const auto found = due.find(static_cast<uint8_t>(timer::answer));
  if (found != due.end())
    found->second = std::min(self->clock().now() + config.answer_timeout, answer_limit);
}

void session_state::perform(effect::feed& x) {
  handle(std::move(x.what));
}

void session_state::perform(effect::warn& x) {
  tell(warning{std::move(x.text)});
}

void session_state::perform(effect::renew_line&) {
  transmit(make_frame(message_number::closing));
  self->send(line, link_renew{"not authentic"});
}

// --- the wallet ---

template<class Answer, class Wallet, class Read, class... Message>
void session_state::request(ticket which, const Wallet& wallet, Read read, Message&&... what) {
  ++open_questions;
  const auto answered = [this] {
    LC_ASSERT_OR(open_questions > 0, return );
    --open_questions;
    release_credit();
  };
  self->request(wallet, config.wallet_timeout, std::forward<Message>(what)...)
      .then(
          [this, read, answered](Answer& x) {
            handle(read(x));
            answered();
          },
          [this, which, answered](const caf::error& why) {
            handle(input::work_failed{which, code_of_answer(why), detail_of(why)});
            answered();
          });
}

auto work_done_of(ticket which) {
  return [which](wallet::step_report& x) { return any_input{input::work_done{which, x}}; };
}

void session_state::ask_for(ticket which, ask::step& x) {
  if (const auto* s = std::get_if<wallet::sender_step>(&x.what))
    return request<wallet::step_report>(which, sender_wallet, work_done_of(which), *s);
  request<wallet::step_report>(which, receiver_wallet, work_done_of(which),
                               std::get<wallet::receiver_step>(x.what));
}

void session_state::ask_for(ticket which, ask::reserve& x) {
  request<wallet::step_report>(which, sender_wallet, work_done_of(which), atom::reserve_v, x.sum);
}

void session_state::ask_for(ticket which, ask::get_manifest&) {
  request<manifest>(
      which, sender_wallet,
      [which](manifest& x) {
        return any_input{input::manifest_ready{which, x}};
      },
      atom::manifest_v);
}

void session_state::ask_for(ticket which, ask::begin_sending&) {
  request<wallet::coin_payload>(
      which, sender_wallet,
      [which](wallet::coin_payload& x) {
        return any_input{input::coins_ready{which, std::move(x)}};
      },
      atom::begin_sending_v, core->receipt_terms());
}

void session_state::ask_for(ticket which, ask::file_receipt& x) {
  const auto summary = core->check_receipt(x.text);
  if (!summary)
    return handle(input::work_failed{which, code_of(summary.error()), detail_of(summary.error())});
  request<atom::done>(
      which, sender_wallet,
      [which, text = x.text, summary = *summary](atom::done) {
        return any_input{input::receipt_ready{which, text, summary}};
      },
      atom::receipt_v, wallet::receipt_text{x.text});
}

void session_state::ask_for(ticket which, ask::weigh& x) {
  request<wallet::offer_answer>(
      which, receiver_wallet,
      [which](wallet::offer_answer& answer) {
        return any_input{input::offer_weighed{which, answer.state}};
      },
      atom::manifest_v, x.offer);
}

void session_state::ask_for(ticket which, ask::store& x) {
  request<wallet::step_report>(which, receiver_wallet, work_done_of(which), std::move(x.coins));
}

void session_state::ask_for(ticket which, ask::make_receipt&) {
  request<wallet::receipt_text>(
      which, receiver_wallet,
      [this, which](wallet::receipt_text& made) -> any_input {
        const auto summary = core->read_own_receipt(made.json);
        if (!summary)
          return input::work_failed{which, code_of(summary.error()), detail_of(summary.error())};
        return input::receipt_ready{which, made.json, *summary};
      },
      atom::receipt_v, core->receipt_terms());
}

void session_state::ask_for(ticket which, ask::confirm&) {
  request<atom::done>(
      which, receiver_wallet,
      [which](atom::done) {
        return any_input{input::work_done{which, {}}};
      },
      atom::confirmed_v);
}

// --- actions ---

void session_state::carry_out(action::open_line&) {
  self->send(line, link_open{});
}

void session_state::carry_out(action::send& x) {
  transmit(core->command(x.number, std::move(x.details)));
}

void session_state::carry_out(action::send_offer& x) {
  transmit(core->offer(x.offer));
}

void session_state::carry_out(action::send_coins& x) {
  const auto count = static_cast<uint32_t>(x.coins.files.size());
  uint32_t index = 1;
  for (auto& file : x.coins.files) {
    if (!core->has_peer())
      return;
    auto sealed = core->coin(index, count, view(file));
    if (!sealed)
      return handle(input::line_failed{ec::internal, "a coin file could not be sealed: " +
                                                         detail_of(sealed.error())});
    transmit(std::move(*sealed));
    tell(progress{index, count, core->offered() ? core->offered()->notes : 0});
    // Not needed any more: the wallet has it.
    file = {};
    ++index;
  }
  handle(input::coins_gone{});
}

void session_state::carry_out(action::send_receipt& x) {
  for (auto& part : core->receipt_frames(x.text))
    transmit(std::move(part));
}

void session_state::carry_out(action::ask_wallet& x) {
  std::visit([this, &x](auto& question) { ask_for(x.which, question); }, x.what);
}

void session_state::carry_out(action::arm& x) {
  const auto which = static_cast<uint8_t>(x.which);
  const auto now = self->clock().now();
  const auto length = length_of(x.which);
  due[which] = now + length;
  if (x.which == timer::answer)
    answer_limit = now + work_limit();
  // One that is under way rings no later, and goes on for the rest then.
  if (ringing.insert(which).second)
    self->delayed_send(self, length, atom::tick_v, which);
}

void session_state::carry_out(action::disarm& x) {
  due.erase(static_cast<uint8_t>(x.which));
}

void session_state::carry_out(action::tell& x) {
  tell(std::move(x.what));
}

void session_state::carry_out(action::close_line&) {
  close_line();
}

void session_state::carry_out(action::end& x) {
  const auto now = self->clock().now();
  const auto milliseconds_since = [now](caf::actor_clock::time_point then) {
    using namespace std::chrono;
    return static_cast<uint64_t>(
        std::max<int64_t>(duration_cast<milliseconds>(now - then).count(), 0));
  };
  finished out;
  out.side = side;
  if (config.id)
    out.id = *config.id;
  else if (core->offered())
    out.id = core->offered()->id;
  out.ok = x.ok;
  out.code = x.code;
  out.detail = shown(x.detail);
  out.still_open = x.still_open;
  if (core->session_hash()) {
    out.session = to_hex(*core->session_hash());
    out.transfer_milliseconds = milliseconds_since(connected_at);
  }
  out.sum = x.sum;
  out.notes = x.notes;
  out.returned = x.returned;
  out.receipt = x.receipt;
  out.milliseconds = milliseconds_since(began);
  last_word = std::move(out);
  close_line();
  // The last word waits until what was queued has left: the program may end on it.
  if (line_is_down)
    return say_last_word();
  self->delayed_send(self, line_closes_within, atom::tick_v, line_timer);
}

void session_state::close_line() {
  core->close();
  self->send(line, link_close{});
}

void session_state::handle(any_input what) {
  pending.push_back(std::move(what));
  if (std::exchange(working, true))
    return;
  while (!pending.empty()) {
    auto next = std::move(pending.front());
    pending.pop_front();
    for (auto& x : advance(std::move(next)))
      std::visit([this](auto& y) { carry_out(y); }, x);
  }
  working = false;
}

// --- time ---

caf::timespan session_state::length_of(timer which) const {
  switch (which) {
  case timer::meet:
    return config.wait_for_peer;
  case timer::reunite:
    return config.wait_for_return;
  case timer::answer:
    return config.answer_timeout;
  case timer::linger:
    return config.linger;
  }
  return config.answer_timeout;
}

void session_state::on_stop() {
  handle(input::user_stopped{});
  // Also after a cancel whose last bytes the relay does not take.
  if (last_word)
    self->delayed_send(self, line_closes_within_when_stopped, atom::tick_v, line_timer);
}

void session_state::on_timer(uint8_t which) {
  if (which == line_timer)
    return say_last_word();
  ringing.erase(which);
  const auto found = due.find(which);
  if (found == due.end())
    return;
  if (const auto now = self->clock().now(); now < found->second) {
    ringing.insert(which);
    self->delayed_send(self, found->second - now, atom::tick_v, which);
    return;
  }
  due.erase(found);
  handle(input::timed_out{static_cast<timer>(which)});
}

// --- the beginning ---

void session_state::refuse_to_start(ec code, std::string detail) {
  action::end end;
  end.code = code;
  end.detail = std::move(detail);
  carry_out(end);
}

void session_state::start() {
  if (config.invite.how != security::lc1)
    return refuse_to_start(ec::bad_argument, "plain sessions are not spoken");
  if (side == role::sender && (!config.sum || config.sum->is_zero()))
    return refuse_to_start(ec::bad_argument, "a sender needs an amount");
  if (!config.transcript.empty()) {
    auto opened = transcript::open(config.transcript);
    if (!opened)
      return refuse_to_start(ec::disk_failed, detail_of(opened.error()));
    log = std::move(*opened);
  }
  if (side == role::sender)
    return handle(input::started{});
  // Our receipt's key goes into the handshake, so it must be known before.
  self->request(receiver_wallet, config.wallet_timeout, atom::receipt_key_v)
      .then(
          [this](const wallet::receipt_key& x) {
            core->set_receipt_key(x.public_key);
            handle(input::started{});
          },
          [this](const caf::error& why) { refuse_to_start(code_of_answer(why), detail_of(why)); });
}

void session_state::on_down(const caf::down_msg& what) {
  if (what.source != line.address())
    return handle(input::user_stopped{});
  line_is_down = true;
  if (last_word)
    say_last_word();
}

session_impl_actor::behavior_type session_state::begin(pointer me, session_arguments& from) {
  self = me;
  config = std::move(from.config);
  side = from.side;
  advance = std::move(from.advance);
  needs_peer = std::move(from.needs_peer);
  core.emplace(core_terms_of(config, side));
  sender_wallet = std::move(from.sender_wallet);
  receiver_wallet = std::move(from.receiver_wallet);
  loop = std::move(from.loop);
  observer = std::move(from.observer);
  began = self->clock().now();
  line = self->spawn(relay_link, link_config_of(config), loop,
                     caf::actor_cast<link_owner_actor>(self));
  self->monitor(line);
  self->monitor(observer);
  if (sender_wallet)
    self->monitor(sender_wallet);
  if (receiver_wallet)
    self->monitor(receiver_wallet);
  self->set_down_handler([this](caf::down_msg& what) { on_down(what); });
  return {
      [this](atom::approve, const amount& sum, bool yes) {
        handle(input::approved{sum, yes});
      },
      [this](atom::cancel) { handle(input::user_cancelled{}); },
      [this](atom::stop) { on_stop(); },
      [this](const link_entered& x) { on_entered(x); },
      [this](const link_peer& x) { take_from_line(x.credit, [&] { on_peer(x); }); },
      [this](const link_frame& x) { take_from_line(x.credit, [&] { on_frame(x.what); }); },
      [this](const link_beat&) {
        perform(core->on_beat());
        send_heartbeat();
      },
      [this](const link_lost_line& x) {
        tell(link_lost{x.reason});
        perform(core->drop_peer());
      },
      [this](const link_failed& x) {
        perform(core->drop_peer());
        handle(input::line_failed{x.code, x.detail});
      },
      [this](atom::tick) { start(); },
      [this](atom::tick, uint8_t which) { on_timer(which); },
  };
}

session_impl_actor::behavior_type session(session_state::pointer self,
                                          const std::shared_ptr<session_arguments>& from) {
  return self->state.begin(self, *from);
}

/// Lets `machine` decide for the session.
template<class Machine>
void drive(session_arguments& to, std::shared_ptr<Machine> machine) {
  to.needs_peer = [machine] { return machine->needs_peer(); };
  to.advance = [machine](any_input x) { return machine->advance(std::move(x)); };
}

session_actor spawn_session(caf::actor_system& system, std::shared_ptr<session_arguments> from) {
  auto out = system.spawn(session, std::move(from));
  caf::anon_send(out, atom::tick_v);
  return out;
}

} // namespace

session_actor sender_session(caf::actor_system& system, session_config config, byte_loop_actor loop,
                             sender_wallet_actor wallet, session_observer_actor observer) {
  if (!config.sum)
    config.sum = config.invite.sum;
  auto from = std::make_shared<session_arguments>();
  from->side = role::sender;
  drive(*from, std::make_shared<sender_machine>(config.sum.value_or(amount{}), config.sending_begun,
                                                config.errand));
  from->config = std::move(config);
  from->sender_wallet = std::move(wallet);
  from->loop = std::move(loop);
  from->observer = std::move(observer);
  return spawn_session(system, std::move(from));
}

session_actor receiver_session(caf::actor_system& system, session_config config,
                               byte_loop_actor loop, receiver_wallet_actor wallet,
                               session_observer_actor observer) {
  if (!config.sum)
    config.sum = config.invite.sum;
  receiver_terms terms;
  terms.expected = config.sum;
  terms.ask_person = config.ask_person;
  terms.notes_max = config.notes_max;
  terms.powned = config.powned;
  terms.offered = config.offered;
  auto from = std::make_shared<session_arguments>();
  from->side = role::receiver;
  drive(*from, std::make_shared<receiver_machine>(terms));
  from->config = std::move(config);
  from->receiver_wallet = std::move(wallet);
  from->loop = std::move(loop);
  from->observer = std::move(observer);
  return spawn_session(system, std::move(from));
}

} // namespace liveconnect::session
