#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

/// What a process has done to files that no fsync has made durable, so that a power cut can take it
/// away again. The strictest disk that POSIX allows: a file's fsync keeps its contents, a
/// directory's fsync keeps its names, and neither keeps the other.
namespace liveconnect::outer {

/// A file or directory, whatever it is called.
using inode = std::pair<uint64_t, uint64_t>;

/// The inode of an open descriptor; zeros when the system does not tell.
inode inode_of(int fd);

/// Not thread-safe. Each call that changes something is told before it is made, and only what
/// succeeded is kept.
class unsynced_changes {
public:
  /// `kept`: a folder for names that were taken away, on the same file system.
  explicit unsynced_changes(std::string kept) : kept_(std::move(kept)) {}

  /// Contents: what stands in the file at [offset, offset + size) now, and the file's length.
  void before_write(int fd, int64_t offset, size_t size);

  /// A directory's name, by an open descriptor of the directory. before_removal() answers a number
  /// for removed(), 0 when no such name is there.
  void added(int directory, const std::string& name, bool is_directory);
  uint64_t before_removal(int directory, const std::string& name);
  void removed(int directory, const std::string& name, uint64_t number);

  /// fsync or fdatasync of a file or directory succeeded.
  void synced(int fd);

  /// The power goes: undoes all changes, the last first, or only those to files and directories
  /// that `seed` chooses, when it is not 0. Answers how many were undone.
  uint32_t undo(uint64_t seed);

private:
  enum class kind : uint8_t { contents, name_added, folder_added, name_removed };
  struct change {
    kind what = kind::contents;
    inode where;
    int64_t offset = 0;
    int64_t size_before = 0;
    std::string old;
    std::string name;
    uint64_t number = 0;
  };

  /// Keeps a descriptor of it for as long as a change of it is known.
  void hold(inode where, int fd);
  std::string kept_name(uint64_t number) const;
  void undo_one(const change& x);

  std::string kept_;
  std::vector<change> changes_;
  std::map<inode, int> held_;
  uint64_t numbers_ = 0;
};

} // namespace liveconnect::outer
