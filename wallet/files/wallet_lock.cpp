#include "wallet/files/wallet_lock.hpp"

#include "wallet/files/folders.hpp"

namespace liveconnect::wallet {

caf::expected<wallet_lock> wallet_lock::take(file_ops& ops, const std::filesystem::path& root) {
  auto directory = ops.open_directory(root);
  if (!directory)
    return directory.error();
  // Two programs may start at once: the one that comes second opens what the first has made.
  auto made = ops.create(*directory, lock_file_name);
  if (!made && code_of(made.error()) != ec::file_exists)
    return made.error();
  auto file = made ? std::move(made) : ops.open_write(*directory, lock_file_name);
  if (!file)
    return file.error();
  if (auto err = ops.lock(*file))
    return err;
  return wallet_lock{std::move(*file)};
}

} // namespace liveconnect::wallet
