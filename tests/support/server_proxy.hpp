#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace liveconnect::test {

/// How the way to one server is. The default lets everything pass at once.
struct weather {
  /// Every answer comes this much later, over either transport.
  std::chrono::milliseconds delay{0};
  /// Requests are taken and swallowed, as by a firewall that drops them.
  bool silent = false;
  /// Nobody listens: both transports say so at once.
  bool refuses = false;
  /// TCP: no connection is taken from the queue any more. Datagrams pass.
  bool wedged = false;
  /// How often each datagram of a client reaches the server.
  unsigned copies = 1;
};

/// Sits between a client and servers: passes datagrams and TCP on, swallows those answers in
/// datagrams that a test names, and makes the weather that a test asks for, which may change at any
/// moment. Knows of a packet nothing but where its command stands (docs/formats/raida.md 3).
class server_proxy {
public:
  /// Whether the answer to this request shall be lost. Called on the proxy's thread, once a
  /// request that is answered.
  using loses_answer = std::function<bool(size_t server, uint8_t group, uint8_t command)>;

  /// `first_port` is the first server's; the others follow it. No answer is lost when `loses` is
  /// empty.
  server_proxy(uint16_t first_port, size_t servers, loses_answer loses = {});
  ~server_proxy();
  server_proxy(const server_proxy&) = delete;
  server_proxy& operator=(const server_proxy&) = delete;

  /// For --raida: the addresses, with commas between.
  std::string addresses() const;

  /// Changes the weather in front of every server, or of one. What is on its way already arrives as
  /// it was to. Any thread.
  void set(const weather& x);
  void set(size_t server, const weather& x);

  /// Datagrams and connections of clients that came so far.
  size_t asked() const { return asked_; }

  /// Answers swallowed so far, by name or by silence of the weather.
  size_t lost() const { return lost_; }

private:
  using clock = std::chrono::steady_clock;
  struct door;
  struct exchange;
  struct stream;
  struct late_answer;
  struct watched;

  weather weather_of(size_t server) const;
  void run();
  watched watch() const;
  int milliseconds_to_wait() const;
  /// Binds and closes doors as the weather wants it.
  void open_doors();
  void take_answer(exchange& x);
  void take_request(size_t server);
  void take_connection(size_t server);
  /// Whether the connection goes on.
  bool move_bytes(stream& x, bool client_ready, bool server_ready);
  void deliver_late_answers();

  loses_answer loses_;
  uint16_t first_port_;
  mutable std::mutex mutex_;
  /// Under the mutex.
  std::vector<weather> weather_;
  // The proxy's thread alone.
  std::vector<std::unique_ptr<door>> doors_;
  std::vector<std::unique_ptr<exchange>> exchanges_;
  std::vector<std::unique_ptr<stream>> streams_;
  std::vector<late_answer> late_;
  std::vector<uint8_t> buffer_;
  std::atomic<bool> leave_{false};
  std::atomic<size_t> asked_{0};
  std::atomic<size_t> lost_{0};
  int wake_ = -1;
  std::thread thread_;
};

} // namespace liveconnect::test
