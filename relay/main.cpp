#include "actors/io/descriptor.hpp"
#include "cli/shell/result_line.hpp"
#include "relay/command_line.hpp"
#include "relay/operator_commands.hpp"
#include "relay/run.hpp"

int main(int argc, char** argv) {
  using namespace liveconnect;
  using namespace liveconnect::relay;
  if (!liveconnect::io::fill_standard_streams())
    return cli::other_error;
  const auto asked = read_command_line(argc, argv);
  if (asked.exit_code >= 0)
    return cli::after_output(asked.exit_code);
  if (asked.what != command_line::command::run)
    return cli::after_output(operate(asked));
  const int code = run(asked.settings, asked.read_again, asked.json);
  // Whoever reads no JSON reads the log; a reader of the ready line that has gone is no failure.
  return asked.json ? cli::after_output(code) : code;
}
