#pragma once

#include <chrono>
#include <cstdint>

#include <caf/actor_system.hpp>

#include "messages/interfaces/interfaces.hpp"
#include "wallet/raida/client/port.hpp"

namespace liveconnect::raida {

/// How long a port waits.
struct port_limits {
  /// How much longer than the deadline of a question an answer may take before it counts as lost:
  /// the time in the links' queues (raida_link_slack()).
  caf::timespan slack = std::chrono::seconds(65);
  /// How long one step may wait for servers (`--timeout`). A question that every server answers
  /// takes nothing from it but what goes beyond question_free; any other takes all its time.
  /// Greater than zero; by default a step has no end.
  caf::timespan step = caf::timespan::max();
};

/// What a question that every server answers may take without costing its step: a slow server is at
/// work, and a step may need many questions.
inline constexpr caf::timespan question_free = std::chrono::seconds(1);

/// The port that goes through a RAIDA CLIENT actor. Blocks the calling thread, which must not be
/// one that the actor system schedules actors on: detached actors and plain threads only.
///
/// The end of the client is what stops the port: an open question is answered with what had come by
/// then, and nothing leaves any more (client.hpp). So who wants every worker to let go of the
/// servers ends the client.
class actor_port : public raida_port {
public:
  /// `servers` is the client's number of links.
  actor_port(caf::actor_system& system, raida_client_actor client, size_t servers,
             const port_limits& limits = {});

  size_t servers() const override { return servers_; }

  /// Where the client does not say what became of the question, every server asked is `silent`;
  /// where it had ended before the question reached it, `unreachable`.
  answers ask(const ask_all& what) override;

  bool pause(std::chrono::nanoseconds length) override;
  void begin_step() override { left_ = limits_.step; }
  void extend_step(std::chrono::nanoseconds by) override;

private:
  bool has_time() const;
  void charge(const answers& got, caf::timespan took);

  caf::actor_system& system_;
  raida_client_actor client_;
  size_t servers_;
  port_limits limits_;
  /// Of this step.
  caf::timespan left_;
};

} // namespace liveconnect::raida
