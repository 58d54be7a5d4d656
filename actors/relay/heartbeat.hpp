#pragma once

#include <deque>

#include <caf/actor_clock.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/timespan.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "messages/interfaces/relay_interfaces.hpp"

namespace liveconnect::relay {

struct heartbeat_config {
  /// A connection that says nothing for so long is silent (docs/protocol.md 3).
  caf::timespan timeout = std::chrono::seconds(90);
  /// A room may wait for its second member for so long (docs/design/safety.md 6.5).
  caf::timespan room_wait = std::chrono::minutes(30);

  /// How often all are looked at: often enough that silence is found within 1/18 of the timeout (5
  /// s of 90 s) after it is due, at least every 5 s, at most a hundred times per second.
  caf::timespan interval() const;
};

/// State of the HEARTBEAT. Touched by its own actor only.
struct heartbeat_state {
  using time_point = caf::actor_clock::time_point;

  struct watched {
    std::shared_ptr<liveness> life;
    connection_actor who;
    /// When it was last seen alive, and last seen alone in its room or in company.
    time_point heard;
    time_point met;
    bool told = false;
  };

  heartbeat_config config;
  /// In pieces: a vector's reserve would be the larger part of it.
  std::deque<watched> list;
  /// Where forget_ended() goes on.
  size_t next = 0;

  using pointer = heartbeat_actor::stateful_pointer<heartbeat_state>;

  /// Watches a connection from now on.
  void add(std::shared_ptr<liveness> life, const connection_actor& who, time_point now);
  /// Looks at so many of the list, in turns, and drops those that have ended.
  void forget_ended(size_t looks);
  /// Looks at all of the list and drops those that have ended.
  void look_at_all(pointer self, time_point now);
  /// Looks at one connection, and tells it that it is silent or lonely for too long; false when it
  /// has ended.
  bool look_at(pointer self, watched& x, time_point now) const;

  static inline const char* name = "heartbeat";
};

/// The one ticker of the relay: reads every connection's liveness and tells those that are silent
/// or lonely for too long, each once. Time is the actor system's clock. Forgets a connection whose
/// liveness has ended. Ends by an exit message only.
heartbeat_actor::behavior_type heartbeat(heartbeat_actor::stateful_pointer<heartbeat_state> self,
                                         heartbeat_config config);

} // namespace liveconnect::relay
