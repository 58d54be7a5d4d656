#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include "messages/interfaces/interfaces.hpp"
#include "wallet/raida/server/server_core.hpp"

namespace liveconnect::raida {

/// Opens the records and both sockets. Port 0 takes a free one, the same for TCP and UDP.
struct listen_at {
  endpoint at;
};

/// A server that listens, and where.
struct server_ready {
  uint8_t id = 0;
  endpoint at;
};

/// Where the servers of the network are, index = server; port 0: not known, not asked.
struct server_addresses {
  std::vector<endpoint> list;
};

/// INTERNAL to a server: what it reminds itself of.
struct server_reminder {
  enum class kind : uint8_t { commit, sweep, fix, stop };
  kind what = kind::commit;
  uint64_t fix = 0;
  /// Of that Fix: a reminder of an earlier round means nothing any more.
  unsigned round = 0;
};

/// The RAIDA SERVER interface.
using raida_server_actor = socket_owner_actor::extend<
    // Starts service. Fails with ec::cannot_listen, or with the record store's error; the actor is
    // of no use then.
    caf::replies_to<listen_at>::with<server_ready>,
    // Tells where the others are, for Fix.
    caf::reacts_to<server_addresses>,
    // Commits what was asked, answers it, closes the sockets, answers, and ends.
    caf::replies_to<atom::stop>::with<atom::done>,
    // INTERNAL.
    caf::reacts_to<server_reminder>>;

/// Bounds of one server. All greater than zero.
struct server_limits {
  /// Connections open at once; later ones are closed at once.
  size_t connections_max = 256;
  /// Of them, those of one client (client_key.hpp); loopback is counted only where
  /// server_options::limits_loopback says so.
  size_t connections_of_client_max = 32;
  /// A connection must have brought its request by then.
  caf::timespan read_deadline = std::chrono::seconds(10);
  /// Fix requests that wait for the other servers; later ones are answered 252.
  size_t fixes_max = 32;
  /// How long a Fix waits for the other servers at first. Those whose word grew old meanwhile are
  /// asked again, for listing_lifetime each time (fix_votes.hpp).
  caf::timespan fix_deadline = std::chrono::seconds(2);
  /// Requests that share one commit.
  size_t batch_max = 256;
};

struct server_setup {
  server_options options;
  server_limits limits;
  byte_loop_actor loop;
  /// Opens the records; called once, in the actor.
  std::function<caf::expected<std::unique_ptr<record_store>>()> open_store;
  /// The month for changed records; the wall clock's outside tests.
  std::function<uint8_t()> month;
  /// This server's tickets, and those of all servers of this process (index = server, none where a
  /// server runs elsewhere): a Fix looks into them in the turn in which it is decided. The host
  /// fills both.
  std::shared_ptr<ticket_book> tickets;
  std::vector<std::shared_ptr<ticket_book>> siblings;
  /// Called with a sentence for the operator, from the server's thread; may be empty.
  std::function<void(const std::string&)> log;
};

/// One server between sockets and core. All requests that wait in its mailbox share one commit, and
/// no answer leaves before it. A Fix asks the servers of other processes over TCP, all at once,
/// while other requests go on; those of its own process it asks when it is decided.
///
/// Ends with an error when a socket is lost or the disk neither writes nor reads. `detached`: a
/// thread of its own, since the records block on the disk.
raida_server_actor spawn_server(caf::actor_system& system, server_setup setup, bool detached);

} // namespace liveconnect::raida

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::raida::listen_at)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::raida::server_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::raida::server_addresses)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::raida::server_reminder)
