#pragma once

#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <caf/all.hpp>

#include "messages/base/error.hpp"
#include "messages/interfaces/interfaces.hpp"

namespace liveconnect::test {

/// What a byte loop was told, and a hand to tell its owners what happens. Shared between the test
/// and the fake actor; for the deterministic scheduler only.
struct fake_byte_loop {
  struct opened {
    io::socket_id socket;
    io::connect how;
    socket_owner_actor owner;
  };
  /// Every connect, in order; sockets are numbered from 1.
  std::vector<opened> connects;
  std::map<io::socket_id, bytes> sent;
  std::vector<io::close> closes;
  /// Connects fail: no descriptor is left.
  bool is_full = false;
  /// Connects are not answered before the fake loop gets a tick.
  bool holds_answers = false;
  std::deque<std::pair<caf::typed_response_promise<io::socket_id>, io::socket_id>> held;

  const opened& at(size_t i) const { return connects.at(i); }
  bool was_closed(io::socket_id x) const {
    for (const auto& one : closes)
      if (one.socket == x)
        return true;
    return false;
  }

  /// Tells the owner of connect number `i`.
  void tell(size_t i, io::event_kind kind, bytes data = {},
            io::close_reason reason = io::close_reason::none) const {
    io::event x;
    x.kind = kind;
    x.socket = at(i).socket;
    x.peer = at(i).how.to;
    x.reason = reason;
    x.data = std::move(data);
    caf::anon_send(at(i).owner, io::events{{x}});
  }
  void connected(size_t i) const { tell(i, io::event_kind::connected); }
  void received(size_t i, bytes data) const { tell(i, io::event_kind::received, std::move(data)); }
  void closed(size_t i, io::close_reason reason) const {
    tell(i, io::event_kind::closed, {}, reason);
  }
};

/// A BYTE LOOP that a test can give a turn of its own.
using fake_byte_loop_actor = byte_loop_actor::extend<
    // Answers what is held.
    caf::reacts_to<atom::tick>>;

/// A BYTE LOOP without sockets, which writes down what it is told.
inline fake_byte_loop_actor::behavior_type run_fake_byte_loop(fake_byte_loop_actor::pointer self,
                                                              std::shared_ptr<fake_byte_loop> log) {
  return {
      [](const io::listen&, const socket_owner_actor&) -> caf::result<io::listening> {
        return fail(ec::cannot_listen, "nothing listens here");
      },
      [self, log](const io::connect& x,
                  const socket_owner_actor& owner) -> caf::result<io::socket_id> {
        if (log->is_full)
          return fail(ec::network_failed, "full");
        const io::socket_id socket{log->connects.size() + 1};
        log->connects.push_back({socket, x, owner});
        if (!log->holds_answers)
          return socket;
        auto promise = self->make_response_promise<io::socket_id>();
        log->held.emplace_back(promise, socket);
        return promise;
      },
      [log](const io::send& x) {
        auto& out = log->sent[x.socket];
        out.insert(out.end(), x.data.begin(), x.data.end());
      },
      [](const io::send_to&) {},
      [log](const io::close& x) { log->closes.push_back(x); },
      [log](atom::tick) {
        for (auto& x : log->held)
          x.first.deliver(x.second);
        log->held.clear();
      },
  };
}

} // namespace liveconnect::test
