// The library that stands between a program and the C library's file calls (LD_PRELOAD). Counts the
// calls below one folder, and at the one that the plan names kills the program, fails the call, or
// cuts the power. Without the variables of plan.hpp it does nothing.
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/outer/plan.hpp"
#include "tests/e2e/outer/real_calls.hpp"
#include "tests/e2e/outer/unsynced.hpp"

namespace liveconnect::outer {

namespace {

std::string variable(const char* name) {
  const char* out = std::getenv(name);
  return out == nullptr ? std::string{} : std::string{out};
}

plan read_plan() {
  plan out;
  unsigned what = 0;
  unsigned long long at = 0, seed = 0;
  int code = 0;
  if (std::sscanf(variable(plan_variable).c_str(), "%u %llu %d %llu", &what, &at, &code, &seed) ==
      4)
    out = {static_cast<cut>(what), at, code, seed};
  return out;
}

report* map_report() {
  const auto file = variable(report_variable);
  const int fd = file.empty() ? -1 : LC_REAL(open)(file.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return nullptr;
  auto* out = mmap(nullptr, sizeof(report), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  return out == MAP_FAILED ? nullptr : static_cast<report*>(out);
}

/// Where a name leads: an open directory and the last component.
class place {
public:
  place(int directory, const char* path) {
    const std::string whole{path};
    const auto slash = whole.rfind('/');
    const auto parent = slash == whole.npos ? "." : slash == 0 ? "/" : whole.substr(0, slash);
    name_ = slash == whole.npos ? whole : whole.substr(slash + 1);
    fd_ = LC_REAL(openat)(directory, parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  }
  ~place() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  place(const place&) = delete;
  place& operator=(const place&) = delete;

  int directory() const { return fd_; }
  const std::string& name() const { return name_; }
  bool exists() const {
    struct stat about {};
    return fstatat(fd_, name_.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0;
  }

private:
  int fd_ = -1;
  std::string name_;
};

std::string path_of(int fd) {
  char out[4096];
  const auto size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), out, sizeof out);
  return size > 0 ? std::string(out, static_cast<size_t>(size)) : std::string{};
}

/// Whether this thread is in a call of ours: what we call ourselves then goes through untouched.
thread_local bool inside = false;

class cutter {
public:
  static cutter& get() {
    // Never destroyed: other threads call to the very end.
    static auto& out = *new cutter;
    return out;
  }

  bool concerns(int fd) const { return on() && fd >= 0 && below(path_of(fd)); }
  bool concerns(const place& x) const { return on() && below(path_of(x.directory())); }

  /// Locked from a call's beginning to its end: behind a cut no other call is made.
  std::unique_lock<std::mutex> begin() { return std::unique_lock{mutex_}; }
  /// Counts a call. True when it must fail with the plan's code; does not come back from a kill.
  bool strikes(const char* call, bool changes);
  /// Behind a call that has been made.
  void finish() const {
    if (kill_now_)
      die();
  }
  int code() const { return plan_.code; }
  bool drops_syncs() const { return plan_.what == cut::power_without_syncs; }
  void count_sync() { ++report_->syncs; }

  unsynced_changes& disk() { return disk_; }

private:
  cutter()
      : root_(variable(root_variable)), plan_(read_plan()), report_(map_report()),
        disk_(variable(kept_variable)) {}

  bool on() const { return report_ != nullptr && !root_.empty() && !inside; }
  bool below(const std::string& path) const {
    return path.compare(0, root_.size(), root_) == 0 &&
           (path.size() == root_.size() || path[root_.size()] == '/');
  }
  [[noreturn]] static void die() {
    for (;;)
      ::kill(::getpid(), SIGKILL);
  }

  std::string root_;
  plan plan_;
  report* report_;
  unsynced_changes disk_;
  std::mutex mutex_;
  bool kill_now_ = false;
};

bool cutter::strikes(const char* call, bool changes) {
  const auto all = ++report_->calls;
  const auto count = changes ? ++report_->changes : report_->changes.load();
  // Only a failure can matter where nothing is changed.
  const bool now = plan_.what == cut::fail ? all == plan_.at : changes && count == plan_.at;
  if (!now || plan_.what == cut::none)
    return false;
  std::strncpy(report_->call, call, sizeof report_->call - 1);
  report_->struck = 1;
  switch (plan_.what) {
  case cut::none:
    return false;
  case cut::fail:
    return true;
  case cut::kill_after:
    kill_now_ = true;
    return false;
  case cut::kill_before:
    die();
  case cut::power:
  case cut::power_without_syncs:
    report_->undone = disk_.undo(0);
    die();
  case cut::power_part:
    report_->undone = disk_.undo(plan_.seed | 1);
    die();
  }
  return false;
}

/// A call that answers -1 and errno.
template<class Call>
int carry_out(bool ours, const char* name, bool changes, Call call) {
  if (!ours)
    return call();
  struct entered {
    entered() { inside = true; }
    ~entered() { inside = false; }
  };
  auto& all = cutter::get();
  const auto locked = all.begin();
  const entered here;
  if (all.strikes(name, changes)) {
    errno = all.code();
    return -1;
  }
  const int out = call();
  const int code = errno;
  all.finish();
  errno = code;
  return out;
}

int open_at(int directory, const char* path, int flags, mode_t mode) {
  const auto open_it = [&] { return LC_REAL(openat)(directory, path, flags, mode); };
  auto& all = cutter::get();
  const place at{directory, path};
  const bool ours = at.directory() >= 0 && all.concerns(at);
  const bool makes = (flags & O_CREAT) != 0;
  return carry_out(ours, "open", makes, [&] {
    const bool is_new = ours && makes && !at.exists();
    const int fd = open_it();
    if (ours && fd >= 0 && is_new)
      all.disk().added(at.directory(), at.name(), false);
    return fd;
  });
}

int sync_it(int fd, const char* name, int (*call)(int)) {
  auto& all = cutter::get();
  return carry_out(all.concerns(fd), name, true, [&] {
    all.count_sync();
    if (all.drops_syncs())
      return 0;
    const int out = call(fd);
    if (out == 0)
      all.disk().synced(fd);
    return out;
  });
}

int rename_at(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) {
  const auto rename_it = [&] {
    return LC_REAL(renameat2)(from_directory, from, to_directory, to, flags);
  };
  auto& all = cutter::get();
  const place a{from_directory, from};
  const place b{to_directory, to};
  const bool ours = a.directory() >= 0 && b.directory() >= 0 && all.concerns(a) && all.concerns(b);
  return carry_out(ours, "rename", true, [&] {
    if (!ours)
      return rename_it();
    auto& disk = all.disk();
    const auto source = disk.before_removal(a.directory(), a.name());
    const auto target =
        flags == 0 && b.exists() ? disk.before_removal(b.directory(), b.name()) : uint64_t{0};
    const int out = rename_it();
    // A folder has no second name that could be kept: its move counts as durable.
    if (out == 0 && source != 0) {
      if (target != 0)
        disk.removed(b.directory(), b.name(), target);
      disk.removed(a.directory(), a.name(), source);
      disk.added(b.directory(), b.name(), false);
    }
    return out;
  });
}

int unlink_at(int directory, const char* path, int flags) {
  auto& all = cutter::get();
  const place at{directory, path};
  const bool ours = at.directory() >= 0 && all.concerns(at);
  return carry_out(ours, "unlink", true, [&] {
    const auto number = ours ? all.disk().before_removal(at.directory(), at.name()) : uint64_t{0};
    const int out = LC_REAL(unlinkat)(directory, path, flags);
    if (ours && out == 0 && number != 0)
      all.disk().removed(at.directory(), at.name(), number);
    return out;
  });
}

int make_directory_at(int directory, const char* path, mode_t mode) {
  auto& all = cutter::get();
  const place at{directory, path};
  const bool ours = at.directory() >= 0 && all.concerns(at);
  // A folder that is there already is only looked for.
  return carry_out(ours, "mkdir", ours && !at.exists(), [&] {
    const int out = LC_REAL(mkdirat)(directory, path, mode);
    if (ours && out == 0)
      all.disk().added(at.directory(), at.name(), true);
    return out;
  });
}

/// Writes of `size` bytes at `offset`; -1: at the descriptor's own position.
template<class Call>
ssize_t write_at(int fd, int64_t offset, size_t size, const char* name, Call call) {
  auto& all = cutter::get();
  ssize_t written = -1;
  const bool ours = all.concerns(fd);
  const int done = carry_out(ours, name, true, [&] {
    if (ours) {
      struct stat about {};
      const bool at_end = (::fcntl(fd, F_GETFL) & O_APPEND) != 0 && fstat(fd, &about) == 0;
      const auto here = at_end ? about.st_size : ::lseek(fd, 0, SEEK_CUR);
      all.disk().before_write(fd, offset >= 0 ? offset : here, size);
    }
    written = call();
    return written < 0 ? -1 : 0;
  });
  return done < 0 ? -1 : written;
}

} // namespace

} // namespace liveconnect::outer

// --- what the program calls ---

namespace outer = liveconnect::outer;

extern "C" {

int openat(int directory, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const auto mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : mode_t{0};
  va_end(more);
  return outer::open_at(directory, path, flags, mode);
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const auto mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : mode_t{0};
  va_end(more);
  return outer::open_at(AT_FDCWD, path, flags, mode);
}

int fsync(int fd) {
  return outer::sync_it(fd, "fsync", LC_REAL(fsync));
}

int fdatasync(int fd) {
  return outer::sync_it(fd, "fdatasync", LC_REAL(fdatasync));
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) noexcept {
  return outer::rename_at(from_directory, from, to_directory, to, flags);
}

int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
  return outer::rename_at(from_directory, from, to_directory, to, 0);
}

int rename(const char* from, const char* to) noexcept {
  return outer::rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_directory, const char* from, int to_directory, const char* to,
           int flags) noexcept {
  auto& all = outer::cutter::get();
  const outer::place at{to_directory, to};
  const bool ours = at.directory() >= 0 && all.concerns(at);
  return outer::carry_out(ours, "link", true, [&] {
    const int out = LC_REAL(linkat)(from_directory, from, to_directory, to, flags);
    if (ours && out == 0)
      all.disk().added(at.directory(), at.name(), false);
    return out;
  });
}

int unlinkat(int directory, const char* path, int flags) noexcept {
  return outer::unlink_at(directory, path, flags);
}

int unlink(const char* path) noexcept {
  return outer::unlink_at(AT_FDCWD, path, 0);
}

int mkdirat(int directory, const char* path, mode_t mode) noexcept {
  return outer::make_directory_at(directory, path, mode);
}

int mkdir(const char* path, mode_t mode) noexcept {
  return outer::make_directory_at(AT_FDCWD, path, mode);
}

ssize_t pwrite(int fd, const void* from, size_t size, off_t offset) {
  return outer::write_at(fd, offset, size, "pwrite",
                         [&] { return LC_REAL(pwrite)(fd, from, size, offset); });
}

ssize_t write(int fd, const void* from, size_t size) {
  return outer::write_at(fd, -1, size, "write", [&] { return LC_REAL(write)(fd, from, size); });
}

int ftruncate(int fd, off_t size) noexcept {
  auto& all = outer::cutter::get();
  const bool ours = all.concerns(fd);
  return outer::carry_out(ours, "ftruncate", true, [&] {
    if (ours)
      all.disk().before_write(fd, size, SIZE_MAX / 2);
    return LC_REAL(ftruncate)(fd, size);
  });
}

// Answers the code instead of setting errno.
int posix_fallocate(int fd, off_t offset, off_t size) {
  auto& all = outer::cutter::get();
  int code = 0;
  const bool ours = all.concerns(fd);
  const int done = outer::carry_out(ours, "fallocate", true, [&] {
    if (ours)
      all.disk().before_write(fd, offset + size, 0);
    code = LC_REAL(posix_fallocate)(fd, offset, size);
    return 0;
  });
  return done < 0 ? all.code() : code;
}
}
