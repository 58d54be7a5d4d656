#pragma once

#include <map>
#include <memory>
#include <vector>

#include "messages/interfaces/wallet.hpp"
#include "messages/money/note.hpp"
#include "tests/simulation/network.hpp"
#include "tests/simulation/seeded.hpp"

namespace liveconnect::simulation {

/// What strangers play with is of this denomination or larger, which nobody else has.
inline constexpr int8_t strangers_smallest = 3;

/// Clients that have no wallet and keep no rule: they send what they like and remember all secrets
/// that they drew. Nothing in them blocks; answers come as events.
class strangers {
public:
  /// All outlive it. `who` is their number in question_name.
  strangers(event_queue& events, network& net, const scenario& what, size_t who);

  /// Takes tickets for the notes at all servers; fix_with_tickets() uses them.
  void take_tickets(const std::vector<note>& notes);
  /// Fixes each of those notes at all servers, under PGs of its own.
  void fix_with_tickets();
  /// Powns the notes at `count` servers.
  void pown(const std::vector<note>& notes, size_t count);
  /// Does `count` things at random with notes of its own.
  void play(const std::vector<note>& own, uint32_t count);

  /// Every secret drawn so far: note, server, AN.
  struct drawn {
    note_id id;
    size_t server;
    authenticity_number an;
  };
  const std::vector<drawn>& secrets() const { return drawn_; }

private:
  struct game;

  void ask(raida::command what, size_t server, secret_bytes payload,
           std::function<void(raida::answer)> answered);
  void remember(note_id id, size_t server, const authenticity_number& an);
  std::vector<size_t> some_servers(seeded& random) const;
  void next_move(const std::shared_ptr<game>& x);
  void change_something(game& x);
  void fix_something(game& x);
  void pown_something(game& x);

  event_queue& events_;
  network& net_;
  const scenario& what_;
  size_t who_;
  uint32_t asked_ = 0;
  std::vector<note> with_tickets_;
  std::vector<uint32_t> tickets_;
  std::vector<drawn> drawn_;
};

} // namespace liveconnect::simulation
