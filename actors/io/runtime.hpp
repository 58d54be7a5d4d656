#pragma once

#include <memory>

#include <caf/actor_system.hpp>

#include "actors/io/byte_loop.hpp"
#include "actors/io/loop_gate.hpp"

namespace liveconnect::io {

/// The sockets of a program in one line: `io::runtime net{system};`. Declare it after the actor
/// system, so that it goes first: its end closes every socket, tells the owners, and lets go of the
/// actors that only the loop kept alive.
class runtime {
public:
  explicit runtime(caf::actor_system& system, loop_config config = {});
  ~runtime();

  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  /// For callers that may include actors/io.
  byte_loop& loop() { return *loop_; }
  /// The same for those that may outlive this; the loop has stopped then and drops what it is
  /// given.
  const std::shared_ptr<byte_loop>& share() const { return loop_; }

  /// For all other callers (wallet/raida, the relay link).
  const byte_loop_actor& gate() const { return gate_; }

private:
  std::shared_ptr<byte_loop> loop_;
  byte_loop_actor gate_;
};

} // namespace liveconnect::io
