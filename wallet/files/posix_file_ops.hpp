#pragma once

#include "wallet/files/file_ops.hpp"

namespace liveconnect::wallet {

/// The real disk: openat with directory descriptors, O_NOFOLLOW and O_CLOEXEC, files 0600,
/// directories 0700, renameat2(RENAME_NOREPLACE), F_OFD_SETLK (docs/design/safety.md 5.1, 5.2).
/// Holds no state: one object may serve any number of wallets, and threads.
class posix_file_ops : public file_ops {
public:
  caf::expected<file_handle> open_directory(const std::filesystem::path& path) override;
  caf::expected<file_handle> open_directory_at(const file_handle& parent,
                                               const std::string& name) override;
  caf::error make_directory(const file_handle& parent, const std::string& name) override;
  caf::expected<std::vector<dir_entry>> list(const file_handle& directory,
                                             size_t entries_max) override;
  caf::error sync_directory(const file_handle& directory) override;
  caf::expected<file_handle> create(const file_handle& directory, const std::string& name) override;
  caf::expected<file_handle> open_read(const file_handle& directory,
                                       const std::string& name) override;
  caf::expected<file_handle> open_write(const file_handle& directory,
                                        const std::string& name) override;
  caf::expected<file_status> status(const file_handle& file) override;
  caf::expected<bool> exists(const file_handle& directory, const std::string& name) override;
  caf::expected<size_t> write(const file_handle& file, uint64_t offset, byte_view from) override;
  caf::expected<size_t> read(const file_handle& file, uint64_t offset, uint8_t* to,
                             size_t count) override;
  caf::error sync(const file_handle& file) override;
  caf::error sync_data(const file_handle& file) override;
  caf::error preallocate(const file_handle& file, uint64_t size) override;
  caf::error close(file_handle file) override;
  caf::expected<bool> rename_no_replace(const file_handle& from, const std::string& name,
                                        const file_handle& to,
                                        const std::string& new_name) override;
  caf::error rename_over(const file_handle& directory, const std::string& name,
                         const std::string& new_name) override;
  caf::error link(const file_handle& from, const std::string& name, const file_handle& to,
                  const std::string& new_name) override;
  caf::error remove(const file_handle& directory, const std::string& name) override;
  caf::error lock(const file_handle& file) override;

protected:
  void discard(int id) noexcept override;
};

} // namespace liveconnect::wallet
