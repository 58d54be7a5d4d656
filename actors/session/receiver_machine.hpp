#pragma once

#include "actors/session/machine_base.hpp"
#include "messages/secure/receipt.hpp"

namespace liveconnect::session {

/// How far the receiver's conversation is. How far the money is, is told apart by receiver_money,
/// because the wallet goes on when the line breaks. actors/session/README.md has the diagram.
enum class receiver_state : uint8_t {
  idle,
  /// On the way to the room, in it, or waiting for the peer's key confirmation.
  meeting,
  /// Secured. Empty_Import_Export comes next, or Ready_To_Send_Coins of a transfer that goes on.
  greeted,
  /// Do enough servers answer?
  checking,
  /// Our Import and Export are set aside.
  clearing,
  /// Import_Export_Empty is out, the amount comes next.
  cleared,
  /// The person is asked whether to take the amount.
  judging,
  /// The amount is agreed; the sender works and then offers.
  agreed,
  /// The wallet looks at the manifest.
  weighing,
  /// An offer came without the original steps 6 to 9: do enough servers answer?
  checking_offer,
  /// Ready_To_Receive is out, coins come.
  collecting,
  /// We hold the set, and tell how far we are with it.
  holding,
  /// The sender has confirmed the receipt; the wallet closes the transfer.
  confirming,
  /// The sender has cancelled; the wallet closes the offer.
  dropping,
  ended,
};
const char* to_string(receiver_state x);

/// How far the money is at the receiver.
enum class receiver_money : uint8_t {
  /// No complete set.
  none,
  /// The wallet checks the set and makes it durable (P2).
  storing,
  /// Durable, being powned (P3, P4).
  powning,
  /// Powned; the receipt is being made.
  powned,
  /// The receipt is filed here.
  receipt,
};
const char* to_string(receiver_money x);

/// What the receiver expects.
struct receiver_terms {
  /// The invitation's amount: another one is refused.
  std::optional<amount> expected;
  /// Ask the person even when the amount is the expected one.
  bool ask_person = false;
  /// A manifest of more notes is refused: bounds the memory for the set to some 550 bytes a note,
  /// and no receipt has more.
  uint32_t notes_max = receipt_notes_max;
  /// The journal of an earlier run says GRADED or later: the money is ours, this run only delivers
  /// the receipt, and a sender that does not come is no failure.
  bool powned = false;
  /// The journal of an earlier run has an offer and no coins: a sender that cancels closes it.
  bool offered = false;
};

/// The receiver's side of one transfer (docs/protocol.md 6 and 7; docs/design/safety.md I10, P2,
/// P4).
///
/// What holds at every moment: an incomplete set never reaches the wallet; Received is said only
/// after the wallet has answered that the set is durable, the receipt only after it was made; once
/// the set is durable nothing that the peer, the relay or the line does stops the powning.
class receiver_machine : public machine_base {
public:
  explicit receiver_machine(receiver_terms terms);

  actions advance(any_input what);

  receiver_state state() const { return state_; }
  /// Whether the transfer cannot go on without the sender: one that goes then is waited for.
  bool needs_peer() const;
  // for tests: what a table of machine and inputs asks for
  receiver_money money() const { return money_; }

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
  void on(input::coin_came&);
  void on(const input::receipt_came&);
  void on(const input::coins_gone&);
  void on(const input::work_done&);
  void on(const input::work_failed&);
  void on(const input::manifest_ready&);
  void on(const input::coins_ready&);
  void on(const input::offer_weighed&);
  void on(const input::receipt_ready&);
  void on(const input::timed_out&);
  void on(const input::approved&);
  void on(const input::user_cancelled&);
  void on(const input::user_stopped&);

  /// Takes the message if it is the one that this state waits for.
  bool take_expected(const input::peer_message& x);
  bool begin_clearing();
  bool take_amount(const std::string& text);
  bool take_confirmation(const std::string& hash);
  void on_no_answer();
  /// Accepts, refuses, or asks the person; goes on with agree() once accepted.
  void judge(amount sum);
  void agree();
  void show_work(message_number number);
  void consider_offer();
  void ready_to_receive();
  void start_powning();
  /// Says what the sender has not heard in this session of how far we are.
  void announce();
  void drop_set();
  void violation(std::string what);
  /// Nothing of the set is ours yet: cancel towards the peer and end.
  void refuse(ec code, std::string detail, const char* cancel);
  /// The sender says that no coins will come: what the wallet knows of its offer is closed.
  void take_cancel(std::string detail);
  /// No way to the peer any more: ends now, or when the money is settled.
  void give_up(ec code, std::string detail);
  void end_with_receipt(bool delivered);
  void end(bool ok, ec code, std::string detail, bool still_open);

  receiver_terms terms_;
  receiver_state state_ = receiver_state::idle;
  receiver_money money_ = receiver_money::none;
  /// The way to the peer is given up; we end when the receipt is made.
  bool gave_up_ = false;
  /// Enough servers answered in this run.
  bool servers_checked_ = false;
  /// The sum under judgement, and the sum accepted.
  amount named_;
  std::optional<amount> agreed_;
  /// The offer of this session that waits for the amount's judgement or the wallet's answer, and
  /// the one the wallet knows.
  std::optional<manifest> offer_;
  std::optional<manifest> known_;
  /// Work of the sender that is shown as started.
  uint8_t shown_step_ = 0;
  message_number shown_number_ = message_number::heartbeat;
  wallet::coin_payload set_;
  uint32_t frames_ = 0;
  uint64_t set_bytes_ = 0;
  /// Messages said in this session after the offer: 0 none .. 5 receipt.
  int announced_ = 0;
  bool offer_in_session_ = false;
  /// The question whose answer moves the money; 0: none.
  ticket money_ticket_ = 0;
  std::string receipt_text_;
  /// The wallet was told of an offer, in this run or an earlier one.
  bool weighed_ = false;
  /// What `end` will say once the offer is dropped.
  std::string cancel_detail_;
};

} // namespace liveconnect::session
