#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "messages/base/base64.hpp"
#include "messages/base/error.hpp"
#include "messages/secure/secure_channel.hpp"
#include "messages/wire/body.hpp"

namespace liveconnect {
namespace {

using stage = secure_channel::stage;

const receipt_public_key test_receipt_key = [] {
  receipt_public_key out{};
  out.fill(0x5a);
  return out;
}();

channel_terms test_terms() {
  channel_terms out;
  out.room = 4182907731;
  out.invitation.fill(0x9f);
  out.expires_unix = 1'800'000'000;
  return out;
}

/// Through text and back, as the relay delivers it.
frame delivered(const frame& x, notation how = notation::tag) {
  auto text = encode(x, how);
  const auto at = text.find('#');
  if (at != std::string::npos)
    text.replace(at, 1, "203.0.113.7");
  frame_reader reader;
  reader.feed(byte_view(text));
  auto out = reader.next();
  EXPECT_TRUE(out && *out) << text;
  return out && *out ? **out : frame{};
}

struct pair_of_channels {
  explicit pair_of_channels(const secret<32>& key = secret<32>::random(),
                            const channel_terms& terms = test_terms())
      : sender(secure_channel::for_sender(key, terms)),
        receiver(secure_channel::for_receiver(key, terms, test_receipt_key)) {}

  void connect() {
    ASSERT_TRUE(receiver.take_heartbeat(delivered(sender.next_heartbeat())));
    ASSERT_TRUE(sender.take_heartbeat(delivered(receiver.next_heartbeat())));
    ASSERT_TRUE(receiver.take_heartbeat(delivered(sender.next_heartbeat())));
    ASSERT_TRUE(sender.take_heartbeat(delivered(receiver.next_heartbeat())));
    ASSERT_TRUE(sender.is_connected());
    ASSERT_TRUE(receiver.is_connected());
  }

