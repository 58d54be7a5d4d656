#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "benchmarks/questions/campaign.hpp"

namespace liveconnect::bench {

// Values of flags, shared by the commands. Failures are ec::bad_argument, with whole sentences that
// name the flag.

/// The error for a flag whose text cannot be used; `right` says what can.
caf::error wrong_value(const std::string& flag, const std::string& text, const std::string& right);
/// A size (cli/shell/values.hpp); `64KiB` means the longest frame that any address leaves room for.
caf::expected<size_t> parse_frame_bytes(const std::string& text, const std::string& flag);
/// A whole number within the bounds.
caf::expected<size_t> parse_count(const std::string& text, const std::string& flag, size_t least,
                                  size_t most);
/// `1.5`, `0.2`: seconds, more than 0 and at most `most`; or a duration with its units, such as
/// `200ms`.
caf::expected<std::chrono::milliseconds> parse_seconds(const std::string& text,
                                                       const std::string& flag, double most);
/// The parts of a list with commas or blanks between them; empty parts are dropped.
std::vector<std::string> split_list(const std::string& text);

/// Which relay is measured, as text; empty: not given.
struct subject_flags {
  std::string target;
  bool spawn = false;
  std::string relay_program;
  std::vector<std::string> relay_arguments;
  std::string relay_pid;
};

/// What `relay` was asked for, as text; empty: not given.
struct relay_flags : subject_flags {
  bool keep_limits = false;
  std::string modes;
  std::string pairs;
  std::string frame_bytes;
  std::string rate;
  std::string attackers;
  std::string heartbeat;
  std::string seconds;
  std::string rounds;
  std::string peers;
  bool same_core = false;
  bool goals = false;
  std::string out_file;
  std::string report_folder;
};

/// What follows from them.
struct relay_plan {
  std::vector<planned_scenario> scenarios;
  campaign_config config;
  bool goals = false;
};

/// Puts flags, defaults of the modes and their rules together. Does not look at the machine, so it
/// says nothing about missing programs; looks up the name of the target's host.
caf::expected<relay_plan> plan_of(const relay_flags& flags);

} // namespace liveconnect::bench
