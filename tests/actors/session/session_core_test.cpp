#include <gtest/gtest.h>

#include "actors/session/session_core.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::session {

namespace {

template<class T>
const T* find_effect(const core_effects& list) {
  for (const auto& x : list)
    if (const auto* found = std::get_if<T>(&x))
      return found;
  return nullptr;
}

template<class T>
const T* find_input(const core_effects& list) {
  for (const auto& x : list)
    if (const auto* fed = std::get_if<effect::feed>(&x))
      if (const auto* found = std::get_if<T>(&fed->what))
        return found;
  return nullptr;
}

manifest manifest_of(const std::vector<note_id>& notes) {
  manifest out;
  out.id.value.fill(5);
  for (const auto& id : notes) {
    ++out.notes;
    ++out.by_denomination[static_cast<size_t>(id.denomination - denomination_min)];
    EXPECT_TRUE(out.sum.add(denomination_value(id.denomination)));
  }
  out.records.fill(3);
  out.lease_seconds = 120;
  return out;
}

/// Two cores with one invitation, and nothing between them but frames.
class session_core_test : public testing::Test {
protected:
  session_core_test() : sender{terms(role::sender)}, receiver{terms(role::receiver)} {
    receiver.set_receipt_key(signer.public_key());
  }

  core_terms terms(role side) const {
    core_terms out;
    out.side = side;
    out.invitation.fill(7);
    out.key = key;
    out.channel.room = 42;
    out.channel.invitation = out.invitation;
    return out;
  }

  /// Both are in the room, and say heartbeats until both have proved the key.
  void meet() {
    for (auto* x : {&sender, &receiver}) {
      x->drop_peer();
      x->begin_peer();
    }
    for (int round = 0; round < 4; ++round) {
      last_sender = sender.take(receiver.next_heartbeat());
      last_receiver = receiver.take(sender.next_heartbeat());
      sender_connected = sender_connected || find_effect<effect::connected>(last_sender);
      receiver_connected = receiver_connected || find_effect<effect::connected>(last_receiver);
    }
  }

  /// Meets, and hands the manifest over.
  void meet_and_offer(const manifest& what) {
    meet();
    const auto offer = sender.offer(what);
    ASSERT_TRUE(offer) << detail_of(offer.error());
    const auto got = receiver.take(*offer);
    ASSERT_NE(find_input<input::offered>(got), nullptr);
  }

  receipt receipt_for(const manifest& what, const std::vector<note_id>& notes) const {
    receipt out;
    out.id = what.id;
    out.invitation = terms(role::sender).invitation;
    out.manifest_hash = hash_of(what);
    out.handshake_hash = *receiver.session_hash();
    out.time_unix = 1'795'370'400;
    for (const auto& id : notes)
      out.notes.push_back({id, std::string(25, 'p'), note_verdict::authentic});
    return out;
  }

  const secret<32> key = secret<32>::random();
  const signing_key signer = signing_key::from_seed(secret<32>::random());
  session_core sender;
  session_core receiver;
  core_effects last_sender;
  core_effects last_receiver;
  bool sender_connected = false;
  bool receiver_connected = false;
};

const std::vector<note_id> two_notes{{2, 7}, {2, 8}};

} // namespace

TEST_F(session_core_test, connects_two_that_hold_one_key_and_shows_both_the_same_words) {
  meet();
  EXPECT_TRUE(sender_connected);
  EXPECT_TRUE(receiver_connected);
  EXPECT_EQ(sender.handshakes(), 1u);
  ASSERT_TRUE(sender.session_hash() && receiver.session_hash());
  EXPECT_EQ(*sender.session_hash(), *receiver.session_hash());
  EXPECT_NE(find_effect<effect::peer_lives>(last_sender), nullptr);
}

TEST_F(session_core_test, hears_nothing_but_heartbeats_before_the_key_is_confirmed) {
  receiver.begin_peer();
  EXPECT_TRUE(receiver.take(make_frame(message_number::cancel, "user")).empty());
  EXPECT_TRUE(receiver.take(make_frame(message_number::amount, "3439")).empty());
  EXPECT_TRUE(session_core{terms(role::receiver)}.take(make_frame(message_number::cancel)).empty())
      << "without a peer";
}

