#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wallet/files/file_ops.hpp"

namespace liveconnect::test {

/// A promise that a disk does not keep. Tests of the crash suite itself: a suite that does not
/// notice such a disk could not notice a wallet that forgets to sync either.
enum class disk_lie : uint8_t {
  none,
  /// Every sync says that it worked and does nothing.
  no_sync,
  /// Content is synced, names are not.
  no_directory_sync,
  /// A rename that must not replace an existing file does.
  rename_replaces,
};

/// A disk in memory that forgets what was not synced (docs/design/safety.md 6.1). Paths start at
/// its root, `/`, which is there.
///
/// Content and names are durable apart from each other: sync() makes what a file holds durable and
/// not its name, sync_directory() makes names durable and not what the files hold.
class memory_file_ops : public wallet::file_ops {
public:
  memory_file_ops();
  /// The same disk once more, as it stands, with what is not synced on it. Handles and locks are
  /// those of a running program: the copy has none.
  memory_file_ops(const memory_file_ops& of);
  memory_file_ops& operator=(const memory_file_ops&) = delete;

  void tell(disk_lie x) { lie_ = x; }

  /// How many decisions a power cut takes now: for each name that would appear or go, for each
  /// unsynced sector and each unsynced length, whether it reached the disk.
  size_t undecided() const;

  /// The power fails and comes back: synced content and synced names are there; of everything else
  /// what `reached` says, asked undecided() times. Unsynced content arrives by sectors of 512
  /// bytes, in any combination; unsynced names one by one. A rename never shows in neither
  /// directory, as every journalling file system promises. Open handles stay open and must not be
  /// used any more.
  void lose_power(const std::function<bool()>& reached);
  /// The same, with an arbitrary part chosen by `seed`.
  void lose_power(uint32_t seed);

  /// Every file that would be there if the power failed now and nothing unsynced had arrived.
  void for_each_durable(
      const std::function<void(const std::string& path, const bytes& content)>& visit) const;

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
  static size_t undecided_in(const node& file);
  static void keep_some_sectors(node& file, const std::function<bool()>& reached);

  disk_lie lie_ = disk_lie::none;
  node_ptr root_;
  std::vector<node_ptr> all_;
  std::vector<pending> pending_;
  std::map<int, node_ptr> open_;
  std::map<node*, int> locks_;
  int next_id_ = 1;
};

} // namespace liveconnect::test
