#pragma once

#include <deque>
#include <vector>

#include "benchmarks/figures/histogram.hpp"
#include "benchmarks/load/event_loop.hpp"
#include "benchmarks/load/numbered_frames.hpp"
#include "benchmarks/load/pair_opener.hpp"

namespace liveconnect::bench {

/// Single messages whose way is timed: to the other end and back, or one way.
///
/// With a rate, each message has its scheduled time, evenly spread over all senders, and latency
/// counts from there, sent late or not: a stall of what is measured shows in every message that it
/// delayed (no coordinated omission). Without a rate, each sender says the next when the answer to
/// the last has come (ping-pong).
class paced_load : public load {
public:
  struct config {
    frame_pattern pattern;
    /// b answers each message of a, and a's waiting is timed. Else both ends send and each message
    /// is timed where it arrives.
    bool round_trips = true;
    /// Messages a second of all senders together; 0: ping-pong, which needs round trips.
    double rate = 0;
  };

  paced_load(event_loop& loop, std::vector<open_pair> pairs, config how);
  ~paced_load() override;

  void start(time_point now);
  /// Sends nothing new; answers are still given.
  void stop();
  /// After stop(): whether everything that was sent has come.
  bool settled() const { return outstanding_ == 0; }
  /// Messages (round trips) that are on their way.
  uint64_t outstanding() const { return outstanding_; }

  /// From here to end_window() latencies and completions are counted.
  void begin_window(time_point now);
  void end_window(time_point now);

  /// Of the messages whose scheduled (ping-pong: sending) time lay in the window.
  const histogram& latency() const { return latency_; }
  /// How late the generator itself was at sending them.
  const histogram& lateness() const { return lateness_; }
  /// Round trips (or messages) completed within the window.
  uint64_t completed() const { return completed_; }
  /// Frames of all time, answers included.
  uint64_t sent() const { return sent_; }
  uint64_t received() const { return received_; }
  size_t frame_bytes() const { return how_.pattern.text.size(); }

  void on_event(uint32_t socket, uint32_t events) override;
  time_point next_due() const override;
  void on_due(time_point now) override;

private:
  struct end {
    int fd;
    frame_writer out;
    frame_checker in;
    /// Frames to write, the one in progress included.
    uint64_t owed = 0;
    bool waiting = false;
    /// When each message that is on its way was due.
    std::deque<time_point> due;
  };

  time_point due_time(uint64_t k) const;
  void send_one(uint32_t at, time_point due, time_point now);
  void write_some(uint32_t at);
  void arrived(uint32_t at, uint64_t frames);
  bool in_window(time_point x) const { return x >= window_begin_ && x < window_end_; }

  event_loop& loop_;
  uint32_t number_;
  config how_;
  std::vector<open_pair> pairs_;
  std::vector<end> ends_;
  std::vector<char> buffer_;

  time_point started_;
  uint64_t next_ = 0;
  bool sending_ = false;
  uint64_t outstanding_ = 0;
  uint64_t sent_ = 0;
  uint64_t received_ = 0;

  time_point window_begin_ = time_point::max();
  time_point window_end_ = time_point::max();
  uint64_t completed_ = 0;
  histogram latency_;
  histogram lateness_;
};

} // namespace liveconnect::bench
