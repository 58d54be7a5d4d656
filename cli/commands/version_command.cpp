#include <CLI/CLI.hpp>
#include <caf/config.hpp>
#include <fmt/format.h>
#include <sodium.h>

#include "cli/commands/commands.hpp"
#include "cli/shell/version.hpp"

namespace liveconnect::cli {

namespace {

command_end show_version(environment& env) {
  auto caf_version =
      fmt::format("{}.{}.{}", CAF_MAJOR_VERSION, CAF_MINOR_VERSION, CAF_PATCH_VERSION);
  env.out.last(fmt::format("liveconnect {} (protocol {}, CAF {}, libsodium {})", program_version,
                           protocol_version, caf_version, sodium_version_string()));
  return {{},
          {{"program", "liveconnect"},
           {"version", program_version},
           {"protocol", protocol_version},
           {"caf", caf_version},
           {"libsodium", sodium_version_string()}},
          0};
}

} // namespace

void add_version_command(CLI::App& root, command_table& table) {
  const auto sub = root.add_subcommand("version", "Print the version");
  table.add(sub, show_version);
}

} // namespace liveconnect::cli
