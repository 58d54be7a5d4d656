// What a server answers, as the client reads it: `u8 command | u8 count | u8 form | u8 status |
// bytes`. The bytes are a whole packet, or a payload behind a header whose echo and proof are
// right.
#include <algorithm>
#include <set>

#include "tests/fuzz/raida_pieces.hpp"
#include "tests/fuzz/target.hpp"
#include "wallet/raida/note_codec.hpp"
#include "wallet/raida/packet.hpp"
#include "wallet/raida/server/server_core.hpp"

namespace liveconnect::fuzz {

using namespace raida;

namespace {

bool only_letters(const std::string& text, const char* letters) {
  return text.find_first_not_of(letters) == std::string::npos;
}

void check_notes(const answer& x, size_t count) {
  const auto passes = decode_passes(x, count);
  REQUIRE(passes.size() == count && only_letters(passes, "pfendu"));
  const auto found = decode_find(x, count);
  REQUIRE(found.notes.size() == count);
  const auto ticket = decode_ticket(x, count);
  REQUIRE(ticket.letters.size() == count && only_letters(ticket.letters, "pfendu"));
  // No ticket without a note that it covers.
  REQUIRE(ticket.ticket == 0 || ticket.letters.find('p') != std::string::npos);
}

void check_serials(const answer& x, change_operation op, int8_t held) {
  const auto offer = decode_available(x, op, held);
  REQUIRE(offer.serials.size() <= available_max);
  REQUIRE(offer.letter == 'p' || offer.serials.empty());
  if (offer.letter == 'p')
    REQUIRE(offer.target == (op == change_operation::break_note ? held - 1 : held + 1));
  const std::set<uint32_t> once(offer.serials.begin(), offer.serials.end());
  REQUIRE(once.size() == offer.serials.size());
  REQUIRE(once.empty() || *once.rbegin() <= serial_max);
}

/// Every reader sees every answer: a server may answer one command as if it were another.
void check_answer(const answer& x, size_t count) {
  check_notes(x, count);
  for (int held = denomination_min + 1; held < denomination_max; ++held)
    for (const auto op : {change_operation::break_note, change_operation::join_notes})
      check_serials(x, op, static_cast<int8_t>(held));
  REQUIRE(only_letters({decode_change(x)}, "pfendu") && only_letters({decode_success(x)}, "pendu"));
  const auto version = decode_version(x);
  REQUIRE(version.empty() || (version.size() == 8 && only_letters(version, "0123456789")));
  // Ids of a listing are only compared with those of a Fix: any may stand there.
  if (const auto listing = read_ticket_listing(1, x))
    REQUIRE(listing->server == 1 && listing->notes.size() <= x.payload.size());
}

} // namespace

FUZZ_TARGET(raida_reply) {
  byte_reader in{data};
  const auto what = raida_commands[in.u8() % raida_commands.size()];
  const size_t count = in.u8();
  const bool whole = in.u8() % 2 == 0;
  const auto status = in.u8();
  const auto rest = in.raw(in.left());
  const auto request = encode_request(1, what, {}, request_seed{});
  REQUIRE(request);
  REQUIRE(response_bytes_needed(rest) >= header_size);
  answer x;
  if (whole) {
    x = decode_response(request->context, rest);
  } else {
    reply_context to;
    to.server = 1;
    to.group = static_cast<uint8_t>(static_cast<uint16_t>(what) >> 8);
    to.echo = request->context.echo;
    to.proof = request->context.proof;
    const auto packet = encode_response(to, status, rest, 7);
    REQUIRE(response_bytes_needed(packet) == packet.size());
    x = decode_response(request->context, packet);
    REQUIRE(x.what == outcome::answered && x.status == status);
    REQUIRE(byte_view(x.payload) == rest);
  }
  check_answer(x, count);
  for (const auto silent : {outcome::silent, outcome::unreachable, outcome::not_asked})
    check_answer({silent, status, {}}, count);
}

} // namespace liveconnect::fuzz
