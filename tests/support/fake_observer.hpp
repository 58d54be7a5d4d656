#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <caf/all.hpp>

#include "messages/interfaces/interfaces.hpp"

namespace liveconnect::test {

/// Keeps every event of a session in order.
struct seen_events {
  std::vector<session::event> list;

  template<class T>
  size_t count() const {
    size_t out = 0;
    for (const auto& x : list)
      out += std::holds_alternative<T>(x) ? 1 : 0;
    return out;
  }
  template<class T>
  const T* last() const {
    for (auto i = list.rbegin(); i != list.rend(); ++i)
      if (auto found = std::get_if<T>(&*i))
        return found;
    return nullptr;
  }
  /// Numbers of the finished steps, without those that only the table has.
  std::vector<int> finished_steps() const {
    std::vector<int> out;
    for (const auto& x : list)
      if (auto s = std::get_if<session::step>(&x))
        if (s->number != 0 && s->phase == session::step_phase::finished)
          out.push_back(s->number);
    return out;
  }
};

inline session_observer_actor fake_observer(caf::actor_system& system,
                                            std::shared_ptr<seen_events> seen) {
  return system.spawn(
      [seen](session_observer_actor::pointer) -> session_observer_actor::behavior_type {
        auto keep = [seen](const auto& x) { seen->list.push_back(x); };
        return {
            [=](const session::joined& x) { keep(x); },
            [=](const session::peer_seen& x) { keep(x); },
            [=](const session::peer_lost& x) { keep(x); },
            [=](const session::link_lost& x) { keep(x); },
            [=](const session::connected& x) { keep(x); },
            [=](const session::approve_amount& x) { keep(x); },
            [=](const session::amount_agreed& x) { keep(x); },
            [=](const session::step& x) { keep(x); },
            [=](const session::progress& x) { keep(x); },
            [=](const session::receipt_filed& x) { keep(x); },
            [=](const session::waiting& x) { keep(x); },
            [=](const session::warning& x) { keep(x); },
            [=](const session::finished& x) { keep(x); },
        };
      });
}

} // namespace liveconnect::test
