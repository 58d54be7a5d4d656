#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace liveconnect::test {

/// A TCP client that works as `nc` does: it sends what it is told and reads lines, with a deadline
/// for each. Nothing in it knows LiveConnect.
class tcp_client {
public:
  using milliseconds = std::chrono::milliseconds;

  /// Connects to a numeric host; throws std::runtime_error when that fails.
  tcp_client(const std::string& host, uint16_t port);
  /// The same from `HOST:PORT` or `[V6]:PORT`.
  explicit tcp_client(const std::string& host_and_port);
  tcp_client(tcp_client&& other) noexcept;
  tcp_client& operator=(tcp_client&& other) noexcept;
  ~tcp_client();

  /// Sends all of it; false when the other end has closed or took nothing for 10 s.
  bool send(const std::string& text);
  /// Sends what the system takes at once and returns how much that was.
  size_t send_some(const std::string& text);

  /// The next line without its newline; none when the deadline passes or the stream ends first.
  std::optional<std::string> read_line(milliseconds deadline = milliseconds(5000));
  /// Skips lines until one contains `part`.
  std::optional<std::string> read_until(const std::string& part,
                                        milliseconds deadline = milliseconds(5000));
  /// Whether not one more line comes for as long as `quiet`. Prefer waiting for something.
  bool silent_for(milliseconds quiet);
  /// Whether the other end closes (or resets) before the deadline; what it sends before is kept.
  bool closed_by_peer(milliseconds deadline = milliseconds(5000));

  /// Our own end of the connection: `127.0.0.1`, and `127.0.0.1:43211` or `[::1]:43211`.
  std::string local_host() const;
  std::string local_address() const;

  /// All bytes that came so far.
  const std::string& received() const { return in_; }
  int fd() const { return fd_; }
  /// Closes in order, or with a reset.
  void close();
  void reset();

private:
  bool pump(std::chrono::steady_clock::time_point until);

  int fd_ = -1;
  bool ended_ = false;
  std::string in_;
  size_t read_ = 0;
};

} // namespace liveconnect::test
