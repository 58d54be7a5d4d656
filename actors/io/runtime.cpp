#include "actors/io/runtime.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

namespace liveconnect::io {

runtime::runtime(caf::actor_system& system, loop_config config)
    : loop_(std::make_shared<byte_loop>(config)),
      gate_(system.spawn(loop_gate, std::weak_ptr<byte_loop>(loop_))) {}

runtime::~runtime() {
  // The gate may hold the loop for the length of one command: end it by name, not by its last
  // reference.
  loop_->stop();
  caf::anon_send_exit(gate_, caf::exit_reason::user_shutdown);
}

} // namespace liveconnect::io
