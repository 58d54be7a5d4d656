#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "messages/secure/invitation.hpp"
#include "messages/secure/manifest.hpp"
#include "messages/secure/receipt.hpp"
#include "tests/support/fault_file_ops.hpp"
#include "tests/support/transfer_pair.hpp"
#include "wallet/journal/recovery.hpp"
#include "wallet/operations/balance.hpp"
#include "wallet/start_up.hpp"
#include "wallet/transfer/closed_answer.hpp"

// How a transfer ends when the other side stopped in the middle and stays away: every split of the
// servers between sender and receiver, with servers that stay silent.
namespace liveconnect::test {
namespace {

using namespace wallet;

struct killed {};

enum class survivors : uint8_t { both, sender, receiver };

// One note of 100 that was sent and received, and a way to let either side's Pown reach only some
// servers before it is killed.
class ending {
public:
  ending() {
    pair.mint_for_sender(2, 1);
    from.emplace(pair.start_sender());
    EXPECT_EQ(pair.prepare(*from, amount::from_coins(100)), caf::error{});
    auto coins = from->begin_sending(transfer_pair::terms());
    EXPECT_TRUE(coins);
    id = from->announcement()->id;
    to.emplace(pair.start_receiver());
    EXPECT_TRUE(to->offer(*from->announcement()));
    EXPECT_TRUE(to->receive(*coins));
    EXPECT_TRUE(from->run(sender_step::all_sent));
  }

  // Runs `step`; its Pown is lost at the servers from `first` to before `last`, and the side is
  // killed before it asks what came of it. Where every server passed it, it asks nothing, and is
  // done.
  template<class Step>
  void kill_after_pown(size_t first, size_t last, Step step) {
    for (auto server = first; server < last; ++server)
      pair.raida().add(fault::lost_request(server, raida::command::pown, SIZE_MAX));
    auto powned = false;
    pair.raida().on_ask = [&](const raida::ask_all& what) {
      if (powned)
        throw killed{};
      powned = what.what == raida::command::pown;
    };
    try {
      step();
    } catch (const killed&) {
      powned = true;
    }
    EXPECT_TRUE(powned);
    pair.raida().on_ask = nullptr;
    pair.raida().clear_faults();
  }

  // The receiver's Pown reaches the first k servers.
  void receiver_stops_after(size_t k) {
    kill_after_pown(k, 25, [&] { (void)to->run(receiver_step::pown); });
    to.reset();
  }

  // Both claim the note at the same time: the receiver gets the first k servers, the sender the
  // others.
  void split_at(size_t k) {
    pair.clock().advance_seconds(dispute_seconds);
    kill_after_pown(0, k, [&] { (void)from->run(sender_step::ask_servers); });
    receiver_stops_after(k);
    from.reset();
  }

  // Starts one side's program again and lets it ask the servers; true when nothing is open for it
  // but a receipt that nobody fetches.
  bool go_on(wallet_party& who) {
    from.reset();
    to.reset();
    EXPECT_EQ(who.restart(), caf::error{});
    auto report = start_up(who.space());
    EXPECT_TRUE(report);
    auto open = open_transfers(who.space());
    EXPECT_TRUE(open);
    for (auto& one : *open)
      if (one.state != transfer_state::graded) {
        EXPECT_TRUE(settle(who.space(), one.id));
      }
    open = open_transfers(who.space());
    EXPECT_TRUE(open);
    return open->empty() || (open->size() == 1 && open->front().state == transfer_state::graded);
  }

  // Whoever is left goes on until time changes nothing more. True when nothing is open for them.
  bool let_go_on(survivors who) {
    auto done = false;
    for (uint64_t wait : {uint64_t{0}, uint64_t{dispute_seconds}, uint64_t{30}, uint64_t{30}}) {
      pair.clock().advance_seconds(wait);
      done = true;
      if (who != survivors::receiver)
        done = go_on(pair.sender()) && done;
      if (who != survivors::sender)
        done = go_on(pair.receiver()) && done;
      pair.expect_exclusive();
    }
    return done;
  }

