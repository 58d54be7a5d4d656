#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "wallet/journal/journal_view.hpp"
#include "wallet/raida/note_codec.hpp"

// Each rule of a record type, by what it refuses: a journal that is good so far, and the record
// that cannot stand behind it.
namespace liveconnect::wallet {
namespace {

using records = std::vector<journal_record>;

note make_note(uint32_t serial) {
  note out;
  out.id = {2, serial};
  out.ans = raida::draw_ans(25);
  out.pown.assign(25, 'p');
  return out;
}

std::vector<note> with_pans(std::vector<note> notes, size_t count = 25) {
  for (auto& x : notes)
    x.pans = raida::draw_ans(count);
  return notes;
}

// Every journal here is about these two, and knows nothing of the third.
const std::vector<note> two{make_note(1), make_note(2)};
const note unknown = make_note(3);

journal_record opened(journal_kind kind) {
  opened_record out;
  out.kind = kind;
  out.id.value.fill(5);
  out.servers = 25;
  return encode(out);
}

manifest manifest_of(uint32_t notes) {
  manifest out;
  out.id.value.fill(5);
  out.notes = notes;
  return out;
}

journal_record selected() {
  return encode(selected_record{amount::from_coins(200), two});
}

journal_record sending(uint32_t announced = 2) {
  sending_record out;
  out.announced = manifest_of(announced);
  out.notes = two;
  return encode(out);
}

journal_record graded(const note& x, note_verdict verdict = note_verdict::authentic) {
  graded_record out;
  out.notes.push_back({verdict, x});
  return encode(out);
}

journal_record evidence(const note& x) {
  evidence_record out;
  out.lines.push_back({x.id, std::string(25, 'x')});
  return encode(out);
}

journal_record change(size_t sources, size_t targets, change_kind kind = change_kind::break_note,
                      uint32_t session = 77) {
  change_record out;
  out.kind = kind;
  out.session = session;
  for (uint32_t i = 0; i < sources; ++i)
    out.sources.push_back(make_note(100 + i));
  for (uint32_t i = 0; i < targets; ++i)
    out.targets.push_back(make_note(200 + i));
  return encode(out);
}

// RECEIVED as encode_received() never writes it: with all that is known of the notes.
journal_record received_with_everything(const std::vector<note>& notes) {
  auto whole = encode(selected_record{{}, notes});
  whole.type = static_cast<uint16_t>(record_type::received);
  whole.payload.erase(whole.payload.begin(), whole.payload.begin() + sizeof(uint64_t));
  return whole;
}

std::vector<note> without_ans(std::vector<note> notes) {
  for (auto& x : notes)
    x.ans.clear();
  return notes;
}

const records sender{opened(journal_kind::sender)};
const records receiver{opened(journal_kind::receiver)};

records operator+(records x, const journal_record& next) {
  x.push_back(next);
  return x;
}

const auto sent = sender + selected() + sending();
const auto received = receiver + encode_offered(manifest_of(2)) + encode_received(two);

journal_record pown(const std::vector<note>& notes) {
  return encode_pans(record_type::pown, notes);
}

journal_record refresh(const std::vector<note>& notes) {
  return encode_pans(record_type::refresh, notes);
}

journal_record settled(const note& x) {
  return encode_ids(record_type::settled, {x.id});
}

struct refused {
  const char* why;
  records before;
  journal_record next;
};

void expect_all_refused(const std::vector<refused>& cases) {
  for (auto& x : cases) {
    auto view = replay(x.before);
    ASSERT_TRUE(view) << x.why << ": " << detail_of(view.error());
    const auto held = held_by(*view);
    const auto state = state_of(*view);
    const auto err = apply(*view, x.next);
    EXPECT_EQ(code_of(err), ec::wallet_damaged) << x.why;
    EXPECT_NE(detail_of(err).find(to_string(static_cast<record_type>(x.next.type))),
              std::string::npos)
        << x.why;
    // Nothing of it is in the view.
    EXPECT_EQ(held_by(*view), held) << x.why;
    EXPECT_EQ(state_of(*view), state) << x.why;
  }
}

TEST(journal_rules, a_journal_is_opened_once_and_closed_once) {
  journal_view nothing;
  EXPECT_EQ(code_of(apply(nothing, selected())), ec::wallet_damaged);
  const auto closed = encode(closed_record{closing::given_back, 7});
  expect_all_refused({
      {"OPENED twice", sender, opened(journal_kind::sender)},
      {"OPENED of another kind", sender, opened(journal_kind::receiver)},
      {"CLOSED twice", sender + closed, closed},
      {"SELECTED behind CLOSED", sender + closed, selected()},
      {"PROVEN behind CLOSED", sender + closed, encode_moment(record_type::proven, 7)},
  });
}

TEST(journal_rules, notes_leave_once_and_after_they_were_chosen) {
  expect_all_refused({
      {"SENDING without SELECTED", sender, sending()},
      {"SENDING twice", sent, sending()},
      {"SELECTED behind SENDING", sent, selected()},
      {"SENDING of other notes than announced", sender + selected(), sending(3)},
      {"LEASE before SENDING", sender + selected(), encode_moment(record_type::lease, 1)},
      {"REJECTED before SENDING", sender, encode_ids(record_type::rejected, {two[0].id})},
      {"REJECTED behind RECEIPT", sent + encode_text(record_type::receipt, "{}"),
       encode_ids(record_type::rejected, {two[0].id})},
  });
}

TEST(journal_rules, evidence_is_about_notes_that_were_sent_and_are_not_being_taken_back) {
  expect_all_refused({
      {"before SENDING", sender + selected(), evidence(two[0])},
      {"about a note that was not sent", sent, evidence(unknown)},
      {"about a note that is being taken back", sent + refresh(with_pans({two[0]})),
       evidence(two[0])},
  });
}

TEST(journal_rules, notes_that_are_not_gone_are_taken_back_once) {
  const auto first = sent + refresh(with_pans({two[0]}));
  expect_all_refused({
      {"before SENDING", sender + selected(), refresh(with_pans({two[0]}))},
      {"a note that was not sent", sent, refresh(with_pans({unknown}))},
      {"a note that is gone", sent + evidence(two[0]), refresh(with_pans({two[0]}))},
      {"a second set of PANs", first, refresh(with_pans({two[0]}))},
      {"a second set beside a first one", first, refresh(with_pans(two))},
      {"PANs for too few servers", sent, refresh(with_pans({two[0]}, 24))},
      {"a note twice", sent, refresh(with_pans({two[0], two[0]}))},
      {"no note at all", sent, refresh({})},
  });
}

TEST(journal_rules, an_offer_and_its_notes_come_once_and_bare) {
  const auto scrubbed = receiver + encode_moment(record_type::scrubbed, 7);
  expect_all_refused({
      {"OFFERED twice", received, encode_offered(manifest_of(2))},
      {"RECEIVED twice", received, encode_received(two)},
      {"RECEIVED of no note", receiver, encode_received({})},
      {"RECEIVED of a note twice", receiver, encode_received({two[0], two[0]})},
      {"RECEIVED with PANs", receiver, received_with_everything(with_pans(two))},
      {"RECEIVED without ANs", receiver, encode_received(without_ans(two))},
      {"RECEIVED with ANs though they were taken out", scrubbed, encode_received(two)},
  });
}

TEST(journal_rules, received_notes_get_their_pans_once_and_before_a_verdict) {
  expect_all_refused({
      {"before RECEIVED", receiver, pown(with_pans(two))},
      {"a note that was not received", received, pown(with_pans({unknown}))},
      {"a second set of PANs", received + pown(with_pans(two)), pown(with_pans({two[1]}))},
      {"a note that has its verdict", received + graded(two[0]), pown(with_pans({two[0]}))},
      {"PANs for too many servers", received, pown(with_pans({two[0]}, 26))},
      {"no note at all", received, pown({})},
  });
}

TEST(journal_rules, a_verdict_is_never_limbo) {
  expect_all_refused({
      {"limbo", received, graded(two[0], note_verdict::limbo)},
  });
}

TEST(journal_rules, a_note_is_settled_when_its_fate_is_known) {
  heal_record heal;
  heal.targets = two;
  const auto healing = records{opened(journal_kind::heal)} + encode(heal);
  const auto claimed = sent + refresh(with_pans({two[0]}));
  expect_all_refused({
      {"received and not graded", received, settled(two[0])},
      {"another note is graded", received + graded(two[1]), settled(two[0])},
      {"sent and undecided", sent, settled(two[0])},
      {"another note is gone", sent + evidence(two[1]), settled(two[0])},
      {"being taken back", claimed, settled(two[0])},
      {"not healed here", healing, settled(unknown)},
  });
  for (auto& good : {received + graded(two[0]), sent + evidence(two[0]), claimed + graded(two[0]),
                     sent + encode_text(record_type::receipt, "{}"), healing}) {
    const auto view = replay(good + settled(two[0]));
    ASSERT_TRUE(view) << detail_of(view.error());
    EXPECT_EQ(view->settled.count(two[0].id), 1u);
  }
}

TEST(journal_rules, a_change_is_one_note_for_ten_or_ten_for_one) {
  const records nothing{opened(journal_kind::change)};
  expect_all_refused({
      {"a second one", nothing + change(1, 10), change(1, 10)},
      {"session 0", nothing, change(1, 10, change_kind::break_note, 0)},
      {"a Break into nine", nothing, change(1, 9)},
      {"a Break of ten", nothing, change(10, 1)},
      {"a Join of nine", nothing, change(9, 1, change_kind::join_notes)},
      {"a Join into ten", nothing, change(1, 10, change_kind::join_notes)},
  });
  EXPECT_TRUE(replay(nothing + change(10, 1, change_kind::join_notes)));
}

journal_record owed(std::vector<uint8_t> servers, bool filed, std::vector<uint8_t> taken = {}) {
  owed_record out;
  out.at = 1000;
  out.filed = filed;
  out.servers = std::move(servers);
  out.taken = std::move(taken);
  return encode(out);
}

TEST(journal_rules, a_change_is_owed_to_ever_fewer_servers_once_its_notes_are_filed) {
  const records nothing{opened(journal_kind::change)};
  const auto sent_out = nothing + change(1, 10);
  const auto done = sent_out + graded(make_note(200));
  const auto filed = done + owed({3, 4}, true);
  expect_all_refused({
      {"nothing was changed", nothing, owed({3}, false)},
      {"filed without verdicts", sent_out, owed({3}, true)},
      {"a server that is not there", sent_out, owed({25}, false)},
      {"a taken serial at a server that is not there", sent_out, owed({3}, false, {25})},
      {"a server twice", sent_out, owed({3, 3}, false)},
      {"servers in no order", sent_out, owed({}, false, {4, 3})},
      {"not filed any more", filed, owed({3}, false)},
      {"a server that had answered", filed, owed({3, 5}, true)},
  });
  // While it is open, a server may fall back.
  EXPECT_TRUE(replay(sent_out + owed({3}, false) + owed({3, 5}, false, {7})));
  const auto view = replay(filed + owed({4}, true));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->owed->servers, std::vector<uint8_t>{4});
}

} // namespace
} // namespace liveconnect::wallet
