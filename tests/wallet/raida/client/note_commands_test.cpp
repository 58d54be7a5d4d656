#include <algorithm>
#include <functional>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/support/adopt_powned.hpp"
#include "tests/support/fake_raida.hpp"
#include "wallet/raida/client/note_commands.hpp"
#include "wallet/raida/client/retry.hpp"
#include "wallet/raida/derive.hpp"
#include "wallet/raida/packet.hpp"

namespace liveconnect::raida {
namespace {

using test::fake_raida;
using test::fault;

const std::string all_pass(raida_count, 'p');

std::string with(std::string letters, size_t at, char x) {
  letters[at] = x;
  return letters;
}

/// A port that counts and answers every request with a fixed answer, and keeps what was asked.
class scripted_port : public raida_port {
public:
  explicit scripted_port(size_t servers) : servers_(servers) {}
  size_t servers() const override { return servers_; }
  answers ask(const ask_all& what) override {
    questions.push_back(what);
    answers out;
    out.list.resize(servers_);
    for (size_t i = 0; i < servers_; ++i)
      if (what.skip.empty() || !what.skip[i])
        out.list[i] = reply(i, what);
    return out;
  }

  std::function<answer(size_t, const ask_all&)> reply;
  std::vector<ask_all> questions;

private:
  size_t servers_;
};

std::vector<note> blank_notes(size_t count, size_t servers, bool with_pans) {
  std::vector<note> out(count);
  for (size_t i = 0; i < count; ++i) {
    out[i].id = {0, static_cast<uint32_t>(i)};
    out[i].ans.resize(servers);
    if (with_pans)
      out[i].pans.resize(servers);
  }
  return out;
}

TEST(note_commands, echo_and_version_ask_all) {
  fake_raida raida;
  raida.add(fault::down(3));
  EXPECT_EQ(echo_all(raida), with(all_pass, 3, 'd'));
  const auto versions = version_all(raida);
  ASSERT_EQ(versions.size(), raida_count);
  EXPECT_EQ(versions[0].size(), 8u);
  EXPECT_EQ(versions[3], "");
}

TEST(note_commands, detect_says_which_servers_hold_the_an) {
  fake_raida raida;
  const auto notes = raida.mint(2, 100, 3);
  raida.damage(5, notes[1].id);
  raida.add(fault::down(7));
  raida.add(fault::lying(8, command::detect, 252));
  const auto seen = detect(raida, notes);
  const auto most = with(with(all_pass, 7, 'd'), 8, 'e');
  EXPECT_EQ(seen, (std::vector<std::string>{most, with(most, 5, 'f'), most}));
}

TEST(note_commands, what_only_reads_is_repeated_once_where_silent) {
  fake_raida raida;
  const auto notes = raida.mint(2, 100, 1);
  raida.add(fault::lost_reply(1, command::detect, 1));
  raida.add(fault::lost_reply(2, command::detect, 2));
  EXPECT_EQ(detect(raida, notes)[0], with(all_pass, 2, 'n'));
  EXPECT_EQ(raida.asked[command::detect], 2u);
  EXPECT_EQ(raida.arrived[command::detect], raida_count + 2);
}

TEST(note_commands, the_repeat_is_given_more_time) {
  scripted_port port{3};
  port.reply = [](size_t, const ask_all&) { return answer{outcome::silent, 0, {}}; };
  command_times times;
  detect(port, blank_notes(100, 3, false), times);
  ASSERT_EQ(port.questions.size(), 2u);
  EXPECT_EQ(port.questions[0].deadline, std::chrono::milliseconds(3100));
  EXPECT_EQ(port.questions[1].deadline, std::chrono::milliseconds(4650));
}

TEST(note_commands, notes_that_cannot_be_asked_about_are_left_out) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 4);
  notes[0].ans.pop_back();
  notes[1].id.serial = serial_max + 1;
  notes[2].id.denomination = 7;
  const auto seen = detect(raida, notes);
  const std::string untried(raida_count, 'u');
  EXPECT_EQ(seen, (std::vector<std::string>{untried, untried, untried, all_pass}));
  // No PANs, no Pown.
  EXPECT_EQ(pown(raida, notes)[3], untried);
  EXPECT_EQ(raida.arrived[command::pown], 0u);
}