  secure_channel sender;
  secure_channel receiver;
};

TEST(secure_channel, connects_over_heartbeats_in_both_notations) {
  for (auto how : {notation::tag, notation::json}) {
    pair_of_channels x;
    EXPECT_TRUE(x.receiver.next_heartbeat().handshake.empty()) << "the receiver waits bare";
    EXPECT_EQ(x.sender.safety_phrase(), "");

    const auto first = delivered(x.sender.next_heartbeat(), how);
    EXPECT_EQ(first.version, 1);
    auto heard = x.receiver.take_heartbeat(first);
    ASSERT_TRUE(heard);
    EXPECT_TRUE(heard->answer_now);
    EXPECT_FALSE(heard->connected);
    EXPECT_EQ(x.receiver.now(), stage::answering);

    heard = x.sender.take_heartbeat(delivered(x.receiver.next_heartbeat(), how));
    ASSERT_TRUE(heard);
    EXPECT_TRUE(heard->answer_now);
    EXPECT_FALSE(x.sender.is_connected()) << "the receiver has proved nothing yet";

    heard = x.receiver.take_heartbeat(delivered(x.sender.next_heartbeat(), how));
    ASSERT_TRUE(heard);
    EXPECT_TRUE(heard->answer_now && heard->connected);

    heard = x.sender.take_heartbeat(delivered(x.receiver.next_heartbeat(), how));
    ASSERT_TRUE(heard);
    EXPECT_TRUE(heard->connected);
    EXPECT_FALSE(heard->answer_now);

    EXPECT_EQ(x.sender.handshake_hash(), x.receiver.handshake_hash());
    EXPECT_EQ(x.sender.safety_phrase(), x.receiver.safety_phrase());
    const auto phrase = x.sender.safety_phrase();
    EXPECT_EQ(std::count(phrase.begin(), phrase.end(), ' '), 3);
    EXPECT_EQ(x.sender.receipt_key(), test_receipt_key);
  }
}

TEST(secure_channel, the_prologue_is_written_as_in_the_document) {
  EXPECT_EQ(to_hex(encode_prologue(test_terms())),
            "4c697665436f6e6e6563742f3100"     // "LiveConnect/1" 00
            "00010001"                         // versions
            "00000000f9521b53"                 // room
            "9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f" // invitation
            "000000006b49d200");               // expiry
}

TEST(secure_channel, repeated_handshake_messages_change_nothing) {
  pair_of_channels x;
  const auto first = delivered(x.sender.next_heartbeat());
  EXPECT_EQ(delivered(x.sender.next_heartbeat()), first) << "repeated until answered";
  ASSERT_TRUE(x.receiver.take_heartbeat(first));
  const auto second = delivered(x.receiver.next_heartbeat());
  ASSERT_TRUE(x.receiver.take_heartbeat(first));
  EXPECT_EQ(delivered(x.receiver.next_heartbeat()), second) << "the same answer";
  ASSERT_TRUE(x.sender.take_heartbeat(second));
  ASSERT_TRUE(x.sender.take_heartbeat(second));
  ASSERT_TRUE(x.receiver.take_heartbeat(delivered(x.sender.next_heartbeat())));
  ASSERT_TRUE(x.sender.take_heartbeat(delivered(x.receiver.next_heartbeat())));
  EXPECT_TRUE(x.sender.is_connected());
}

TEST(secure_channel, a_receiver_takes_the_senders_newest_handshake_before_it_is_proved) {
  const auto key = secret<32>::random();
  pair_of_channels x(key);
  auto later = secure_channel::for_sender(key, test_terms());
  ASSERT_TRUE(x.receiver.take_heartbeat(delivered(x.sender.next_heartbeat())));
  ASSERT_TRUE(x.receiver.take_heartbeat(delivered(later.next_heartbeat())));
  ASSERT_TRUE(later.take_heartbeat(delivered(x.receiver.next_heartbeat())));
  ASSERT_TRUE(x.receiver.take_heartbeat(delivered(later.next_heartbeat())));
  ASSERT_TRUE(later.take_heartbeat(delivered(x.receiver.next_heartbeat())));
  EXPECT_TRUE(later.is_connected());
}

TEST(secure_channel, leftovers_of_an_older_session_do_no_harm) {
  const auto key = secret<32>::random();
  pair_of_channels old(key);
  old.connect();
  const auto stale_beat = delivered(old.sender.next_heartbeat());
  const auto stale_command = old.sender.command(message_number::making_change);
  ASSERT_TRUE(stale_command);
  auto old_receiver = secure_channel::for_receiver(key, test_terms(), test_receipt_key);
  auto other_sender = secure_channel::for_sender(key, test_terms());
  ASSERT_TRUE(old_receiver.take_heartbeat(delivered(other_sender.next_heartbeat())));
  const auto stale_answer = delivered(old_receiver.next_heartbeat());

  pair_of_channels fresh(key);
  ASSERT_TRUE(fresh.receiver.take_heartbeat(stale_beat));
  EXPECT_EQ(code_of(fresh.receiver.open(delivered(*stale_command))), ec::protocol_violation);
  ASSERT_TRUE(fresh.sender.take_heartbeat(stale_answer));
  EXPECT_EQ(fresh.sender.now(), stage::calling);
  fresh.connect();
}

TEST(secure_channel, a_sender_gives_up_after_many_wrong_answers) {
  pair_of_channels x, wrong;
  ASSERT_TRUE(wrong.receiver.take_heartbeat(delivered(wrong.sender.next_heartbeat())));
  const auto answer = delivered(wrong.receiver.next_heartbeat());
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(x.sender.take_heartbeat(answer));
  EXPECT_EQ(code_of(x.sender.take_heartbeat(answer).error()), ec::not_authentic);
  EXPECT_TRUE(x.sender.is_dead());
}

TEST(secure_channel, another_key_room_invitation_expiry_or_version_range_never_connects) {
  const auto key = secret<32>::random();
  std::vector<channel_terms> wrong(4, test_terms());
  wrong[0].room ^= 1;
  wrong[1].invitation[15] ^= 1;
  wrong[2].expires_unix ^= 1;
  wrong[3].max_version = 2;
  for (const auto& terms : wrong) {
    auto sender = secure_channel::for_sender(key, terms);
    auto receiver = secure_channel::for_receiver(key, test_terms(), test_receipt_key);
    auto message = sender.next_heartbeat();
    message.version = 1;
    EXPECT_EQ(code_of(receiver.take_heartbeat(delivered(message)).error()), ec::not_authentic);
    EXPECT_TRUE(receiver.is_dead());
  }
  auto stranger = secure_channel::for_sender(secret<32>::random(), test_terms());
  auto receiver = secure_channel::for_receiver(key, test_terms(), test_receipt_key);
  EXPECT_EQ(code_of(receiver.take_heartbeat(delivered(stranger.next_heartbeat())).error()),
            ec::not_authentic);
}

TEST(secure_channel, a_version_that_we_do_not_speak_is_named) {
  pair_of_channels x;
  auto message = x.sender.next_heartbeat();
  message.version = 7;
  EXPECT_EQ(code_of(x.receiver.take_heartbeat(message).error()), ec::protocol_violation);
  EXPECT_TRUE(x.receiver.is_dead());
}

TEST(secure_channel, a_replayed_first_message_proves_nothing) {
  const auto key = secret<32>::random();
  pair_of_channels recorded(key);
  const auto first = delivered(recorded.sender.next_heartbeat());
  ASSERT_TRUE(recorded.receiver.take_heartbeat(first));
  ASSERT_TRUE(recorded.sender.take_heartbeat(delivered(recorded.receiver.next_heartbeat())));
  const auto proof = delivered(recorded.sender.next_heartbeat());

  auto receiver = secure_channel::for_receiver(key, test_terms(), test_receipt_key);
  ASSERT_TRUE(receiver.take_heartbeat(first)) << "message 1 alone can be replayed";
  EXPECT_FALSE(receiver.is_connected());
  EXPECT_EQ(code_of(receiver.take_heartbeat(proof).error()), ec::not_authentic);
}

TEST(secure_channel, nothing_is_sealed_or_opened_before_both_have_proved_the_key) {
  pair_of_channels x;
  EXPECT_EQ(code_of(x.sender.command(message_number::empty_import_export).error()),
            ec::protocol_violation);
  EXPECT_EQ(code_of(x.sender.seal_body(message_number::coin, {}, {}).error()),
            ec::protocol_violation);
  ASSERT_TRUE(x.receiver.take_heartbeat(delivered(x.sender.next_heartbeat())));
  EXPECT_EQ(code_of(x.receiver.open(make_frame(message_number::empty_import_export))),
            ec::protocol_violation);
  EXPECT_FALSE(x.receiver.is_dead()) << "it is shown, and has no effect";
}

// --- a recorded session, altered in every way ---

/// What the sender says in one transfer, as frames of the wire.
struct recording {
  pair_of_channels channels;
  std::vector<frame> frames;
  std::vector<body_place> places;
};

/// Connects and records commands, an amount, a manifest and coins. The receiver has heard nothing
/// of it yet.
recording record() {
  recording out;
  out.channels.connect();
  auto& sender = out.channels.sender;
  const auto command = [&](message_number number, std::string details = {}) {
    auto x = sender.command(number, std::move(details));
    ASSERT_TRUE(x);
    out.frames.push_back(delivered(*x));
    out.places.push_back({});
  };
  const auto body = [&](message_number number, const body_place& place, std::string_view text) {
    auto x = sender.body_frame(number, place, byte_view(text));
    ASSERT_TRUE(x);
    out.frames.push_back(delivered(*x));
    out.places.push_back(place);
  };
  command(message_number::empty_import_export);
  command(message_number::amount, "3439");
  command(message_number::making_change);
  command(message_number::making_change);
  body(message_number::ready_to_send_coins, {}, "manifest");
  body_place place;
  place.id.value.fill(7);
  place.manifest_hash.fill(8);
  place.count = 2;
  for (place.index = 1; place.index <= 2; ++place.index)
    body(message_number::coin, place, "the same coin");
  command(message_number::coins_confirmed, std::string(64, 'c'));
  return out;
}

/// Gives frames to a copy of the receiver in order; the number it took, and the copy's end.
struct outcome {
  size_t taken = 0;
  bool dead = false;
};

outcome play(const recording& from, const std::vector<frame>& frames,
             const std::vector<body_place>& places) {
  auto receiver = from.channels.receiver;
  outcome out;
  for (size_t i = 0; i < frames.size(); ++i) {
    const auto& x = frames[i];
    const bool has_body = x.is(message_number::coin) || x.is(message_number::ready_to_send_coins);
    const auto err = has_body ? [&] {
      auto opened = receiver.open_body_frame(x, places[i]);
      return opened ? caf::error{} : opened.error();
    }()
                                : receiver.open(x);
    if (err) {
      EXPECT_EQ(code_of(err), ec::not_authentic);
      break;
    }
    ++out.taken;
  }
  out.dead = receiver.is_dead();
  if (out.dead) {
    // For good: what is authentic is refused from now on as well.
    EXPECT_TRUE(receiver.open(from.frames[0]));
    EXPECT_FALSE(receiver.command(message_number::received));
    EXPECT_TRUE(receiver.next_heartbeat().auth.empty());
  }
  return out;
}

TEST(recorded_session, is_taken_whole_when_it_is_not_touched) {
  const auto x = record();
  const auto out = play(x, x.frames, x.places);
  EXPECT_EQ(out.taken, x.frames.size());
  EXPECT_FALSE(out.dead);
}

TEST(recorded_session, every_single_bit_flipped_on_the_wire_is_refused) {
  const auto recorded = record();
  size_t refused = 0;
  for (size_t i = 0; i < recorded.frames.size(); ++i)
    for (auto how : {notation::tag, notation::json}) {
      auto x = recorded.frames[i];
      x.from = "#";
      const auto text = encode(x, how);
      for (size_t bit = 0; bit < text.size() * 8; ++bit) {
        auto altered = text;
        altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ 1 << bit % 8);
        frame_reader reader;
        reader.feed(byte_view(altered));
        auto read = reader.next();
        // Unreadable, incomplete or unknown: it has no effect.
        if (!read || !*read || find_message((*read)->number) == nullptr) {
          ++refused;
          continue;
        }
        // The same meaning from another address, or with blanks where they say nothing, is the
        // same message.
        auto meaning = **read;
        meaning.from = "#";
        meaning.more.clear();
        meaning.version = 0;
        meaning.handshake.clear();
        const bool has_body =
            meaning.is(message_number::coin) || meaning.is(message_number::ready_to_send_coins);
        if (has_body)
          meaning.auth.clear();
        else
          meaning.index = meaning.count = 0;
        if (meaning == x)
          continue;
        auto frames = recorded.frames;
        frames[i] = **read;
        const auto out = play(recorded, frames, recorded.places);
        EXPECT_EQ(out.taken, i) << altered;
        EXPECT_TRUE(out.dead) << altered;
        ++refused;
      }
    }
  EXPECT_GT(refused, 5'000u) << "the test must have tried something";
}

TEST(recorded_session, every_drop_swap_and_repeat_is_refused) {
  const auto x = record();
  for (size_t i = 0; i < x.frames.size(); ++i) {
    if (i + 1 < x.frames.size()) {
      auto frames = x.frames;
      auto places = x.places;
      frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(i));
      places.erase(places.begin() + static_cast<std::ptrdiff_t>(i));
      auto out = play(x, frames, places);
      EXPECT_EQ(out.taken, i) << "dropped " << i;
      EXPECT_TRUE(out.dead);

      frames = x.frames;
      places = x.places;
      std::swap(frames[i], frames[i + 1]);
      std::swap(places[i], places[i + 1]);
      out = play(x, frames, places);
      EXPECT_EQ(out.taken, i) << "swapped " << i;
      EXPECT_TRUE(out.dead);
    }
    auto frames = x.frames;
    auto places = x.places;
    frames.insert(frames.begin() + static_cast<std::ptrdiff_t>(i), x.frames[i]);
    places.insert(places.begin() + static_cast<std::ptrdiff_t>(i), x.places[i]);
    const auto out = play(x, frames, places);
    EXPECT_EQ(out.taken, i + 1) << "repeated " << i;
    EXPECT_TRUE(out.dead);
  }
}

TEST(recorded_session, each_field_replaced_is_refused) {
  const auto recorded = record();
  const auto refused = [&](size_t at, const std::function<void(frame&, body_place&)>& change) {
    auto frames = recorded.frames;
    auto places = recorded.places;
    change(frames[at], places[at]);
    const auto out = play(recorded, frames, places);
    EXPECT_EQ(out.taken, at);
    EXPECT_TRUE(out.dead);
  };
  refused(1, [](frame& x, body_place&) { x.details = "34390"; });
  refused(1, [](frame& x, body_place&) { x.auth.clear(); });
  refused(0, [](frame& x, body_place&) { x.number = 5; });
  refused(0, [](frame& x, body_place&) { x.details = "now"; });
  refused(4, [](frame& x, body_place&) { x.index = x.count = 2; });
  refused(4, [](frame&, body_place& place) { place.id.value[0] = 1; });
  refused(5, [](frame&, body_place& place) { place.id.value[0] ^= 1; });
  refused(5, [](frame&, body_place& place) { place.manifest_hash[31] ^= 1; });
  refused(5, [](frame& x, body_place&) { x.count = 3; });
  refused(5, [](frame& x, body_place&) { x.index = 2; });
  refused(5, [](frame& x, body_place&) { x.number = 21; });
  refused(5, [](frame& x, body_place&) { x.details.clear(); });
}

TEST(recorded_session, a_frame_reflected_to_its_author_is_refused) {
  const auto x = record();
  for (size_t i = 0; i < 4; ++i) {
    auto author = x.channels.sender;
    EXPECT_EQ(code_of(author.open(x.frames[i])), ec::not_authentic);
    EXPECT_TRUE(author.is_dead());
  }
}

TEST(recorded_session, a_frame_of_another_session_is_refused) {
  const auto x = record(), y = record();
  auto frames = x.frames;
  frames[0] = y.frames[0];
  EXPECT_TRUE(play(x, frames, x.places).dead);
}

TEST(recorded_session, without_its_proofs_nothing_is_taken) {
  auto x = record();
  for (auto& one : x.frames)
    one.auth.clear();
  const auto out = play(x, x.frames, x.places);
  EXPECT_EQ(out.taken, 0u);
  EXPECT_TRUE(out.dead);
}

TEST(secure_channel, after_connecting_a_bare_heartbeat_is_an_attack) {
  for (const auto* attribute : {"", "h"}) {
    pair_of_channels x;
    x.connect();
    auto beat = make_frame(message_number::heartbeat);
    if (*attribute != '\0')
      beat.handshake =
          secure_channel::for_sender(secret<32>::random(), test_terms()).next_heartbeat().handshake;
    EXPECT_EQ(code_of(x.receiver.take_heartbeat(beat).error()), ec::not_authentic);
    EXPECT_TRUE(x.receiver.is_dead());
  }
}

TEST(secure_channel, heartbeats_and_commands_share_one_counter) {
  pair_of_channels x;
  x.connect();
  const auto beat = delivered(x.sender.next_heartbeat());
  const auto command = x.sender.command(message_number::making_change);
  ASSERT_TRUE(command);
  EXPECT_TRUE(x.receiver.open(delivered(*command))) << "the heartbeat before it is missing";
  EXPECT_EQ(code_of(x.receiver.take_heartbeat(beat).error()), ec::not_authentic);
}

TEST(secure_channel, the_largest_body_fits_a_frame_in_both_notations) {
  pair_of_channels x;
  x.connect();
  body_place place;
  place.index = place.count = frame_count_max;
  const bytes plain(body_plaintext_max, 0x23);
  for (auto number :
       {message_number::coin, message_number::receipt, message_number::ready_to_send_coins})
    for (auto how : {notation::tag, notation::json}) {
      const auto sealed = x.sender.body_frame(number, place, plain);
      ASSERT_TRUE(sealed);
      const auto text = encode(*sealed, how);
      ASSERT_FALSE(text.empty());
      EXPECT_LE(text.size() + 44, frame_bytes_max);
      const auto opened = x.receiver.open_body_frame(delivered(*sealed, how), place);
      ASSERT_TRUE(opened);
      EXPECT_EQ(view(*opened), byte_view(plain));
    }
  EXPECT_EQ(
      code_of(x.sender.seal_body(message_number::coin, {}, bytes(body_plaintext_max + 1)).error()),
      ec::internal);
}

TEST(secure_channel, a_client_written_from_the_document_alone_is_understood) {
  // The sender's side, built from docs/protocol.md 4 and 5 with nothing but Noise underneath.
  const auto key = secret<32>::random();
  auto receiver = secure_channel::for_receiver(key, test_terms(), test_receipt_key);
  noise::handshake_state noise(noise::party::initiator, encode_prologue(test_terms()), key);
  const auto hex = [](const std::string& text) {
    bytes out;
    EXPECT_TRUE(from_hex(text, out));
    return out;
  };
  auto beat = make_frame(message_number::heartbeat);
  const auto first = noise.write_message({});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size(), 48u);
  beat.handshake = base64_encode(*first);
  ASSERT_TRUE(receiver.take_heartbeat(beat));
  const auto second = base64_decode(receiver.next_heartbeat().handshake);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->size(), 80u);
  const auto payload = noise.read_message(*second);
  ASSERT_TRUE(payload);
  EXPECT_EQ(view(*payload), byte_view(test_receipt_key));
  auto keys = noise.result();

  // "LC1cmd" 'S' 0001 00000000
  auto sealed = keys.initiator_to_responder.encrypt_with_ad(hex("4c4331636d6453000100000000"), {});
  beat.handshake.clear();
  beat.auth = base64_encode(*sealed);
  const auto heard = receiver.take_heartbeat(beat);
  ASSERT_TRUE(heard);
  EXPECT_TRUE(heard->connected);
  // "LC1cmd" 'R' 0001 00000000
  const auto proof = base64_decode(receiver.next_heartbeat().auth);
  ASSERT_TRUE(proof);
  EXPECT_TRUE(
      keys.responder_to_initiator.decrypt_with_ad(hex("4c4331636d6452000100000000"), *proof));
  // "LC1cmd" 'S' 0004 00000004 "3439"
  sealed =
      keys.initiator_to_responder.encrypt_with_ad(hex("4c4331636d645300040000000433343339"), {});
  EXPECT_FALSE(receiver.open_command(4, "3439", base64_encode(*sealed)));
  // "LC1cmd" 'S' 0018 00000000, index 1 of 2, transfer id, manifest hash
  body_place place;
  place.count = 2;
  place.id.value.fill(7);
  place.manifest_hash.fill(8);
  const auto ad = hex("4c4331636d645300180000000000000001" + std::string("00000002") +
                      to_hex(place.id.value) + to_hex(place.manifest_hash));
  sealed = keys.initiator_to_responder.encrypt_with_ad(ad, byte_view(std::string_view{"coins"}));
  const auto opened = receiver.open_body(24, place, base64_encode(*sealed));
  ASSERT_TRUE(opened);
  EXPECT_EQ(view(*opened).text(), "coins");
}

TEST(body, is_split_into_parts_that_make_it_whole) {
  for (size_t size : {0u, 1u, 99u, 100u, 101u, 1000u}) {
    const bytes plain(size, 1);
    bytes joined;
    const auto parts = split_body(plain, 100);
    EXPECT_EQ(parts.size(), std::max<size_t>(1, (size + 99) / 100));
    for (auto part : parts) {
      EXPECT_LE(part.size(), 100u);
      joined.insert(joined.end(), part.begin(), part.end());
    }
    EXPECT_EQ(joined, plain);
  }
}

} // namespace
} // namespace liveconnect
