#pragma once

#include <string>
#include <vector>

#include "messages/interfaces/wallet.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// One coin file to take in: its name for messages, and its bytes.
struct import_item {
  std::string name;
  secret_bytes content;
};

/// Takes coin files in: reads them, asks the servers about every set of secrets that came for a
/// note, makes the notes ours (POWN, as a receiver does), files them in the user's Bank or Fracked.
/// PANs and letters in the files are ignored. Nothing is sent that changes a server before FIND has
/// found a majority that holds a note's secrets; a note that 13+f refuse, asked twice, and for
/// which this disk has no living secrets either, is counterfeit.
///
/// A note that the wallet has already: with the same numbers, or with newer ones by 13+f servers, a
/// line of the report says so. With older ones, by as many, the copy in the wallet moves to
/// Trash and the one that came is taken in. While too few servers tell them apart the one
/// that came is not taken in, counts as `limbo`, and stays where the caller has it.
///
/// A file that cannot be read, and a note that an open operation holds with other numbers, are left
/// out and counted in `refused`; a line of the report says why.
caf::expected<operation_report> import_notes(workspace& space,
                                             const std::vector<import_item>& items);

/// Makes notes ours whose secrets the servers have been asked about, each batch in a journal of its
/// own, and adds what became of them to `report`. Older copies of them in the wallet move to Trash.
/// Fails with ec::wallet_busy when an operation holds one of them.
[[nodiscard]] caf::error take_in(workspace& space, const std::vector<note>& notes,
                                 operation_report& report);

/// Reads files from the disk, for import_notes. They stay where they are. A path that cannot be
/// read becomes a line of `report`.
std::vector<import_item> read_import_files(workspace& space, const std::vector<std::string>& paths,
                                           operation_report& report);

/// Brings an open import to its end as far as the servers allow.
caf::expected<operation_report> finish_import(workspace& space, operation_journal& log);

} // namespace liveconnect::wallet