TEST(note_commands, large_sets_are_cut_to_what_a_request_holds) {
  struct {
    size_t notes;
    size_t detect_questions;
    size_t pown_questions;
  } const table[] = {{0, 0, 0},    {1, 1, 1},    {1770, 1, 1}, {1771, 1, 2},
                     {3119, 1, 2}, {3120, 2, 2}, {7000, 3, 4}};
  for (const auto& x : table) {
    scripted_port port{2};
    port.reply = [](size_t i, const ask_all& what) {
      EXPECT_LE(what.payloads[i].size(), payload_max);
      return answer{outcome::answered, status::all_pass, {}};
    };
    const auto notes = blank_notes(x.notes, 2, true);
    const auto seen = detect(port, notes);
    EXPECT_EQ(port.questions.size(), x.detect_questions) << x.notes;
    EXPECT_EQ(seen, std::vector<std::string>(x.notes, "pp"));
    port.questions.clear();
    EXPECT_EQ(pown(port, notes), std::vector<std::string>(x.notes, "pp"));
    EXPECT_EQ(port.questions.size(), x.pown_questions) << x.notes;
  }
}

TEST(note_commands, a_server_that_stays_silent_is_not_asked_for_the_rest_of_a_large_set) {
  scripted_port port{2};
  port.reply = [](size_t i, const ask_all&) {
    return i == 0 ? answer{outcome::silent, 0, {}} : answer{outcome::answered, 241, {}};
  };
  const auto seen = detect(port, blank_notes(3119 * 3, 2, false));
  EXPECT_EQ(seen, std::vector<std::string>(3119 * 3, "np"));
  size_t asked_first = 0;
  for (const auto& x : port.questions)
    asked_first += x.skip[0] ? 0 : 1;
  EXPECT_EQ(asked_first, 2u);
}

TEST(note_commands, pown_changes_owners_and_is_never_repeated) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 2);
  for (auto& x : notes)
    x.pans = draw_ans(raida_count);
  raida.damage(4, notes[0].id);
  raida.add(fault::lost_reply(6, command::pown, 1));
  const auto seen = pown(raida, notes);
  EXPECT_EQ(seen[0], with(with(all_pass, 4, 'f'), 6, 'n'));
  EXPECT_EQ(seen[1], with(all_pass, 6, 'n'));
  EXPECT_EQ(raida.asked[command::pown], 1u);
  EXPECT_EQ(raida.arrived[command::pown], raida_count);
}

TEST(note_commands, a_note_given_twice_is_powned_once) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  notes[0].pans = draw_ans(raida_count);
  notes.push_back(notes[0]);
  const auto seen = pown(raida, notes);
  EXPECT_EQ(seen[0], all_pass);
  EXPECT_EQ(seen[1], std::string(raida_count, 'u'));
}

/// Sends a Pown under faults and then does what docs/formats/raida.md 8 says: Find, and the same
/// Pown again where the AN still holds.
note pown_with_recovery(fake_raida& raida, note x) {
  test::adopt_powned(x, pown(raida, {x})[0]);
  const auto found = find(raida, {x})[0];
  server_choice again(1, std::vector<bool>(raida_count, false));
  for (size_t i = 0; i < found.size(); ++i)
    again[0][i] = found[i] == find_answer::an && x.ans[i] != x.pans[i];
  pown_at(raida, {x}, again);
  adopt_found(x, find(raida, {x})[0]);
  return x;
}

TEST(note_commands, a_lost_reply_of_pown_is_found_again) {
  fake_raida raida;
  auto x = raida.mint({2, 100});
  x.pans = draw_ans(raida_count);
  for (size_t i = 0; i < 20; ++i)
    raida.add(fault::lost_reply(i, command::pown));
  const auto seen = pown(raida, {x})[0];
  EXPECT_EQ(grade_detect(seen), note_verdict::limbo);
  test::adopt_powned(x, seen);
  EXPECT_EQ(raida.holders(x), 5u);
  const auto found = find(raida, {x})[0];
  // The five that passed hold what is now AN and PAN alike; AN is compared first.
  for (size_t i = 0; i < raida_count; ++i)
    EXPECT_EQ(found[i], i < 20 ? find_answer::pan : find_answer::an);
  adopt_found(x, found);
  EXPECT_EQ(x.pown, all_pass);
  EXPECT_EQ(raida.holders(x), raida_count);
}

TEST(note_commands, a_lost_pown_is_sent_again_with_the_same_pans) {
  fake_raida raida;
  auto x = raida.mint({2, 100});
  x.pans = draw_ans(raida_count);
  const auto wanted = x.pans;
  for (size_t i = 0; i < 14; ++i)
    raida.add(fault::lost_request(i, command::pown));
  const auto done = pown_with_recovery(raida, x);
  EXPECT_EQ(done.ans, wanted);
  EXPECT_EQ(raida.holders(done), raida_count);
}

