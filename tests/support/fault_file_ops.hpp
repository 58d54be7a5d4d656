#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wallet/files/file_ops.hpp"

namespace liveconnect::test {

/// What happens at the chosen call.
enum class disk_fault : uint8_t {
  none,
  /// The process dies before the call: nothing that follows reaches the disk.
  die_before,
  /// The process dies when the call is done but not yet answered.
  die_after,
  /// The call fails and does nothing; later ones work.
  fail_once,
  /// The call and all after it fail.
  fail_for_good,
  /// The call is done and fails all the same, as a write, a sync or a close may. Other calls: as
  /// fail_once.
  fail_after,
  /// A write takes half its bytes, then the process dies. Other calls: as die_after.
  short_write_and_die,
  /// A write takes one byte only. Other calls are not affected.
  short_write,
  /// A write is interrupted by a signal. Other calls are not affected.
  interrupted,
};

/// The system's error numbers that a call of this name may bring (trace() has the names), each of
/// which posix_file_ops passes on. Interruptions are not among them: it repeats the call.
const std::vector<int>& errors_of(std::string_view call);
bool may_fail_with(std::string_view call, int error);
/// Whether the call, when it succeeds, changes what is on the disk or what of it is durable.
bool changes_the_disk(std::string_view call);

/// Wraps another file_ops and brings one disk_fault at one call. A dead process is played by
/// refusing every later call, clean-up included, save closing; what is on the disk is what a kill
/// leaves.
class fault_file_ops : public wallet::file_ops {
public:
  explicit fault_file_ops(wallet::file_ops& inner) : inner_(inner) {}

  /// Brings `what` at the call number `at`, counted from 1 from here on, and starts a new trace.
  void arm(disk_fault what, size_t at) {
    what_ = what;
    at_ = at;
    error_ = 0;
    struck_ = false;
    struck_at_.clear();
    changes_ = 0;
    trace_.clear();
  }

  /// Call number `at`, counted since arm(), fails with one of the system's error numbers, in the
  /// words that posix_file_ops has for it, if that call can. `for_good`: every later call that can
  /// (may_fail_with) fails with it too, until recovered(). A failing close has closed the file. May
  /// go with a fault of arm() at another call.
  void arm_error(int error, size_t at, bool for_good);
  /// What arm_error() began is over: somebody has made room on the disk, or closed other files.
  void recovered() { error_ = 0; }
  /// Whether the fault that was armed has been met.
  bool has_struck() const { return struck_; }
  /// What the failed calls were about: their paths, as they stand in the errors.
  const std::vector<std::string>& struck_at() const { return struck_at_; }

  /// Called before each call that changes the disk, with its number, while the process lives.
  std::function<void(size_t)> before_change;
  /// Called before each rename that must not replace, with the path of its new name.
  std::function<void(const std::string&)> before_rename;
  /// Called with its number before each call of whatever kind.
  std::function<void(size_t)> before_call;

  /// Names of the calls since arm(), in order.
  const std::vector<std::string>& trace() const { return trace_; }
  /// How many of them changed the disk.
  size_t changes() const { return changes_; }
  bool is_dead() const { return dead_; }

  /// Plays a file system without exclusive rename.
  bool no_exclusive_rename = false;

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
  void discard(int) noexcept override {} // Handles are the inner file_ops' own.

private:
  /// Does the call, or fails it; `path` is what it is about.
  template<class Call>
  auto run(const char* name, const std::string& path, Call call) -> decltype(call());
  /// The error of arm_error(), when this call is to meet it.
  caf::error injected(std::string_view name, const std::string& path);
  std::string path_of(const wallet::file_handle& x, const std::string& name = {}) const;
  caf::expected<wallet::file_handle> remember(caf::expected<wallet::file_handle> x,
                                              const std::string& path);

  wallet::file_ops& inner_;
  disk_fault what_ = disk_fault::none;
  size_t at_ = 0;
  size_t changes_ = 0;
  bool dead_ = false;
  bool failing_ = false;
  int error_ = 0;
  size_t error_at_ = 0;
  bool error_for_good_ = false;
  bool struck_ = false;
  std::vector<std::string> struck_at_;
  std::map<int, std::string> paths_;
  std::vector<std::string> trace_;
};

} // namespace liveconnect::test
