#include "wallet/files/transaction_log.hpp"

#include "wallet/files/coin_name.hpp"
#include "wallet/files/file_names.hpp"

namespace liveconnect::wallet {

namespace {

constexpr std::string_view header =
    "Symbol,Task ID,Date & Time,Remarks,Deposit,Withdraw,Description,Balance";

/// A quoted field: quotes doubled, line breaks and other control characters made spaces, so that
/// one row is one line.
std::string csv_field(std::string_view text) {
  std::string out = "\"";
  for (const char x : text) {
    const auto code = static_cast<unsigned char>(x);
    if (x == '"')
      out += '"';
    out += code < 0x20 || code == 0x7f ? ' ' : x;
  }
  return out + "\"";
}

std::string row_text(const transaction& x) {
  const bool in = x.kind == transaction_kind::deposit;
  const auto sum = csv_field(pro_amount(x.sum));
  const auto time = to_pro_text(x.when);
  std::string out;
  out += csv_field(in ? "+" : "-") + ",";
  out += csv_field((in ? "deposit " : "withdraw ") + time + " UTC") + ",";
  out += csv_field(time) + ",";
  out += csv_field(x.remarks) + ",";
  out += (in ? sum : csv_field("")) + ",";
  out += (in ? csv_field("") : sum) + ",";
  out += csv_field(x.description) + ",";
  return out + csv_field(pro_amount(x.balance_after));
}

} // namespace

std::string transaction_log_header() {
  return std::string{header} + "\n";
}

caf::expected<std::string> add_transaction(std::string_view log, const transaction& row) {
  const auto end = log.find('\n');
  auto first = log.substr(0, end);
  // Other programs may end lines as Windows does; what they wrote stays as it is.
  const bool carriage_return = !first.empty() && first.back() == '\r';
  if (carriage_return)
    first.remove_suffix(1);
  if (first != header)
    return fail(ec::wallet_damaged, "transactions.csv has another layout");
  const std::string line_end = carriage_return ? "\r\n" : "\n";
  auto out = std::string{first} + line_end + row_text(row) + line_end;
  if (end != std::string_view::npos)
    out += log.substr(end + 1);
  return out;
}

caf::expected<bool> log_transaction(file_ops& ops, const std::filesystem::path& wallet_root,
                                    const transaction& row) {
  const auto root = ops.open_directory(wallet_root);
  if (!root)
    return root.error();
  const auto there = ops.exists(*root, transactions_file_name);
  if (!there)
    return there.error();
  auto log = transaction_log_header();
  if (*there) {
    const auto file = ops.open_read(*root, transactions_file_name);
    if (!file)
      return file.error();
    const auto status = ops.status(*file);
    if (!status)
      return status.error();
    if (status->size_bytes > transaction_log_bytes_max)
      return false;
    const auto raw = read_file(ops, *root, transactions_file_name, transaction_log_bytes_max);
    if (!raw)
      return raw.error();
    log.assign(view(*raw).text());
  }
  const auto longer = add_transaction(log, row);
  if (!longer)
    return false;
  if (auto err = replace(ops, *root, transactions_file_name, byte_view{std::string_view{*longer}}))
    return err;
  return true;
}

} // namespace liveconnect::wallet