TEST(note_commands, a_doubled_pown_looks_like_a_fail_and_find_tells_the_truth) {
  fake_raida raida;
  auto x = raida.mint({2, 100});
  x.pans = draw_ans(raida_count);
  for (size_t i = 0; i < raida_count; ++i)
    raida.add(fault::duplicated(i, command::pown));
  const auto seen = pown(raida, {x})[0];
  EXPECT_EQ(seen, std::string(raida_count, 'f'));
  EXPECT_EQ(must_find(seen).size(), raida_count);
  test::adopt_powned(x, seen);
  adopt_found(x, find(raida, {x})[0]);
  EXPECT_EQ(raida.holders(x), raida_count);
}

TEST(note_commands, any_mix_of_losses_ends_with_one_owner) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    fake_raida raida{raida_count, seed};
    auto x = raida.mint({2, 100});
    x.pans = draw_ans(raida_count);
    raida.set_loss(0.2, 0.2, 0.2);
    for (size_t i = 0; i < 6; ++i)
      raida.add(fault::late((i * 7 + seed) % raida_count, command::pown));
    auto now = pown_with_recovery(raida, x);
    raida.deliver_delayed();
    raida.set_loss(0, 0, 0);
    now.pans = x.pans;
    // What Find said may be old by the time a late Pown arrives: ask until nothing moves.
    now = pown_with_recovery(raida, now);
    EXPECT_EQ(raida.holders(now), raida_count) << "seed " << seed;
    EXPECT_EQ(now.ans, x.pans) << "seed " << seed;
  }
}

TEST(note_commands, find_tells_an_pan_and_neither_apart) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 3);
  for (auto& x : notes)
    x.pans = draw_ans(raida_count);
  raida.set_held(1, notes[0].id, notes[0].pans[1]);
  raida.damage(2, notes[1].id);
  raida.add(fault::down(3));
  const auto found = find(raida, notes);
  using f = find_answer;
  EXPECT_EQ(found[0][0], f::an);
  EXPECT_EQ(found[0][1], f::pan);
  EXPECT_EQ(found[1][1], f::an);
  EXPECT_EQ(found[1][2], f::neither);
  EXPECT_EQ(found[2][3], f::unknown);
}

TEST(note_commands, find_without_pans_is_asked_with_zeros) {
  fake_raida raida;
  auto notes = raida.mint(2, 100, 1);
  raida.damage(2, notes[0].id);
  const auto found = find(raida, notes)[0];
  const auto counts = count_answers(found);
  EXPECT_EQ(counts.an, 24u);
  EXPECT_EQ(counts.neither, 1u);
  EXPECT_EQ(conclude_an(counts), note_verdict::fracked);
}

/// Answers Find as a server that knows only some serials and refuses whole batches for the others
/// (docs/formats/raida.md 6).
answer find_or_refuse(const ask_all& what, size_t server, const std::vector<uint32_t>& unknown) {
  const byte_view payload = view(what.payloads[server]);
  for (size_t at = 0; at < payload.size(); at += 37) {
    const auto serial = byte_reader{payload.sub(at + 1)}.u32();
    if (std::count(unknown.begin(), unknown.end(), serial) != 0)
      return {outcome::answered, status::bad_serial, {}};
  }
  return {outcome::answered, status::find_all_an, {}};
}

TEST(note_commands, a_batch_refused_for_unknown_notes_is_cut_until_they_are_known) {
  const std::vector<std::vector<uint32_t>> unknown{{}, {4}, {0, 8}};
  scripted_port port{3};
  port.reply = [&](size_t i, const ask_all& what) { return find_or_refuse(what, i, unknown[i]); };
  const auto found = find(port, blank_notes(9, 3, true));
  for (uint32_t i = 0; i < 9; ++i)
    for (size_t server = 0; server < 3; ++server) {
      const auto& u = unknown[server];
      EXPECT_EQ(found[i][server], std::count(u.begin(), u.end(), i) != 0 ? find_answer::no_such_note
                                                                         : find_answer::an)
          << i << " " << server;
    }
}

