#include "actors/relay/heartbeat.hpp"

#include <algorithm>

#include "messages/base/assert.hpp"

namespace liveconnect::relay {

void heartbeat_state::add(std::shared_ptr<liveness> life, const connection_actor& who,
                          time_point now) {
  LC_ASSERT_OR(life != nullptr, return );
  list.push_back({std::move(life), who, now, now});
  // Two that have ended go for each that comes: between two looks thousands may come and go, and
  // each holds its actor's memory.
  forget_ended(2);
}

void heartbeat_state::forget_ended(size_t looks) {
  for (; looks > 0 && !list.empty(); --looks) {
    if (next >= list.size())
      next = 0;
    if (list[next].life->ended.load(std::memory_order_acquire)) {
      std::swap(list[next], list.back());
      list.pop_back();
    } else {
      ++next;
    }
  }
}

void heartbeat_state::look_at_all(pointer self, time_point now) {
  for (size_t i = 0; i < list.size();) {
    if (look_at(self, list[i], now)) {
      ++i;
    } else {
      std::swap(list[i], list.back());
      list.pop_back();
    }
  }
}

bool heartbeat_state::look_at(pointer self, watched& x, time_point now) const {
  auto& life = *x.life;
  if (life.ended.load(std::memory_order_acquire))
    return false;
  if (life.heard.exchange(false, std::memory_order_relaxed) ||
      life.held.load(std::memory_order_relaxed))
    x.heard = now;
  if (life.paired.load(std::memory_order_relaxed))
    x.met = now;
  if (x.told)
    return true;
  if (now - x.heard >= config.timeout) {
    x.told = true;
    self->send(x.who, timed_out{refusal::silent});
  } else if (now - x.met >= config.room_wait) {
    x.told = true;
    self->send(x.who, timed_out{refusal::lonely});
  }
  return true;
}

caf::timespan heartbeat_config::interval() const {
  const caf::timespan fine = std::min(timeout, room_wait) / 36;
  return std::clamp<caf::timespan>(fine, std::chrono::milliseconds(10), std::chrono::seconds(5));
}

heartbeat_actor::behavior_type heartbeat(heartbeat_actor::stateful_pointer<heartbeat_state> self,
                                         heartbeat_config config) {
  self->state.config = config;
  self->delayed_send(self, config.interval(), atom::tick_v);
  return {
      [self](std::shared_ptr<liveness>& life, const connection_actor& who) {
        self->state.add(std::move(life), who, self->system().clock().now());
      },
      [self](const limits_update& x) {
        self->state.config.timeout = x.heartbeat_timeout;
        self->state.config.room_wait = x.room_wait;
      },
      [self](atom::tick tick) {
        self->state.look_at_all(self, self->system().clock().now());
        self->delayed_send(self, self->state.config.interval(), tick);
      },
  };
}

} // namespace liveconnect::relay
