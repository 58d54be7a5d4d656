#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/workspace.hpp"

/// Healing from the wallet's own history: servers that still hold an older set of a note's secrets
/// (they were down at the Pown, or fell back to an old state) get the newest ones by the Pown that
/// they missed. It needs no ticket and no other server, and ends the power of whoever gave us the
/// note over those servers.
namespace liveconnect::wallet {

/// What one server was found to hold of a note: its present secret, an older one of ours, another,
/// or nothing known.
enum class server_holds : uint8_t { unknown, present, older, other };

/// The secrets that a note is to have on all servers: PANs where it has a second set, else ANs.
const std::vector<authenticity_number>& present_secrets(const note& x);

/// Whether an older secret of ours may be replaced by the present one. Only for a note that this
/// wallet counts and no operation holds, which the caller sees to: a stale copy of a wallet must
/// not fight the note's owner. Then either 13+f servers hold the present set, or a majority does
/// and all others that answer hold ours as well, 13+f together: in both cases no other owner can
/// have a majority, whatever f of them said falsely (docs/design/safety.md I6). Pure.
bool may_pown_again(const std::vector<server_holds>& row, const raida::quorum_rules& rules);

/// Asks each server what it holds of these notes: by FIND where a note has two secrets for it, by
/// Detect elsewhere. One row a note. Blocks and changes nothing.
std::vector<std::vector<server_holds>> ask_holders(workspace& space,
                                                   const std::vector<note>& notes);

/// The letters of the present secrets alone: a server that holds an older one of ours refuses them.
/// Pure.
std::string letters_of_present(const std::vector<server_holds>& row);

/// Makes notes durable before a Pown of them leaves (P3): `ans` is what servers hold, `pans` what
/// they are to hold. When it fails nothing is sent.
using persist_again = std::function<caf::error(const std::vector<note>&)>;

/// Asks which servers hold the present secrets of these notes, looks for older ones of ours on this
/// disk where a server refuses both sets, sends the Pown again where may_pown_again() allows it,
/// and asks those servers once more. The notes come back in the order given with letters that are
/// of the present secrets only: 'p' holds them, 'f' holds others. `pans` stay while some server
/// holds an older secret or is not known to hold either; else they are empty and `ans` is the
/// present set.
///
/// Blocks. The caller holds the notes. Fails only when `persist` does, or this disk.
caf::expected<std::vector<note>> pown_again(workspace& space, const std::vector<note>& notes,
                                            const persist_again& persist);

/// The journal of one healing, made with its first record: most healings have nothing to send and
/// leave no trace.
class heal_journal {
public:
  /// For at most `notes` notes of the transfer `owner`, or of none.
  heal_journal(workspace& space, const transfer_id& owner, size_t notes);
  /// One that exists already; `log` must outlive this, and its owner closes it.
  heal_journal(workspace& space, operation_journal& log);

  const transfer_id& id() const { return id_; }
  /// Whether anything was written.
  bool is_begun() const { return log_.has_value() || other_ != nullptr; }
  [[nodiscard]] caf::error append(const journal_record& x);
  /// Writes AGAIN, for pown_again().
  persist_again again();
  [[nodiscard]] caf::error close();

private:
  workspace* space_;
  transfer_id owner_;
  transfer_id id_;
  size_t notes_ = 0;
  std::optional<operation_journal> log_;
  operation_journal* other_ = nullptr;
};

/// Whether `before` has a secret that `after` has not: it would be lost with the file of `before`.
bool loses_secrets(const note& before, const note& after);

/// Removes a copy of a note that `kept`, a copy in another file, makes worthless. What only it has
/// is written to `log` first (SUPERSEDED).
[[nodiscard]] caf::error drop_copy(wallet_store& store, const stored_note& copy, const note& kept,
                                   heal_journal& log);

/// Replaces the file of a note that was asked about by one with its letters and secrets of now, in
/// `to`. What only the old file has is written to `log` first (SUPERSEDED). Does nothing where
/// nothing is new.
[[nodiscard]] caf::error file_anew(wallet_store& store, const stored_note& before, const note& now,
                                   folder to, heal_journal& log);

/// Where a counted note belongs by the letters of its present secrets: Bank when all servers pass
/// it, Fracked when some server refuses it, or passes it only under an older secret; else where it
/// is.
folder folder_by_letters(const note& x, folder from);

/// Brings the open Powns of all notes in the user's Bank and Fracked that no operation holds to
/// their end, as far as the servers answer, and files the notes by it. Answers how many are whole
/// now. Asks no server when no Pown is open, and about none that is open only where the last asking
/// was in vain a short while ago (server_memory.hpp).
caf::expected<uint32_t> finish_open_powns(workspace& space);

} // namespace liveconnect::wallet
