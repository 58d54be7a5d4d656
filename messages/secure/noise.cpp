#include "messages/secure/noise.hpp"

#include <algorithm>
#include <string_view>

#include <sodium.h>

#include "messages/base/error.hpp"

namespace liveconnect::noise {

namespace {

constexpr std::string_view protocol_name = "Noise_NNpsk0_25519_ChaChaPoly_BLAKE2b";
static_assert(protocol_name.size() <= hash_bytes, "a longer name would have to be hashed");
static_assert(crypto_scalarmult_BYTES == key_bytes);
static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == tag_bytes);

/// Block size of BLAKE2b, for HMAC (Noise 4.3).
constexpr size_t block_bytes = 128;

using wide_secret = secret<hash_bytes>;

/// BLAKE2b-512 over parts, one after the other.
template<class... Parts>
void blake2b(uint8_t* out, const Parts&... parts) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, hash_bytes);
  (crypto_generichash_update(&state, byte_view(parts).data(), byte_view(parts).size()), ...);
  crypto_generichash_final(&state, out, hash_bytes);
  sodium_memzero(&state, sizeof state);
}

/// HMAC with BLAKE2b-512 as its hash (Noise 4.3), over the concatenation of two parts.
wide_secret hmac(const wide_secret& k, byte_view first, byte_view second = {}) {
  secret<block_bytes> inner_pad, outer_pad;
  std::fill_n(inner_pad.data(), block_bytes, uint8_t{0x36});
  std::fill_n(outer_pad.data(), block_bytes, uint8_t{0x5c});
  for (size_t i = 0; i < hash_bytes; ++i) {
    inner_pad.data()[i] ^= k.data()[i];
    outer_pad.data()[i] ^= k.data()[i];
  }
  wide_secret inner, out;
  blake2b(inner.data(), inner_pad.view(), first, second);
  blake2b(out.data(), outer_pad.view(), inner.view());
  return out;
}

struct hkdf_output {
  wide_secret one, two, three;
};

/// HKDF of Noise 4.3; callers that want two outputs leave the third.
hkdf_output hkdf(const wide_secret& chaining_key, byte_view material) {
  static constexpr uint8_t counters[] = {1, 2, 3};
  const auto temporary = hmac(chaining_key, material);
  hkdf_output out;
  out.one = hmac(temporary, {counters, 1});
  out.two = hmac(temporary, out.one.view(), {counters + 1, 1});
  out.three = hmac(temporary, out.two.view(), {counters + 2, 1});
  return out;
}

/// The cipher's key is the first 32 bytes (Noise 5.2, "If HASHLEN is 64").
key first_half(const wide_secret& x) {
  return key::from(x.view().sub(0, key_bytes));
}

/// 32 zero bits, then the counter, little-endian (Noise 12.3).
std::array<uint8_t, 12> nonce_bytes(uint64_t n) {
  std::array<uint8_t, 12> out{};
  for (size_t i = 0; i < 8; ++i)
    out[4 + i] = static_cast<uint8_t>(n >> (8 * i));
  return out;
}

} // namespace

caf::expected<bytes> cipher_state::encrypt_with_ad(byte_view ad, byte_view plaintext) {
  if (!has_key_)
    return plaintext.copy();
  // 2^64-1 is reserved (Noise 5.1).
  if (nonce_ == UINT64_MAX || plaintext.size() > message_bytes_max - tag_bytes)
    return fail(ec::internal, "a Noise message is too long or the counter is used up");
  bytes out(plaintext.size() + tag_bytes);
  unsigned long long size = 0;
  crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), &size, plaintext.data(), plaintext.size(),
                                            ad.data(), ad.size(), nullptr,
                                            nonce_bytes(nonce_).data(), key_.data());
  ++nonce_;
  return out;
}

caf::expected<secret_bytes> cipher_state::decrypt_with_ad(byte_view ad, byte_view ciphertext) {
  if (!has_key_)
    return secret_bytes(ciphertext.begin(), ciphertext.end());
  const auto refused = [] { return fail(ec::not_authentic, "a Noise message does not verify"); };
  if (nonce_ == UINT64_MAX || ciphertext.size() < tag_bytes ||
      ciphertext.size() > message_bytes_max)
    return refused();
  secret_bytes out(ciphertext.size() - tag_bytes);
  unsigned long long size = 0;
  if (crypto_aead_chacha20poly1305_ietf_decrypt(out.data(), &size, nullptr, ciphertext.data(),
                                                ciphertext.size(), ad.data(), ad.size(),
                                                nonce_bytes(nonce_).data(), key_.data()) != 0)
    return refused();
  ++nonce_;
  return out;
}

