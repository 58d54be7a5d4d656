#include "cli/shell/child_process.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "cli/shell/signals.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::cli {

namespace {

constexpr size_t line_bytes_max = 1u << 20;

int status_of(int raw) {
  return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
}

caf::error system_failure(const char* what) {
  return fail(ec::internal, fmt::format("{}: {}", what, std::strerror(errno)));
}

void close_if_open(int& fd) {
  if (fd >= 0)
    ::close(fd);
  fd = -1;
}

/// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(const char* program, char* const* arguments, int out, int err,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before that call.
  if (::getppid() != parent)
    ::_exit(127);
  ::setpgid(0, 0);
  restore_signals();
  const auto null = ::open("/dev/null", O_RDONLY);
  if (null < 0 || ::dup2(null, STDIN_FILENO) < 0 || ::dup2(out, STDOUT_FILENO) < 0 ||
      ::dup2(err, STDERR_FILENO) < 0)
    ::_exit(127);
  ::execv(program, arguments);
  ::_exit(127);
}

} // namespace

caf::expected<child_process> child_process::start(const options& how) {
  const auto err = ::open(how.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (err < 0)
    return fail(ec::disk_failed, fmt::format("{}: {}", how.log.string(), std::strerror(errno)));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    ::close(err);
    return system_failure("pipe");
  }
  std::vector<std::string> texts{how.program.string()};
  texts.insert(texts.end(), how.arguments.begin(), how.arguments.end());
  std::vector<char*> arguments;
  for (auto& text : texts)
    arguments.push_back(text.data());
  arguments.push_back(nullptr);
  child_process out;
  const auto parent = ::getpid();
  const auto pid = ::fork();
  if (pid == 0)
    become(arguments[0], arguments.data(), ends[1], err, parent);
  ::close(err);
  ::close(ends[1]);
  if (pid < 0) {
    ::close(ends[0]);
    return system_failure("fork");
  }
  out.pid_ = pid;
  out.out_ = ends[0];
  ::fcntl(out.out_, F_SETFL, O_NONBLOCK);
  out.watch_ = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (out.watch_ < 0)
    return system_failure("pidfd_open");
  return out;
}

child_process::child_process(child_process&& other) noexcept {
  *this = std::move(other);
}

child_process& child_process::operator=(child_process&& other) noexcept {
  if (this == &other)
    return *this;
  end(std::chrono::milliseconds{0});
  pid_ = std::exchange(other.pid_, -1);
  watch_ = std::exchange(other.watch_, -1);
  out_ = std::exchange(other.out_, -1);
  partial_ = std::move(other.partial_);
  status_ = other.status_;
  return *this;
}

child_process::~child_process() {
  end(std::chrono::milliseconds{0});
}

std::vector<std::string> child_process::take_lines() {
  std::vector<std::string> out;
  char buffer[16384];
  while (out_ >= 0) {
    const auto n = ::read(out_, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      break;
    if (n == 0) {
      close_if_open(out_);
      break;
    }
    partial_.append(buffer, static_cast<size_t>(n));
    if (partial_.size() > line_bytes_max)
      partial_.clear();
    for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n')) {
      out.push_back(partial_.substr(0, end));
      partial_.erase(0, end + 1);
    }
  }
  return out;
}

void child_process::ask_to_end() {
  if (pid_ > 0 && !status_)
    ::kill(pid_, SIGTERM);
}

std::optional<int> child_process::wait(std::chrono::milliseconds deadline) {
  if (pid_ <= 0 || status_)
    return status_;
  const auto until = std::chrono::steady_clock::now() + deadline;
  for (;;) {
    int raw = 0;
    if (::waitpid(pid_, &raw, WNOHANG) == pid_) {
      status_ = status_of(raw);
      return status_;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return std::nullopt;
    pollfd ended{watch_, POLLIN, 0};
    ::poll(&ended, 1, static_cast<int>(left.count()));
  }
}

void child_process::end(std::chrono::milliseconds grace) {
  if (pid_ > 0 && !status_) {
    if (grace.count() > 0)
      ask_to_end();
    if (!wait(grace)) {
      ::kill(pid_, SIGKILL);
      int raw = 0;
      while (::waitpid(pid_, &raw, 0) < 0 && errno == EINTR)
        continue;
      status_ = status_of(raw);
    }
  }
  close_if_open(watch_);
  close_if_open(out_);
}

caf::expected<std::filesystem::path> own_folder() {
  std::error_code problem;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", problem);
  if (problem)
    return fail(ec::internal, "/proc/self/exe: " + problem.message());
  return self.parent_path();
}

} // namespace liveconnect::cli
