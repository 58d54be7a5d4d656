#include "actors/io/descriptor.hpp"
#include "cli/shell/usage.hpp"
#include "relay/command_line.hpp"
#include "relay/operator_commands.hpp"
#include "relay/run.hpp"

int main(int argc, char** argv) {
  using namespace liveconnect;
  if (!io::fill_standard_streams())
    return 1;
  cli::output out{cli::style_of(cli::wants_json(argc, argv), false, true)};
  cli::finish_style how;
  how.error_object = false;
  const auto asked = relay::read_command_line(argc, argv, out);
  if (asked.end)
    return cli::finish(out, *asked.end, how);
  if (asked.what != relay::command_line::command::run)
    return cli::finish(out, relay::operate(asked, out), how);
  // An operator without JSON reads the log; a reader of the ready line that has gone is no failure.
  how.tells_signal = false;
  how.output_may_be_lost = !out.style().as_json;
  return cli::finish(out, relay::run(asked.settings, asked.read_again, out), how);
}
