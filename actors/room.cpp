#include "actors/room.hpp"

#include <algorithm>

#include <caf/result.hpp>

#include "messages/error.hpp"

namespace liveconnect::relay {

namespace {

bytes text(message_number number, std::string details, notation how) {
  return byte_view(encode(make_relay_frame(number, std::move(details)), how)).copy();
}

} // namespace

caf::error room_state::check(const entry& newcomer) const {
  if (members.size() >= 2)
    return fail(ec::relay_refused, word_of(refusal::crowded));
  // The tag is derived from the invitation's key, so unequal tags mean unequal keys; both may have
  // none.
  if (!members.empty() && members.front().from.wanted.tag != newcomer.wanted.tag)
    return fail(ec::relay_refused, word_of(refusal::wrong_tag));
  return caf::none;
}

room_actor::behavior_type room(room_actor::stateful_pointer<room_state> self, room_config config) {
  self->state.config = std::move(config);
  self->set_down_handler([self](const caf::down_msg& msg) {
    auto& st = self->state;
    const auto gone = std::find_if(st.members.begin(), st.members.end(),
                                   [&](const auto& x) { return x.who == msg.source; });
    if (gone == st.members.end())
      return;
    st.members.erase(gone);
    if (st.members.empty()) {
      self->send(st.config.lobby, vacant{st.config.number, st.entries_seen});
      return;
    }
    const auto& other = st.members.front().from;
    auto why = code_of(msg.reason) == ec::peer_gone ? detail_of(msg.reason) : "failed";
    st.config.port->tell(other.socket, text(message_number::peer_left, std::move(why), other.how));
  });
  return {
      [self](const entry& newcomer, const connection_actor& who) -> caf::result<seat> {
        auto& st = self->state;
        ++st.entries_seen;
        if (auto error = st.check(newcomer)) {
          // Somebody may have looked into a room that all have left meanwhile.
          if (st.members.empty())
            self->send(st.config.lobby, vacant{st.config.number, st.entries_seen});
          return error;
        }
        const auto people = static_cast<uint32_t>(st.members.size()) + 1;
        room_switch_port::seating what;
        what.socket = newcomer.socket;
        what.who = who;
        what.life = newcomer.life;
        what.greeting =
            text(message_number::room_joined,
                 to_details(room_seat{st.config.number, newcomer.peer, people}), newcomer.how);
        if (people == 2) {
          const auto& other = st.members.front().from;
          const auto met = text(message_number::peer_joined, to_string(other.peer), newcomer.how);
          what.greeting.insert(what.greeting.end(), met.begin(), met.end());
          what.partner = other.socket;
          what.news = text(message_number::peer_joined, to_string(newcomer.peer), other.how);
        }
        self->monitor(who);
        st.members.push_back({who.address(), newcomer});
        st.config.port->place(std::move(what));
        return seat{st.config.number, people};
      },
  };
}

} // namespace liveconnect::relay
