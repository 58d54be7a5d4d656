#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/timespan.hpp>

#include "messages/base/error.hpp"
#include "messages/interfaces/wallet.hpp"
#include "messages/money/amount.hpp"
#include "messages/money/transfer.hpp"
#include "messages/wire/catalogue.hpp"

/// What a session tells its observer (cli/): everything a person or a script may want to see
/// of one transfer, typed, in the order it happens. Nothing here is secret. Texts that began at the
/// peer or the relay are cut to 200 bytes and hold printable ASCII only.
namespace liveconnect::session {

/// What a sender comes to the room for.
enum class sender_errand : uint8_t {
  /// The transfer itself.
  transfer,
  /// The transfer is over, and nothing of it is the receiver's: to say so.
  tell_returned,
  /// The transfer is over and the receiver's: to hear its receipt again and confirm it.
  tell_sent,
};

/// The steps of a transfer (docs/protocol.md 7).
inline constexpr uint8_t step_count = 25;

/// What step 1..25 is, in one clause; empty for other numbers.
std::string_view step_text(uint8_t number);

/// A step of the sender's preparation: its number, the message that announces it, and what the
/// wallet does in it. The only place that ties the three together; it stands here and not in the
/// catalogue, which knows nothing of wallets.
struct preparation_step {
  uint8_t number;
  message_number message;
  wallet::sender_step work;
};

/// Steps 10 to 17, in their order.
inline constexpr std::array<preparation_step, 8> preparation_steps{{
    {10, message_number::making_change, wallet::sender_step::make_change},
    {11, message_number::joining_coins, wallet::sender_step::join_notes},
    {12, message_number::finding_change, wallet::sender_step::find_change},
    {13, message_number::fixing_change, wallet::sender_step::fix_change},
    {14, message_number::moving_coins_to_sender, wallet::sender_step::move_to_sender},
    {15, message_number::detecting_coin_authenticity, wallet::sender_step::health_check},
    {16, message_number::fixing_coins, wallet::sender_step::fix_notes},
    {17, message_number::putting_coins_in_export, wallet::sender_step::put_in_export},
}};

/// The step that a message announces; nullptr for a message that announces none.
const preparation_step* find_preparation_step(message_number message);

/// We are in the room. Again after each reconnection.
struct joined {
  /// Our address as the relay sees it, `203.0.113.7:4711`.
  std::string own_address;
  /// People in the room, ourselves included: 1 or 2.
  uint32_t people = 1;
};

/// Another client is in the room, by the relay's word. It may be any client before `connected`.
struct peer_seen {
  /// Empty until the relay or a frame of the peer named it.
  std::string address;
};

/// The peer is out of reach: it left, or missed three heartbeats. The session waits for it; a peer
/// that goes when the transfer needs it no more is not told.
struct peer_lost {
  /// The relay's word, or `silent`.
  std::string reason;
};

/// Our own connection to the relay is gone. The session tries again.
struct link_lost {
  std::string reason;
};

/// Both sides have proved that they hold the invitation's key (docs/protocol.md 4). From here on
/// commands have effect.
struct connected {
  std::string own_address;
  std::string peer_address;
  /// The four words that both people see.
  std::string phrase;
  /// 1 for the first handshake of this run, counted up with each reconnection.
  uint32_t handshakes = 1;
};

/// The receiver's person must say whether to take this sum: answer with
/// (atom::approve, this sum, bool).
/// Comes only when session_config asks for it.
struct approve_amount {
  amount sum;
};

/// Both sides have said the same sum (steps 8 and 9).
struct amount_agreed {
  amount sum;
};

/// How far a step is. A step that takes no time comes as `finished` alone.
enum class step_phase : uint8_t { started, finished };

/// One of the 25 steps, or one of the table-only messages (number 0: Encrypting_Coins,
/// Decrypting_Coins, Confirming_Change_of_Ownership, Coins_confirmed). Both sides report all
/// steps, each `finished` once, in their order; a resumed transfer those that happen again.
struct step {
  /// 1..25, or 0 for a message that stands beside the steps (docs/protocol.md 7).
  uint8_t number = 0;
  step_phase phase = step_phase::finished;
  /// Who does it.
  role by = role::sender;
  /// The doer's address as the relay sees it; empty while unknown.
  std::string address;
  /// The command of the step as on the wire (`Making_Change`, `3439`, `coin`); empty for steps
  /// without one.
  std::string name;
  /// What it came to, for people (wallet::step_report::text), on the side that did it; or empty.
  std::string text;
  /// The report's fewest passes of 25; 0 when no server was asked or the other side did the step.
  uint8_t fewest_passes = 0;
};

/// Coins on their way (step 20): `sent` or arrived frames of `total`.
struct progress {
  uint32_t frames_done = 0;
  uint32_t frames_total = 0;
  /// Notes of the whole transfer.
  uint32_t notes = 0;
};

/// A receipt was verified and filed (sender), or made and filed (receiver).
struct receipt_filed {
  /// The first 16 hexadecimal digits of the receipt's hash: what people type.
  std::string id;
  /// Notes that passed, and their sum.
  uint32_t notes = 0;
  amount sum;
  /// Notes that the servers refused.
  uint32_t counterfeit = 0;
};

/// Whom a session waits for.
enum class awaited : uint8_t { relay, peer, peer_work, servers, person };
const char* to_string(awaited x);

/// The session waits, and says so. Not repeated while it waits for the same.
struct waiting {
  awaited whom = awaited::peer;
  /// Wall-clock time, for display only.
  std::chrono::system_clock::time_point since;
  /// After this long it gives up; zero: without limit.
  caf::timespan limit{0};
};

/// Something a person should know; the transfer goes on.
struct warning {
  std::string text;
};

/// The last event of a session, sent exactly once.
struct finished {
  role side = role::sender;
  transfer_id id;
  bool ok = false;
  /// Why it failed; meaningful when not ok. ec::counterfeit_notes comes with a receipt.
  ec code = ec::internal;
  /// One clause of detail; may be empty.
  std::string detail;
  /// The journal is still open: `resume` goes on with this transfer.
  bool still_open = false;
  /// Hexadecimal handshake hash of the last session; empty when no peer was connected.
  std::string session;
  amount sum;
  uint32_t notes = 0;
  /// S: what came back of `sum`, as far as it is known. ec::partly_sent when the rest was paid.
  amount returned;
  /// receipt_filed::id; empty without a receipt.
  std::string receipt;
  /// From the spawn of the session to its end.
  uint64_t milliseconds = 0;
  /// From the last handshake to the end: the transfer itself, without waiting for people.
  uint64_t transfer_milliseconds = 0;
};

/// Any of the above.
using event =
    std::variant<joined, peer_seen, peer_lost, link_lost, connected, approve_amount, amount_agreed,
                 step, progress, receipt_filed, waiting, warning, finished>;

} // namespace liveconnect::session

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::joined)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::peer_seen)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::peer_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::link_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::connected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::approve_amount)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::amount_agreed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::step)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::receipt_filed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::waiting)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::warning)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::session::finished)
