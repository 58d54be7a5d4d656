#include "cli/shell/interrupts.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace liveconnect::cli {

namespace {

sigset_t watched() {
  sigset_t out;
  sigemptyset(&out);
  sigaddset(&out, SIGINT);
  sigaddset(&out, SIGTERM);
  // Under nohup it is ignored, and a blocked signal would reach us all the same.
  struct sigaction now {};
  if (::sigaction(SIGHUP, nullptr, &now) == 0 && now.sa_handler != SIG_IGN)
    sigaddset(&out, SIGHUP);
  return out;
}

void raise_event(int fd) {
  uint64_t one = 1;
  // A full counter is raised already; nothing else can fail here.
  [[maybe_unused]] auto n = ::write(fd, &one, sizeof(one));
}

} // namespace

interrupts::interrupts(std::function<void(int)> last_word) : last_word_(std::move(last_word)) {
  auto set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  raised_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  leave_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  thread_ = std::thread([this] { watch(); });
}

interrupts::~interrupts() {
  raise_event(leave_);
  thread_.join();
  ::close(raised_);
  ::close(leave_);
  ::close(signals_);
}

void interrupts::listen(std::function<void(int)> f) {
  std::lock_guard guard{mutex_};
  listener_ = std::move(f);
  if (listener_ && signal_ != 0)
    listener_(signal_);
}

void interrupts::watch() {
  for (;;) {
    pollfd wait[] = {{signals_, POLLIN, 0}, {leave_, POLLIN, 0}};
    if (::poll(wait, 2, -1) < 0 && errno != EINTR)
      return;
    if (wait[1].revents != 0)
      return;
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof(info)) != sizeof(info))
      continue;
    const auto number = static_cast<int>(info.ssi_signo);
    if (signal_ != 0) {
      last_word_(number);
      ::_exit(128 + number);
    }
    std::lock_guard guard{mutex_};
    signal_ = number;
    raise_event(raised_);
    if (listener_)
      listener_(number);
  }
}

void restore_signals() {
  std::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

} // namespace liveconnect::cli
