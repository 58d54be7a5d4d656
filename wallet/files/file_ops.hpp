#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include "messages/base/bytes.hpp"
#include "messages/base/error.hpp"
#include "messages/base/secret.hpp"

/// The few things a wallet does to a disk, each one durable step, behind an interface, so that a
/// test can fail or kill at every one of them (docs/design/safety.md 5.2, 6.1). All calls block; an
/// object is used by one thread at a time.
namespace liveconnect::wallet {

class file_ops;

/// An open file or directory of one file_ops. Closes itself when it goes; use file_ops::close where
/// the result of closing matters. Must not outlive its file_ops.
class file_handle {
public:
  file_handle() = default;
  file_handle(file_ops& ops, int id) : ops_(&ops), id_(id) {}
  file_handle(file_handle&& x) noexcept : ops_(x.ops_), id_(x.release()) {}
  file_handle& operator=(file_handle&& x) noexcept;
  file_handle(const file_handle&) = delete;
  file_handle& operator=(const file_handle&) = delete;
  ~file_handle();

  bool is_open() const { return id_ >= 0; }
  int id() const { return id_; }
  /// Gives the id up without closing it.
  int release() {
    const int out = id_;
    id_ = -1;
    return out;
  }

private:
  file_ops* ops_ = nullptr;
  int id_ = -1;
};

enum class entry_kind : uint8_t { file, directory, other };

/// One name in a directory. Names come from the disk: not yet checked, never printed raw.
struct dir_entry {
  std::string name;
  entry_kind kind = entry_kind::other;
};

struct file_status {
  entry_kind kind = entry_kind::other;
  uint64_t size_bytes = 0;
  /// Permission bits only.
  uint32_t mode = 0;
};

/// The operations. Names are one plain component (is_plain_name), else ec::bad_argument. Every
/// failure is ec::disk_failed with the call, the name and the system's words, unless a comment says
/// otherwise. Nothing follows a symbolic link in its last component.
class file_ops {
public:
  virtual ~file_ops() = default;

  // --- directories ---

  /// Opens an existing directory by path.
  virtual caf::expected<file_handle> open_directory(const std::filesystem::path& path) = 0;
  /// Opens an existing directory below another.
  virtual caf::expected<file_handle> open_directory_at(const file_handle& parent,
                                                       const std::string& name) = 0;
  /// Makes a directory with mode 0700. Fails with ec::file_exists when the name is taken.
  virtual caf::error make_directory(const file_handle& parent, const std::string& name) = 0;
  /// The names in a directory, sorted, without `.` and `..`. Fails when there are more than
  /// `entries_max`.
  virtual caf::expected<std::vector<dir_entry>> list(const file_handle& directory,
                                                     size_t entries_max) = 0;
  /// Makes renames, links and removals in this directory durable.
  virtual caf::error sync_directory(const file_handle& directory) = 0;

  // --- files ---

  /// Makes a new file with mode 0600, open for writing. Fails with ec::file_exists when the name is
  /// taken.
  virtual caf::expected<file_handle> create(const file_handle& directory,
                                            const std::string& name) = 0;
  /// Opens an existing regular file for reading.
  virtual caf::expected<file_handle> open_read(const file_handle& directory,
                                               const std::string& name) = 0;
  /// Opens an existing regular file for reading and writing.
  virtual caf::expected<file_handle> open_write(const file_handle& directory,
                                                const std::string& name) = 0;
  virtual caf::expected<file_status> status(const file_handle& file) = 0;
  /// Whether the name is taken, by anything at all.
  virtual caf::expected<bool> exists(const file_handle& directory, const std::string& name) = 0;
  /// Writes at an offset and answers how many bytes went; fewer is allowed, 0 means "interrupted".
  virtual caf::expected<size_t> write(const file_handle& file, uint64_t offset, byte_view from) = 0;
  /// Reads at an offset and answers how many bytes came; 0 means the end.
  virtual caf::expected<size_t> read(const file_handle& file, uint64_t offset, uint8_t* to,
                                     size_t count) = 0;
  /// Makes content and length durable. After a failure the content is unknown: never call it again
  /// on this handle and believe it (docs/design/safety.md 5.2).
  virtual caf::error sync(const file_handle& file) = 0;
  /// Like sync, without times and other metadata that reading back does not need.
  virtual caf::error sync_data(const file_handle& file) = 0;
  /// Gives the file at least `size` bytes, so that writing inside needs no new block. New bytes
  /// read as zero.
  virtual caf::error preallocate(const file_handle& file, uint64_t size) = 0;
  /// Closes and says whether that went well.
  virtual caf::error close(file_handle file) = 0;

  // --- names ---

