#include "cli/shell/interrupts.hpp"

#include <csignal>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace liveconnect::cli {

namespace {

constexpr std::chrono::milliseconds for_ever{-1};

sigset_t ending_signals(signal_source::hangup what) {
  sigset_t out;
  sigemptyset(&out);
  sigaddset(&out, SIGINT);
  sigaddset(&out, SIGTERM);
  // Under nohup it is ignored, and a blocked signal would reach us all the same.
  struct sigaction now {};
  if (what == signal_source::hangup::ends && ::sigaction(SIGHUP, nullptr, &now) == 0 &&
      now.sa_handler != SIG_IGN)
    sigaddset(&out, SIGHUP);
  return out;
}

void raise_event(int fd) {
  const uint64_t one = 1;
  // A full counter is raised already; nothing else can fail here.
  [[maybe_unused]] const auto n = ::write(fd, &one, sizeof one);
}

} // namespace

signal_source::signal_source(hangup what) : hangup_(what) {
  auto set = ending_signals(what);
  if (what == hangup::reloads)
    sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

signal_source::~signal_source() {
  ::close(signals_);
  ::close(wake_);
}

int signal_source::wait(std::chrono::milliseconds time) {
  pollfd both[] = {{signals_, POLLIN, 0}, {wake_, POLLIN, 0}};
  if (::poll(both, 2, static_cast<int>(time.count())) <= 0)
    return 0;
  uint64_t count = 0;
  if ((both[1].revents & POLLIN) != 0)
    while (::read(wake_, &count, sizeof count) > 0)
      continue;
  signalfd_siginfo info{};
  if (::read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info))
    return 0;
  const auto number = static_cast<int>(info.ssi_signo);
  if (number != SIGHUP || hangup_ == hangup::ends)
    return number;
  if (job_)
    job_();
  return 0;
}

void signal_source::wake() {
  raise_event(wake_);
}

void signal_source::release() {
  const auto set = ending_signals(hangup_);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

interrupts::interrupts(std::function<void(int)> last_word)
    : last_word_(std::move(last_word)), raised_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { watch(); }) {}

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

void interrupts::attend(std::function<void(int)> f) {
  std::lock_guard guard{mutex_};
  attendant_ = std::move(f);
  if (attendant_ && signal_ != 0)
    attendant_(signal_);
}

void interrupts::end_within(std::chrono::milliseconds time) {
  std::lock_guard guard{mutex_};
  end_within_ = time;
}

void interrupts::command_ended() {
  std::lock_guard guard{mutex_};
  end_within_ = {};
  ends_at_.reset();
}

std::chrono::milliseconds interrupts::time_left() {
  std::lock_guard guard{mutex_};
  if (!ends_at_)
    return for_ever;
  const auto left = *ends_at_ - std::chrono::steady_clock::now();
  // The command cannot end any more once its time is over: the process does, under the mutex.
  if (left <= left.zero())
    end_now(signal_);
  return std::chrono::ceil<std::chrono::milliseconds>(left);
}

void interrupts::end_now(int number) {
  last_word_(number);
  ::_exit(128 + number);
}

void interrupts::watch() {
  while (!leaving_) {
    const auto number = source_.wait(time_left());
    if (number == 0)
      continue;
    if (signal_ != 0)
      end_now(number);
    std::lock_guard guard{mutex_};
    signal_ = number;
    if (end_within_.count() > 0)
      ends_at_ = std::chrono::steady_clock::now() + end_within_;
    raise_event(raised_);
    if (listener_)
      listener_(number);
    if (attendant_)
      attendant_(number);
  }
}

void restore_signals() {
  std::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

} // namespace liveconnect::cli
