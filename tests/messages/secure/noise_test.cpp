#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "messages/base/error.hpp"
#include "messages/secure/noise.hpp"

namespace liveconnect::noise {
namespace {

bytes hex(const std::string& text) {
  bytes out;
  EXPECT_TRUE(from_hex(text, out)) << text;
  return out;
}

nlohmann::json vector_file() {
  std::ifstream in(LIVECONNECT_TEST_DATA "/vectors/noise/nnpsk0.json");
  return nlohmann::json::parse(in);
}

key key_of(const nlohmann::json& x) {
  return key::from(hex(x.get<std::string>()));
}

TEST(noise, reproduces_the_published_vector) {
  const auto v = vector_file();
  ASSERT_EQ(v["protocol_name"], "Noise_NNpsk0_25519_ChaChaPoly_BLAKE2b");
  const auto prologue = hex(v["prologue"]);
  handshake_state initiator(party::initiator, prologue, key_of(v["psk"]),
                            key_of(v["initiator_ephemeral"]));
  handshake_state responder(party::responder, prologue, key_of(v["psk"]),
                            key_of(v["responder_ephemeral"]));
  const auto& messages = v["messages"];
  ASSERT_EQ(messages.size(), 4u);

  const auto first = initiator.write_message(hex(messages[0]["payload"]));
  ASSERT_TRUE(first);
  EXPECT_EQ(to_hex(*first), messages[0]["ciphertext"]);
  const auto first_payload = responder.read_message(*first);
  ASSERT_TRUE(first_payload);
  EXPECT_EQ(to_hex(view(*first_payload)), messages[0]["payload"]);

  const auto second = responder.write_message(hex(messages[1]["payload"]));
  ASSERT_TRUE(second);
  EXPECT_EQ(to_hex(*second), messages[1]["ciphertext"]);
  const auto second_payload = initiator.read_message(*second);
  ASSERT_TRUE(second_payload);
  EXPECT_EQ(to_hex(view(*second_payload)), messages[1]["payload"]);

  ASSERT_TRUE(initiator.finished());
  ASSERT_TRUE(responder.finished());
  auto a = initiator.result(), b = responder.result();
  EXPECT_EQ(to_hex(a.handshake_hash), v["handshake_hash"]);
  EXPECT_EQ(to_hex(b.handshake_hash), v["handshake_hash"]);

  const auto third = a.initiator_to_responder.encrypt_with_ad({}, hex(messages[2]["payload"]));
  ASSERT_TRUE(third);
  EXPECT_EQ(to_hex(*third), messages[2]["ciphertext"]);
  EXPECT_TRUE(b.initiator_to_responder.decrypt_with_ad({}, *third));
  const auto fourth = b.responder_to_initiator.encrypt_with_ad({}, hex(messages[3]["payload"]));
  ASSERT_TRUE(fourth);
  EXPECT_EQ(to_hex(*fourth), messages[3]["ciphertext"]);
  EXPECT_TRUE(a.responder_to_initiator.decrypt_with_ad({}, *fourth));
}

TEST(noise, refuses_every_single_bit_flipped_in_either_message) {
  const auto psk = key::random();
  handshake_state initiator(party::initiator, {}, psk);
  const auto first = initiator.write_message({});
  ASSERT_TRUE(first);
  for (size_t bit = 0; bit < first->size() * 8; ++bit) {
    // The top bit of an X25519 point means nothing to the curve but is part of the transcript.
    auto altered = *first;
    altered[bit / 8] = static_cast<uint8_t>(altered[bit / 8] ^ 1 << bit % 8);
    handshake_state responder(party::responder, {}, psk);
    const auto read = responder.read_message(altered);
    ASSERT_FALSE(read) << bit;
    EXPECT_EQ(code_of(read.error()), ec::not_authentic);
  }
  handshake_state responder(party::responder, {}, psk);
  ASSERT_TRUE(responder.read_message(*first));
  const auto second = responder.write_message({});
  ASSERT_TRUE(second);
  for (size_t bit = 0; bit < second->size() * 8; ++bit) {
    auto altered = *second;
    altered[bit / 8] = static_cast<uint8_t>(altered[bit / 8] ^ 1 << bit % 8);
    auto copy = initiator;
    ASSERT_FALSE(copy.read_message(altered)) << bit;
  }
  EXPECT_TRUE(initiator.read_message(*second));
}

TEST(noise, refuses_another_psk_or_prologue) {
  const auto psk = key::random();
  const bytes prologue{1, 2, 3}, other{1, 2, 4};
  handshake_state initiator(party::initiator, prologue, psk);
  const auto first = initiator.write_message({});
  ASSERT_TRUE(first);
  EXPECT_FALSE(handshake_state(party::responder, prologue, key::random()).read_message(*first));
  EXPECT_FALSE(handshake_state(party::responder, other, psk).read_message(*first));
  EXPECT_TRUE(handshake_state(party::responder, prologue, psk).read_message(*first));
}

TEST(noise, ends_when_the_shared_secret_is_zero) {
  // Points of low order: with them the shared secret is public. The message is made with the
  // right psk, so nothing but the scalar multiplication can refuse it.
  const auto psk = key::random();
  for (const auto* point : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"}) {
    symmetric_state forged;
    forged.mix_hash({});
    forged.mix_key_and_hash(psk.view());
    const auto low = hex(point);
    forged.mix_hash(low);
    forged.mix_key(low);
    const auto sealed = forged.encrypt_and_hash({});
    ASSERT_TRUE(sealed);
    auto message = low;
    message.insert(message.end(), sealed->begin(), sealed->end());

    handshake_state responder(party::responder, {}, psk);
    ASSERT_TRUE(responder.read_message(message)) << "the forged message must be well made";
    const auto answer = responder.write_message({});
    ASSERT_FALSE(answer) << point;
    EXPECT_EQ(code_of(answer.error()), ec::not_authentic);
  }
}

TEST(noise, keeps_the_order_of_its_steps) {
  const auto psk = key::random();
  handshake_state initiator(party::initiator, {}, psk);
  handshake_state responder(party::responder, {}, psk);
  const bytes zeros(48);
  EXPECT_EQ(code_of(responder.write_message({}).error()), ec::internal);
  EXPECT_EQ(code_of(initiator.read_message(zeros).error()), ec::internal);
  ASSERT_TRUE(initiator.write_message({}));
  EXPECT_EQ(code_of(initiator.write_message({}).error()), ec::internal);
}

TEST(noise, a_failed_message_leaves_the_counter_where_it_was) {
  const auto k = key::random();
  cipher_state out(k), in(k);
  const auto sealed = out.encrypt_with_ad({}, byte_view(std::string_view{"coin"}));
  ASSERT_TRUE(sealed);
  const bytes ad{1};
  EXPECT_FALSE(in.decrypt_with_ad(ad, *sealed));
  EXPECT_EQ(in.nonce(), 0u);
  EXPECT_TRUE(in.decrypt_with_ad({}, *sealed));
  EXPECT_FALSE(in.decrypt_with_ad({}, *sealed)) << "a message is good once";
}

} // namespace
} // namespace liveconnect::noise
