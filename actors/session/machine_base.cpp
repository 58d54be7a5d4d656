#include "actors/session/machine_base.hpp"

#include "messages/base/assert.hpp"

namespace liveconnect::session {

void machine_base::tell(event what) {
  out_.push_back(action::tell{std::move(what)});
}

void machine_base::tell_waiting(awaited whom) {
  waiting what;
  what.whom = whom;
  tell(what);
}

void machine_base::start_step(uint8_t number, role by, message_number name) {
  LC_ASSERT_OR(number >= 1 && number <= step_count, return );
  if (auto x = ledger_.start(number, by, to_string(name)))
    tell(*x);
}

void machine_base::finish_step(uint8_t number, role by, message_number name,
                               const wallet::step_report& report) {
  LC_ASSERT_OR(number >= 1 && number <= step_count, return );
  if (auto x = ledger_.finish(number, by, to_string(name), report))
    tell(*x);
}

void machine_base::tell_aside(role by, message_number name) {
  if (auto x = ledger_.finish(0, by, to_string(name)))
    tell(*x);
}

void machine_base::tell_invited() {
  for (uint8_t number : {uint8_t{1}, uint8_t{2}})
    if (auto x = ledger_.finish(number, role::sender, {}))
      tell(*x);
}

void machine_base::tell_met() {
  finish_step(3, role::sender, message_number::heartbeat);
  finish_step(4, role::receiver, message_number::heartbeat);
  finish_step(5, role::sender, message_number::heartbeat);
}

void machine_base::tell_receipt(const receipt_summary& x) {
  tell(receipt_filed{x.id, x.notes_passed, x.sum_passed, x.counterfeit});
  if (x.pending > 0)
    tell(warning{std::to_string(x.pending) + " notes are not settled by the servers yet"});
}

void machine_base::send(message_number number, std::string details) {
  // Only a secured peer is told anything.
  LC_ASSERT_OR(secured_, return );
  out_.push_back(action::send{number, std::move(details)});
}

void machine_base::send_closing() {
  if (secured_)
    send(message_number::closing);
}

void machine_base::open_line() {
  out_.push_back(action::open_line{});
  out_.push_back(action::arm{timer::meet});
  tell_waiting(awaited::relay);
}

void machine_base::secure() {
  secured_ = true;
  was_secured_ = true;
  out_.push_back(action::disarm{timer::meet});
  out_.push_back(action::disarm{timer::reunite});
  tell_met();
}

void machine_base::wait_for_answer(awaited whom) {
  out_.push_back(action::arm{timer::answer});
  if (whom == awaited::peer_work)
    tell_waiting(whom);
}

void machine_base::stop_waiting() {
  out_.push_back(action::disarm{timer::answer});
}

ticket machine_base::ask_wallet(question what) {
  const auto which = ++last_ticket_;
  LC_ASSERT_OR(which != 0, return 0);
  out_.push_back(action::ask_wallet{which, std::move(what)});
  return which;
}

bool machine_base::takes_answer(ticket which) {
  if (which != current_ || current_ == 0)
    return false;
  LC_ASSERT_OR(which <= last_ticket_, return false);
  current_ = 0;
  return true;
}

void machine_base::end_with(action::end last) {
  secured_ = false;
  if (receipt_) {
    last.receipt = receipt_->id;
    if (last.ok && receipt_->counterfeit > 0) {
      last.ok = false;
      last.code = ec::counterfeit_notes;
      last.detail = std::to_string(receipt_->counterfeit) + " notes were refused by the servers";
    }
  }
  out_.push_back(std::move(last));
}

} // namespace liveconnect::session
