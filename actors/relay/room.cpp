#include "actors/relay/room.hpp"

#include <algorithm>

#include <caf/result.hpp>

#include "messages/base/error.hpp"

namespace liveconnect::relay {

namespace {

/// A room that people enter and leave all day must not grow a list without end.
constexpr size_t people_recorded_max = 8;

bytes text(message_number number, std::string details, notation how) {
  return byte_view(encode(make_relay_frame(number, std::move(details)), how)).copy();
}

} // namespace

std::optional<refusal> room_state::check(const entry& newcomer) const {
  if (members.size() >= 2)
    return refusal::crowded;
  if (!knows_tag(newcomer))
    return refusal::wrong_tag;
  return std::nullopt;
}

bool room_state::knows_tag(const entry& newcomer) const {
  return members.empty() || tag == newcomer.wanted.tag;
}

void room_state::note_arrival(const entry& newcomer, time_point now) {
  if (members.empty()) {
    so_far = {};
    meter = std::make_shared<room_meter>();
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

room_actor::behavior_type room(room_actor::stateful_pointer<room_state> self, room_config config) {
  self->state.config = std::move(config);
  self->set_down_handler([self](const caf::down_msg& msg) {
    auto& st = self->state;
    const auto gone = std::find_if(st.members.begin(), st.members.end(),
                                   [&](const auto& x) { return x.who == msg.source; });
    if (gone == st.members.end())
      return;
    const auto now = self->system().clock().now();
    auto why = code_of(msg.reason) == ec::peer_gone ? detail_of(msg.reason) : "failed";
    const auto who = *gone;
    st.members.erase(gone);
    st.note_departure(who, why, now);
    if (st.members.empty()) {
      st.close_record(now);
      self->send(st.config.links->lobby, vacant{st.config.number, st.entries_seen});
      return;
    }
    const auto& other = st.members.front();
    st.config.links->port->tell(other.socket,
                                text(message_number::peer_left, std::move(why), other.how));
  });
  return {
      [self](const entry& newcomer, const connection_actor& who) {
        auto& st = self->state;
        ++st.entries_seen;
        if (const auto why = st.check(newcomer)) {
          // One who knows the tag and finds the room crowded has not guessed: mostly his own old
          // seat is still taken.
          if (!st.knows_tag(newcomer))
            st.config.links->port->wrong_guess(newcomer.socket);
          // Somebody may have looked into a room that all have left meanwhile.
          if (st.members.empty())
            self->send(st.config.links->lobby, vacant{st.config.number, st.entries_seen});
          st.config.links->port->refuse(newcomer.socket, *why);
          self->send(who, departed{word_of(*why)});
          return;
        }
        const auto now = self->system().clock().now();
        st.note_arrival(newcomer, now);
        const auto people = static_cast<uint32_t>(st.members.size()) + 1;
        room_switch_port::seating what;
        what.socket = newcomer.socket;
        what.who = who;
        what.life = newcomer.life;
        what.meter = st.meter;
        what.greeting =
            text(message_number::room_joined,
                 to_details(room_seat{st.config.number, newcomer.peer, people}), newcomer.how);
        if (people == 2) {
          const auto& other = st.members.front();
          const auto met = text(message_number::peer_joined, to_string(other.peer), newcomer.how);
          what.greeting.insert(what.greeting.end(), met.begin(), met.end());
          what.partner = other.socket;
          what.news = text(message_number::peer_joined, to_string(newcomer.peer), other.how);
        }
        self->monitor(who);
        st.tag = newcomer.wanted.tag;
        st.members.reserve(2);
        st.members.push_back(
            {who.address(), newcomer.socket, newcomer.peer, newcomer.how, newcomer.life, now});
        st.config.links->port->place(std::move(what));
        self->send(st.config.links->heartbeat, newcomer.life, who);
      },
      [self](atom::describe) { return self->state.describe(self->system().clock().now()); },
      [self](atom::kick) {
        // Each hears Refused from the switch and ends; its going then empties the room.
        for (const auto& x : self->state.members)
          self->state.config.links->port->refuse(x.socket, refusal::kicked);
        return static_cast<uint32_t>(self->state.members.size());
      },
  };
}

} // namespace liveconnect::relay
