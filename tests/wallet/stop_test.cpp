#include <functional>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/transfer_pair.hpp"
#include "wallet/files/coin_file.hpp"
#include "wallet/journal/recovery.hpp"
#include "wallet/operations/check_notes.hpp"
#include "wallet/operations/export_notes.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/import_notes.hpp"
#include "wallet/start_up.hpp"

namespace liveconnect::test {
namespace {

using namespace wallet;

// A signal stops the port to the servers at any question: that one may have reached all, some or no
// servers, nobody hears an answer, and nothing leaves afterwards. The work that was under way goes
// on with that until it ends by itself, as a worker does until its program has ended.

/// None, too few and enough of the servers for a change to stand, and all.
constexpr size_t servers_reached[] = {0, 7, 12, 20, raida_count};

/// One thing that a wallet does with its servers. `ready` happens before, undisturbed.
struct work {
  const char* name;
  std::function<void(transfer_pair&)> ready;
  std::function<void(transfer_pair&)> run;
};

void start(wallet_party& whose) {
  ASSERT_EQ(whose.restart(), caf::error{});
  auto report = start_up(whose.space());
  ASSERT_TRUE(report) << detail_of(report.error());
}

/// New starts of both programs: at once, and when every lease and dispute hour is over. Then
/// nothing is open but a receipt that nobody has fetched.
void go_on(transfer_pair& pair) {
  pair.raida().start_again();
  for (auto whose : {&pair.receiver(), &pair.sender()})
    ASSERT_NO_FATAL_FAILURE(start(*whose));
  pair.clock().advance_seconds(7200);
  pair.raida().advance(std::chrono::hours{2});
  for (auto whose : {&pair.receiver(), &pair.sender()}) {
    ASSERT_NO_FATAL_FAILURE(start(*whose));
    for (const auto& id : whose->open_journals()) {
      auto settled = settle(whose->space(), id);
      ASSERT_TRUE(settled) << detail_of(settled.error());
      const auto waits =
          settled->state == transfer_state::graded || settled->state == transfer_state::receipt;
      EXPECT_TRUE(waits || settled->state == transfer_state::closed) << settled->waits_for;
    }
  }
}

void stop_at_every_question(const work& what) {
  for (size_t reached : servers_reached) {
    for (size_t question = 0;; ++question) {
      SCOPED_TRACE(std::string{what.name} + ", question " + std::to_string(question) + " reaches " +
                   std::to_string(reached));
      transfer_pair pair;
      what.ready(pair);
      pair.raida().stop_after(question, reached);
      what.run(pair);
      const auto stopped = pair.raida().is_stopped();
      for (auto whose : {&pair.sender(), &pair.receiver()})
        EXPECT_TRUE(whose->notes_in(folder::counterfeit).empty()) << "no answer is no verdict";
      ASSERT_NO_FATAL_FAILURE(go_on(pair));
      pair.expect_conserved();
      for (auto whose : {&pair.sender(), &pair.receiver()})
        EXPECT_TRUE(whose->notes_in(folder::counterfeit).empty());
      if (!stopped)
        break;
    }
  }
}

TEST(stop, at_any_question_of_a_transfer_costs_nothing) {
  stop_at_every_question({"transfer", [](transfer_pair& pair) { pair.mint_for_sender(1, 1); },
                          [](transfer_pair& pair) { (void)pair.send(amount::from_coins(3)); }});
}

TEST(stop, at_any_question_of_a_check_leaves_every_note_where_it_was) {
  stop_at_every_question({"check", [](transfer_pair& pair) { pair.mint_for_sender(0, 3); },
                          [](transfer_pair& pair) { (void)check_notes(pair.sender().space()); }});
}

TEST(stop, at_any_question_of_a_healing_costs_nothing) {
  stop_at_every_question(
      {"heal",
       [](transfer_pair& pair) {
         const auto notes = pair.mint_for_sender(0, 2);
         for (const auto& x : notes)
           for (size_t server : {2, 9})
             pair.raida().damage(server, x.id);
         (void)check_notes(pair.sender().space());
       },
       [](transfer_pair& pair) { (void)heal_all(pair.sender().space(), draw_transfer_id()); }});
}

TEST(stop, at_any_question_of_an_import_costs_nothing) {
  // The receiver imports what the sender has taken out.
  std::vector<note> coins;
  stop_at_every_question(
      {"import",
       [&coins](transfer_pair& pair) {
         pair.mint_for_sender(0, 3);
         coins = pair.sender().notes_in(folder::bank);
         ASSERT_EQ(retire(pair.sender().space().user, ids_of(coins), folder::bank), caf::error{});
       },
       [&coins](transfer_pair& pair) {
         const auto file = encode_coin_file(coins, pans::without);
         (void)import_notes(pair.receiver().space(), {{"coins", *file}});
       }});
}

TEST(stop, at_any_question_of_an_export_costs_nothing) {
  // What was exported counts for nobody until it is imported.
  for (size_t reached : servers_reached)
    for (size_t question = 0;; ++question) {
      SCOPED_TRACE("question " + std::to_string(question) + " reaches " + std::to_string(reached));
      transfer_pair pair;
      pair.mint_for_sender(1, 1);
      pair.raida().stop_after(question, reached);
      const auto out = export_notes(pair.sender().space(), amount::from_coins(3), "/out.bin");
      const auto stopped = pair.raida().is_stopped();
      ASSERT_NO_FATAL_FAILURE(go_on(pair));
      auto sum = pair.kept();
      if (out) {
        ASSERT_TRUE(sum.add(amount::from_coins(3)));
      }
      EXPECT_EQ(to_string(sum), "10");
      if (!stopped)
        break;
    }
}

} // namespace
} // namespace liveconnect::test
