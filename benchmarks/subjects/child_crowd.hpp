#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <string>

#include <caf/error.hpp>

#include "cli/shell/child_process.hpp"
#include "cli/shell/output.hpp"
#include "cli/shell/signals.hpp"

namespace liveconnect::bench {

/// Programs of ours that run at the same time, each telling what happens as JSON lines. None
/// outlives this object: what still runs when it goes is asked to end, and ended three seconds
/// later.
class child_crowd {
public:
  using milliseconds = std::chrono::milliseconds;
  /// Each object that the program writes. May start others.
  using object_handler = std::function<void(const cli::json_fields&)>;
  /// Its end: the exit code, or 128 + signal. May start others.
  using end_handler = std::function<void(int code)>;

  /// `patience`: a program that runs longer is a failure of the whole.
  child_crowd(cli::interrupts& stop, milliseconds patience) : stop_(stop), patience_(patience) {}
  ~child_crowd();
  child_crowd(const child_crowd&) = delete;
  child_crowd& operator=(const child_crowd&) = delete;

  /// Starts one. A failure ends run().
  void start(const cli::child_process::options& how, object_handler on_object, end_handler on_end);
  /// Makes run() end with this error; the first one counts.
  void fail_with(caf::error x);
  size_t running() const { return members_.size(); }

  /// Serves all of them until none is left. Fails with what went wrong first: ec::stopped on a
  /// signal, ec::timed_out when one took too long.
  caf::error run();

private:
  struct member {
    cli::child_process child;
    std::string name;
    std::chrono::steady_clock::time_point until;
    object_handler on_object;
    end_handler on_end;
  };

  void read(member& x);

  cli::interrupts& stop_;
  milliseconds patience_;
  std::list<member> members_;
  caf::error failure_;
};

/// Runs all of these, at most `jobs` at a time, and answers their `result` objects in order. Fails
/// with what the first of them failed with.
caf::expected<std::vector<cli::json_fields>>
run_all(const std::vector<cli::child_process::options>& programs, size_t jobs,
        cli::interrupts& stop, std::chrono::milliseconds patience);

} // namespace liveconnect::bench
