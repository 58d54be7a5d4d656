#include "actors/session/sender_machine.hpp"

#include "messages/base/assert.hpp"

namespace liveconnect::session {

using wallet::sender_step;

// branches: one case a state, so that -Wswitch names a state that this forgets
const char* to_string(sender_state x) {
  switch (x) {
  case sender_state::idle:
    return "idle";
  case sender_state::reserving:
    return "reserving";
  case sender_state::meeting:
    return "meeting";
  case sender_state::checking:
    return "checking";
  case sender_state::clearing:
    return "clearing";
  case sender_state::awaiting_cleared:
    return "awaiting_cleared";
  case sender_state::awaiting_amount:
    return "awaiting_amount";
  case sender_state::preparing:
    return "preparing";
  case sender_state::listing:
    return "listing";
  case sender_state::awaiting_ready:
    return "awaiting_ready";
  case sender_state::beginning:
    return "beginning";
  case sender_state::delivering:
    return "delivering";
  case sender_state::awaiting_received:
    return "awaiting_received";
  case sender_state::awaiting_receipt:
    return "awaiting_receipt";
  case sender_state::filing:
    return "filing";
  case sender_state::lingering:
    return "lingering";
  case sender_state::settling:
    return "settling";
  case sender_state::ended:
    return "ended";
  }
  return "unknown";
}

sender_machine::sender_machine(amount sum, bool sending_begun, sender_errand errand)
    : sum_(sum), begun_(sending_begun), coins_left_(sending_begun), errand_(errand) {}

actions sender_machine::advance(any_input what) {
  out_.clear();
  if (state_ != sender_state::ended)
    std::visit([this](auto& x) { on(x); }, what);
  return std::move(out_);
}

// --- coming together ---

void sender_machine::on(const input::started&) {
  if (state_ != sender_state::idle)
    return;
  tell_invited();
  if (begun_ || errand_ != sender_errand::transfer)
    return begin_meeting();
  // Before either side waits for the other: is the money there at all?
  state_ = sender_state::reserving;
  current_ = ask_wallet(ask::reserve{sum_});
}

void sender_machine::on(const input::entered& x) {
  finish_step(3, role::sender, message_number::heartbeat);
  if (x.people > 1)
    finish_step(4, role::receiver, message_number::heartbeat);
  else
    tell_waiting(awaited::peer);
}

void sender_machine::on(const input::peer_came&) {
  finish_step(4, role::receiver, message_number::heartbeat);
}

void sender_machine::on(const input::secured&) {
  secure();
  receiver_rank_ = 0;
  switch (state_) {
  case sender_state::meeting:
    if (errand_ == sender_errand::tell_returned) {
      send(message_number::cancel, cancel_reason::returned);
      state_ = sender_state::lingering;
      out_.push_back(action::arm{timer::linger});
    } else if (begun_) {
      offer();
    } else {
      state_ = sender_state::checking;
      tell_waiting(awaited::servers);
      ask_step(sender_step::check_servers);
    }
    break;
  case sender_state::filing:
  case sender_state::lingering:
    // The receiver says again how far it is, and is confirmed again.
    if (errand_ != sender_errand::tell_returned)
      offer();
    break;
  default:
    break;
  }
}

void sender_machine::on(const input::parted&) {
  if (!secured_)
    return;
  secured_ = false;
  stop_waiting();
  if (!needs_peer())
    return;
  // What the wallet still does for us is idempotent; its answer is dropped.
  current_ = 0;
  state_ = sender_state::meeting;
  out_.push_back(action::arm{timer::reunite});
  tell_waiting(awaited::peer);
}

bool sender_machine::needs_peer() const {
  switch (state_) {
  case sender_state::filing:
  case sender_state::lingering:
  case sender_state::settling:
  case sender_state::ended:
    return false;
  default:
    return true;
  }
}

void sender_machine::on(const input::line_failed& x) {
  secured_ = false;
  stop_waiting();
  give_up(x.code, x.detail);
}

void sender_machine::on(const input::auth_failed& x) {
  secured_ = false;
  stop_waiting();
  give_up(ec::not_authentic, x.detail);
}

// --- the peer's messages ---

void sender_machine::on(const input::peer_message& x) {
  if (!secured_ || state_ == sender_state::settling)
    return;
  if (x.number == message_number::cancel) {
    if (state_ == sender_state::filing || state_ == sender_state::lingering)
      return tell(warning{"the receiver cancelled after its receipt; the receipt stands"});
    return abandon(ec::peer_refused, "the receiver cancelled: " + x.details, nullptr);
  }
  if (x.number == message_number::closing) {
    if (state_ == sender_state::lingering)
      return end_after_receipt();
    return on(input::parted{});
  }
  if (!take_expected(x))
    violation(to_string(x.number) + " while " + to_string(state_));
}

bool sender_machine::take_expected(const input::peer_message& x) {
  switch (state_) {
  case sender_state::awaiting_cleared:
    return x.number == message_number::import_export_empty && name_amount();
  case sender_state::awaiting_amount:
    return x.number == message_number::amount && x.details == to_string(sum_) && begin_preparing();
  case sender_state::awaiting_ready:
    return take_readiness(x.number);
  case sender_state::awaiting_received:
    if (x.number != message_number::received)
      return false;
    state_ = sender_state::awaiting_receipt;
    progress_of_receiver(x.number);
    return true;
  case sender_state::awaiting_receipt:
  case sender_state::filing:
  case sender_state::lingering:
    progress_of_receiver(x.number);
    return true;
  default:
    return false;
  }
}

bool sender_machine::name_amount() {
  finish_step(7, role::receiver, message_number::import_export_empty);
  state_ = sender_state::awaiting_amount;
  send(message_number::amount, to_string(sum_));
  finish_step(8, role::sender, message_number::amount);
  wait_for_answer(awaited::peer);
  return true;
}

bool sender_machine::begin_preparing() {
  stop_waiting();
  finish_step(9, role::receiver, message_number::amount);
  tell(amount_agreed{sum_});
  state_ = sender_state::preparing;
  next_work_ = 0;
  prepare_next();
  return true;
}

bool sender_machine::take_readiness(message_number number) {
  if (number == message_number::ready_to_receive) {
    stop_waiting();
    // The transfer is over without the receiver: no coin leaves again.
    if (errand_ != sender_errand::transfer) {
      send(message_number::cancel, cancel_reason::returned);
      end(true, ec::internal, {}, false);
      return true;
    }
    finish_step(19, role::receiver, number);
    state_ = sender_state::beginning;
    // P1: from here on the journal may say SENDING, and nothing is given back.
    begun_ = true;
    current_ = ask_wallet(ask::begin_sending{});
    return true;
  }
  // It has the set from an earlier session: it gets none again. Without a SENDING record of ours it
  // cannot have one.
  if (number == message_number::received && begun_) {
    state_ = sender_state::awaiting_receipt;
    progress_of_receiver(number);
    return true;
  }
  return false;
}

void sender_machine::progress_of_receiver(message_number number) {
  int rank = 0;
  switch (number) {
  case message_number::received:
    rank = 1;
    break;
  case message_number::decrypting_coins:
    rank = 2;
    break;
  case message_number::powning_coins:
    rank = 3;
    break;
  case message_number::confirming_change_of_ownership:
    rank = 4;
    break;
  default:
    return violation(to_string(number) + " while " + to_string(state_));
  }
  // Forward only, and Received first; steps between may be left out.
  if (rank <= receiver_rank_ || (receiver_rank_ == 0 && rank != 1))
    return violation(to_string(number) + " out of order");
  LC_ASSERT_OR(rank > receiver_rank_ && rank < 5, return );
  receiver_rank_ = rank;
  switch (number) {
  case message_number::received:
    finish_step(21, role::receiver, message_number::received);
    finish_step(22, role::receiver, message_number::received);
    break;
  case message_number::powning_coins:
    start_step(23, role::receiver, number);
    break;
  case message_number::confirming_change_of_ownership:
    finish_step(23, role::receiver, message_number::powning_coins);
    tell_aside(role::receiver, number);
    break;
  default:
    tell_aside(role::receiver, number);
  }
  if (state_ == sender_state::awaiting_receipt)
    wait_for_answer(awaited::peer_work);
}

void sender_machine::on(const input::receipt_came& x) {
  if (!secured_ || state_ == sender_state::settling)
    return;
  if (!reached_receipt() || receiver_rank_ == 0 || receiver_rank_ == 5)
    return violation(std::string("receipt while ") + to_string(state_));
  receiver_rank_ = 5;
  switch (state_) {
  case sender_state::awaiting_receipt:
    stop_waiting();
    finish_step(23, role::receiver, message_number::powning_coins);
    finish_step(24, role::receiver, message_number::receipt);
    state_ = sender_state::filing;
    current_ = ask_wallet(ask::file_receipt{x.text});
    return;
  case sender_state::lingering:
    return confirm_receipt();
  default:
    // Filing: the answer to the first copy serves this one too.
    return;
  }
}

void sender_machine::on(const input::offered&) {
  if (secured_ && state_ != sender_state::settling)
    violation("Ready_To_Send_Coins from the receiver");
}

void sender_machine::on(const input::coin_came&) {
  if (secured_ && state_ != sender_state::settling)
    violation("coin from the receiver");
}

// --- the wallet's answers ---

// branches: one case a state
void sender_machine::on(const input::work_done& x) {
  if (x.which == all_sent_ticket_ && x.which != 0) {
    all_sent_ticket_ = 0;
    return;
  }
  if (x.which == claims_ticket_ && x.which != 0)
    return take_claims(x.report);
  if (!takes_answer(x.which))
    return;
  switch (state_) {
  case sender_state::reserving:
    return begin_meeting();
  case sender_state::checking:
    state_ = sender_state::clearing;
    return ask_step(sender_step::set_aside);
  case sender_state::clearing:
    state_ = sender_state::awaiting_cleared;
    send(message_number::empty_import_export);
    finish_step(6, role::sender, message_number::empty_import_export);
    return wait_for_answer(awaited::peer);
  case sender_state::preparing: {
    LC_ASSERT_OR(next_work_ < preparation_steps.size(), return );
    const auto& done = preparation_steps[next_work_];
    finish_step(done.number, role::sender, done.message, x.report);
    ++next_work_;
    return prepare_next();
  }
  case sender_state::settling:
    returned_ = x.report.returned;
    switch (x.report.settled) {
    case wallet::settlement::sent:
      if (!returned_.is_zero())
        return end(false, ec::partly_sent, to_display(returned_) + " came back", false);
      tell(warning{"the servers say that the receiver owns the coins; no receipt came"});
      return end(true, ec::internal, {}, false);
    case wallet::settlement::returned:
    // Only `liveconnect cancel` writes off, and that speaks to the keeper.
    case wallet::settlement::written_off:
      return end(false, end_code_, end_detail_, false);
    case wallet::settlement::open:
      // give_back that succeeds has given back; only ask_servers may leave it open.
      if (settling_how_ == sender_step::give_back)
        return end(false, end_code_, end_detail_, false);
      return end(false, ec::outcome_unknown, end_detail_, true);
    }
    return;
  default:
    return;
  }
}

void sender_machine::on(const input::work_failed& x) {
  if (x.which == all_sent_ticket_ && x.which != 0) {
    // The coins have left all the same; the journal knows (SENDING) and start-up sorts the files.
    all_sent_ticket_ = 0;
    return tell(warning{"the sent coins could not be moved to Sent: " + x.detail});
  }
  if (x.which == claims_ticket_ && x.which != 0) {
    tell(warning{"the servers could not be asked about the notes that the receiver refuses: " +
                 x.detail});
    return take_claims({});
  }
  if (!takes_answer(x.which))
    return;
  switch (state_) {
  case sender_state::reserving:
    // No note is locked and no server was asked.
    return end(false, x.code, x.detail, false);
  case sender_state::filing:
    // The transfer stays open: resume gets the receipt again, or evidence.
    send_closing();
    return end(false, x.code, x.detail, true);
  case sender_state::beginning:
    if (coins_left_)
      return abandon(x.code, x.detail, nullptr);
    // No byte has left in any session, so the peer may hear the truth; whether the record is
    // durable only the wallet knows, so the journal stays open.
    if (secured_)
      send(message_number::cancel, cancel_word(x.code));
    return end(false, x.code, x.detail, true);
  case sender_state::settling:
    return end(false, settling_how_ == sender_step::give_back ? end_code_ : ec::outcome_unknown,
               end_detail_ + (end_detail_.empty() ? "" : "; ") + x.detail, true);
  default:
    return abandon(x.code, x.detail, cancel_word(x.code));
  }
}

void sender_machine::on(const input::manifest_ready& x) {
  if (!takes_answer(x.which))
    return;
  if (x.offer.sum != sum_)
    return abandon(ec::internal, "the manifest's sum is not the transfer's", cancel_reason::wallet);
  offer_ = x.offer;
  offer();
}

void sender_machine::on(input::coins_ready& x) {
  if (!takes_answer(x.which))
    return;
  // P1: the wallet has made SENDING durable, and a set leaves once a session.
  LC_ASSERT_OR(begun_, return );
  LC_ASSERT_OR(state_ == sender_state::beginning, return );
  start_step(20, role::sender, message_number::coin);
  state_ = sender_state::delivering;
  coins_left_ = true;
  out_.push_back(action::send_coins{std::move(x.coins)});
}

void sender_machine::on(const input::coins_gone&) {
  if (state_ != sender_state::delivering)
    return;
  finish_step(20, role::sender, message_number::coin);
  all_sent_ticket_ = ask_wallet(ask::step{sender_step::all_sent});
  state_ = sender_state::awaiting_received;
  wait_for_answer(awaited::peer);
}

void sender_machine::on(const input::receipt_ready& x) {
  if (!takes_answer(x.which))
    return;
  receipt_ = x.summary;
  tell_receipt(x.summary);
  finish_step(25, role::sender, message_number::receipt);
  state_ = sender_state::lingering;
  out_.push_back(action::arm{timer::linger});
  ask_about_claims(x.summary);
  // After a reconnection the receiver has not sent it in this session yet: it will.
  if (secured_ && receiver_rank_ == 5)
    confirm_receipt();
}

void sender_machine::on(const input::offer_weighed&) {}

void sender_machine::on(const input::approved&) {}

// --- time and people ---

void sender_machine::on(const input::timed_out& x) {
  switch (x.which) {
  case timer::meet:
    if (!was_secured_ && state_ == sender_state::meeting)
      give_up(ec::peer_gone, "the receiver did not come");
    return;
  case timer::reunite:
    if (was_secured_ && !secured_ && state_ == sender_state::meeting)
      give_up(ec::peer_gone, "the receiver did not come back");
    return;
  case timer::answer:
    if (secured_ && awaits_peer())
      abandon(ec::peer_gone, std::string("the receiver did not answer while ") + to_string(state_),
              cancel_reason::timeout);
    return;
  case timer::linger:
    if (state_ == sender_state::lingering)
      end_after_receipt();
    return;
  }
}

void sender_machine::on(const input::user_cancelled&) {
  switch (state_) {
  case sender_state::filing:
    // The receipt is here; filing it is all that is left.
  case sender_state::settling:
    return;
  case sender_state::lingering:
    return end_after_receipt();
  case sender_state::idle:
    return end(false, ec::stopped, "cancelled", begun_);
  default:
    return abandon(ec::stopped, "cancelled", cancel_reason::user);
  }
}

void sender_machine::on(const input::user_stopped&) {
  send_closing();
  // It ends now: what the servers say of the rest is for `resume`.
  if (state_ == sender_state::lingering)
    return end_with_claims();
  if (begun_)
    return end(false, ec::outcome_unknown, "stopped", true);
  end(false, ec::stopped, "stopped", state_ != sender_state::idle);
}

// --- parts ---

void sender_machine::begin_meeting() {
  state_ = sender_state::meeting;
  open_line();
}

void sender_machine::ask_step(sender_step what) {
  current_ = ask_wallet(ask::step{what});
}

bool sender_machine::awaits_peer() const {
  switch (state_) {
  case sender_state::awaiting_cleared:
  case sender_state::awaiting_amount:
  case sender_state::awaiting_ready:
  case sender_state::awaiting_received:
  case sender_state::awaiting_receipt:
    return true;
  default:
    return false;
  }
}

bool sender_machine::reached_receipt() const {
  switch (state_) {
  case sender_state::awaiting_receipt:
  case sender_state::filing:
  case sender_state::lingering:
    return true;
  default:
    return false;
  }
}

void sender_machine::prepare_next() {
  if (next_work_ < preparation_steps.size()) {
    // The command goes out as its work starts, so that the receiver sees what takes time.
    const auto& next = preparation_steps[next_work_];
    send(next.message);
    start_step(next.number, role::sender, next.message);
    return ask_step(next.work);
  }
  send(message_number::encrypting_coins);
  tell_aside(role::sender, message_number::encrypting_coins);
  offer_.reset();
  offer();
}

void sender_machine::offer() {
  if (!offer_) {
    state_ = sender_state::listing;
    current_ = ask_wallet(ask::get_manifest{});
    return;
  }
  LC_ASSERT_OR(offer_->sum == sum_, return );
  LC_ASSERT_OR(secured_, return );
  out_.push_back(action::send_offer{*offer_});
  if (state_ == sender_state::filing || state_ == sender_state::lingering)
    return;
  finish_step(18, role::sender, message_number::ready_to_send_coins);
  state_ = sender_state::awaiting_ready;
  wait_for_answer(awaited::peer);
}

void sender_machine::confirm_receipt() {
  LC_ASSERT_OR(receipt_ && state_ == sender_state::lingering, return );
  send(message_number::coins_confirmed, receipt_->hash);
  tell_aside(role::sender, message_number::coins_confirmed);
  out_.push_back(action::arm{timer::linger});
}

void sender_machine::violation(std::string what) {
  send_closing();
  secured_ = false;
  stop_waiting();
  if (state_ == sender_state::lingering) {
    tell(warning{"protocol violation after the receipt: " + what});
    return end_after_receipt();
  }
  // A receipt that is being filed is worth more than what came after it.
  if (state_ == sender_state::filing) {
    tell(warning{"protocol violation after the receipt: " + what});
    return out_.push_back(action::close_line{});
  }
  give_up(ec::protocol_violation, std::move(what));
}

void sender_machine::abandon(ec code, std::string detail, const char* cancel) {
  // After SENDING only a person's Cancel is said: a receiver that has the set goes on all the same.
  if (secured_ && cancel != nullptr) {
    if (!begun_ || code == ec::stopped)
      send(message_number::cancel, cancel);
    else
      send(message_number::closing);
  }
  secured_ = false;
  stop_waiting();
  end_code_ = code;
  end_detail_ = std::move(detail);
  if (errand_ != sender_errand::transfer)
    return end(false, code, end_detail_, false);
  if (!begun_)
    return settle(sender_step::give_back);
  // Only a word of a person, ours or the peer's, makes us ask who owns the coins now. For the rest
  // the transfer stays open: taking back is not for a session to begin (docs/design/safety.md 5.4).
  if (code == ec::stopped || code == ec::peer_refused)
    return settle(sender_step::ask_servers);
  end(false, ec::outcome_unknown, end_detail_, true);
}

void sender_machine::give_up(ec code, std::string detail) {
  switch (state_) {
  case sender_state::settling:
    return;
  case sender_state::lingering:
    return end_after_receipt();
  case sender_state::filing:
    // The wallet's answer ends it.
    return;
  default:
    return abandon(code, std::move(detail), nullptr);
  }
}

void sender_machine::ask_about_claims(const receipt_summary& x) {
  if (x.counterfeit + x.pending == 0)
    return;
  const auto named = [](uint32_t count, const char* what) {
    return std::to_string(count) + (count == 1 ? " note is " : " notes are ") + what;
  };
  claims_ = "the receiver says that ";
  if (x.counterfeit > 0)
    claims_ += named(x.counterfeit, "counterfeit");
  if (x.pending > 0)
    claims_ += (x.counterfeit > 0 ? " and " : "") + named(x.pending, "not settled yet");
  claims_open_ = true;
  servers_word_ = "the servers have not been heard about that yet";
  claims_ticket_ = ask_wallet(ask::step{sender_step::ask_servers});
}

void sender_machine::take_claims(const wallet::step_report& x) {
  claims_ticket_ = 0;
  returned_ = x.returned;
  claims_open_ = x.settled == wallet::settlement::open;
  switch (x.settled) {
  case wallet::settlement::open:
    servers_word_ = "the servers have not decided, and the notes stay in transit";
    break;
  case wallet::settlement::sent:
    servers_word_ = "the servers say that another owner holds them now";
    break;
  case wallet::settlement::returned:
    servers_word_ = "the servers have given them back";
    break;
  case wallet::settlement::written_off:
    servers_word_ = "they were written off";
    break;
  }
  if (!returned_.is_zero() && x.settled == wallet::settlement::sent)
    servers_word_ = "of what was sent, " + to_display(returned_) + " came back";
  if (ends_with_claims_)
    end_with_claims();
}

void sender_machine::end_after_receipt() {
  if (claims_ticket_ == 0)
    return end_with_claims();
  if (!ends_with_claims_)
    out_.push_back(action::close_line{});
  secured_ = false;
  ends_with_claims_ = true;
}

void sender_machine::end_with_claims() {
  if (claims_.empty())
    return end(true, ec::internal, {}, false);
  end(false, ec::counterfeit_notes, claims_ + "; " + servers_word_, claims_open_);
}

void sender_machine::settle(sender_step how) {
  state_ = sender_state::settling;
  // What may have left is never given back unasked.
  LC_ASSERT_OR(how != sender_step::give_back || !begun_, return );
  settling_how_ = how;
  out_.push_back(action::close_line{});
  ask_step(how);
}

void sender_machine::end(bool ok, ec code, std::string detail, bool still_open) {
  // It ends once, and never as done with a transfer that is still open.
  LC_ASSERT_OR(state_ != sender_state::ended, return );
  LC_ASSERT_OR(!ok || !still_open, still_open = false);
  state_ = sender_state::ended;
  // A transfer that is closed is neither open nor unknown because nobody came to hear so.
  if (errand_ != sender_errand::transfer) {
    still_open = false;
    if (code == ec::outcome_unknown)
      code = ec::peer_gone;
  }
  action::end last;
  last.ok = ok;
  last.code = code;
  last.detail = std::move(detail);
  last.still_open = still_open;
  last.sum = sum_;
  last.returned = returned_;
  if (offer_)
    last.notes = offer_->notes;
  end_with(std::move(last));
}

} // namespace liveconnect::session