TEST(note_commands, all_notes_unknown_still_ends) {
  scripted_port port{1};
  std::vector<uint32_t> unknown(100);
  std::iota(unknown.begin(), unknown.end(), 0);
  port.reply = [&](size_t i, const ask_all& what) { return find_or_refuse(what, i, unknown); };
  const auto found = find(port, blank_notes(100, 1, true));
  EXPECT_EQ(port.questions.size(), 199u);
  for (const auto& x : found)
    EXPECT_EQ(x[0], find_answer::no_such_note);
}

TEST(note_commands, a_server_that_has_no_such_record_holds_neither) {
  fake_raida raida;
  const auto x = raida.mint({2, 100});
  raida.set_held(1, x.id, std::nullopt);
  EXPECT_EQ(find(raida, {x})[0][1], find_answer::neither);
}

TEST(note_commands, tickets_cover_what_passes) {
  fake_raida raida;
  const auto notes = raida.mint(2, 100, 3);
  raida.damage(5, notes[1].id);
  raida.add(fault::down(6));
  const auto got = get_tickets(raida, notes, server_choice(3, std::vector<bool>(24, true)));
  EXPECT_EQ(got.covering(0), 23u);
  EXPECT_EQ(got.covering(1), 22u);
  EXPECT_EQ(got.covering(7), 0u);
  EXPECT_NE(got.tickets[0], 0u);
  EXPECT_NE(got.tickets[5], 0u);
  EXPECT_EQ(got.tickets[6], 0u);
  EXPECT_EQ(got.tickets[24], 0u);
  EXPECT_EQ(got.letters[1][5], 'f');
  EXPECT_EQ(got.letters[0][24], 'u');
}

TEST(note_commands, fix_sets_the_derived_an_on_one_server) {
  fake_raida raida;
  auto x = raida.mint({2, 100});
  raida.damage(9, x.id);
  auto where = std::vector<bool>(raida_count, true);
  where[9] = false;
  const auto tickets = get_tickets(raida, {x}, {where});
  const auto pg = fix_seed::random();
  EXPECT_EQ(fix(raida, 9, {x.id}, pg, tickets.tickets), "p");
  EXPECT_EQ(raida.arrived[command::fix], 1u);
  x.ans[9] = fixed_an(9, x.id, pg);
  EXPECT_EQ(raida.holders(x), raida_count);
}

TEST(note_commands, fix_is_refused_by_too_few_tickets_and_sent_once) {
  fake_raida raida;
  auto x = raida.mint({2, 100});
  raida.damage(9, x.id);
  const auto tickets = get_tickets(raida, {x}, {std::vector<bool>(9, true)});
  EXPECT_EQ(fix(raida, 9, {x.id}, fix_seed::random(), tickets.tickets), "f");
  raida.add(fault::lost_request(9, command::fix));
  EXPECT_EQ(fix(raida, 9, {x.id}, fix_seed::random(), tickets.tickets), "n");
  EXPECT_EQ(raida.asked[command::fix], 2u);
  // No notes to fix, or a server that does not exist.
  EXPECT_EQ(fix(raida, 9, {}, fix_seed::random(), tickets.tickets), "");
  EXPECT_EQ(fix(raida, 25, {x.id}, fix_seed::random(), tickets.tickets), "u");
  EXPECT_EQ(fix(raida, 9, {x.id}, fix_seed::random(), {1, 2}), "u");
}

std::vector<note> fresh_notes(int8_t denomination, const serial_offer& offer, size_t count) {
  std::vector<note> out;
  for (size_t i = 0; i < count; ++i)
    out.push_back({{denomination, offer.serials[i].serial}, draw_ans(raida_count), {}, {}});
  return out;
}

TEST(note_commands, break_makes_ten_of_one) {
  fake_raida raida;
  const auto big = raida.mint({2, 100});
  const auto session = draw_session();
  const auto offer = available_serials(raida, session, change_operation::break_note, 2);
  EXPECT_EQ(offer.servers, all_pass);
  EXPECT_EQ(offer.target, 1);
  ASSERT_GE(offer.serials.size(), 10u);
  EXPECT_EQ(offer.serials[0].offered_by, raida_count);
  const auto small = fresh_notes(1, offer, 10);
  const auto done = break_note(raida, session, big, small);
  EXPECT_EQ(done.letters, all_pass);
  EXPECT_EQ(done.statuses, std::vector<uint8_t>(raida_count, 250));
  EXPECT_EQ(raida.holders(big), 0u);
  for (const auto& x : small)
    EXPECT_EQ(raida.holders(x), raida_count);
}

