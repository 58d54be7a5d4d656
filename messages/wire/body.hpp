#pragma once

#include <cstdint>
#include <vector>

#include "messages/base/bytes.hpp"

namespace liveconnect {

/// The longest plaintext of one sealed body: sealed, in base64, with the longest head of either
/// notation and the longest address it still fits a frame. A coin file of 117 notes fits.
inline constexpr size_t body_plaintext_max = 48'000;

/// Cuts a plaintext into parts of at most `part_bytes_max` (greater than zero) for frames 1..n of
/// one body; an empty plaintext is one empty part. The views look into `plaintext`.
std::vector<byte_view> split_body(byte_view plaintext, size_t part_bytes_max = body_plaintext_max);

} // namespace liveconnect
