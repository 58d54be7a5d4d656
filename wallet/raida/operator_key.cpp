#include "wallet/raida/operator_key.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "messages/base/error.hpp"

namespace liveconnect::raida {

namespace {

constexpr const char* key_name = "operator.key";

/// A descriptor that closes itself.
class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

private:
  int fd_;
};

caf::error disk_error(const char* doing) {
  return fail(ec::disk_failed, std::string(doing) + " " + key_name + ": " + std::strerror(errno));
}

caf::error make_folder(const std::filesystem::path& data) {
  std::error_code why;
  const auto parent = data.parent_path();
  if (!parent.empty())
    std::filesystem::create_directories(parent, why);
  if (::mkdir(data.c_str(), 0700) == 0)
    return caf::none;
  struct stat info {};
  if (::stat(data.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))
    return fail(ec::bad_config, "cannot make the servers' data folder " + data.string());
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail(ec::bad_config,
                "other users may write into the servers' data folder " + data.string());
  return caf::none;
}

} // namespace

caf::expected<operator_key> load_operator_key(const std::filesystem::path& data) {
  const auto file = data / key_name;
  descriptor fd{::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd.ok())
    return fail(errno == EMFILE || errno == ENFILE || errno == EIO || errno == ENOMEM
                    ? ec::disk_failed
                    : ec::bad_config,
                file.string() + ": " + std::strerror(errno));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return fail(ec::bad_config, file.string() + " is not a file");
  if ((info.st_mode & 077) != 0)
    return fail(ec::bad_config,
                file.string() + " can be read by other users; its mode must be 0600");
  operator_key out;
  if (info.st_size != static_cast<off_t>(out.size()) ||
      ::read(fd.get(), out.data(), out.size()) != static_cast<ssize_t>(out.size()))
    return fail(ec::bad_config, file.string() + " is not 16 bytes long");
  return out;
}

namespace {

/// Writes a new key under its name; one that another program makes at the same moment stays.
caf::error make_key(const descriptor& folder) {
  const auto made = operator_key::random();
  const auto temporary = ".tmp-" + std::to_string(randombytes_random());
  descriptor file{::openat(folder.get(), temporary.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!file.ok())
    return disk_error("make");
  const bool durable =
      ::fchmod(file.get(), 0600) == 0 &&
      ::write(file.get(), made.data(), made.size()) == static_cast<ssize_t>(made.size()) &&
      ::fsync(file.get()) == 0;
  auto err = durable ? caf::error{} : disk_error("write");
  // A link never replaces a key that another program made in the meantime.
  if (durable && ::linkat(folder.get(), temporary.c_str(), folder.get(), key_name, 0) != 0 &&
      errno != EEXIST)
    err = disk_error("name");
  ::unlinkat(folder.get(), temporary.c_str(), 0);
  return err;
}

} // namespace

caf::expected<operator_key> load_or_make_operator_key(const std::filesystem::path& data) {
  if (auto err = make_folder(data))
    return err;
  struct stat info {};
  if (::lstat((data / key_name).c_str(), &info) == 0)
    return load_operator_key(data);
  descriptor folder{::open(data.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.ok())
    return disk_error("open the folder of");
  if (auto err = make_key(folder))
    return err;
  if (::fsync(folder.get()) != 0)
    return disk_error("sync the folder of");
  return load_operator_key(data);
}

} // namespace liveconnect::raida
