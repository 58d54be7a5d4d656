#pragma once

#include <chrono>
#include <cstddef>

#include <caf/expected.hpp>

#include "benchmarks/figures/json.hpp"
#include "messages/secure/secure_channel.hpp"

namespace liveconnect::bench {

/// Two ends of a session that have met.
class session_ends {
public:
  session_ends();

  /// The handshake with its heartbeats, as a room carries them; false when it fails.
  bool meet();

  secure_channel sender;
  secure_channel receiver;

private:
  explicit session_ends(const secret<32>& key);
};

/// The first frame in a text; ec::bad_frame, or ec::internal when there is no whole one.
caf::expected<frame> read_back(const std::string& text);

/// A plaintext, and what happens to it on its way through a session. Each step is done once a
/// call; false when it fails.
class coin_payload {
public:
  explicit coin_payload(bytes plaintext);

  bool meet() { return ends_.meet(); }

  /// secure_channel: seal, base64, frame, encode; then read the frame, decode, open.
  bool whole();

  // The parts alone, there and back.
  /// ChaCha20-Poly1305 of libsodium.
  bool seal_and_open();
  /// The project's base64.
  bool base64();
  /// encode() and frame_reader.
  bool framing();
  bool parts() { return seal_and_open() && base64() && framing(); }

  size_t size() const { return plaintext_.size(); }

private:
  session_ends ends_;
  bytes plaintext_;
  bytes key_;
  bytes nonce_;
  bytes sealed_;
  bytes opened_;
  std::string body_;
};

/// What a coin's bytes cost from plaintext to frame and back, beside what the three steps cost
/// alone (class coin_payload). Figures are bytes of plaintext a second.
struct coin_payload_rates {
  size_t plaintext_bytes = 0;
  double whole = 0;
  double seal = 0;
  double base64 = 0;
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
