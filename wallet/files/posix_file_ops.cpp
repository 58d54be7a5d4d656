#include "wallet/files/posix_file_ops.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "messages/base/printable.hpp"
#include "wallet/files/coin_name.hpp"
#include "wallet/files/sync_calls.hpp"

namespace liveconnect::wallet {

namespace {

constexpr mode_t file_mode = 0600;
constexpr mode_t directory_mode = 0700;

/// Where an open file or directory lies, for people; empty when the system does not tell.
std::string place_of(int fd) {
  std::array<char, 4096> path;
  const auto length =
      ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
  return length > 0 ? std::string(path.data(), static_cast<size_t>(length)) : std::string{};
}

/// The end of a path, which tells most. Its caller escapes it before it is shown.
std::string shown(const std::filesystem::path& path) {
  constexpr size_t bytes_max = 240;
  const auto out = path.string();
  return out.size() <= bytes_max ? out : "..." + out.substr(out.size() - bytes_max);
}

/// The call's failure from errno; `path` tells on what.
caf::error failed(const char* call, const std::filesystem::path& path) {
  const int code = errno;
  const auto words = std::system_category().message(code);
  const auto where = path.empty() ? std::string{call} : call + (" '" + shown(path) + "'");
  return fail(code == EEXIST ? ec::file_exists : ec::disk_failed, where + ": " + words);
}

/// The same for a name in an open directory, or (without a name) for what is open itself.
caf::error failed(const char* call, const file_handle& at, const std::string& name = {}) {
  const int code = errno;
  std::filesystem::path path = place_of(at.id());
  if (!name.empty())
    path /= name;
  errno = code;
  return failed(call, path);
}

/// Names reach the kernel only as one plain component.
caf::error refuse(const std::string& name) {
  return fail(ec::bad_argument, in_quotes(name) + " is not a plain file name");
}

template<class Call>
auto uninterrupted(Call call) {
  auto out = call();
  while (out < 0 && errno == EINTR)
    out = call();
  return out;
}

entry_kind kind_of(mode_t mode) {
  if (S_ISREG(mode))
    return entry_kind::file;
  return S_ISDIR(mode) ? entry_kind::directory : entry_kind::other;
}

struct close_directory {
  void operator()(DIR* x) const { ::closedir(x); }
};

caf::expected<file_handle> open_regular(file_ops& ops, const file_handle& directory,
                                        const std::string& name, int flags) {
  if (!is_plain_name(name))
    return refuse(name);
  // O_NONBLOCK: opening a pipe that another program put there must not hang.
  const int fd = uninterrupted([&] {
    return ::openat(directory.id(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  });
  if (fd < 0)
    return failed("open", directory, name);
  file_handle out{ops, fd};
  struct stat info {};
  if (::fstat(fd, &info) != 0)
    return failed("stat", directory, name);
  if (!S_ISREG(info.st_mode))
    return fail(ec::disk_failed, "open '" + shown(place_of(fd)) + "': not a regular file");
  return out;
}

} // namespace

caf::expected<file_handle> posix_file_ops::open_directory(const std::filesystem::path& path) {
  const int fd = uninterrupted(
      [&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); });
  if (fd < 0)
    return failed("open", path);
  return file_handle{*this, fd};
}

caf::expected<file_handle> posix_file_ops::open_directory_at(const file_handle& parent,
                                                             const std::string& name) {
  if (!is_plain_name(name))
    return refuse(name);
  const int fd = uninterrupted([&] {
    return ::openat(parent.id(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  });
  if (fd < 0)
    return failed("open", parent, name);
  return file_handle{*this, fd};
}

caf::error posix_file_ops::make_directory(const file_handle& parent, const std::string& name) {
  if (!is_plain_name(name))
    return refuse(name);
  if (::mkdirat(parent.id(), name.c_str(), directory_mode) != 0)
    return failed("mkdir", parent, name);
  return caf::none;
}

caf::expected<std::vector<dir_entry>> posix_file_ops::list(const file_handle& directory,
                                                           size_t entries_max) {
  // A descriptor of its own: the read position of `directory` belongs to its owner.
  const int fd = uninterrupted(
      [&] { return ::openat(directory.id(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0)
    return failed("list", directory);
  std::unique_ptr<DIR, close_directory> stream{::fdopendir(fd)};
  if (stream == nullptr) {
    auto err = failed("list", directory);
    ::close(fd);
    return err;
  }
  std::vector<dir_entry> out;
  errno = 0;
  while (const auto* entry = ::readdir(stream.get())) {
    std::string name{entry->d_name};
    if (name == "." || name == "..")
      continue;
    if (out.size() == entries_max)
      return fail(ec::disk_failed, "list '" + shown(place_of(directory.id())) + "': more than " +
                                       std::to_string(entries_max) + " entries");
    auto kind = entry_kind::other;
    if (entry->d_type == DT_REG) {
      kind = entry_kind::file;
    } else if (entry->d_type == DT_DIR) {
      kind = entry_kind::directory;
    } else if (entry->d_type == DT_UNKNOWN) {
      struct stat info {};
      if (::fstatat(directory.id(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0)
        kind = kind_of(info.st_mode);
    }
    out.push_back({std::move(name), kind});
    errno = 0;
  }
  if (errno != 0)
    return failed("list", directory);
  std::sort(out.begin(), out.end(), [](const auto& x, const auto& y) { return x.name < y.name; });
  return out;
}

caf::error posix_file_ops::sync_directory(const file_handle& directory) {
  if (uninterrupted([&] { return sync_file(directory.id()); }) != 0)
    return failed("fsync", directory);
  return caf::none;
}

caf::expected<file_handle> posix_file_ops::create(const file_handle& directory,
                                                  const std::string& name) {
  if (!is_plain_name(name))
    return refuse(name);
  const int fd = uninterrupted([&] {
    return ::openat(directory.id(), name.c_str(),
                    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file_mode);
  });
  if (fd < 0)
    return failed("create", directory, name);
  return file_handle{*this, fd};
}

caf::expected<file_handle> posix_file_ops::open_read(const file_handle& directory,
                                                     const std::string& name) {
  return open_regular(*this, directory, name, O_RDONLY);
}

caf::expected<file_handle> posix_file_ops::open_write(const file_handle& directory,
                                                      const std::string& name) {
  return open_regular(*this, directory, name, O_RDWR);
}

caf::expected<file_status> posix_file_ops::status(const file_handle& file) {
  struct stat info {};
  if (::fstat(file.id(), &info) != 0)
    return failed("stat", file);
  return file_status{kind_of(info.st_mode), static_cast<uint64_t>(info.st_size),
                     info.st_mode & 07777u};
}

caf::expected<bool> posix_file_ops::exists(const file_handle& directory, const std::string& name) {
  if (!is_plain_name(name))
    return refuse(name);
  struct stat info {};
  if (::fstatat(directory.id(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0)
    return true;
  if (errno == ENOENT)
    return false;
  return failed("stat", directory, name);
}

caf::expected<size_t> posix_file_ops::write(const file_handle& file, uint64_t offset,
                                            byte_view from) {
  const auto count = ::pwrite(file.id(), from.data(), from.size(), static_cast<off_t>(offset));
  if (count < 0) {
    if (errno == EINTR)
      return size_t{0};
    return failed("write", file);
  }
  return static_cast<size_t>(count);
}

caf::expected<size_t> posix_file_ops::read(const file_handle& file, uint64_t offset, uint8_t* to,
                                           size_t count) {
  const auto got =
      uninterrupted([&] { return ::pread(file.id(), to, count, static_cast<off_t>(offset)); });
  if (got < 0)
    return failed("read", file);
  return static_cast<size_t>(got);
}

caf::error posix_file_ops::sync(const file_handle& file) {
  // An interruption tells nothing of the data: waiting on is no second try after a failure.
  if (uninterrupted([&] { return sync_file(file.id()); }) != 0)
    return failed("fsync", file);
  return caf::none;
}

caf::error posix_file_ops::sync_data(const file_handle& file) {
  if (uninterrupted([&] { return sync_file_data(file.id()); }) != 0)
    return failed("fdatasync", file);
  return caf::none;
}

caf::error posix_file_ops::preallocate(const file_handle& file, uint64_t size) {
  // Answers the code instead of setting errno; never shortens.
  int code = EINTR;
  while (code == EINTR)
    code = ::posix_fallocate(file.id(), 0, static_cast<off_t>(size));
  if (code != 0) {
    errno = code;
    return failed("fallocate", file);
  }
  return caf::none;
}

caf::error posix_file_ops::close(file_handle file) {
  // After EINTR the descriptor is gone on Linux: never close twice.
  if (::close(file.release()) != 0 && errno != EINTR)
    return failed("close", std::filesystem::path{});
  return caf::none;
}

caf::expected<bool> posix_file_ops::rename_no_replace(const file_handle& from,
                                                      const std::string& name,
                                                      const file_handle& to,
                                                      const std::string& new_name) {
  if (!is_plain_name(name))
    return refuse(name);
  if (!is_plain_name(new_name))
    return refuse(new_name);
  if (::renameat2(from.id(), name.c_str(), to.id(), new_name.c_str(), RENAME_NOREPLACE) == 0)
    return true;
  // Both mean: this kernel or file system has no exclusive rename.
  if (errno == EINVAL || errno == ENOSYS)
    return false;
  return failed("rename to", to, new_name);
}

caf::error posix_file_ops::rename_over(const file_handle& directory, const std::string& name,
                                       const std::string& new_name) {
  if (!is_plain_name(name))
    return refuse(name);
  if (!is_plain_name(new_name))
    return refuse(new_name);
  if (::renameat(directory.id(), name.c_str(), directory.id(), new_name.c_str()) != 0)
    return failed("rename to", directory, new_name);
  return caf::none;
}

caf::error posix_file_ops::link(const file_handle& from, const std::string& name,
                                const file_handle& to, const std::string& new_name) {
  if (!is_plain_name(name))
    return refuse(name);
  if (!is_plain_name(new_name))
    return refuse(new_name);
  if (::linkat(from.id(), name.c_str(), to.id(), new_name.c_str(), 0) != 0)
    return failed("link", to, new_name);
  return caf::none;
}

caf::error posix_file_ops::remove(const file_handle& directory, const std::string& name) {
  if (!is_plain_name(name))
    return refuse(name);
  if (::unlinkat(directory.id(), name.c_str(), 0) != 0)
    return failed("remove", directory, name);
  return caf::none;
}

caf::error posix_file_ops::lock(const file_handle& file) {
  struct flock what {};
  what.l_type = F_WRLCK;
  what.l_whence = SEEK_SET;
  if (::fcntl(file.id(), F_OFD_SETLK, &what) != 0) {
    if (errno == EAGAIN || errno == EACCES)
      return fail(ec::wallet_busy, "another program holds this wallet");
    return failed("lock", file);
  }
  return caf::none;
}

void posix_file_ops::discard(int id) noexcept {
  ::close(id);
}

} // namespace liveconnect::wallet
