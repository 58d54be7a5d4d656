#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include <caf/expected.hpp>

#include "messages/base/bytes.hpp"
#include "messages/base/secret.hpp"

/// `Noise_NNpsk0_25519_ChaChaPoly_BLAKE2b` on libsodium (docs/protocol.md 4; Noise specification
/// revision 34, sections 4, 5 and 9). Pure: randomness comes in only as the ephemeral key.
namespace liveconnect::noise {

inline constexpr size_t key_bytes = 32;
inline constexpr size_t hash_bytes = 64;
inline constexpr size_t tag_bytes = 16;
/// Noise allows no longer message.
inline constexpr size_t message_bytes_max = 65'535;

using key = secret<key_bytes>;
using hash = std::array<uint8_t, hash_bytes>;

/// One direction: a key and a counter that is never sent (Noise 5.1).
class cipher_state {
public:
  cipher_state() = default;
  explicit cipher_state(const key& k) : key_(k), has_key_(true) {}

  /// Messages made or read with this key.
  uint64_t nonce() const { return nonce_; }

  /// Ciphertext and tag; without a key the plaintext as it is. Fails with ec::internal when the
  /// counter is used up or the message is too long.
  caf::expected<bytes> encrypt_with_ad(byte_view ad, byte_view plaintext);

  /// The plaintext, or ec::not_authentic; then the counter stays where it was.
  caf::expected<secret_bytes> decrypt_with_ad(byte_view ad, byte_view ciphertext);

private:
  key key_;
  uint64_t nonce_ = 0;
  bool has_key_ = false;
};

/// Chaining key and transcript hash (Noise 5.2).
class symmetric_state {
public:
  symmetric_state();

  void mix_key(byte_view material);
  void mix_hash(byte_view data);
  void mix_key_and_hash(byte_view material);
  caf::expected<bytes> encrypt_and_hash(byte_view plaintext);
  caf::expected<secret_bytes> decrypt_and_hash(byte_view ciphertext);
  std::pair<cipher_state, cipher_state> split() const;
  const hash& transcript() const { return hash_; }

private:
  secret<hash_bytes> chaining_key_;
  hash hash_{};
  cipher_state cipher_;
};

enum class party : uint8_t { initiator, responder };

/// What a finished handshake leaves.
struct handshake_result {
  cipher_state initiator_to_responder;
  cipher_state responder_to_initiator;
  /// Names this session; equal on both sides, different in every session.
  hash handshake_hash{};
};

/// One run of the pattern `-> psk, e   <- e, ee` (Noise 5.3, 9.4). The initiator writes then reads,
/// the responder reads then writes; any other order is ec::internal. After an error the state is
/// of no use.
class handshake_state {
public:
  /// `ephemeral` is the private key to use, for tests against published vectors; drawn at random
  /// when absent.
  handshake_state(party who, byte_view prologue, const key& psk,
                  const std::optional<key>& ephemeral = std::nullopt);

  /// Our message with a payload (authenticated; in message 1 secret from those without the psk, in
  /// message 2 forward secret).
  caf::expected<bytes> write_message(byte_view payload);

  /// The payload of the peer's message, or ec::not_authentic.
  caf::expected<secret_bytes> read_message(byte_view message);

  /// True after both messages.
  bool finished() const { return step_ == 2; }

  /// Keys and hash of the session; only when finished().
  handshake_result result() const;

private:
  caf::error mix_shared_secret();

  party who_;
  symmetric_state symmetric_;
  key psk_;
  key ephemeral_;
  std::array<uint8_t, key_bytes> ephemeral_public_{};
  std::array<uint8_t, key_bytes> remote_ephemeral_{};
  int step_ = 0;
};

} // namespace liveconnect::noise
