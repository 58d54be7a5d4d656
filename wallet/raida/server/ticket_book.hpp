#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "messages/money/note.hpp"
#include "wallet/raida/server/client_key.hpp"

namespace liveconnect::raida {

/// How long a ticket may be claimed.
inline constexpr auto ticket_lifetime = std::chrono::seconds(300);
/// Tickets of one server at once (docs/formats/raida.md 9), and notes of one.
inline constexpr size_t tickets_max = 512;
inline constexpr size_t ticket_notes_max = 4096;
/// Notes of all tickets of one server together.
inline constexpr size_t ticket_notes_in_all_max = 131072;
/// Tickets of one client; a further one takes the place of its oldest.
inline constexpr size_t tickets_of_client_max = 64;
/// Tickets that one note stands in; a further one takes it out of the oldest. More than one, so
/// that a question that the network doubled does not void the answer that was heard.
inline constexpr size_t tickets_of_note_max = 4;

/// The tickets that one server has given out. A ticket says of its notes that the client who asked
/// knew their ANs here; it is void for a note as soon as the note's record changes
/// (docs/design/safety.md I16): who knew the AN before is not the owner any more.
///
/// Every method from any thread: servers of one process look into each other's books in the turn in
/// which they decide a Fix, so no later moment can make the answer stale. Time comes from the
/// caller and does not go back by more than the threads' clocks differ.
class ticket_book {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Gives out a ticket under `number`, which is not taken (is_free()). Each note once, at least
  /// one; `client` is who asked, none when budgets do not count it. False when there is no slot.
  bool issue(uint32_t number, const std::vector<note_id>& notes,
             const std::optional<client_key>& client, time_point now);
  /// Whether a ticket may have this number; 0 stands for "no ticket" in a Fix.
  bool is_free(uint32_t number) const;

  /// The notes for which the ticket still stands, in the order asked; the same to whoever asks
  /// again. Nothing when there is no such ticket, or none of its notes is left.
  std::optional<std::vector<note_id>> listing(uint32_t number, time_point now) const;

  /// The note's record changed: no ticket stands for it any more.
  void forget(note_id id);
  void clear();

  size_t size() const;

private:
  struct ticket {
    std::vector<note_id> notes;
    /// Same length: whether the ticket still stands for the note.
    std::vector<bool> stands;
    size_t standing = 0;
    time_point until;
    std::optional<client_key> client;
    /// Place in by_age_.
    uint64_t age = 0;
  };
  /// A note's place in one ticket.
  struct place {
    uint32_t number = 0;
    uint32_t index = 0;
  };

  void drop(uint32_t number);
  void drop_expired(time_point now);
  /// Frees a slot at the cost of the client who has most, if that is not the one who asks.
  bool make_room(const std::optional<client_key>& client);
  bool is_full(size_t notes) const;
  /// Takes the note out of one ticket; the ticket goes with its last note.
  void strike(const place& x);

  mutable std::mutex mutex_;
  std::unordered_map<uint32_t, ticket> tickets_;
  /// Ticket numbers, oldest first: all live equally long.
  std::map<uint64_t, uint32_t> by_age_;
  uint64_t last_age_ = 0;
  /// Where a note stands, oldest ticket first.
  std::unordered_map<note_id, std::vector<place>> places_;
  /// Ages of each counted client's tickets.
  std::unordered_map<client_key, std::set<uint64_t>, client_key_hash> of_client_;
  size_t standing_ = 0;
};

} // namespace liveconnect::raida
