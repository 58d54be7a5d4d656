#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "messages/money/transfer.hpp"
#include "wallet/files/folders.hpp"
#include "wallet/files/store.hpp"
#include "wallet/journal/journal_view.hpp"
#include "wallet/journal/note_holds.hpp"
#include "wallet/operations/change_plan.hpp"
#include "wallet/raida/client/change_refusals.hpp"
#include "wallet/raida/client/note_commands.hpp"
#include "wallet/raida/client/port.hpp"

namespace liveconnect::wallet {

/// How a wallet's operations are to behave.
struct wallet_rules {
  raida::quorum_rules quorum;
  raida::command_times times;
  /// What plans of change may do; Break and Join unless a caller takes them away
  /// (docs/design/architecture.md "Decision 6").
  change_limits change;
  /// Which servers do not make change, for all workspaces of one program; all are asked when there
  /// is none.
  std::shared_ptr<raida::change_refusals> refusals;
  /// How long a sender promises not to take notes back (docs/protocol.md 6).
  uint32_t lease_seconds = 120;
  /// Wall clock, milliseconds since 1970. For names, the log and delays of hours and days.
  std::function<uint64_t()> now_ms;
  /// Milliseconds since this computer was started, sleep included; no user can set it. For the
  /// lease. The wall clock in its place when there is none.
  std::function<uint64_t()> up_ms;
};

/// What every operation on a wallet works with: its three directories, the way to the servers, the
/// clock, and which notes are held. One a thread; the holds alone are shared.
struct workspace {
  /// Opens the user's wallet and the hidden ones, making what is missing. Only under the wallet's
  /// lock. The references must outlive the workspace.
  static caf::expected<workspace> open(file_ops& files, raida::raida_port& port, note_holds& holds,
                                       const wallet_paths& paths, const std::string& wallet_name,
                                       const wallet_rules& rules);

  wallet_store user;
  wallet_store sender;
  wallet_store receiver;
  raida::raida_port* port;
  note_holds* holds;
  wallet_rules rules;

  file_ops& files() const { return user.ops(); }
  uint64_t now_ms() const { return rules.now_ms(); }
  wall_seconds now() const { return now_ms() / 1000; }
  uint64_t up_ms() const { return rules.up_ms ? rules.up_ms() : now_ms(); }
  wall_time wall() const { return wall_time{now_ms()}; }
  size_t servers() const { return rules.quorum.servers; }

  /// First record of a new journal.
  opened_record opened(journal_kind kind, const transfer_id& id,
                       const transfer_id& parent = {}) const;
};

/// A fresh random id.
transfer_id draw_transfer_id();

std::vector<note_id> ids_of(const std::vector<note>& notes);
std::vector<note> notes_of(const std::vector<stored_note>& stored);

/// Moves every copy of these notes that lies in `from` to `to`, under another name where that is
/// taken. Notes that are not there are skipped, so a repeat finishes.
[[nodiscard]] caf::error relocate(wallet_store& store, const std::vector<note_id>& ids, folder from,
                                  folder to);

/// Likewise to Trash: superseded, but never deleted (I8).
[[nodiscard]] caf::error retire(wallet_store& store, const std::vector<note_id>& ids, folder from);

/// Makes files of notes whose verdict is known, with PANs where a server is still open. A note that
/// is there already with the same numbers counts as made.
[[nodiscard]] caf::error put_graded(wallet_store& store, folder where,
                                    const std::vector<note>& notes, const std::string& tag);

/// The tag in the names of a transfer's files: the first 12 digits of its id.
std::string tag_of(const transfer_id& id);

/// Writes a row of the user's transaction log, with the balance after it. For the user's eyes only:
/// when it cannot be written, the operation goes on.
void log_to_user(workspace& space, bool deposit, amount sum, const std::string& remarks,
                 const std::string& description);

} // namespace liveconnect::wallet
