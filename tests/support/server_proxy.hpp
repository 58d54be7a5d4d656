#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace liveconnect::test {

/// Sits between a client and servers: passes datagrams and TCP on, and swallows those answers
/// in datagrams that a test names. Knows of a packet nothing but where its command stands
/// (docs/formats/raida.md 3).
class server_proxy {
public:
  /// Whether the answer to this request shall be lost. Called on the proxy's thread, once a
  /// request that is answered.
  using loses_answer = std::function<bool(size_t server, uint8_t group, uint8_t command)>;

  /// `first_port` is the first server's; the others follow it.
  server_proxy(uint16_t first_port, size_t servers, loses_answer loses);
  ~server_proxy();
  server_proxy(const server_proxy&) = delete;
  server_proxy& operator=(const server_proxy&) = delete;

  /// For --raida: the addresses, with commas between.
  std::string addresses() const;

  /// Answers swallowed so far.
  size_t lost() const { return lost_; }

private:
  struct door;
  struct exchange;
  struct stream;

  void run();

  loses_answer loses_;
  uint16_t first_port_;
  std::vector<std::unique_ptr<door>> doors_;
  std::vector<std::unique_ptr<exchange>> exchanges_;
  std::vector<std::unique_ptr<stream>> streams_;
  std::atomic<bool> leave_{false};
  std::atomic<size_t> lost_{0};
  int wake_ = -1;
  std::thread thread_;
};

} // namespace liveconnect::test
