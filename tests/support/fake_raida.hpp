#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "messages/money/note.hpp"
#include "tests/support/raida_lab.hpp"
#include "wallet/raida/client/port.hpp"

namespace liveconnect::test {

/// What goes wrong with requests to one server. The first fault that matches counts.
struct fault {
  enum class reply : uint8_t {
    /// The server's own answer.
    real,
    /// None comes.
    lost,
    /// The server cannot be reached.
    unreachable,
    /// `status` without payload, whatever the server said.
    forged,
    /// Something that does not belong to the request.
    invalid,
  };

  size_t server = 0;
  /// Only this command; none = every one.
  std::optional<raida::command> on;
  /// How many requests it meets.
  size_t times = SIZE_MAX;
  /// How often the request reaches the server; the last of its answers is the one that counts.
  unsigned copies = 1;
  /// Keeps the request back until deliver_delayed(); its answer is dropped.
  bool delayed = false;
  reply what = reply::real;
  uint8_t status = 0;

  static fault down(size_t server);
  static fault lost_request(size_t server, raida::command on, size_t times = 1);
  static fault lost_reply(size_t server, raida::command on, size_t times = 1);
  static fault duplicated(size_t server, raida::command on, size_t times = 1);
  static fault late(size_t server, raida::command on, size_t times = 1);
  /// `applied`: whether the server also does what it was asked.
  static fault lying(size_t server, raida::command on, uint8_t status, bool applied = false,
                     size_t times = SIZE_MAX);
};

/// The network of real server cores (raida_lab) behind the port of the wallet, with faults on the
/// way to it. Nothing waits: a lost answer is silent at once. Deterministic: the same seed and
/// calls give the same ANs and faults.
class fake_raida : public raida::raida_port {
public:
  explicit fake_raida(size_t servers = raida_count, uint64_t seed = 1);
  /// The same servers, restarted, apart from `of` from here on, with the same faults before them
  /// and the same requests still under way. Nobody watches them: on_ask is empty.
  fake_raida(const fake_raida& of);
  fake_raida& operator=(const fake_raida&) = delete;

  size_t servers() const override { return lab_.servers(); }
  raida::answers ask(const raida::ask_all& what) override;

  /// Faults in the order added, earlier ones first. A server that is down is so for the other
  /// servers too.
  void add(const fault& x);
  /// Every server is itself again; delayed requests stay delayed.
  void clear_faults();
  /// Requests and replies are lost, and requests doubled, each with this probability (0..1), drawn
  /// from the seed.
  void set_loss(double requests, double replies, double doubles);
  /// Delayed requests arrive now, oldest first.
  void deliver_delayed();

  /// Called before each ask with the question: order checks, and crashes by throwing.
  std::function<void(const raida::ask_all&)> on_ask;
  /// Questions asked so far, and requests that reached a server, by command.
  std::map<raida::command, size_t> asked;
  std::map<raida::command, size_t> arrived;

  /// Issues a note: every server gets an AN of its own.
  note mint(note_id id) { return lab_.mint(id); }
  /// Issues `count` notes from `first_serial` on.
  std::vector<note> mint(int8_t denomination, uint32_t first_serial, size_t count);
  /// The server forgets what it knew and holds another AN.
  void damage(size_t server, note_id id) { lab_.frack(server, id); }
  /// The record as the server has it: none for a free note.
  std::optional<authenticity_number> held(size_t server, note_id id);
  /// Sets the record; none frees it (a server that fell back to an old state). The server forgets
  /// its tickets and reservations.
  void set_held(size_t server, note_id id, std::optional<authenticity_number> an);
  /// Every record in use on a server.
  void for_each_held(size_t server,
                     const std::function<void(note_id, const authenticity_number&)>& visit) const;
  /// The server's program starts again: it forgets its tickets and reservations.
  void restart(size_t server);
  /// How many servers hold the note's ANs: the truth, past all faults.
  size_t holders(const note& x) { return lab_.passes(x); }

  /// Moves the servers' clock: tickets and reservations expire.
  void advance(std::chrono::seconds by) { lab_.advance(by); }

private:
  struct parked {
    size_t server;
    raida::command what;
    secret_bytes payload;
  };

  raida::answer carry_out(size_t server, raida::command what, byte_view payload);
  raida::answer meet_faults(size_t server, raida::command what, byte_view payload);
  fault next_fault(size_t server, raida::command what);
  bool chance(double probability);

  raida_lab lab_;
  std::deque<fault> faults_;
  std::deque<parked> delayed_;
  std::mt19937_64 random_;
  double lose_requests_ = 0;
  double lose_replies_ = 0;
  double doubles_ = 0;
};

} // namespace liveconnect::test
