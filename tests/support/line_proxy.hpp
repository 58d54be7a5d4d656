#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace liveconnect::test {

/// Sits between clients and a relay as a wiretap does: passes lines on, writes them down, and may
/// alter or swallow them. Its thread sees the lines of all connections one after the other, so the
/// record's order is the order in which an onlooker saw them.
class line_proxy {
public:
  using milliseconds = std::chrono::milliseconds;

  /// One line (one frame, in our encoder's form) without its newline.
  struct record {
    /// 0 for the first client that came, 1 for the second, and so on.
    size_t connection = 0;
    bool to_relay = true;
    std::string line;
  };

  /// What becomes of a line: itself, another, several (with newlines between), or nothing.
  using alteration = std::function<std::optional<std::string>(const record&)>;

  /// `relay` is `127.0.0.1:9100`.
  explicit line_proxy(const std::string& relay, alteration alter = {});
  ~line_proxy();
  line_proxy(const line_proxy&) = delete;
  line_proxy& operator=(const line_proxy&) = delete;

  /// Where clients connect.
  const std::string& address() const { return address_; }

  /// From now on new connections go there.
  void set_relay(const std::string& relay);

  /// All lines so far.
  std::vector<record> lines() const;

  /// Waits until some line so far satisfies `wanted`.
  bool wait_for(const std::function<bool(const record&)>& wanted, milliseconds deadline);

  /// Cuts every connection, as a network that breaks does.
  void cut();

private:
  struct half {
    int from = -1;
    int to = -1;
    std::string partial;
    std::string outgoing;
    bool from_ended = false;
  };
  struct pair {
    size_t number = 0;
    half up;
    half down;
  };

  void run();
  void accept_one();
  void read_from(pair& x, bool to_relay);
  static bool flush(half& x);
  void close_pair(pair& x);

  alteration alter_;
  std::string address_;
  int listener_ = -1;
  int wake_ = -1;
  std::atomic<bool> leave_{false};
  std::atomic<bool> cut_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string relay_;
  std::vector<record> record_;
  std::vector<std::unique_ptr<pair>> pairs_;
  size_t count_ = 0;
  std::thread thread_;
};

} // namespace liveconnect::test
