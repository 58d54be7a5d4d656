#pragma once

#include <chrono>
#include <cstddef>

#include <caf/expected.hpp>

#include "benchmarks/json.hpp"

namespace liveconnect::bench {

/// What a coin's bytes cost from plaintext to frame and back, beside what the three steps cost
/// alone. Figures are bytes of plaintext a second.
struct coin_payload_rates {
  size_t plaintext_bytes = 0;
  /// secure_channel: seal, base64, frame, encode; then read the frame, decode, open.
  double whole = 0;
  /// ChaCha20-Poly1305 of libsodium, sealing and opening.
  double seal = 0;
  /// The project's base64, both ways.
  double base64 = 0;
  /// encode() and frame_reader, both ways, on a body of that size.
  double frame = 0;

  /// What the whole would reach if putting the parts together cost nothing: the harmonic limit.
  double limit() const;
  double share_of_limit() const { return whole / limit(); }
};

/// The rates in GB/s, for a result.
json to_json(const coin_payload_rates& x);

/// Takes turns at the whole and its parts for about so long.
caf::expected<coin_payload_rates> measure_coin_payload(size_t plaintext_bytes,
                                                       std::chrono::milliseconds time);

} // namespace liveconnect::bench
