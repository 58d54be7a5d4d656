#pragma once

#include <chrono>

#include <caf/actor_system.hpp>

#include "messages/interfaces/interfaces.hpp"
#include "wallet/raida/client/port.hpp"

namespace liveconnect::raida {

/// The port that goes through a RAIDA CLIENT actor. Blocks the calling thread, which must not be
/// one that the actor system schedules actors on: detached actors and plain threads only.
class actor_port : public raida_port {
public:
  /// `servers` is the client's number of links. `slack` is how much longer than the deadline of a
  /// question an answer may take before it counts as lost: the time in the links' queues
  /// (raida_link_slack()).
  actor_port(caf::actor_system& system, raida_client_actor client, size_t servers,
             caf::timespan slack = std::chrono::seconds(65));

  size_t servers() const override { return servers_; }

  /// When the client has ended or does not answer, every server asked is `silent`: what was sent is
  /// not known.
  answers ask(const ask_all& what) override;

private:
  caf::actor_system& system_;
  raida_client_actor client_;
  size_t servers_;
  caf::timespan slack_;
};

} // namespace liveconnect::raida
