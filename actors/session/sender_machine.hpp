#pragma once

#include "actors/session/machine_base.hpp"

namespace liveconnect::session {

/// Where the sender's machine is. actors/session/README.md has the diagram.
enum class sender_state : uint8_t {
  /// Nothing has happened.
  idle,
  /// The wallet chooses and locks notes; neither peer nor server was asked anything yet.
  reserving,
  /// On the way to the room, in it, or waiting for the peer's key confirmation.
  meeting,
  /// Do enough servers answer?
  checking,
  /// Our own Import and Export are set aside.
  clearing,
  /// Empty_Import_Export is out.
  awaiting_cleared,
  /// The amount is out.
  awaiting_amount,
  /// Steps 10 to 17, one after the other.
  preparing,
  /// The wallet is asked for the manifest.
  listing,
  /// Ready_To_Send_Coins is out.
  awaiting_ready,
  /// The wallet makes the SENDING record durable: from here on coins count as sent.
  beginning,
  /// Coin frames leave.
  delivering,
  /// All coins are out; the receiver has not said Received.
  awaiting_received,
  /// The receiver has the coins.
  awaiting_receipt,
  /// The receipt is verified and filed.
  filing,
  /// Filed. The receiver is told, and told again if it asks.
  lingering,
  /// Something ended the transfer: the wallet gives back, or asks the servers.
  settling,
  ended,
};
const char* to_string(sender_state x);

/// The sender's side of one transfer (docs/protocol.md 6 and 7; docs/design/safety.md 5.4, P1 and
/// P5).
///
/// What holds at every moment: no coin is ordered to leave before the wallet has answered
/// begin_sending; give_back is never asked after begin_sending was; a receiver that says it holds
/// the set is sent none; the session ends exactly once.
class sender_machine : public machine_base {
public:
  /// `sum` > 0. `sending_begun`: the journal says SENDING, this run only completes the transfer.
  /// With an errand of telling the transfer is closed already: nothing of it is prepared, sent or
  /// settled, and it ends well once the receiver has heard.
  explicit sender_machine(amount sum, bool sending_begun = false,
                          sender_errand errand = sender_errand::transfer);

  actions advance(any_input what);

  sender_state state() const { return state_; }
  /// begin_sending was asked, in this run or an earlier one.
  bool sending_begun() const { return begun_; }
  /// Whether the transfer cannot go on without the receiver: one that goes then is waited for.
  bool needs_peer() const;

private:
  void on(const input::started&);
  void on(const input::entered&);
  void on(const input::peer_came&);
  void on(const input::secured&);
  void on(const input::parted&);
  void on(const input::line_failed&);
  void on(const input::auth_failed&);
  void on(const input::peer_message&);
  void on(const input::offered&);
  void on(const input::coin_came&);
  void on(const input::receipt_came&);
  void on(const input::coins_gone&);
  void on(const input::work_done&);
  void on(const input::work_failed&);
  void on(const input::manifest_ready&);
  void on(input::coins_ready&);
  void on(const input::offer_weighed&);
  void on(const input::receipt_ready&);
  void on(const input::timed_out&);
  void on(const input::approved&);
  void on(const input::user_cancelled&);
  void on(const input::user_stopped&);

  void begin_meeting();
  /// Takes the message if it is the one that this state waits for.
  bool take_expected(const input::peer_message& x);
  bool name_amount();
  bool begin_preparing();
  bool take_readiness(message_number number);
  void ask_step(wallet::sender_step what);

  bool awaits_peer() const;
  bool reached_receipt() const;
  void prepare_next();
  void offer();
  void confirm_receipt();
  void progress_of_receiver(message_number number);
  void violation(std::string what);
  /// The transfer cannot go on: cancel towards the peer, give back or ask the servers, then end.
  void abandon(ec code, std::string detail, const char* cancel);
  /// The peer is out of reach for good.
  void give_up(ec code, std::string detail);
  void settle(wallet::sender_step how);
  /// After a receipt that calls notes counterfeit, or undecided: what the servers say of them.
  void ask_about_claims(const receipt_summary& x);
  void take_claims(const wallet::step_report& x);
  /// The receipt is filed and the receiver has heard so, or cannot: the end, once the servers have
  /// answered about the notes that the receipt does not settle.
  void end_after_receipt();
  /// That end itself.
  void end_with_claims();
  void end(bool ok, ec code, std::string detail, bool still_open);

  amount sum_;
  bool begun_;
  /// Coins were ordered to leave, in this run or perhaps in an earlier one.
  bool coins_left_;
  sender_state state_ = sender_state::idle;
  /// Index into preparation_steps.
  size_t next_work_ = 0;
  /// Rank of the receiver's last message since this session's offer: 0 none, 1 Received, 2
  /// Decrypting, 3 Powning, 4 Confirming, 5 receipt.
  int receiver_rank_ = 0;
  /// all_sent runs beside the wait for Received.
  ticket all_sent_ticket_ = 0;
  std::optional<manifest> offer_;
  /// What `end` will say once settled.
  ec end_code_ = ec::internal;
  std::string end_detail_;
  wallet::sender_step settling_how_ = wallet::sender_step::give_back;
  amount returned_;
  sender_errand errand_;
  /// ask_servers runs beside lingering, where a receipt leaves notes open; 0: not, or answered.
  ticket claims_ticket_ = 0;
  /// The end waits for that answer.
  bool ends_with_claims_ = false;
  /// What the receipt says against notes, and what the servers say of them; empty: nothing.
  std::string claims_;
  std::string servers_word_;
  bool claims_open_ = false;
};

} // namespace liveconnect::session