TEST_F(session_core_test, takes_a_command_with_its_proof_and_ends_the_connection_without) {
  meet();
  const auto good = sender.command(message_number::amount, "3439");
  ASSERT_TRUE(good);
  const auto got = receiver.take(*good);
  const auto* said = find_input<input::peer_message>(got);
  ASSERT_NE(said, nullptr);
  EXPECT_EQ(said->number, message_number::amount);
  EXPECT_EQ(said->details, "3439");
  auto altered = sender.command(message_number::amount, "3440");
  ASSERT_TRUE(altered);
  altered->details = "9999";
  const auto effects = receiver.take(*altered);
  EXPECT_NE(find_effect<effect::renew_line>(effects), nullptr);
  EXPECT_NE(find_effect<effect::warn>(effects), nullptr);
  EXPECT_NE(find_input<input::parted>(effects), nullptr);
  EXPECT_EQ(find_input<input::peer_message>(effects), nullptr);
  EXPECT_FALSE(receiver.has_peer());
}

TEST_F(session_core_test, refuses_a_frame_that_comes_twice) {
  meet();
  const auto once = sender.command(message_number::amount, "3439");
  ASSERT_TRUE(once);
  EXPECT_NE(find_input<input::peer_message>(receiver.take(*once)), nullptr);
  EXPECT_NE(find_effect<effect::renew_line>(receiver.take(*once)), nullptr);
}

TEST_F(session_core_test, gives_up_at_the_third_failure_though_handshakes_lie_between) {
  for (int failure = 1; failure <= 3; ++failure) {
    meet();
    auto altered = sender.command(message_number::amount, "1");
    ASSERT_TRUE(altered);
    altered->details = "2";
    const auto effects = receiver.take(*altered);
    EXPECT_EQ(find_input<input::auth_failed>(effects) != nullptr, failure == 3) << failure;
  }
  EXPECT_EQ(receiver.handshakes(), 3u);
}

TEST_F(session_core_test, counts_peers_that_go_without_a_proof_and_forgets_them_at_a_good_one) {
  const auto come_and_go = [&] {
    sender.drop_peer();
    sender.begin_peer();
    return sender.end_peer("left");
  };
  auto first = come_and_go();
  EXPECT_NE(find_effect<effect::warn>(first), nullptr);
  EXPECT_EQ(find_effect<effect::warn>(come_and_go()), nullptr) << "told once";
  meet();
  EXPECT_EQ(find_input<input::auth_failed>(sender.end_peer("left")), nullptr);
  EXPECT_EQ(find_input<input::auth_failed>(come_and_go()), nullptr);
  EXPECT_EQ(find_input<input::auth_failed>(come_and_go()), nullptr);
  EXPECT_NE(find_input<input::auth_failed>(come_and_go()), nullptr);
}

TEST_F(session_core_test, does_not_count_a_silent_peer_as_one_without_the_key) {
  for (int i = 0; i < 5; ++i) {
    sender.drop_peer();
    sender.begin_peer();
    EXPECT_TRUE(sender.end_peer("silent").empty());
  }
}

TEST_F(session_core_test, warns_once_of_a_peer_that_answers_no_heartbeat) {
  sender.begin_peer();
  for (uint32_t beat = 1; beat <= 2 * unproved_beats_max; ++beat)
    EXPECT_EQ(find_effect<effect::warn>(sender.on_beat()) != nullptr, beat == unproved_beats_max);
}

TEST_F(session_core_test, carries_coins_in_their_places_only) {
  meet_and_offer(manifest_of(two_notes));
  const std::string file = "a coin file";
  auto coin = sender.coin(1, 1, byte_view{file});
  ASSERT_TRUE(coin);
  const auto got = receiver.take(*coin);
  const auto* came = find_input<input::coin_came>(got);
  ASSERT_NE(came, nullptr);
  EXPECT_EQ(view(came->file).text(), file);
  auto moved = sender.coin(1, 2, byte_view{file});
  ASSERT_TRUE(moved);
  moved->index = 2;
  EXPECT_NE(find_effect<effect::renew_line>(receiver.take(*moved)), nullptr);
}

