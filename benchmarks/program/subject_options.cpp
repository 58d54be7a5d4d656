#include <CLI/CLI.hpp>

#include "benchmarks/program/command.hpp"
#include "benchmarks/program/options.hpp"

namespace liveconnect::bench {

void add_subject_options(CLI::App& app, subject_flags& into, const char* target_help) {
  app.add_option("TARGET", into.target, target_help);
  app.add_flag("--spawn", into.spawn, "Start liveconnect-relay on a free port (as without TARGET)")
      ->group(subject_group);
  app.add_option("--relay-program", into.relay_program, "Start this program instead")
      ->group(subject_group);
  app.add_option("--relay-arg", into.relay_arguments,
                 "Another argument for the relay that is started; may be repeated")
      ->allow_extra_args(false)
      ->group(subject_group);
  app.add_option("--relay-pid", into.relay_pid,
                 "With TARGET: its process, to measure CPU and memory")
      ->group(subject_group);
}

} // namespace liveconnect::bench
