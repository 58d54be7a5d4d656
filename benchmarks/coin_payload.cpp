#include "benchmarks/coin_payload.hpp"

#include <array>
#include <ctime>
#include <functional>

#include <sodium.h>

#include "benchmarks/event_loop.hpp"
#include "benchmarks/statistics.hpp"
#include "messages/base64.hpp"
#include "messages/error.hpp"
#include "messages/secure_channel.hpp"

namespace liveconnect::bench {

namespace {

caf::error broken(const char* what) {
  return fail(ec::internal, std::string(what) + " failed in the benchmark. Report this.");
}

/// Two ends of a session, connected.
struct channels {
  secure_channel sender;
  secure_channel receiver;

  explicit channels(const secret<32>& key)
      : sender(secure_channel::for_sender(key, {})),
        receiver(secure_channel::for_receiver(key, {}, {})) {}

  bool connect() {
    for (int i = 0; i < 2; ++i)
      if (!receiver.take_heartbeat(sender.next_heartbeat()) ||
          !sender.take_heartbeat(receiver.next_heartbeat()))
        return false;
    return sender.is_connected() && receiver.is_connected();
  }
};

caf::expected<frame> read_back(const std::string& text) {
  frame_reader reader;
  reader.feed(byte_view(text));
  auto got = reader.next();
  if (!got)
    return got.error();
  if (!*got)
    return broken("Reading a frame back");
  return std::move(**got);
}

/// Of this thread; what is measured here waits for nothing.
double thread_cpu_seconds() {
  timespec x{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &x);
  return static_cast<double>(x.tv_sec) + static_cast<double>(x.tv_nsec) * 1e-9;
}

struct parts {
  channels ends{secret<32>::random()};
  bytes plaintext;
  bytes key = bytes(crypto_aead_chacha20poly1305_ietf_KEYBYTES, 7);
  bytes nonce = bytes(crypto_aead_chacha20poly1305_ietf_NPUBBYTES, 0);
  bytes sealed;
  bytes opened;
  std::string body;

  explicit parts(size_t size)
      : plaintext(size, 0x5a), sealed(size + crypto_aead_chacha20poly1305_ietf_ABYTES),
        opened(size), body(base64_encode(byte_view(sealed))) {}

  bool whole() {
    auto x = ends.sender.body_frame(message_number::coin, {}, plaintext);
    if (!x)
      return false;
    const auto got = read_back(encode(*x, notation::tag));
    if (!got)
      return false;
    const auto back = ends.receiver.open_body_frame(*got, {});
    return back && back->size() == plaintext.size();
  }

  bool seal() {
    unsigned long long size = 0;
    return crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data(), &size, plaintext.data(),
                                                     plaintext.size(), nullptr, 0, nullptr,
                                                     nonce.data(), key.data()) == 0 &&
           crypto_aead_chacha20poly1305_ietf_decrypt(opened.data(), &size, nullptr, sealed.data(),
                                                     sealed.size(), nullptr, 0, nonce.data(),
                                                     key.data()) == 0;
  }

  bool base64() {
    const auto back = base64_decode(base64_encode(byte_view(sealed)));
    return back && back->size() == sealed.size();
  }

  bool frame() {
    auto x = make_frame(message_number::coin, body);
    x.index = 1;
    x.count = 1;
    const auto got = read_back(encode(x, notation::tag));
    return got && got->details.size() == body.size();
  }
};

} // namespace

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
  constexpr int repeats = 16;
  parts x{plaintext_bytes};
  if (!x.ends.connect())
    return broken("The handshake");
  const std::array<std::function<bool()>, 4> steps{
      [&] { return x.whole(); }, [&] { return x.seal(); }, [&] { return x.base64(); },
      [&] { return x.frame(); }};
  // Processor time, short turns, and the median of each: others who use the core hit one turn at
  // most, and that through its cache only.
  std::array<std::vector<double>, 4> rates;
  const auto end = clock::now() + time;
  do {
    for (size_t i = 0; i < steps.size(); ++i) {
      const auto begun = thread_cpu_seconds();
      for (int k = 0; k < repeats; ++k)
        if (!steps[i]())
          return broken("A coin payload");
      const auto seconds = thread_cpu_seconds() - begun;
      rates[i].push_back(static_cast<double>(plaintext_bytes) * repeats / seconds);
    }
  } while (clock::now() < end);
  return coin_payload_rates{plaintext_bytes, median(rates[0]), median(rates[1]), median(rates[2]),
                            median(rates[3])};
}

} // namespace liveconnect::bench
