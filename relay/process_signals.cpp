#include "relay/process_signals.hpp"

#include <csignal>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace liveconnect::relay {

namespace {

sigset_t ours() {
  sigset_t out;
  sigemptyset(&out);
  sigaddset(&out, SIGTERM);
  sigaddset(&out, SIGINT);
  return out;
}

} // namespace

process_signals::process_signals() {
  auto set = ours();
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = io::descriptor(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  wake_ = io::descriptor(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

int process_signals::wait(std::chrono::milliseconds time) {
  pollfd both[] = {{signals_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  if (poll(both, 2, static_cast<int>(time.count())) <= 0)
    return 0;
  uint64_t count = 0;
  if ((both[1].revents & POLLIN) != 0)
    while (read(wake_.get(), &count, sizeof count) > 0)
      continue;
  signalfd_siginfo info{};
  if (read(signals_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info))
    return 0;
  if (info.ssi_signo != SIGHUP)
    return static_cast<int>(info.ssi_signo);
  if (hangup_)
    hangup_();
  return 0;
}

void process_signals::wake() {
  const uint64_t one = 1;
  // It fails only when it is at its highest already, which wakes as well.
  [[maybe_unused]] const auto written = write(wake_.get(), &one, sizeof one);
}

void process_signals::release() {
  const auto set = ours();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

} // namespace liveconnect::relay
