#pragma once

#include <caf/expected.hpp>

#include "messages/base/bytes.hpp"
#include "messages/money/transfer.hpp"

namespace liveconnect {

/// Bytes of an encoded manifest, whatever it announces.
inline constexpr size_t manifest_bytes = 16 + 8 + 4 + 4 * denomination_count + 32 + 4;
/// A lease longer than this is refused.
inline constexpr uint32_t manifest_lease_seconds_max = 24 * 60 * 60;

/// `txid | u64 amount | u32 notes | 15 x u32 | digest | u32 lease`, big-endian (docs/protocol.md 6,
/// the manifest).
bytes encode(const manifest& x);

/// Reads one and checks it: exact length, at least one note, counts that add up to the notes and,
/// by their values, to the amount; a lease of 1 s to a day. Fails with ec::manifest_mismatch and
/// says which.
caf::expected<manifest> decode_manifest(byte_view x);

/// The checks of decode_manifest() alone; caf::none when all hold.
caf::error check(const manifest& x);

/// BLAKE2b-256 over the encoded manifest: what coins and receipt are bound to.
digest hash_of(const manifest& x);

} // namespace liveconnect
