#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/person.hpp"
#include "tests/simulation/server_farm.hpp"
#include "tests/simulation/strangers.hpp"

namespace liveconnect::simulation {

/// Three servers: groups of the 25 that get or miss each datagram as one.
inline constexpr size_t small_groups = 3;

/// What is explored.
enum class small_case : uint8_t {
  /// Bob holds the coins of one note and takes it, while Alice takes it back.
  one_note,
  /// Alice breaks a note; she had another that plays no part.
  broken_note,
};

/// Which moves there are beside the honest ones.
struct small_rules {
  small_case what = small_case::one_note;
  /// Somebody who knew the note before fixes it with tickets from then.
  bool old_holder = false;
  /// How many datagrams or answers may be lost, datagrams doubled, and datagrams late, in all. One
  /// that is late may arrive at any later point, or after all that is explored.
  uint32_t losses = 1;
  uint32_t doubles = 1;
  uint32_t lates = 1;
  /// How often each side may be killed, and how often it may start.
  uint32_t kills = 1;
  uint32_t starts = 2;
};

/// One thing that may happen next.
struct small_move {
  enum class kind : uint8_t {
    /// `who` starts its program.
    start,
    /// The datagram `which` arrives; its answer does too, if anybody still waits.
    arrive,
    /// Likewise, and the answer is lost.
    arrive_mute,
    lose,
    /// It arrives, and a copy of it stays under way.
    arrive_twice,
    /// It stays under way; those to the other servers go on.
    postpone,
    /// `who` waits no longer for its question; what is under way stays so.
    give_up,
    kill,
    /// The old holder's Fix reaches the group `which`.
    fix,
  };
  kind what = kind::start;
  size_t who = 0;
  size_t which = 0;
};

std::string to_string(const small_move& x);

/// Real wallets and real servers in which nothing has a time: at each point any of the possible
/// moves may come next. It cannot be copied, so a point is reached again by doing its moves again.
class small_world {
public:
  explicit small_world(const small_rules& rules);
  ~small_world();

  /// What may come next, in an order that follows from the state.
  std::vector<small_move> moves() const;
  void make(const small_move& x);
  /// Two worlds with the same number go on alike, and may differ in what led there.
  uint64_t state();
  /// Whether no program runs: the points at which close() has something to say.
  bool is_quiet() const;
  /// Lets everything that is under way arrive, and both sides start until nothing is open; answers
  /// what is wrong then, or was before.
  std::vector<std::string> close();

private:
  struct under_way;
  class way;

  void prepare();
  void prepare_transfer();
  void start(size_t who);
  void fix(size_t group);
  void deliver(const under_way& x, bool answers);
  void give_up(size_t who);
  bool is_awaited(const under_way& x) const;
  /// Whether a datagram of the same question goes to its servers before this one.
  bool has_one_before(const under_way& x) const;
  bool is_on_time(const under_way& x) const;
  void add_moves_of(size_t which, std::vector<small_move>& out) const;
  void finish_program(size_t who);

  small_rules rules_;
  scenario what_;
  event_queue server_events_;
  std::unique_ptr<server_farm> servers_;
  std::unique_ptr<way> way_;
  std::array<event_queue, 2> clocks_;
  std::array<std::unique_ptr<person>, 2> who_;
  std::array<uint32_t, 2> starts_{};
  std::array<uint32_t, 2> kills_{};
  uint32_t losses_ = 0;
  uint32_t doubles_ = 0;
  uint32_t lates_ = 0;
  std::array<bool, small_groups> fixed_{};
  std::array<uint64_t, 2> disks_{};
  std::vector<note> notes_;
  std::vector<uint32_t> tickets_;
  std::vector<strangers::drawn> old_holders_;
};

} // namespace liveconnect::simulation
