#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "cli/app.hpp"

namespace {

/// Nothing this process writes or leaves behind may be read by others of this computer
/// (safety.md, threats 26 and 28): files are private, and there is no core dump or debugger.
void harden() {
  ::umask(077);
  rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

/// A standard stream that nobody gave us must not become a socket or file of ours that is opened
/// next. In its place comes one on which the wrong way fails: nothing that cannot be shown or read
/// looks as if it had been.
void fill_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
        ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
      std::_Exit(1);
}

} // namespace

int main(int argc, char** argv) {
  fill_standard_streams();
  harden();
  // A screen or peer that goes away shows as EPIPE where it is written to.
  std::signal(SIGPIPE, SIG_IGN);
  if (sodium_init() < 0) {
    std::fputs("The computer gives no random numbers. Restart it and try again.\n", stderr);
    return 1;
  }
  return liveconnect::cli::run(argc, argv);
}
