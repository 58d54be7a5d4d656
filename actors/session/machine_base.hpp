#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "actors/session/session_machine.hpp"

namespace liveconnect::session {

/// The common ground of sender_machine and receiver_machine: what both tell, say, ask and end with.
/// A pure value, as they are.
class machine_base {
public:
  // for tests: what a table of machine and inputs asks for
  bool is_secured() const { return secured_; }

protected:
  machine_base() = default;

  // --- to people ---

  void tell(event what);
  void tell_waiting(awaited whom);
  void start_step(uint8_t number, role by, message_number name);
  void finish_step(uint8_t number, role by, message_number name,
                   const wallet::step_report& report = {});
  /// A message that stands beside the 25 steps (docs/protocol.md 7).
  void tell_aside(role by, message_number name);
  /// Steps 1 and 2: relay, room and key are chosen, the invitation is written.
  void tell_invited();
  /// Steps 3 to 5: both see each other.
  void tell_met();
  void tell_receipt(const receipt_summary& x);

  // --- to the peer and the line ---

  void send(message_number number, std::string details = {});
  void open_line();
  /// Key confirmation: from here on messages are the peer's.
  void secure();
  void wait_for_answer(awaited whom);
  void stop_waiting();
  /// Says Closing to a secured peer.
  void send_closing();

  // --- to the wallet ---

  ticket ask_wallet(question what);
  /// Whether this is the answer that moves the conversation; then no question is open.
  bool takes_answer(ticket which);

  /// The last action: `last` with the receipt's word added.
  void end_with(action::end last);

  actions out_;
  bool secured_ = false;
  bool was_secured_ = false;
  ticket last_ticket_ = 0;
  /// The question whose answer moves the conversation; 0: none.
  ticket current_ = 0;
  std::optional<receipt_summary> receipt_;
  step_ledger ledger_;
};

} // namespace liveconnect::session
