#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include "wallet/files/file_names.hpp"
#include "wallet/files/file_ops.hpp"

/// Where things lie in a wallet, and where wallets lie (docs/formats/wallet.md 5).
namespace liveconnect::wallet {

/// The 19 folders of the Pro client, in its order. What a note in each is, and whether it counts,
/// stands in wallet/README.md.
enum class folder : uint8_t {
  bank,
  corrupted,
  counterfeit,
  duplicates,
  encryption_failed,
  errored,
  export_,
  fracked,
  grade,
  import_,
  imported,
  limbo,
  lockered,
  pending,
  receipts,
  sent,
  suspect,
  trash,
  withdrawn,
};
inline constexpr size_t folder_count = 19;
const std::array<folder, folder_count>& all_folders();

/// The folder's name on disk: `Bank`, `Encryption_Failed`.
const char* to_string(folder x);

/// Where the wallets of one data directory lie. The hidden ones lie outside the root that other
/// programs walk through and re-file (docs/formats/wallet.md "Hidden wallets").
struct wallet_paths {
  std::filesystem::path data;

  /// `<data>/Wallets`.
  std::filesystem::path wallets() const;
  /// `<data>/Wallets/<name>`; the name must satisfy is_wallet_name.
  std::filesystem::path user(const std::string& name) const;
  /// `<data>/liveconnect/.hidden/<name>/Sender`, for transfers of the user's wallet `name`. A pair
  /// a wallet: the lock and the journals that account for what lies there are that wallet's, and
  /// another wallet's recovery must not take it for its own (docs/design/safety.md I1).
  std::filesystem::path sender(const std::string& name) const;
  /// `<data>/liveconnect/.hidden/<name>/Receiver`.
  std::filesystem::path receiver(const std::string& name) const;
};

/// One plain component that other programs list as a wallet: no leading dot, none of their reserved
/// names (Templates, System, Backup, Cache).
bool is_wallet_name(const std::string& name);

/// Whether a directory is a wallet: it has transactions.csv, config.toml, Bank and Fracked.
bool is_wallet(file_ops& ops, const std::filesystem::path& root);

/// Names of the wallets below `<data>/Wallets`, sorted; empty when there is no such directory.
std::vector<std::string> list_wallets(file_ops& ops, const wallet_paths& paths);

/// Makes a wallet, or adds what is missing to one: the 19 folders, Journal and Journal/Closed (all
/// 0700), config.toml, transactions.csv. Changes nothing that exists. The two files come last, so a
/// directory that is_wallet accepts is complete.
caf::error create_wallet(file_ops& ops, const std::filesystem::path& root, const std::string& name);

/// Refuses a wallet whose root, or any folder of ours, group or others may write to
/// (ec::bad_config, with what to do about it).
caf::error check_permissions(file_ops& ops, const std::filesystem::path& root);

} // namespace liveconnect::wallet
