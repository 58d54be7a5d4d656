#include "cli/shell/signals.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace liveconnect::cli {

namespace {

sigset_t endings() {
  sigset_t out;
  sigemptyset(&out);
  sigaddset(&out, SIGTERM);
  sigaddset(&out, SIGINT);
  return out;
}

/// Under nohup it is ignored, and a blocked signal would reach us all the same.
bool hangup_counts() {
  struct sigaction now {};
  return ::sigaction(SIGHUP, nullptr, &now) == 0 && now.sa_handler != SIG_IGN;
}

void raise_event(int fd) {
  const uint64_t one = 1;
  // It fails only when it is at its highest already, which wakes as well.
  [[maybe_unused]] const auto n = ::write(fd, &one, sizeof one);
}

} // namespace

signal_source::signal_source(bool with_hangup) {
  auto set = endings();
  if (with_hangup)
    sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

signal_source::~signal_source() {
  ::close(signals_);
  ::close(wake_);
}

int signal_source::wait(std::chrono::milliseconds time) {
  pollfd both[] = {{signals_, POLLIN, 0}, {wake_, POLLIN, 0}};
  if (::poll(both, 2, time.count() < 0 ? -1 : static_cast<int>(time.count())) <= 0)
    return 0;
  uint64_t count = 0;
  if ((both[1].revents & POLLIN) != 0)
    while (::read(wake_, &count, sizeof count) > 0)
      continue;
  signalfd_siginfo info{};
  if (::read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info))
    return 0;
  if (info.ssi_signo != SIGHUP || !hangup_)
    return static_cast<int>(info.ssi_signo);
  hangup_();
  return 0;
}

void signal_source::wake() {
  raise_event(wake_);
}

void signal_source::release() {
  const auto set = endings();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

interrupts::interrupts(std::function<void(int)> last_word)
    : last_word_(std::move(last_word)), raised_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      source_(hangup_counts()), thread_([this] { watch(); }) {}

interrupts::~interrupts() {
  leaving_ = true;
  source_.wake();
  thread_.join();
  ::close(raised_);
}

void interrupts::listen(std::function<void(int)> f) {
  std::lock_guard guard{mutex_};
  listener_ = std::move(f);
  if (listener_ && signal_ != 0)
    listener_(signal_);
}

void interrupts::watch() {
  while (!leaving_) {
    const int number = source_.wait(std::chrono::milliseconds(-1));
    if (number == 0)
      continue;
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
