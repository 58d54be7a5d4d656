#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/shell/child_process.hpp"
#include "cli/transfer/command.hpp"

namespace liveconnect::cli {

/// Runs one of our own programs to its end and answers its `result` object. Fails with ec::stopped
/// on a signal, with ec::timed_out when it takes longer than --timeout, and with ec::internal when
/// it ended without a result.
caf::expected<json_fields> run_to_result(environment& env, const child_process::options& how);

/// The error that a child's `result` object tells of, none when it is `ok`.
caf::error failure_of(const json_fields& result);

/// One JSON object of a child's line; null when the line is none.
json_fields object_of(const std::string& line);

/// A whole LiveConnect network on this computer: 25 servers in one process and a relay in another,
/// on free ports of 127.0.0.1, with their data below one folder. Both end with this process.
class demo_network {
public:
  /// Starts both and waits until they listen; `relay_arguments` are added to the relay's own. Fails
  /// as run_to_result does.
  static caf::expected<demo_network> start(environment& env, const std::filesystem::path& folder,
                                           const std::vector<std::string>& relay_arguments = {});

  /// `127.0.0.1:9100`.
  const std::string& relay() const { return relay_at_; }
  /// All 25 addresses, with commas between, as --raida takes them.
  const std::string& servers() const { return servers_at_; }

  /// Our own program with the arguments given, told where this network is; its standard error goes
  /// to `log`.
  child_process::options program(std::vector<std::string> arguments,
                                 const std::filesystem::path& log) const;

  /// Ends both in order.
  void end();

private:
  demo_network() = default;

  std::filesystem::path programs_;
  std::string relay_at_;
  std::string servers_at_;
  std::optional<child_process> relay_;
  std::optional<child_process> servers_;
};

} // namespace liveconnect::cli
