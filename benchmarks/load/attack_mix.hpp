#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "benchmarks/load/event_loop.hpp"
#include "messages/interfaces/relay.hpp"
#include "messages/wire/room.hpp"

namespace liveconnect::bench {

/// One way of misusing a relay.
enum class attack_kind : uint8_t {
  slow_join,
  slow_frame,
  wrong_tag,
  connection_flood,
  frame_flood,
  noise,
  bad_frame,
  forged_from,
  oversize,
  second_join,
  slow_reader,
  half_open,
  proxy_header,
  reset,
};
inline constexpr size_t attack_kinds = 14;

/// Which of the relay's deadlines ends an attack that waits for one.
enum class waits_for : uint8_t { nothing, join, frame, stall, silence };

/// How an attack goes, and what a relay with its limits does about it; benchmarks/README.md says in
/// words what each does.
struct attack_traits {
  attack_kind kind;
  const char* name;
  /// Begun a second (a pair counts once), open at most, and source addresses that it comes from.
  double per_second;
  size_t at_once;
  size_t sources;
  /// Two connections in one room.
  bool pairs;
  /// It stays until this ends it; else it is over at once, or when the attack is.
  waits_for deadline;
  /// Words that the relay must have used.
  std::vector<liveconnect::relay::refusal> typical;
  /// Words that may come besides, and are right too.
  std::vector<liveconnect::relay::refusal> also;
};

/// All of them, in the order of attack_kind.
const std::vector<attack_traits>& all_attacks();
/// nullptr for a name that is none of them.
const attack_traits* find_attack(const std::string& name);

/// What became of the connections of one kind. Of a pair both count.
struct attack_tally {
  uint64_t begun = 0;
  /// By the relay's word.
  std::map<std::string, uint64_t> refused;
  /// Closed or reset by the relay and no word read: a reset overtakes words.
  uint64_t closed = 0;
  /// The attack's own end: it reset, or it was over.
  uint64_t given_up = 0;
  /// Never got as far as to be connected.
  uint64_t unconnected = 0;
  uint64_t open = 0;
  /// Longest life of a connection that the relay ended.
  double longest_seconds = 0;
  /// Bytes that went out.
  uint64_t bytes = 0;
};

/// All attackers in one load: connections from 127.100.0.0 on, each kind from addresses of its own.
/// Whatever the relay does to them is no failure of the loop; the tallies tell.
class attack_mix : public load {
public:
  struct config {
    std::vector<attack_kind> kinds;
    endpoint target;
    /// The same seed begins the same attacks in the same order, as far as the relay lets them.
    uint64_t seed = 0;
    /// The room in which the honest host waits, for wrong_tag.
    uint64_t victim_room = 0;
    /// Between the bytes of those that trickle.
    std::chrono::milliseconds trickle{500};
  };

  attack_mix(event_loop& loop, config how);
  ~attack_mix() override;

  void start(time_point now);
  /// Begins nothing more and ends what waits for no deadline. The others stay.
  void stop();
  uint64_t open() const;
  /// Ends what is left, for good.
  void end();

  const attack_tally& tally(attack_kind x) const { return tallies_[static_cast<size_t>(x)]; }
  /// Connections begun so far, and those that were refused or closed.
  uint64_t begun() const;
  uint64_t turned_away() const;

  void on_event(uint32_t socket, uint32_t events) override;
  time_point next_due() const override { return next_tick_; }
  void on_due(time_point now) override;

private:
  enum class stage : uint8_t { connecting, joining, seated };
  struct attacker {
    descriptor fd;
    const attack_traits* how = nullptr;
    stage at = stage::connecting;
    /// The second of a pair.
    bool second = false;
    /// The other one of a pair.
    std::optional<uint32_t> partner;
    std::string unsent;
    /// The end of what came, for words that come in two parts.
    std::string heard;
    /// What a flood repeats.
    bool floods = false;
    size_t flood_at = 0;
    size_t trickled = 0;
    time_point begun;
    time_point next = time_point::max();
  };

  /// What an attacker says as it comes.
  std::string first_words(const attack_traits& how);
  void begin(const attack_traits& how, time_point now);
  uint32_t open_one(const attack_traits& how, std::string text, time_point now);
  void write_some(uint32_t at);
  void read_some(uint32_t at);
  void take_words(uint32_t at);
  void seated(uint32_t at);
  void trickle(uint32_t at, time_point now);
  void watch(uint32_t at);
  void ended(uint32_t at, const std::string& word);
  void give_up(uint32_t at);
  void close(uint32_t at);
  attack_tally& tally_of(const attacker& x) { return tallies_[static_cast<size_t>(x.how->kind)]; }
  std::string join(uint64_t room);
  std::string random_letters(size_t count);

  event_loop& loop_;
  config how_;
  uint32_t number_;
  std::mt19937_64 random_;
  /// Third part of all addresses: a relay remembers for ten minutes which addresses a run with
  /// another seed came from.
  unsigned source_block_;
  std::vector<attack_tally> tallies_;
  std::vector<time_point> next_start_;
  std::vector<uint64_t> started_;
  std::vector<attacker> attackers_;
  std::vector<uint32_t> free_;
  /// Freed in this turn: a late event must not meet a new owner.
  std::vector<uint32_t> freed_;
  std::string flood_frame_;
  std::vector<char> buffer_;
  bool attacking_ = false;
  time_point next_tick_ = time_point::max();
};

} // namespace liveconnect::bench
