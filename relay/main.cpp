#include <fcntl.h>
#include <unistd.h>

#include "relay/command_line.hpp"
#include "relay/operator_commands.hpp"
#include "relay/output.hpp"
#include "relay/run.hpp"

namespace {

/// Where a standard descriptor is missing, the next file or socket would get its number, and would
/// be read or written as if it were that stream.
bool open_missing_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != fd)
      return false;
  return true;
}

} // namespace

int main(int argc, char** argv) {
  using namespace liveconnect::relay;
  if (!open_missing_descriptors())
    return other_error;
  const auto asked = read_command_line(argc, argv);
  if (asked.exit_code >= 0)
    return after_output(asked.exit_code);
  if (asked.what != command_line::command::run)
    return after_output(operate(asked));
  const int code = run(asked.settings, asked.read_again, asked.json);
  // Whoever reads no JSON reads the log; a reader of the ready line that has gone is no failure.
  return asked.json ? after_output(code) : code;
}
