#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/fault_file_ops.hpp"
#include "tests/support/temporary_folder.hpp"
#include "wallet/files/posix_file_ops.hpp"

// What posix_file_ops makes of each error that the system has for each of its calls. The calls of
// this program go through the __wrap_ functions below (tests/CMakeLists.txt), which fail one of
// them when a test says so.

namespace {

struct armed_call {
  std::string name;
  int error = 0;
  int times = 0;
  int struck = 0;
};

armed_call armed;

/// Whether the call is to fail now; errno says with what.
bool fails(const char* name) {
  if (armed.times == 0 || armed.name != name)
    return false;
  --armed.times;
  ++armed.struck;
  errno = armed.error;
  return true;
}

} // namespace

extern "C" {

int __real_open(const char*, int, mode_t);
int __real___open_2(const char*, int);
int __real_openat(int, const char*, int, mode_t);
int __real___openat_2(int, const char*, int);
int __real_mkdirat(int, const char*, mode_t);
int __real_fstat(int, struct stat*);
int __real_fstatat(int, const char*, struct stat*, int);
DIR* __real_fdopendir(int);
dirent* __real_readdir(DIR*);
ssize_t __real_pread(int, void*, size_t, off_t);
ssize_t __real___pread_chk(int, void*, size_t, off_t, size_t);
ssize_t __real_pwrite(int, const void*, size_t, off_t);
int __real_fsync(int);
int __real_fdatasync(int);
int __real_posix_fallocate(int, off_t, off_t);
int __real_close(int);
int __real_renameat2(int, const char*, int, const char*, unsigned);
int __real_renameat(int, const char*, int, const char*);
int __real_linkat(int, const char*, int, const char*, int);
int __real_unlinkat(int, const char*, int);
int __real_fcntl(int, int, void*);

mode_t mode_of(int flags, va_list& rest) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(rest, int)) : mode_t{0};
}

int __wrap_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = mode_of(flags, rest);
  va_end(rest);
  return fails("open") ? -1 : __real_open(path, flags, mode);
}

int __wrap___open_2(const char* path, int flags) {
  return fails("open") ? -1 : __real___open_2(path, flags);
}

int __wrap_openat(int at, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = mode_of(flags, rest);
  va_end(rest);
  return fails("open") ? -1 : __real_openat(at, path, flags, mode);
}

int __wrap___openat_2(int at, const char* path, int flags) {
  return fails("open") ? -1 : __real___openat_2(at, path, flags);
}

int __wrap_mkdirat(int at, const char* path, mode_t mode) {
  return fails("mkdir") ? -1 : __real_mkdirat(at, path, mode);
}

int __wrap_fstat(int fd, struct stat* to) {
  return fails("stat") ? -1 : __real_fstat(fd, to);
}

int __wrap_fstatat(int at, const char* path, struct stat* to, int flags) {
  return fails("stat") ? -1 : __real_fstatat(at, path, to, flags);
}

DIR* __wrap_fdopendir(int fd) {
  return fails("fdopendir") ? nullptr : __real_fdopendir(fd);
}

dirent* __wrap_readdir(DIR* x) {
  return fails("readdir") ? nullptr : __real_readdir(x);
}

ssize_t __wrap_pread(int fd, void* to, size_t size, off_t offset) {
  return fails("read") ? -1 : __real_pread(fd, to, size, offset);
}

ssize_t __wrap___pread_chk(int fd, void* to, size_t size, off_t offset, size_t room) {
  return fails("read") ? -1 : __real___pread_chk(fd, to, size, offset, room);
}

ssize_t __wrap_pwrite(int fd, const void* from, size_t size, off_t offset) {
  return fails("write") ? -1 : __real_pwrite(fd, from, size, offset);
}

int __wrap_fsync(int fd) {
  return fails("fsync") ? -1 : __real_fsync(fd);
}

int __wrap_fdatasync(int fd) {
  return fails("fdatasync") ? -1 : __real_fdatasync(fd);
}

int __wrap_posix_fallocate(int fd, off_t offset, off_t size) {
  return fails("fallocate") ? armed.error : __real_posix_fallocate(fd, offset, size);
}

int __wrap_close(int fd) {
  const auto fail = fails("close");
  // The descriptor is gone, whatever Linux answers.
  const auto out = __real_close(fd);
  errno = fail ? armed.error : errno;
  return fail ? -1 : out;
}

