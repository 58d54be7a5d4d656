#include "actors/session/session.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>

#include <caf/all.hpp>

#include "actors/session/link.hpp"
#include "actors/session/receiver_machine.hpp"
#include "actors/session/sender_machine.hpp"
#include "actors/session/transcript.hpp"
#include "messages/base/printable.hpp"
#include "messages/secure/manifest.hpp"
#include "messages/secure/receipt.hpp"
#include "messages/secure/secure_channel.hpp"
#include "messages/wire/body.hpp"

namespace liveconnect::session {

namespace {

/// The whole interface: what people tell a session, what its link tells it, and its own timers.
using session_impl_actor = session_actor::extend_with<link_owner_actor>::extend<
    // INTERNAL: begin; sent by the spawning function.
    caf::reacts_to<atom::tick>,
    // INTERNAL: a timer of the machine (or `line_timer`) rings.
    caf::reacts_to<atom::tick, uint8_t>>;

/// The one timer that is not a machine's: how long the link may take to close.
constexpr uint8_t line_timer = 255;
/// A little more than the byte loop gives a close that flushes.
constexpr auto line_closes_within = std::chrono::seconds(7);

/// Bare heartbeats of ours that a peer may leave unanswered before people hear of it.
constexpr uint32_t unproved_beats_max = 3;

constexpr size_t shown_characters_max = 200;

/// Events that the observer has not taken, and questions that the wallet has not answered, before
/// the line is told to wait (docs/design/safety.md I15): a peer or relay decides how many it
/// causes.
constexpr uint32_t unheard_events_max = 64;
constexpr uint32_t open_questions_max = 64;

/// Frames of ours that one line's frames may make us say at once. A transfer needs some twenty; who
/// makes us say more, and may not read them, shall not fill our memory.
constexpr uint32_t answers_max = 4096;

/// Hashes of sessions that are kept. Each costs a peer a handshake.
constexpr size_t hashes_max = 1024;

/// State of a SESSION. Touched by its own actor only.
struct session_state {
  session_config config;
  role side = role::sender;
  /// The protocol: sender_machine or receiver_machine.
  std::function<actions(happening)> advance;
  /// One of the two is set, by `side`.
  sender_wallet_actor sender_wallet;
  receiver_wallet_actor receiver_wallet;
  byte_loop_actor loop;
  session_observer_actor observer;
  link_actor line;
  bool line_is_down = false;
  transcript log;

  /// What happened while orders were being carried out: it has its turn after them.
  std::deque<happening> pending;
  bool working = false;

  /// See unheard_events_max and open_questions_max; and what the line gave that we have not let go,
  /// so that it waits (io::events::credit).
  uint32_t unheard_events = 0;
  uint32_t open_questions = 0;
  std::vector<std::shared_ptr<const void>> owed_to_line;
  /// See answers_max.
  bool answering = false;
  uint32_t answers = 0;

  std::string own_address;
  std::string peer_address;
  /// From a peer's coming to its going; the transfer outlives it.
  std::optional<secure_channel> channel;
  /// The machine was told `secured`, and not `parted` since.
  bool secured = false;
  /// Heartbeats of ours since the peer came, while it has proved nothing.
  uint32_t unproved_beats = 0;
  /// Peers in a row that went without a proof; and frames or handshakes that failed, in all. Apart,
  /// because a good handshake excuses the first and nothing excuses the second.
  uint32_t strangers = 0;
  uint32_t auth_failures = 0;
  bool stranger_told = false;

  uint32_t handshakes = 0;
  /// Hashes of this run's sessions that a receipt may name: the one in which it was made. A sender
  /// keeps one before it sends the proof that lets the receiver begin, for the receiver's own proof
  /// may never come. The last hashes_max.
  std::deque<std::array<uint8_t, 64>> hashes;
  /// The last session that both sides had proved, as we know.
  std::optional<std::array<uint8_t, 64>> session_hash;
  /// Receiver: our own. Sender: the peer's, by the last handshake.
  receipt_public_key receipt_key{};

