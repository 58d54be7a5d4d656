#pragma once

#include <optional>
#include <string>
#include <vector>

#include "messages/interfaces/wallet.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/take_ownership.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// One transfer on the receiver's side, step by step. What sender_transfer says of itself holds
/// here.
///
///     fresh -offer-> OFFERED -receive-> RECEIVED -pown-> POWN -> GRADED -receipt-> RECEIPT
///                                                                    -confirmed-> CLOSED
class receiver_transfer {
public:
  /// A new transfer, under an id that the manifest will bring; draws the receipt's key. Leaves no
  /// trace on the disk before offer().
  static receiver_transfer start(workspace& space, const transfer_terms& terms);
  /// A transfer that has a journal. Fails with ec::bad_argument when that is not an open
  /// receiver's.
  static caf::expected<receiver_transfer> reopen(workspace& space, const transfer_id& id);

  caf::expected<step_report> run(receiver_step step);
  /// Record OFFERED, or how far this transfer is.
  caf::expected<offer_answer> offer(const manifest& x);
  /// Checks the notes (docs/design/safety.md threat 18) and makes them durable (P2). A repeat with
  /// the same notes changes nothing.
  caf::expected<step_report> receive(const coin_payload& coins);
  /// The signed receipt: from the journal once it is there, so every call gives the same text. P4
  /// holds by then. Fails while a note is in limbo.
  caf::expected<receipt_text> make_receipt(const receipt_terms& terms);
  caf::error confirmed();
  receipt_key key() const;

  /// Brings the transfer as far as it can go without the peer: finishes RECEIVED, POWN and GRADED.
  /// An offer and an unconfirmed receipt wait for the sender as long as recovery.hpp says, since a
  /// closed id is refused for good.
  caf::error carry_on();

  transfer_state state() const;
  /// Zero before the offer.
  transfer_id id() const { return log_ ? log_->id() : transfer_id{}; }
  const journal_view* view() const { return log_ ? &log_->view() : nullptr; }

private:
  receiver_transfer(workspace& space, transfer_terms terms, const secret<32>& seed);

  caf::expected<step_report> pown(pown_start how);
  caf::expected<step_report> drop_offer();
  /// Every note of the payload, in order, or why not.
  caf::expected<std::vector<note>> checked(const coin_payload& coins) const;
  /// Fails when this wallet has one of the notes already, in whichever folder.
  caf::error require_new(const std::vector<note>& notes) const;
  std::string container_name() const;

  workspace* space_;
  transfer_terms terms_;
  secret<32> seed_;
  std::optional<operation_journal> log_;
};

} // namespace liveconnect::wallet
