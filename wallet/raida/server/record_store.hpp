#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <caf/expected.hpp>

#include "messages/money/note.hpp"

/// What a server keeps on its disk: a record a note, and the operator's account.
namespace liveconnect::raida {

/// What a server keeps of one note.
struct record {
  authenticity_number an;
  /// Month of the last change of owner, counted from February 2023; 0 means free: a note
  /// without an owner, which fails everywhere (docs/formats/raida.md 15).
  uint8_t mfs = 0;
};
inline bool operator==(const record& x, const record& y) {
  return x.mfs == y.mfs && x.an == y.an;
}

/// What a change does to the value in use on a server (docs/design/safety.md I16).
enum class supply_effect : uint8_t {
  /// The value stays, if not by this change alone then by all of its request.
  none,
  /// The operator made the note.
  created,
  /// The operator took the note out of use.
  freed,
};

/// One record set to a new value.
struct change {
  note_id id;
  record to;
  supply_effect effect = supply_effect::none;
};

/// What the operator has made and taken back on one server since it exists, in units of 10^-8 coin.
/// The notes in use are worth the difference (docs/design/safety.md I16).
struct supply_account {
  uint64_t created = 0;
  uint64_t freed = 0;
};
inline bool operator==(const supply_account& x, const supply_account& y) {
  return x.created == y.created && x.freed == y.freed;
}

/// Adds to the account what the changes created and freed. False, with the account as it was, when
/// a sum does not fit.
[[nodiscard]] bool add_to(supply_account& account, const std::vector<change>& changes);

/// The server's records. A note without a record is free. Implementations: server_store (SQLite),
/// and a map in tests. Not thread-safe: its server's alone.
class record_store {
public:
  virtual ~record_store() = default;
  /// The record, staged changes included. `nullopt` when there is none. Fails with
  /// ec::disk_failed.
  virtual caf::expected<std::optional<record>> get(note_id id) = 0;
  /// Calls `visit` for every note in use, committed ones only.
  virtual caf::error for_each_in_use(const std::function<void(note_id)>& visit) = 0;
  /// The operator's account, staged changes included. `nullopt` for records that an earlier program
  /// wrote, which kept none.
  virtual caf::expected<std::optional<supply_account>> account() = 0;
  /// Begins the account of such records. Durable when it returns. Nothing may be staged.
  virtual caf::error begin_account(const supply_account& x) = 0;
  /// Makes changes visible to get() and account(), not yet durable. All or none of one call.
  virtual caf::error stage(const std::vector<change>& changes) = 0;
  /// Makes everything staged durable at once. After an error nothing of it has happened.
  virtual caf::error commit() = 0;
  /// Forgets everything staged.
  virtual void rollback() = 0;
};

} // namespace liveconnect::raida
