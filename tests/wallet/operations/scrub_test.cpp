#include <algorithm>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/transfer_pair.hpp"
#include "wallet/journal/journal.hpp"
#include "wallet/operations/scrub.hpp"
#include "wallet/raida/note_codec.hpp"
#include "wallet/start_up.hpp"

// I3: secrets stay until 24 hours after it is proven that no operation can need them, and then go.
namespace liveconnect::test {
namespace {

using namespace wallet;

constexpr uint32_t day = scrub_delay_seconds;

class scrub : public ::testing::Test {
protected:
  void start_again(wallet_party& whose) {
    ASSERT_EQ(whose.restart(), caf::error{});
    auto report = start_up(whose.space());
    ASSERT_TRUE(report) << detail_of(report.error());
  }

  // The only closed journal of this kind.
  journal_view closed(wallet_party& whose, journal_kind kind) {
    journal_view out;
    auto all = closed_journals(whose.space().files(), whose.space().user.root());
    EXPECT_TRUE(all);
    for (auto& x : *all) {
      auto records = read_closed_journal(whose.space().files(), whose.space().user.root(), x.id);
      EXPECT_TRUE(records);
      auto view = replay(*records);
      EXPECT_TRUE(view) << detail_of(view.error());
      if (view->kind() == kind)
        out = std::move(*view);
    }
    EXPECT_TRUE(out.closed.has_value());
    return out;
  }

  // Whether the journal's file holds these 16 bytes anywhere.
  bool holds(wallet_party& whose, const journal_view& journal, const authenticity_number& secret) {
    auto found = false;
    for (auto name : {"Closed", "Archive"}) {
      auto folder = whose.disk().open_directory(whose.space().user.root() / "Journal" / name);
      EXPECT_TRUE(folder);
      auto file = read_file(whose.disk(), *folder, to_string(journal.id()) + ".lcj", 1 << 24);
      if (!file)
        continue;
      EXPECT_FALSE(found) << "in both folders";
      found = true;
      auto part = secret.view();
      if (std::search(file->begin(), file->end(), part.begin(), part.end()) != file->end())
        return true;
    }
    EXPECT_TRUE(found);
    return false;
  }

