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

/// Takes coin files in: reads them, makes the notes ours (POWN, as a receiver does), files them in
/// the user's Bank or Fracked. A file that cannot be read is left out, and so is a note that the
/// wallet holds already or that came twice; a line of the report says why. PANs and letters in the
/// files are ignored.
caf::expected<operation_report> import_notes(workspace& space,
                                             const std::vector<import_item>& items);

/// Reads files from the disk, for import_notes. They stay where they are. A path that cannot be
/// read becomes a line of `report`.
std::vector<import_item> read_import_files(workspace& space, const std::vector<std::string>& paths,
                                           operation_report& report);

/// Brings an open import to its end as far as the servers allow.
caf::expected<operation_report> finish_import(workspace& space, operation_journal& log);

} // namespace liveconnect::wallet
