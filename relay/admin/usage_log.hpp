#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <caf/expected.hpp>

#include "messages/interfaces/relay.hpp"

namespace liveconnect::relay {

/// One line of JSON a room that is over, appended to a file (0600): when it ended, mood, seconds,
/// bytes, addresses. No payload, no tag. The room's number is left out: it stands in the
/// invitation.
///
/// Rooms hand their records over without waiting; a thread of its own writes them. When the disk is
/// so slow that more than `waiting_max` wait, further ones are dropped and counted in the next line
/// (`dropped`). The file is opened again for each batch, so it may be moved away at any time.
class usage_log : public room_usage_port {
public:
  static constexpr size_t waiting_max = 10'000;

  /// Fails with ec::disk_failed when the file cannot be appended to. `full_addresses` false rounds
  /// them to /24 and /48.
  static caf::expected<std::shared_ptr<usage_log>> open(const std::string& path,
                                                        bool full_addresses);

  /// Writes what waits.
  ~usage_log() override;

  void record(const room_usage& x) override;

private:
  usage_log(std::string path, bool full_addresses);
  void run();
  bool append(const std::string& text) const;

  const std::string path_;
  const bool full_addresses_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  uint64_t dropped_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

/// The line of a room, without its newline; `time` is when it ended.
std::string usage_line(const room_usage& x, const std::string& time, bool full_addresses);

} // namespace liveconnect::relay
