#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "messages/interfaces/session.hpp"
#include "messages/interfaces/wallet.hpp"
#include "messages/money/transfer.hpp"
#include "messages/wire/catalogue.hpp"

/// What the two protocol machines have in common: what can happen to them and what they order.
///
/// A machine is a pure value: `advance(event)` changes its state and returns actions, in the order
/// in which they must be carried out. It knows no clock, no socket, no key and no file. The session
/// actor (session.hpp) feeds it and carries its orders out; simulations do the same without actors.
///
/// Only authenticated messages of the peer reach a machine (docs/design/safety.md I11); heartbeats
/// and the relay's own messages do not.
namespace liveconnect::session {

/// Names one question to the wallet, so that a late answer to an older one is recognised.
using ticket = uint32_t;

/// What a machine waits for with a limit. The session's configuration says how long each limit is.
enum class timer : uint8_t {
  /// No peer has proved the key yet.
  meet,
  /// The peer was here and is away.
  reunite,
  /// The peer owes us its next message. The session puts it off while authentic heartbeats of the
  /// peer come, up to a limit.
  answer,
  /// The transfer is over for the sender; it stays a moment so that the receiver surely hears so.
  linger,
};

/// What people are told of a receipt: read from its text by who verified it.
struct receipt_summary {
  /// First 16 hexadecimal digits of its hash.
  std::string id;
  /// The whole hash, for Coins_confirmed.
  std::string hash;
  uint32_t notes_passed = 0;
  amount sum_passed;
  uint32_t counterfeit = 0;
  /// Neither passed nor refused yet; the receiver's wallet goes on asking.
  uint32_t pending = 0;
};

/// Everything that can happen to a machine.
namespace input {

/// The session begins. Comes once, first.
struct started {};
/// We are in the room, alone or not.
struct entered {
  uint32_t people = 1;
};
/// Another client joined; without the handshake it may be any client.
struct peer_came {};
/// Key confirmation of a fresh handshake: from here on messages are the peer's.
struct secured {};
/// The secured peer is out of reach: it left, said Closing, fell silent, or our line broke.
struct parted {};
/// The line is gone for good: refused, or no way back within the time allowed.
struct line_failed {
  ec code = ec::relay_unreachable;
  std::string detail;
};
/// Too many frames or handshakes failed to authenticate: the peer has another key, or the
/// relay alters what is sent.
struct auth_failed {
  std::string detail;
};
/// A message without a sealed body. `details` is what the catalogue allows there.
struct peer_message {
  message_number number = message_number::heartbeat;
  std::string details;
};
/// Ready_To_Send_Coins with its manifest.
struct offered {
  manifest offer;
};
/// One coin frame, opened.
struct coin_came {
  uint32_t index = 0;
  uint32_t count = 0;
  secret_bytes file;
};
/// A receipt, whole and opened, not verified.
struct receipt_came {
  std::string text;
};
/// All coin frames were handed to the line.
struct coins_gone {};
/// A wallet step is done.
struct work_done {
  ticket which = 0;
  wallet::step_report report;
};
/// A question to the wallet failed.
struct work_failed {
  ticket which = 0;
  ec code = ec::internal;
  std::string detail;
};
/// The manifest of what lies in Export.
struct manifest_ready {
  ticket which = 0;
  manifest offer;
};
/// Record SENDING is durable, here are the coins.
struct coins_ready {
  ticket which = 0;
  wallet::coin_payload coins;
};
/// How far the receiver's wallet is with the manifest that it was shown.
struct offer_weighed {
  ticket which = 0;
  wallet::transfer_state state = wallet::transfer_state::offered;
};
/// Sender: the receipt is verified and filed. Receiver: it is made and filed.
struct receipt_ready {
  ticket which = 0;
  std::string text;
  receipt_summary summary;
};
/// A timer that was armed and not disarmed since.
struct timed_out {
  timer which = timer::meet;
};
/// The person's answer to approve_amount, with the sum that the person saw.
struct approved {
  amount sum;
  bool yes = false;
};
struct user_cancelled {};
struct user_stopped {};

} // namespace input

using any_input =
    std::variant<input::started, input::entered, input::peer_came, input::secured, input::parted,
                 input::line_failed, input::auth_failed, input::peer_message, input::offered,
                 input::coin_came, input::receipt_came, input::coins_gone, input::work_done,
                 input::work_failed, input::manifest_ready, input::coins_ready,
                 input::offer_weighed, input::receipt_ready, input::timed_out, input::approved,
                 input::user_cancelled, input::user_stopped>;

/// Questions to a wallet. Each is answered by exactly one any_input with the same ticket.
namespace ask {

/// Either side's step; answered by work_done.
struct step {
  std::variant<wallet::sender_step, wallet::receiver_step> what;
};
/// Sender; answered by work_done.
struct reserve {
  amount sum;
};
/// Sender; answered by manifest_ready.
struct get_manifest {};
/// Sender: from here on coins may leave (P1); answered by coins_ready.
struct begin_sending {};
/// Sender: verify, then file (P5); answered by receipt_ready, or work_failed with ec::bad_receipt.
struct file_receipt {
  std::string text;
};
/// Receiver; answered by offer_weighed.
struct weigh {
  manifest offer;
};
/// Receiver: check the set and make it durable (P2); answered by work_done.
struct store {
  wallet::coin_payload coins;
};
/// Receiver; answered by receipt_ready.
struct make_receipt {};
/// Receiver: the sender has confirmed; answered by work_done with an empty report.
struct confirm {};

} // namespace ask

using question =
    std::variant<ask::step, ask::reserve, ask::get_manifest, ask::begin_sending, ask::file_receipt,
                 ask::weigh, ask::store, ask::make_receipt, ask::confirm>;

/// Everything a machine can order.
namespace action {

/// Open the line: connect and enter the room.
struct open_line {};
/// Send a message without a sealed body.
struct send {
  message_number number = message_number::heartbeat;
  std::string details;
};
struct send_offer {
  manifest offer;
};
/// Send each file as one message 24 with its index and count, then report coins_gone.
struct send_coins {
  wallet::coin_payload coins;
};
struct send_receipt {
  std::string text;
};
struct ask_wallet {
  ticket which = 0;
  question what;
};
struct arm {
  timer which = timer::meet;
};
struct disarm {
  timer which = timer::meet;
};
/// Pass to the observer. The session fills in addresses and times.
struct tell {
  event what;
};
/// The line is not needed any more; wallet work goes on.
struct close_line {};
/// The session is over: close the line (what is queued still goes), tell `finished`.
struct end {
  bool ok = false;
  /// Meaningful when not ok.
  ec code = ec::internal;
  std::string detail;
  bool still_open = false;
  amount sum;
  uint32_t notes = 0;
  /// What came back of `sum`.
  amount returned;
  std::string receipt;
};

} // namespace action

using any_action =
    std::variant<action::open_line, action::send, action::send_offer, action::send_coins,
                 action::send_receipt, action::ask_wallet, action::arm, action::disarm,
                 action::tell, action::close_line, action::end>;
using actions = std::vector<any_action>;

/// Words that go with Cancel (docs/protocol.md 7).
namespace cancel_reason {
inline constexpr const char* user = "user";
inline constexpr const char* amount = "amount";
inline constexpr const char* coins = "coins";
inline constexpr const char* servers = "servers";
inline constexpr const char* wallet = "wallet";
inline constexpr const char* manifest = "manifest";
inline constexpr const char* timeout = "timeout";
/// The transfer is over, and its coins are the sender's.
inline constexpr const char* returned = "returned";
} // namespace cancel_reason

/// The word under which an error of ours is told to the peer: why, and nothing of our affairs.
const char* cancel_word(ec x);

/// Remembers which steps were told as finished, so that each is told once a run and in their order,
/// also when a new connection makes some of them happen again.
class step_ledger {
public:
  /// The event for a step that begins, or nothing when it was finished before.
  std::optional<step> start(uint8_t number, role by, std::string name);
  /// The event for a step that ends, or nothing when it was told before.
  std::optional<step> finish(uint8_t number, role by, std::string name,
                             const wallet::step_report& report = {});

private:
  uint32_t finished_ = 0;
};

} // namespace liveconnect::session
