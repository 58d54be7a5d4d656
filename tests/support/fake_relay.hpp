#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "messages/interfaces/interfaces.hpp"
#include "messages/wire/frame.hpp"
#include "messages/wire/room.hpp"

namespace liveconnect::test {

/// A byte loop and a relay in one, in memory: sessions connect to it as to the real one, and it
/// seats the first two of each room, replaces `#`, and tells who came and went. Tests may cut
/// lines, stop the relay, and alter what passes. Lives on the deterministic scheduler; not thread
/// safe.
class fake_relay : public std::enable_shared_from_this<fake_relay> {
public:
  /// Decides about one frame of a client on its way: return false to drop it; the frame may be
  /// altered. `from` is the socket it came on.
  std::function<bool(frame& what, io::socket_id from)> on_frame;
  /// Called with every frame after it was passed on.
  std::function<void(const frame& what, io::socket_id from)> passed;
  /// No connection succeeds while true.
  bool down = false;
  /// A client's wish to close its line is not carried out, as when what is queued cannot leave.
  bool keeps_lines = false;
  /// Refuse every client with this reason, when not empty.
  std::string refusal;
  /// Check room tags, as the real one does.
  bool check_tags = true;
  /// Everything that clients wrote, as they wrote it.
  std::string onlooker;

  /// The handle that sessions use.
  byte_loop_actor spawn(caf::actor_system& system) {
    auto me = shared_from_this();
    return system.spawn([me](byte_loop_actor::pointer self) -> byte_loop_actor::behavior_type {
      return {
          [](const io::listen&, const socket_owner_actor&) -> caf::result<io::listening> {
            return fail(ec::cannot_listen, "not here");
          },
          [me, self](const io::connect&,
                     const socket_owner_actor& owner) -> caf::result<io::socket_id> {
            // The id comes before the first event, as with the real loop.
            auto answer = self->make_response_promise<io::socket_id>();
            const io::socket_id id{++me->last_};
            answer.deliver(id);
            me->connect(id, owner);
            return answer;
          },
          [me](const io::send& x) { me->take(x); },
          [](const io::send_to&) {},
          [me](const io::close& x) {
            if (!me->keeps_lines)
              me->close(x.socket, io::close_reason::local);
          },
      };
    });
  }

  /// Cuts the line of one client; the other hears Peer_Left.
  void cut(io::socket_id socket) { close(socket, io::close_reason::failed); }

  /// Cuts all connections.
  void cut_all() {
    while (!clients_.empty())
      cut(clients_.begin()->first);
  }

  /// The open sockets, in the order of their connecting.
  std::vector<io::socket_id> sockets() const {
    std::vector<io::socket_id> out;
    for (const auto& x : clients_)
      out.push_back(x.first);
    return out;
  }

  size_t connections() const { return connections_; }
  /// Connections asked for, failed ones included.
  uint64_t attempts() const { return last_; }

  /// Sends raw bytes to one client.
  void shout(io::socket_id to, std::string_view text, std::shared_ptr<const void> credit = {}) {
    io::event out;
    out.kind = io::event_kind::received;
    out.socket = to;
    out.data = byte_view(text).copy();
    caf::anon_send(clients_.at(to).owner, io::events{{out}, std::move(credit)});
  }

private:
  struct client {
    socket_owner_actor owner;
    frame_reader reader;
    notation how = notation::tag;
    uint64_t room = 0;
    std::string tag;
    endpoint address;
  };

  void connect(io::socket_id id, const socket_owner_actor& owner) {
    io::event what;
    what.socket = id;
    if (down) {
      what.kind = io::event_kind::closed;
      what.reason = io::close_reason::failed;
      caf::anon_send(owner, io::events{{what}});
      return;
    }
    ++connections_;
    auto& made = clients_[id];
    made.owner = owner;
    endpoint::parse("198.51.100." + std::to_string(last_ % 250 + 1), 5000, made.address);
    what.kind = io::event_kind::connected;
    caf::anon_send(owner, io::events{{what}});
  }

  void say(client& to, io::socket_id id, const frame& what) {
    auto text = encode(what, to.how);
    io::event out;
    out.kind = io::event_kind::received;
    out.socket = id;
    out.data = byte_view(std::string_view(text)).copy();
    caf::anon_send(to.owner, io::events{{out}});
  }

  std::pair<const io::socket_id, client>* other(io::socket_id id) {
    auto me = clients_.find(id);
    if (me == clients_.end() || me->second.room == 0)
      return nullptr;
    for (auto& x : clients_)
      if (x.first != id && x.second.room == me->second.room)
        return &x;
    return nullptr;
  }

  void take(const io::send& x) {
    auto found = clients_.find(x.socket);
    if (found == clients_.end())
      return;
    onlooker.append(byte_view(x.data).text());
    found->second.reader.feed(x.data);
    for (;;) {
      // A frame's own effect may have closed the line.
      found = clients_.find(x.socket);
      if (found == clients_.end())
        return;
      auto next = found->second.reader.next();
      if (!next)
        return close(x.socket, io::close_reason::peer);
      if (!*next)
        return;
      take(x.socket, found->second, **next);
    }
  }

  void take(io::socket_id id, client& from, frame what) {
    if (what.is(message_number::join_room))
      return join(id, from, what);
    if (from.room == 0 || what.from != "#")
      return close(id, io::close_reason::peer);
    auto to = other(id);
    if (to == nullptr)
      return;
    const auto original = what;
    if (on_frame && !on_frame(what, id))
      return;
    to = other(id);
    if (to == nullptr)
      return;
    what.from = to_string(from.address);
    say(to->second, to->first, what);
    if (passed)
      passed(original, id);
  }

  void join(io::socket_id id, client& from, const frame& what) {
    from.how = what.how;
    auto wanted = parse_join_request(what.details);
    if (!wanted)
      return close(id, io::close_reason::peer);
    size_t inside = 0;
    std::string tag;
    for (const auto& [other_id, x] : clients_)
      if (x.room == wanted->room) {
        ++inside;
        tag = x.tag;
      }
    std::string why = refusal;
    if (why.empty() && inside >= 2)
      why = "crowded Two people are in this room.";
    if (why.empty() && check_tags && inside == 1 && tag != wanted->tag)
      why = "wrong_tag Another key.";
    if (!why.empty()) {
      say(from, id, make_relay_frame(message_number::refused, why));
      return close(id, io::close_reason::peer);
    }
    from.room = wanted->room;
    from.tag = wanted->tag;
    room_seat seat;
    seat.room = wanted->room;
    seat.you = from.address;
    seat.people = static_cast<uint32_t>(inside + 1);
    say(from, id, make_relay_frame(message_number::room_joined, to_details(seat)));
    if (auto to = other(id))
      say(to->second, to->first,
          make_relay_frame(message_number::peer_joined, to_string(from.address)));
  }

  void close(io::socket_id id, io::close_reason why) {
    auto found = clients_.find(id);
    if (found == clients_.end())
      return;
    auto to = other(id);
    io::event what;
    what.kind = io::event_kind::closed;
    what.socket = id;
    what.reason = why;
    caf::anon_send(found->second.owner, io::events{{what}});
    if (to != nullptr)
      say(to->second, to->first, make_relay_frame(message_number::peer_left, "gone"));
    clients_.erase(found);
  }

  std::map<io::socket_id, client> clients_;
  uint64_t last_ = 0;
  size_t connections_ = 0;
};

} // namespace liveconnect::test