TEST(note_commands, a_break_goes_once_more_to_servers_that_limit_it) {
  fake_raida raida;
  command_times times;
  times.limited = std::chrono::milliseconds(1);
  const auto big = raida.mint({2, 100});
  const auto session = draw_session();
  const auto offer = available_serials(raida, session, change_operation::break_note, 2);
  const auto small = fresh_notes(1, offer, 10);
  // Always 160: the note stays what it was, everywhere, and nothing is asked a third time.
  for (size_t i = 0; i < raida_count; ++i)
    raida.add(fault::lying(i, command::break_note, status::rate_limit));
  const auto refused = break_note(raida, session, big, small, times);
  EXPECT_EQ(refused.letters, std::string(raida_count, 'e'));
  EXPECT_EQ(refused.statuses, std::vector<uint8_t>(raida_count, status::rate_limit));
  EXPECT_EQ(raida.asked[command::break_note], 2u);
  EXPECT_EQ(raida.holders(big), raida_count);
  // 160 from ten servers, once: they alone are asked again, and do it.
  raida.clear_faults();
  raida.arrived.clear();
  for (size_t i = 0; i < 10; ++i)
    raida.add(fault::lying(i, command::break_note, status::rate_limit, false, 1));
  EXPECT_EQ(break_note(raida, session, big, small, times).letters, all_pass);
  EXPECT_EQ(raida.arrived[command::break_note], raida_count);
  EXPECT_EQ(raida.holders(big), 0u);
  for (const auto& x : small)
    EXPECT_EQ(raida.holders(x), raida_count);
}

TEST(note_commands, a_break_that_reached_some_servers_is_sent_to_the_others_alone) {
  fake_raida raida;
  const auto big = raida.mint({2, 100});
  const auto session = draw_session();
  const auto offer = available_serials(raida, session, change_operation::break_note, 2);
  const auto small = fresh_notes(1, offer, 10);
  for (size_t i = 5; i < raida_count; ++i)
    raida.add(fault::lost_request(i, command::break_note));
  (void)break_note(raida, session, big, small);
  raida.arrived.clear();
  // Long after its reservation, and after a restart of the servers.
  raida.advance(std::chrono::hours(1));
  std::vector<bool> rest(raida_count, true);
  for (size_t i = 0; i < 5; ++i)
    rest[i] = false;
  for (size_t i = 0; i < raida_count; ++i)
    raida.restart(i);
  const auto again = change_at(raida, change_operation::break_note, session, big, small, rest);
  EXPECT_EQ(again.letters, "uuuuu" + std::string(20, 'p'));
  EXPECT_EQ(raida.arrived[command::break_note], 20u);
  for (const auto& x : small)
    EXPECT_EQ(raida.holders(x), raida_count);
  // Once more, everywhere: it is spent, and nothing happens.
  EXPECT_EQ(break_note(raida, session, big, small).letters, std::string(raida_count, 'f'));
  for (const auto& x : small)
    EXPECT_EQ(raida.holders(x), raida_count);
}

TEST(note_commands, serials_are_asked_of_the_chosen_servers_alone) {
  fake_raida raida;
  const auto session = draw_session();
  std::vector<bool> where(raida_count, false);
  where[3] = where[7] = true;
  const auto told = reserve_again(raida, session, change_operation::break_note, 2, where);
  ASSERT_EQ(told.size(), raida_count);
  EXPECT_EQ(told[3].letter, 'p');
  EXPECT_FALSE(told[7].serials.empty());
  EXPECT_EQ(told[0].letter, 'u');
  where.assign(raida_count, true);
  for (size_t i = 0; i < 10; ++i)
    where[i] = false;
  const auto offer =
      available_serials(raida, session, change_operation::break_note, 2, {}, {}, where);
  EXPECT_EQ(offer.servers, std::string(10, 'u') + std::string(15, 'p'));
  EXPECT_EQ(offer.serials[0].offered_by, 15u);
}

TEST(note_commands, join_makes_one_of_ten) {
  fake_raida raida;
  const auto small = raida.mint(1, 500, 10);
  const auto session = draw_session();
  const auto offer = available_serials(raida, session, change_operation::join_notes, 1);
  EXPECT_EQ(offer.target, 2);
  const auto big = fresh_notes(2, offer, 1)[0];
  EXPECT_EQ(join_notes(raida, session, big, small).letters, all_pass);
  EXPECT_EQ(raida.holders(big), raida_count);
  for (const auto& x : small)
    EXPECT_EQ(raida.holders(x), 0u);
}

