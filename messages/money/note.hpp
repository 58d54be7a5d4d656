#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <caf/meta/type_name.hpp>

#include "messages/base/secret.hpp"
#include "messages/money/amount.hpp"

namespace liveconnect {

/// Servers of the product. Cores take the number as a parameter (docs/design/architecture.md
/// "Decision 1"); formats do not.
inline constexpr size_t raida_count = 25;

/// Denomination codes: a note of code d is worth 10^d coins (docs/formats/wallet.md 3).
inline constexpr int8_t denomination_min = -8;
inline constexpr int8_t denomination_max = 6;
inline constexpr size_t denomination_count = 15;
/// Serial numbers are 0..1,023,999 in each denomination (docs/formats/raida.md 1).
inline constexpr uint32_t serial_max = 1'023'999;

constexpr bool is_denomination(int code) {
  return code >= denomination_min && code <= denomination_max;
}

/// Value of one note; `code` must be a denomination.
amount denomination_value(int8_t code);

/// `1000`, `0.01`: the value of one note as text.
std::string denomination_name(int8_t code);

/// What names a note: the same serial in two denominations is two notes.
struct note_id {
  int8_t denomination = 0;
  uint32_t serial = 0;
};

inline bool operator==(note_id x, note_id y) {
  return x.denomination == y.denomination && x.serial == y.serial;
}
inline bool operator!=(note_id x, note_id y) {
  return !(x == y);
}
/// Largest denomination first, then by serial.
inline bool operator<(note_id x, note_id y) {
  return x.denomination != y.denomination ? x.denomination > y.denomination : x.serial < y.serial;
}

/// `1000 #7998`, for messages to people.
std::string to_string(note_id x);

template<class Inspector>
typename Inspector::result_type inspect(Inspector& f, note_id& x) {
  return f(caf::meta::type_name("note_id"), x.denomination, x.serial);
}

/// The secret that one server keeps for one note: its AN now, or the PAN that shall replace it.
using authenticity_number = secret<16>;

/// One digital coin: its name, and a secret for each server. `pans` is empty, or as long as `ans`.
/// Index i belongs to server i. `pown` is the last answer of each server, one letter a server
/// (docs/formats/raida.md 7), or empty when none is known.
struct note {
  note_id id;
  std::vector<authenticity_number> ans;
  std::vector<authenticity_number> pans;
  std::string pown;
};

inline amount value_of(const note& x) {
  return denomination_value(x.id.denomination);
}

/// Shows the name only (docs/design/safety.md I14). Notes never leave the process as CAF messages.
template<class Inspector>
typename Inspector::result_type inspect(Inspector& f, note& x) {
  return f(caf::meta::type_name("note"), x.id);
}

/// Sum of the notes' values. Cannot overflow below 184,000 notes of a million.
amount total(const std::vector<note>& notes);

} // namespace liveconnect

namespace std {
template<>
struct hash<liveconnect::note_id> {
  size_t operator()(liveconnect::note_id x) const noexcept {
    return std::hash<uint64_t>()(static_cast<uint64_t>(static_cast<uint8_t>(x.denomination)) << 32 |
                                 x.serial);
  }
};
} // namespace std
