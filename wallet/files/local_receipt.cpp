#include "wallet/files/local_receipt.hpp"

#include <algorithm>

#include "messages/base/printable.hpp"
#include "wallet/files/coin_name.hpp"

namespace liveconnect::wallet {

namespace {

constexpr int receipts_a_second_max = 1'000;

std::string rule(char x) {
  return std::string(60, x) + "\n";
}

/// Small letters, digits and hyphens; anything else would not be a type.
std::string clean_type(const std::string& type) {
  std::string out;
  for (const char x : type.substr(0, tag_bytes_max)) {
    const bool fit = (x >= 'a' && x <= 'z') || (x >= '0' && x <= '9') || x == '-';
    out += fit ? x : '-';
  }
  return out.empty() ? "receipt" : out;
}

amount total_of(const local_receipt& x) {
  uint64_t units = 0;
  for (const auto& line : x.lines)
    units += denomination_value(line.id.denomination).units();
  return amount::from_units(units);
}

std::string count_line(const local_receipt& x, folder where) {
  const auto count = std::count_if(x.lines.begin(), x.lines.end(),
                                   [&](const auto& line) { return line.location == where; });
  return std::string{to_string(where)} + ": " + std::to_string(count) + "\n";
}

} // namespace

std::string render(const local_receipt& x) {
  auto out = rule('=');
  out += "Task ID: " + to_stamp(x.when) + "\n";
  out += "Transaction Type: " + clean_type(x.type) + "\n";
  out += "Date & Time: " + to_display(x.when) + " UTC\n";
  out += rule('=');
  out += "SUMMARY STATISTICS\n";
  out += "Total: " + std::to_string(x.lines.size()) + "\n";
  for (const auto where : {folder::bank, folder::fracked, folder::counterfeit, folder::limbo})
    out += count_line(x, where);
  if (const auto sent = count_line(x, folder::sent); sent != "Sent: 0\n")
    out += sent;
  out += "Amount: " + pro_amount(total_of(x)) + "\n";
  out += rule('=');
  out += "COIN-BY-COIN RESULTS\n";
  for (const auto& line : x.lines) {
    out += "Serial: " + std::to_string(line.id.serial) +
           ", Denomination: " + std::to_string(line.id.denomination) +
           ", Result: " + printable(line.result) + "\n";
    out += "POWN: " + printable(line.pown) + "\n";
    out += std::string{"Final Location: "} + to_string(line.location) + "\n";
  }
  out += rule('=');
  return out + "End of receipt\n";
}

caf::expected<std::string> file_receipt(file_ops& ops, const std::filesystem::path& wallet_root,
                                        const local_receipt& x) {
  const auto root = ops.open_directory(wallet_root);
  if (!root)
    return root.error();
  const auto receipts = ops.open_directory_at(*root, to_string(folder::receipts));
  if (!receipts)
    return receipts.error();
  const auto text = render(x);
  const auto stem = to_stamp(x.when) + "." + clean_type(x.type);
  for (int i = 1; i <= receipts_a_second_max; ++i) {
    auto name = stem + (i == 1 ? "" : "-" + std::to_string(i)) + ".txt";
    auto err = put(ops, *receipts, name, byte_view{std::string_view{text}});
    if (!err)
      return name;
    if (code_of(err) != ec::file_exists)
      return err;
  }
  return fail(ec::file_exists, "'" + stem + ".txt' and all its variants");
}

} // namespace liveconnect::wallet
