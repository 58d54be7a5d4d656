#include <fstream>
#include <map>
#include <regex>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "wallet/journal/journal_view.hpp"
#include "wallet/raida/note_codec.hpp"

namespace liveconnect::wallet {
namespace {

note make_note(int8_t denomination, uint32_t serial, bool with_pans = false) {
  note out;
  out.id = {denomination, serial};
  out.ans = raida::draw_ans(25);
  if (with_pans)
    out.pans = raida::draw_ans(25);
  out.pown.assign(25, 'p');
  return out;
}

opened_record opened(journal_kind kind) {
  opened_record out;
  out.kind = kind;
  out.id.value.fill(5);
  out.servers = 25;
  out.at = 1'790'000'000;
  out.receipt_seed = secret<32>::random();
  out.invitation.assign({'k', 'e', 'y'});
  return out;
}

manifest some_manifest(uint32_t notes) {
  manifest out;
  out.id.value.fill(5);
  out.notes = notes;
  out.by_denomination[10] = notes;
  out.sum = amount::from_coins(100 * notes);
  out.records.fill(3);
  return out;
}

bool equal(const note& x, const note& y) {
  return x.id == y.id && x.ans == y.ans && x.pans == y.pans && x.pown == y.pown;
}

journal_view view_of(const std::vector<journal_record>& records) {
  auto out = replay(records);
  EXPECT_TRUE(out) << detail_of(out.error());
  return out ? std::move(*out) : journal_view{};
}

std::vector<journal_record> receiver_records() {
  std::vector<note> notes{make_note(2, 1), make_note(2, 2)};
  auto with_pans = notes;
  for (auto& x : with_pans)
    x.pans = raida::draw_ans(25);
  graded_record graded;
  graded.notes.push_back({note_verdict::authentic, with_pans[0]});
  graded.notes.push_back({note_verdict::counterfeit, with_pans[1]});
  return {encode(opened(journal_kind::receiver)),
          encode_offered(some_manifest(2)),
          encode_received(notes),
          encode_pans(record_type::pown, with_pans),
          encode(graded),
          encode_ids(record_type::settled, {{2, 1}, {2, 2}}),
          encode_text(record_type::receipt, "{}"),
          encode(closed_record{closing::received, 7})};
}

std::vector<journal_record> sender_records() {
  selected_record selected;
  selected.sum = amount::from_coins(200);
  selected.notes = {make_note(2, 1), make_note(2, 2)};
  sending_record sending;
  sending.announced = some_manifest(2);
  sending.at = 99;
  sending.notes = selected.notes;
  auto back = selected.notes;
  for (auto& x : back)
    x.pans = raida::draw_ans(25);
  evidence_record evidence;
  evidence.lines.push_back({{2, 1}, std::string(25, 'x')});
  return {encode(opened(journal_kind::sender)),
          encode(selected),
          encode(sending),
          encode(session_record{}),
          encode(evidence),
          encode_ids(record_type::rejected, {{2, 2}}),
          encode_pans(record_type::refresh, {back[1]})};
}

std::vector<journal_record> change_records() {
  change_record change;
  change.session = 77;
  change.sources = {make_note(2, 9)};
  for (uint32_t i = 0; i < 10; ++i)
    change.targets.push_back(make_note(1, i));
  heal_record heal;
  heal.targets = change.targets;
  heal.intents.push_back({4, raida::fix_seed::random(), {{1, 0}, {1, 3}}});
  owed_record owed;
  owed.at = 1000;
  owed.servers = {3, 4, 24};
  owed.taken = {7};
  return {encode(opened(journal_kind::change)), encode(change), encode(heal), encode(owed)};
}

TEST(journal_view, keeps_every_secret_of_a_receiver) {
  auto records = receiver_records();
  records.resize(4);
  auto view = view_of(records);
  EXPECT_EQ(view.kind(), journal_kind::receiver);
  EXPECT_EQ(*view.offered, some_manifest(2));
  ASSERT_EQ(view.received.size(), 2u);
  EXPECT_EQ(view.received[0].ans.size(), 25u);
  EXPECT_EQ(view.received[0].pans.size(), 25u);
  EXPECT_NE(view.received[0].ans, view.received[0].pans);
  EXPECT_TRUE(view.pown);
}

TEST(journal_view, keeps_a_break_whole) {
  change_record change;
  change.kind = change_kind::break_note;
  change.session = 0xffff0001;
  change.sources = {make_note(6, 1'023'999, true)};
  for (uint32_t i = 0; i < 10; ++i)
    change.targets.push_back(make_note(5, i));
  auto view = view_of({encode(opened(journal_kind::change)), encode(change)});
  ASSERT_TRUE(view.change);
  EXPECT_EQ(view.change->session, change.session);
  EXPECT_TRUE(equal(view.change->sources[0], change.sources[0]));
  for (size_t i = 0; i < 10; ++i)
    EXPECT_TRUE(equal(view.change->targets[i], change.targets[i]));
}

TEST(journal_view, keeps_the_seeds_of_a_fix) {
  auto records = change_records();
  auto view = view_of(records);
  ASSERT_EQ(view.heals.size(), 1u);
  ASSERT_EQ(view.heals[0].intents.size(), 1u);
  EXPECT_EQ(view.heals[0].intents[0].server, 4u);
  EXPECT_EQ(view.heals[0].intents[0].notes.size(), 2u);
  EXPECT_FALSE(view.heals[0].intents[0].pg.is_zero());
}

TEST(journal_view, refuses_every_record_that_is_cut_or_continued) {
  for (auto& records : {receiver_records(), sender_records(), change_records()}) {
    for (size_t i = 0; i < records.size(); ++i) {
      journal_view before;
      for (size_t k = 0; k < i; ++k)
        ASSERT_EQ(apply(before, records[k]), caf::error{});
      auto size = records[i].payload.size();
      for (size_t cut = 0; cut < size; cut += 1 + size / 64) {
        auto view = before;
        auto bad = records[i];
        bad.payload.resize(cut);
        EXPECT_EQ(code_of(apply(view, bad)), ec::wallet_damaged)
            << to_string(static_cast<record_type>(bad.type)) << " cut to " << cut;
      }
      auto view = before;
      auto longer = records[i];
      longer.payload.push_back(0);
      EXPECT_EQ(code_of(apply(view, longer)), ec::wallet_damaged)
          << to_string(static_cast<record_type>(longer.type));
    }
  }
}

TEST(journal_view, refuses_a_second_set_of_pans) {
  auto records = receiver_records();
  records.resize(4);
  records.push_back(records[3]);
  EXPECT_EQ(code_of(replay(records).error()), ec::wallet_damaged);
}

TEST(journal_view, refuses_records_out_of_place) {
  auto r = receiver_records();
  auto s = sender_records();
  const std::vector<std::vector<journal_record>> wrong{
      {},
      {r[1]},
      {r[0], r[0]},
      {r[0], r[3]},
      {r[0], s[1]},
      {r[0], r[1], r[1]},
      {r[0], r[5]},
      {s[0], s[2]},
      {s[0], s[1], s[6]},
      {s[0], r[2]},
      {s[0], s[1], s[2], s[1]},
      {s[0], s[1], s[2], s[2]},
  };
  for (size_t i = 0; i < wrong.size(); ++i)
    EXPECT_EQ(code_of(replay(wrong[i]).error()), ec::wallet_damaged) << i;
  auto after_close = r;
  after_close.push_back(r[6]);
  EXPECT_EQ(code_of(replay(after_close).error()), ec::wallet_damaged);
}

TEST(journal_view, refuses_a_type_it_does_not_know) {
  journal_view view;
  ASSERT_EQ(apply(view, encode(opened(journal_kind::sender))), caf::error{});
  journal_record later;
  later.type = 900;
  EXPECT_EQ(code_of(apply(view, later)), ec::wallet_damaged);
}

TEST(journal_view, refuses_a_session_of_zero_for_change) {
  change_record change;
  change.session = 0;
  change.sources = {make_note(2, 9)};
  for (uint32_t i = 0; i < 10; ++i)
    change.targets.push_back(make_note(1, i));
  EXPECT_EQ(code_of(replay({encode(opened(journal_kind::change)), encode(change)}).error()),
            ec::wallet_damaged);
}

TEST(journal_view, walks_the_receivers_states) {
  auto records = receiver_records();
  const transfer_state states[] = {transfer_state::fresh,    transfer_state::offered,
                                   transfer_state::received, transfer_state::pown,
                                   transfer_state::graded,   transfer_state::graded,
                                   transfer_state::receipt,  transfer_state::closed};
  const size_t held[] = {0, 0, 2, 2, 2, 0, 0, 0};
  journal_view view;
  for (size_t i = 0; i < records.size(); ++i) {
    ASSERT_EQ(apply(view, records[i]), caf::error{}) << i;
    EXPECT_EQ(state_of(view), states[i]) << i;
    EXPECT_EQ(held_by(view).size(), held[i]) << i;
  }
}

TEST(journal_view, walks_the_senders_states) {
  auto records = sender_records();
  const transfer_state states[] = {transfer_state::fresh,   transfer_state::selected,
                                   transfer_state::sending, transfer_state::sending,
                                   transfer_state::sending, transfer_state::sending,
                                   transfer_state::refresh};
  const size_t held[] = {0, 2, 2, 2, 2, 2, 2};
  journal_view view;
  for (size_t i = 0; i < records.size(); ++i) {
    ASSERT_EQ(apply(view, records[i]), caf::error{}) << i;
    EXPECT_EQ(state_of(view), states[i]) << i;
    EXPECT_EQ(held_by(view).size(), held[i]) << i;
  }
}

TEST(journal_view, follows_each_note_that_was_sent_on_its_own_way) {
  auto records = sender_records();
  records.resize(3);
  auto view = view_of(records);
  EXPECT_EQ(undecided(view).size(), 2u);
  EXPECT_TRUE(to_settle(view).empty());
  // One is the receiver's.
  evidence_record evidence;
  evidence.lines.push_back({{2, 1}, std::string(25, 'x')});
  ASSERT_EQ(apply(view, encode(evidence)), caf::error{});
  ASSERT_EQ(undecided(view).size(), 1u);
  EXPECT_EQ(undecided(view)[0].id, (note_id{2, 2}));
  EXPECT_EQ(state_of(view), transfer_state::sending);
  auto back = view.sending->notes;
  for (auto& x : back)
    x.pans = raida::draw_ans(25);
  // What is gone is not taken back, and what is not decided is not settled.
  auto wrong = view;
  EXPECT_EQ(code_of(apply(wrong, encode_pans(record_type::refresh, back))), ec::wallet_damaged);
  EXPECT_EQ(code_of(apply(wrong, encode_ids(record_type::settled, {{2, 2}}))), ec::wallet_damaged);
  ASSERT_EQ(apply(view, encode_ids(record_type::settled, {{2, 1}})), caf::error{});
  EXPECT_EQ(held_by(view), (std::vector<note_id>{{2, 2}}));
  // The other comes back.
  ASSERT_EQ(apply(view, encode_pans(record_type::refresh, {back[1]})), caf::error{});
  EXPECT_EQ(code_of(apply(wrong = view, encode(evidence_record{0, {{{2, 2}, "x"}}}))),
            ec::wallet_damaged);
  EXPECT_TRUE(undecided(view).empty());
  EXPECT_EQ(state_of(view), transfer_state::refresh);
  EXPECT_TRUE(to_settle(view).empty());
  graded_record graded;
  graded.notes.push_back({note_verdict::authentic, back[1]});
  ASSERT_EQ(apply(view, encode(graded)), caf::error{});
  EXPECT_EQ(to_settle(view), (std::vector<note_id>{{2, 2}}));
  auto parts = parts_of(view);
  EXPECT_EQ(parts.gone, (std::vector<note_id>{{2, 1}}));
  EXPECT_EQ(parts.back, (std::vector<note_id>{{2, 2}}));
  EXPECT_EQ(parts.back_value, amount::from_coins(100));
}

TEST(journal_view, takes_pans_for_some_notes_now_and_for_others_later) {
  auto records = receiver_records();
  records.resize(3);
  auto view = view_of(records);
  auto pans = view.received;
  for (auto& x : pans)
    x.pans = raida::draw_ans(25);
  ASSERT_EQ(apply(view, encode_pans(record_type::pown, {pans[1]})), caf::error{});
  EXPECT_TRUE(view.received[0].pans.empty());
  EXPECT_EQ(view.received[1].pans, pans[1].pans);
  EXPECT_EQ(code_of(apply(view, encode_pans(record_type::pown, pans))), ec::wallet_damaged);
  ASSERT_EQ(apply(view, encode_pans(record_type::pown, {pans[0]})), caf::error{});
  EXPECT_EQ(view.received[0].pans, pans[0].pans);
}

TEST(journal_view, holds_sources_and_targets_of_a_change_until_it_is_closed) {
  auto records = change_records();
  auto view = view_of(records);
  EXPECT_EQ(held_by(view).size(), 11u);
  ASSERT_EQ(apply(view, encode(closed_record{closing::abandoned, 1})), caf::error{});
  EXPECT_TRUE(held_by(view).empty());
}

TEST(journal_view, holds_nothing_for_a_change_that_is_only_owed_to_servers) {
  auto records = change_records();
  graded_record graded;
  graded.notes.push_back({note_verdict::fracked, make_note(1, 0)});
  records.push_back(encode(graded));
  EXPECT_EQ(held_by(view_of(records)).size(), 11u);
  owed_record owed;
  owed.at = 2000;
  owed.tries = 2;
  owed.filed = true;
  owed.servers = {4, 24};
  records.push_back(encode(owed));
  const auto view = view_of(records);
  EXPECT_TRUE(held_by(view).empty());
  EXPECT_TRUE(is_completion(view));
  EXPECT_EQ(view.owed_since, 2000u);
  // Every secret of the notes made is still there (I3).
  EXPECT_EQ(view.change->targets[0].ans.size(), 25u);
}

TEST(journal_view, reads_the_notes_that_older_healings_released) {
  heal_record heal;
  heal.targets = {make_note(2, 1), make_note(2, 2)};
  auto view = view_of({encode(opened(journal_kind::heal)), encode(heal),
                       encode_ids(record_type::settled, {{2, 1}})});
  EXPECT_EQ(held_by(view), (std::vector<note_id>{{2, 2}}));
}

TEST(journal_view, keeps_the_first_verdict_on_a_note) {
  auto records = receiver_records();
  records.resize(5);
  auto view = view_of(records);
  graded_record second;
  second.notes.push_back({note_verdict::authentic, make_note(2, 2)});
  ASSERT_EQ(apply(view, encode(second)), caf::error{});
  EXPECT_EQ(view.graded.at({2, 2}).verdict, note_verdict::counterfeit);
}

constexpr auto all_kinds = {journal_kind::sender, journal_kind::receiver,
                            journal_kind::import, journal_kind::change,
                            journal_kind::heal,   journal_kind::export_file};
constexpr uint16_t last_type = static_cast<uint16_t>(record_type::owed);

// The rows of the table in wallet/journal/README.md: "| POWN |   | x | x |   |   |   |".
std::map<std::string, std::string> kinds_of_the_readme() {
  std::ifstream in(LIVECONNECT_TEST_DATA "/../wallet/journal/README.md");
  std::map<std::string, std::string> out;
  for (std::string line; std::getline(in, line);) {
    static const std::regex row(R"(\| ([A-Z]+) \| (.) \| (.) \| (.) \| (.) \| (.) \| (.) \|)");
    std::smatch found;
    if (std::regex_match(line, found, row))
      for (size_t i = 2; i < found.size(); ++i)
        out[found[1]] += found[i];
  }
  return out;
}

TEST(journal_view, lets_each_kind_hold_what_the_readme_says) {
  const auto rows = kinds_of_the_readme();
  ASSERT_EQ(rows.size(), last_type);
  for (uint16_t type = 1; type <= last_type; ++type) {
    const auto* name = to_string(static_cast<record_type>(type));
    ASSERT_EQ(rows.count(name), 1u) << name;
    for (const auto kind : all_kinds) {
      const auto column = static_cast<size_t>(kind) - 1;
      EXPECT_EQ(may_hold(kind, static_cast<record_type>(type)), rows.at(name)[column] == 'x')
          << name << " in a journal of " << to_string(kind);
    }
  }
}

TEST(journal_view, refuses_what_its_kind_may_not_hold) {
  std::map<uint16_t, journal_record> one_of_each;
  for (const auto& records : {receiver_records(), sender_records(), change_records()})
    for (const auto& x : records)
      one_of_each.emplace(x.type, x);
  one_of_each.emplace(static_cast<uint16_t>(record_type::destination),
                      encode_text(record_type::destination, "/tmp"));
  for (const auto type : {record_type::proven, record_type::scrubbed, record_type::lease})
    one_of_each.emplace(static_cast<uint16_t>(type), encode_moment(type, 7));
  ASSERT_EQ(one_of_each.size(), last_type);
  for (const auto kind : all_kinds)
    for (const auto& [type, record] : one_of_each) {
      journal_view view;
      ASSERT_EQ(apply(view, encode(opened(kind))), caf::error{});
      if (!may_hold(kind, static_cast<record_type>(type))) {
        EXPECT_EQ(code_of(apply(view, record)), ec::wallet_damaged)
            << to_string(static_cast<record_type>(type)) << " in a journal of " << to_string(kind);
      }
    }
}

TEST(journal_records, lose_their_secrets_and_nothing_else) {
  for (const auto& records : {receiver_records(), sender_records(), change_records()})
    for (const auto& x : records) {
      const auto bare = without_secrets(x);
      ASSERT_TRUE(bare) << to_string(static_cast<record_type>(x.type));
      EXPECT_EQ(bare->type, x.type);
      EXPECT_LE(bare->payload.size(), x.payload.size());
      // What has no secrets any more stays as it is.
      const auto again = without_secrets(*bare);
      ASSERT_TRUE(again);
      EXPECT_EQ(again->payload, bare->payload);
    }
  journal_record unknown;
  unknown.type = 900;
  EXPECT_EQ(code_of(without_secrets(unknown).error()), ec::wallet_damaged);
}

} // namespace
} // namespace liveconnect::wallet
