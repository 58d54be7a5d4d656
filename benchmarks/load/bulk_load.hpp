#pragma once

#include <vector>

#include "benchmarks/load/event_loop.hpp"
#include "benchmarks/load/numbered_frames.hpp"
#include "benchmarks/load/pair_opener.hpp"

namespace liveconnect::bench {

/// Frames from a to b of each pair as fast as they are taken, one write a frame, and every frame
/// checked where it arrives.
class bulk_load : public load {
public:
  enum class receivers : uint8_t {
    /// Take what comes.
    reading,
    /// Are there and read nothing: attackers, or clients whose computer sleeps.
    silent,
  };

  bulk_load(event_loop& loop, std::vector<open_pair> pairs, const frame_pattern& pattern,
            receivers how = receivers::reading);
  ~bulk_load() override;

  /// Begins to send.
  void start();
  /// Sends the frames in progress to their end and no other.
  void stop();
  /// After stop(): whether every frame that was sent has come. Silent receivers never settle.
  bool settled() const;
  /// Whether no sender can write any more: silent receivers, and all queues on the way are full.
  bool stuck() const { return waiting_ == streams_.size(); }

  uint64_t sent() const;
  uint64_t received() const;
  uint64_t received_bytes() const;

  void on_event(uint32_t socket, uint32_t events) override;

private:
  struct stream {
    open_pair pair;
    frame_writer out;
    frame_checker in;
    /// The last write was not taken whole: epoll says when to go on.
    bool waiting = false;
    bool finished = false;
  };

  void write_some(stream& x, uint32_t at);
  void read_some(stream& x);

  event_loop& loop_;
  uint32_t number_;
  receivers how_;
  std::vector<stream> streams_;
  std::vector<char> buffer_;
  size_t waiting_ = 0;
  bool stopping_ = false;
};

} // namespace liveconnect::bench
