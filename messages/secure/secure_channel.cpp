#include "messages/secure/secure_channel.hpp"

#include <algorithm>

#include "messages/base/base64.hpp"
#include "messages/base/error.hpp"
#include "messages/secure/words.hpp"
#include "messages/wire/body.hpp"

namespace liveconnect {

namespace {

constexpr std::string_view prologue_name{"LiveConnect/1\0", 14};
constexpr std::string_view ad_name = "LC1cmd";
constexpr auto heartbeat = to_integer(message_number::heartbeat);
constexpr size_t phrase_words = 4;

uint8_t letter_of(role x) {
  return x == role::sender ? 'S' : 'R';
}

role other(role x) {
  return x == role::sender ? role::receiver : role::sender;
}

/// `"LC1cmd" | role | u16 number | u32 length | details` (docs/protocol.md 5): the parsed meaning
/// of a command, never its text, so both notations prove the same.
bytes command_ad(role author, uint16_t number, std::string_view details) {
  bytes out;
  out.reserve(ad_name.size() + 7 + details.size());
  byte_writer<bytes>(out)
      .raw(byte_view(ad_name))
      .u8(letter_of(author))
      .u16(number)
      .u32(static_cast<uint32_t>(details.size()))
      .raw(byte_view(details));
  return out;
}

/// The same with empty details, and the body's place in the transfer.
bytes body_ad(role author, uint16_t number, const body_place& place) {
  auto out = command_ad(author, number, {});
  byte_writer<bytes>(out)
      .u32(place.index)
      .u32(place.count)
      .raw(place.id.value)
      .raw(place.manifest_hash);
  return out;
}

caf::error too_early() {
  return fail(ec::protocol_violation, "a command before both sides have proved the key");
}

} // namespace

bytes encode_prologue(const channel_terms& x) {
  bytes out;
  byte_writer<bytes>(out)
      .raw(byte_view(prologue_name))
      .u16(x.min_version)
      .u16(x.max_version)
      .u64(x.room)
      .raw(x.invitation)
      .u64(x.expires_unix);
  return out;
}

secure_channel::secure_channel(role side, const secret<32>& key, const channel_terms& terms)
    : side_(side), stage_(side == role::sender ? stage::calling : stage::waiting), terms_(terms),
      key_(key) {}

secure_channel secure_channel::for_sender(const secret<32>& key, const channel_terms& terms) {
  secure_channel out(role::sender, key, terms);
  out.handshake_.emplace(noise::party::initiator, encode_prologue(terms), key);
  if (auto message = out.handshake_->write_message({}))
    out.own_message_ = base64_encode(*message);
  return out;
}

secure_channel secure_channel::for_receiver(const secret<32>& key, const channel_terms& terms,
                                            const receipt_public_key& receipt_key) {
  secure_channel out(role::receiver, key, terms);
  out.receipt_key_ = receipt_key;
  return out;
}

caf::error secure_channel::die(const char* what) {
  stage_ = stage::dead;
  key_ = {};
  handshake_.reset();
  sending_ = {};
  receiving_ = {};
  return fail(ec::not_authentic, what);
}

void secure_channel::keep(const noise::handshake_result& done) {
  const bool is_sender = side_ == role::sender;
  sending_ = is_sender ? done.initiator_to_responder : done.responder_to_initiator;
  receiving_ = is_sender ? done.responder_to_initiator : done.initiator_to_responder;
  hash_ = done.handshake_hash;
}

frame secure_channel::next_heartbeat() {
  auto out = make_frame(message_number::heartbeat);
  if (stage_ == stage::calling || stage_ == stage::answering) {
    out.version = terms_.max_version;
    out.handshake = own_message_;
  } else if (stage_ == stage::confirming || stage_ == stage::connected) {
    if (auto proof = prove(heartbeat, {}))
      out.auth = std::move(*proof);
  }
  return out;
}

caf::expected<secure_channel::heard> secure_channel::confirm(const frame& x) {
  if (auto err = check(heartbeat, x.details, x.auth))
    return err;
  const bool is_new = stage_ != stage::connected;
  stage_ = stage::connected;
  // The receiver proves itself only now; the sender has done so before.
  return heard{is_new && side_ == role::receiver, is_new};
}

caf::expected<secure_channel::heard> secure_channel::take_heartbeat(const frame& x) {
  if (!x.is(message_number::heartbeat))
    return fail(ec::internal, "take_heartbeat() was given another message");
  switch (stage_) {
  case stage::waiting:
    // A proof here is an older session's, still on its way when we came back.
    return x.handshake.empty() ? heard{} : take_message_1(x);
  case stage::answering:
    if (!x.auth.empty())
      return confirm(x);
    return x.handshake.empty() ? heard{} : take_message_1(x);
  case stage::calling:
    return x.handshake.empty() ? heard{} : take_message_2(x);
  case stage::confirming:
    if (!x.auth.empty())
      return confirm(x);
    if (x.handshake.empty() || x.handshake == peer_message_)
      return heard{};
    return die("a second answer to one handshake");
  case stage::connected:
    return confirm(x);
  case stage::dead:
    break;
  }
  return die("this session has ended");
}

caf::expected<secure_channel::heard> secure_channel::take_message_1(const frame& x) {
  if (x.handshake == peer_message_)
    return heard{true, false};
  if (x.version != 0 && (x.version < terms_.min_version || x.version > terms_.max_version)) {
    die("version");
    return fail(ec::protocol_violation, "the peer speaks version " + std::to_string(x.version) +
                                            ", we speak " + std::to_string(terms_.min_version) +
                                            " to " + std::to_string(terms_.max_version));
  }
  const auto message = base64_decode(x.handshake);
  if (!message)
    return die("the peer's handshake is not base64");
  noise::handshake_state run(noise::party::responder, encode_prologue(terms_), key_);
  const auto payload = run.read_message(*message);
  if (!payload || !payload->empty())
    return die("the peer does not hold this invitation's key");
  const auto answer = run.write_message(receipt_key_);
  if (!answer)
    return die("the handshake cannot be answered");
  // Nothing has an effect yet: message 1 can be replayed, the proof that follows cannot.
  peer_message_ = x.handshake;
  own_message_ = base64_encode(*answer);
  keep(run.result());
  stage_ = stage::answering;
  return heard{true, false};
}

caf::expected<secure_channel::heard> secure_channel::take_message_2(const frame& x) {
  // A receiver that has not noticed our new connection may still answer the old one. That is no
  // attack, so a message that does not verify is passed over, a few times.
  const auto passed_over = [&]() -> caf::expected<heard> {
    if (++unreadable_answers_ > unreadable_answers_max)
      return die("the peer's answers do not verify");
    return heard{};
  };
  const auto message = base64_decode(x.handshake);
  if (!message)
    return passed_over();
  auto run = *handshake_;
  const auto payload = run.read_message(*message);
  if (!payload)
    return passed_over();
  if (payload->size() != receipt_key_.size())
    return die("the peer's answer carries no receipt key");
  std::copy(payload->begin(), payload->end(), receipt_key_.begin());
  peer_message_ = x.handshake;
  keep(run.result());
  handshake_.reset();
  stage_ = stage::confirming;
  return heard{true, false};
}

caf::expected<std::string> secure_channel::prove(uint16_t number, std::string_view details) {
  const auto tag = sending_.encrypt_with_ad(command_ad(side_, number, details), {});
  if (!tag)
    return die("no proof can be made any more");
  return base64_encode(*tag);
}

caf::error secure_channel::check(uint16_t number, std::string_view details, std::string_view auth) {
  const auto tag = base64_decode(auth);
  if (!tag || tag->size() != noise::tag_bytes)
    return die("a message without a proof");
  if (!receiving_.decrypt_with_ad(command_ad(other(side_), number, details), *tag))
    return die("a message whose proof does not verify");
  return caf::none;
}

caf::expected<std::string> secure_channel::seal_command(message_number number,
                                                        std::string_view details) {
  if (stage_ == stage::dead)
    return die("this session has ended");
  if (stage_ != stage::connected)
    return too_early();
  return prove(to_integer(number), details);
}

caf::error secure_channel::open_command(uint16_t number, std::string_view details,
                                        std::string_view auth) {
  if (stage_ == stage::dead)
    return die("this session has ended");
  if (stage_ != stage::connected)
    return too_early();
  return check(number, details, auth);
}

caf::expected<frame> secure_channel::command(message_number number, std::string details) {
  auto proof = seal_command(number, details);
  if (!proof)
    return proof.error();
  auto out = make_frame(number, std::move(details));
  out.auth = std::move(*proof);
  return out;
}

caf::error secure_channel::open(const frame& x) {
  return open_command(x.number, x.details, x.auth);
}

caf::expected<std::string> secure_channel::seal_body(message_number number, const body_place& place,
                                                     byte_view plaintext) {
  if (stage_ == stage::dead)
    return die("this session has ended");
  if (stage_ != stage::connected)
    return too_early();
  if (plaintext.size() > body_plaintext_max)
    return fail(ec::internal, "a body is longer than a frame can carry");
  const auto sealed =
      sending_.encrypt_with_ad(body_ad(side_, to_integer(number), place), plaintext);
  if (!sealed)
    return die("nothing can be sealed any more");
  return base64_encode(*sealed);
}

caf::expected<secret_bytes> secure_channel::open_body(uint16_t number, const body_place& place,
                                                      std::string_view body) {
  if (stage_ == stage::dead)
    return die("this session has ended");
  if (stage_ != stage::connected)
    return too_early();
  const auto sealed = base64_decode(body);
  if (!sealed)
    return die("a sealed body is not base64");
  auto out = receiving_.decrypt_with_ad(body_ad(other(side_), number, place), *sealed);
  if (!out)
    return die("a sealed body does not verify");
  return out;
}

caf::expected<frame> secure_channel::body_frame(message_number number, const body_place& place,
                                                byte_view plaintext) {
  auto body = seal_body(number, place, plaintext);
  if (!body)
    return body.error();
  auto out = make_frame(number, std::move(*body));
  out.index = place.index;
  out.count = place.count;
  return out;
}

caf::expected<secret_bytes> secure_channel::open_body_frame(const frame& x, body_place place) {
  place.index = x.index;
  place.count = x.count;
  return open_body(x.number, place, x.details);
}

std::string secure_channel::safety_phrase() const {
  const bool is_done = std::any_of(hash_.begin(), hash_.end(), [](uint8_t x) { return x != 0; });
  return is_done ? phrase(hash_, phrase_words) : std::string{};
}

} // namespace liveconnect