  amount counted() {
    auto out = pair.kept();
    EXPECT_TRUE(out.add(pair.received()));
    return out;
  }

  // d servers that never answer again: the last ones, or the first.
  void silence(size_t d, bool last) {
    for (size_t i = 0; i < d; ++i)
      pair.raida().add(fault::down(last ? 24 - i : i));
  }

  transfer_pair pair;
  std::optional<sender_transfer> from;
  std::optional<receiver_transfer> to;
  transfer_id id;
};

const amount hundred = amount::from_coins(100);

TEST(endings, of_two_claims_one_wins_whoever_goes_on) {
  for (auto who : {survivors::both, survivors::sender, survivors::receiver})
    for (size_t k = 0; k <= 25; ++k) {
      SCOPED_TRACE("split " + std::to_string(k) + ", survivors " +
                   std::to_string(static_cast<int>(who)));
      ending x;
      x.split_at(k);
      EXPECT_TRUE(x.let_go_on(who));
      const auto to_receiver = k >= 13;
      // At 25 servers the winner was done before anyone was killed.
      const auto lives = who == survivors::both || (who == survivors::receiver) == to_receiver ||
                         k == 0 || k == 25;
      EXPECT_EQ(x.pair.received(), lives && to_receiver ? hundred : amount{});
      EXPECT_EQ(x.pair.kept(), lives && !to_receiver ? hundred : amount{});
    }
}

TEST(endings, silent_servers_give_a_disputed_note_to_nobody_twice) {
  for (auto who : {survivors::both, survivors::sender, survivors::receiver})
    for (size_t d : {3u, 10u})
      for (auto last : {false, true})
        for (size_t k = 0; k <= 25; ++k) {
          SCOPED_TRACE("split " + std::to_string(k) + ", " + std::to_string(d) + " silent, " +
                       (last ? "last" : "first") + ", survivors " +
                       std::to_string(static_cast<int>(who)));
          ending x;
          x.split_at(k);
          x.silence(d, last);
          (void)x.let_go_on(who);
          // They come back: then it is decided, and the winner, if it is there, has the note.
          x.pair.raida().clear_faults();
          EXPECT_TRUE(x.let_go_on(who));
          const auto to_receiver = x.pair.received() == hundred;
          EXPECT_TRUE(who != survivors::both || x.counted() == hundred);
          EXPECT_TRUE(x.counted() == hundred || x.counted() == amount{});
          EXPECT_FALSE(who == survivors::sender && to_receiver && k != 25);
        }
}

TEST(endings, a_receiver_that_stopped_leaves_the_sender_what_thirteen_servers_hold) {
  for (size_t d : {0u, 5u, 10u})
    for (auto last : {false, true})
      for (size_t k = 0; k <= 25; ++k) {
        SCOPED_TRACE("stopped after " + std::to_string(k) + ", " + std::to_string(d) + " silent, " +
                     (last ? "last" : "first"));
        ending x;
        x.receiver_stops_after(k);
        x.silence(d, last);
        const auto closed = x.let_go_on(survivors::sender);
        const auto refused = last ? std::min(k, 25 - d) : (k > d ? k - d : 0);
        const auto held = 25 - d - refused;
        EXPECT_EQ(closed, held >= 13 || refused >= 15);
        EXPECT_EQ(x.pair.kept(), held >= 13 ? hundred : amount{});
        if (closed)
          continue;
        // The user gives it up: not before two looks agree, and not while a silent server could
        // give it back.
        auto& space = x.pair.sender().space();
        auto done = cancel_transfer(space, x.id);
        if (refused < 13) {
          ASSERT_FALSE(done);
          EXPECT_EQ(code_of(done.error()), ec::outcome_unknown);
          EXPECT_FALSE(x.pair.sender().open_journals().empty());
          x.pair.clock().advance_seconds(silence_seconds);
          done = cancel_transfer(space, x.id);
        }
        ASSERT_TRUE(done) << detail_of(done.error());
        EXPECT_EQ(done->state, transfer_state::closed);
        EXPECT_EQ(done->settled, settlement::written_off);
        EXPECT_EQ(done->written_off, hundred);
        EXPECT_EQ(done->returned, amount{});
        EXPECT_TRUE(x.pair.sender().open_journals().empty());
        EXPECT_TRUE(x.pair.sender().counted().empty());
        EXPECT_EQ(balance_of(space)->in_transit, amount{});
      }
}

TEST(endings, a_receiver_that_comes_back_after_a_write_off_gets_what_it_had_begun) {
  ending x;
  x.receiver_stops_after(13);
  EXPECT_FALSE(x.let_go_on(survivors::sender));
  ASSERT_TRUE(cancel_transfer(x.pair.sender().space(), x.id));
  EXPECT_TRUE(x.let_go_on(survivors::receiver));
  EXPECT_EQ(x.pair.received(), hundred);
  EXPECT_EQ(x.counted(), hundred);
}

TEST(endings, a_write_off_keeps_every_secret_and_the_evidence) {
  ending x;
  x.receiver_stops_after(13);
  auto sent = x.from->view()->sending->notes;
  EXPECT_FALSE(x.let_go_on(survivors::sender));
  auto& party = x.pair.sender();
  ASSERT_TRUE(cancel_transfer(party.space(), x.id));
  // Starts over months take nothing away.
  for (int start = 0; start < 3; ++start) {
    x.pair.clock().advance_seconds(40 * 24 * 3600);
    EXPECT_TRUE(x.go_on(party));
  }
  auto files = party.space().sender.list(folder::sent);
  ASSERT_TRUE(files);
  // In the container as it left, and alone.
  EXPECT_EQ(files->notes.size(), 2u);
  for (auto& file : files->notes)
    EXPECT_EQ(file.value.ans, sent[0].ans);
  EXPECT_TRUE(party.counted().empty());
  auto names = party.space().user.list_files(folder::receipts);
  ASSERT_TRUE(names);
  ASSERT_EQ(names->size(), 1u);
  EXPECT_EQ(names->front(), to_string(x.id) + ".written_off.txt");
}

TEST(endings, a_write_off_is_refused_while_the_receiver_may_still_take_the_notes) {
  ending x;
  x.receiver_stops_after(13);
  x.from.reset();
  auto& space = x.pair.sender().space();
  for (uint64_t at : {uint64_t{0}, uint64_t{120}, uint64_t{dispute_seconds - 121}}) {
    x.pair.clock().advance_seconds(at);
    auto done = cancel_transfer(space, x.id);
    ASSERT_FALSE(done);
    EXPECT_EQ(code_of(done.error()), ec::outcome_unknown);
    EXPECT_NE(detail_of(done.error()).find("min"), std::string::npos) << detail_of(done.error());
  }
  x.pair.clock().advance_seconds(1);
  EXPECT_FALSE(cancel_transfer(space, x.id)) << "asked once";
  x.pair.clock().advance_seconds(second_look_seconds - 1);
  EXPECT_FALSE(cancel_transfer(space, x.id));
  x.pair.clock().advance_seconds(1);
  EXPECT_TRUE(cancel_transfer(space, x.id));
}

TEST(endings, a_cancel_of_what_the_servers_decide_writes_nothing_off) {
  // The receiver's, and the sender's.
  for (size_t k : {size_t{20}, size_t{4}}) {
    ending x;
    x.receiver_stops_after(k);
    x.from.reset();
    x.pair.clock().advance_seconds(dispute_seconds);
    auto done = cancel_transfer(x.pair.sender().space(), x.id);
    ASSERT_TRUE(done);
    EXPECT_EQ(done->state, transfer_state::closed);
    EXPECT_EQ(done->settled, k == 4 ? settlement::returned : settlement::sent);
    EXPECT_EQ(done->written_off, amount{});
    EXPECT_EQ(x.pair.kept(), k == 4 ? hundred : amount{});
  }
  ending fresh;
  fresh.to.reset();
  EXPECT_EQ(code_of(cancel_transfer(fresh.pair.receiver().space(), fresh.id).error()),
            ec::bad_argument);
}

TEST(endings, a_write_off_that_is_killed_at_any_call_is_finished_by_the_next_start) {
  for (size_t at = 1;; ++at) {
    SCOPED_TRACE(at);
    ending x;
    x.receiver_stops_after(14);
    EXPECT_FALSE(x.let_go_on(survivors::sender));
    auto& party = x.pair.sender();
    fault_file_ops files{party.disk()};
    party.go_through(&files);
    ASSERT_EQ(party.restart(), caf::error{});
    ASSERT_TRUE(start_up(party.space()));
    files.arm(disk_fault::die_before, at);
    auto done = cancel_transfer(party.space(), x.id);
    auto died = files.is_dead();
    party.go_through(nullptr);
    ASSERT_EQ(party.restart(), caf::error{});
    ASSERT_TRUE(start_up(party.space()));
    if (!party.open_journals().empty()) {
      ASSERT_TRUE(cancel_transfer(party.space(), x.id));
    }
    EXPECT_TRUE(party.open_journals().empty());
    EXPECT_TRUE(party.counted().empty());
    EXPECT_EQ(balance_of(party.space())->in_transit, amount{});
    EXPECT_EQ(party.space().user.list_files(folder::receipts)->size(), 1u);
    if (!died) {
      EXPECT_TRUE(done);
      break;
    }
  }
}

TEST(endings, notes_that_the_receiver_powned_and_calls_counterfeit_are_the_servers_to_judge) {
  ending x;
  ASSERT_TRUE(x.to->run(receiver_step::pown));
  auto& sent = *x.from->view()->sending;
  receipt lie;
  lie.id = x.id;
  lie.invitation.fill(7);
  lie.manifest_hash = hash_of(sent.announced);
  lie.handshake_hash.fill(9);
  lie.time_unix = 1;
  for (auto& one : sent.notes)
    lie.notes.push_back({one.id, std::string(25, 'f'), note_verdict::counterfeit});
  ASSERT_EQ(x.from->file_receipt({sign_receipt(lie, signing_key::random())}), caf::error{});
  EXPECT_EQ(x.from->state(), transfer_state::receipt);
  auto asked = x.from->run(sender_step::ask_servers);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->settled, settlement::sent);
  EXPECT_EQ(x.from->state(), transfer_state::closed);
  EXPECT_EQ(balance_of(x.pair.sender().space())->in_transit, amount{});
}

TEST(endings, an_offer_is_closed_at_the_senders_word_and_a_received_set_is_not) {
  transfer_pair pair;
  pair.mint_for_sender(2, 1);
  auto from = pair.start_sender();
  ASSERT_EQ(pair.prepare(from, hundred), caf::error{});
  auto to = pair.start_receiver();
  ASSERT_TRUE(to.run(receiver_step::drop_offer));
  ASSERT_TRUE(to.offer(*from.announcement()));
  EXPECT_EQ(pair.receiver().open_journals().size(), 1u);
  ASSERT_TRUE(to.run(receiver_step::drop_offer));
  EXPECT_TRUE(pair.receiver().open_journals().empty());
  EXPECT_TRUE(to.run(receiver_step::drop_offer));
  ending received;
  ASSERT_TRUE(received.to->run(receiver_step::drop_offer));
  EXPECT_EQ(received.to->state(), transfer_state::received);
}

// A sender with an invitation that lives for a quarter of an hour.
transfer_terms invited(const transfer_pair& pair, const transfer_id& id) {
  transfer_terms out;
  out.side = role::sender;
  out.id = id;
  const auto now = const_cast<transfer_pair&>(pair).clock().ms / 1000;
  const auto text = to_line(make_invitation("127.0.0.1", 9100, now + 900));
  out.invitation = text;
  return out;
}

TEST(endings, a_sender_that_is_closed_by_its_start_owes_the_receiver_one_word) {
  enum class killed_at { before_the_offer, after_the_offer, with_the_receipt };
  for (auto when :
       {killed_at::before_the_offer, killed_at::after_the_offer, killed_at::with_the_receipt}) {
    SCOPED_TRACE(static_cast<int>(when));
    transfer_pair pair;
    pair.mint_for_sender(2, 1);
    auto& party = pair.sender();
    const auto id = draw_transfer_id();
    fault_file_ops files{party.disk()};
    party.go_through(&files);
    ASSERT_EQ(party.restart(), caf::error{});
    {
      auto from = sender_transfer::start(party.space(), invited(pair, id));
      if (when == killed_at::before_the_offer) {
        ASSERT_TRUE(from.reserve(hundred));
      } else {
        ASSERT_EQ(pair.prepare(from, hundred), caf::error{});
      }
      if (when == killed_at::with_the_receipt) {
        auto to = pair.start_receiver();
        ASSERT_TRUE(to.offer(*from.announcement()));
        auto coins = from.begin_sending(transfer_pair::terms());
        ASSERT_TRUE(to.receive(*coins));
        ASSERT_TRUE(to.run(receiver_step::pown));
        auto receipt = to.make_receipt(transfer_pair::terms());
        ASSERT_TRUE(receipt);
        // Killed when RECEIPT is durable.
        files.arm(disk_fault::die_after, 2);
        EXPECT_NE(from.file_receipt(*receipt), caf::error{});
      }
    }
    party.go_through(nullptr);
    ASSERT_EQ(party.restart(), caf::error{});
    ASSERT_TRUE(start_up(party.space()));
    EXPECT_TRUE(party.open_journals().empty());
    auto owed = describe_answers_owed(party.space());
    ASSERT_TRUE(owed);
    ASSERT_EQ(owed->size(), when == killed_at::before_the_offer ? 0u : 1u);
    if (owed->empty())
      continue;
    EXPECT_EQ(owed->front().settled,
              when == killed_at::with_the_receipt ? settlement::sent : settlement::returned);
    EXPECT_TRUE(terms_of(party.space(), id));
    // Said again, nothing changes and no coin leaves.
    auto again = sender_transfer::reopen_closed(party.space(), id);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->state(), transfer_state::closed);
    EXPECT_FALSE(again->begin_sending(transfer_pair::terms()));
    EXPECT_EQ(again->run(sender_step::ask_servers)->settled, owed->front().settled);
    // Over with the word, or with the invitation.
    pair.clock().advance_seconds(901);
    EXPECT_TRUE(describe_answers_owed(party.space())->empty());
    pair.clock().ms -= 901'000;
    ASSERT_EQ(answer_given(party.space(), id), caf::error{});
    EXPECT_TRUE(describe_answers_owed(party.space())->empty());
    EXPECT_NE(answer_given(party.space(), id), caf::error{});
    EXPECT_FALSE(terms_of(party.space(), id));
  }
}

