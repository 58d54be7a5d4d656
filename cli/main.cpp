#include <csignal>
#include <cstdio>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <sodium.h>

#include "actors/io/descriptor.hpp"
#include "cli/app.hpp"

namespace {

/// Nothing this process writes or leaves behind may be read by others of this computer
/// (docs/design/safety.md threat 26 and threat 28): files are private, and there is no core dump or
/// debugger.
void harden() {
  ::umask(077);
  rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

} // namespace

int main(int argc, char** argv) {
  if (!liveconnect::io::fill_standard_streams())
    return 1;
  harden();
  // A screen or peer that goes away shows as EPIPE where it is written to.
  std::signal(SIGPIPE, SIG_IGN);
  if (sodium_init() < 0) {
    std::fputs("The computer gives no random numbers. Restart it and try again.\n", stderr);
    return 1;
  }
  return liveconnect::cli::run(argc, argv);
}
