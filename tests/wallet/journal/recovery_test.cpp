#include <gtest/gtest.h>

#include "wallet/journal/recovery.hpp"
#include "wallet/raida/note_codec.hpp"

// The decision tables of docs/design/safety.md 5.4.
namespace liveconnect::wallet {
namespace {

using raida::find_answer;

const raida::quorum_rules rules;

// `yes` servers give one answer, `no` another, the rest is silent.
found_row row(size_t yes, find_answer first, size_t no, find_answer second) {
  found_row out(25, find_answer::unknown);
  for (size_t i = 0; i < yes; ++i)
    out[i] = first;
  for (size_t i = yes; i < yes + no; ++i)
    out[i] = second;
  return out;
}

note claimed() {
  note out;
  out.id = {2, 1};
  out.ans = raida::draw_ans(25);
  out.pans = raida::draw_ans(25);
  return out;
}

TEST(recovery, claims_count_from_fifteen_and_are_lost_from_fifteen) {
  for (size_t pan = 0; pan <= 25; ++pan)
    for (size_t neither = 0; pan + neither <= 25; ++neither) {
      auto graded = grade_claimed(claimed(),
                                  row(pan, find_answer::pan, neither, find_answer::neither), rules);
      if (pan >= 15) {
        ASSERT_TRUE(graded);
        EXPECT_EQ(graded->verdict, pan == 25 ? note_verdict::authentic : note_verdict::fracked);
      } else if (neither >= 15) {
        ASSERT_TRUE(graded);
        EXPECT_EQ(graded->verdict, note_verdict::counterfeit);
      } else {
        EXPECT_FALSE(graded) << pan << " yes, " << neither << " no";
      }
    }
}

TEST(recovery, servers_that_still_hold_the_old_secret_count_for_nothing) {
  EXPECT_FALSE(grade_claimed(claimed(), row(14, find_answer::pan, 11, find_answer::an), rules));
  EXPECT_FALSE(grade_claimed(claimed(), row(14, find_answer::neither, 11, find_answer::an), rules));
}

TEST(recovery, a_claimed_note_has_the_new_secret_and_both_where_unknown) {
  auto coin = claimed();
  auto found = row(16, find_answer::pan, 4, find_answer::neither);
  auto graded = grade_claimed(coin, found, rules);
  ASSERT_TRUE(graded);
  // Also where a server holds neither: the giver, who knows the AN, may bring it back to that one.
  for (size_t i = 0; i < 25; ++i)
    EXPECT_EQ(graded->coin.ans[i], i < 20 ? coin.pans[i] : coin.ans[i]);
  EXPECT_EQ(graded->coin.pans, coin.pans);
  EXPECT_EQ(graded->coin.pown, "ppppppppppppppppffffnnnnn");
  auto all = grade_claimed(coin, row(16, find_answer::pan, 9, find_answer::neither), rules);
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->coin.pans.empty());
}

TEST(recovery, a_lost_note_keeps_both_sets) {
  auto coin = claimed();
  auto graded = grade_claimed(coin, row(5, find_answer::pan, 20, find_answer::neither), rules);
  ASSERT_TRUE(graded);
  EXPECT_EQ(graded->coin.ans, coin.ans);
  EXPECT_EQ(graded->coin.pans, coin.pans);
}

note sent_whole() {
  auto out = claimed();
  out.pans.clear();
  out.pown = std::string(25, 'p');
  return out;
}

TEST(recovery, a_sent_note_is_gone_only_when_fifteen_say_so) {
  auto gone = row(15, find_answer::neither, 10, find_answer::an);
  auto nearly = row(14, find_answer::neither, 11, find_answer::an);
  for (auto how : {patience::leased, patience::promise_kept, patience::exhausted}) {
    EXPECT_EQ(conclude_sent(sent_whole(), gone, how, rules), sent_outcome::gone);
    EXPECT_EQ(conclude_sent(sent_whole(), nearly, how, rules), sent_outcome::pending);
    EXPECT_EQ(conclude_sent(sent_whole(), {}, how, rules), sent_outcome::pending);
  }
}

TEST(recovery, a_sent_note_is_taken_back_only_untouched_and_after_the_lease) {
  auto untouched = row(15, find_answer::an, 0, find_answer::neither);
  auto x = sent_whole();
  EXPECT_EQ(conclude_sent(x, untouched, patience::leased, rules), sent_outcome::pending);
  EXPECT_EQ(conclude_sent(x, untouched, patience::promise_kept, rules), sent_outcome::take_back);
}

TEST(recovery, thirteen_servers_are_enough_to_take_back_once_all_patience_is_over) {
  auto x = sent_whole();
  for (size_t an = 0; an <= 25; ++an)
    for (size_t no = 0; an + no <= 25; ++no) {
      auto found = row(an, find_answer::an, no, find_answer::neither);
      auto expected = sent_outcome::pending;
      if (no >= 15)
        expected = sent_outcome::gone;
      else if (an >= 13)
        expected = sent_outcome::take_back;
      EXPECT_EQ(conclude_sent(x, found, patience::exhausted, rules), expected) << an << " " << no;
      // Before the hour is over 13 or 14 are not enough.
      if (an < 15 && no < 15) {
        EXPECT_EQ(conclude_sent(x, found, patience::promise_kept, rules), sent_outcome::pending);
      }
    }
}

TEST(recovery, a_note_that_some_server_gives_to_another_is_left_to_him_for_an_hour) {
  for (auto no : {find_answer::neither, find_answer::no_such_note, find_answer::pan}) {
    auto touched = row(24, find_answer::an, 1, no);
    auto x = sent_whole();
    EXPECT_EQ(conclude_sent(x, touched, patience::promise_kept, rules), sent_outcome::pending);
    EXPECT_EQ(conclude_sent(x, touched, patience::exhausted, rules), sent_outcome::take_back);
    // What refused the note before it left does not point to the receiver; no other server is
    // excused.
    x.pown[24] = 'f';
    EXPECT_EQ(conclude_sent(x, touched, patience::promise_kept, rules), sent_outcome::take_back);
    EXPECT_EQ(conclude_sent(x, touched, patience::leased, rules), sent_outcome::pending);
    auto two = row(23, find_answer::an, 2, no);
    EXPECT_EQ(conclude_sent(x, two, patience::promise_kept, rules), sent_outcome::pending);
    x.pown[24] = 'n';
    EXPECT_EQ(conclude_sent(x, touched, patience::promise_kept, rules), sent_outcome::pending);
  }
  auto beyond = row(12, find_answer::an, 13, find_answer::neither);
  EXPECT_EQ(conclude_sent(sent_whole(), beyond, patience::exhausted, rules), sent_outcome::pending);
}

earlier_look look_of(const found_row& found, uint64_t up_ms = 1'000'000, wall_seconds at = 1000) {
  return {at, up_ms, letters_of(found)};
}

TEST(recovery, a_look_keeps_what_a_silent_server_said_before) {
  auto before = look_of(row(12, find_answer::an, 3, find_answer::neither));
  EXPECT_EQ(before.found, "aaaaaaaaaaaaxxxuuuuuuuuuu");
  EXPECT_EQ(merged_look(nullptr, row(1, find_answer::pan, 1, find_answer::no_such_note)),
            "pxuuuuuuuuuuuuuuuuuuuuuuu");
  EXPECT_EQ(merged_look(&before, row(1, find_answer::neither, 0, find_answer::an)),
            "xaaaaaaaaaaaxxxuuuuuuuuuu");
}

TEST(recovery, a_claim_that_cannot_win_is_lost_when_a_second_look_says_so) {
  auto coin = claimed();
  for (size_t pan = 0; pan <= 25; ++pan)
    for (size_t neither = 0; pan + neither <= 25; ++neither) {
      auto found = row(pan, find_answer::pan, neither, find_answer::neither);
      auto before = look_of(found);
      auto later = before.up_ms + second_look_seconds * 1000;
      EXPECT_EQ(is_lost_claim(found, rules), pan < 13 && pan + neither == 25);
      EXPECT_EQ(is_first_loss(found, nullptr, rules), is_lost_claim(found, rules));
      EXPECT_FALSE(is_first_loss(found, &before, rules));
      EXPECT_FALSE(grade_lost(coin, found, nullptr, later, rules));
      EXPECT_FALSE(grade_lost(coin, found, &before, later - 1, rules));
      auto graded = grade_lost(coin, found, &before, later, rules);
      EXPECT_EQ(graded.has_value(), is_lost_claim(found, rules));
      // The computer was started again in between.
      EXPECT_EQ(grade_lost(coin, found, &before, before.up_ms - 1, rules).has_value(),
                is_lost_claim(found, rules));
      if (graded) {
        EXPECT_EQ(graded->verdict, note_verdict::counterfeit);
        EXPECT_EQ(graded->coin.ans, coin.ans);
        EXPECT_EQ(graded->coin.pans, coin.pans);
      }
    }
  // What one look called silent, or the AN's, is no first look of a loss.
  auto lost = row(12, find_answer::pan, 13, find_answer::neither);
  auto silent = look_of(row(12, find_answer::pan, 12, find_answer::neither));
  EXPECT_FALSE(grade_lost(coin, lost, &silent, UINT64_MAX, rules));
  EXPECT_TRUE(is_first_loss(lost, &silent, rules));
  EXPECT_FALSE(is_lost_claim(row(12, find_answer::pan, 13, find_answer::an), rules));
}

TEST(recovery, of_two_claims_at_all_servers_at_most_one_is_not_lost) {
  for (size_t k = 0; k <= 25; ++k) {
    auto here = row(k, find_answer::pan, 25 - k, find_answer::neither);
    auto there = row(25 - k, find_answer::pan, k, find_answer::neither);
    EXPECT_NE(is_lost_claim(here, rules), is_lost_claim(there, rules)) << k;
  }
}

TEST(recovery, a_received_note_that_the_sender_began_to_take_back_is_decided_in_the_end) {
  for (size_t an = 0; an <= 25; ++an)
    for (size_t no = 0; an + no <= 25; ++no) {
      auto found = row(an, find_answer::an, no, find_answer::neither);
      auto before = look_of(found);
      auto later = before.up_ms + second_look_seconds * 1000;
      auto first = conclude_free(found, false, nullptr, later, rules);
      auto patient = conclude_free(found, true, nullptr, later, rules);
      auto second = conclude_free(found, true, &before, later, rules);
      if (no >= 15) {
        EXPECT_EQ(first, free_outcome::lost);
      } else if (an >= 15) {
        EXPECT_EQ(first, free_outcome::free);
      } else if (an >= 13) {
        EXPECT_EQ(first, free_outcome::pending);
        EXPECT_EQ(patient, free_outcome::free);
      } else if (an + no == 25) {
        EXPECT_EQ(first, free_outcome::lost_once);
        EXPECT_EQ(second, free_outcome::lost);
        EXPECT_EQ(conclude_free(found, true, &before, later - 1, rules), free_outcome::pending);
      } else {
        EXPECT_EQ(second, free_outcome::pending);
      }
    }
}

TEST(recovery, a_note_is_written_off_only_when_nobody_can_give_it_back) {
  const uint64_t later = 1'000'000 + second_look_seconds * 1000;
  const wall_seconds day = 1000 + silence_seconds;
  for (size_t an = 0; an <= 25; ++an)
    for (size_t no = 0; an + no <= 25; ++no) {
      auto found = row(an, find_answer::an, no, find_answer::neither);
      auto before = look_of(found);
      auto answer = [&](const earlier_look* x, patience how, uint64_t up, wall_seconds now) {
        return conclude_write_off(found, x, how, up, now, rules);
      };
      for (auto how : {patience::leased, patience::promise_kept})
        EXPECT_EQ(answer(&before, how, later, day), write_off::too_early);
      EXPECT_EQ(answer(nullptr, patience::exhausted, later, day), write_off::asked_once);
      const auto could_be_ours = 25 - no >= 13;
      auto soon = answer(&before, patience::exhausted, later, 1100);
      if (!could_be_ours) {
        EXPECT_EQ(soon, write_off::allowed);
        EXPECT_EQ(answer(&before, patience::exhausted, later - 1, 1100), write_off::asked_once);
      } else {
        EXPECT_EQ(soon, an >= 13 ? write_off::ours : write_off::may_return);
        EXPECT_EQ(answer(&before, patience::exhausted, later, day), write_off::allowed);
      }
    }
  // A server that said yes and is silent now still counts.
  auto before = look_of(row(12, find_answer::an, 13, find_answer::neither));
  before.found[24] = 'a';
  auto now = row(12, find_answer::an, 12, find_answer::neither);
  EXPECT_EQ(conclude_write_off(now, &before, patience::exhausted, later, 1100, rules),
            write_off::may_return);
}

TEST(recovery, a_server_with_the_notes_own_second_set_counts_for_neither_side) {
  auto sent = claimed();
  const auto how = patience::promise_kept;
  auto gone = row(14, find_answer::neither, 11, find_answer::pan);
  EXPECT_EQ(conclude_sent(sent, for_sent(sent, gone), how, rules), sent_outcome::pending);
  auto ours = row(24, find_answer::an, 1, find_answer::pan);
  EXPECT_EQ(conclude_sent(sent, for_sent(sent, ours), how, rules), sent_outcome::take_back);
  EXPECT_EQ(conclude_sent(sent, for_sent(sent, ours), patience::leased, rules),
            sent_outcome::pending);
  // Without a second set zero was asked: who holds that holds another's.
  sent.pans.clear();
  EXPECT_EQ(conclude_sent(sent, for_sent(sent, ours), how, rules), sent_outcome::pending);
}

TEST(recovery, a_time_that_must_pass_never_ends_early) {
  EXPECT_FALSE(has_passed(1000, 1119, 120));
  EXPECT_TRUE(has_passed(1000, 1120, 120));
  // A clock set back ten years.
  EXPECT_FALSE(has_passed(1'790'000'000, 1'490'000'000, 120));
}

TEST(recovery, patience_ends_with_the_lease_and_again_after_an_hour_of_uptime) {
  journal_view view;
  EXPECT_EQ(patience_of(view, UINT64_MAX), patience::leased);
  view.sending.emplace();
  view.sending->at = 1000;
  view.sending->announced.lease_seconds = 120;
  EXPECT_EQ(patience_of(view, UINT64_MAX), patience::leased) << "not counted yet";
  view.lease_from = 5000;
  EXPECT_EQ(patience_of(view, 4999), patience::leased) << "before it, so another start";
  EXPECT_EQ(patience_of(view, 124'999), patience::leased);
  EXPECT_EQ(patience_of(view, 125'000), patience::promise_kept);
  EXPECT_EQ(patience_of(view, 5000 + dispute_seconds * 1000 - 1), patience::promise_kept);
  EXPECT_EQ(patience_of(view, 5000 + dispute_seconds * 1000), patience::exhausted);
  // A lease that is longer than that ends both.
  view.sending->announced.lease_seconds = dispute_seconds * 2;
  EXPECT_EQ(patience_of(view, 5000 + dispute_seconds * 2000 - 1), patience::leased);
  EXPECT_EQ(patience_of(view, 5000 + dispute_seconds * 2000), patience::exhausted);
}

std::vector<found_row> ten(const found_row& x) {
  return std::vector<found_row>(10, x);
}

// What servers say of a Break: so many hold the ten, so many still the source, so many neither, and
// the rest is silent.
change_answers said(size_t done, size_t open, size_t refused) {
  change_answers out;
  const found_row nothing(25, find_answer::unknown);
  out.targets = ten(nothing);
  out.sources = {nothing};
  out.declined.assign(25, false);
  out.taken.assign(25, false);
  for (size_t s = 0; s < done + open + refused; ++s) {
    for (auto& row : out.targets)
      row[s] = s < done ? find_answer::an : find_answer::neither;
    out.sources[0][s] = s < done || s >= done + open ? find_answer::neither : find_answer::an;
  }
  return out;
}

change_answers declined(change_answers x, size_t from, size_t count, bool for_good = false) {
  for (size_t s = from; s < from + count; ++s)
    (for_good ? x.taken : x.declined)[s] = true;
  return x;
}

change_outcome outcome_of(const change_answers& x, bool last_word = false) {
  return conclude_change(change_kind::break_note, x, last_word, rules);
}

TEST(recovery, a_break_is_done_when_fifteen_hold_the_ten) {
  EXPECT_EQ(outcome_of(said(25, 0, 0)), change_outcome::done);
  EXPECT_EQ(outcome_of(said(15, 10, 0)), change_outcome::done);
  EXPECT_EQ(outcome_of(said(15, 0, 0)), change_outcome::done);
  EXPECT_EQ(outcome_of(said(14, 11, 0)), change_outcome::pending);
  auto one_weak = said(25, 0, 0);
  for (size_t s = 0; s < 11; ++s)
    one_weak.targets[7][s] = find_answer::unknown;
  EXPECT_EQ(outcome_of(one_weak), change_outcome::pending);
}

TEST(recovery, a_break_is_abandoned_only_when_fifteen_will_not_do_it_and_keep_the_source) {
  // Open servers get it again: they prove nothing, however many they are.
  EXPECT_EQ(outcome_of(said(0, 25, 0)), change_outcome::pending);
  EXPECT_EQ(outcome_of(declined(said(0, 25, 0), 0, 14)), change_outcome::pending);
  EXPECT_EQ(outcome_of(declined(said(0, 25, 0), 0, 15)), change_outcome::abandoned);
  EXPECT_EQ(outcome_of(declined(said(10, 15, 0), 10, 15, true)), change_outcome::abandoned);
  // Nothing happened anywhere, and nothing can: the source is as good as it was.
  EXPECT_EQ(outcome_of(declined(said(0, 14, 11), 0, 14)), change_outcome::abandoned);
}

TEST(recovery, a_break_whose_source_fifteen_give_to_another_is_lost) {
  EXPECT_EQ(outcome_of(said(0, 0, 15)), change_outcome::lost);
  EXPECT_EQ(outcome_of(said(10, 0, 15)), change_outcome::lost);
  EXPECT_EQ(outcome_of(said(10, 0, 14)), change_outcome::pending);
  EXPECT_TRUE(is_source_lost(said(10, 0, 15), 0, rules));
  EXPECT_FALSE(is_source_lost(said(11, 0, 14), 0, rules));
}

TEST(recovery, the_majority_decides_over_a_break_once_every_server_has_said_its_last_word) {
  EXPECT_EQ(outcome_of(said(13, 0, 12)), change_outcome::done);
  EXPECT_EQ(outcome_of(declined(said(12, 13, 0), 12, 13, true)), change_outcome::abandoned);
  EXPECT_EQ(outcome_of(declined(said(12, 12, 1), 12, 12, true)), change_outcome::split);
  // A server that declines may have kept the serials for another, for a while.
  EXPECT_EQ(outcome_of(declined(said(13, 12, 0), 13, 12)), change_outcome::pending);
  EXPECT_EQ(outcome_of(declined(said(13, 12, 0), 13, 12), true), change_outcome::done);
}

TEST(recovery, no_state_of_the_servers_makes_a_break_both_worth_something_and_lost) {
  for (size_t done = 0; done <= 25; ++done)
    for (size_t open = 0; done + open <= 25; ++open)
      for (size_t taken = 0; taken <= open; ++taken) {
        const auto x = declined(said(done, open, 25 - done - open), done, taken, true);
        const auto what = outcome_of(x);
        if (what == change_outcome::done) {
          EXPECT_GE(done, 13u);
        }
        if (what == change_outcome::abandoned) {
          EXPECT_TRUE(open >= 13 || done == 0) << done << " " << open;
        }
        if (what == change_outcome::lost || what == change_outcome::split) {
          EXPECT_LT(std::max(done, open), 13u);
        }
        if (what == change_outcome::pending) {
          EXPECT_GT(open, taken);
        }
      }
}

TEST(recovery, a_server_is_owed_a_change_until_it_has_done_it_or_cannot_any_more) {
  EXPECT_EQ(owed_servers(said(25, 0, 0)), std::vector<uint8_t>{});
  EXPECT_EQ(owed_servers(said(20, 2, 2)), (std::vector<uint8_t>{20, 21, 24}));
  EXPECT_EQ(owed_servers(declined(said(20, 2, 2), 20, 1, true)), (std::vector<uint8_t>{21, 24}));
  EXPECT_EQ(owed_servers(declined(said(20, 2, 2), 20, 1)), (std::vector<uint8_t>{20, 21, 24}));
  // Half of the ten and no source: nothing can be repeated there.
  auto half = said(24, 0, 1);
  half.targets[0][24] = find_answer::an;
  EXPECT_EQ(reach_of(half, 24), change_reach::refused);
}

TEST(recovery, of_a_join_each_source_is_judged_by_itself) {
  change_answers x;
  x.targets = {row(0, find_answer::an, 25, find_answer::neither)};
  x.sources = ten(row(25, find_answer::an, 0, find_answer::neither));
  x.sources[3] = row(5, find_answer::an, 20, find_answer::neither);
  x.declined.assign(25, false);
  x.taken.assign(25, false);
  EXPECT_EQ(conclude_change(change_kind::join_notes, x, false, rules), change_outcome::abandoned);
  for (size_t i = 0; i < 10; ++i)
    EXPECT_EQ(is_source_lost(x, i, rules), i == 3);
  // The published server leaves the sources of a Join as they are: the target tells.
  x.targets = {row(15, find_answer::an, 10, find_answer::neither)};
  EXPECT_EQ(conclude_change(change_kind::join_notes, x, false, rules), change_outcome::done);
}

TEST(recovery, a_change_is_tried_again_after_a_minute_and_then_ever_more_rarely) {
  for (auto [tries, seconds] : {std::pair{1u, 60u},
                                {2u, 120u},
                                {6u, 1920u},
                                {7u, 3600u},
                                {8u, 3600u},
                                {4'000'000'000u, 3600u}})
    EXPECT_EQ(pause_after(tries), seconds);
  owed_record x;
  x.at = 1000;
  EXPECT_FALSE(is_try_due(x, 1059));
  EXPECT_TRUE(is_try_due(x, 1060));
  EXPECT_TRUE(is_try_due(x, 999)) << "the clock was set back";
}

TEST(recovery, an_open_change_says_how_many_servers_it_waits_for_and_until_when) {
  journal_view view;
  view.opened.kind = journal_kind::change;
  view.opened.servers = 25;
  view.change.emplace();
  EXPECT_EQ(waits_for(view), "enough servers, to learn what became of a change");
  view.owed.emplace();
  view.owed->at = 1'790'000'000;
  view.owed->servers = {1, 2};
  EXPECT_EQ(waits_for(view), "2 servers to make change, or to say what became of it; tried again "
                             "from 2026-09-21 14:14:20 UTC on");
  view.owed->filed = true;
  view.owed->servers = {1};
  EXPECT_EQ(task_of(view), recovery_task::complete_change);
  EXPECT_EQ(waits_for(view), "1 server that a change has not reached; its notes are in the wallet; "
                             "tried again from 2026-09-21 14:14:20 UTC on");
}

journal_view view_of(journal_kind kind) {
  journal_view out;
  out.opened.kind = kind;
  out.opened.servers = 25;
  out.opened.at = 1000;
  return out;
}

TEST(recovery, every_state_has_its_task) {
  auto s = view_of(journal_kind::sender);
  EXPECT_EQ(task_of(s), recovery_task::give_back);
  s.selected.emplace();
  EXPECT_EQ(task_of(s), recovery_task::give_back);
  s.sending.emplace();
  s.sending->notes.push_back(claimed());
  EXPECT_EQ(task_of(s), recovery_task::ask_servers);
  auto with_evidence = s;
  with_evidence.evidence.emplace();
  with_evidence.evidence->lines.push_back({{2, 1}, std::string(25, 'x')});
  EXPECT_EQ(task_of(with_evidence), recovery_task::finish_sent);
  auto with_receipt = s;
  with_receipt.receipt = "{}";
  EXPECT_EQ(task_of(with_receipt), recovery_task::finish_sent);
  with_receipt.rejected.push_back({2, 1});
  EXPECT_EQ(task_of(with_receipt), recovery_task::ask_servers);
  s.refresh.push_back(claimed());
  EXPECT_EQ(task_of(s), recovery_task::finish_refresh);

  auto r = view_of(journal_kind::receiver);
  EXPECT_EQ(task_of(r), recovery_task::drop_offer);
  r.offered.emplace();
  EXPECT_EQ(task_of(r), recovery_task::drop_offer);
  r.received.push_back(claimed());
  EXPECT_EQ(task_of(r), recovery_task::finish_pown);
  r.pown = true;
  EXPECT_EQ(task_of(r), recovery_task::finish_pown);
  r.graded.emplace(note_id{2, 1}, graded_note{});
  EXPECT_EQ(task_of(r), recovery_task::settle_notes);
  r.settled.insert({2, 1});
  EXPECT_EQ(task_of(r), recovery_task::await_confirmation);
  r.closed.emplace();
  EXPECT_EQ(task_of(r), recovery_task::file_journal);

  EXPECT_EQ(task_of(view_of(journal_kind::change)), recovery_task::finish_change);
  EXPECT_EQ(task_of(view_of(journal_kind::heal)), recovery_task::finish_heal);
  auto e = view_of(journal_kind::export_file);
  EXPECT_EQ(task_of(e), recovery_task::give_back);
  e.sending.emplace();
  EXPECT_EQ(task_of(e), recovery_task::finish_export);
}

TEST(recovery, start_up_leaves_to_the_peer_what_needs_the_peer) {
  auto s = view_of(journal_kind::sender);
  EXPECT_TRUE(done_at_start(s, 1000));
  s.sending.emplace();
  s.sending->notes.push_back(claimed());
  s.sending->notes.push_back(claimed());
  s.sending->notes[1].id.serial = 2;
  EXPECT_FALSE(done_at_start(s, 1'000'000));
  // What became of one note is known, and was not filed before the program ended.
  s.evidence.emplace();
  s.evidence->lines.push_back({{2, 2}, std::string(25, 'x')});
  EXPECT_TRUE(done_at_start(s, 1'000'000));
  s.settled.insert({2, 2});
  EXPECT_FALSE(done_at_start(s, 1'000'000));
  auto r = view_of(journal_kind::receiver);
  r.offered.emplace();
  EXPECT_FALSE(done_at_start(r, 1000 + offer_life_seconds - 1));
  EXPECT_TRUE(done_at_start(r, 1000 + offer_life_seconds));
  r.received.push_back(claimed());
  EXPECT_TRUE(done_at_start(r, 1000));
  EXPECT_FALSE(waits_for(r).empty());
  // The money is here; the sender may come for its receipt for 30 days.
  r.pown = true;
  r.graded.emplace(note_id{2, 1}, graded_note{});
  r.settled.insert({2, 1});
  EXPECT_FALSE(done_at_start(r, 1000 + receipt_life_seconds - 1));
  EXPECT_TRUE(done_at_start(r, 1000 + receipt_life_seconds));
}

TEST(recovery, a_set_is_powned_unasked_only_while_the_lease_surely_runs) {
  auto r = view_of(journal_kind::receiver);
  // An import has no sender that promised anything or takes notes back.
  EXPECT_FALSE(asks_before_pown(r, 1'000'000));
  r.offered.emplace();
  r.offered->lease_seconds = 120;
  EXPECT_FALSE(asks_before_pown(r, 1119));
  EXPECT_TRUE(asks_before_pown(r, 1120));
  // A clock that was set back says nothing about the lease.
  EXPECT_TRUE(asks_before_pown(r, 999));
}

TEST(recovery, only_a_transfer_whose_notes_are_the_receivers_counts_as_sent) {
  for (auto how : {closing::sent_with_receipt, closing::sent_by_evidence, closing::received})
    EXPECT_EQ(settlement_of(how), settlement::sent) << to_string(how);
  for (auto how : {closing::given_back, closing::taken_back, closing::nothing_received})
    EXPECT_EQ(settlement_of(how), settlement::returned) << to_string(how);
}

TEST(recovery, changes_come_before_the_transfers_that_need_them) {
  std::vector<journal_view> views{view_of(journal_kind::sender), view_of(journal_kind::receiver),
                                  view_of(journal_kind::change), view_of(journal_kind::heal)};
  order_for_recovery(views);
  EXPECT_EQ(views[0].kind(), journal_kind::change);
  EXPECT_EQ(views[1].kind(), journal_kind::heal);
  EXPECT_EQ(views[2].kind(), journal_kind::sender);
  EXPECT_EQ(views[3].kind(), journal_kind::receiver);
}

} // namespace
} // namespace liveconnect::wallet
