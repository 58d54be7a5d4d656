#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "messages/money/note.hpp"
#include "wallet/raida/client/port.hpp"
#include "wallet/raida/server/server_core.hpp"

namespace liveconnect::test {

/// A record store that is a map: commits and rolls back like the real one, and fails on demand.
class memory_store final : public raida::record_store {
public:
  caf::expected<std::optional<raida::record>> get(note_id id) override;
  caf::error for_each_in_use(const std::function<void(note_id)>& visit) override;
  caf::expected<std::optional<raida::supply_account>> account() override;
  caf::error begin_account(const raida::supply_account& x) override;
  caf::error stage(const std::vector<raida::change>& changes) override;
  caf::error commit() override;
  void rollback() override;

  /// Sets a record directly, as if committed: a note that comes into use or goes out of it counts
  /// as created or freed by the operator.
  void put(note_id id, const authenticity_number& an, uint8_t mfs);
  /// The account becomes what is said here, whatever the records say; nothing: that of an earlier
  /// program, which kept none.
  void set_account(std::optional<raida::supply_account> x) { account_ = x; }

  const std::map<note_id, raida::record>& committed() const { return committed_; }

  /// The next commits fail.
  bool disk_is_full = false;

private:
  std::map<note_id, raida::record> committed_;
  std::map<note_id, raida::record> staged_;
  std::optional<raida::supply_account> account_ = raida::supply_account{};
  /// What is staged was created or freed.
  std::vector<raida::change> staged_effects_;
};

/// Numbers that look random and repeat with the seed; values given to say_next() come first, each
/// to one whole request for bytes of its size.
class scripted_random final : public raida::random_source {
public:
  explicit scripted_random(uint64_t seed = 1) : state_(seed) {}
  void fill(uint8_t* out, size_t size) override;
  void say_next(bytes value) { script_.push_back(std::move(value)); }

private:
  uint64_t state_;
  std::deque<bytes> script_;
};

/// A whole network of real server cores in memory, for tests that need one to talk to: real packets
/// are encoded, checked and decoded on the way. Not thread-safe.
class raida_lab final : public raida::raida_port {
public:
  explicit raida_lab(size_t servers = raida_count, uint64_t seed = 1);
  raida_lab(size_t servers, const secret<16>& operator_key, const std::string& version,
            uint64_t seed = 1);
  /// The same servers once more, restarted: their records and the clock are there, tickets and
  /// reservations are not.
  raida_lab(const raida_lab& of);
  raida_lab& operator=(const raida_lab&) = delete;
  ~raida_lab() override;

  size_t servers() const override { return nodes_.size(); }
  raida::answers ask(const raida::ask_all& what) override;

  /// What the operator's key opens on every server.
  const secret<16>& operator_key() const { return operator_key_; }

  /// A new note with fresh ANs, in use on every server.
  note mint(note_id id);
  /// One server forgets what it held for the note and holds another AN.
  void frack(size_t server, note_id id);
  /// How many servers hold exactly this note's AN and count it as in use.
  size_t passes(const note& x);

  /// The server neither hears nor answers while down.
  void set_down(size_t server, bool down);
  /// The server handles the next `count` requests, and its answers are lost.
  void lose_answers(size_t server, size_t count);
  /// Lets time pass for tickets and reservations.
  void advance(std::chrono::steady_clock::duration by) { now_.now += by; }

  raida::server_core& core(size_t server);
  memory_store& store(size_t server);
  const memory_store& store(size_t server) const;
  scripted_random& random(size_t server);
  raida::moment now() const { return now_; }

  /// One packet to one server, with a Fix asked through and changes committed, as the host does.
  /// Empty when the server does not answer.
  bytes exchange(size_t server, raida::arrival how, byte_view packet);

private:
  struct node;
  std::vector<std::unique_ptr<node>> nodes_;
  secret<16> operator_key_;
  scripted_random random_;
  raida::moment now_;
};

} // namespace liveconnect::test
