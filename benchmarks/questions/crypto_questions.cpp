#include "benchmarks/questions/crypto_questions.hpp"

#include <array>
#include <gnu/libc-version.h>
#include <memory>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sodium.h>

#include "benchmarks/load/subject.hpp"
#include "benchmarks/questions/coin_payload.hpp"
#include "benchmarks/questions/sample_coins.hpp"
#include "cli/shell/version.hpp"
#include "messages/base/base64.hpp"
#include "messages/base/error.hpp"
#include "wallet/files/coin_file.hpp"

namespace liveconnect::bench {

namespace {

constexpr const char* libsodium_name = "libsodium";
constexpr const char* memcpy_name = "memcpy";
constexpr const char* parts_name = "parts";
/// Details of a command in the middle of a transfer.
constexpr std::string_view sum = "3439";
/// What a command's tag covers beside its details (docs/protocol.md 5).
constexpr size_t command_ad_bytes = 13;
/// What a sealed body's tag covers: the same, and the body's place.
constexpr size_t body_ad_bytes = command_ad_bytes + 4 + 4 + 16 + 32;

using question = crypto_question;

question::way ours(contender how) {
  return {relay_name,
          fmt::format("liveconnect-bench {}, {}", cli::program_version,
                      OpenSSL_version(OPENSSL_VERSION)),
          std::move(how)};
}

question::way libsodium(contender how) {
  return {libsodium_name, fmt::format("libsodium {}", sodium_version_string()), std::move(how)};
}

/// Copies so many bytes so many times: the floor for any work on them.
question::way copying(size_t size, size_t times = 1) {
  auto once = [from = bytes(size, 0x5a), to = bytes(size), times]() mutable {
    for (size_t i = 0; i < times; ++i) {
      std::memcpy(to.data(), from.data(), from.size());
      keep_alive(to.data());
    }
    return true;
  };
  return {memcpy_name, fmt::format("glibc {}", gnu_get_libc_version()), {many_times(once), {}}};
}

/// ChaCha20-Poly1305 of libsodium on bytes of that size, with nothing of ours around it.
class raw_cipher {
public:
  raw_cipher(size_t size, size_t ad_size)
      : plaintext_(size, 0x5a), sealed_(size + crypto_aead_chacha20poly1305_ietf_ABYTES),
        opened_(size), ad_(ad_size, 0x4c) {
    key_.fill(7);
    seal();
  }

  bool seal() {
    unsigned long long size = 0;
    return crypto_aead_chacha20poly1305_ietf_encrypt(sealed_.data(), &size, plaintext_.data(),
                                                     plaintext_.size(), ad_.data(), ad_.size(),
                                                     nullptr, nonce_.data(), key_.data()) == 0;
  }