int __wrap_renameat2(int from, const char* name, int to, const char* new_name, unsigned flags) {
  return fails("rename") ? -1 : __real_renameat2(from, name, to, new_name, flags);
}

int __wrap_renameat(int from, const char* name, int to, const char* new_name) {
  return fails("rename") ? -1 : __real_renameat(from, name, to, new_name);
}

int __wrap_linkat(int from, const char* name, int to, const char* new_name, int flags) {
  return fails("link") ? -1 : __real_linkat(from, name, to, new_name, flags);
}

int __wrap_unlinkat(int at, const char* name, int flags) {
  return fails("remove") ? -1 : __real_unlinkat(at, name, flags);
}

int __wrap_fcntl(int fd, int what, ...) {
  va_list rest;
  va_start(rest, what);
  auto* const argument = va_arg(rest, void*);
  va_end(rest);
  return fails("lock") ? -1 : __real_fcntl(fd, what, argument);
}

} // extern "C"

namespace liveconnect::wallet {
namespace {

size_t open_descriptors() {
  size_t out = 0;
  for ([[maybe_unused]] const auto& x : std::filesystem::directory_iterator{"/proc/self/fd"})
    ++out;
  return out;
}

template<class T>
caf::error error_of(const caf::expected<T>& x) {
  return x ? caf::error{} : x.error();
}

// One operation, the call of the system that it comes down to, and what it is about.
struct operation {
  const char* name;
  const char* call;
  std::function<caf::error()> run;
  const char* about;
};

class system_errors : public ::testing::Test {
protected:
  system_errors() {
    EXPECT_EQ(put(ops, root, "file", bytes{1, 2, 3}), caf::error{});
    EXPECT_EQ(ops.make_directory(root, "below"), caf::error{});
    file = std::move(*ops.open_write(root, "file"));
    below = std::move(*ops.open_directory_at(root, "below"));
  }
  ~system_errors() override { armed = {}; }

  void arm(const std::string& call, int error, int times = 1) { armed = {call, error, times, 0}; }

  // What a name may mean here: nothing of it stands when the operation failed.
  std::vector<operation> all() {
    return {
        {"open_directory", "open", [&] { return error_of(ops.open_directory(dir / "below")); },
         "below"},
        {"open_directory_at", "open",
         [&] { return error_of(ops.open_directory_at(root, "below")); }, "below"},
        {"make_directory", "mkdir", [&] { return ops.make_directory(root, "new"); }, "new"},
        {"list", "open", [&] { return error_of(ops.list(below, 10)); }, "below"},
        {"list", "fdopendir", [&] { return error_of(ops.list(below, 10)); }, "below"},
        {"list", "readdir", [&] { return error_of(ops.list(below, 10)); }, "below"},
        {"sync_directory", "fsync", [&] { return ops.sync_directory(below); }, "below"},
        {"create", "open", [&] { return error_of(ops.create(root, "new")); }, "new"},
        {"open_read", "open", [&] { return error_of(ops.open_read(root, "file")); }, "file"},
        {"open_read", "stat", [&] { return error_of(ops.open_read(root, "file")); }, "file"},
        {"open_write", "open", [&] { return error_of(ops.open_write(root, "file")); }, "file"},
        {"status", "stat", [&] { return error_of(ops.status(file)); }, "file"},
        {"exists", "stat", [&] { return error_of(ops.exists(root, "file")); }, "file"},
        {"write", "write", [&] { return error_of(ops.write(file, 0, bytes{9})); }, "file"},
        {"read", "read", [&] { return error_of(read_file(ops, root, "file", 10)); }, "file"},
        {"sync", "fsync", [&] { return ops.sync(file); }, "file"},
        {"sync_data", "fdatasync", [&] { return ops.sync_data(file); }, "file"},
        {"preallocate", "fallocate", [&] { return ops.preallocate(file, 100); }, "file"},
        {"close", "close", [&] { return put(ops, root, "new", bytes{1}); }, "new"},
        {"rename_no_replace", "rename",
         [&] { return error_of(ops.rename_no_replace(root, "file", below, "new")); }, "new"},
        {"rename_over", "rename", [&] { return ops.rename_over(root, "file", "new"); }, "new"},
        {"link", "link", [&] { return ops.link(root, "file", below, "new"); }, "new"},
        {"remove", "remove", [&] { return ops.remove(root, "file"); }, "file"},
        {"lock", "lock", [&] { return ops.lock(file); }, "file"},
    };
  }

