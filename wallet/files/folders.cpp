#include "wallet/files/folders.hpp"

#include <algorithm>

#include "messages/base/printable.hpp"
#include "wallet/files/coin_name.hpp"
#include "wallet/files/transaction_log.hpp"

namespace liveconnect::wallet {

namespace {

constexpr uint32_t writable_by_others = 022;

caf::error check_mode(file_ops& ops, const file_handle& directory, const std::string& name) {
  const auto status = ops.status(directory);
  if (!status)
    return status.error();
  if ((status->mode & writable_by_others) != 0)
    return fail(ec::bad_config,
                "'" + printable(name) + "' can be written to by other users: run chmod go-w on it");
  return caf::none;
}

/// Makes a directory unless it is there; the caller syncs the parent.
caf::error make_if_missing(file_ops& ops, const file_handle& parent, const std::string& name) {
  auto err = ops.make_directory(parent, name);
  if (err && code_of(err) == ec::file_exists)
    return caf::none;
  return err;
}

/// Only what names the wallet: other programs add keys of their own.
std::string config_text(const std::string& name) {
  std::string quoted;
  for (const char x : name) {
    if (x == '"' || x == '\\')
      quoted += '\\';
    quoted += x;
  }
  return "# CloudCoin wallet\n[wallet]\nname = \"" + quoted + "\"\n";
}

} // namespace

const std::array<folder, folder_count>& all_folders() {
  static constexpr std::array<folder, folder_count> out{
      folder::bank,       folder::corrupted,         folder::counterfeit,
      folder::duplicates, folder::encryption_failed, folder::errored,
      folder::export_,    folder::fracked,           folder::grade,
      folder::import_,    folder::imported,          folder::limbo,
      folder::lockered,   folder::pending,           folder::receipts,
      folder::sent,       folder::suspect,           folder::trash,
      folder::withdrawn};
  return out;
}

// branches: one case a folder, so that -Wswitch names a folder that this forgets
const char* to_string(folder x) {
  switch (x) { // No default: -Wswitch names a folder that this forgets.
  case folder::bank:
    return "Bank";
  case folder::corrupted:
    return "Corrupted";
  case folder::counterfeit:
    return "Counterfeit";
  case folder::duplicates:
    return "Duplicates";
  case folder::encryption_failed:
    return "Encryption_Failed";
  case folder::errored:
    return "Errored";
  case folder::export_:
    return "Export";
  case folder::fracked:
    return "Fracked";
  case folder::grade:
    return "Grade";
  case folder::import_:
    return "Import";
  case folder::imported:
    return "Imported";
  case folder::limbo:
    return "Limbo";
  case folder::lockered:
    return "Lockered";
  case folder::pending:
    return "Pending";
  case folder::receipts:
    return "Receipts";
  case folder::sent:
    return "Sent";
  case folder::suspect:
    return "Suspect";
  case folder::trash:
    return "Trash";
  case folder::withdrawn:
    return "Withdrawn";
  }
  return "";
}

std::filesystem::path wallet_paths::wallets() const {
  return data / "Wallets";
}

std::filesystem::path wallet_paths::user(const std::string& name) const {
  return wallets() / name;
}

std::filesystem::path wallet_paths::sender(const std::string& name) const {
  return data / "liveconnect" / ".hidden" / name / "Sender";
}

std::filesystem::path wallet_paths::receiver(const std::string& name) const {
  return data / "liveconnect" / ".hidden" / name / "Receiver";
}

bool is_wallet_name(const std::string& name) {
  static constexpr std::array<const char*, 4> reserved{"Templates", "System", "Backup", "Cache"};
  return is_plain_name(name) && name.front() != '.' &&
         std::none_of(reserved.begin(), reserved.end(), [&](const char* x) { return name == x; });
}

bool is_wallet(file_ops& ops, const std::filesystem::path& root) {
  const auto directory = ops.open_directory(root);
  if (!directory)
    return false;
  return ops.open_read(*directory, transactions_file_name).engaged() &&
         ops.open_read(*directory, config_file_name).engaged() &&
         ops.open_directory_at(*directory, to_string(folder::bank)).engaged() &&
         ops.open_directory_at(*directory, to_string(folder::fracked)).engaged();
}

std::vector<std::string> list_wallets(file_ops& ops, const wallet_paths& paths) {
  std::vector<std::string> out;
  const auto directory = ops.open_directory(paths.wallets());
  if (!directory)
    return out;
  const auto entries = ops.list(*directory, directory_entries_max);
  if (!entries)
    return out;
  for (const auto& x : *entries) {
    if (x.kind == entry_kind::directory && is_wallet_name(x.name) &&
        is_wallet(ops, paths.user(x.name)))
      out.push_back(x.name);
  }
  return out;
}

caf::error create_wallet(file_ops& ops, const std::filesystem::path& root,
                         const std::string& name) {
  if (!is_wallet_name(name))
    return fail(ec::bad_argument, "'" + printable(name) + "' cannot name a wallet");
  const auto directory = ensure_directories(ops, root);
  if (!directory)
    return directory.error();
  for (const auto x : all_folders()) {
    if (auto err = make_if_missing(ops, *directory, to_string(x)))
      return err;
  }
  if (auto err = make_if_missing(ops, *directory, journal_folder_name))
    return err;
  const auto journal = ops.open_directory_at(*directory, journal_folder_name);
  if (!journal)
    return journal.error();
  for (const auto part : {closed_folder_name, archive_folder_name})
    if (auto err = make_if_missing(ops, *journal, part))
      return err;
  if (auto err = ops.sync_directory(*journal))
    return err;
  if (auto err = ops.sync_directory(*directory))
    return err;
  const auto config = config_text(name), log = transaction_log_header();
  std::vector<new_file> files;
  for (const auto& x : {new_file{config_file_name, byte_view{std::string_view{config}}},
                        new_file{transactions_file_name, byte_view{std::string_view{log}}}}) {
    const auto there = ops.exists(*directory, x.name);
    if (!there)
      return there.error();
    if (!*there)
      files.push_back(x);
  }
  return put_all(ops, *directory, files);
}

caf::error check_permissions(file_ops& ops, const std::filesystem::path& root) {
  const auto directory = ops.open_directory(root);
  if (!directory)
    return directory.error();
  if (auto err = check_mode(ops, *directory, root.filename().string()))
    return err;
  std::vector<std::string> names{journal_folder_name};
  for (const auto x : all_folders())
    names.emplace_back(to_string(x));
  for (const auto& name : names) {
    const auto there = ops.exists(*directory, name);
    if (!there)
      return there.error();
    if (!*there)
      continue;
    const auto below = ops.open_directory_at(*directory, name);
    if (!below)
      return below.error();
    if (auto err = check_mode(ops, *below, name))
      return err;
  }
  return caf::none;
}

} // namespace liveconnect::wallet
