#pragma once

#include <memory>

#include <caf/typed_event_based_actor.hpp>

#include "actors/io/byte_loop.hpp"

namespace liveconnect::io {

/// LOOP GATE: serves a byte loop's commands to actors of folders that cannot see actors/io. Whoever
/// asks for a connection has its id before the first event of it.
///
/// Holds the loop weakly: once the loop is gone, requests fail with ec::stopped and commands are
/// dropped. Ends when nobody refers to it any more, or on an exit message.
byte_loop_actor::behavior_type loop_gate(byte_loop_actor::pointer self,
                                         std::weak_ptr<byte_loop> loop);

} // namespace liveconnect::io
