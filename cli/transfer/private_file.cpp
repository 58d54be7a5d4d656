#include "cli/transfer/private_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "wallet/files/sync_calls.hpp"

namespace liveconnect::cli {

namespace {

constexpr size_t first_read_bytes = 8192;

bool write_all(int fd, byte_view content) {
  while (!content.empty()) {
    const auto n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    content = content.sub(static_cast<size_t>(n));
  }
  return true;
}

/// Whether the user named a wrong file, rather than the disk or the system failing.
bool is_about_the_name(int problem) {
  switch (problem) {
  case ENOENT:
  case ENOTDIR:
  case EISDIR:
  case ELOOP:
  case ENAMETOOLONG:
  case EACCES:
  case EPERM:
  case EINVAL:
    return true;
  default:
    return false;
  }
}

/// The code of a failed read: a file that is not there is a wrong argument, and so is a standard
/// input that was closed before the program began; a disk that fails, or a process without a free
/// descriptor, is not.
ec code_of_read(int problem) {
  return is_about_the_name(problem) || problem == EBADF ? ec::bad_argument : ec::disk_failed;
}

std::string named(const std::filesystem::path& file, int problem) {
  return fmt::format("{} ({})", printable(file.string()), std::strerror(problem));
}

} // namespace

caf::error write_private_file(const std::filesystem::path& file, byte_view content) {
  const auto fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return fail(errno == EEXIST ? ec::file_exists : ec::disk_failed, named(file, errno));
  auto whole = write_all(fd, content) && wallet::sync_file(fd) == 0;
  auto problem = errno;
  if (::close(fd) != 0 && whole) {
    whole = false;
    problem = errno;
  }
  if (whole)
    return {};
  ::unlink(file.c_str());
  return fail(ec::disk_failed, named(file, problem));
}

caf::expected<secret_bytes> read_to_end(int descriptor, size_t bytes_max, const char* name) {
  secret_bytes out(std::min(bytes_max + 1, first_read_bytes));
  size_t size = 0;
  for (;;) {
    const auto n = ::read(descriptor, out.data() + size, out.size() - size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail(code_of_read(errno), fmt::format("{}: {}", name, std::strerror(errno)));
    size += static_cast<size_t>(n);
    if (n == 0 || size > bytes_max)
      break;
    if (size == out.size())
      out.resize(std::min(bytes_max + 1, 2 * size));
  }
  if (size > bytes_max)
    return fail(ec::bad_argument, fmt::format("{} is larger than {} bytes", name, bytes_max));
  out.resize(size);
  return out;
}

caf::expected<secret_bytes> read_private_file(const std::filesystem::path& file, size_t bytes_max) {
  const auto fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return fail(code_of_read(errno), named(file, errno));
  auto out = read_to_end(fd, bytes_max, printable(file.string()).c_str());
  ::close(fd);
  return out;
}

} // namespace liveconnect::cli
