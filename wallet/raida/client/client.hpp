#pragma once

#include <optional>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "messages/interfaces/interfaces.hpp"
#include "wallet/raida/client/raida_link.hpp"

namespace liveconnect::raida {

/// State of a RAIDA CLIENT. Touched by its own actor only.
class raida_client_state {
public:
  using pointer = raida_client_actor::stateful_pointer<raida_client_state>;

  explicit raida_client_state(pointer actor) : self(actor) {}

  /// Index of `links` = server. `slack` is how much longer than a request's deadline a link may
  /// take.
  void setup(std::vector<raida_link_actor> links, caf::timespan slack);
  caf::result<answers> on_ask(const ask_all& x);
  void on_exit(caf::exit_msg& x);
  /// A question has all its answers.
  void on_answered();

  static inline const char* name = "raida_client";

private:
  pointer self;
  std::vector<raida_link_actor> links_;
  caf::timespan slack_{};
  /// Questions that wait for links.
  size_t open_ = 0;
  /// Why it ends, once it has been told to and waits for its links' last answers.
  std::optional<caf::error> leaving_;
};

/// The fan-out over all servers: hands each link its part and answers once all have. It waits for
/// all, since every answer to a Pown saves a Find later (docs/formats/raida.md 13).
///
/// Links itself to its links, so that they end with it; a link that ends before leaves its server
/// `unreachable` and the client goes on. Ends by an exit message other than normal, or when no
/// handle to it is left. Told to end, it has its links end first and gives every open question the
/// answers that they had by then: `silent` where bytes had left, `unreachable` where not. A later
/// question finds every server `unreachable`. So no asker ever waits for a client that is gone.
raida_client_actor::behavior_type raida_client(raida_client_state::pointer self,
                                               std::vector<raida_link_actor> links,
                                               caf::timespan slack);

/// Spawns a client and a link for each of `servers` (index = server id, at most 256). `bounds`
/// gives the links' bounds; its server and address are overwritten. The caller ends the
/// client with an exit message (or drops its last handle); the links follow.
raida_client_actor spawn_raida_client(caf::actor_system& system, byte_loop_actor loop,
                                      const std::vector<endpoint>& servers,
                                      raida_link_config bounds = {});

} // namespace liveconnect::raida
