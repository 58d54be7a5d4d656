#include "wallet/raida/note_codec.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include <sodium.h>

#include "wallet/raida/packet.hpp"

namespace liveconnect::raida {

namespace {

using payload_writer = byte_writer<secret_bytes>;

void put_id(payload_writer& out, note_id id) {
  out.u8(static_cast<uint8_t>(id.denomination)).u32(id.serial);
}

void put_note(payload_writer& out, const note& x, size_t server) {
  put_id(out, x.id);
  out.raw(x.ans[server].view());
}

/// The letter where no answer came, whatever the command was; 0 when there is an answer to read.
char letter_without_answer(outcome x) {
  switch (x) {
  case outcome::not_asked:
    return letter::untried;
  case outcome::answered:
    return 0;
  case outcome::invalid:
    return letter::error;
  case outcome::silent:
    return letter::silent;
  case outcome::unreachable:
    return letter::network;
  }
  return letter::error;
}

/// Bits, least significant first (docs/formats/raida.md 6 and 14).
std::string letters_of_bitmap(byte_view bitmap, size_t count) {
  std::string out(count, letter::failed);
  for (size_t i = 0; i < count; ++i)
    if ((bitmap[i / 8] >> (i % 8) & 1) != 0)
      out[i] = letter::passed;
  return out;
}

constexpr size_t bitmap_size(size_t count) {
  return (count + 7) / 8;
}

} // namespace

secret_bytes encode_notes(const std::vector<note>& notes, const std::vector<uint32_t>& indices,
                          size_t server) {
  secret_bytes out;
  out.reserve(indices.size() * 21);
  payload_writer to{out};
  for (auto i : indices)
    put_note(to, notes[i], server);
  return out;
}

secret_bytes encode_notes_with_pans(const std::vector<note>& notes,
                                    const std::vector<uint32_t>& indices, size_t server) {
  static constexpr std::array<uint8_t, 16> none{};
  secret_bytes out;
  out.reserve(indices.size() * 37);
  payload_writer to{out};
  for (auto i : indices) {
    put_note(to, notes[i], server);
    to.raw(notes[i].pans.empty() ? byte_view{none} : notes[i].pans[server].view());
  }
  return out;
}

secret_bytes encode_fix(const std::vector<note_id>& notes, const fix_seed& pg,
                        const std::vector<uint32_t>& tickets) {
  secret_bytes out;
  out.reserve(notes.size() * 5 + 16 + tickets.size() * 4);
  payload_writer to{out};
  for (auto id : notes)
    put_id(to, id);
  to.raw(pg.view());
  for (auto ticket : tickets)
    to.u32(ticket);
  return out;
}

secret_bytes encode_available(uint32_t session, change_operation op, int8_t held) {
  secret_bytes out;
  payload_writer{out}.u32(session).u8(static_cast<uint8_t>(op)).u8(static_cast<uint8_t>(held));
  return out;
}

secret_bytes encode_change(uint32_t session, const note& big, const std::vector<note>& small,
                           size_t server) {
  secret_bytes out;
  out.reserve(4 + 21 * (1 + small.size()));
  payload_writer to{out};
  to.u32(session);
  put_note(to, big, server);
  for (const auto& x : small)
    put_note(to, x, server);
  return out;
}

std::string decode_passes(const answer& x, size_t count) {
  if (auto none = letter_without_answer(x.what); none != 0)
    return std::string(count, none);
  if (x.status == status::all_pass && x.payload.empty())
    return std::string(count, letter::passed);
  if (x.status == status::all_fail && x.payload.empty())
    return std::string(count, letter::failed);
  if (x.status == status::mixed && x.payload.size() == bitmap_size(count))
    return letters_of_bitmap(x.payload, count);
  return std::string(count, letter::error);
}

ticket_answer decode_ticket(const answer& x, size_t count) {
  if (auto none = letter_without_answer(x.what); none != 0)
    return {std::string(count, none), 0};
  if (x.status == status::all_fail && x.payload.empty())
    return {std::string(count, letter::failed), 0};
  const auto bitmap = x.status == status::mixed ? bitmap_size(count) : 0;
  const bool has_ticket = x.status == status::all_pass || x.status == status::mixed;
  if (!has_ticket || x.payload.size() != bitmap + 4)
    return {std::string(count, letter::error), 0};
  const byte_view payload{x.payload};
  const auto ticket = byte_reader{payload.sub(bitmap)}.u32();
  // 0 means "no ticket" in a Fix, so a server that issues it has given us nothing.
  if (ticket == 0)
    return {std::string(count, letter::error), 0};
  auto letters = bitmap == 0 ? std::string(count, letter::passed)
                             : letters_of_bitmap(payload.sub(0, bitmap), count);
  // A ticket that covers no note is none: no Fix could use it.
  const bool covers = letters.find(letter::passed) != std::string::npos;
  return {std::move(letters), covers ? ticket : 0};
}

namespace {

/// What a Find without payload says of all notes.
find_answer answer_of_status(uint8_t x) {
  switch (x) {
  case status::find_neither:
    return find_answer::neither;
  case status::find_all_an:
    return find_answer::an;
  case status::find_all_pan:
    return find_answer::pan;
  default:
    return find_answer::unknown;
  }
}

} // namespace

find_batch decode_find(const answer& x, size_t count) {
  const auto all = [count](find_answer one) {
    return find_batch{std::vector<find_answer>(count, one), false};
  };
  if (x.what == outcome::not_asked)
    return all(find_answer::not_asked);
  if (x.what != outcome::answered)
    return all(find_answer::unknown);
  if (x.status == status::bad_serial && count == 1)
    return all(find_answer::no_such_note);
  if (x.status == status::bad_serial)
    return {std::vector<find_answer>(count, find_answer::unknown), true};
  if (x.payload.empty())
    return all(answer_of_status(x.status));
  if (x.status != status::find_mixed || x.payload.size() != count)
    return all(find_answer::unknown);
  find_batch out;
  for (auto one : x.payload) {
    if (one > 2)
      return all(find_answer::unknown);
    out.notes.push_back(one == 1   ? find_answer::an
                        : one == 2 ? find_answer::pan
                                   : find_answer::neither);
  }
  return out;
}

available_answer decode_available(const answer& x, change_operation op, int8_t held) {
  constexpr size_t serials_max = 64;
  available_answer out;
  out.letter = letter_without_answer(x.what);
  if (out.letter != 0)
    return out;
  out.letter = letter::error;
  const auto size = x.payload.size();
  if (x.status != status::success || size == 0 || (size - 1) % 4 != 0 ||
      (size - 1) / 4 > serials_max)
    return out;
  byte_reader in{x.payload};
  const auto target = static_cast<int8_t>(in.u8());
  if (target != held + (op == change_operation::break_note ? -1 : 1) || !is_denomination(target))
    return out;
  std::vector<uint32_t> serials;
  std::unordered_set<uint32_t> seen;
  while (in.left() > 0) {
    const auto serial = in.u32();
    if (serial > serial_max || !seen.insert(serial).second)
      return out;
    serials.push_back(serial);
  }
  return {letter::passed, target, std::move(serials)};
}

char decode_change(const answer& x) {
  if (auto none = letter_without_answer(x.what); none != 0)
    return none;
  if (x.status == status::success)
    return letter::passed;
  return x.status == status::all_fail ? letter::failed : letter::error;
}

char decode_success(const answer& x) {
  if (auto none = letter_without_answer(x.what); none != 0)
    return none;
  return x.status == status::success ? letter::passed : letter::error;
}

std::string decode_version(const answer& x) {
  if (decode_success(x) != letter::passed || x.payload.size() != 8)
    return {};
  const bool digits = std::all_of(x.payload.begin(), x.payload.end(),
                                  [](uint8_t c) { return c >= '0' && c <= '9'; });
  return digits ? std::string{byte_view{x.payload}.text()} : std::string{};
}

bool is_reserved(const authenticity_number& x) {
  const auto end = x.view().sub(12);
  return x.is_zero() || (end[2] == 0xee && end[3] == 0xee) ||
         (end[0] == 0xff && end[1] == 0xff && end[2] == 0xff && end[3] == 0xff);
}

authenticity_number draw_an() {
  for (;;)
    if (auto x = authenticity_number::random(); !is_reserved(x))
      return x;
}

std::vector<authenticity_number> draw_ans(size_t servers) {
  std::vector<authenticity_number> out;
  out.reserve(servers);
  while (out.size() < servers)
    out.push_back(draw_an());
  return out;
}

uint32_t draw_session() {
  for (;;)
    if (auto x = randombytes_random(); x != 0)
      return x;
}

} // namespace liveconnect::raida