  bool open() {
    unsigned long long size = 0;
    return crypto_aead_chacha20poly1305_ietf_decrypt(opened_.data(), &size, nullptr, sealed_.data(),
                                                     sealed_.size(), ad_.data(), ad_.size(),
                                                     nonce_.data(), key_.data()) == 0;
  }

private:
  bytes plaintext_;
  bytes sealed_;
  bytes opened_;
  bytes ad_;
  std::array<uint8_t, crypto_aead_chacha20poly1305_ietf_KEYBYTES> key_{};
  std::array<uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES> nonce_{};
};

question::way raw_sealing(size_t size, size_t ad_size) {
  return libsodium(
      {many_times([x = raw_cipher(size, ad_size)]() mutable { return x.seal(); }), {}});
}

question::way raw_opening(size_t size, size_t ad_size) {
  return libsodium(
      {many_times([x = raw_cipher(size, ad_size)]() mutable { return x.open(); }), {}});
}

/// Work that uses up what `make` has made: each piece once, in its order.
template<class Made, class Make, class Use>
contender using_up(Make make, Use use) {
  auto made = std::make_shared<std::vector<Made>>();
  return {[made, use](size_t times) mutable {
            for (size_t i = 0; i < times; ++i)
              if (!use((*made)[i]))
                return false;
            return true;
          },
          [made, make](size_t times) mutable {
            made->clear();
            for (size_t i = 0; i < times; ++i) {
              auto one = make();
              if (!one)
                return false;
              made->push_back(std::move(*one));
            }
            return true;
          }};
}

std::shared_ptr<session_ends> met_ends() {
  auto out = std::make_shared<session_ends>();
  return out->meet() ? out : nullptr;
}

std::string with_notes(const char* what, size_t notes) {
  return fmt::format("{}, {} {}", what, notes, notes == 1 ? "note" : "notes");
}

caf::error no_session() {
  return fail(ec::internal, "The handshake failed in the benchmark. Report this.");
}

caf::expected<std::vector<question>> ask_command() {
  const auto sealing = met_ends();
  const auto opening = met_ends();
  if (!sealing || !opening)
    return no_session();
  constexpr auto number = message_number::amount;
  std::vector<question> out;
  const auto ad = command_ad_bytes + sum.size();
  out.push_back({"command, seal",
                 crypto_topic::command,
                 0,
                 0,
                 {ours({many_times([x = sealing] {
                          return static_cast<bool>(x->sender.seal_command(number, sum));
                        }),
                        {}}),
                  raw_sealing(0, ad), copying(ad)}});
  out.push_back(
      {"command, open",
       crypto_topic::command,
       0,
       0,
       {ours(using_up<std::string>([x = opening] { return x->sender.seal_command(number, sum); },
                                   [x = opening](const std::string& proof) {
                                     return !x->receiver.open_command(to_integer(number), sum,
                                                                      proof);
                                   })),
        raw_opening(0, ad), copying(ad)}});
  return out;
}

caf::expected<std::vector<question>> ask_seal(size_t notes) {
  const auto file = sample_coin_file(notes);
  const auto size = file.size();
  const auto key = noise::key::random();
  // One key for both ends; each question has counters of its own.
  using cipher = noise::cipher_state;
  const bytes ad(body_ad_bytes, 0x4c);
  std::vector<question> out;
  out.push_back({with_notes("seal", notes),
                 crypto_topic::seal,
                 notes,
                 size,
                 {ours({many_times([x = cipher(key), ad, text = file]() mutable {
                          return static_cast<bool>(x.encrypt_with_ad(ad, text));
                        }),
                        {}}),
                  raw_sealing(size, ad.size()), copying(size)}});
  out.push_back(
      {with_notes("open", notes),
       crypto_topic::seal,
       notes,
       size,
       {ours(using_up<bytes>(
            [x = cipher(key), ad, text = file]() mutable { return x.encrypt_with_ad(ad, text); },
            [x = cipher(key), ad](const bytes& sealed) mutable {
              return static_cast<bool>(x.decrypt_with_ad(ad, sealed));
            })),
        raw_opening(size, ad.size()), copying(size)}});
  return out;
}

caf::expected<std::vector<question>> ask_coin(size_t notes) {
  const auto file = sample_coin_file(notes);
  const auto size = file.size();
  const auto sealing = met_ends();
  const auto opening = met_ends();
  const auto payload = std::make_shared<coin_payload>(file);
  if (!sealing || !opening || !payload->meet())
    return no_session();
  const auto to_text = [text = file](session_ends& ends) -> caf::expected<std::string> {
    const auto sent = ends.sender.body_frame(message_number::coin, {}, text);
    if (!sent)
      return sent.error();
    return encode(*sent, notation::tag);
  };
  std::vector<question> out;
  out.push_back(
      {with_notes("coin to frame", notes),
       crypto_topic::coin,
       notes,
       size,
       {ours({many_times([x = sealing, to_text] { return static_cast<bool>(to_text(*x)); }), {}}),
        raw_sealing(size, body_ad_bytes), copying(size)}});
  out.push_back({with_notes("frame to coin", notes),
                 crypto_topic::coin,
                 notes,
                 size,
                 {ours(using_up<std::string>([x = opening, to_text] { return to_text(*x); },
                                             [x = opening](const std::string& text) {
                                               const auto got = read_back(text);
                                               return got && x->receiver.open_body_frame(*got, {});
                                             })),
                  raw_opening(size, body_ad_bytes), copying(size)}});
  out.push_back({with_notes("coin there and back", notes),
                 crypto_topic::coin,
                 notes,
                 size,
                 {ours({many_times([x = payload] { return x->whole(); }), {}}),
                  {parts_name,
                   "seal, base64 and frame, each alone",
                   {many_times([x = payload] { return x->parts(); }), {}}},
                  libsodium({many_times([x = payload] { return x->seal_and_open(); }), {}}),
                  copying(size, 2)}});
  return out;
}

caf::expected<std::vector<question>> ask_handshake() {
  const auto key = noise::key::random();
  const auto prologue = encode_prologue({});
  const auto noise_alone = [key, prologue] {
    noise::handshake_state first(noise::party::initiator, prologue, key);
    noise::handshake_state second(noise::party::responder, prologue, key);
    const auto one = first.write_message({});
    if (!one || !second.read_message(*one))
      return false;
    const auto two = second.write_message({});
    return two && first.read_message(*two) &&
           first.result().handshake_hash == second.result().handshake_hash;
  };
  // Both sides draw a key, and both multiply once: what no Noise NN can leave out.
  const auto curve = [] {
    std::array<uint8_t, crypto_scalarmult_BYTES> mine{};
    std::array<uint8_t, crypto_scalarmult_BYTES> yours{};
    std::array<uint8_t, crypto_scalarmult_BYTES> shared{};
    const auto a = noise::key::random();
    const auto b = noise::key::random();
    crypto_scalarmult_base(mine.data(), a.data());
    crypto_scalarmult_base(yours.data(), b.data());
    return crypto_scalarmult(shared.data(), a.data(), yours.data()) == 0 &&
           crypto_scalarmult(shared.data(), b.data(), mine.data()) == 0;
  };
  const auto session = [] { return session_ends().meet(); };
  std::vector<question> out;
  out.push_back({"handshake, both sides",
                 crypto_topic::handshake,
                 0,
                 0,
                 {ours({many_times(noise_alone), {}}), libsodium({many_times(curve), {}})}});
  out.push_back({"session, both sides to connected",
                 crypto_topic::handshake,
                 0,
                 0,
                 {ours({many_times(session), {}}), libsodium({many_times(curve), {}})}});
  return out;
}

caf::expected<std::vector<question>> ask_base64(size_t notes) {
  constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
  auto sealed = sample_coin_file(notes);
  sealed.resize(sealed.size() + noise::tag_bytes);
  const auto size = sealed.size();
  const auto text = base64_encode(byte_view(sealed));
  std::vector<question> out;
  out.push_back(
      {with_notes("base64 encode", notes),
       crypto_topic::base64,
       notes,
       size,
       {ours({many_times([sealed] { return !base64_encode(byte_view(sealed)).empty(); }), {}}),
        libsodium({many_times([sealed, to = std::string(text.size() + 1, '\0')]() mutable {
                     return sodium_bin2base64(to.data(), to.size(), sealed.data(), sealed.size(),
                                              variant) != nullptr;
                   }),
                   {}}),
        copying(size)}});
  out.push_back({with_notes("base64 decode", notes),
                 crypto_topic::base64,
                 notes,
                 size,
                 {ours({many_times([text] { return static_cast<bool>(base64_decode(text)); }), {}}),
                  libsodium({many_times([text, to = bytes(size)]() mutable {
                               size_t got = 0;
                               return sodium_base642bin(to.data(), to.size(), text.data(),
                                                        text.size(), nullptr, &got, nullptr,
                                                        variant) == 0 &&
                                      got == to.size();
                             }),
                             {}}),
                  copying(size)}});
  return out;
}

caf::expected<std::vector<question>> ask_coin_file(size_t notes) {
  const auto file = sample_coin_file(notes);
  const auto size = file.size();
  std::vector<question> out;
  out.push_back({with_notes("coin file, write", notes),
                 crypto_topic::coin_file,
                 notes,
                 size,
                 {ours({many_times([list = sample_notes(notes)] {
                          return static_cast<bool>(
                              wallet::encode_coin_file(list, wallet::pans::without));
                        }),
                        {}}),
                  copying(size)}});
  out.push_back(
      {with_notes("coin file, read", notes),
       crypto_topic::coin_file,
       notes,
       size,
       {ours(
            {many_times([x = file] { return static_cast<bool>(wallet::parse_coin_file(x)); }), {}}),
        copying(size)}});
  return out;
}

/// The questions of each number of notes, one behind the other.
template<class Ask>
caf::expected<std::vector<question>> of_each(const std::vector<size_t>& notes, Ask ask) {
  std::vector<question> out;
  for (const auto count : notes) {
    auto some = ask(count);
    if (!some)
      return some.error();
    for (auto& x : *some)
      out.push_back(std::move(x));
  }
  return out;
}

} // namespace

const char* to_string(crypto_topic x) {
  switch (x) {
  case crypto_topic::command:
    return "command";
  case crypto_topic::seal:
    return "seal";
  case crypto_topic::coin:
    return "coin";
  case crypto_topic::handshake:
    return "handshake";
  case crypto_topic::base64:
    return "base64";
  case crypto_topic::coin_file:
    return "coin-file";
  }
  return "";
}

std::optional<crypto_topic> parse_crypto_topic(const std::string& text) {
  for (const auto x : all_crypto_topics)
    if (text == to_string(x))
      return x;
  return std::nullopt;
}

size_t notes_of_a_frame() {
  return (body_plaintext_max - wallet::coin_file_header_bytes) / wallet::coin_record_bytes;
}

caf::expected<std::vector<crypto_question>> crypto_questions(crypto_topic topic,
                                                             const std::vector<size_t>& notes) {
  switch (topic) {
  case crypto_topic::command:
    return ask_command();
  case crypto_topic::seal:
    return of_each(notes, ask_seal);
  case crypto_topic::coin:
    return of_each(notes, ask_coin);
  case crypto_topic::handshake:
    return ask_handshake();
  case crypto_topic::base64:
    return of_each(notes, ask_base64);
  case crypto_topic::coin_file:
    return of_each(notes, ask_coin_file);
  }
  return std::vector<crypto_question>{};
}

measurement figures_of(const crypto_question& about, double seconds) {
  measurement out;
  // The clock of a machine may stand still for a piece of work that costs nothing.
  if (seconds <= 0)
    return out;
  out["operations_per_second"] = 1 / seconds;
  out["cpu_us_each"] = seconds * 1e6;
  if (about.notes > 0)
    out["cpu_us_per_note"] = seconds * 1e6 / static_cast<double>(about.notes);
  if (about.bytes > 0) {
    const auto gb = static_cast<double>(about.bytes) * 1e-9;
    out["gb_per_second"] = gb / seconds;
    out["cpu_s_per_gb"] = seconds / gb;
  }
  return out;
}

std::string cost_sentence(const crypto_question& what, const side_by_side& list) {
  const auto* we = find_subject(list, relay_name);
  const auto note = we == nullptr ? std::nullopt : we->summary("cpu_us_per_note");
  const auto gb = we == nullptr ? std::nullopt : we->summary("cpu_s_per_gb");
  if (!note || !gb)
    return {};
  auto out = fmt::format("{}: {} us a note, {} CPU s a GB", what.name, short_number(*note),
                         short_number(*gb));
  if (const auto ratio = ratio_to(list, "cpu_s_per_gb", libsodium_name))
    out += fmt::format(", {:.2f} x libsodium's cipher alone", *ratio);
  return out;
}

} // namespace liveconnect::bench
