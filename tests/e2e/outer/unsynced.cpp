#include "tests/e2e/outer/unsynced.hpp"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include "tests/e2e/outer/real_calls.hpp"

namespace liveconnect::outer {

namespace {

/// Out of the way of the program's own descriptors.
constexpr int held_from = 600;

/// splitmix64: whether a file or directory loses what was not synced.
bool chosen(inode where, uint64_t seed) {
  auto x = seed + where.first * 0x9e3779b97f4a7c15 + where.second * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return ((x ^ (x >> 31)) & 1) != 0;
}

} // namespace

inode inode_of(int fd) {
  struct stat about {};
  if (fstat(fd, &about) != 0)
    return {};
  return {about.st_dev, about.st_ino};
}

void unsynced_changes::hold(inode where, int fd) {
  if (held_.count(where) == 0)
    held_[where] = fcntl(fd, F_DUPFD_CLOEXEC, held_from);
}

std::string unsynced_changes::kept_name(uint64_t number) const {
  return kept_ + "/" + std::to_string(getpid()) + "-" + std::to_string(number);
}

void unsynced_changes::before_write(int fd, int64_t offset, size_t size) {
  struct stat about {};
  if (fstat(fd, &about) != 0)
    return;
  change x;
  x.what = kind::contents;
  x.where = {about.st_dev, about.st_ino};
  x.offset = offset;
  x.size_before = about.st_size;
  if (offset < about.st_size) {
    x.old.resize(std::min(size, static_cast<size_t>(about.st_size - offset)));
    // A descriptor that may only write tells nothing of what it writes over.
    const auto got = ::pread(fd, x.old.data(), x.old.size(), offset);
    x.old.resize(got > 0 ? static_cast<size_t>(got) : 0);
  }
  hold(x.where, fd);
  changes_.push_back(std::move(x));
}

void unsynced_changes::added(int directory, const std::string& name, bool is_directory) {
  change x;
  x.what = is_directory ? kind::folder_added : kind::name_added;
  x.where = inode_of(directory);
  x.name = name;
  hold(x.where, directory);
  changes_.push_back(std::move(x));
}

uint64_t unsynced_changes::before_removal(int directory, const std::string& name) {
  const auto number = ++numbers_;
  if (LC_REAL(linkat)(directory, name.c_str(), AT_FDCWD, kept_name(number).c_str(), 0) != 0)
    return 0;
  return number;
}

void unsynced_changes::removed(int directory, const std::string& name, uint64_t number) {
  change x;
  x.what = kind::name_removed;
  x.where = inode_of(directory);
  x.name = name;
  x.number = number;
  hold(x.where, directory);
  changes_.push_back(std::move(x));
}

void unsynced_changes::synced(int fd) {
  const auto where = inode_of(fd);
  for (const auto& x : changes_)
    if (x.where == where && x.what == kind::name_removed)
      LC_REAL(unlink)(kept_name(x.number).c_str());
  changes_.erase(std::remove_if(changes_.begin(), changes_.end(),
                                [&](const change& x) { return x.where == where; }),
                 changes_.end());
  if (const auto held = held_.find(where); held != held_.end()) {
    ::close(held->second);
    held_.erase(held);
  }
}

void unsynced_changes::undo_one(const change& x) {
  const auto held = held_.find(x.where);
  if (held == held_.end())
    return;
  const int at = held->second;
  switch (x.what) {
  case kind::contents:
    if (!x.old.empty())
      (void)!LC_REAL(pwrite)(at, x.old.data(), x.old.size(), x.offset);
    (void)!LC_REAL(ftruncate)(at, x.size_before);
    break;
  case kind::name_added:
    LC_REAL(unlinkat)(at, x.name.c_str(), 0);
    break;
  case kind::folder_added: {
    // With all that is in it, synced or not: no name leads there any more.
    std::error_code ignored;
    const auto path = "/proc/self/fd/" + std::to_string(at) + "/" + x.name;
    std::filesystem::remove_all(path, ignored);
    break;
  }
  case kind::name_removed:
    LC_REAL(linkat)(AT_FDCWD, kept_name(x.number).c_str(), at, x.name.c_str(), 0);
    break;
  }
}

uint32_t unsynced_changes::undo(uint64_t seed) {
  uint32_t out = 0;
  for (auto x = changes_.rbegin(); x != changes_.rend(); ++x) {
    if (seed != 0 && !chosen(x->where, seed))
      continue;
    undo_one(*x);
    ++out;
  }
  return out;
}

} // namespace liveconnect::outer
