#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "messages/base/error.hpp"
#include "wallet/raida/packet.hpp"

namespace liveconnect::raida {
namespace {

outgoing_request some_request(command what = command::detect, size_t payload = 21) {
  request_seed seed;
  seed.challenge = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  seed.echo = 0xa001;
  bytes x(payload, 7);
  return *encode_request(3, what, x, seed);
}

reply_context reply_to(const outgoing_request& x) {
  auto header = decode_header(3, arrival::tcp, view(x.packet));
  auto body = decode_body(std::get<request_header>(header), view(x.packet), std::nullopt);
  return std::get<request>(body).reply;
}

TEST(raida_packet, a_request_of_the_largest_payload_is_the_last_that_is_made) {
  bytes largest(payload_max, 1);
  auto fits = encode_request(0, command::find, largest, {});
  ASSERT_TRUE(fits);
  EXPECT_EQ(request_bytes_needed(view(fits->packet)), fits->packet.size());
  largest.push_back(1);
  auto too_large = encode_request(0, command::find, largest, {});
  ASSERT_FALSE(too_large);
  EXPECT_EQ(code_of(too_large.error()), ec::bad_argument);
}

TEST(raida_packet, a_verdict_without_the_requests_echo_is_not_believed) {
  auto ask = some_request();
  auto good = encode_response(reply_to(ask), status::all_pass, {}, 5);
  EXPECT_EQ(decode_response(ask.context, good).what, outcome::answered);
  for (size_t at : {0u, 3u, 6u, 7u, 16u, 31u}) {
    auto bad = good;
    bad[at] ^= 1;
    EXPECT_EQ(decode_response(ask.context, bad).what, outcome::invalid) << "byte " << at;
  }
}

TEST(raida_packet, an_early_error_is_an_answer_without_echo_or_proof) {
  auto ask = some_request();
  reply_context nothing;
  nothing.server = 3;
  for (auto x : {status::bad_server, status::bad_command, status::bad_length, status::no_key,
                 status::empty_body, status::internal_error, status::bad_version}) {
    auto got = decode_response(ask.context, encode_response(nothing, x, {}, 0));
    EXPECT_EQ(got.what, outcome::answered);
    EXPECT_EQ(got.status, x);
  }
}

TEST(raida_packet, every_response_that_is_cut_short_is_invalid) {
  auto ask = some_request();
  auto whole = encode_response(reply_to(ask), status::mixed, bytes{5}, 0);
  EXPECT_EQ(decode_response(ask.context, whole).payload, bytes{5});
  for (size_t i = 0; i < whole.size(); ++i)
    EXPECT_EQ(decode_response(ask.context, byte_view{whole}.sub(0, i)).what, outcome::invalid) << i;
}

TEST(raida_packet, a_response_with_a_wrong_trailer_is_invalid) {
  auto ask = some_request();
  auto response = encode_response(reply_to(ask), status::mixed, bytes{5}, 0);
  response.back() = 0;
  EXPECT_EQ(decode_response(ask.context, response).what, outcome::invalid);
}

TEST(raida_packet, framing_asks_for_the_header_first_and_then_for_the_rest) {
  auto ask = some_request();
  EXPECT_EQ(request_bytes_needed({}), header_size);
  EXPECT_EQ(request_bytes_needed(view(ask.packet).sub(0, 31)), header_size);
  EXPECT_EQ(request_bytes_needed(view(ask.packet).sub(0, 32)), ask.packet.size());
  auto response = encode_response(reply_to(ask), status::mixed, bytes{5}, 0);
  EXPECT_EQ(response_bytes_needed(byte_view{response}.sub(0, 5)), header_size);
  EXPECT_EQ(response_bytes_needed(response), response.size());
}

TEST(raida_packet, a_type_1_exchange_never_uses_a_key_stream_block_twice) {
  // The challenge's block is known to an onlooker who knows the proof; a response under the same
  // block would fall with it.
  auto clear = some_request(command::detect, 21);
  bytes packet(clear.packet.begin(), clear.packet.end());
  packet[16] = 1;
  auto header = decode_header(3, arrival::tcp, packet);
  auto key = authenticity_number::from(bytes(16, 9));
  auto body = decode_body(std::get<request_header>(header), packet, key);
  // Not encrypted by us, so the CRC cannot fit; the stream's place is what counts here.
  ASSERT_TRUE(std::holds_alternative<refusal>(body));
  auto reply = std::get<refusal>(body).reply;
  ASSERT_TRUE(reply.key);
  EXPECT_EQ(std::get<refusal>(body).status, status::bad_crc);
  EXPECT_EQ(reply.key->response_block, (challenge_size + 21 + 15) / 16);
}

RC_GTEST_PROP(raida_packet, any_bytes_are_refused_or_read_without_going_wrong, (bytes packet)) {
  if (packet.size() > 3 && *rc::gen::arbitrary<bool>()) { // get past the first checks often
    packet.resize(std::max<size_t>(packet.size(), header_size));
    packet[0] = 1;
    packet[1] = 0;
    packet[2] = 3;
    packet[3] = 0;
    packet[4] = 1;
    packet[5] = 10;
    packet[6] = 0;
    packet[7] = 6;
    packet[16] = *rc::gen::inRange<uint8_t>(0, 2);
    packet[22] = 0;
  }
  decode_response(some_request().context, packet);
  auto header = decode_header(3, arrival::udp, packet);
  if (auto* x = std::get_if<request_header>(&header)) {
    auto body = decode_body(*x, packet, authenticity_number{});
    if (auto* in = std::get_if<request>(&body))
      RC_ASSERT(in->payload.size() + body_overhead <= packet.size() || in->body_length == 0);
  }
}

RC_GTEST_PROP(raida_packet, what_a_client_sends_is_what_a_server_reads, (bytes payload)) {
  auto seed = random_request_seed();
  auto made = encode_request(3, command::pown, payload, seed);
  auto header = decode_header(3, arrival::udp, view(made->packet));
  RC_ASSERT(std::holds_alternative<request_header>(header));
  auto body = decode_body(std::get<request_header>(header), view(made->packet), std::nullopt);
  RC_ASSERT(std::holds_alternative<request>(body));
  const auto& in = std::get<request>(body);
  RC_ASSERT(view(in.payload) == byte_view{payload});
  RC_ASSERT(in.what == command::pown);
  auto back = decode_response(made->context, encode_response(in.reply, status::mixed, payload, 1));
  RC_ASSERT(back.what == outcome::answered);
  RC_ASSERT(back.payload == payload);
}

} // namespace
} // namespace liveconnect::raida
