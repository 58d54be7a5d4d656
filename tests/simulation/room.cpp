#include "tests/simulation/room.hpp"

#include "messages/base/error.hpp"
#include "tests/simulation/seeded.hpp"

namespace liveconnect::simulation {

using namespace session;
using wallet::transfer_state;

namespace {

constexpr sim_time handshake_takes = milliseconds(300);
constexpr sim_time line_comes_back_in = seconds(2);

/// As the session's configuration has it. An answer may take as long as a peer at work may: its
/// heartbeats are not played here.
sim_time length_of(timer x) {
  switch (x) {
  case timer::meet:
    return seconds(15 * 60);
  case timer::reunite:
    return seconds(2 * 60);
  case timer::answer:
    return seconds(10 * 60);
  case timer::linger:
    return seconds(3);
  }
  return 0;
}

template<class T>
any_input failed(ticket which, const caf::expected<T>& x) {
  return input::work_failed{which, code_of(x.error()), detail_of(x.error())};
}

any_input failed(ticket which, const caf::error& x) {
  return input::work_failed{which, code_of(x), detail_of(x)};
}

receipt_summary summary_of(const std::string& text) {
  receipt_summary out;
  out.id = receipt_name(text);
  static const char digits[] = "0123456789abcdef";
  for (const auto x : receipt_hash(text)) {
    out.hash += digits[x >> 4];
    out.hash += digits[x & 15];
  }
  return out;
}

} // namespace

struct room::side {
  person* who = nullptr;
  std::optional<sender_machine> sends;
  std::optional<receiver_machine> receives;
  wallet::sender_transfer* sent_money = nullptr;
  wallet::receiver_transfer* received_money = nullptr;
  /// Counts its sessions, so that timers and frames of an old one find nobody.
  uint64_t session = 0;
  bool runs = false;
  bool in_room = false;
  std::deque<action::ask_wallet> questions;
  std::deque<any_input> inputs;
  bool working = false;
  std::deque<wire_frame> incoming;
  sim_time last_arrival = 0;
  std::array<uint64_t, 4> armed{};
  uint64_t last_armed = 0;
  std::optional<action::end> end;
};

room::room(event_queue& events, const scenario& what) : events_(events), what_(what) {
  for (auto& x : sides_)
    x = std::make_unique<side>();
}

room::~room() = default;

room::side& room::at(role x) {
  return *sides_[x == role::sender ? 0 : 1];
}

room::side& room::other(role x) {
  return *sides_[x == role::sender ? 1 : 0];
}

const std::optional<action::end>& room::end_of(role x) const {
  return sides_[x == role::sender ? 0 : 1]->end;
}

// --- a program's session ---

void room::join(role x, person& who) {
  auto& me = at(x);
  me.who = &who;
  ++me.session;
  me.runs = true;
  me.in_room = false;
  me.questions.clear();
  me.inputs.clear();
  me.incoming.clear();
  me.armed.fill(0);
  me.end.reset();
}

void room::send(person& who, wallet::sender_transfer& money, amount sum) {
  join(role::sender, who);
  auto& me = at(role::sender);
  me.sent_money = &money;
  me.sends.emplace(sum, money.state() == transfer_state::sending ||
                            money.state() == transfer_state::refresh);
  handle(role::sender, input::started{});
  serve(role::sender);
}

void room::receive(person& who, wallet::receiver_transfer& money, amount sum) {
  join(role::receiver, who);
  auto& me = at(role::receiver);
  me.received_money = &money;
  receiver_terms terms;
  terms.expected = sum;
  terms.powned =
      money.state() == transfer_state::graded || money.state() == transfer_state::receipt;
  me.receives.emplace(terms);
  handle(role::receiver, input::started{});
  serve(role::receiver);
}

void room::serve(role x) {
  auto& me = at(x);
  while (me.runs) {
    if (me.questions.empty()) {
      me.who->wait();
      continue;
    }
    auto next = std::move(me.questions.front());
    me.questions.pop_front();
    answer(x, next.which, next.what);
  }
}

void room::drop(role x) {
  auto& me = at(x);
  me.sends.reset();
  me.receives.reset();
  me.questions.clear();
  me.runs = false;
  leave(x);
}

void room::cancel(role x) {
  if (at(x).runs && at(x).who->is_alive())
    handle(x, input::user_cancelled{});
}

// --- a machine's orders ---

void room::handle(role x, any_input what) {
  auto& me = at(x);
  me.inputs.push_back(std::move(what));
  if (std::exchange(me.working, true))
    return;
  while (!me.inputs.empty() && me.runs) {
    auto next = std::move(me.inputs.front());
    me.inputs.pop_front();
    auto list =
        me.sends ? me.sends->advance(std::move(next)) : me.receives->advance(std::move(next));
    for (auto& one : list)
      carry_out(x, one);
  }
  me.working = false;
}

// branches: one case a kind of order
void room::carry_out(role x, any_action& what) {
  auto& me = at(x);
  if (std::holds_alternative<action::open_line>(what)) {
    me.in_room = true;
    arm(x, timer::meet);
    meet();
  } else if (auto* sent = std::get_if<action::send>(&what)) {
    transmit(x, input::peer_message{sent->number, sent->details});
  } else if (auto* offer = std::get_if<action::send_offer>(&what)) {
    transmit(x, input::offered{offer->offer});
  } else if (auto* coins = std::get_if<action::send_coins>(&what)) {
    if (on_coins)
      on_coins(coins->coins);
    const auto count = static_cast<uint32_t>(coins->coins.files.size());
    for (uint32_t i = 0; i < count; ++i)
      transmit(x, input::coin_came{i + 1, count, coins->coins.files[i]});
    handle(x, input::coins_gone{});
  } else if (auto* receipt = std::get_if<action::send_receipt>(&what)) {
    transmit(x, input::receipt_came{receipt->text});
  } else if (auto* asked = std::get_if<action::ask_wallet>(&what)) {
    me.questions.push_back(std::move(*asked));
    events_.after(1, [this, x, session = me.session] {
      if (at(x).session == session && at(x).runs)
        at(x).who->wake();
    });
  } else if (auto* rings = std::get_if<action::arm>(&what)) {
    arm(x, rings->which);
  } else if (auto* quiet = std::get_if<action::disarm>(&what)) {
    me.armed[static_cast<size_t>(quiet->which)] = 0;
  } else if (std::holds_alternative<action::close_line>(what)) {
    leave(x);
  } else if (auto* end = std::get_if<action::end>(&what)) {
    me.end = *end;
    me.runs = false;
    leave(x);
    events_.after(1, [who = me.who] { who->wake(); });
  }
}

void room::arm(role x, timer which) {
  auto& me = at(x);
  const auto number = me.armed[static_cast<size_t>(which)] = ++me.last_armed;
  events_.after(length_of(which), [this, x, which, number, session = me.session] {
    auto& now = at(x);
    if (now.session != session || !now.runs || now.armed[static_cast<size_t>(which)] != number)
      return;
    now.armed[static_cast<size_t>(which)] = 0;
    handle(x, input::timed_out{which});
  });
}

// --- the line ---

void room::transmit(role from, any_input what) {
  if (!secured_)
    return;
  ++frames_; // Counts over all sessions of the transfer.
  for (const auto& x : what_.faults)
    if (x.what == fault_item::kind::cut_line && x.nth == frames_)
      return part();
  auto& to = other(from);
  const auto draw = mixed(what_.seed ^ mixed(frames_));
  // In order: a frame never overtakes the one before.
  to.last_arrival = std::max(to.last_arrival, events_.now() + milliseconds(5 + draw % 80));
  to.incoming.push_back({connection_, std::move(what)});
  const auto side_of_it = from == role::sender ? role::receiver : role::sender;
  events_.after(to.last_arrival - events_.now(), [this, side_of_it] { deliver(side_of_it); });
}

void room::deliver(role to) {
  auto& me = at(to);
  if (me.incoming.empty())
    return;
  auto next = std::move(me.incoming.front());
  me.incoming.pop_front();
  if (next.connection == connection_ && me.runs && me.who->is_alive())
    handle(to, std::move(next.what));
}

void room::meet() {
  if (secured_ || meeting_ || !at(role::sender).in_room || !at(role::receiver).in_room)
    return;
  meeting_ = true;
  events_.after(handshake_takes, [this] {
    meeting_ = false;
    if (secured_ || !at(role::sender).in_room || !at(role::receiver).in_room)
      return;
    secured_ = true;
    ++connection_;
    terms_.invitation.fill(static_cast<uint8_t>(7));
    terms_.handshake_hash.fill(static_cast<uint8_t>(connection_));
    for (auto& x : sides_)
      x->incoming.clear();
    for (auto x : {role::sender, role::receiver}) {
      // One side has the last frame of the handshake before the other.
      other(x).last_arrival = events_.now() + milliseconds(40);
      auto& me = at(x);
      // A handshake that begins anew says that the old connection is gone.
      if (me.sends ? me.sends->is_secured() : me.receives->is_secured())
        handle(x, input::parted{});
      handle(x, input::secured{});
    }
  });
}

void room::part() {
  if (!std::exchange(secured_, false))
    return;
  for (auto& x : sides_)
    x->incoming.clear();
  for (auto x : {role::sender, role::receiver})
    events_.after(milliseconds(1), [this, x, was = connection_] {
      if (at(x).runs && connection_ == was && at(x).who->is_alive())
        handle(x, input::parted{});
    });
  events_.after(line_comes_back_in, [this] { meet(); });
}

void room::leave(role x) {
  auto& me = at(x);
  if (!std::exchange(me.in_room, false))
    return;
  if (!std::exchange(secured_, false))
    return;
  // What was said arrives before it is noticed that we have gone.
  const auto peer = x == role::sender ? role::receiver : role::sender;
  auto& there = at(peer);
  const auto later = std::max(there.last_arrival, events_.now()) - events_.now() + milliseconds(1);
  events_.after(later, [this, peer, was = connection_] {
    if (at(peer).runs && connection_ == was && at(peer).who->is_alive())
      handle(peer, input::parted{});
  });
}

// --- the wallets' answers ---

void room::answer(role x, ticket which, question& what) {
  auto& me = at(x);
  auto said = x == role::sender ? answer_sender(which, what) : answer_receiver(which, what);
  // A program that died in the middle says nothing any more.
  me.who->require_alive();
  handle(x, std::move(said));
}

any_input room::answer_sender(ticket which, question& what) {
  auto& money = *at(role::sender).sent_money;
  if (const auto* step = std::get_if<ask::step>(&what)) {
    auto done = money.run(std::get<wallet::sender_step>(step->what));
    return done ? any_input{input::work_done{which, *done}} : failed(which, done);
  }
  if (const auto* reserve = std::get_if<ask::reserve>(&what)) {
    auto done = money.reserve(reserve->sum);
    return done ? any_input{input::work_done{which, *done}} : failed(which, done);
  }
  if (std::holds_alternative<ask::get_manifest>(what)) {
    auto done = money.announcement();
    return done ? any_input{input::manifest_ready{which, *done}} : failed(which, done);
  }
  if (std::holds_alternative<ask::begin_sending>(what)) {
    auto done = money.begin_sending(terms_);
    return done ? any_input{input::coins_ready{which, *done}} : failed(which, done);
  }
  const auto& text = std::get<ask::file_receipt>(what).text;
  if (auto err = money.file_receipt({text}))
    return failed(which, err);
  return input::receipt_ready{which, text, summary_of(text)};
}

any_input room::answer_receiver(ticket which, question& what) {
  auto& money = *at(role::receiver).received_money;
  if (const auto* step = std::get_if<ask::step>(&what)) {
    auto done = money.run(std::get<wallet::receiver_step>(step->what));
    return done ? any_input{input::work_done{which, *done}} : failed(which, done);
  }
  if (const auto* weigh = std::get_if<ask::weigh>(&what)) {
    auto done = money.offer(weigh->offer);
    return done ? any_input{input::offer_weighed{which, done->state}} : failed(which, done);
  }
  if (const auto* store = std::get_if<ask::store>(&what)) {
    auto done = money.receive(store->coins);
    return done ? any_input{input::work_done{which, *done}} : failed(which, done);
  }
  if (std::holds_alternative<ask::make_receipt>(what)) {
    auto done = money.make_receipt(terms_);
    return done ? any_input{input::receipt_ready{which, done->json, summary_of(done->json)}}
                : failed(which, done);
  }
  if (auto err = money.confirmed())
    return failed(which, err);
  return input::work_done{which, {}};
}

} // namespace liveconnect::simulation