symmetric_state::symmetric_state() {
  std::copy(protocol_name.begin(), protocol_name.end(), hash_.begin());
  chaining_key_ = secret<hash_bytes>(hash_);
}

void symmetric_state::mix_key(byte_view material) {
  const auto out = hkdf(chaining_key_, material);
  chaining_key_ = out.one;
  cipher_ = cipher_state(first_half(out.two));
}

void symmetric_state::mix_hash(byte_view data) {
  hash next;
  blake2b(next.data(), hash_, data);
  hash_ = next;
}

void symmetric_state::mix_key_and_hash(byte_view material) {
  const auto out = hkdf(chaining_key_, material);
  chaining_key_ = out.one;
  mix_hash(out.two.view());
  cipher_ = cipher_state(first_half(out.three));
}

caf::expected<bytes> symmetric_state::encrypt_and_hash(byte_view plaintext) {
  auto out = cipher_.encrypt_with_ad(hash_, plaintext);
  if (out)
    mix_hash(*out);
  return out;
}

caf::expected<secret_bytes> symmetric_state::decrypt_and_hash(byte_view ciphertext) {
  auto out = cipher_.decrypt_with_ad(hash_, ciphertext);
  if (out)
    mix_hash(ciphertext);
  return out;
}

std::pair<cipher_state, cipher_state> symmetric_state::split() const {
  const auto out = hkdf(chaining_key_, {});
  return {cipher_state(first_half(out.one)), cipher_state(first_half(out.two))};
}

handshake_state::handshake_state(party who, byte_view prologue, const key& psk,
                                 const std::optional<key>& ephemeral)
    : who_(who), psk_(psk), ephemeral_(ephemeral ? *ephemeral : key::random()) {
  symmetric_.mix_hash(prologue);
  crypto_scalarmult_base(ephemeral_public_.data(), ephemeral_.data());
}

caf::error handshake_state::mix_shared_secret() {
  key shared;
  // Fails for points of low order, whose result is public.
  if (crypto_scalarmult(shared.data(), ephemeral_.data(), remote_ephemeral_.data()) != 0)
    return fail(ec::not_authentic, "the peer's ephemeral key is of low order");
  symmetric_.mix_key(shared.view());
  return caf::none;
}

caf::expected<bytes> handshake_state::write_message(byte_view payload) {
  if (step_ != (who_ == party::initiator ? 0 : 1))
    return fail(ec::internal, "not our turn to write in the handshake");
  if (who_ == party::initiator)
    symmetric_.mix_key_and_hash(psk_.view());
  symmetric_.mix_hash(ephemeral_public_);
  // In a pattern with a psk every ephemeral is mixed into the key too (Noise 9.2).
  symmetric_.mix_key(ephemeral_public_);
  if (who_ == party::responder)
    if (auto err = mix_shared_secret())
      return err;
  auto sealed = symmetric_.encrypt_and_hash(payload);
  if (!sealed)
    return sealed;
  bytes out(ephemeral_public_.begin(), ephemeral_public_.end());
  out.insert(out.end(), sealed->begin(), sealed->end());
  ++step_;
  return out;
}

caf::expected<secret_bytes> handshake_state::read_message(byte_view message) {
  if (step_ != (who_ == party::initiator ? 1 : 0))
    return fail(ec::internal, "not our turn to read in the handshake");
  if (message.size() < key_bytes + tag_bytes || message.size() > message_bytes_max)
    return fail(ec::not_authentic, "a handshake message of impossible length");
  if (who_ == party::responder)
    symmetric_.mix_key_and_hash(psk_.view());
  std::copy_n(message.data(), key_bytes, remote_ephemeral_.begin());
  symmetric_.mix_hash(remote_ephemeral_);
  symmetric_.mix_key(remote_ephemeral_);
  if (who_ == party::initiator)
    if (auto err = mix_shared_secret())
      return err;
  auto payload = symmetric_.decrypt_and_hash(message.sub(key_bytes));
  if (payload)
    ++step_;
  return payload;
}

handshake_result handshake_state::result() const {
  auto [first, second] = symmetric_.split();
  return {first, second, symmetric_.transcript()};
}

} // namespace liveconnect::noise
