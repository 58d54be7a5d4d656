#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/timespan.hpp>

#include "actors/session/relay_link.hpp"
#include "messages/base/endpoint.hpp"
#include "messages/interfaces/interfaces.hpp"
#include "messages/secure/invitation.hpp"
#include "messages/secure/receipt.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect::session {

/// Everything a session needs to know before it starts. The invitation holds the key: a config is
/// never logged and never sent.
struct session_config : line_times {
  invitation invite;

  /// Numeric addresses of the invitation's relay, tried in turn; at least one. Looking names up is
  /// the caller's (actors/io/resolve.hpp), because it blocks.
  std::vector<endpoint> relays;

  /// The notation we write; we read both.
  notation how = notation::tag;

  /// Sender: what to send; must be set. Receiver: another amount is refused; empty takes the
  /// invitation's, and without one whatever the sender names.
  std::optional<amount> sum;

  /// Receiver: ask the person (approve_amount) before agreeing to the amount.
  bool ask_person = false;

  /// Sender: the journal says that coins may have left (wallet::transfer_state::sending); this run
  /// completes the transfer and prepares nothing.
  bool sending_begun = false;

  /// Sender: what it comes for. For the two that only tell, `id` and `sum` name the transfer, and
  /// `sending_begun` is set for sender_errand::tell_sent.
  sender_errand errand = sender_errand::transfer;

  /// Receiver: the journal has an offer and no coins (wallet::transfer_state::offered).
  bool offered = false;

  /// Receiver: the journal says GRADED or later (wallet::transfer_state); this run delivers the
  /// receipt, and a sender that does not come is no failure.
  bool powned = false;

  /// For `finished`, when the transfer is known by its id already (resume); else the manifest tells
  /// it.
  std::optional<transfer_id> id;

  /// How long to wait for a peer that has not come yet.
  caf::timespan wait_for_peer = std::chrono::minutes(15);
  /// How long to wait for a peer that was here and went.
  caf::timespan wait_for_return = std::chrono::minutes(2);
  /// How long the peer may take for its next message. Each authentic heartbeat of the peer begins
  /// it anew, up to wallet_timeout in all (or answer_timeout, if longer): a peer at work is not
  /// silent.
  caf::timespan answer_timeout = std::chrono::minutes(2);
  /// How long the wallet may take for one step; it retries servers on its own.
  caf::timespan wallet_timeout = std::chrono::minutes(10);
  /// How long the sender stays after the receipt, in case its confirmation got lost.
  caf::timespan linger = std::chrono::seconds(3);

  /// Connections in a row that may fail to authenticate before the session ends with
  /// ec::not_authentic; at least 1.
  uint32_t auth_failures_max = 3;

  /// Receiver: a manifest of more notes is refused. No receipt has more.
  uint32_t notes_max = receipt_notes_max;

  /// File for the transcript (mode 0600, appended to), or empty for none.
  std::string transcript;
};

/// Starts the sender's side of one transfer and returns at once; the observer hears the rest, from
/// `waiting` to `finished`. The byte loop's write queue must hold a whole coin set (about 560 bytes
/// a note): the session hands all coin frames over at once.
///
/// The session watches the observer and the wallet: when either ends first, it stops as if told
/// atom::stop. It does not keep the wallet alive after `finished`.
session_actor sender_session(caf::actor_system& system, session_config config, byte_loop_actor loop,
                             sender_wallet_actor wallet, session_observer_actor observer);

/// Likewise for the receiver.
session_actor receiver_session(caf::actor_system& system, session_config config,
                               byte_loop_actor loop, receiver_wallet_actor wallet,
                               session_observer_actor observer);

} // namespace liveconnect::session
