#include "wallet/raida/packet.hpp"

#include <algorithm>

#include <openssl/evp.h>
#include <zlib.h>

#include "messages/base/error.hpp"

namespace liveconnect::raida {

namespace {

constexpr uint8_t trailer_byte = 0x3e;
constexpr uint8_t group_max = 15;
constexpr uint8_t shard_max = 3;

/// Where things stand in a request header (docs/formats/raida.md 3).
enum request_offset : size_t {
  at_version = 0,
  at_split = 1,
  at_server = 2,
  at_shard = 3,
  at_group = 4,
  at_command = 5,
  at_coin_id = 6,
  at_encryption = 16,
  at_key_denomination = 17,
  at_key_serial = 18,
  at_body_length = 22,
  at_nonce = 24,
  at_echo = 30,
};

uint32_t crc_of(byte_view x) {
  return static_cast<uint32_t>(crc32(0, x.data(), static_cast<uInt>(x.size())));
}

uint16_t u16_at(byte_view x, size_t offset) {
  return byte_reader(x.sub(offset)).u16();
}

bool has_trailer(byte_view x) {
  return x.size() >= trailer_size && x[x.size() - 2] == trailer_byte &&
         x[x.size() - 1] == trailer_byte;
}

/// AES-128-CTR from block `block` on, in place: the same call encrypts and decrypts.
bool apply_stream(const stream_key& k, uint64_t block, uint8_t* data, size_t size) {
  std::array<uint8_t, 16> counter{};
  std::copy(k.nonce.begin(), k.nonce.end(), counter.begin());
  for (size_t i = 0; i < 8; ++i)
    counter[15 - i] = static_cast<uint8_t>(block >> (8 * i));
  auto* context = EVP_CIPHER_CTX_new();
  if (context == nullptr)
    return false;
  int done = 0;
  bool ok =
      EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nullptr, k.key.data(), counter.data()) == 1 &&
      EVP_EncryptUpdate(context, data, &done, data, static_cast<int>(size)) == 1;
  EVP_CIPHER_CTX_free(context);
  return ok;
}

} // namespace

bool needs_proof(uint8_t x) {
  static constexpr std::array proven{
      status::find_neither,   status::find_all_an,    status::find_all_pan, status::find_mixed,
      status::all_pass,       status::all_fail,       status::mixed,        status::success,
      status::bad_coin_count, status::bad_serial,     status::not_reserved, status::no_ticket_slot,
      status::no_such_ticket, status::ticket_claimed, status::bad_crc,      status::bad_admin_key,
      status::rate_limit,     status::bad_parameter};
  return std::find(proven.begin(), proven.end(), x) != proven.end();
}

request_seed random_request_seed() {
  request_seed out;
  randombytes_buf(out.challenge.data(), out.challenge.size());
  randombytes_buf(&out.echo, sizeof out.echo);
  return out;
}

caf::expected<outgoing_request> encode_request(uint8_t server, command what, byte_view payload,
                                               const request_seed& seed) {
  if (payload.size() > payload_max)
    return fail(ec::bad_argument, "a RAIDA request of " + std::to_string(payload.size()) +
                                      " bytes; the longest has " + std::to_string(payload_max));
  outgoing_request out;
  out.context.server = server;
  out.context.what = what;
  out.context.echo = seed.echo;
  std::copy(seed.challenge.begin(), seed.challenge.end(), out.context.proof.begin());
  const auto crc = crc_of(seed.challenge);
  for (size_t i = 0; i < 4; ++i)
    out.context.proof[12 + i] = static_cast<uint8_t>(crc >> (24 - 8 * i));

  out.packet.reserve(header_size + body_overhead + payload.size());
  byte_writer<secret_bytes> w(out.packet);
  w.u8(1).u8(0).u8(server).u8(0); // version, split, server, shard
  w.u16(static_cast<uint16_t>(what)).u16(coin_id);
  w.u32(0).u16(0);      // presentation
  w.u8(1).u8(1);        // packet index and total, as live servers are said to want them
  w.u8(0).u8(0).u32(0); // encryption, key denomination, key serial
  w.u16(static_cast<uint16_t>(body_overhead + payload.size()));
  w.u32(0).u16(0); // nonce: encryption types 1 and 2 only
  w.u16(seed.echo);
  w.raw(out.context.proof).raw(payload).u8(trailer_byte).u8(trailer_byte);
  return out;
}

size_t response_bytes_needed(byte_view first) {
  if (first.size() < header_size)
    return header_size;
  return header_size + byte_reader(first.sub(9)).u24();
}

answer decode_response(const request_context& context, byte_view packet) {
  answer out;
  out.what = outcome::invalid;
  if (packet.size() < header_size)
    return out;
  byte_reader r(packet);
  const auto server = r.u8();
  r.u8(); // shard
  out.status = r.u8();
  const auto group = r.u8();
  r.u16(); // frame count
  const auto echo = r.u16();
  r.u8();
  const auto size = r.u24();
  r.u32(); // execution time
  const auto proof = r.raw(challenge_size);
  const auto body = packet.sub(header_size, size);
  if (server != context.server || body.size() != size || (size != 0 && !has_trailer(body)))
    return out;
  if (needs_proof(out.status) &&
      (echo != context.echo || proof != byte_view{context.proof} ||
       group != static_cast<uint8_t>(static_cast<uint16_t>(context.what) >> 8)))
    return out;
  out.what = outcome::answered;
  if (size != 0)
    out.payload = body.sub(0, size - trailer_size).copy();
  return out;
}

size_t request_bytes_needed(byte_view first) {
  if (first.size() < header_size)
    return header_size;
  if (first[at_encryption] > 2)
    return wide_header_size;
  return header_size + u16_at(first, at_body_length);
}