  /// Renames, never onto an existing name (ec::file_exists). Answers false, with nothing done, when
  /// the file system cannot promise that; then link and remove do it in two steps.
  virtual caf::expected<bool> rename_no_replace(const file_handle& from, const std::string& name,
                                                const file_handle& to,
                                                const std::string& new_name) = 0;
  /// Renames over whatever file has the new name: for logs, never for coins.
  virtual caf::error rename_over(const file_handle& directory, const std::string& name,
                                 const std::string& new_name) = 0;
  /// Gives a file a second name. Fails with ec::file_exists when that is taken.
  virtual caf::error link(const file_handle& from, const std::string& name, const file_handle& to,
                          const std::string& new_name) = 0;
  /// Removes one name of a file.
  virtual caf::error remove(const file_handle& directory, const std::string& name) = 0;

  // --- locks ---

  /// Takes the write lock of an open file for as long as the handle lives, without waiting. Fails
  /// with ec::wallet_busy when another holder, in this process or another, has it.
  virtual caf::error lock(const file_handle& file) = 0;

protected:
  friend class file_handle;
  /// Closes and ignores the result.
  virtual void discard(int id) noexcept = 0;
};

/// A file to be made: its name and its whole content, which the caller keeps alive.
struct new_file {
  std::string name;
  byte_view content;
};

/// A move: its name now and its name afterwards.
struct renaming {
  std::string from;
  std::string to;
};

/// Makes a file that holds exactly `content`, or none: whole and durable when this succeeds. Never
/// replaces (ec::file_exists). On any error the file is not there, as far as the disk still obeys.
///
/// Steps (docs/design/safety.md 5.2): create a temporary sibling, write, sync, close, rename
/// without replacing, sync the directory.
[[nodiscard]] caf::error put(file_ops& ops, const file_handle& directory, const std::string& name,
                             byte_view content);

/// Like put, in a directory that no start-up clears: the temporary file is `.tmp-` and `tag`, so a
/// repeat with the same tag, after a kill, removes what the killed one left. `tag` is a plain name
/// that no other writer uses.
[[nodiscard]] caf::error put_outside(file_ops& ops, const file_handle& directory,
                                     const std::string& name, byte_view content,
                                     const std::string& tag);

/// Like put, for a file that will grow in place: it gets at least `size` bytes, zero behind
/// `content`.
[[nodiscard]] caf::error put_preallocated(file_ops& ops, const file_handle& directory,
                                          const std::string& name, byte_view content,
                                          uint64_t size);

/// Many puts with one directory sync at the end. After a crash any subset stands, each file whole.
/// On error none of them stands, as far as the disk still obeys.
[[nodiscard]] caf::error put_all(file_ops& ops, const file_handle& directory,
                                 const std::vector<new_file>& files);

/// Moves a file from one directory to another, never onto an existing name (ec::file_exists). Both
/// directories are durable when this succeeds. After a crash the file is in the old place or in the
/// new (or in both, where the file system knows no exclusive rename), never in neither.
[[nodiscard]] caf::error move(file_ops& ops, const file_handle& from, const file_handle& to,
                              const renaming& names);

/// Many moves with one sync a directory, target first. After a crash each file is in one place or
/// the other. On error those already moved are moved back, as far as the disk still obeys.
[[nodiscard]] caf::error move_all(file_ops& ops, const file_handle& from, const file_handle& to,
                                  const std::vector<renaming>& names);

/// Replaces a file that holds no money (the transaction log): after a crash it holds the old
/// content or the new, whole.
[[nodiscard]] caf::error replace(file_ops& ops, const file_handle& directory,
                                 const std::string& name, byte_view content);

/// Removes a name and makes that durable.
[[nodiscard]] caf::error remove_durably(file_ops& ops, const file_handle& directory,
                                        const std::string& name);

/// Writes all of `from` at `offset`, through short writes and interruptions.
[[nodiscard]] caf::error write_all(file_ops& ops, const file_handle& file, uint64_t offset,
                                   byte_view from);

/// Reads a whole regular file of at most `bytes_max` bytes; a longer one fails before it is read,
/// with ec::wallet_damaged: no disk is at fault.
caf::expected<secret_bytes> read_file(file_ops& ops, const file_handle& directory,
                                      const std::string& name, uint64_t bytes_max);

/// Opens the directory `name`, after making it (and making that durable) when it is not there.
caf::expected<file_handle> ensure_directory(file_ops& ops, const file_handle& parent,
                                            const std::string& name);

/// Likewise for a whole path; components that exist may be links of the user's own making.
caf::expected<file_handle> ensure_directories(file_ops& ops, const std::filesystem::path& path);

/// Whether a name is that of a temporary file of put(), left behind by a crash. Such a file was
/// never part of the wallet.
bool is_temporary_name(const std::string& name);

/// Removes what put() left behind in a directory when it was killed; answers how many. Run under
/// the wallet's lock only (docs/design/safety.md 5.4).
caf::expected<size_t> remove_temporaries(file_ops& ops, const file_handle& directory);

/// Entries that listing a wallet folder accepts.
inline constexpr size_t directory_entries_max = 1'000'000;

} // namespace liveconnect::wallet
