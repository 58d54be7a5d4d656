#pragma once

#include <memory>

#include <caf/result.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/io/byte_loop.hpp"

namespace liveconnect::io {

/// State of a LOOP GATE. Touched by its own actor only.
struct loop_gate_state {
  using pointer = byte_loop_actor::stateful_pointer<loop_gate_state>;

  std::weak_ptr<byte_loop> loop;

  /// Opens a socket for `owner`: answers first and starts it second, so that the owner knows the id
  /// before its first event.
  template<class Answer, class Command>
  caf::result<Answer> open(pointer self, const Command& what,
                           const socket_owner_actor& owner) const;

  static inline const char* name = "loop_gate";
};

/// LOOP GATE: serves a byte loop's commands to actors of folders that cannot see actors/io. An
/// actor that asks for a connection has its id before the first event of it.
///
/// Holds the loop weakly: once the loop is gone, requests fail with ec::stopped and commands are
/// dropped. Ends when no reference to it is left, or on an exit message.
byte_loop_actor::behavior_type loop_gate(byte_loop_actor::stateful_pointer<loop_gate_state> self,
                                         std::weak_ptr<byte_loop> loop);

} // namespace liveconnect::io