// branches: one case a command and no default, so that -Wswitch names a command that this forgets
bool is_command(uint8_t group, uint8_t number) {
  switch (static_cast<command>(group << 8 | number)) {
  case command::echo:
  case command::version:
  case command::show_stats:
  case command::count_coins:
  case command::detect:
  case command::detect_sum:
  case command::pown:
  case command::pown_sum:
  case command::get_ticket:
  case command::validate_ticket:
  case command::find:
  case command::fix:
  case command::admin_available:
  case command::admin_create:
  case command::admin_free:
  case command::admin_supply:
  case command::available_serials:
  case command::break_note:
  case command::join_notes:
    return true;
  }
  return false;
}

std::variant<request_header, refusal> decode_header(uint8_t server, arrival how, byte_view packet) {
  refusal bad;
  bad.reply.server = server;
  if (packet.size() > at_encryption) {
    bad.reply.encryption = packet[at_encryption];
    bad.reply.wide = bad.reply.encryption > 2;
  }
  const auto refuse = [&bad](uint8_t why) {
    bad.status = why;
    return bad;
  };
  if (packet.size() < header_size)
    return refuse(status::bad_length);
  const auto echo = u16_at(packet, at_echo);
  // Before the coin id is accepted a TCP answer carries no echo; a datagram carries the request's
  // own, never that of another request (docs/formats/raida.md 3 and 15).
  bad.reply.echo = how == arrival::udp ? echo : uint16_t{0};
  if (packet[at_version] != 1)
    return refuse(status::bad_version);
  if (packet[at_split] != 0)
    return refuse(status::bad_split);
  if (packet[at_server] != server)
    return refuse(status::bad_server);
  if (packet[at_group] > group_max)
    return refuse(status::bad_group);
  if (packet[at_shard] > shard_max)
    return refuse(status::bad_shard);
  if (!is_command(packet[at_group], packet[at_command]))
    return refuse(status::bad_command);
  if (u16_at(packet, at_coin_id) != coin_id)
    return refuse(status::bad_coin_id);
  bad.reply.echo = echo;
  // Type 2 (a locker key) has the short header but is not served.
  if (packet[at_encryption] > 1) {
    if (bad.reply.wide)
      bad.reply.echo = 0;
    return refuse(status::bad_encryption);
  }

  request_header out;
  out.what = static_cast<command>(packet[at_group] << 8 | packet[at_command]);
  out.shard = packet[at_shard];
  out.encryption = packet[at_encryption];
  out.body_length = u16_at(packet, at_body_length);
  out.key_note.denomination = static_cast<int8_t>(packet[at_key_denomination]);
  out.key_note.serial = byte_reader(packet.sub(at_key_serial)).u32();
  std::copy_n(packet.sub(at_nonce).begin(), out.nonce.size(), out.nonce.begin());
  out.reply.server = server;
  out.reply.group = packet[at_group];
  out.reply.echo = echo;
  return out;
}

std::variant<request, refusal> decode_body(const request_header& header, byte_view packet,
                                           const std::optional<authenticity_number>& key) {
  const auto refuse = [&header](uint8_t why) { return refusal{why, header.reply}; };
  request out;
  out.what = header.what;
  out.shard = header.shard;
  out.body_length = header.body_length;
  out.reply = header.reply;
  if (header.body_length == 0)
    return out;
  const auto body = packet.sub(header_size, header.body_length);
  if (body.size() != header.body_length || body.size() < trailer_size)
    return refuse(status::bad_length);
  if (!has_trailer(body))
    return refuse(status::bad_trailer);
  secret_bytes clear(body.begin(), body.end() - trailer_size);
  if (header.encryption != 0) {
    if (!key)
      return refuse(status::no_key);
    stream_key stream{*key, header.nonce, (clear.size() + 15) / 16};
    if (!apply_stream(stream, 0, clear.data(), clear.size()))
      return refuse(status::internal_error);
    out.reply.key = stream;
  }
  if (clear.size() < challenge_size)
    return refuse(status::bad_length);
  std::copy_n(clear.begin(), challenge_size, out.reply.proof.begin());
  if (key && header.encryption != 0)
    for (size_t i = 0; i < challenge_size; ++i)
      out.reply.proof[i] ^= key->data()[i];
  const auto challenge_part = view(clear).sub(0, challenge_size);
  if (crc_of(challenge_part.sub(0, 12)) != byte_reader(challenge_part.sub(12)).u32())
    return refusal{status::bad_crc, out.reply};
  out.payload.assign(clear.begin() + challenge_size, clear.end());
  return out;
}

bytes encode_response(const reply_context& to, uint8_t status, byte_view payload, uint32_t micros) {
  bytes out;
  byte_writer<bytes> w(out);
  if (to.wide) {
    // An encryption type that we do not serve: status, time and type; no echo, proof or body.
    w.u8(to.server).u8(0).u8(status).u8(to.group).u32(micros);
    out.resize(wide_header_size);
    out[at_encryption] = to.encryption;
    return out;
  }
  const auto size = payload.empty() ? 0 : payload.size() + trailer_size;
  out.reserve(header_size + size);
  w.u8(to.server).u8(0).u8(status).u8(to.group).u16(1).u16(to.echo).u8(0);
  w.u24(static_cast<uint32_t>(size)).u32(micros).raw(to.proof);
  if (payload.empty())
    return out;
  w.raw(payload);
  if (to.key)
    apply_stream(*to.key, to.key->response_block, out.data() + header_size, payload.size());
  w.u8(trailer_byte).u8(trailer_byte);
  return out;
}

} // namespace liveconnect::raida
