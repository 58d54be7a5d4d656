#pragma once

#include <filesystem>

#include <caf/expected.hpp>

#include "wallet/files/file_ops.hpp"

namespace liveconnect::wallet {

/// The right to write to one wallet: an open-file-description lock on its wallet.lock, held for the
/// life of the object (docs/design/safety.md 5.1, threat 30). The kernel drops it when the process
/// ends, so it is never stale, and the file is never deleted.
class wallet_lock {
public:
  /// Takes the lock without waiting, making the file when it is not there. Fails with
  /// ec::wallet_busy when it is taken, by another process or by this one.
  static caf::expected<wallet_lock> take(file_ops& ops, const std::filesystem::path& root);

private:
  explicit wallet_lock(file_handle file) : file_(std::move(file)) {}

  file_handle file_;
};

} // namespace liveconnect::wallet
