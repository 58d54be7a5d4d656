#pragma once

#include <functional>
#include <map>
#include <vector>

#include "messages/interfaces/raida.hpp"
#include "tests/simulation/event_queue.hpp"
#include "tests/simulation/scenario.hpp"
#include "tests/simulation/server_farm.hpp"

namespace liveconnect::simulation {

/// Which question a datagram belongs to: who asks, and how many questions of this command that one
/// asked before.
struct question_name {
  size_t person = alice;
  raida::command what = raida::command::echo;
  uint32_t nth = 0;
  /// How many questions of any command came before it.
  uint32_t number = 0;
};

/// Takes requests to servers, and brings answers or not.
class datagram_way {
public:
  virtual ~datagram_way() = default;
  /// Sends one request; `answered` is called with the answer, twice where the datagram came twice,
  /// or not at all.
  virtual void send(const question_name& name, size_t server, const secret_bytes& payload,
                    std::function<void(raida::answer)> answered) = 0;
};

/// The way to the servers and back. Every datagram and every answer is an event of its own, with a
/// delay that follows from the seed; the scenario's faults lose, double and delay them.
class network final : public datagram_way {
public:
  /// All outlive it.
  network(event_queue& events, server_farm& servers, const scenario& what);

  void send(const question_name& name, size_t server, const secret_bytes& payload,
            std::function<void(raida::answer)> answered) override;
  /// No datagram is lost any more. What is late still comes.
  void calm_down() { calm_ = true; }

  uint64_t datagrams() const { return datagrams_; }

private:
  /// What becomes of one datagram and its answers.
  struct fate {
    /// When each copy arrives, from now.
    std::vector<sim_time> arrivals;
    sim_time way_back = 0;
    bool answer_lost = false;
  };

  fate fate_of(const question_name& name, size_t server) const;
  void meet_faults(const question_name& name, size_t server, fate& x) const;
  void lose_some(const fault_item& loss, uint64_t draw, fate& x) const;
  uint64_t draw_for(const question_name& name, size_t server) const;
  /// How many servers' datagrams of this question leave before this one's.
  size_t place_of(const question_name& name, size_t server) const;

  event_queue& events_;
  server_farm& servers_;
  const scenario& what_;
  bool calm_ = false;
  uint64_t datagrams_ = 0;
};

/// In which group a server is, when `groups` of them act alike.
constexpr size_t group_of(size_t server, size_t groups) {
  return server * groups / raida_count;
}

/// The server with which a question begins: another one each time, the first of its group.
size_t first_asked(const scenario& what, const question_name& name);

} // namespace liveconnect::simulation
