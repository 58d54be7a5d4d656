#pragma once

#include <cstdint>
#include <string>

#include <caf/error.hpp>
#include <caf/make_message.hpp>

namespace liveconnect {

/// Everything that can fail, grouped by who can act on it. Each comment says what is still true
/// afterwards. cli/exit_codes maps a code to the exit codes of docs/design/cli.md "Exit codes".
enum class ec : uint8_t {
  // CAF reads 0 as "no error", so the first real code is 1.

  // --- the person at the keyboard ---
  /// An argument or a combination of arguments makes no sense; nothing was done.
  bad_argument = 1,
  /// A configuration file or variable is wrong; nothing was done.
  bad_config,
  /// Text that is no amount (docs/protocol.md 1).
  bad_amount,
  /// An invitation that cannot be read, with the line that is wrong; nothing was done.
  bad_invitation,
  /// The invitation's time is over; nothing moved.
  invitation_expired,

  // --- the relay ---
  /// No connection to the relay, or it was lost for longer than we wait.
  relay_unreachable,
  /// The relay is full, draining or limiting us; later it may go.
  relay_busy,
  /// Two others sit in the room already.
  room_full,
  /// The relay refused us for another reason, named in the detail.
  relay_refused,

  // --- the peer ---
  /// The peer did not come, left, or fell silent for longer than we wait.
  peer_gone,
  /// The peer refused or cancelled.
  peer_refused,
  /// The peer does not hold the invitation's key, or what it sent was altered on the way; the
  /// connection
  /// ends and money state is untouched (docs/design/safety.md I11).
  not_authentic,
  /// A well-formed message where the protocol allows none; the connection ends, money is untouched.
  protocol_violation,
  /// A frame that is not in the grammar or over a bound; the connection ends, money is untouched.
  bad_frame,

  // --- money ---
  /// The wallet holds less than asked for; nothing moved.
  not_enough_coins,
  /// The sum is there but not in notes that fit, and change cannot be made; nothing moved.
  change_not_possible,
  /// Coins may have reached the peer and no receipt came; the journal is open, `resume` goes on.
  outcome_unknown,
  /// Some received notes failed at the servers; the receipt lists them.
  counterfeit_notes,
  /// The receiver took only a part of the notes; the rest is back in the sender's wallet.
  partly_sent,
  /// Fewer than 13 servers answer; nothing moved, or what is open stays open.
  too_few_servers,
  /// The received notes are not what the manifest announced; nothing was powned
  /// (docs/design/safety.md I10).
  manifest_mismatch,
  /// A receipt that is not signed rightly or contradicts the transfer; the transfer stays open.
  bad_receipt,

  // --- the disk ---
  /// Another program holds the wallet.
  wallet_busy,
  /// A journal or wallet cannot be understood; it is left as it is and nothing is written.
  wallet_damaged,
  /// A coin file that cannot be read; it stays where it is.
  bad_coin_file,
  /// A coin file of an older coin system (v1, v2); it stays where it is.
  old_coin_file,
  /// A file already stands where one was to be made; it was not touched (docs/design/safety.md I9).
  file_exists,
  /// A file operation failed; the step has not happened (docs/design/safety.md 5.2).
  disk_failed,

  // --- the network and this computer ---
  /// An address is in use or cannot be bound.
  cannot_listen,
  /// A socket operation failed; the detail carries the system's words.
  network_failed,
  /// Something took longer than its deadline.
  timed_out,
  /// Stopped by a signal or by shutting down.
  stopped,
  /// Our own mistake; the detail says where.
  internal,
};

/// The code's name as it stands above; stable, used in JSON.
std::string to_string(ec x);

/// An error with its code and one clause of detail (what and where; never a secret, never
/// unbounded).
caf::error fail(ec code, std::string detail = {});

/// The code of an error made by fail(); ec::internal for errors of CAF itself.
ec code_of(const caf::error& x);

/// The detail given to fail(), or CAF's own rendering for its errors.
std::string detail_of(const caf::error& x);

} // namespace liveconnect

// The category is an atom: ten characters at most.
CAF_ERROR_CODE_ENUM(liveconnect::ec, "liveconn")