  test::temporary_folder dir;
  posix_file_ops ops;
  file_handle root = std::move(*ops.open_directory(dir.path()));
  file_handle file;
  file_handle below;
};

TEST_F(system_errors, each_is_passed_on_in_its_words_and_with_its_file) {
  size_t tried = 0;
  for (const auto& one : all())
    for (const int error : test::errors_of(one.name)) {
      SCOPED_TRACE(std::string{one.name} + ", " + std::strerror(error));
      const auto before = open_descriptors();
      arm(one.call, error);
      const auto err = one.run();
      ASSERT_EQ(armed.struck, 1);
      ASSERT_TRUE(err);
      EXPECT_EQ(code_of(err), ec::disk_failed);
      EXPECT_NE(detail_of(err).find(std::system_category().message(error)), std::string::npos)
          << detail_of(err);
      EXPECT_NE(detail_of(err).find(one.about), std::string::npos) << detail_of(err);
      EXPECT_EQ(open_descriptors(), before);
      EXPECT_FALSE(std::filesystem::exists(dir / "new"));
      EXPECT_TRUE(std::filesystem::is_empty(dir / "below"));
      EXPECT_TRUE(std::filesystem::exists(dir / "file"));
      ++tried;
    }
  RecordProperty("tried", static_cast<int>(tried));
  EXPECT_GT(tried, 90u);
}

TEST_F(system_errors, interruptions_are_waited_out) {
  for (const auto& one : all()) {
    const std::string call{one.call};
    if (call != "open" && call != "read" && call != "fsync" && call != "fdatasync" &&
        call != "fallocate")
      continue;
    SCOPED_TRACE(one.name);
    arm(call, EINTR, 3);
    EXPECT_EQ(one.run(), caf::error{});
    EXPECT_EQ(armed.struck, 3);
    std::filesystem::remove(dir / "new");
  }
  arm("write", EINTR, 3);
  EXPECT_EQ(write_all(ops, file, 0, bytes{7, 8, 9}), caf::error{});
  EXPECT_EQ(armed.struck, 3);
  const auto content = read_file(ops, root, "file", 1000);
  ASSERT_TRUE(content);
  EXPECT_EQ(content->at(2), 9);
  // The descriptor is gone all the same: a second close could hit another thread's.
  const auto before = open_descriptors();
  arm("close", EINTR);
  EXPECT_EQ(put(ops, root, "new", bytes{1}), caf::error{});
  EXPECT_EQ(armed.struck, 1);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(system_errors, an_endless_interruption_is_an_error_and_no_hang) {
  arm("write", EINTR, 1'000'000);
  const auto err = write_all(ops, file, 0, bytes{7});
  EXPECT_EQ(code_of(err), ec::disk_failed);
}

TEST_F(system_errors, a_file_system_without_exclusive_rename_is_served_in_two_steps) {
  for (const int error : {EINVAL, ENOSYS}) {
    arm("rename", error);
    const auto renamed = ops.rename_no_replace(root, "file", below, "new");
    ASSERT_TRUE(renamed);
    EXPECT_FALSE(*renamed);
    arm("rename", error, 100);
    EXPECT_EQ(move(ops, root, below, {"file", "new"}), caf::error{});
    EXPECT_GT(armed.struck, 0);
    EXPECT_EQ(move(ops, below, root, {"new", "file"}), caf::error{});
    // Never onto a name that is taken (I9).
    EXPECT_EQ(put(ops, below, "file", bytes{5}), caf::error{});
    EXPECT_EQ(code_of(move(ops, root, below, {"file", "file"})), ec::file_exists);
    EXPECT_EQ(ops.remove(below, "file"), caf::error{});
    armed = {};
    EXPECT_TRUE(std::filesystem::exists(dir / "file"));
  }
}

TEST_F(system_errors, a_taken_name_and_a_held_lock_have_codes_of_their_own) {
  arm("rename", EEXIST);
  EXPECT_EQ(code_of(ops.rename_no_replace(root, "file", below, "new").error()), ec::file_exists);
  arm("open", EEXIST);
  EXPECT_EQ(code_of(ops.create(root, "new").error()), ec::file_exists);
  for (const int error : {EAGAIN, EACCES}) {
    arm("lock", error);
    EXPECT_EQ(code_of(ops.lock(file)), ec::wallet_busy);
  }
}

} // namespace
} // namespace liveconnect::wallet