TEST(note_commands, a_lost_reply_of_break_is_found_at_the_children) {
  fake_raida raida;
  const auto big = raida.mint({2, 100});
  const auto session = draw_session();
  const auto offer = available_serials(raida, session, change_operation::break_note, 2);
  auto small = fresh_notes(1, offer, 10);
  for (size_t i = 0; i < 15; ++i)
    raida.add(fault::lost_reply(i, command::break_note));
  raida.add(fault::lost_request(20, command::break_note));
  const auto done = break_note(raida, session, big, small);
  EXPECT_EQ(grade_detect(done.letters), note_verdict::limbo);
  const auto found = find(raida, small);
  for (size_t i = 0; i < small.size(); ++i) {
    EXPECT_EQ(count_answers(found[i]).an, 24u);
    EXPECT_EQ(found[i][20], find_answer::neither);
  }
}

TEST(note_commands, serials_that_too_few_offer_are_not_taken) {
  fake_raida raida;
  // On 13 servers serial 0 is taken, on 12 serial 1.
  for (size_t i = 0; i < raida_count; ++i)
    raida.set_held(i, {1, i < 13 ? 0u : 1u}, draw_an());
  const auto offer = available_serials(raida, draw_session(), change_operation::break_note, 2);
  ASSERT_GE(offer.serials.size(), 2u);
  EXPECT_EQ(offer.serials.front().serial, 2u);
  EXPECT_EQ(offer.serials.front().offered_by, raida_count);
  size_t one = 0;
  for (const auto& x : offer.serials) {
    EXPECT_NE(x.serial, 0u);
    one += x.serial == 1 ? x.offered_by : 0;
  }
  EXPECT_EQ(one, 13u);
}

TEST(note_commands, serials_are_asked_for_again_where_servers_offer_others) {
  fake_raida raida;
  // Another session was first on 12 servers, with the notes that this one wants to make.
  ask_all other;
  other.what = command::available_serials;
  other.payloads.assign(raida_count, encode_available(77, change_operation::break_note, 2));
  other.skip.assign(raida_count, false);
  std::fill(other.skip.begin() + 12, other.skip.end(), true);
  raida.ask(other);
  const auto offer = available_serials(raida, draw_session(), change_operation::break_note, 2);
  EXPECT_EQ(raida.asked[command::available_serials], 3u);
  ASSERT_GE(offer.serials.size(), 10u);
  EXPECT_EQ(offer.serials[9].offered_by, raida_count);
}

TEST(note_commands, serials_are_asked_for_a_few_times_and_only_where_enough_servers_answer) {
  scripted_port port{raida_count};
  size_t answering = raida_count;
  // Each server offers a serial of its own, always.
  port.reply = [&](size_t server, const ask_all&) {
    answer out;
    out.what = server < answering ? outcome::answered : outcome::silent;
    out.status = status::success;
    byte_writer<bytes>(out.payload).u8(1).u32(static_cast<uint32_t>(server));
    return out;
  };
  auto ask = [&](const command_times& times) {
    port.questions.clear();
    const auto offer =
        available_serials(port, draw_session(), change_operation::break_note, 2, {}, times);
    EXPECT_TRUE(offer.serials.empty());
    return port.questions.size();
  };
  EXPECT_EQ(ask({}), serial_retry::tries_max);
  command_times no_time;
  no_time.change = std::chrono::nanoseconds(1);
  EXPECT_EQ(ask(no_time), 1u);
  answering = quorum_rules{}.settled() - 1;
  EXPECT_EQ(ask({}), 1u);
}

TEST(note_commands, unsound_change_is_not_asked) {
  fake_raida raida;
  const auto big = raida.mint({2, 100});
  auto small = raida.mint(1, 500, 10);
  const std::string untried(raida_count, 'u');
  EXPECT_EQ(available_serials(raida, 0, change_operation::break_note, 2).servers, untried);
  EXPECT_EQ(available_serials(raida, 1, change_operation::break_note, -8).servers, untried);
  EXPECT_EQ(available_serials(raida, 1, change_operation::join_notes, 6).servers, untried);
  EXPECT_EQ(break_note(raida, 0, big, small).letters, untried);
  small[3].id.serial = small[4].id.serial;
  EXPECT_EQ(join_notes(raida, 1, big, small).letters, untried);
  small.pop_back();
  EXPECT_EQ(break_note(raida, 1, big, small).letters, untried);
  EXPECT_TRUE(raida.asked.empty());
}

} // namespace
} // namespace liveconnect::raida
