#include "actors/relay/room.hpp"

#include <algorithm>

#include <caf/result.hpp>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::relay {

namespace {

/// A room that clients enter and leave all day must not grow a list without end.
constexpr size_t people_recorded_max = 8;

bytes text(message_number number, std::string details, notation how) {
  return byte_view(encode(make_relay_frame(number, std::move(details)), how)).copy();
}

} // namespace

std::optional<refusal> room_state::check(const seat_request& newcomer) const {
  if (members.size() >= 2)
    return refusal::crowded;
  if (!knows_tag(newcomer))
    return refusal::wrong_tag;
  return std::nullopt;
}

bool room_state::knows_tag(const seat_request& newcomer) const {
  return members.empty() || tag == newcomer.wanted.tag;
}

void room_state::note_arrival(const seat_request& newcomer, time_point now) {
  if (members.empty()) {
    so_far = {};
    account = std::make_shared<room_account>();
    so_far.room = config.number;
    opened = now;
    met.reset();
    parted.reset();
  } else if (!met) {
    met = now;
  }
  if (so_far.people.size() < people_recorded_max)
    so_far.people.push_back(newcomer.peer);
}

void room_state::note_departure(const member& x, const std::string& why, time_point now) {
  so_far.bytes_forwarded += x.life->bytes_forwarded.load(std::memory_order_relaxed);
  if (why == word_of(refusal::kicked))
    so_far.mood = room_mood::kicked;
  // Who leaves first decides: what becomes of the one left behind is a consequence.
  else if (met && !parted && so_far.mood != room_mood::kicked)
    so_far.mood = why == "left" ? room_mood::happy : room_mood::errory;
  if (met && !parted)
    parted = now;
}

void room_state::close_record(time_point now) {
  so_far.open = now - opened;
  if (met && parted)
    so_far.together = *parted - *met;
  if (config.links->usage)
    config.links->usage->record(so_far);
}

room_description room_state::describe(time_point now) const {
  room_description out;
  out.room = config.number;
  out.open = members.empty() ? caf::timespan{0} : caf::timespan{now - opened};
  for (const auto& x : members)
    out.people.push_back(
        {x.peer, now - x.since, x.life->bytes_forwarded.load(std::memory_order_relaxed)});
  return out;
}

room_switch_port::seating room_state::seat(const seat_request& newcomer,
                                           const connection_actor& who) const {
  room_switch_port::seating out;
  out.socket = newcomer.socket;
  out.who = who;
  out.life = newcomer.life;
  out.account = account;
  const auto people = static_cast<uint32_t>(members.size()) + 1;
  out.greeting = text(message_number::room_joined,
                      to_details(room_seat{config.number, newcomer.peer, people}), newcomer.how);
  if (people == 2) {
    const auto& other = members.front();
    const auto news = text(message_number::peer_joined, to_string(other.peer), newcomer.how);
    out.greeting.insert(out.greeting.end(), news.begin(), news.end());
    out.partner = other.socket;
    out.news = text(message_number::peer_joined, to_string(newcomer.peer), other.how);
  }
  return out;
}

void room_state::turn_away(pointer self, const seat_request& newcomer, const connection_actor& who,
                           refusal why) const {
  auto& port = *config.links->port;
  // One that knows the tag and finds the room crowded has not guessed: mostly the seat that it had
  // before is still taken.
  if (!knows_tag(newcomer))
    port.wrong_guess(newcomer.socket);
  // It may have asked of a room that all have left meanwhile.
  if (members.empty())
    self->send(config.links->lobby, room_empty{config.number, requests_seen});
  port.refuse(newcomer.socket, why);
  self->send(who, connection_closed{word_of(why)});
}

void room_state::on_seat_request(pointer self, const seat_request& newcomer,
                                 const connection_actor& who) {
  ++requests_seen;
  if (const auto why = check(newcomer))
    return turn_away(self, newcomer, who, *why);
  LC_ASSERT_OR(members.size() < 2, return );
  const auto now = self->system().clock().now();
  note_arrival(newcomer, now);
  auto what = seat(newcomer, who);
  self->monitor(who);
  tag = newcomer.wanted.tag;
  members.reserve(2);
  members.push_back(
      {who.address(), newcomer.socket, newcomer.peer, newcomer.how, newcomer.life, now});
  config.links->port->place(std::move(what));
  self->send(config.links->heartbeat, newcomer.life, who);
}

void room_state::on_down(pointer self, const caf::down_msg& msg) {
  const auto gone = std::find_if(members.begin(), members.end(),
                                 [&](const auto& x) { return x.who == msg.source; });
  if (gone == members.end())
    return;
  const auto now = self->system().clock().now();
  auto why = code_of(msg.reason) == ec::peer_gone ? detail_of(msg.reason) : "failed";
  const auto who = *gone;
  members.erase(gone);
  note_departure(who, why, now);
  if (members.empty()) {
    close_record(now);
    self->send(config.links->lobby, room_empty{config.number, requests_seen});
    return;
  }
  const auto& other = members.front();
  config.links->port->tell(other.socket,
                           text(message_number::peer_left, std::move(why), other.how));
}

uint32_t room_state::kick() const {
  // Each hears Refused from the switch and ends; its going then empties the room.
  for (const auto& x : members)
    config.links->port->refuse(x.socket, refusal::kicked);
  return static_cast<uint32_t>(members.size());
}

room_actor::behavior_type room(room_actor::stateful_pointer<room_state> self, room_config config) {
  self->state.config = std::move(config);
  self->set_down_handler([self](const caf::down_msg& msg) { self->state.on_down(self, msg); });
  return {
      [self](const seat_request& newcomer, const connection_actor& who) {
        self->state.on_seat_request(self, newcomer, who);
      },
      [self](atom::describe) { return self->state.describe(self->system().clock().now()); },
      [self](atom::kick) { return self->state.kick(); },
  };
}

} // namespace liveconnect::relay
