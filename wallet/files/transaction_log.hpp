#pragma once

#include <string>
#include <string_view>

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include "messages/money/amount.hpp"
#include "wallet/files/file_ops.hpp"
#include "wallet/files/wall_time.hpp"

/// transactions.csv as the Pro client keeps it (docs/formats/wallet.md 6). The log is commentary,
/// the folders are the truth.
namespace liveconnect::wallet {

/// Longest log that we rewrite; a longer one is left alone.
inline constexpr size_t transaction_log_bytes_max = 16u << 20;

/// The header line with its line end: what a new wallet's log holds.
std::string transaction_log_header();

enum class transaction_kind : uint8_t { deposit, withdraw };

/// One row.
struct transaction {
  transaction_kind kind = transaction_kind::deposit;
  wall_time when;
  amount sum;
  amount balance_after;
  /// Short, for people; any text, quoted by the writer.
  std::string remarks;
  std::string description;
};

/// The log with one more row, directly under the header. Fails with ec::wallet_damaged when the
/// first line is another layout's: that log belongs to another program.
caf::expected<std::string> add_transaction(std::string_view log, const transaction& row);

/// Adds the row to a wallet's log on disk. Answers false, with nothing done, when the log has
/// another layout or is too long; makes the log when there is none.
caf::expected<bool> log_transaction(file_ops& ops, const std::filesystem::path& wallet_root,
                                    const transaction& row);

} // namespace liveconnect::wallet