  /// The manifest of the offer: places coins and receipt in the transfer.
  std::optional<manifest> offer;
  /// Parts of a receipt that is coming in.
  std::string receipt_text;
  uint32_t receipt_parts = 0;
  uint32_t receipt_count = 0;

  /// When each armed timer is due. The peer's signs of life put `answer` off, and no later than
  /// what.
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

using self_pointer = session_impl_actor::stateful_pointer<session_state>;

void handle(self_pointer self, happening what);

std::string shown(std::string_view text) {
  return escape_for_display(text, shown_characters_max);
}

// --- what people hear ---

/// Lets the line go on, unless the observer or the wallet must catch up first.
void pay_line(self_pointer self) {
  auto& st = self->state;
  if (st.unheard_events < unheard_events_max && st.open_questions < open_questions_max)
    st.owed_to_line.clear();
}

/// The empty answer to an event tells that it was taken.
template<class T>
void to_observer(self_pointer self, T what) {
  ++self->state.unheard_events;
  const auto heard = [self] {
    --self->state.unheard_events;
    pay_line(self);
  };
  self->request(self->state.observer, caf::infinite, std::move(what))
      .then(heard, [heard](const caf::error&) { heard(); });
}

/// How long a peer that shows life may take for its next message.
caf::timespan work_limit(const session_config& config) {
  return std::max(config.answer_timeout, config.wallet_timeout);
}

caf::timespan limit_of(const session_state& st, awaited whom) {
  switch (whom) {
  case awaited::relay:
    return st.handshakes == 0 ? st.config.first_contact : st.config.relay_patience;
  case awaited::peer:
    return st.handshakes == 0 ? st.config.wait_for_peer : st.config.wait_for_return;
  case awaited::peer_work:
    return work_limit(st.config);
  case awaited::servers:
    return st.config.wallet_timeout;
  case awaited::person:
    return caf::timespan{0};
  }
  return caf::timespan{0};
}

void tell(self_pointer self, event what) {
  auto& st = self->state;
  if (auto x = std::get_if<waiting>(&what)) {
    if (st.told_waiting == x->whom)
      return;
    st.told_waiting = x->whom;
    x->since = std::chrono::system_clock::now();
    x->limit = limit_of(st, x->whom);
  }
  if (auto x = std::get_if<step>(&what))
    x->address = x->by == st.side ? st.own_address : st.peer_address;
  if (auto x = std::get_if<warning>(&what))
    x->text = shown(x->text);
  std::visit([self](auto& x) { to_observer(self, std::move(x)); }, what);
}

void say_last_word(self_pointer self) {
  auto& st = self->state;
  if (!st.last_word)
    return;
  self->send(st.observer, *std::exchange(st.last_word, std::nullopt));
  self->quit();
}

// --- the line ---

void transmit(self_pointer self, frame what) {
  auto& st = self->state;
  if (st.answering)
    ++st.answers;
  st.log.add(
      transcript_line(std::chrono::system_clock::now(), direction::sent, st.own_address, what));
  self->send(st.line, link_send{std::move(what)});
}

void transmit(self_pointer self, caf::expected<frame> what) {
  // A channel that died between the order and its turn: the machine hears of it by itself.
  if (what)
    transmit(self, std::move(*what));
}

void send_heartbeat(self_pointer self) {
  auto& st = self->state;
  transmit(self, st.channel ? st.channel->next_heartbeat() : make_frame(message_number::heartbeat));
}

/// The peer is not the peer of this channel any more.
void drop_channel(self_pointer self) {
  auto& st = self->state;
  st.channel.reset();
  st.receipt_text.clear();
  st.receipt_parts = 0;
  st.receipt_count = 0;
  if (std::exchange(st.secured, false))
    handle(self, happened::parted{});
}

/// Something came that the key holder did not write like this (docs/design/safety.md I11): the
/// connection ends without a reason, money is untouched; a new connection may do better, a few
/// times.
void not_authentic(self_pointer self, const std::string& detail) {
  auto& st = self->state;
  ++st.auth_failures;
  tell(self, warning{"a message was not authentic: " + detail});
  transmit(self, make_frame(message_number::closing));
  self->send(st.line, link_renew{"not authentic"});
  drop_channel(self);
  if (st.auth_failures >= std::max(st.config.auth_failures_max, 1u))
    handle(self, happened::distrusted{"messages failed to authenticate " +
                                      std::to_string(st.auth_failures) + " times"});
}

/// Somebody went without having shown that it holds the key.
void count_stranger(self_pointer self) {
  auto& st = self->state;
  ++st.strangers;
  if (!std::exchange(st.stranger_told, true))
    tell(self, warning{"somebody without the key was in the room"});
  if (st.strangers >= std::max(st.config.auth_failures_max, 1u))
    handle(self, happened::distrusted{std::to_string(st.strangers) +
                                      " peers in a row did not hold the invitation's key"});
}

void remember_hash(session_state& st) {
  const auto& hash = st.channel->handshake_hash();
  if (st.hashes.empty() || st.hashes.back() != hash)
    st.hashes.push_back(hash);
  if (st.hashes.size() > hashes_max)
    st.hashes.pop_front();
}

void connected_now(self_pointer self) {
  auto& st = self->state;
  ++st.handshakes;
  st.strangers = 0;
  st.told_waiting.reset();
  st.connected_at = self->clock().now();
  remember_hash(st);
  st.session_hash = st.channel->handshake_hash();
  if (st.side == role::sender)
    st.receipt_key = st.channel->receipt_key();
  st.secured = true;
  tell(self,
       connected{st.own_address, st.peer_address, st.channel->safety_phrase(), st.handshakes});
  handle(self, happened::secured{});
}

/// The peer lives: it may be at work, or its answer behind what it still sends.
void put_off_answer(self_pointer self) {
  auto& st = self->state;
  auto due = st.due.find(static_cast<uint8_t>(timer::answer));
  if (due != st.due.end())
    due->second = std::min(self->clock().now() + st.config.answer_timeout, st.answer_limit);
}

body_place place_in_transfer(const session_state& st) {
  body_place out;
  if (st.offer) {
    out.id = st.offer->id;
    out.manifest_hash = hash_of(*st.offer);
  }
  return out;
}

void take_offer(self_pointer self, const frame& what) {
  auto& st = self->state;
  const auto body = st.channel->open_body_frame(what, body_place{});
  if (!body)
    return not_authentic(self, detail_of(body.error()));
  const auto offer = decode_manifest(view(*body));
  // The peer's own words, but no manifest: the machine knows no such message.
  if (!offer)
    return handle(self, happened::told{message_number::ready_to_send_coins, {}});
  if (st.side == role::receiver)
    st.offer = *offer;
  handle(self, happened::offered{*offer});
}

void take_coin(self_pointer self, const frame& what) {
  auto& st = self->state;
  auto body = st.channel->open_body_frame(what, place_in_transfer(st));
  if (!body)
    return not_authentic(self, detail_of(body.error()));
  happened::coin_came coin;
  coin.index = what.index;
  coin.count = what.count;
  coin.file = std::move(*body);
  handle(self, std::move(coin));
}

void take_receipt(self_pointer self, const frame& what) {
  auto& st = self->state;
  const auto body = st.channel->open_body_frame(what, place_in_transfer(st));
  if (!body)
    return not_authentic(self, detail_of(body.error()));
  // A body in one part may come without its numbers.
  const auto index = what.count == 0 ? 1 : what.index;
  const auto count = what.count == 0 ? 1 : what.count;
  if (index == 1) {
    st.receipt_text.clear();
    st.receipt_parts = 0;
    st.receipt_count = count;
  }
  if (index != st.receipt_parts + 1 || count != st.receipt_count ||
      st.receipt_text.size() + body->size() > receipt_bytes_max)
    return handle(self, happened::told{message_number::receipt, {}});
  st.receipt_text.append(view(*body).text());
  ++st.receipt_parts;
  if (st.receipt_parts == st.receipt_count)
    handle(self, happened::receipt_came{std::exchange(st.receipt_text, {})});
}

void take_frame(self_pointer self, const frame& what) {
  auto& st = self->state;
  st.log.add(transcript_line(std::chrono::system_clock::now(), direction::got, what.from, what));
  if (!st.channel)
    return;
  st.peer_address = what.from;
  if (what.is(message_number::heartbeat)) {
    const auto heard = st.channel->take_heartbeat(what);
    if (!heard)
      return not_authentic(self, detail_of(heard.error()));
    if (st.channel->now() == secure_channel::stage::confirming)
      remember_hash(st);
    if (heard->answer_now)
      send_heartbeat(self);
    if (heard->connected)
      connected_now(self);
    else if (st.channel->is_connected())
      put_off_answer(self);
    return;
  }
  // Before key confirmation there is nobody to listen to (docs/design/safety.md I11), and what the
  // catalogue does not know has no effect ever: both are in the transcript.
  if (!st.channel->is_connected() || find_message(what.number) == nullptr)
    return;
  if (!what.details.empty()) {
    if (what.is(message_number::ready_to_send_coins))
      return take_offer(self, what);
    if (what.is(message_number::coin))
      return take_coin(self, what);
    if (what.is(message_number::receipt))
      return take_receipt(self, what);
  }
  if (auto wrong = st.channel->open(what))
    return not_authentic(self, detail_of(wrong));
  handle(self, happened::told{static_cast<message_number>(what.number), what.details});
}

// --- the wallet ---

ec code_of_answer(const caf::error& why) {
  return why == caf::sec::request_timeout ? ec::timed_out : code_of(why);
}

/// Asks, and turns the answer into a happening by `read`; a failure into work_failed.
template<class Answer, class Wallet, class Read, class... Message>
void request(self_pointer self, ticket which, const Wallet& wallet, Read read, Message&&... what) {
  ++self->state.open_questions;
  const auto answered = [self] {
    --self->state.open_questions;
    pay_line(self);
  };
  self->request(wallet, self->state.config.wallet_timeout, std::forward<Message>(what)...)
      .then(
          [self, read, answered](Answer& x) {
            handle(self, read(x));
            answered();
          },
          [self, which, answered](const caf::error& why) {
            handle(self, happened::work_failed{which, code_of_answer(why), detail_of(why)});
            answered();
          });
}

wallet::receipt_terms terms_now(const session_state& st) {
  wallet::receipt_terms out;
  out.invitation = st.config.invite.id;
  if (st.session_hash)
    out.handshake_hash = *st.session_hash;
  return out;
}

receipt_summary summarise(const receipt& x, const std::string& text) {
  receipt_summary out;
  out.id = receipt_name(text);
  out.hash = to_hex(receipt_hash(text));
  for (auto passed : {note_verdict::authentic, note_verdict::fracked}) {
    const auto sum = x.sum_of(passed);
    out.notes_passed += sum.notes;
    if (!out.sum_passed.add(sum.value))
      out.sum_passed = sum.value;
  }
  out.counterfeit = x.sum_of(note_verdict::counterfeit).notes;
  out.pending = x.sum_of(note_verdict::limbo).notes;
  return out;
}

/// What a receipt must agree with beyond its own signature (docs/protocol.md 6).
caf::error contradicts(const session_state& st, const receipt& x) {
  if (!st.offer || x.id != st.offer->id)
    return fail(ec::bad_receipt, "of another transfer");
  if (x.invitation != st.config.invite.id)
    return fail(ec::bad_receipt, "of another invitation");
  if (x.manifest_hash != hash_of(*st.offer))
    return fail(ec::bad_receipt, "of another manifest");
  std::array<uint32_t, denomination_count> counts{};
  for (const auto& n : x.notes)
    ++counts[static_cast<size_t>(n.id.denomination - denomination_min)];
  if (counts != st.offer->by_denomination)
    return fail(ec::bad_receipt, "its notes are not those of the manifest");
  // A sender that was started again has not seen the sessions before: there the key of this
  // authenticated handshake, which signed, stands for them.
  const auto known =
      std::find(st.hashes.begin(), st.hashes.end(), x.handshake_hash) != st.hashes.end();
  if (!known && !st.config.sending_begun)
    return fail(ec::bad_receipt, "of another session");
  return caf::none;
}

void fail_work(self_pointer self, ticket which, const caf::error& why) {
  handle(self, happened::work_failed{which, code_of(why), detail_of(why)});
}

void file_receipt(self_pointer self, ticket which, const std::string& text) {
  auto& st = self->state;
  const auto checked = verify_receipt(text, st.receipt_key);
  if (!checked)
    return fail_work(self, which, checked.error());
  if (auto wrong = contradicts(st, *checked))
    return fail_work(self, which, wrong);
  const auto summary = summarise(*checked, text);
  request<atom::done>(
      self, which, st.sender_wallet,
      [which, text, summary](atom::done) {
        return happening{happened::receipt_ready{which, text, summary}};
      },
      atom::receipt_v, wallet::receipt_text{text});
}

void make_receipt(self_pointer self, ticket which) {
  auto& st = self->state;
  request<wallet::receipt_text>(
      self, which, st.receiver_wallet,
      [self, which](wallet::receipt_text& made) -> happening {
        const auto checked = verify_receipt(made.json, self->state.receipt_key);
        if (!checked)
          return happened::work_failed{which, ec::internal,
                                       "our own receipt: " + detail_of(checked.error())};
        return happened::receipt_ready{which, made.json, summarise(*checked, made.json)};
      },
      atom::receipt_v, terms_now(st));
}

void ask_wallet(self_pointer self, ticket which, question& what) {
  auto& st = self->state;
  const auto done = [which](wallet::step_report& x) {
    return happening{happened::work_done{which, x}};
  };
  const auto answered = [which](atom::done) { return happening{happened::work_done{which, {}}}; };
  if (auto step = std::get_if<ask::step>(&what)) {
    if (auto s = std::get_if<wallet::sender_step>(&step->what))
      request<wallet::step_report>(self, which, st.sender_wallet, done, *s);
    else
      request<wallet::step_report>(self, which, st.receiver_wallet, done,
                                   std::get<wallet::receiver_step>(step->what));
  } else if (auto reserve = std::get_if<ask::reserve>(&what)) {
    request<wallet::step_report>(self, which, st.sender_wallet, done, atom::reserve_v,
                                 reserve->sum);
  } else if (std::holds_alternative<ask::get_manifest>(what)) {
    request<manifest>(
        self, which, st.sender_wallet,
        [which](manifest& x) {
          return happening{happened::manifest_ready{which, x}};
        },
        atom::manifest_v);
  } else if (std::holds_alternative<ask::begin_sending>(what)) {
    request<wallet::coin_payload>(
        self, which, st.sender_wallet,
        [which](wallet::coin_payload& x) {
          return happening{happened::coins_ready{which, std::move(x)}};
        },
        atom::begin_sending_v, terms_now(st));
  } else if (auto filed = std::get_if<ask::file_receipt>(&what)) {
    file_receipt(self, which, filed->text);
  } else if (auto weighed = std::get_if<ask::weigh>(&what)) {
    request<wallet::offer_answer>(
        self, which, st.receiver_wallet,
        [which](wallet::offer_answer& x) {
          return happening{happened::offer_weighed{which, x.state}};
        },
        atom::manifest_v, weighed->offer);
  } else if (auto stored = std::get_if<ask::store>(&what)) {
    request<wallet::step_report>(self, which, st.receiver_wallet, done, std::move(stored->coins));
  } else if (std::holds_alternative<ask::make_receipt>(what)) {
    make_receipt(self, which);
  } else if (std::holds_alternative<ask::confirm>(what)) {
    request<atom::done>(self, which, st.receiver_wallet, answered, atom::confirmed_v);
  }
}

// --- orders ---

caf::timespan length_of(const session_config& config, timer which) {
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

void carry_out(self_pointer self, order::open_line&) {
  self->send(self->state.line, link_open{});
}

void carry_out(self_pointer self, order::send& x) {
  auto& st = self->state;
  if (st.channel)
    transmit(self, st.channel->command(x.number, std::move(x.details)));
}

void carry_out(self_pointer self, order::send_offer& x) {
  auto& st = self->state;
  st.offer = x.offer;
  if (st.channel)
    transmit(self, st.channel->body_frame(message_number::ready_to_send_coins, body_place{},
                                          encode(x.offer)));
}

void carry_out(self_pointer self, order::send_coins& x) {
  auto& st = self->state;
  auto place = place_in_transfer(st);
  place.count = static_cast<uint32_t>(x.coins.files.size());
  for (auto& file : x.coins.files) {
    if (!st.channel)
      return;
    auto sealed = st.channel->body_frame(message_number::coin, place, view(file));
    if (!sealed)
      return handle(self, happened::line_failed{ec::internal, "a coin file could not be sealed: " +
                                                                  detail_of(sealed.error())});
    transmit(self, std::move(*sealed));
    tell(self, progress{place.index, place.count, st.offer ? st.offer->notes : 0});
    // Not needed any more: the wallet has it.
    file = {};
    ++place.index;
  }
  handle(self, happened::coins_gone{});
}

void carry_out(self_pointer self, order::send_receipt& x) {
  auto& st = self->state;
  const auto parts = split_body(byte_view(std::string_view(x.text)));
  auto place = place_in_transfer(st);
  place.count = static_cast<uint32_t>(parts.size());
  for (const auto& part : parts) {
    if (!st.channel)
      return;
    transmit(self, st.channel->body_frame(message_number::receipt, place, part));
    ++place.index;
  }
}

void carry_out(self_pointer self, order::ask_wallet& x) {
  ask_wallet(self, x.which, x.what);
}

void carry_out(self_pointer self, order::arm& x) {
  auto& st = self->state;
  const auto which = static_cast<uint8_t>(x.which);
  const auto now = self->clock().now();
  const auto length = length_of(st.config, x.which);
  st.due[which] = now + length;
  if (x.which == timer::answer)
    st.answer_limit = now + work_limit(st.config);
  // One that is under way rings no later, and goes on for the rest then.
  if (st.ringing.insert(which).second)
    self->delayed_send(self, length, atom::tick_v, which);
}

void carry_out(self_pointer self, order::disarm& x) {
  self->state.due.erase(static_cast<uint8_t>(x.which));
}

void carry_out(self_pointer self, order::tell& x) {
  tell(self, std::move(x.what));
}

void close_line(self_pointer self) {
  auto& st = self->state;
  st.channel.reset();
  st.secured = false;
  self->send(st.line, link_close{});
}

void carry_out(self_pointer self, order::close_line&) {
  close_line(self);
}

void carry_out(self_pointer self, order::end& x) {
  auto& st = self->state;
  const auto now = self->clock().now();
  const auto milliseconds_since = [now](caf::actor_clock::time_point then) {
    using namespace std::chrono;
    return static_cast<uint64_t>(
        std::max<int64_t>(duration_cast<milliseconds>(now - then).count(), 0));
  };
  finished out;
  out.side = st.side;
  if (st.config.id)
    out.id = *st.config.id;
  else if (st.offer)
    out.id = st.offer->id;
  out.ok = x.ok;
  out.code = x.code;
  out.detail = shown(x.detail);
  out.still_open = x.still_open;
  if (st.session_hash) {
    out.session = to_hex(*st.session_hash);
    out.transfer_milliseconds = milliseconds_since(st.connected_at);
  }
  out.sum = x.sum;
  out.notes = x.notes;
  out.returned = x.returned;
  out.receipt = x.receipt;
  out.milliseconds = milliseconds_since(st.began);
  st.last_word = std::move(out);
  close_line(self);
  // The last word waits until what was queued has left: who hears it may end the program.
  if (st.line_is_down)
    return say_last_word(self);
  self->delayed_send(self, line_closes_within, atom::tick_v, line_timer);
}

/// Gives the machine what happened, carries its orders out, then what happened meanwhile.
void handle(self_pointer self, happening what) {
  auto& st = self->state;
  st.pending.push_back(std::move(what));
  if (std::exchange(st.working, true))
    return;
  while (!st.pending.empty()) {
    auto next = std::move(st.pending.front());
    st.pending.pop_front();
    for (auto& x : st.advance(std::move(next)))
      std::visit([self](auto& y) { carry_out(self, y); }, x);
  }
  st.working = false;
}

void refuse_to_start(self_pointer self, ec code, std::string detail) {
  order::end end;
  end.code = code;
  end.detail = std::move(detail);
  carry_out(self, end);
}

// --- the beginning ---

void start(self_pointer self) {
  auto& st = self->state;
  if (st.config.invite.how != security::lc1)
    return refuse_to_start(self, ec::bad_argument, "plain sessions are not spoken");
  if (st.side == role::sender && (!st.config.sum || st.config.sum->is_zero()))
    return refuse_to_start(self, ec::bad_argument, "a sender needs an amount");
  if (!st.config.transcript.empty()) {
    auto opened = transcript::open(st.config.transcript);
    if (!opened)
      return refuse_to_start(self, ec::disk_failed, detail_of(opened.error()));
    st.log = std::move(*opened);
  }
  if (st.side == role::sender)
    return handle(self, happened::started{});
  // Our receipt's key goes into the handshake, so it must be known before.
  self->request(st.receiver_wallet, st.config.wallet_timeout, atom::receipt_key_v)
      .then(
          [self](const wallet::receipt_key& x) {
            self->state.receipt_key = x.public_key;
            handle(self, happened::started{});
          },
          [self](const caf::error& why) {
            refuse_to_start(self, code_of_answer(why), detail_of(why));
          });
}

void peer_came(self_pointer self, const std::string& address) {
  auto& st = self->state;
  drop_channel(self);
  const auto terms = st.config.invite.terms();
  st.channel = st.side == role::sender
                   ? secure_channel::for_sender(st.config.invite.key, terms)
                   : secure_channel::for_receiver(st.config.invite.key, terms, st.receipt_key);
  st.unproved_beats = 0;
  if (!address.empty())
    st.peer_address = address;
  tell(self, peer_seen{address});
  handle(self, happened::peer_came{});
  send_heartbeat(self);
}

void peer_went(self_pointer self, const std::string& reason) {
  auto& st = self->state;
  using stage = secure_channel::stage;
  // It was called, or it called, and went before its proof.
  const auto stranger = st.channel && !st.channel->is_connected() &&
                        st.channel->now() != stage::waiting && st.channel->now() != stage::dead &&
                        reason != "silent";
  tell(self, peer_lost{reason});
  drop_channel(self);
  if (stranger)
    count_stranger(self);
}

/// Does what the line's message asks for, and keeps its credit while others must catch up.
template<class F>
void take_from_line(self_pointer self, const std::shared_ptr<const void>& credit, F what) {
  auto& st = self->state;
  st.answering = true;
  what();
  st.answering = false;
  if (st.answers > answers_max) {
    st.answers = 0;
    drop_channel(self);
    handle(self, happened::line_failed{ec::protocol_violation,
                                       "the other side made us answer without end"});
  }
  // One of a chunk stands for all of it.
  if (credit && (st.owed_to_line.empty() || st.owed_to_line.back() != credit))
    st.owed_to_line.push_back(credit);
  pay_line(self);
}

session_impl_actor::behavior_type behaviour(self_pointer self) {
  self->state.began = self->clock().now();
  link_config to;
  const auto& config = self->state.config;
  to.relays = config.relays;
  to.room = config.invite.room;
  to.tag = room_tag(config.invite.key);
  to.how = config.how;
  to.heartbeat = config.heartbeat;
  to.first_contact = config.first_contact;
  to.relay_patience = config.relay_patience;
  to.backoff_min = config.backoff_min;
  to.backoff_max = config.backoff_max;
  self->state.line =
      self->spawn(link, std::move(to), self->state.loop, caf::actor_cast<link_owner_actor>(self));
  self->monitor(self->state.line);
  self->monitor(self->state.observer);
  if (self->state.sender_wallet)
    self->monitor(self->state.sender_wallet);
  if (self->state.receiver_wallet)
    self->monitor(self->state.receiver_wallet);
  self->set_down_handler([self](caf::down_msg& what) {
    auto& st = self->state;
    if (what.source == st.line.address()) {
      st.line_is_down = true;
      return st.last_word ? say_last_word(self) : void();
    }
    handle(self, happened::user_stopped{});
  });
  return {
      [self](atom::approve, const amount& sum, bool yes) {
        handle(self, happened::approved{sum, yes});
      },
      [self](atom::cancel) { handle(self, happened::user_cancelled{}); },
      [self](atom::stop) { handle(self, happened::user_stopped{}); },
      [self](const link_entered& x) {
        auto& st = self->state;
        drop_channel(self);
        st.own_address = x.own_address;
        st.answers = 0;
        tell(self, joined{x.own_address, x.people});
        handle(self, happened::entered{x.people});
      },
      [self](const link_peer& x) {
        take_from_line(self, x.credit, [&] {
          if (x.present)
            peer_came(self, x.word);
          else
            peer_went(self, x.word);
        });
      },
      [self](const link_frame& x) {
        take_from_line(self, x.credit, [&] { take_frame(self, x.what); });
      },
      [self](const link_beat&) {
        auto& st = self->state;
        if (st.channel && !st.channel->is_connected() &&
            ++st.unproved_beats == unproved_beats_max && !std::exchange(st.stranger_told, true))
          tell(self, warning{"somebody is in the room who has not shown the key"});
        send_heartbeat(self);
      },
      [self](const link_lost_line& x) {
        tell(self, link_lost{x.reason});
        drop_channel(self);
      },
      [self](const link_failed& x) {
        drop_channel(self);
        handle(self, happened::line_failed{x.code, x.detail});
      },
      [self](atom::tick) { start(self); },
      [self](atom::tick, uint8_t which) {
        auto& st = self->state;
        if (which == line_timer)
          return say_last_word(self);
        st.ringing.erase(which);
        const auto found = st.due.find(which);
        if (found == st.due.end())
          return;
        if (const auto now = self->clock().now(); now < found->second) {
          st.ringing.insert(which);
          return self->delayed_send(self, found->second - now, atom::tick_v, which);
        }
        st.due.erase(found);
        handle(self, happened::timed_out{static_cast<timer>(which)});
      },
  };
}

/// What a session is born with. The actor's first turn may come after the spawning function has
/// returned, so it owns all of it.
struct birth {
  session_config config;
  role side = role::sender;
  std::function<actions(happening)> advance;
  sender_wallet_actor sender_wallet;
  receiver_wallet_actor receiver_wallet;
  byte_loop_actor loop;
  session_observer_actor observer;
};

session_impl_actor::behavior_type session(self_pointer self, const std::shared_ptr<birth>& from) {
  auto& st = self->state;
  st.config = std::move(from->config);
  st.side = from->side;
  st.advance = std::move(from->advance);
  st.sender_wallet = std::move(from->sender_wallet);
  st.receiver_wallet = std::move(from->receiver_wallet);
  st.loop = std::move(from->loop);
  st.observer = std::move(from->observer);
  return behaviour(self);
}

session_actor spawn_session(caf::actor_system& system, std::shared_ptr<birth> from) {
  auto out = system.spawn(session, std::move(from));
  caf::anon_send(out, atom::tick_v);
  return out;
}

} // namespace

session_actor sender_session(caf::actor_system& system, session_config config, byte_loop_actor loop,
                             sender_wallet_actor wallet, session_observer_actor observer) {
  if (!config.sum)
    config.sum = config.invite.sum;
  auto from = std::make_shared<birth>();
  from->side = role::sender;
  from->advance = [machine = sender_machine{config.sum.value_or(amount{}), config.sending_begun}](
                      happening x) mutable { return machine.advance(std::move(x)); };
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
  auto from = std::make_shared<birth>();
  from->side = role::receiver;
  from->advance = [machine = receiver_machine{terms}](happening x) mutable {
    return machine.advance(std::move(x));
  };
  from->config = std::move(config);
  from->receiver_wallet = std::move(wallet);
  from->loop = std::move(loop);
  from->observer = std::move(observer);
  return spawn_session(system, std::move(from));
}

} // namespace liveconnect::session
