#include "actors/session/receiver_machine.hpp"

#include <utility>

#include "messages/base/assert.hpp"
#include "messages/secure/manifest.hpp"

namespace liveconnect::session {

using wallet::receiver_step;

namespace {

/// More than the 407 bytes of a coin record and the 32 of a file header with one record
/// (docs/formats/wallet.md 1): no honest set is larger than this a note.
constexpr uint64_t set_bytes_a_note_max = 512;

} // namespace

// branches: one case a state
const char* to_string(receiver_state x) {
  switch (x) {
  case receiver_state::idle:
    return "idle";
  case receiver_state::meeting:
    return "meeting";
  case receiver_state::greeted:
    return "greeted";
  case receiver_state::checking:
    return "checking";
  case receiver_state::clearing:
    return "clearing";
  case receiver_state::cleared:
    return "cleared";
  case receiver_state::judging:
    return "judging";
  case receiver_state::agreed:
    return "agreed";
  case receiver_state::weighing:
    return "weighing";
  case receiver_state::checking_offer:
    return "checking_offer";
  case receiver_state::collecting:
    return "collecting";
  case receiver_state::holding:
    return "holding";
  case receiver_state::confirming:
    return "confirming";
  case receiver_state::dropping:
    return "dropping";
  case receiver_state::ended:
    return "ended";
  }
  return "unknown";
}

const char* to_string(receiver_money x) {
  switch (x) {
  case receiver_money::none:
    return "none";
  case receiver_money::storing:
    return "storing";
  case receiver_money::powning:
    return "powning";
  case receiver_money::powned:
    return "powned";
  case receiver_money::receipt:
    return "receipt";
  }
  return "unknown";
}

receiver_machine::receiver_machine(receiver_terms terms)
    : terms_(std::move(terms)), weighed_(terms_.offered) {}

actions receiver_machine::advance(any_input what) {
  out_.clear();
  if (state_ != receiver_state::ended)
    std::visit([this](auto& x) { on(x); }, what);
  return std::move(out_);
}

// --- coming together ---

void receiver_machine::on(const input::started&) {
  if (state_ != receiver_state::idle)
    return;
  state_ = receiver_state::meeting;
  tell_invited();
  open_line();
}

void receiver_machine::on(const input::entered& x) {
  if (x.people > 1)
    return on(input::peer_came{});
  tell_waiting(awaited::peer);
}

void receiver_machine::on(const input::peer_came&) {
  // The sender's entry is told first, whichever side came first.
  finish_step(3, role::sender, message_number::heartbeat);
  finish_step(4, role::receiver, message_number::heartbeat);
}

void receiver_machine::on(const input::secured&) {
  secure();
  announced_ = 0;
  offer_in_session_ = false;
  if (state_ != receiver_state::meeting)
    return;
  state_ = receiver_state::greeted;
  wait_for_answer(awaited::peer_work);
}

void receiver_machine::on(const input::parted&) {
  if (!secured_)
    return;
  secured_ = false;
  stop_waiting();
  if (!needs_peer())
    return;
  // An answer that would have gone to this connection is dropped; the wallet's work on a
  // complete set has its own ticket and goes on.
  current_ = 0;
  offer_.reset();
  drop_set();
  state_ = receiver_state::meeting;
  out_.push_back(action::arm{timer::reunite});
  tell_waiting(awaited::peer);
}

bool receiver_machine::needs_peer() const {
  return state_ != receiver_state::confirming && state_ != receiver_state::dropping &&
         state_ != receiver_state::ended;
}

void receiver_machine::on(const input::line_failed& x) {
  give_up(x.code, x.detail);
}

void receiver_machine::on(const input::auth_failed& x) {
  give_up(ec::not_authentic, x.detail);
}

// --- the peer's messages ---

void receiver_machine::on(const input::peer_message& x) {
  if (!secured_ || state_ == receiver_state::dropping)
    return;
  if (x.number == message_number::cancel) {
    if (money_ == receiver_money::none)
      return take_cancel("the sender cancelled: " + x.details);
    // The set is complete: it is powned whatever the sender says now (docs/design/safety.md 5.4, R
    // in RECEIVED); the servers decide, should the sender take it back at the same time.
    return tell(warning{"the sender cancelled after its coins were complete; going on"});
  }
  if (x.number == message_number::closing)
    return on(input::parted{});
  if (!take_expected(x))
    violation(to_string(x.number) + " while " + to_string(state_));
}

bool receiver_machine::take_expected(const input::peer_message& x) {
  switch (state_) {
  case receiver_state::greeted:
    // A sender that begins again has not sent coins, so we cannot hold a set.
    return x.number == message_number::empty_import_export && money_ == receiver_money::none &&
           begin_clearing();
  case receiver_state::cleared:
    return x.number == message_number::amount && take_amount(x.details);
  case receiver_state::agreed:
    if (find_preparation_step(x.number) == nullptr && x.number != message_number::encrypting_coins)
      return false;
    show_work(x.number);
    wait_for_answer(awaited::peer_work);
    return true;
  case receiver_state::holding:
    return x.number == message_number::coins_confirmed && take_confirmation(x.details);
  default:
    return false;
  }
}

bool receiver_machine::begin_clearing() {
  stop_waiting();
  finish_step(6, role::sender, message_number::empty_import_export);
  start_step(7, role::receiver, message_number::import_export_empty);
  state_ = receiver_state::checking;
  tell_waiting(awaited::servers);
  current_ = ask_wallet(ask::step{receiver_step::check_servers});
  return true;
}

bool receiver_machine::take_amount(const std::string& text) {
  const auto sum = amount::parse(text);
  if (!sum)
    return false;
  stop_waiting();
  finish_step(8, role::sender, message_number::amount);
  judge(*sum);
  return true;
}

bool receiver_machine::take_confirmation(const std::string& hash) {
  // Only a receipt that was sent in this session can be confirmed in it.
  if (announced_ < 5)
    return false;
  LC_ASSERT_OR(receipt_ && money_ == receiver_money::receipt, return false);
  if (!hash.empty() && hash != receipt_->hash)
    return false;
  stop_waiting();
  tell_aside(role::sender, message_number::coins_confirmed);
  finish_step(25, role::sender, message_number::receipt);
  state_ = receiver_state::confirming;
  current_ = ask_wallet(ask::confirm{});
  return true;
}

void receiver_machine::on(const input::offered& x) {
  if (!secured_)
    return;
  if (state_ != receiver_state::greeted && state_ != receiver_state::agreed)
    return violation(std::string("Ready_To_Send_Coins while ") + to_string(state_));
  stop_waiting();
  show_work(message_number::ready_to_send_coins);
  if (money_ != receiver_money::none) {
    // The wallet is at work on this very set, or done: the answer needs no question.
    if (!known_ || *known_ != x.offer)
      return violation("another manifest for a set that is here");
    offer_in_session_ = true;
    state_ = receiver_state::holding;
    return announce();
  }
  if (auto wrong = check(x.offer))
    return refuse(ec::manifest_mismatch, detail_of(wrong), cancel_reason::manifest);
  if (x.offer.notes > terms_.notes_max)
    return refuse(ec::manifest_mismatch,
                  std::to_string(x.offer.notes) + " notes are more than we take at once",
                  cancel_reason::manifest);
  if (state_ == receiver_state::agreed && *agreed_ != x.offer.sum)
    return refuse(ec::manifest_mismatch, "the manifest's sum is not the agreed one",
                  cancel_reason::manifest);
  offer_ = x.offer;
  if (state_ == receiver_state::greeted)
    return judge(x.offer.sum);
  consider_offer();
}

void receiver_machine::on(input::coin_came& x) {
  if (!secured_)
    return;
  if (state_ != receiver_state::collecting)
    return violation(std::string("coin while ") + to_string(state_));
  if (frames_ == 0) {
    if (x.count < 1 || x.count > known_->notes)
      return violation("more coin frames than notes");
    frames_ = x.count;
  }
  if (x.count != frames_ || x.index != set_.files.size() + 1)
    return violation("coin frames out of order");
  set_bytes_ += x.file.size();
  if (set_bytes_ > set_bytes_a_note_max * known_->notes)
    return violation("more coin bytes than the manifest allows");
  if (set_.files.empty())
    start_step(20, role::sender, message_number::coin);
  set_.files.push_back(std::move(x.file));
  tell(progress{static_cast<uint32_t>(set_.files.size()), frames_, known_->notes});
  if (set_.files.size() < frames_)
    return wait_for_answer(awaited::peer_work);
  stop_waiting();
  finish_step(20, role::sender, message_number::coin);
  start_step(21, role::receiver, message_number::received);
  state_ = receiver_state::holding;
  LC_ASSERT_OR(known_ && money_ == receiver_money::none, return );
  LC_ASSERT_OR(set_.files.size() == frames_, return );
  money_ = receiver_money::storing;
  offer_in_session_ = true;
  money_ticket_ = ask_wallet(ask::store{std::move(set_)});
  drop_set();
}

void receiver_machine::on(const input::receipt_came&) {
  if (secured_)
    violation("receipt from the sender");
}

// --- the wallet's answers ---

void receiver_machine::on(const input::work_done& x) {
  if (x.which != 0 && x.which == money_ticket_) {
    money_ticket_ = 0;
    if (money_ == receiver_money::storing) {
      finish_step(21, role::receiver, message_number::received, x.report);
      return start_powning();
    }
    if (money_ == receiver_money::powning) {
      LC_ASSERT_OR(!receipt_, return );
      money_ = receiver_money::powned;
      finish_step(23, role::receiver, message_number::powning_coins, x.report);
      announce();
      money_ticket_ = ask_wallet(ask::make_receipt{});
    }
    return;
  }
  if (!takes_answer(x.which))
    return;
  switch (state_) {
  case receiver_state::checking:
    servers_checked_ = true;
    state_ = receiver_state::clearing;
    current_ = ask_wallet(ask::step{receiver_step::set_aside});
    return;
  case receiver_state::clearing:
    state_ = receiver_state::cleared;
    send(message_number::import_export_empty);
    finish_step(7, role::receiver, message_number::import_export_empty, x.report);
    return wait_for_answer(awaited::peer);
  case receiver_state::checking_offer:
    servers_checked_ = true;
    return ready_to_receive();
  case receiver_state::confirming:
    send_closing();
    return end_with_receipt(true);
  case receiver_state::dropping:
    return refuse(ec::peer_refused, cancel_detail_, nullptr);
  default:
    return;
  }
}

void receiver_machine::on(const input::work_failed& x) {
  if (x.which != 0 && x.which == money_ticket_) {
    money_ticket_ = 0;
    if (money_ == receiver_money::storing) {
      // Nothing is kept: the coins are the sender's.
      money_ = receiver_money::none;
      return refuse(x.code, x.detail, cancel_word(x.code));
    }
    // The set is durable and stays open in the journal; `resume` goes on.
    send_closing();
    return end(false, x.code, x.detail, true);
  }
  if (!takes_answer(x.which))
    return;
  if (state_ == receiver_state::dropping) {
    tell(warning{"the offer could not be closed: " + x.detail});
    return end(false, ec::peer_refused, cancel_detail_, true);
  }
  if (state_ == receiver_state::confirming) {
    tell(warning{"the transfer is done, its journal could not be closed: " + x.detail});
    send_closing();
    return end_with_receipt(false);
  }
  refuse(x.code, x.detail, cancel_word(x.code));
}

void receiver_machine::on(const input::offer_weighed& x) {
  if (!takes_answer(x.which))
    return;
  known_ = std::exchange(offer_, std::nullopt);
  if (x.state == wallet::transfer_state::offered) {
    if (servers_checked_)
      return ready_to_receive();
    state_ = receiver_state::checking_offer;
    tell_waiting(awaited::servers);
    current_ = ask_wallet(ask::step{receiver_step::check_servers});
    return;
  }
  // An earlier run stored the set. Powning repeats nothing that is done; the receipt is the same.
  state_ = receiver_state::holding;
  offer_in_session_ = true;
  start_powning();
}

void receiver_machine::on(const input::receipt_ready& x) {
  if (x.which == 0 || x.which != money_ticket_)
    return;
  money_ticket_ = 0;
  money_ = receiver_money::receipt;
  receipt_text_ = x.text;
  receipt_ = x.summary;
  tell_receipt(x.summary);
  if (gave_up_)
    return end_with_receipt(false);
  announce();
}

void receiver_machine::on(const input::manifest_ready&) {}

void receiver_machine::on(const input::coins_ready&) {}

void receiver_machine::on(const input::coins_gone&) {}

// --- time and people ---

void receiver_machine::on(const input::timed_out& x) {
  switch (x.which) {
  case timer::meet:
    if (!was_secured_ && state_ == receiver_state::meeting)
      give_up(ec::peer_gone, "the sender did not come");
    return;
  case timer::reunite:
    if (was_secured_ && !secured_ && state_ == receiver_state::meeting)
      give_up(ec::peer_gone, "the sender did not come back");
    return;
  case timer::answer:
    return on_no_answer();
  case timer::linger:
    return;
  }
}

void receiver_machine::on_no_answer() {
  switch (state_) {
  case receiver_state::greeted:
  case receiver_state::cleared:
  case receiver_state::agreed:
  case receiver_state::collecting:
    if (secured_ && money_ == receiver_money::none)
      return refuse(ec::peer_gone,
                    std::string("the sender did not go on while ") + to_string(state_),
                    cancel_reason::timeout);
    // Secured again while the money is in work, and no offer came.
    return give_up(ec::peer_gone, "the sender did not go on");
  case receiver_state::holding:
    if (money_ == receiver_money::receipt) {
      send_closing();
      end_with_receipt(false);
    }
    return;
  default:
    return;
  }
}

void receiver_machine::on(const input::approved& x) {
  if (agreed_ || named_.is_zero() || state_ == receiver_state::confirming)
    return;
  // An answer about a sum of an earlier connection says nothing about the one that is named now.
  if (x.sum != named_)
    return;
  if (!x.yes)
    return refuse(ec::stopped, "the amount was not accepted", cancel_reason::amount);
  agreed_ = named_;
  if (state_ == receiver_state::judging)
    agree();
}

void receiver_machine::on(const input::user_cancelled&) {
  // It ends as soon as the wallet has answered.
  if (state_ == receiver_state::dropping)
    return;
  if (money_ == receiver_money::none)
    return refuse(ec::stopped, "cancelled", cancel_reason::user);
  tell(warning{"the coins are here already: finishing, then ending"});
}

void receiver_machine::on(const input::user_stopped&) {
  send_closing();
  if (money_ == receiver_money::receipt)
    return end_with_receipt(false);
  end(false, ec::stopped, "stopped", money_ != receiver_money::none);
}

// --- parts ---

void receiver_machine::judge(amount sum) {
  if (agreed_) {
    if (*agreed_ != sum)
      return refuse(ec::peer_refused, "the sender names another amount than before",
                    cancel_reason::amount);
    return agree();
  }
  if (terms_.expected && *terms_.expected != sum)
    return refuse(ec::peer_refused,
                  "the sender names " + to_string(sum) + ", the invitation " +
                      to_string(*terms_.expected),
                  cancel_reason::amount);
  if (!terms_.ask_person) {
    agreed_ = sum;
    return agree();
  }
  state_ = receiver_state::judging;
  // Asked already in an earlier connection: the answer is on its way.
  if (named_ == sum)
    return;
  named_ = sum;
  tell(approve_amount{sum});
  tell_waiting(awaited::person);
}

void receiver_machine::agree() {
  // Whose amount was judged: an offer's, of a transfer that goes on, or the amount message's.
  if (offer_)
    return consider_offer();
  state_ = receiver_state::agreed;
  LC_ASSERT_OR(agreed_ && !agreed_->is_zero(), return );
  send(message_number::amount, to_string(*agreed_));
  finish_step(9, role::receiver, message_number::amount);
  tell(amount_agreed{*agreed_});
  wait_for_answer(awaited::peer_work);
}

void receiver_machine::show_work(message_number number) {
  // Said again, it is shown already.
  if (number == shown_number_)
    return;
  const auto* work = find_preparation_step(number);
  const auto step = work == nullptr ? uint8_t{0} : work->number;
  // The next message tells that the work before it is done.
  if (shown_step_ != 0 && shown_step_ != step)
    finish_step(shown_step_, role::sender, shown_number_);
  shown_step_ = step;
  shown_number_ = number;
  if (step != 0)
    start_step(step, role::sender, number);
  else if (number == message_number::ready_to_send_coins)
    finish_step(18, role::sender, number);
  else
    tell_aside(role::sender, number);
}

void receiver_machine::consider_offer() {
  LC_ASSERT_OR(offer_ && money_ == receiver_money::none, return );
  state_ = receiver_state::weighing;
  weighed_ = true;
  current_ = ask_wallet(ask::weigh{*offer_});
}

void receiver_machine::ready_to_receive() {
  LC_ASSERT_OR(known_ && servers_checked_ && money_ == receiver_money::none, return );
  LC_ASSERT_OR(!agreed_ || *agreed_ == known_->sum, return );
  state_ = receiver_state::collecting;
  drop_set();
  send(message_number::ready_to_receive);
  finish_step(19, role::receiver, message_number::ready_to_receive);
  wait_for_answer(awaited::peer_work);
}

void receiver_machine::start_powning() {
  // P2: the set is durable, in this run or an earlier one, and no question about money is open.
  LC_ASSERT_OR(money_ == receiver_money::none || money_ == receiver_money::storing, return );
  LC_ASSERT_OR(money_ticket_ == 0 && known_, return );
  money_ = receiver_money::powning;
  announce();
  start_step(23, role::receiver, message_number::powning_coins);
  money_ticket_ = ask_wallet(ask::step{receiver_step::pown});
}

void receiver_machine::announce() {
  if (!secured_ || !offer_in_session_ || money_ <= receiver_money::storing)
    return;
  if (announced_ < 1) {
    announced_ = 3;
    send(message_number::received);
    finish_step(22, role::receiver, message_number::received);
    send(message_number::decrypting_coins);
    tell_aside(role::receiver, message_number::decrypting_coins);
    send(message_number::powning_coins);
  }
  if (money_ >= receiver_money::powned && announced_ < 4) {
    announced_ = 4;
    send(message_number::confirming_change_of_ownership);
    tell_aside(role::receiver, message_number::confirming_change_of_ownership);
  }
  if (money_ == receiver_money::receipt && announced_ < 5) {
    LC_ASSERT_OR(!receipt_text_.empty() && announced_ == 4, return );
    announced_ = 5;
    out_.push_back(action::send_receipt{receipt_text_});
    finish_step(24, role::receiver, message_number::receipt);
    wait_for_answer(awaited::peer);
  }
}

void receiver_machine::drop_set() {
  set_ = {};
  frames_ = 0;
  set_bytes_ = 0;
}

void receiver_machine::violation(std::string what) {
  send_closing();
  give_up(ec::protocol_violation, std::move(what));
}

void receiver_machine::refuse(ec code, std::string detail, const char* cancel) {
  if (secured_ && cancel != nullptr)
    send(message_number::cancel, cancel);
  end(false, code, std::move(detail), false);
}

void receiver_machine::take_cancel(std::string detail) {
  if (!weighed_)
    return refuse(ec::peer_refused, std::move(detail), nullptr);
  LC_ASSERT_OR(money_ == receiver_money::none, return );
  stop_waiting();
  send_closing();
  cancel_detail_ = std::move(detail);
  state_ = receiver_state::dropping;
  current_ = ask_wallet(ask::step{receiver_step::drop_offer});
}

void receiver_machine::give_up(ec code, std::string detail) {
  secured_ = false;
  stop_waiting();
  // The wallet's answer ends it.
  if (state_ == receiver_state::dropping)
    return;
  if (money_ == receiver_money::none && terms_.powned)
    return end_with_receipt(false);
  if (money_ == receiver_money::none)
    return end(false, code, std::move(detail), false);
  if (money_ == receiver_money::receipt && state_ != receiver_state::confirming)
    return end_with_receipt(false);
  if (gave_up_)
    return;
  // Powning and the receipt go on without the line; the wallet's next answers end the session.
  gave_up_ = true;
  if (state_ != receiver_state::confirming) {
    state_ = receiver_state::meeting;
    current_ = 0;
  }
  tell(warning{"going on without the sender: " + detail});
  out_.push_back(action::close_line{});
}

void receiver_machine::end_with_receipt(bool delivered) {
  if (!delivered)
    tell(warning{"the sender has not confirmed the receipt; it is sent again at the next contact"});
  end(true, ec::internal, {}, !delivered);
}

void receiver_machine::end(bool ok, ec code, std::string detail, bool still_open) {
  // It ends once; a set that is in the wallet leaves its transfer open until a receipt is
  // confirmed.
  LC_ASSERT_OR(state_ != receiver_state::ended, return );
  LC_ASSERT_OR(!ok || receipt_ || terms_.powned, ok = false);
  state_ = receiver_state::ended;
  action::end last;
  last.ok = ok;
  last.code = code;
  last.detail = std::move(detail);
  last.still_open = still_open;
  if (known_) {
    last.sum = known_->sum;
    last.notes = known_->notes;
  } else {
    last.sum = agreed_ ? *agreed_ : terms_.expected.value_or(amount{});
  }
  end_with(std::move(last));
}

} // namespace liveconnect::session
