#include "tests/support/process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace liveconnect::test {

namespace {

using clock = std::chrono::steady_clock;

extern "C" char** environ;

constexpr size_t inherited_max = 16;

/// Milliseconds from now to `until` for poll(), rounded up, at least 0.
int left(clock::time_point until) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
  return static_cast<int>(std::clamp<long long>(ms, 0, 1'000'000));
}

void make_pipe(int (&ends)[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
}

void close_fd(int& fd) {
  if (fd >= 0)
    ::close(fd);
  fd = -1;
}

} // namespace

process::process(const std::vector<std::string>& arguments) : process(arguments, options{}) {}

process::process(const std::vector<std::string>& arguments, const options& how) {
  // A child that has gone must be an error of write(), not the end of the test.
  std::signal(SIGPIPE, SIG_IGN);
  if (arguments.empty())
    throw std::runtime_error("no program named");
  auto program = arguments[0];
  if (program.find('/') == std::string::npos)
    program = std::string(LIVECONNECT_BIN) + "/" + program;

  // Everything that allocates happens before fork: the child may only call async-signal-safe code.
  std::map<std::string, std::string> environment;
  for (char** x = environ; *x != nullptr; ++x) {
    const std::string entry = *x;
    const auto equals = entry.find('=');
    environment[entry.substr(0, equals)] = equals == entry.npos ? "" : entry.substr(equals + 1);
  }
  for (const auto& name : how.without)
    environment.erase(name);
  for (const auto& [name, value] : how.environment)
    environment[name] = value;
  std::vector<std::string> environment_text;
  for (const auto& [name, value] : environment)
    environment_text.push_back(name + "=" + value);
  std::vector<char*> argv;
  std::vector<char*> envp;
  for (const auto& x : arguments)
    argv.push_back(const_cast<char*>(x.c_str()));
  for (const auto& x : environment_text)
    envp.push_back(const_cast<char*>(x.c_str()));
  argv.push_back(nullptr);
  envp.push_back(nullptr);

  const auto inherited = how.descriptors.size();
  if (inherited > inherited_max)
    throw std::runtime_error("too many descriptors to hand over");

  int in[2];
  int out[2];
  int err[2];
  int failed[2];
  make_pipe(in);
  make_pipe(out);
  make_pipe(err);
  make_pipe(failed);
  const auto parent = getpid();
  pid_ = fork();
  if (pid_ < 0)
    throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::signal(SIGPIPE, SIG_DFL);
    int error = 0;
    if (getppid() != parent)
      _exit(127); // The test died before prctl took effect.
    if (!how.folder.empty() && chdir(how.folder.c_str()) != 0)
      error = errno;
    if (error == 0) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      dup2(err[1], 2);
      // First out of each other's way: where one must go, another may lie.
      int above[inherited_max];
      for (size_t i = 0; i < inherited; ++i)
        above[i] = fcntl(how.descriptors[i], F_DUPFD_CLOEXEC, 3 + static_cast<int>(inherited_max));
      const int report = fcntl(failed[1], F_DUPFD_CLOEXEC, 3 + static_cast<int>(inherited_max));
      for (size_t i = 0; i < inherited; ++i)
        dup2(above[i], 3 + static_cast<int>(i));
      failed[1] = report;
      execve(program.c_str(), argv.data(), envp.data());
      error = errno;
    }
    [[maybe_unused]] const auto n = ::write(failed[1], &error, sizeof error);
    _exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  ::close(err[1]);
  ::close(failed[1]);
  in_fd_ = in[1];
  out_fd_ = out[0];
  err_fd_ = err[0];
  int error = 0;
  const auto n = ::read(failed[0], &error, sizeof error);
  ::close(failed[0]);
  if (n == sizeof error) {
    reap(true);
    close_fd(in_fd_);
    close_fd(out_fd_);
    close_fd(err_fd_);
    throw std::runtime_error(program + ": " + std::strerror(error));
  }
  fcntl(out_fd_, F_SETFL, O_NONBLOCK);
  fcntl(err_fd_, F_SETFL, O_NONBLOCK);
}

