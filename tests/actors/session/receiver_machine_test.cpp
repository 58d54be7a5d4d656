#include <map>
#include <set>

#include "tests/actors/session/machine_support.hpp"

namespace liveconnect::session::test {
namespace {

using wallet::receiver_step;
using wallet::transfer_state;
using machine_driver = driver<receiver_machine>;

receiver_terms terms_3439() {
  receiver_terms x;
  x.expected = sum_3439();
  return x;
}

input::coin_came coin(uint32_t index, uint32_t count, size_t size = 400) {
  input::coin_came x;
  x.index = index;
  x.count = count;
  x.file = coin_file(size);
  return x;
}

/// A place of the table: state and money.
struct place {
  receiver_state state;
  receiver_money money = receiver_money::none;
};

std::string name_of(place x) {
  return std::string(to_string(x.state)) + "/" + to_string(x.money);
}

const std::vector<place> all_places = {
    {receiver_state::idle},
    {receiver_state::meeting},
    {receiver_state::greeted},
    {receiver_state::checking},
    {receiver_state::clearing},
    {receiver_state::cleared},
    {receiver_state::judging},
    {receiver_state::agreed},
    {receiver_state::weighing},
    {receiver_state::checking_offer},
    {receiver_state::collecting},
    {receiver_state::holding, receiver_money::storing},
    {receiver_state::holding, receiver_money::powning},
    {receiver_state::holding, receiver_money::powned},
    {receiver_state::holding, receiver_money::receipt},
    {receiver_state::meeting, receiver_money::storing},
    {receiver_state::meeting, receiver_money::receipt},
    {receiver_state::greeted, receiver_money::powning},
    {receiver_state::greeted, receiver_money::receipt},
    {receiver_state::confirming, receiver_money::receipt},
    {receiver_state::ended, receiver_money::receipt},
};

/// Takes a fresh machine along the straight way (or a short detour) to a place.
machine_driver at(place wanted) {
  auto terms = terms_3439();
  terms.ask_person = wanted.state == receiver_state::judging;
  machine_driver x{receiver_machine{terms}};
  auto there = [&] {
    return x.machine.state() == wanted.state && x.machine.money() == wanted.money;
  };
  auto detour = [&] {
    if (x.machine.money() != wanted.money || wanted.money == receiver_money::none)
      return false;
    if (wanted.state == receiver_state::meeting || wanted.state == receiver_state::greeted)
      x.feed(input::parted{});
    if (wanted.state == receiver_state::greeted)
      x.feed(input::secured{});
    return there();
  };
  if (there())
    return x;
  x.feed(input::started{});
  if (there())
    return x;
  x.feed(input::entered{2});
  x.feed(input::secured{});
  if (there())
    return x;
  if (wanted.state == receiver_state::checking_offer) {
    x.feed(input::offered{manifest_3439()});
    x.feed(input::offer_weighed{x.last_ticket, transfer_state::offered});
    return x;
  }
  x.told(message_number::empty_import_export);
  if (there())
    return x;
  x.done();
  if (there())
    return x;
  x.done();
  if (there())
    return x;
  x.told(message_number::amount, "3439");
  if (there())
    return x;
  for (int n : {5, 6, 7, 20, 8, 9, 10, 11, 12})
    x.told(static_cast<message_number>(n));
  x.feed(input::offered{manifest_3439()});
  if (there())
    return x;
  x.feed(input::offer_weighed{x.last_ticket, transfer_state::offered});
  if (there())
    return x;
  x.feed(coin(1, 2));
  x.feed(coin(2, 2));
  if (there() || detour())
    return x;
  x.done();
  if (there() || detour())
    return x;
  x.done();
  if (there() || detour())
    return x;
  x.feed(input::receipt_ready{x.last_ticket, "{receipt}", summary_3439()});
  if (there() || detour())
    return x;
  x.told(message_number::coins_confirmed, summary_3439().hash);
  if (there())
    return x;
  x.done();
  return x;
}

TEST(receiver_machine, every_place_of_the_table_is_reached) {
  for (auto p : all_places) {
    auto x = at(p);
    EXPECT_EQ(name_of({x.machine.state(), x.machine.money()}), name_of(p));
  }
}

TEST(receiver_machine, a_whole_transfer_tells_the_25_steps_once_each_in_the_seeds_order) {
  auto x = at({receiver_state::ended, receiver_money::receipt});
  std::vector<int> expected;
  for (int i = 1; i <= 25; ++i)
    expected.push_back(i);
  EXPECT_EQ(finished_steps(x.all), expected);
  auto end = find<action::end>(x.all);
  ASSERT_NE(end, nullptr);
  EXPECT_TRUE(end->ok);
  EXPECT_FALSE(end->still_open);
  EXPECT_EQ(end->notes, 19u);
}

TEST(receiver_machine, commands_go_out_in_the_seeds_order) {
  auto x = at({receiver_state::ended, receiver_money::receipt});
  std::vector<uint16_t> sent;
  for (const auto& a : x.all) {
    if (auto s = std::get_if<action::send>(&a))
      sent.push_back(to_integer(s->number));
    if (std::holds_alternative<action::send_receipt>(a))
      sent.push_back(17);
  }
  EXPECT_EQ(sent, (std::vector<uint16_t>{3, 4, 13, 14, 15, 16, 18, 17, 106}));
}

TEST(receiver_machine, received_is_said_only_after_the_set_is_durable) {
  auto x = at({receiver_state::holding, receiver_money::storing});
  EXPECT_FALSE(sends(x.all, message_number::received));
  x.done();
  EXPECT_TRUE(sends(x.last, message_number::received));
  EXPECT_TRUE(asks_step(x.last, receiver_step::pown));
}

// --- the table: what the peer may say, and when ---

TEST(receiver_machine, in_every_place_every_message_that_is_not_allowed_ends_without_effect) {
  const std::set<std::string> work = {"Making_Change",          "Joining_Coins",
                                      "Finding_Change",         "Fixing_Change",
                                      "Moving_Coins_To_Sender", "Detecting_Coin_authenticity",
                                      "Fixing_Coins",           "Putting_Coins_in_Export",
                                      "Encrypting_Coins",       "offer"};
  auto allowed = [&](place p) -> std::set<std::string> {
    auto money = p.money != receiver_money::none;
    switch (p.state) {
    case receiver_state::greeted:
      return money ? std::set<std::string>{"offer"}
                   : std::set<std::string>{"Empty_Import_Export", "offer"};
    case receiver_state::agreed:
      return work;
    case receiver_state::collecting:
      return {"coin body"};
    case receiver_state::holding:
      if (p.money == receiver_money::receipt)
        return {"Coins_confirmed"};
      return {};
    default:
      return {};
    }
  };
  size_t forbidden = 0;
  for (auto p : all_places) {
    for (const auto& event : peer_events()) {
      SCOPED_TRACE(name_of(p) + " x " + event.name);
      auto x = at(p);
      auto secured = x.machine.is_secured();
      auto& out = x.feed(event.what);
      if (!secured) {
        EXPECT_TRUE(out.empty());
        continue;
      }
      auto money = p.money != receiver_money::none;
      if (event.name == "Cancel") {
        const auto offered = !money && (p.state == receiver_state::weighing ||
                                        p.state == receiver_state::checking_offer ||
                                        p.state == receiver_state::collecting);
        if (money || offered) {
          EXPECT_EQ(count<action::end>(out), 0u);
        }
        // The wallet knows the offer, and closes it first.
        if (offered) {
          EXPECT_TRUE(asks_step(out, receiver_step::drop_offer));
          x.done();
        }
        if (!money) {
          ASSERT_NE(find<action::end>(x.last), nullptr);
          EXPECT_EQ(find<action::end>(x.last)->code, ec::peer_refused);
          EXPECT_FALSE(find<action::end>(x.last)->still_open);
        }
        continue;
      }
      if (event.name == "Closing") {
        EXPECT_FALSE(x.machine.is_secured());
        EXPECT_EQ(count<action::end>(out), 0u);
        continue;
      }
      if (p.state == receiver_state::cleared && event.name == "4 right") {
        EXPECT_EQ(x.machine.state(), receiver_state::agreed);
        continue;
      }
      if (p.state == receiver_state::cleared && event.name == "4 wrong") {
        EXPECT_TRUE(sends(out, message_number::cancel));
        EXPECT_EQ(find<action::end>(out)->code, ec::peer_refused);
        continue;
      }
      if (allowed(p).count(event.name) != 0) {
        EXPECT_FALSE(sends(out, message_number::closing));
        EXPECT_EQ(count<action::end>(out), 0u);
        continue;
      }
      ++forbidden;
      EXPECT_TRUE(sends(out, message_number::closing));
      EXPECT_EQ(count<action::ask_wallet>(out), 0u);
      EXPECT_FALSE(x.machine.is_secured());
      auto end = find<action::end>(out);
      if (!money) {
        ASSERT_NE(end, nullptr);
        EXPECT_EQ(end->code, ec::protocol_violation);
        EXPECT_FALSE(end->still_open);
      } else if (p.money == receiver_money::receipt && p.state != receiver_state::confirming) {
        // The money is ours; only the confirmation is missing.
        ASSERT_NE(end, nullptr);
        EXPECT_TRUE(end->ok);
        EXPECT_TRUE(end->still_open);
      } else {
        // The wallet goes on.
        EXPECT_EQ(end, nullptr);
      }
    }
  }
  EXPECT_GT(forbidden, 350u);
}

TEST(receiver_machine, an_offer_of_an_earlier_run_is_closed_when_the_sender_cancels) {
  auto terms = terms_3439();
  terms.offered = true;
  machine_driver x{receiver_machine{terms}};
  x.feed(input::started{});
  x.feed(input::entered{2});
  x.feed(input::secured{});
  x.told(message_number::cancel, "returned");
  EXPECT_TRUE(asks_step(x.last, receiver_step::drop_offer));
  EXPECT_EQ(x.machine.state(), receiver_state::dropping);
  // Neither the line nor the person ends it before the wallet has answered.
  for (const any_input& what : {any_input{input::parted{}}, any_input{input::line_failed{}},
                                any_input{input::user_cancelled{}}})
    EXPECT_EQ(count<action::end>(x.feed(what)), 0u);
  x.done();
  ASSERT_NE(find<action::end>(x.last), nullptr);
  EXPECT_EQ(find<action::end>(x.last)->code, ec::peer_refused);
  EXPECT_FALSE(find<action::end>(x.last)->still_open);
}

TEST(receiver_machine, messages_before_key_confirmation_have_no_effect) {
  for (const auto& event : peer_events()) {
    auto x = at({receiver_state::meeting});
    EXPECT_TRUE(x.feed(event.what).empty()) << event.name;
  }
}

// --- lines ---

TEST(receiver_machine, a_lost_line_drops_an_incomplete_set_and_never_shows_it_to_the_wallet) {
  auto x = at({receiver_state::collecting});
  x.feed(coin(1, 2));
  x.feed(input::parted{});
  EXPECT_EQ(x.machine.money(), receiver_money::none);
  EXPECT_EQ(asks<ask::store>(x.all), nullptr);
  x.feed(input::secured{});
  x.feed(input::offered{manifest_3439()});
  x.feed(input::offer_weighed{x.last_ticket, transfer_state::offered});
  EXPECT_TRUE(sends(x.last, message_number::ready_to_receive));
  x.feed(coin(1, 2));
  x.feed(coin(2, 2));
  ASSERT_NE(asks<ask::store>(x.last), nullptr);
  EXPECT_EQ(asks<ask::store>(x.last)->coins.files.size(), 2u);
}

TEST(receiver_machine, a_sender_that_begins_again_after_its_offer_is_answered_from_the_beginning) {
  for (auto p : {place{receiver_state::agreed}, place{receiver_state::weighing},
                 place{receiver_state::collecting}}) {
    SCOPED_TRACE(name_of(p));
    auto x = at(p);
    x.feed(input::parted{});
    x.feed(input::secured{});
    x.told(message_number::empty_import_export);
    x.done();
    x.done();
    EXPECT_TRUE(sends(x.last, message_number::import_export_empty));
    x.told(message_number::amount, "3439");
    EXPECT_TRUE(sends(x.last, message_number::amount));
    EXPECT_EQ(x.machine.state(), receiver_state::agreed);
  }
}

TEST(receiver_machine, a_lost_line_never_stops_the_powning_of_a_complete_set) {
  auto x = at({receiver_state::holding, receiver_money::storing});
  x.feed(input::parted{});
  x.done();
  EXPECT_TRUE(asks_step(x.last, receiver_step::pown));
  EXPECT_FALSE(sends(x.last, message_number::received));
  x.done();
  EXPECT_NE(asks<ask::make_receipt>(x.last), nullptr);
  x.feed(input::receipt_ready{x.last_ticket, "{receipt}", summary_3439()});
  EXPECT_EQ(find<action::send_receipt>(x.last), nullptr);
  // The sender comes back, offers the same set, and hears all at once.
  x.feed(input::secured{});
  x.feed(input::offered{manifest_3439()});
  std::vector<uint16_t> said;
  for (const auto& a : x.last) {
    if (auto s = std::get_if<action::send>(&a))
      said.push_back(to_integer(s->number));
    if (std::holds_alternative<action::send_receipt>(a))
      said.push_back(17);
  }
  EXPECT_EQ(said, (std::vector<uint16_t>{14, 15, 16, 18, 17}));
  EXPECT_EQ(count<action::ask_wallet>(x.last), 0u);
}

TEST(receiver_machine, a_sender_that_comes_back_while_we_pown_hears_how_far_we_are) {
  auto x = at({receiver_state::holding, receiver_money::powning});
  auto powning = x.last_ticket;
  x.feed(input::parted{});
  x.feed(input::secured{});
  x.feed(input::offered{manifest_3439()});
  EXPECT_TRUE(sends(x.last, message_number::received));
  EXPECT_TRUE(sends(x.last, message_number::powning_coins));
  EXPECT_FALSE(sends(x.last, message_number::confirming_change_of_ownership));
  x.feed(input::work_done{powning, {}});
  EXPECT_TRUE(sends(x.last, message_number::confirming_change_of_ownership));
}

TEST(receiver_machine, another_manifest_for_a_set_that_is_here_is_a_violation) {
  auto x = at({receiver_state::greeted, receiver_money::powning});
  auto other = manifest_3439();
  other.records.fill(1);
  x.feed(input::offered{other});
  EXPECT_TRUE(sends(x.last, message_number::closing));
}

TEST(receiver_machine, what_the_journal_holds_is_not_asked_for_again) {
  for (auto s : {transfer_state::received, transfer_state::pown, transfer_state::graded,
                 transfer_state::receipt, transfer_state::closed}) {
    auto x = at({receiver_state::greeted});
    x.feed(input::offered{manifest_3439()});
    ASSERT_NE(asks<ask::weigh>(x.last), nullptr);
    x.feed(input::offer_weighed{x.last_ticket, s});
    EXPECT_FALSE(sends(x.last, message_number::ready_to_receive));
    EXPECT_TRUE(sends(x.last, message_number::received));
    EXPECT_TRUE(asks_step(x.last, receiver_step::pown));
  }
}

TEST(receiver_machine, an_offer_without_the_steps_before_still_checks_the_servers_first) {
  auto x = at({receiver_state::greeted});
  x.feed(input::offered{manifest_3439()});
  x.feed(input::offer_weighed{x.last_ticket, transfer_state::offered});
  EXPECT_TRUE(asks_step(x.last, receiver_step::check_servers));
  EXPECT_FALSE(sends(x.last, message_number::ready_to_receive));
  x.done();
  EXPECT_TRUE(sends(x.last, message_number::ready_to_receive));
}

TEST(receiver_machine, an_undelivered_receipt_ends_done_and_stays_open) {
  auto x = at({receiver_state::meeting, receiver_money::receipt});
  x.feed(input::timed_out{timer::reunite});
  ASSERT_NE(find<action::end>(x.last), nullptr);
  EXPECT_TRUE(find<action::end>(x.last)->ok);
  EXPECT_TRUE(find<action::end>(x.last)->still_open);
}

TEST(receiver_machine, with_the_money_ours_already_a_sender_that_does_not_come_is_no_failure) {
  auto terms = terms_3439();
  terms.powned = true;
  for (auto what : {any_input{input::timed_out{timer::meet}},
                    any_input{input::line_failed{ec::relay_unreachable, "gone"}}}) {
    machine_driver x{receiver_machine{terms}};
    x.feed(input::started{});
    x.feed(what);
    ASSERT_NE(find<action::end>(x.last), nullptr);
    EXPECT_TRUE(find<action::end>(x.last)->ok);
    EXPECT_TRUE(find<action::end>(x.last)->still_open);
    EXPECT_EQ(find<action::end>(x.last)->sum, sum_3439());
  }
}

TEST(receiver_machine, a_line_that_fails_for_good_waits_for_the_money_that_is_under_way) {
  auto x = at({receiver_state::holding, receiver_money::powning});
  x.feed(input::line_failed{ec::relay_unreachable, "gone"});
  EXPECT_EQ(count<action::end>(x.last), 0u);
  x.done();
  x.feed(input::receipt_ready{x.last_ticket, "{receipt}", summary_3439()});
  ASSERT_NE(find<action::end>(x.last), nullptr);
  EXPECT_TRUE(find<action::end>(x.last)->ok);
  EXPECT_TRUE(find<action::end>(x.last)->still_open);
}

// --- amounts and offers ---

TEST(receiver_machine, the_person_is_asked_once_and_a_no_cancels) {
  auto x = at({receiver_state::judging});
  x.feed(input::approved{sum_3439(), false});
  EXPECT_TRUE(sends(x.last, message_number::cancel));
  EXPECT_EQ(find<action::end>(x.last)->code, ec::stopped);

  auto y = at({receiver_state::judging});
  y.feed(input::approved{sum_3439(), true});
  EXPECT_EQ(y.machine.state(), receiver_state::agreed);
  EXPECT_TRUE(sends(y.last, message_number::amount));
}

TEST(receiver_machine, a_yes_given_while_the_line_was_cut_still_counts) {
  auto x = at({receiver_state::judging});
  x.feed(input::parted{});
  x.feed(input::approved{sum_3439(), true});
  x.feed(input::secured{});
  x.told(message_number::empty_import_export);
  x.done();
  x.done();
  x.told(message_number::amount, "3439");
  EXPECT_EQ(x.machine.state(), receiver_state::agreed);
}

TEST(receiver_machine, an_answer_about_another_sum_than_the_one_named_is_ignored) {
  receiver_terms terms;
  terms.ask_person = true;
  machine_driver x{receiver_machine{terms}};
  const auto name = [&](const char* sum) {
    x.feed(input::secured{});
    x.told(message_number::empty_import_export);
    x.done();
    x.done();
    x.told(message_number::amount, sum);
    ASSERT_EQ(x.machine.state(), receiver_state::judging);
  };
  x.feed(input::started{});
  name("3439");
  x.feed(input::parted{});
  name("34390");
  for (bool yes : {true, false}) {
    x.feed(input::approved{sum_3439(), yes});
    EXPECT_TRUE(x.last.empty());
    EXPECT_EQ(x.machine.state(), receiver_state::judging);
  }
  x.feed(input::approved{amount::from_coins(34390), true});
  EXPECT_EQ(x.machine.state(), receiver_state::agreed);
}

TEST(receiver_machine, a_second_session_cannot_change_the_agreed_amount) {
  receiver_terms terms;
  machine_driver x{receiver_machine{terms}};
  x.feed(input::started{});
  for (const char* sum : {"3439", "3440"}) {
    x.feed(input::secured{});
    x.told(message_number::empty_import_export);
    x.done();
    x.done();
    x.told(message_number::amount, sum);
    if (x.machine.state() == receiver_state::agreed)
      x.feed(input::parted{});
  }
  EXPECT_EQ(find<action::end>(x.last)->code, ec::peer_refused);
}

TEST(receiver_machine, a_manifest_that_does_not_add_up_or_is_too_large_is_refused) {
  std::vector<manifest> bad(4, manifest_3439());
  bad[0].notes = 20;
  bad[1].sum = amount::from_coins(3440);
  bad[2].by_denomination[0] = 1;
  bad[3].sum = amount::from_units(1);
  bad[3].notes = 1;
  bad[3].by_denomination = {1};
  for (const auto& offer : bad) {
    auto x = at({receiver_state::agreed});
    x.feed(input::offered{offer});
    EXPECT_TRUE(sends(x.last, message_number::cancel));
    ASSERT_NE(find<action::end>(x.last), nullptr);
    EXPECT_EQ(find<action::end>(x.last)->code, ec::manifest_mismatch);
    EXPECT_EQ(asks<ask::weigh>(x.all), nullptr);
  }
  auto terms = terms_3439();
  terms.notes_max = 18;
  machine_driver x{receiver_machine{terms}};
  x.feed(input::started{});
  x.feed(input::secured{});
  x.feed(input::offered{manifest_3439()});
  EXPECT_EQ(find<action::end>(x.last)->code, ec::manifest_mismatch);
}

TEST(receiver_machine, coin_frames_must_come_whole_in_order_and_within_the_manifest) {
  struct row {
    const char* what;
    std::vector<input::coin_came> frames;
  };
  const std::vector<row> rows = {
      {"second first", {coin(2, 2)}},
      {"twice the same", {coin(1, 2), coin(1, 2)}},
      {"another count", {coin(1, 2), coin(2, 3)}},
      {"more frames than notes", {coin(1, 20)}},
      {"no count", {coin(0, 0)}},
      {"more bytes than notes can have", {coin(1, 2, 19 * 512 + 1)}},
  };
  for (const auto& r : rows) {
    SCOPED_TRACE(r.what);
    auto x = at({receiver_state::collecting});
    for (const auto& f : r.frames)
      x.feed(f);
    EXPECT_TRUE(sends(x.last, message_number::closing));
    EXPECT_EQ(find<action::end>(x.last)->code, ec::protocol_violation);
    EXPECT_EQ(asks<ask::store>(x.all), nullptr);
  }
}

TEST(receiver_machine, a_set_that_the_wallet_rejects_stays_the_senders_and_the_sender_is_told) {
  auto x = at({receiver_state::holding, receiver_money::storing});
  x.failed(ec::manifest_mismatch);
  EXPECT_TRUE(sends(x.last, message_number::cancel));
  EXPECT_FALSE(sends(x.all, message_number::received));
  EXPECT_EQ(find<action::end>(x.last)->code, ec::manifest_mismatch);
  EXPECT_FALSE(find<action::end>(x.last)->still_open);
}

TEST(receiver_machine, a_powning_that_fails_stays_open) {
  auto x = at({receiver_state::holding, receiver_money::powning});
  x.failed(ec::too_few_servers);
  EXPECT_EQ(find<action::end>(x.last)->code, ec::too_few_servers);
  EXPECT_TRUE(find<action::end>(x.last)->still_open);
}

TEST(receiver_machine, a_confirmation_of_another_receipt_is_a_violation) {
  auto x = at({receiver_state::holding, receiver_money::receipt});
  x.told(message_number::coins_confirmed, std::string(64, 'd'));
  EXPECT_EQ(asks<ask::confirm>(x.all), nullptr);
  EXPECT_TRUE(sends(x.last, message_number::closing));
}

TEST(receiver_machine, the_amount_is_not_asked_for_when_the_offer_is_the_journals) {
  // A sender whose coins are under way comes with the offer at once.
  auto x = at({receiver_state::greeted});
  x.feed(input::offered{manifest_3439()});
  EXPECT_NE(asks<ask::weigh>(x.last), nullptr);
  EXPECT_FALSE(sends(x.last, message_number::amount));
}

// --- people and time ---

TEST(receiver_machine, cancelling_ends_before_the_set_is_complete_and_finishes_after) {
  for (auto p : all_places) {
    SCOPED_TRACE(name_of(p));
    if (p.state == receiver_state::ended)
      continue;
    auto x = at(p);
    auto secured = x.machine.is_secured();
    x.feed(input::user_cancelled{});
    if (p.money == receiver_money::none) {
      EXPECT_EQ(sends(x.last, message_number::cancel), secured);
      EXPECT_EQ(find<action::end>(x.last)->code, ec::stopped);
    } else {
      EXPECT_EQ(count<action::end>(x.last), 0u);
    }
  }
}

TEST(receiver_machine, stopping_ends_at_once_and_says_whether_the_journal_is_open) {
  for (auto p : all_places) {
    SCOPED_TRACE(name_of(p));
    if (p.state == receiver_state::ended)
      continue;
    auto x = at(p);
    x.feed(input::user_stopped{});
    auto end = find<action::end>(x.last);
    ASSERT_NE(end, nullptr);
    EXPECT_EQ(end->still_open, p.money != receiver_money::none);
    EXPECT_EQ(end->ok, p.money == receiver_money::receipt);
    EXPECT_EQ(count<action::ask_wallet>(x.last), 0u);
  }
}

TEST(receiver_machine, timers_count_only_for_what_they_were_armed) {
  for (auto p : all_places) {
    for (auto t : {timer::meet, timer::reunite, timer::answer, timer::linger}) {
      SCOPED_TRACE(name_of(p) + " x timer " + std::to_string(static_cast<int>(t)));
      auto x = at(p);
      auto& out = x.feed(input::timed_out{t});
      auto none = p.money == receiver_money::none;
      bool meant = (t == timer::meet && p.state == receiver_state::meeting && none) ||
                   (t == timer::reunite && p.state == receiver_state::meeting && !none) ||
                   (t == timer::answer &&
                    (p.state == receiver_state::greeted || p.state == receiver_state::cleared ||
                     p.state == receiver_state::agreed || p.state == receiver_state::collecting ||
                     (p.state == receiver_state::holding && p.money == receiver_money::receipt)));
      EXPECT_EQ(!out.empty(), meant);
    }
  }
}

} // namespace
} // namespace liveconnect::session::test
