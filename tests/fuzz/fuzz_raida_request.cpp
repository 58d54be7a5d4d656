// A RAIDA server as strangers see it: whole packets, and commands whose header is right and whose
// payload is the fuzzer's, to three servers that know each other and hold a few notes. Whatever is
// asked, the value that a server holds changes by the operator's create and free alone.
#include <algorithm>

#include "messages/base/error.hpp"
#include "tests/fuzz/pieces.hpp"
#include "tests/fuzz/raida_pieces.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/support/raida_lab.hpp"
#include "wallet/raida/note_codec.hpp"

namespace liveconnect::fuzz {

using namespace raida;

namespace {

uint64_t value_at(test::raida_lab& lab, size_t server) {
  uint64_t out = 0;
  const auto err = lab.store(server).for_each_in_use(
      [&](note_id id) { out += denomination_value(id.denomination).units(); });
  REQUIRE(!err);
  return out;
}

bool is_operators(byte_view packet) {
  const auto header = decode_header(0, arrival::tcp, packet);
  const auto* x = std::get_if<request_header>(&header);
  return x != nullptr && (x->what == command::admin_create || x->what == command::admin_free);
}

using values = std::array<uint64_t, raida_servers>;

/// One packet to one server, and what must hold behind it; `known` is what each server held.
void exchange(test::raida_lab& lab, values& known, size_t server, arrival how, byte_view packet) {
  const auto response = lab.exchange(server, how, packet);
  REQUIRE(response.empty() || response.size() >= header_size);
  REQUIRE(response.size() <= response_max + wide_header_size);
  for (size_t i = 0; i < raida_servers; ++i) {
    const auto now = value_at(lab, i);
    REQUIRE(now == known[i] || (i == server && is_operators(packet)));
    known[i] = now;
  }
}

/// The packet's seed says nothing: every run of one input is the same.
bytes packet_for(size_t server, command what, byte_view payload) {
  const auto request = encode_request(static_cast<uint8_t>(server), what, payload, request_seed{});
  if (!request)
    return {};
  return {request->packet.begin(), request->packet.end()};
}

} // namespace

FUZZ_TARGET(raida_request) {
  test::raida_lab lab(raida_servers, secret<16>{}, "20261101");
  fill(lab);
  values known{};
  for (size_t i = 0; i < raida_servers; ++i)
    known[i] = value_at(lab, i);
  byte_reader in{data};
  size_t turns = 0;
  for (piece x; turns < 16 && take_piece(in, x); ++turns) {
    if (x.kind == time_passes) {
      lab.advance(std::chrono::seconds(byte_reader{x.data}.u16()));
      continue;
    }
    if (x.kind == raw_datagram || x.kind == raw_stream) {
      const auto how = x.kind == raw_datagram ? arrival::udp : arrival::tcp;
      if (x.data.size() >= header_size)
        exchange(lab, known, 0, how, x.data);
      continue;
    }
    const size_t server = x.kind / next_server % raida_servers;
    const auto what = raida_commands[x.kind % next_server % raida_commands.size()];
    exchange(lab, known, server, arrival::tcp, packet_for(server, what, x.data));
  }
}

} // namespace liveconnect::fuzz
