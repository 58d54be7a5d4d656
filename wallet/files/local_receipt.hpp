#pragma once

#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "messages/money/note.hpp"
#include "wallet/files/file_ops.hpp"
#include "wallet/files/folders.hpp"
#include "wallet/files/wall_time.hpp"

/// Receipts for the owner, in the Pro client's text form (docs/formats/wallet.md 6). The signed
/// receipt that travels is another thing (docs/protocol.md 6). No AN and no PAN stands in either.
namespace liveconnect::wallet {

/// One note's line.
struct receipt_line {
  note_id id;
  /// 25 letters, or fewer when no server was asked.
  std::string pown;
  /// `Authentic`, `Fracked`, `Counterfeit`, `Limbo`, `Sent`.
  std::string result;
  /// Where the note lies now.
  folder location = folder::bank;
};

/// A receipt before it is written.
struct local_receipt {
  /// `receive`, `send`, `break-coins`: small letters, digits and hyphens.
  std::string type;
  wall_time when;
  std::vector<receipt_line> lines;
};

/// The text. Pure.
std::string render(const local_receipt& x);

/// Writes it to Receipts/YYYY-MM-DD_HH-MM-SS.<type>.txt and answers the name. Never overwrites: a
/// second receipt of the same second and type gets `-2`, `-3`, ... before `.txt`.
caf::expected<std::string> file_receipt(file_ops& ops, const std::filesystem::path& wallet_root,
                                        const local_receipt& x);

} // namespace liveconnect::wallet