TEST(endings, a_note_that_the_disk_does_not_give_is_not_missing_money) {
  for (size_t at = 1; at < 60; ++at) {
    SCOPED_TRACE(at);
    transfer_pair pair;
    pair.mint_for_sender(2, 3);
    auto& party = pair.sender();
    fault_file_ops files{party.disk()};
    party.go_through(&files);
    ASSERT_EQ(party.restart(), caf::error{});
    auto from = pair.start_sender();
    files.arm(disk_fault::fail_once, at);
    auto done = from.reserve(amount::from_coins(300));
    if (!done) {
      EXPECT_EQ(code_of(done.error()), ec::disk_failed) << detail_of(done.error());
    }
  }
}

TEST(endings, too_few_servers_for_a_note_are_told_with_the_rule) {
  transfer_pair pair;
  pair.mint_for_sender(2, 1);
  for (size_t server = 0; server < 11; ++server)
    pair.raida().add(fault::down(server));
  auto from = pair.start_sender();
  auto err = pair.prepare(from, hundred);
  ASSERT_EQ(code_of(err), ec::too_few_servers);
  EXPECT_EQ(detail_of(err).find("14 of 25 answered for "), 0u) << detail_of(err);
  EXPECT_NE(detail_of(err).find("15 must agree"), std::string::npos) << detail_of(err);
}

} // namespace
} // namespace liveconnect::test
