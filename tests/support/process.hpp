#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace liveconnect::test {

/// A program of ours (or any other) run by a test: pipes for its three streams, lines read with a
/// deadline. The child dies with the test, also when the test itself is killed.
class process {
public:
  using milliseconds = std::chrono::milliseconds;

  struct options {
    /// Added to (or replacing parts of) this process's environment.
    std::map<std::string, std::string> environment;
    /// Variables taken away.
    std::vector<std::string> without;
    /// Working folder; empty: this process's.
    std::string folder;
    /// Descriptors of ours that it gets as 3, 4, ... (at most 16).
    std::vector<int> descriptors;
  };

  /// Starts `arguments[0]`: a path when it has a slash, else a program from LIVECONNECT_BIN. Throws
  /// std::runtime_error when it cannot be started (a test has nothing better to do).
  explicit process(const std::vector<std::string>& arguments);
  process(const std::vector<std::string>& arguments, const options& how);

  process(process&& other) noexcept;
  process& operator=(process&&) = delete;

  /// SIGKILL if it still runs, and waits.
  ~process();

  pid_t pid() const { return pid_; }

  /// The next line of its standard output without the newline; none when the deadline passes first
  /// or the stream has ended (what came after the last newline counts as a line then).
  std::optional<std::string> read_line(milliseconds deadline = milliseconds(5000));

  /// Reads lines until one contains `part` and returns it; the others are kept in output().
  std::optional<std::string> read_until(const std::string& part,
                                        milliseconds deadline = milliseconds(5000));

  /// Writes to its standard input; false when it has closed it.
  bool write(const std::string& text);
  void close_input();

  void signal(int number);
  /// Whether it has not ended yet.
  bool running();

  /// Waits for its end while reading its streams, so that it never blocks on a full pipe. The exit
  /// code, or 128 + the signal that ended it; none when the deadline passes first.
  std::optional<int> wait(milliseconds deadline = milliseconds(10000));

  /// All of its standard output so far, and all of its standard error.
  const std::string& output() const { return out_; }
  const std::string& errors();

private:
  bool pump(std::chrono::steady_clock::time_point until);
  bool reap(bool block);

  pid_t pid_ = -1;
  int in_fd_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  std::string out_;
  size_t out_read_ = 0;
  std::string err_;
  std::optional<int> status_;
};

} // namespace liveconnect::test
