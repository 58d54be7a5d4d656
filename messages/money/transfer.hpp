#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <caf/meta/type_name.hpp>

#include "messages/base/bytes.hpp"
#include "messages/money/amount.hpp"
#include "messages/money/note.hpp"

namespace liveconnect {

/// Names one transfer on both sides and in both journals; drawn at random by the sender. Public.
struct transfer_id {
  std::array<uint8_t, 16> value{};
};
inline bool operator==(const transfer_id& x, const transfer_id& y) {
  return x.value == y.value;
}
inline bool operator!=(const transfer_id& x, const transfer_id& y) {
  return !(x == y);
}
inline bool operator<(const transfer_id& x, const transfer_id& y) {
  return x.value < y.value;
}
template<class Inspector>
typename Inspector::result_type inspect(Inspector& f, transfer_id& x) {
  return f(caf::meta::type_name("transfer_id"), x.value);
}
/// 32 hexadecimal digits: the journal's file name and what people type after `resume`.
inline std::string to_string(const transfer_id& x) {
  return to_hex(x.value);
}

/// Names one invitation; in the handshake's prologue (docs/protocol.md 4). Public.
using invitation_id = std::array<uint8_t, 16>;

/// A BLAKE2b-256 of public things.
using digest = std::array<uint8_t, 32>;

enum class role : uint8_t { sender, receiver };
inline const char* to_string(role x) {
  return x == role::sender ? "sender" : "receiver";
}
template<class Inspector>
typename Inspector::result_type inspect(Inspector& f, role& x) {
  auto value = static_cast<uint8_t>(x);
  return f(caf::meta::type_name("role"), value);
}

/// What the sender announces before any coin (docs/protocol.md 6): of constant size.
struct manifest {
  transfer_id id;
  amount sum;
  uint32_t notes = 0;
  /// Notes of each denomination, index 0 is code -8. They add up to `notes` and to `sum`.
  std::array<uint32_t, denomination_count> by_denomination{};
  /// BLAKE2b-256 over all coin records (407 bytes each, docs/formats/wallet.md 1) in the order
  /// sent.
  digest records{};
  /// How long the sender promises not to take the notes back, in seconds.
  uint32_t lease_seconds = 120;
};
bool operator==(const manifest& x, const manifest& y);
inline bool operator!=(const manifest& x, const manifest& y) {
  return !(x == y);
}

template<class Inspector>
typename Inspector::result_type inspect(Inspector& f, manifest& x) {
  return f(caf::meta::type_name("manifest"), x.id, x.sum, x.notes, x.by_denomination, x.records,
           x.lease_seconds);
}

} // namespace liveconnect
