#pragma once

#include <string>

#include "benchmarks/load/event_loop.hpp"

namespace liveconnect::bench {

/// An honest end that waits in a room for its partner while attackers guess the room's tag.
class waiting_host : public load {
public:
  waiting_host(event_loop& loop, const endpoint& target, uint64_t room, const endpoint& source,
               std::string tag);
  ~waiting_host() override;

  /// Connects and joins the room.
  void come() { begin(host_, 0); }
  /// The partner connects and joins the same room.
  void partner_comes();
  bool seated() const { return seated_; }
  /// Whether each of the two has heard from the relay that the other is there.
  bool met() const;
  /// Why the relay's connection to one of them is gone; empty while none is.
  const std::string& lost() const { return lost_; }
  /// Says a heartbeat, so that the relay does not end the host for its silence.
  void beat();
  /// Closes both connections.
  void leave();

  void on_event(uint32_t socket, uint32_t events) override;

private:
  struct end {
    descriptor fd;
    bool joined = false;
    std::string heard;
  };

  void begin(end& x, uint32_t socket);
  void read_some(end& x);

  event_loop& loop_;
  uint32_t number_;
  endpoint target_;
  endpoint source_;
  std::string join_;
  end host_;
  end partner_;
  bool seated_ = false;
  std::string lost_;
};

} // namespace liveconnect::bench