  transfer_pair pair;
};

TEST_F(scrub, takes_the_secrets_out_of_a_received_transfer_after_a_day) {
  pair.mint_for_sender(2, 2);
  ASSERT_EQ(pair.send(amount::from_coins(200)), caf::error{});
  auto before = closed(pair.receiver(), journal_kind::receiver);
  ASSERT_EQ(before.received.size(), 2u);
  // The answers to the Pown prove nothing, however long ago they came: the servers are asked.
  pair.clock().advance_seconds(10 * day);
  start_again(pair.receiver());
  EXPECT_TRUE(closed(pair.receiver(), journal_kind::receiver).proven);
  pair.clock().advance_seconds(day - 1);
  start_again(pair.receiver());
  EXPECT_FALSE(closed(pair.receiver(), journal_kind::receiver).scrubbed);
  EXPECT_TRUE(holds(pair.receiver(), before, before.received[0].ans[7]));
  pair.clock().advance_seconds(1);
  start_again(pair.receiver());
  auto after = closed(pair.receiver(), journal_kind::receiver);
  EXPECT_TRUE(after.scrubbed);
  for (auto& x : before.received)
    for (auto& set : {x.ans, x.pans, before.graded.at(x.id).coin.ans})
      for (auto& an : set)
        EXPECT_FALSE(holds(pair.receiver(), before, an));
  EXPECT_TRUE(after.opened.receipt_seed.is_zero());
  EXPECT_TRUE(after.opened.invitation.empty());
  // What history and receipts need is there.
  EXPECT_EQ(after.receipt, before.receipt);
  EXPECT_EQ(sum_of(after), amount::from_coins(200));
  EXPECT_EQ(after.closed->how, closing::received);
  EXPECT_EQ(after.received.size(), 2u);
  EXPECT_EQ(after.graded.at(before.received[0].id).coin.pown, std::string(25, 'p'));
  // Once is enough: no server is asked again, and the money is where it was.
  auto asked = pair.raida().asked[raida::command::find];
  start_again(pair.receiver());
  EXPECT_EQ(pair.raida().asked[raida::command::find], asked);
  EXPECT_EQ(pair.received(), amount::from_coins(200));
}

TEST_F(scrub, asks_the_servers_before_it_believes_a_receipt) {
  auto minted = pair.mint_for_sender(2, 1);
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  // One server fell back to the old secret, which stands nowhere but here.
  auto now = pair.raida().held(4, minted[0].id);
  pair.raida().set_held(4, minted[0].id, minted[0].ans[4]);
  for (int i = 0; i < 3; ++i) {
    pair.clock().advance_seconds(10 * day);
    start_again(pair.sender());
    auto view = closed(pair.sender(), journal_kind::sender);
    EXPECT_FALSE(view.proven);
    EXPECT_FALSE(view.scrubbed);
    EXPECT_TRUE(holds(pair.sender(), view, minted[0].ans[4]));
  }
  // Too few servers answer.
  pair.raida().set_held(4, minted[0].id, now);
  for (size_t server = 0; server < 11; ++server)
    pair.raida().add(fault::down(server));
  start_again(pair.sender());
  EXPECT_FALSE(closed(pair.sender(), journal_kind::sender).proven);
  // All servers that can be reached hold other secrets; a day later the old ones go.
  pair.raida().clear_faults();
  pair.raida().add(fault::down(24));
  start_again(pair.sender());
  EXPECT_TRUE(closed(pair.sender(), journal_kind::sender).proven);
  pair.clock().advance_seconds(day - 1);
  start_again(pair.sender());
  EXPECT_FALSE(closed(pair.sender(), journal_kind::sender).scrubbed);
  pair.clock().advance_seconds(1);
  start_again(pair.sender());
  auto view = closed(pair.sender(), journal_kind::sender);
  EXPECT_TRUE(view.scrubbed);
  EXPECT_FALSE(holds(pair.sender(), view, minted[0].ans[4]));
  EXPECT_EQ(view.closed->how, closing::sent_with_receipt);
  EXPECT_FALSE(view.receipt.empty());
  pair.expect_conserved();
}

TEST_F(scrub, keeps_what_was_received_while_a_server_holds_the_old_secret) {
  auto minted = pair.mint_for_sender(2, 1);
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  auto before = closed(pair.receiver(), journal_kind::receiver);
  ASSERT_EQ(before.graded.at(minted[0].id).verdict, note_verdict::authentic);
  // One server fell back after the Pown.
  auto now = pair.raida().held(4, minted[0].id);
  pair.raida().set_held(4, minted[0].id, minted[0].ans[4]);
  for (int i = 0; i < 2; ++i) {
    pair.clock().advance_seconds(10 * day);
    start_again(pair.receiver());
    auto view = closed(pair.receiver(), journal_kind::receiver);
    EXPECT_FALSE(view.proven);
    EXPECT_FALSE(view.scrubbed);
    EXPECT_TRUE(holds(pair.receiver(), view, minted[0].ans[4]));
  }
  pair.raida().set_held(4, minted[0].id, now);
  start_again(pair.receiver());
  EXPECT_TRUE(closed(pair.receiver(), journal_kind::receiver).proven);
}

TEST_F(scrub, asks_again_before_anything_goes) {
  auto minted = pair.mint_for_sender(2, 1);
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  start_again(pair.sender());
  ASSERT_TRUE(closed(pair.sender(), journal_kind::sender).proven);
  // A server falls back after the proof.
  auto now = pair.raida().held(4, minted[0].id);
  pair.raida().set_held(4, minted[0].id, minted[0].ans[4]);
  pair.clock().advance_seconds(2 * day);
  start_again(pair.sender());
  auto view = closed(pair.sender(), journal_kind::sender);
  EXPECT_FALSE(view.proven);
  EXPECT_FALSE(view.scrubbed);
  EXPECT_TRUE(holds(pair.sender(), view, minted[0].ans[4]));
  // The day begins anew.
  pair.raida().set_held(4, minted[0].id, now);
  start_again(pair.sender());
  EXPECT_TRUE(closed(pair.sender(), journal_kind::sender).proven);
  pair.clock().advance_seconds(day);
  start_again(pair.sender());
  EXPECT_TRUE(closed(pair.sender(), journal_kind::sender).scrubbed);
}

TEST_F(scrub, spends_no_turn_on_what_is_scrubbed) {
  auto unproven = [&] {
    auto out = 0;
    auto& space = pair.sender().space();
    auto ids = closed_journal_ids(space.files(), space.user.root());
    for (auto& id : *ids)
      out += replay(*read_closed_journal(space.files(), space.user.root(), id))->proven ? 0 : 1;
    EXPECT_LE(ids->size(), 1u) << "what is scrubbed is read again";
    return out;
  };
  for (int i = 0; i < 12; ++i) {
    pair.mint_for_sender(2, 1);
    ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
    start_again(pair.sender());
    // Only the newest journal is asked about, among ever more that are scrubbed.
    ASSERT_EQ(unproven(), 0) << i;
    pair.clock().advance_seconds(day);
    start_again(pair.sender());
    ASSERT_TRUE(closed(pair.sender(), journal_kind::sender).scrubbed);
  }
}

TEST_F(scrub, leaves_a_transfer_alone_whose_notes_are_not_authentic) {
  auto minted = pair.mint_for_sender(2, 1);
  pair.raida().add(fault::down(6));
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  auto before = closed(pair.receiver(), journal_kind::receiver);
  ASSERT_EQ(before.graded.at(minted[0].id).verdict, note_verdict::fracked);
  pair.clock().advance_seconds(400 * day);
  start_again(pair.receiver());
  auto view = closed(pair.receiver(), journal_kind::receiver);
  EXPECT_FALSE(view.scrubbed);
  EXPECT_TRUE(holds(pair.receiver(), view, before.received[0].pans[6]));
  // No start reads it again.
  auto& space = pair.receiver().space();
  EXPECT_TRUE(closed_journal_ids(space.files(), space.user.root())->empty());
  EXPECT_TRUE(*is_closed_journal(space.files(), space.user.root(), view.id()));
}

TEST_F(scrub, never_follows_a_clock_that_was_set_back) {
  pair.mint_for_sender(2, 1);
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  start_again(pair.receiver());
  ASSERT_TRUE(closed(pair.receiver(), journal_kind::receiver).proven);
  pair.clock().ms -= uint64_t{3650} * day * 1000;
  start_again(pair.receiver());
  EXPECT_FALSE(closed(pair.receiver(), journal_kind::receiver).scrubbed);
}

note made(uint32_t serial) {
  note out;
  out.id = {2, serial};
  out.ans = raida::draw_ans(25);
  out.pown.assign(25, 'p');
  return out;
}

journal_view closed_view(journal_kind kind, closing how) {
  journal_view out;
  out.opened.kind = kind;
  out.opened.servers = 25;
  out.closed = closed_record{how, 77};
  return out;
}

TEST(scrub_rules, take_the_word_of_all_servers_only) {
  auto sent = closed_view(journal_kind::sender, closing::sent_with_receipt);
  sent.selected.emplace();
  sent.sending.emplace();
  sent.sending->notes = {made(1), made(2)};
  sent.receipt = "{}";
  EXPECT_FALSE(proven_since(sent));
  sent.evidence.emplace();
  sent.evidence->lines = {{{2, 1}, std::string(25, 'x')}, {{2, 2}, std::string(24, 'x') + "u"}};
  EXPECT_FALSE(proven_since(sent));
  sent.evidence->lines[1].found = std::string(25, 'x');
  EXPECT_EQ(proven_since(sent), wall_seconds{77});
  sent.proven = 99;
  EXPECT_EQ(proven_since(sent), wall_seconds{99});
  auto again = sent;
  again.scrubbed = 100;
  EXPECT_FALSE(proven_since(again));
  auto open = sent;
  open.closed.reset();
  EXPECT_FALSE(proven_since(open));

  auto back = closed_view(journal_kind::sender, closing::given_back);
  back.selected.emplace();
  EXPECT_TRUE(proven_since(back));

  auto got = closed_view(journal_kind::receiver, closing::received);
  got.received = {made(1), made(2)};
  got.graded.emplace(note_id{2, 1}, graded_note{note_verdict::authentic, made(1)});
  EXPECT_FALSE(proven_since(got));
  for (auto bad : {note_verdict::fracked, note_verdict::counterfeit, note_verdict::superseded}) {
    got.graded[{2, 2}] = {bad, made(2)};
    EXPECT_FALSE(proven_since(got)) << to_string(bad);
  }
  got.graded[{2, 2}].verdict = note_verdict::authentic;
  EXPECT_FALSE(proven_since(got)) << "not asked";
  got.proven = 99;
  EXPECT_EQ(proven_since(got), wall_seconds{99});

  auto change = closed_view(journal_kind::change, closing::abandoned);
  change.change.emplace();
  change.change->targets = {made(1)};
  EXPECT_FALSE(proven_since(change));
  auto heal = closed_view(journal_kind::heal, closing::done);
  heal.heals.emplace_back();
  EXPECT_FALSE(proven_since(heal));
  auto file = closed_view(journal_kind::export_file, closing::done);
  file.sending.emplace();
  EXPECT_FALSE(proven_since(file));
}

TEST(scrub_rules, leave_no_secret_in_any_record) {
  auto one = made(1);
  one.pans = raida::draw_ans(25);
  opened_record opened;
  opened.kind = journal_kind::sender;
  opened.servers = 25;
  opened.invitation.assign(40, 7);
  opened.receipt_seed = secret<32>::random();
  heal_record heal;
  heal.targets = {one};
  heal.intents.push_back({4, raida::fix_seed::random(), {one.id}});
  change_record change;
  change.session = 1;
  change.sources = {one};
  change.targets = {one};
  sending_record sending;
  sending.announced.notes = 1;
  sending.notes = {one};
  graded_record graded;
  graded.notes.push_back({note_verdict::authentic, one});
  selected_record selected;
  selected.notes = {one};
  const std::vector<journal_record> records{encode(opened),
                                            encode(selected),
                                            encode(sending),
                                            encode(graded),
                                            encode(change),
                                            encode(heal),
                                            encode_received({one}),
                                            encode_pans(record_type::pown, {one}),
                                            encode_pans(record_type::refresh, {one})};
  for (auto& x : records) {
    auto clean = without_secrets(x);
    ASSERT_TRUE(clean) << to_string(static_cast<record_type>(x.type));
    EXPECT_EQ(clean->type, x.type);
    auto has = [&](byte_view secret) {
      return std::search(clean->payload.begin(), clean->payload.end(), secret.begin(),
                         secret.end()) != clean->payload.end();
    };
    for (size_t i = 0; i < 25; ++i)
      EXPECT_FALSE(has(one.ans[i].view()) || has(one.pans[i].view()))
          << to_string(static_cast<record_type>(x.type));
    EXPECT_FALSE(has(heal.intents[0].pg.view()) || has(opened.receipt_seed.view()) ||
                 has(view(opened.invitation)));
    EXPECT_TRUE(without_secrets(*clean)) << "once more";
  }
}

} // namespace
} // namespace liveconnect::test
