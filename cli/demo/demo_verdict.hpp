#pragma once

#include <filesystem>
#include <string>

#include <caf/expected.hpp>

#include "wallet/raida/client/port.hpp"

namespace liveconnect::cli {

/// What the servers themselves say about the coins of some files.
struct servers_word {
  size_t notes = 0;
  /// Fewest servers that passed one of the notes, and fewest that failed one; 25 of 25 when there
  /// is no note.
  size_t fewest_passes = 0;
  size_t fewest_fails = 0;
};

/// Asks the servers with Detect about every note in the coin files of these folders. Reads only;
/// no other program may be writing there. Fails with ec::bad_coin_file or ec::disk_failed.
caf::expected<servers_word> ask_servers_about(raida::raida_port& port,
                                              const std::vector<std::filesystem::path>& folders);

} // namespace liveconnect::cli
