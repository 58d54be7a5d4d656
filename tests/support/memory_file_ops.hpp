#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "wallet/files/file_ops.hpp"

namespace liveconnect::test {

/// A disk in memory that forgets what was not synced (docs/design/safety.md 6.1). Paths start at
/// its root, `/`, which is there.
class memory_file_ops : public wallet::file_ops {
public:
  memory_file_ops();

  /// The power fails and comes back: synced content and synced names are there; of everything else
  /// an arbitrary part, chosen by `seed`. Unsynced content arrives by sectors of 512 bytes, in any
  /// combination; unsynced names one by one. A rename never shows in neither directory, as every
  /// journalling file system promises. Open handles stay open and must not be used any more.
  void lose_power(uint32_t seed);

  caf::expected<wallet::file_handle> open_directory(const std::filesystem::path& path) override;
  caf::expected<wallet::file_handle> open_directory_at(const wallet::file_handle& parent,
                                                       const std::string& name) override;
  caf::error make_directory(const wallet::file_handle& parent, const std::string& name) override;
  caf::expected<std::vector<wallet::dir_entry>> list(const wallet::file_handle& directory,
                                                     size_t entries_max) override;
  caf::error sync_directory(const wallet::file_handle& directory) override;
  caf::expected<wallet::file_handle> create(const wallet::file_handle& directory,
                                            const std::string& name) override;
  caf::expected<wallet::file_handle> open_read(const wallet::file_handle& directory,
                                               const std::string& name) override;
  caf::expected<wallet::file_handle> open_write(const wallet::file_handle& directory,
                                                const std::string& name) override;
  caf::expected<wallet::file_status> status(const wallet::file_handle& file) override;
  caf::expected<bool> exists(const wallet::file_handle& directory,
                             const std::string& name) override;
  caf::expected<size_t> write(const wallet::file_handle& file, uint64_t offset,
                              byte_view from) override;
  caf::expected<size_t> read(const wallet::file_handle& file, uint64_t offset, uint8_t* to,
                             size_t count) override;
  caf::error sync(const wallet::file_handle& file) override;
  caf::error sync_data(const wallet::file_handle& file) override;
  caf::error preallocate(const wallet::file_handle& file, uint64_t size) override;
  caf::error close(wallet::file_handle file) override;
  caf::expected<bool> rename_no_replace(const wallet::file_handle& from, const std::string& name,
                                        const wallet::file_handle& to,
                                        const std::string& new_name) override;
  caf::error rename_over(const wallet::file_handle& directory, const std::string& name,
                         const std::string& new_name) override;
  caf::error link(const wallet::file_handle& from, const std::string& name,
                  const wallet::file_handle& to, const std::string& new_name) override;
  caf::error remove(const wallet::file_handle& directory, const std::string& name) override;
  caf::error lock(const wallet::file_handle& file) override;

protected:
  void discard(int id) noexcept override;

private:
  struct node {
    bool is_directory = false;
    bytes content;
    bytes durable_content;
    std::map<std::string, std::shared_ptr<node>> names;
    std::map<std::string, std::shared_ptr<node>> durable_names;
  };
  using node_ptr = std::shared_ptr<node>;

  /// A change of one or two directories that is not durable yet.
  struct pending {
    node_ptr target;
    /// Where a name appears; empty when none does.
    node_ptr to;
    std::string to_name;
    /// Where a name goes; empty when none does.
    node_ptr from;
    std::string from_name;
  };

  wallet::file_handle handle_of(node_ptr x);
  node_ptr at(const wallet::file_handle& x) const { return open_.at(x.id()); }
  static void add_durable(pending& x);
  static void remove_durable(pending& x);
  static void keep_some_sectors(node& file, std::mt19937& random);

  node_ptr root_;
  std::vector<node_ptr> all_;
  std::vector<pending> pending_;
  std::map<int, node_ptr> open_;
  std::map<node*, int> locks_;
  int next_id_ = 1;
};

} // namespace liveconnect::test
