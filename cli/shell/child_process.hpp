#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include <caf/expected.hpp>

namespace liveconnect::cli {

/// A program that a command starts and must not outlive: it dies with this process however that
/// ends (PR_SET_PDEATHSIG), runs in a process group of its own, so that a Ctrl-C at the terminal
/// reaches only us, and is ended and waited for by the destructor. Start and use from one thread,
/// the main one: the kernel ties a child's life to the thread that forked it.
class child_process {
public:
  struct options {
    std::filesystem::path program;
    std::vector<std::string> arguments;
    /// Standard error goes here (added to).
    std::filesystem::path log;
  };

  /// Starts it with an empty standard input. Fails with ec::internal (no program, no memory) or
  /// ec::disk_failed (the log).
  static caf::expected<child_process> start(const options& how);

  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&& other) noexcept;
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process();

  pid_t pid() const { return pid_; }

  /// Its standard output, for poll(); -1 once it has ended.
  int descriptor() const { return out_; }

  /// Takes what its standard output holds now, without waiting, and returns the whole lines of it.
  /// A line is at most 1 MiB.
  std::vector<std::string> take_lines();

  /// Asks it to end, without waiting.
  void ask_to_end();

  /// Waits for its end; the exit code or 128 + signal, none when the deadline passes first.
  std::optional<int> wait(std::chrono::milliseconds deadline);

  /// ask_to_end(), waits for `grace`, then ends it for certain.
  void end(std::chrono::milliseconds grace);

private:
  child_process() = default;

  pid_t pid_ = -1;
  int watch_ = -1;
  int out_ = -1;
  std::string partial_;
  std::optional<int> status_;
};

/// The folder of the running program, where its siblings are. Fails with ec::internal.
caf::expected<std::filesystem::path> own_folder();

} // namespace liveconnect::cli
