#pragma once

/// What our own files and folders in a wallet directory are called.
namespace liveconnect::wallet {

/// Our own folders beside the Pro client's.
inline constexpr const char* journal_folder_name = "Journal";
inline constexpr const char* closed_folder_name = "Closed";
inline constexpr const char* archive_folder_name = "Archive";
inline constexpr const char* lock_file_name = "wallet.lock";
inline constexpr const char* config_file_name = "config.toml";
inline constexpr const char* transactions_file_name = "transactions.csv";

} // namespace liveconnect::wallet