process::process(process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), in_fd_(std::exchange(other.in_fd_, -1)),
      out_fd_(std::exchange(other.out_fd_, -1)), err_fd_(std::exchange(other.err_fd_, -1)),
      out_(std::move(other.out_)), out_read_(other.out_read_), err_(std::move(other.err_)),
      status_(other.status_) {}

process::~process() {
  if (pid_ > 0 && !status_) {
    kill(pid_, SIGKILL);
    reap(true);
  }
  close_fd(in_fd_);
  close_fd(out_fd_);
  close_fd(err_fd_);
}

bool process::pump(clock::time_point until) {
  pollfd fds[2] = {{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}};
  if (out_fd_ < 0 && err_fd_ < 0)
    return false;
  if (poll(fds, 2, left(until)) <= 0)
    return false;
  const auto take = [](int& fd, std::string& into) {
    char buffer[16384];
    const auto n = ::read(fd, buffer, sizeof buffer);
    if (n > 0)
      into.append(buffer, static_cast<size_t>(n));
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
      close_fd(fd);
  };
  if (fds[0].revents != 0)
    take(out_fd_, out_);
  if (fds[1].revents != 0)
    take(err_fd_, err_);
  return true;
}

std::optional<std::string> process::read_line(milliseconds deadline) {
  const auto until = clock::now() + deadline;
  for (;;) {
    const auto end = out_.find('\n', out_read_);
    if (end != std::string::npos) {
      auto line = out_.substr(out_read_, end - out_read_);
      out_read_ = end + 1;
      return line;
    }
    if (out_fd_ < 0) {
      if (out_read_ == out_.size())
        return std::nullopt;
      return out_.substr(std::exchange(out_read_, out_.size()));
    }
    if (!pump(until) && clock::now() >= until)
      return std::nullopt;
  }
}

std::optional<std::string> process::read_until(const std::string& part, milliseconds deadline) {
  const auto until = clock::now() + deadline;
  for (;;) {
    auto line = read_line(milliseconds(left(until)));
    if (!line || line->find(part) != std::string::npos)
      return line;
  }
}

bool process::write(const std::string& text) {
  size_t done = 0;
  while (in_fd_ >= 0 && done < text.size()) {
    const auto n = ::write(in_fd_, text.data() + done, text.size() - done);
    if (n > 0)
      done += static_cast<size_t>(n);
    else if (errno != EINTR)
      return false;
  }
  return done == text.size();
}

void process::close_input() {
  close_fd(in_fd_);
}

void process::signal(int number) {
  if (pid_ > 0 && !status_)
    kill(pid_, number);
}

bool process::reap(bool block) {
  int status = 0;
  pid_t got = 0;
  do
    got = waitpid(pid_, &status, block ? 0 : WNOHANG);
  while (got < 0 && errno == EINTR);
  if (got != pid_)
    return false;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

bool process::running() {
  return pid_ > 0 && !status_ && !reap(false);
}

std::optional<int> process::wait(milliseconds deadline) {
  const auto until = clock::now() + deadline;
  while (running()) {
    if (clock::now() >= until)
      return std::nullopt;
    // Its streams end when it does, unless a grandchild holds them: look again at least so often.
    const auto step = std::min(until, clock::now() + milliseconds(50));
    if (!pump(step) && out_fd_ < 0 && err_fd_ < 0)
      poll(nullptr, 0, 2);
  }
  while ((out_fd_ >= 0 || err_fd_ >= 0) && pump(clock::now()))
    continue;
  return status_;
}

const std::string& process::errors() {
  while (err_fd_ >= 0 && pump(clock::now()))
    continue;
  return err_;
}

} // namespace liveconnect::test
