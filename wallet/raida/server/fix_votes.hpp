#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "messages/base/mutants.hpp"
#include "messages/money/note.hpp"
#include "wallet/raida/server/record_store.hpp"

/// What the other servers say of the tickets that a Fix brings, and when that is enough. Pure: time
/// comes from the caller.
namespace liveconnect::raida {

/// What another server said may be this old when the Fix is written, counted from when it was
/// asked: what it knew then may have changed since, and the note's owner with it.
inline constexpr auto listing_lifetime = std::chrono::milliseconds(250);
/// How often the other servers are asked in all: once, and twice more those whose word grew old
/// while another one was waited for.
inline constexpr unsigned fix_rounds_max = 3;

/// A ticket of another server that a Fix relies on.
struct ticket_claim {
  uint8_t server = 0;
  uint32_t ticket = 0;
};

/// A Fix that waits for the other servers' word on their tickets.
struct pending_fix {
  std::vector<note_id> notes;
  authenticity_number pg;
  /// The servers to ask; never this one, each at most once.
  std::vector<ticket_claim> claims;
  /// Same length as `notes`: the record as it was when the Fix began. Nothing: the note was free,
  /// and no Fix makes a note (docs/design/safety.md I16).
  std::vector<std::optional<record>> before;
};

/// What another server said a ticket covers.
struct ticket_listing {
  uint8_t server = 0;
  std::vector<note_id> notes;
  /// When it was asked. Nothing: in the very turn in which the Fix is decided.
  std::optional<std::chrono::steady_clock::time_point> asked = std::nullopt;
};

/// The votes for the notes of one Fix.
class fix_votes {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Votes of others that a note needs: a majority of the network without this server's own, 13 of
  /// 25 (docs/formats/raida.md 9, step 3).
  static size_t needed_of(size_t servers) { return servers / 2 + 1; }

  /// `servers` of the network.
  fix_votes(pending_fix fix, size_t servers);

  const pending_fix& fix() const { return fix_; }

  /// Begins a round and names whom to ask in it: all at first, later those whose word has grown
  /// old. Empty: nobody, the Fix is to be decided with what there is.
  std::vector<ticket_claim> next_round(time_point now);
  unsigned rounds() const { return rounds_; }

  /// Takes one answer. A server that was not asked is ignored; one that speaks again is believed
  /// the last time.
  void hear(ticket_listing x);

  /// Whether waiting can gain nothing: each note that can pass has its votes now.
  bool is_decided(time_point now) const;

  /// What counts at this moment.
  std::vector<ticket_listing> fresh(time_point now) const;

  static bool is_fresh(const ticket_listing& x, time_point now) {
    return !x.asked || now - *x.asked <= listing_lifetime || LC_MUTANT(old_word_counts);
  }

private:
  pending_fix fix_;
  size_t needed_;
  unsigned rounds_ = 0;
  std::map<uint8_t, ticket_listing> heard_;
};

/// Votes a note: one of each server that was asked, however often it speaks, of listings that are
/// fresh.
std::unordered_map<note_id, size_t> count_votes(const std::vector<ticket_claim>& asked,
                                                const std::vector<ticket_listing>& listings,
                                                fix_votes::time_point now);

} // namespace liveconnect::raida
