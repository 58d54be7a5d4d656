#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "actors/session/receiver_machine.hpp"
#include "actors/session/sender_machine.hpp"

/// What the tests of the two protocol machines share: a transfer of 3,439 in 19 notes, and ways to
/// look at what a machine ordered.
namespace liveconnect::session::test {

inline amount sum_3439() {
  return amount::from_coins(3439);
}

/// 3 x 1000, 4 x 100, 3 x 10, 9 x 1: 19 notes.
inline manifest manifest_3439() {
  manifest x;
  x.id.value.fill(7);
  x.sum = sum_3439();
  x.notes = 19;
  x.by_denomination[11] = 3;
  x.by_denomination[10] = 4;
  x.by_denomination[9] = 3;
  x.by_denomination[8] = 9;
  x.records.fill(9);
  return x;
}

inline receipt_summary summary_3439() {
  receipt_summary x;
  x.id = "00112233aabbccdd";
  x.hash = std::string(64, 'c');
  x.notes_passed = 19;
  x.sum_passed = sum_3439();
  return x;
}

inline secret_bytes coin_file(size_t size = 400) {
  return secret_bytes(size, uint8_t{0x42});
}

template<class T>
const T* find(const actions& list) {
  for (const auto& x : list)
    if (auto found = std::get_if<T>(&x))
      return found;
  return nullptr;
}

template<class T>
size_t count(const actions& list) {
  return static_cast<size_t>(std::count_if(
      list.begin(), list.end(), [](const any_action& x) { return std::holds_alternative<T>(x); }));
}

inline bool sends(const actions& list, message_number number) {
  return std::any_of(list.begin(), list.end(), [number](const any_action& x) {
    auto found = std::get_if<action::send>(&x);
    return found != nullptr && found->number == number;
  });
}

/// The one question in the list whose kind is Q, or nullptr.
template<class Q>
const Q* asks(const actions& list) {
  for (const auto& x : list)
    if (auto found = std::get_if<action::ask_wallet>(&x))
      if (auto q = std::get_if<Q>(&found->what))
        return q;
  return nullptr;
}

inline bool asks_step(const actions& list, wallet::sender_step what) {
  for (const auto& x : list)
    if (auto found = std::get_if<action::ask_wallet>(&x))
      if (auto q = std::get_if<ask::step>(&found->what))
        if (auto s = std::get_if<wallet::sender_step>(&q->what))
          if (*s == what)
            return true;
  return false;
}

inline bool asks_step(const actions& list, wallet::receiver_step what) {
  for (const auto& x : list)
    if (auto found = std::get_if<action::ask_wallet>(&x))
      if (auto q = std::get_if<ask::step>(&found->what))
        if (auto s = std::get_if<wallet::receiver_step>(&q->what))
          if (*s == what)
            return true;
  return false;
}

/// Numbers of the finished steps that the list tells, table-only messages (0) left out.
inline std::vector<int> finished_steps(const actions& list) {
  std::vector<int> out;
  for (const auto& x : list)
    if (auto told = std::get_if<action::tell>(&x))
      if (auto s = std::get_if<step>(&told->what))
        if (s->number != 0 && s->phase == step_phase::finished)
          out.push_back(s->number);
  return out;
}

/// Feeds a machine and keeps everything it ordered.
template<class Machine>
struct driver {
  Machine machine;
  actions last;
  actions all;
  ticket last_ticket = 0;

  explicit driver(Machine x) : machine(std::move(x)) {}

  actions& feed(any_input what) {
    last = machine.advance(std::move(what));
    for (const auto& x : last) {
      if (auto asked = std::get_if<action::ask_wallet>(&x))
        last_ticket = asked->which;
      all.push_back(x);
    }
    return last;
  }
  actions& told(message_number number, std::string details = {}) {
    return feed(input::peer_message{number, std::move(details)});
  }
  /// The last question succeeds.
  actions& done(wallet::step_report report = {}) {
    return feed(input::work_done{last_ticket, std::move(report)});
  }
  actions& failed(ec code) { return feed(input::work_failed{last_ticket, code, "detail"}); }
};

/// One thing that can happen, with a name for the table.
struct named_event {
  std::string name;
  any_input what;
};

/// Everything that the peer can say: every number of the catalogue that may come through a session,
/// the bodies included. "4 right" names the agreed amount, "4 wrong" another.
inline std::vector<named_event> peer_events() {
  std::vector<named_event> out;
  for (const auto& row : catalogue()) {
    switch (row.number) {
    case message_number::heartbeat:
    case message_number::join_room:
    case message_number::room_joined:
    case message_number::peer_joined:
    case message_number::peer_left:
    case message_number::refused:
    case message_number::amount:
      continue;
    default:
      out.push_back({to_string(row.number), input::peer_message{row.number, {}}});
    }
  }
  out.push_back({"4 right", input::peer_message{message_number::amount, "3439"}});
  out.push_back({"4 wrong", input::peer_message{message_number::amount, "34390"}});
  out.push_back({"4 bad", input::peer_message{message_number::amount, "03439"}});
  out.push_back({"offer", input::offered{manifest_3439()}});
  input::coin_came coin;
  coin.index = 1;
  coin.count = 2;
  coin.file = coin_file();
  out.push_back({"coin body", coin});
  out.push_back({"receipt body", input::receipt_came{"{}"}});
  return out;
}

} // namespace liveconnect::session::test
