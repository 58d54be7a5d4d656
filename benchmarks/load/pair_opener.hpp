#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/load/event_loop.hpp"
#include "benchmarks/load/subject.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect::bench {

/// Two connections whose ends hear each other through the subject.
struct open_pair {
  descriptor a;
  descriptor b;
  /// What `#` becomes on its way from a to b, and from b to a; `#` where no relay replaces it.
  std::string a_address = "#";
  std::string b_address = "#";
};

/// Source addresses 127.0.0.1, 127.0.0.2, ... in turn: a relay's limits for one address are not
/// what is measured. Other targets than loopback get none.
class source_addresses {
public:
  /// `count` of them from number `first` on; 0: no source is chosen at all.
  source_addresses(size_t first, size_t count) : first_(first), count_(count) {}
  /// nullptr when the system shall choose.
  const endpoint* next();

private:
  size_t first_;
  size_t count_;
  size_t at_ = 0;
  endpoint current_;
};

/// Makes connections and brings them together: through rooms with the real protocol, or as the
/// subject's meeting asks. Lives in the loop that the pairs' later load uses too.
class pair_opener : public load {
public:
  /// Called with each pair and how long it took, from the first connect on. The sockets are still
  /// watched by the loop on behalf of the opener: watch() or unwatch() them, or close them.
  using pair_handler = std::function<void(open_pair&&, uint64_t nanoseconds)>;

  pair_opener(event_loop& loop, subject& through, size_t sources, pair_handler on_pair);
  /// Stops watching the subject's listener; the loop must have been told to remove() it.
  ~pair_opener() override;

  /// Begins another pair. A failure, then or later, is the loop's (event_loop::failure).
  void start();
  size_t in_progress() const { return in_progress_; }

  void on_event(uint32_t socket, uint32_t events) override;

private:
  /// One end on its way into a room.
  struct end {
    descriptor fd;
    /// What is still to be written before it can be seated.
    std::string unsent;
    frame_reader answers{frame_bytes_max};
    std::string address = "#";
    std::string line;
    bool seated = false;
    bool waits_for_peer = false;
    bool ready() const { return seated && !waits_for_peer; }
  };
  struct slot {
    end ends[2];
    time_point since;
    bool used = false;
    /// meeting::sessions: the device that asks, its connection while it does, and the keys for the
    /// two ends as they come.
    std::optional<syncthing::device> asker;
    std::optional<syncthing::line> asking;
    std::string keys[2];
    unsigned tries = 0;
  };
  struct arrival {
    descriptor fd;
    std::string line;
  };

  void begin(end& x, uint32_t number, std::string text);
  void write_rest(end& x, uint32_t number);
  void read_answers(end& x, uint32_t number);
  void take_frames(end& x);
  void take_line(end& x);
  void accept_some();
  void ask(uint32_t at);
  void hear_asking(uint32_t at);
  void hear_host();
  void take_invitation(const syncthing::message& x);
  void enter_if_invited(uint32_t at);
  void take_session_answer(uint32_t number);
  void read_arrival(uint32_t at);
  void finish_if_ready(uint32_t at);

  event_loop& loop_;
  subject& through_;
  source_addresses sources_;
  pair_handler on_pair_;
  uint32_t number_;
  uint64_t next_room_;
  std::vector<slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::vector<arrival> arrivals_;
  std::vector<uint32_t> free_arrivals_;
  /// meeting::sessions: the slot that each asking device belongs to.
  std::map<syncthing::device_id, uint32_t> askers_;
  size_t in_progress_ = 0;
};

/// Opens so many pairs, at most `window` at a time. Fails with what the relay said (ec::relay_busy,
/// ec::relay_refused), ec::relay_unreachable, or ec::timed_out when the deadline passes.
caf::expected<std::vector<open_pair>> open_pairs(event_loop& loop, subject& through, size_t count,
                                                 time_point deadline, size_t sources_at_least = 1);

} // namespace liveconnect::bench
