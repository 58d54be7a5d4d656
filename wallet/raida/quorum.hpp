#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "messages/base/bytes.hpp"
#include "messages/money/note.hpp"
#include "messages/money/pown.hpp"
#include "messages/money/verdict.hpp"

/// What many servers' answers mean together. Pure; the number of servers is a parameter.
namespace liveconnect::raida {

/// How many servers there are and how many must agree.
struct quorum_rules {
  size_t servers = raida_count;
  /// Two different AN vectors must never both reach it: more than half of `servers`
  /// (docs/design/safety.md I1).
  size_t majority = 13;
  /// How many servers may lie or fall back to an old state without harm (f of docs/design/safety.md
  /// I6).
  size_t margin = 2;

  /// Answers that settle ownership: 13+f (docs/design/safety.md I6).
  constexpr size_t settled() const { return majority + margin; }
};

/// Whether two claims can never both reach the majority, and the margin can be reached at all.
constexpr bool is_sound(const quorum_rules& x) {
  return x.majority <= x.servers && 2 * x.majority > x.servers && x.settled() <= x.servers;
}

/// The smallest majority of `servers`, with margin `f`.
constexpr quorum_rules rules_for(size_t servers, size_t f) {
  return {servers, servers / 2 + 1, f};
}

// --- grading ---

/// The verdict by one round of letters, for display (docs/formats/wallet.md 7): authentic and
/// fracked from a majority of passes on, counterfeit from a majority of fails on, else limbo. Only
/// p and f say yes or no. Fewer passes than a majority beside some fails are limbo, not fracked:
/// such a note cannot be healed. The fails of a Pown, Break or Join are believed only once Find has
/// confirmed them (I7): callers ask Find first for every server in must_find().
note_verdict grade_detect(std::string_view pown, const quorum_rules& rules = {});

/// The servers whose answer to a Pown is not certain: everything but 'p' and 'u'. A fail is among
/// them, since a datagram that came twice fails the second time (docs/design/safety.md I7).
std::vector<size_t> must_find(std::string_view pown);

// --- Find ---

/// What one server said to Find(AN, PAN) of one note.
enum class find_answer : uint8_t {
  not_asked,
  /// It holds the AN (or both are equal).
  an,
  /// It holds the PAN.
  pan,
  /// It holds something else.
  neither,
  /// It has no such note at all (status 40): also a "no".
  no_such_note,
  /// No answer, or one without meaning.
  unknown,
};

/// What the servers said to Find about one note.
struct find_counts {
  /// Hold the PAN.
  size_t pan = 0;
  /// Hold the AN.
  size_t an = 0;
  /// Hold neither, or do not know the note.
  size_t neither = 0;
  /// Not asked, or no usable answer.
  size_t unknown = 0;
};
find_counts count_answers(const std::vector<find_answer>& x);

/// The verdict on a note that we have sent a Pown for (docs/design/safety.md 5.4: S in REFRESH, R
/// in POWN), from Find(AN, PAN). Authentic when every server holds our PAN, fracked when 13+f do:
/// ours. Counterfeit when 13+f hold neither secret: another owner's. Else limbo: ask again, never
/// delete. Servers that still hold the AN count for nothing: they get the same PAN again first.
note_verdict conclude_claim(const find_counts& x, const quorum_rules& rules = {});

/// Whether a claim in limbo is worth healing before Find is asked again: 13 or more hold our PAN,
/// fewer than 13+f.
bool has_bare_majority(const find_counts& x, const quorum_rules& rules = {});

/// The verdict on a note's AN (docs/design/safety.md 5.4: S in SENDING, R before its first Pown),
/// from Find(AN, zero); a "PAN" (zero) is a "no" like "neither". Counterfeit when 13+f no longer
/// hold it: another owner has taken the note. Authentic when every server holds it, fracked when
/// 13+f do: another claimant has fewer than a majority. Servers that hold another AN do not forbid
/// that: of a note that travelled fracked, some never knew this one. Else limbo: ask again.
note_verdict conclude_an(const find_counts& x, const quorum_rules& rules = {});

// --- what a note holds afterwards ---

/// Writes Find's answers into the note: where a server holds the PAN, it becomes the AN and the
/// letter 'p'; holds the AN: 'p'; neither: 'f'; else nothing changes. `pans` stay for the caller to
/// drop once every server is settled (docs/formats/wallet.md "Our rule"). The note must have
/// servers() ANs and PANs, else nothing is done.
void adopt_found(note& x, const std::vector<find_answer>& found);

} // namespace liveconnect::raida
