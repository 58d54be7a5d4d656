#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include <caf/expected.hpp>

#include "benchmarks/figures/metrics.hpp"
#include "cli/shell/output.hpp"
#include "cli/shell/signals.hpp"
#include "messages/money/amount.hpp"

namespace liveconnect::bench {

/// Whole transfers between real programs.
struct transfer_plan {
  amount sum;
  size_t count = 20;
  /// At the same time.
  size_t jobs = 4;
  /// What each sender begins with, as `1000:5,100:3`; empty: a purse that needs change.
  std::string purse;
};

/// `transfer, 3439 from 1000:5,100:3,10:1, 4 at a time`.
std::string name_of(const transfer_plan& x);

/// Starts 25 servers and a relay on free ports, mints a purse for each sender, runs the transfers
/// (`send` and `receive`, a process each, every one with a data folder of its own), and asks all
/// wallets what they hold: each sender must have lost the sum, each receiver must have it, and both
/// results must name the same receipt. Everything lies below `folder`.
///
/// Failures carry whole sentences; ec::stopped on a signal. What it started has ended by then.
caf::expected<measurement> run_transfers(const transfer_plan& plan,
                                         const std::filesystem::path& folder, cli::output& out,
                                         cli::interrupts& stop);

} // namespace liveconnect::bench
