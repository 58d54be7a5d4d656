#include "actors/session/relay_link.hpp"

#include <algorithm>

#include <caf/all.hpp>

#include "messages/wire/room.hpp"

namespace liveconnect::session {

namespace {

/// The loop answers at once; this only keeps a request from waiting forever.
constexpr auto loop_answers_within = std::chrono::seconds(10);

constexpr size_t word_characters_max = 64;

std::string shown(std::string_view text) {
  return escape_for_display(text, word_characters_max);
}

/// What a refusal of the relay means for us (docs/protocol.md 3, docs/design/cli.md "Exit codes").
ec code_of_refusal(std::string_view word) {
  if (word == "crowded")
    return ec::room_full;
  // The tag comes from the key: the client that waits in this room holds another key.
  if (word == "wrong_tag")
    return ec::not_authentic;
  if (word == "lonely")
    return ec::peer_gone;
  // `address`, `hasty`: too many connections from our address.
  for (auto busy : {"full", "address", "hasty", "draining"})
    if (word == busy)
      return ec::relay_busy;
  return ec::relay_refused;
}

/// Refusals that may mean our own old seat, that pass by themselves, or that only say that this
/// connection was bad.
bool worth_another_try(ec code, std::string_view word) {
  return code == ec::room_full || code == ec::relay_busy || word == "silent" || word == "slow" ||
         word == "stalled" || word == "memory";
}

} // namespace

void link_state::transmit(const frame& what) {
  const auto text = encode(what, config.how);
  if (text.empty())
    return;
  self->send(loop, io::send{socket, byte_view(std::string_view(text)).copy()});
}

void link_state::arm(caf::timespan after) {
  self->delayed_send(self, after, atom::tick_v, ++alarm);
}

void link_state::disarm() {
  ++alarm;
}

void link_state::finish() {
  if (now == stage::over)
    return;
  now = stage::over;
  disarm();
  if (socket != io::socket_id{}) {
    self->send(loop, io::close{socket, true});
    return; // ends when the loop has said `closed`
  }
  self->quit();
}

void link_state::fail_for_good(ec code, std::string detail) {
  if (now == stage::over)
    return;
  self->send(owner, link_failed{code, std::move(detail)});
  finish();
}

void link_state::rest(std::string reason) {
  if (now == stage::over)
    return;
  const auto time = self->clock().now();
  if (socket != io::socket_id{}) {
    self->send(loop, io::close{socket, true});
    socket = {};
  }
  last_reason = std::move(reason);
  if (now == stage::inside) {
    out_since = time;
    backoff = config.backoff_min;
    self->send(owner, link_lost_line{last_reason});
  }
  now = stage::resting;
  peer_present = false;
  const auto patience = was_inside ? config.relay_patience : config.first_contact;
  const caf::timespan gone = time - out_since;
  if (gone >= patience)
    return fail_for_good(ec::relay_unreachable, last_reason);
  // The last try comes at the very end of the time allowed.
  arm(std::min(backoff, patience - gone));
  backoff = std::min(backoff * 2, config.backoff_max);
}

void link_state::connect() {
  if (config.relays.empty())
    return fail_for_good(ec::relay_unreachable, "no address of the relay is known");
  now = stage::connecting;
  reader = frame_reader();
  const auto at = config.relays[next_relay++ % config.relays.size()];
  // Covers the connection and the relay's answer to Join_Room; the loop has its own for connecting.
  arm(config.connect_timeout * 2);
  self->request(loop, loop_answers_within,
                io::connect{at, io::transport::tcp, config.connect_timeout},
                caf::actor_cast<socket_owner_actor>(self))
      .then(
          [this](io::socket_id made) {
            if (now == stage::connecting && socket == io::socket_id{})
              socket = made;
            else
              self->send(loop, io::close{made, false});
          },
          [this](const caf::error& why) {
            if (now == stage::connecting)
              rest(detail_of(why));
          });
}

void link_state::peer_came(std::string address, const std::shared_ptr<const void>& credit) {
  peer_present = true;
  peer_named = !address.empty();
  peer_heard = self->clock().now();
  held_credit = credit;
  self->send(owner, link_peer{true, std::move(address), credit});
}

void link_state::peer_went(std::string reason, const std::shared_ptr<const void>& credit) {
  if (!peer_present)
    return;
  peer_present = false;
  held_credit = credit;
  self->send(owner, link_peer{false, std::move(reason), credit});
}

void link_state::on_refused(const frame& what) {
  const auto why = parse_reason(what.details);
  const auto code = code_of_refusal(why.word);
  if (was_inside && worth_another_try(code, why.word))
    return rest("refused: " + shown(why.word));
  auto detail = "the relay refused: " + shown(why.word);
  if (!why.sentence.empty())
    detail += " (" + shown(why.sentence) + ")";
  fail_for_good(code, std::move(detail));
}

void link_state::on_joined(const frame& what, const std::shared_ptr<const void>& credit) {
  const auto seat = parse_room_seat(what.details);
  if (now != stage::joining || !seat || seat->room != config.room)
    return rest("the relay's answer makes no sense");
  disarm();
  now = stage::inside;
  was_inside = true;
  backoff = config.backoff_min;
  self->send(owner, link_entered{to_string(seat->you), seat->people});
  if (!ticking) {
    ticking = true;
    self->delayed_send(self, config.heartbeat, atom::tick_v);
  }
  if (seat->people > 1)
    peer_came({}, credit);
}

void link_state::on_relay_frame(const frame& what, const std::shared_ptr<const void>& credit) {
  if (what.is(message_number::refused))
    return on_refused(what);
  if (what.is(message_number::closing))
    return rest("the relay closes");
  if (what.is(message_number::room_joined))
    return on_joined(what, credit);
  if (now != stage::inside)
    return;
  if (what.is(message_number::peer_joined)) {
    // A peer that came back before the relay noticed that it was gone is a new one all the same;
    // the one that Room_Joined counted is only named here.
    if (peer_named)
      peer_went("replaced", credit);
    peer_came(shown(what.details), credit);
  } else if (what.is(message_number::peer_left)) {
    peer_went(shown(what.details), credit);
  }
}

void link_state::on_bytes(const bytes& data, const std::shared_ptr<const void>& credit) {
  reader.feed(data);
  const auto from = socket;
  // A frame may end this connection: the rest of its bytes are dropped then.
  while (socket == from && (now == stage::joining || now == stage::inside)) {
    auto next = reader.next();
    if (!next)
      return rest("bad frame: " + shown(detail_of(next.error())));
    if (!*next)
      return;
    if ((*next)->is_from_relay()) {
      on_relay_frame(**next, credit);
    } else if (now == stage::inside) {
      peer_heard = self->clock().now();
      held_credit = credit;
      self->send(owner, link_frame{std::move(**next), credit});
    }
  }
}

void link_state::on_closed(const io::event& what) {
  socket = {};
  if (now == stage::over)
    return self->quit();
  if (what.reason == io::close_reason::peer)
    return rest("the relay closed the connection");
  if (what.reason == io::close_reason::overflow)
    return rest("the relay takes our bytes too slowly");
  rest("no connection: " + shown(byte_view(what.data).text()));
}

void link_state::on_event(const io::event& what, const std::shared_ptr<const void>& credit) {
  if (what.socket != socket || socket == io::socket_id{})
    return;
  switch (what.kind) {
  case io::event_kind::connected: {
    if (now != stage::connecting)
      return;
    now = stage::joining;
    join_request join;
    join.room = config.room;
    join.tag = config.tag;
    return transmit(make_frame(message_number::join_room, to_details(join)));
  }
  case io::event_kind::received:
    return on_bytes(what.data, credit);
  case io::event_kind::closed:
    return on_closed(what);
  case io::event_kind::accepted:
    return;
  }
}

void link_state::beat() {
  if (now == stage::over)
    return;
  self->delayed_send(self, config.heartbeat, atom::tick_v);
  if (now != stage::inside)
    return;
  const auto allowed = config.heartbeat * config.missed_max;
  if (!held_credit.expired())
    peer_heard = self->clock().now();
  if (peer_present && self->clock().now() - peer_heard > allowed) {
    // Which of the two lines is dead we cannot know: ours is made anew.
    peer_went("silent", nullptr);
    return rest("the peer missed " + std::to_string(config.missed_max) + " heartbeats");
  }
  self->send(owner, link_beat{});
}

void link_state::on_alarm(uint64_t number) {
  if (number != alarm)
    return;
  if (now == stage::resting)
    connect();
  else if (now == stage::connecting || now == stage::joining)
    rest("the relay does not answer");
}

void link_state::open() {
  if (now != stage::idle)
    return;
  out_since = self->clock().now();
  connect();
}

void link_state::on_down(const caf::down_msg& what) {
  // Without an owner there is nothing left to do but to let go what is queued.
  if (what.source != loop.address())
    return finish();
  socket = {};
  if (now != stage::over)
    self->send(owner, link_failed{ec::stopped, "the byte loop ended"});
  self->quit();
}

link_actor::behavior_type link_state::begin(pointer me) {
  self = me;
  backoff = config.backoff_min;
  self->monitor(owner);
  self->monitor(loop);
  self->set_down_handler([this](caf::down_msg& what) { on_down(what); });
  return {
      [this](const link_open&) { open(); },
      [this](const link_send& x) {
        if (now == stage::inside)
          transmit(x.what);
      },
      [this](const link_renew& x) {
        if (now == stage::inside)
          rest(x.reason);
      },
      [this](const link_close&) { finish(); },
      [this](const io::events& x) {
        for (const auto& one : x.list)
          on_event(one, x.credit);
      },
      [this](atom::tick) { beat(); },
      [this](atom::tick, uint64_t number) { on_alarm(number); },
  };
}

link_actor::behavior_type relay_link(link_actor::stateful_pointer<link_state> self,
                                     link_config config, byte_loop_actor loop,
                                     link_owner_actor owner) {
  self->state.config = std::move(config);
  self->state.loop = std::move(loop);
  self->state.owner = std::move(owner);
  return self->state.begin(self);
}

} // namespace liveconnect::session
