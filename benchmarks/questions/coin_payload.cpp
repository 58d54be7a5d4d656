#include "benchmarks/questions/coin_payload.hpp"

#include <sodium.h>

#include "benchmarks/load/turns.hpp"
#include "messages/base/base64.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench {

session_ends::session_ends() : session_ends(secret<32>::random()) {}

session_ends::session_ends(const secret<32>& key)
    : sender(secure_channel::for_sender(key, {})),
      receiver(secure_channel::for_receiver(key, {}, {})) {}

bool session_ends::meet() {
  for (int i = 0; i < 2; ++i)
    if (!receiver.take_heartbeat(sender.next_heartbeat()) ||
        !sender.take_heartbeat(receiver.next_heartbeat()))
      return false;
  return sender.is_connected() && receiver.is_connected();
}

caf::expected<frame> read_back(const std::string& text) {
  frame_reader reader;
  reader.feed(byte_view(text));
  auto got = reader.next();
  if (!got)
    return got.error();
  if (!*got)
    return fail(ec::internal, "A frame was not whole in the benchmark. Report this.");
  return std::move(**got);
}

coin_payload::coin_payload(bytes plaintext)
    : plaintext_(std::move(plaintext)), key_(crypto_aead_chacha20poly1305_ietf_KEYBYTES, 7),
      nonce_(crypto_aead_chacha20poly1305_ietf_NPUBBYTES, 0),
      sealed_(plaintext_.size() + crypto_aead_chacha20poly1305_ietf_ABYTES),
      opened_(plaintext_.size()), body_(base64_encode(byte_view(sealed_))) {}

bool coin_payload::whole() {
  const auto sent = ends_.sender.body_frame(message_number::coin, {}, plaintext_);
  if (!sent)
    return false;
  const auto got = read_back(encode(*sent, notation::tag));
  if (!got)
    return false;
  const auto back = ends_.receiver.open_body_frame(*got, {});
  return back && back->size() == plaintext_.size();
}

bool coin_payload::seal_and_open() {
  unsigned long long size = 0;
  return crypto_aead_chacha20poly1305_ietf_encrypt(sealed_.data(), &size, plaintext_.data(),
                                                   plaintext_.size(), nullptr, 0, nullptr,
                                                   nonce_.data(), key_.data()) == 0 &&
         crypto_aead_chacha20poly1305_ietf_decrypt(opened_.data(), &size, nullptr, sealed_.data(),
                                                   sealed_.size(), nullptr, 0, nonce_.data(),
                                                   key_.data()) == 0;
}

bool coin_payload::base64() {
  const auto back = base64_decode(base64_encode(byte_view(sealed_)));
  return back && back->size() == sealed_.size();
}

bool coin_payload::framing() {
  auto sent = make_frame(message_number::coin, body_);
  sent.index = 1;
  sent.count = 1;
  const auto got = read_back(encode(sent, notation::tag));
  return got && got->details.size() == body_.size();
}

double coin_payload_rates::limit() const {
  return 1 / (1 / seal + 1 / base64 + 1 / frame);
}

json to_json(const coin_payload_rates& x) {
  return {{"plaintext_bytes", x.plaintext_bytes},  {"whole_gb_per_second", x.whole * 1e-9},
          {"seal_gb_per_second", x.seal * 1e-9},   {"base64_gb_per_second", x.base64 * 1e-9},
          {"frame_gb_per_second", x.frame * 1e-9}, {"limit_gb_per_second", x.limit() * 1e-9}};
}

caf::expected<coin_payload_rates> measure_coin_payload(size_t plaintext_bytes,
                                                       std::chrono::milliseconds time) {
  coin_payload x{bytes(plaintext_bytes, 0x5a)};
  if (!x.meet())
    return fail(ec::internal, "The handshake failed in the benchmark. Report this.");
  auto all = turns::between({{many_times([&] { return x.whole(); }), {}},
                             {many_times([&] { return x.seal_and_open(); }), {}},
                             {many_times([&] { return x.base64(); }), {}},
                             {many_times([&] { return x.framing(); }), {}}});
  if (!all)
    return all.error();
  const auto seconds = all->run(time);
  if (!seconds)
    return seconds.error();
  const auto rate = [&](size_t i) { return static_cast<double>(plaintext_bytes) / (*seconds)[i]; };
  return coin_payload_rates{plaintext_bytes, rate(0), rate(1), rate(2), rate(3)};
}

} // namespace liveconnect::bench
