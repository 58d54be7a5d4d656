#include <CLI/CLI.hpp>

#include "benchmarks/program/command.hpp"
#include "benchmarks/subjects/machine_info.hpp"
#include "cli/shell/version.hpp"

namespace liveconnect::bench {

void add_version_command(CLI::App& root, command_table& table) {
  auto* app = root.add_subcommand("version", "Print the version");
  table.add(app, [](environment& env) {
    env.out.last(std::string("liveconnect-bench ") + cli::program_version + " (commit " +
                 built_from_commit() + ")");
    command_end end;
    end.fields["program"] = "liveconnect-bench";
    end.fields["version"] = cli::program_version;
    end.fields["commit"] = built_from_commit();
    return end;
  });
}

} // namespace liveconnect::bench
