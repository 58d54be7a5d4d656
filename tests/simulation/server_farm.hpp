#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "messages/money/note.hpp"
#include "tests/simulation/event_queue.hpp"
#include "tests/simulation/scenario.hpp"
#include "wallet/raida/server/server_core.hpp"

namespace liveconnect::simulation {

/// The real server cores, each with its records in memory. What servers ask each other for a Fix
/// goes as datagrams of its own. After each command the value of the live records is compared with
/// what was created.
class server_farm {
public:
  /// `events` outlives it.
  server_farm(event_queue& events, size_t servers, uint64_t seed);
  ~server_farm();

  size_t servers() const { return nodes_.size(); }

  /// One request to one server; `answer` is called with the response, later or not at all.
  void receive(size_t server, raida::arrival how, byte_view packet,
               std::function<void(bytes)> answer);
  /// Whether connections are refused.
  bool is_down(size_t server) const;

  void set_down(size_t server, bool x);
  void set_silent(size_t server, bool x);
  /// What it takes longer than others, before it looks at a request.
  void set_delay(size_t server, sim_time x);
  void set_lie(size_t server, lie how);
  bool lies(size_t server) const;
  /// Servers refuse each Fix, as the published ones do.
  void refuse_fixes();
  /// It dies, and comes back with its records as they were at `when`.
  void roll_back(size_t server, sim_time when);

  /// New notes with fresh ANs, in use on every server.
  std::vector<note> mint(const std::vector<note_id>& ids);
  /// The server holds another AN for the note than anybody knows.
  void frack(size_t server, note_id id);
  /// Whether it still holds what frack() gave it.
  bool is_fracked(size_t server, note_id id);

  std::optional<authenticity_number> held(size_t server, note_id id);
  /// What the server holds, as one number.
  uint64_t state_of(size_t server) const;
  /// How many of the honest servers hold these ANs.
  size_t honest_holders(const note& x);
  /// All notes that some server has in use.
  std::set<note_id> live_notes();
  /// What servers did that they must never do.
  const std::vector<std::string>& violations() const { return violations_; }

private:
  struct node;
  struct waiting_fix;

  void carry_out(size_t server, raida::arrival how, byte_view packet,
                 const std::function<void(bytes)>& answer);
  void finish(size_t server, const raida::reply_context& to, const raida::reply& what,
              const std::function<void(bytes)>& answer);
  void begin_fix(size_t server, const raida::handled& x, std::function<void(bytes)> answer);
  void ask_others(const std::shared_ptr<waiting_fix>& waiting);
  void complete_fix(const std::shared_ptr<waiting_fix>& x);
  bool refuses_fix(size_t server, raida::arrival how, byte_view packet,
                   const std::function<void(bytes)>& answer);
  void answer_falsely(size_t server, raida::arrival how, byte_view packet,
                      const std::function<void(bytes)>& answer);
  void judge_supply(size_t server, const char* after);
  raida::moment now() const;
  note mint_one(note_id id);

  event_queue& events_;
  std::vector<std::unique_ptr<node>> nodes_;
  uint64_t seed_;
  uint64_t inquiries_ = 0;
  bool fixes_ = true;
  std::vector<note> strange_;
  std::vector<std::string> violations_;
};

} // namespace liveconnect::simulation
