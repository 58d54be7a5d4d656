#include "actors/session/relay_link.hpp"

#include <algorithm>

#include <caf/all.hpp>

#include "messages/base/printable.hpp"
#include "messages/wire/room.hpp"

namespace liveconnect::session {

namespace {

using self_pointer = link_actor::stateful_pointer<link_state>;
using stage = link_state::stage;

/// The loop answers at once; this only keeps a request from waiting for ever.
constexpr auto loop_answers_within = std::chrono::seconds(10);

constexpr size_t word_characters_max = 64;

std::string shown(std::string_view text) {
  return escape_for_display(text, word_characters_max);
}

/// What a refusal of the relay means for us (docs/protocol.md 3, docs/design/cli.md "Exit codes").
ec code_of_refusal(std::string_view word) {
  if (word == "crowded")
    return ec::room_full;
  // Our tag comes from our key: whoever waits in this room holds another one.
  if (word == "wrong_tag")
    return ec::not_authentic;
  if (word == "lonely")
    return ec::peer_gone;
  // `address`, `hasty`: too many connections from where we sit.
  for (auto busy : {"full", "address", "hasty", "draining"})
    if (word == busy)
      return ec::relay_busy;
  return ec::relay_refused;
}

/// Refusals that may mean our own old seat, or that pass, or that only say that our line was bad.
bool worth_another_try(ec code, std::string_view word) {
  return code == ec::room_full || code == ec::relay_busy || word == "silent" || word == "slow" ||
         word == "stalled" || word == "memory";
}

void connect(self_pointer self);

void send_now(self_pointer self, const frame& what) {
  auto& st = self->state;
  const auto text = encode(what, st.config.how);
  if (text.empty())
    return;
  self->send(st.loop, io::send{st.socket, byte_view(std::string_view(text)).copy()});
}

void arm(self_pointer self, caf::timespan after) {
  self->delayed_send(self, after, atom::tick_v, ++self->state.alarm);
}

void disarm(self_pointer self) {
  ++self->state.alarm;
}

void finish(self_pointer self) {
  auto& st = self->state;
  if (st.now == stage::over)
    return;
  st.now = stage::over;
  disarm(self);
  if (st.socket != io::socket_id{}) {
    self->send(st.loop, io::close{st.socket, true});
    return; // ends when the loop has said `closed`
  }
  self->quit();
}

void fail_for_good(self_pointer self, ec code, std::string detail) {
  auto& st = self->state;
  if (st.now == stage::over)
    return;
  self->send(st.owner, link_failed{code, std::move(detail)});
  finish(self);
}

/// The room is lost (or was not reached): rest, then try again, or give up.
void rest(self_pointer self, std::string reason) {
  auto& st = self->state;
  if (st.now == stage::over)
    return;
  const auto now = self->clock().now();
  if (st.socket != io::socket_id{}) {
    self->send(st.loop, io::close{st.socket, true});
    st.socket = {};
  }
  st.last_reason = std::move(reason);
  if (st.now == stage::inside) {
    st.out_since = now;
    st.backoff = st.config.backoff_min;
    self->send(st.owner, link_lost_line{st.last_reason});
  }
  st.now = stage::resting;
  st.peer_present = false;
  const auto patience = st.was_inside ? st.config.relay_patience : st.config.first_contact;
  const caf::timespan gone = now - st.out_since;
  if (gone >= patience)
    return fail_for_good(self, ec::relay_unreachable, st.last_reason);
  // The last try comes at the very end of the time allowed.
  arm(self, std::min(st.backoff, patience - gone));
  st.backoff = std::min(st.backoff * 2, st.config.backoff_max);
}

void connect(self_pointer self) {
  auto& st = self->state;
  if (st.config.relays.empty())
    return fail_for_good(self, ec::relay_unreachable, "no address of the relay is known");
  st.now = stage::connecting;
  st.reader = frame_reader();
  const auto at = st.config.relays[st.next_relay++ % st.config.relays.size()];
  // Covers the connection and the relay's answer to Join_Room; the loop has its own for connecting.
  arm(self, st.config.connect_timeout * 2);
  self->request(st.loop, loop_answers_within,
                io::connect{at, io::transport::tcp, st.config.connect_timeout},
                caf::actor_cast<socket_owner_actor>(self))
      .then(
          [self](io::socket_id socket) {
            auto& now = self->state;
            if (now.now == stage::connecting && now.socket == io::socket_id{})
              now.socket = socket;
            else
              self->send(now.loop, io::close{socket, false});
          },
          [self](const caf::error& why) {
            if (self->state.now == stage::connecting)
              rest(self, detail_of(why));
          });
}

/// The peer is there (again): its silence counts from now.
void present(self_pointer self, std::string address,
             const std::shared_ptr<const void>& credit = nullptr) {
  auto& st = self->state;
  st.peer_present = true;
  st.peer_named = !address.empty();
  st.peer_heard = self->clock().now();
  st.untaken = credit;
  self->send(st.owner, link_peer{true, std::move(address), credit});
}

void gone(self_pointer self, std::string reason,
          const std::shared_ptr<const void>& credit = nullptr) {
  auto& st = self->state;
  if (!st.peer_present)
    return;
  st.peer_present = false;
  st.untaken = credit;
  self->send(st.owner, link_peer{false, std::move(reason), credit});
}

void refused(self_pointer self, const frame& what) {
  auto& st = self->state;
  const auto why = parse_reason(what.details);
  const auto code = code_of_refusal(why.word);
  if (st.was_inside && worth_another_try(code, why.word))
    return rest(self, "refused: " + shown(why.word));
  auto detail = "the relay refused: " + shown(why.word);
  if (!why.sentence.empty())
    detail += " (" + shown(why.sentence) + ")";
  fail_for_good(self, code, std::move(detail));
}

void relay_says(self_pointer self, const frame& what, const std::shared_ptr<const void>& credit) {
  auto& st = self->state;
  if (what.is(message_number::refused))
    return refused(self, what);
  if (what.is(message_number::closing))
    return rest(self, "the relay closes");
  if (what.is(message_number::room_joined)) {
    const auto seat = parse_room_seat(what.details);
    if (st.now != stage::joining || !seat || seat->room != st.config.room)
      return rest(self, "the relay's answer makes no sense");
    disarm(self);
    st.now = stage::inside;
    st.was_inside = true;
    st.backoff = st.config.backoff_min;
    self->send(st.owner, link_entered{to_string(seat->you), seat->people});
    if (!st.ticking) {
      st.ticking = true;
      self->delayed_send(self, st.config.heartbeat, atom::tick_v);
    }
    if (seat->people > 1)
      present(self, {}, credit);
    return;
  }
  if (st.now != stage::inside)
    return;
  if (what.is(message_number::peer_joined)) {
    // A peer that came back before anybody noticed that it was gone is a new one all the same; the
    // one that Room_Joined counted is only named here.
    if (st.peer_named)
      gone(self, "replaced", credit);
    present(self, shown(what.details), credit);
  } else if (what.is(message_number::peer_left)) {
    gone(self, shown(what.details), credit);
  }
}

void received(self_pointer self, const bytes& data, const std::shared_ptr<const void>& credit) {
  auto& st = self->state;
  st.reader.feed(data);
  const auto socket = st.socket;
  // A frame may end this connection: the rest of it is nobody's then.
  while (st.socket == socket && (st.now == stage::joining || st.now == stage::inside)) {
    auto next = st.reader.next();
    if (!next)
      return rest(self, "bad frame: " + shown(detail_of(next.error())));
    if (!*next)
      return;
    if ((*next)->is_from_relay()) {
      relay_says(self, **next, credit);
    } else if (st.now == stage::inside) {
      st.peer_heard = self->clock().now();
      st.untaken = credit;
      self->send(st.owner, link_frame{std::move(**next), credit});
    }
  }
}

void take(self_pointer self, const io::event& what, const std::shared_ptr<const void>& credit) {
  auto& st = self->state;
  if (what.socket != st.socket || st.socket == io::socket_id{})
    return;
  switch (what.kind) {
  case io::event_kind::connected: {
    if (st.now != stage::connecting)
      return;
    st.now = stage::joining;
    join_request join;
    join.room = st.config.room;
    join.tag = st.config.tag;
    return send_now(self, make_frame(message_number::join_room, to_details(join)));
  }
  case io::event_kind::received:
    return received(self, what.data, credit);
  case io::event_kind::closed:
    st.socket = {};
    if (st.now == stage::over)
      return self->quit();
    return rest(self, what.reason == io::close_reason::peer ? "the relay closed the connection"
                      : what.reason == io::close_reason::overflow
                          ? "the relay takes our bytes too slowly"
                          : "no connection: " + shown(byte_view(what.data).text()));
  case io::event_kind::accepted:
    return;
  }
}

/// Every heartbeat interval, for as long as the link lives.
void beat(self_pointer self) {
  auto& st = self->state;
  if (st.now == stage::over)
    return;
  self->delayed_send(self, st.config.heartbeat, atom::tick_v);
  if (st.now != stage::inside)
    return;
  const auto allowed = st.config.heartbeat * st.config.missed_max;
  if (!st.untaken.expired())
    st.peer_heard = self->clock().now();
  if (st.peer_present && self->clock().now() - st.peer_heard > allowed) {
    // Whose line is dead we cannot know: ours is made anew.
    gone(self, "silent");
    return rest(self, "the peer missed " + std::to_string(st.config.missed_max) + " heartbeats");
  }
  self->send(st.owner, link_beat{});
}

} // namespace

link_actor::behavior_type relay_link(link_actor::stateful_pointer<link_state> self,
                                     link_config config, byte_loop_actor loop,
                                     link_owner_actor owner) {
  self->state.config = std::move(config);
  self->state.loop = std::move(loop);
  self->state.owner = std::move(owner);
  self->state.backoff = self->state.config.backoff_min;
  self->monitor(self->state.owner);
  self->monitor(self->state.loop);
  self->set_down_handler([self](caf::down_msg& what) {
    auto& st = self->state;
    // Without an owner there is nothing left to do but to let go what is queued.
    if (what.source != st.loop.address())
      return finish(self);
    st.socket = {};
    if (st.now != stage::over)
      self->send(st.owner, link_failed{ec::stopped, "the byte loop ended"});
    self->quit();
  });
  return {
      [self](const link_open&) {
        auto& st = self->state;
        if (st.now != stage::idle)
          return;
        st.out_since = self->clock().now();
        connect(self);
      },
      [self](const link_send& x) {
        if (self->state.now == stage::inside)
          send_now(self, x.what);
      },
      [self](const link_renew& x) {
        if (self->state.now == stage::inside)
          rest(self, x.reason);
      },
      [self](const link_close&) { finish(self); },
      [self](const io::events& x) {
        for (const auto& one : x.list)
          take(self, one, x.credit);
      },
      [self](atom::tick) { beat(self); },
      [self](atom::tick, uint64_t number) {
        auto& st = self->state;
        if (number != st.alarm)
          return;
        if (st.now == stage::resting)
          connect(self);
        else if (st.now == stage::connecting || st.now == stage::joining)
          rest(self, "the relay does not answer");
      },
  };
}

} // namespace liveconnect::session