TEST_F(session_core_test, puts_a_receipt_of_many_frames_together) {
  meet_and_offer(manifest_of(two_notes));
  std::string text(200'000, 'r');
  auto frames = receiver.receipt_frames(text);
  ASSERT_GT(frames.size(), 1u);
  for (size_t i = 0; i < frames.size(); ++i) {
    ASSERT_TRUE(frames[i]);
    const auto got = sender.take(*frames[i]);
    const auto* whole = find_input<input::receipt_came>(got);
    ASSERT_EQ(whole != nullptr, i + 1 == frames.size());
    if (whole != nullptr) {
      EXPECT_EQ(whole->text, text);
    }
  }
}

TEST_F(session_core_test, believes_the_receipt_of_this_transfer_alone) {
  const auto offered = manifest_of(two_notes);
  meet_and_offer(offered);
  const auto check = [&](const receipt& x, const signing_key& by) {
    return sender.check_receipt(sign_receipt(x, by));
  };
  const auto good = receipt_for(offered, two_notes);
  const auto summary = check(good, signer);
  ASSERT_TRUE(summary) << detail_of(summary.error());
  EXPECT_EQ(summary->notes_passed, 2u);
  EXPECT_EQ(to_string(summary->sum_passed), "200");
  const auto refused = [&](const receipt& x) { return code_of(check(x, signer).error()); };
  auto bad = good;
  bad.id.value.fill(6);
  EXPECT_EQ(refused(bad), ec::bad_receipt) << "another transfer";
  bad = good;
  bad.invitation.fill(8);
  EXPECT_EQ(refused(bad), ec::bad_receipt) << "another invitation";
  bad = good;
  bad.manifest_hash.fill(1);
  EXPECT_EQ(refused(bad), ec::bad_receipt) << "another manifest";
  bad = good;
  bad.handshake_hash.fill(1);
  EXPECT_EQ(refused(bad), ec::bad_receipt) << "another session";
  EXPECT_EQ(refused(receipt_for(offered, {{2, 7}})), ec::bad_receipt) << "fewer notes";
  EXPECT_EQ(refused(receipt_for(offered, {{2, 7}, {1, 8}})), ec::bad_receipt) << "other notes";
  const auto another = signing_key::from_seed(secret<32>::random());
  EXPECT_EQ(code_of(check(good, another).error()), ec::bad_receipt) << "another key";
}

TEST_F(session_core_test, believes_a_receipt_made_in_a_session_whose_last_proof_got_lost) {
  receiver.begin_peer();
  sender.begin_peer();
  receiver.take(sender.next_heartbeat());
  sender.take(receiver.next_heartbeat());
  const auto heard = receiver.take(sender.next_heartbeat());
  ASSERT_NE(find_effect<effect::connected>(heard), nullptr);
  ASSERT_EQ(sender.handshakes(), 0u) << "the receiver's proof never came";
  const auto lost = *receiver.session_hash();
  const auto offered = manifest_of(two_notes);
  meet_and_offer(offered);
  auto made_before = receipt_for(offered, two_notes);
  ASSERT_NE(made_before.handshake_hash, lost);
  made_before.handshake_hash = lost;
  EXPECT_TRUE(sender.check_receipt(sign_receipt(made_before, signer)));
}

TEST_F(session_core_test, takes_a_receipt_of_an_earlier_run_where_coins_may_have_left_in_it) {
  const auto offered = manifest_of(two_notes);
  auto with = terms(role::sender);
  with.sending_begun = true;
  sender = session_core{with};
  meet_and_offer(offered);
  auto earlier = receipt_for(offered, two_notes);
  earlier.handshake_hash.fill(1);
  EXPECT_TRUE(sender.check_receipt(sign_receipt(earlier, signer)));
}

TEST_F(session_core_test, says_nothing_after_its_close) {
  meet();
  sender.close();
  EXPECT_FALSE(sender.has_peer());
  EXPECT_FALSE(sender.command(message_number::cancel, "user"));
  EXPECT_TRUE(sender.take(*receiver.command(message_number::received, {})).empty());
}

} // namespace liveconnect::session
