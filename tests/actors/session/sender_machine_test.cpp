#include <functional>
#include <map>
#include <set>

#include "tests/actors/session/machine_support.hpp"

namespace liveconnect::session::test {
namespace {

using wallet::sender_step;
using wallet::settlement;
using machine_driver = driver<sender_machine>;

/// Takes a fresh machine along the straight way until it stands in `wanted`.
machine_driver at(sender_state wanted) {
  machine_driver x{sender_machine{sum_3439()}};
  auto there = [&] { return x.machine.state() == wanted; };
  if (there())
    return x;
  x.feed(input::started{});
  if (there())
    return x;
  x.done();
  if (there())
    return x;
  x.feed(input::entered{1});
  x.feed(input::peer_came{});
  x.feed(input::secured{});
  if (there())
    return x;
  x.done();
  if (there())
    return x;
  x.done();
  if (there())
    return x;
  x.told(message_number::import_export_empty);
  if (there())
    return x;
  x.told(message_number::amount, "3439");
  if (there())
    return x;
  for (int i = 0; i < 8; ++i)
    x.done();
  if (there())
    return x;
  x.feed(input::manifest_ready{x.last_ticket, manifest_3439()});
  if (there())
    return x;
  if (wanted == sender_state::settling) {
    x.told(message_number::cancel, "user");
    return x;
  }
  x.told(message_number::ready_to_receive);
  if (there())
    return x;
  wallet::coin_payload coins;
  coins.files = {coin_file(), coin_file()};
  x.feed(input::coins_ready{x.last_ticket, coins});
  if (there())
    return x;
  x.feed(input::coins_gone{});
  x.done();
  if (there())
    return x;
  x.told(message_number::received);
  if (there())
    return x;
  x.told(message_number::decrypting_coins);
  x.told(message_number::powning_coins);
  x.told(message_number::confirming_change_of_ownership);
  x.feed(input::receipt_came{"{receipt}"});
  if (there())
    return x;
  x.feed(input::receipt_ready{x.last_ticket, "{receipt}", summary_3439()});
  if (there())
    return x;
  x.feed(input::timed_out{timer::linger});
  return x;
}

const std::vector<sender_state> all_states = {sender_state::idle,
                                              sender_state::reserving,
                                              sender_state::meeting,
                                              sender_state::checking,
                                              sender_state::clearing,
                                              sender_state::awaiting_cleared,
                                              sender_state::awaiting_amount,
                                              sender_state::preparing,
                                              sender_state::listing,
                                              sender_state::awaiting_ready,
                                              sender_state::beginning,
                                              sender_state::delivering,
                                              sender_state::awaiting_received,
                                              sender_state::awaiting_receipt,
                                              sender_state::filing,
                                              sender_state::lingering,
                                              sender_state::settling,
                                              sender_state::ended};

TEST(sender_machine, every_state_is_reached_on_the_straight_way) {
  for (auto s : all_states)
    EXPECT_EQ(to_string(at(s).machine.state()), std::string(to_string(s)));
}

TEST(sender_machine, a_whole_transfer_tells_the_25_steps_once_each_in_the_seeds_order) {
  auto x = at(sender_state::ended);
  std::vector<int> expected;
  for (int i = 1; i <= 25; ++i)
    expected.push_back(i);
  EXPECT_EQ(finished_steps(x.all), expected);
  auto last = find<action::end>(x.all);
  ASSERT_NE(last, nullptr);
  EXPECT_TRUE(last->ok);
  EXPECT_FALSE(last->still_open);
  EXPECT_EQ(last->sum, sum_3439());
  EXPECT_EQ(last->notes, 19u);
  EXPECT_EQ(last->receipt, summary_3439().id);
}

TEST(sender_machine, commands_go_out_in_the_seeds_order) {
  auto x = at(sender_state::ended);
  std::vector<uint16_t> sent;
  for (const auto& a : x.all) {
    if (auto s = std::get_if<action::send>(&a))
      sent.push_back(to_integer(s->number));
    if (std::holds_alternative<action::send_offer>(a))
      sent.push_back(21);
    if (std::holds_alternative<action::send_coins>(a))
      sent.push_back(24);
  }
  EXPECT_EQ(sent, (std::vector<uint16_t>{2, 4, 5, 6, 7, 20, 8, 9, 10, 11, 12, 21, 24, 19}));
}

TEST(sender_machine, wallet_is_asked_in_the_order_of_the_steps) {
  auto x = at(sender_state::ended);
  std::vector<std::string> asked;
  for (const auto& a : x.all) {
    auto q = std::get_if<action::ask_wallet>(&a);
    if (q == nullptr)
      continue;
    if (auto s = std::get_if<ask::step>(&q->what))
      asked.push_back(std::to_string(static_cast<int>(std::get<sender_step>(s->what))));
    else if (std::holds_alternative<ask::reserve>(q->what))
      asked.push_back("reserve");
    else if (std::holds_alternative<ask::get_manifest>(q->what))
      asked.push_back("manifest");
    else if (std::holds_alternative<ask::begin_sending>(q->what))
      asked.push_back("begin_sending");
    else if (std::holds_alternative<ask::file_receipt>(q->what))
      asked.push_back("receipt");
  }
  EXPECT_EQ(asked, (std::vector<std::string>{"reserve", "0", "1", "2", "3", "4", "5", "6", "7", "8",
                                             "9", "manifest", "begin_sending", "10", "receipt"}));
}

// --- the table: what the peer may say, and when ---

TEST(sender_machine, in_every_state_every_message_that_is_not_allowed_ends_without_effect) {
  // State -> events of peer_events() that have a place there.
  const std::map<sender_state, std::set<std::string>> allowed = {
      {sender_state::awaiting_cleared, {"Import_Export_Empty"}},
      {sender_state::awaiting_amount, {"4 right"}},
      {sender_state::awaiting_ready, {"Ready_To_Receive"}},
      {sender_state::awaiting_received, {"Received"}},
      {sender_state::awaiting_receipt,
       {"Decrypting_Coins", "Powning_Coins", "Confirming_Change_of_Ownership", "receipt body"}},
      // The same receiver may begin to tell again only after a new session.
      {sender_state::filing, {}},
      {sender_state::lingering, {}},
  };
  size_t forbidden = 0;
  for (auto s : all_states) {
    for (const auto& event : peer_events()) {
      SCOPED_TRACE(std::string(to_string(s)) + " x " + event.name);
      auto x = at(s);
      auto secured = x.machine.is_secured();
      auto begun = x.machine.sending_begun();
      auto& out = x.feed(event.what);
      if (!secured || s == sender_state::settling) {
        // No secured peer, or all is decided: no effect at all.
        EXPECT_TRUE(out.empty());
        EXPECT_EQ(x.machine.state(), s);
        continue;
      }
      if (event.name == "Cancel") {
        EXPECT_FALSE(sends(out, message_number::cancel));
        if (s == sender_state::filing || s == sender_state::lingering)
          EXPECT_EQ(x.machine.state(), s);
        else
          EXPECT_TRUE(asks_step(out, begun ? sender_step::ask_servers : sender_step::give_back));
        continue;
      }
      if (event.name == "Closing") {
        EXPECT_FALSE(x.machine.is_secured());
        EXPECT_EQ(count<action::ask_wallet>(out), 0u);
        continue;
      }
      auto row = allowed.find(s);
      if (row != allowed.end() && row->second.count(event.name) != 0) {
        EXPECT_FALSE(sends(out, message_number::closing));
        EXPECT_NE(x.machine.state(), sender_state::ended);
        continue;
      }
      ++forbidden;
      EXPECT_TRUE(sends(out, message_number::closing));
      EXPECT_FALSE(x.machine.is_secured());
      EXPECT_EQ(count<action::send_coins>(out), 0u);
      if (s == sender_state::filing) {
        EXPECT_EQ(x.machine.state(), sender_state::filing);
      } else if (s == sender_state::lingering) {
        ASSERT_NE(find<action::end>(out), nullptr);
        EXPECT_TRUE(find<action::end>(out)->ok);
      } else if (begun) {
        ASSERT_NE(find<action::end>(out), nullptr);
        EXPECT_EQ(find<action::end>(out)->code, ec::outcome_unknown);
        EXPECT_TRUE(find<action::end>(out)->still_open);
      } else {
        EXPECT_TRUE(asks_step(out, sender_step::give_back));
        auto& end = x.done();
        ASSERT_NE(find<action::end>(end), nullptr);
        EXPECT_EQ(find<action::end>(end)->code, ec::protocol_violation);
        EXPECT_FALSE(find<action::end>(end)->still_open);
      }
    }
  }
  EXPECT_GT(forbidden, 250u);
}

TEST(sender_machine, messages_before_key_confirmation_have_no_effect) {
  for (const auto& event : peer_events()) {
    auto x = at(sender_state::meeting);
    EXPECT_TRUE(x.feed(event.what).empty()) << event.name;
    EXPECT_EQ(x.machine.state(), sender_state::meeting) << event.name;
  }
}

// --- the table: lines ---

TEST(sender_machine, a_lost_line_in_any_state_leaves_the_money_where_it_is) {
  for (auto s : all_states) {
    SCOPED_TRACE(to_string(s));
    auto x = at(s);
    auto secured = x.machine.is_secured();
    auto begun = x.machine.sending_begun();
    auto& out = x.feed(input::parted{});
    EXPECT_EQ(count<action::ask_wallet>(out), 0u);
    EXPECT_EQ(count<action::end>(out), 0u);
    EXPECT_FALSE(x.machine.is_secured());
    EXPECT_EQ(x.machine.sending_begun(), begun);
    if (!secured || s == sender_state::filing || s == sender_state::lingering)
      EXPECT_EQ(x.machine.state(), s);
    else
      EXPECT_EQ(x.machine.state(), sender_state::meeting);
  }
}

TEST(sender_machine, before_sending_a_new_session_begins_again_at_empty_import_export) {
  for (auto s : {sender_state::checking, sender_state::clearing, sender_state::awaiting_cleared,
                 sender_state::awaiting_amount, sender_state::preparing, sender_state::listing,
                 sender_state::awaiting_ready}) {
    SCOPED_TRACE(to_string(s));
    auto x = at(s);
    auto stale = x.last_ticket;
    x.feed(input::parted{});
    x.feed(input::secured{});
    EXPECT_EQ(x.machine.state(), sender_state::checking);
    EXPECT_TRUE(asks_step(x.last, sender_step::check_servers));
    // The answer to the question of the old session moves nothing.
    EXPECT_TRUE(x.feed(input::work_done{stale, {}}).empty());
    EXPECT_TRUE(x.feed(input::work_failed{stale, ec::disk_failed, ""}).empty());
    x.done();
    x.done();
    EXPECT_TRUE(sends(x.last, message_number::empty_import_export));
  }
}

TEST(sender_machine, once_sending_has_begun_a_new_session_offers_the_same_manifest) {
  for (auto s : {sender_state::beginning, sender_state::delivering, sender_state::awaiting_received,
                 sender_state::awaiting_receipt, sender_state::filing, sender_state::lingering}) {
    SCOPED_TRACE(to_string(s));
    auto x = at(s);
    x.feed(input::parted{});
    x.feed(input::secured{});
    ASSERT_NE(find<action::send_offer>(x.last), nullptr);
    EXPECT_EQ(find<action::send_offer>(x.last)->offer, manifest_3439());
    EXPECT_EQ(count<action::ask_wallet>(x.last), 0u);
  }
}

TEST(sender_machine, a_receiver_that_holds_the_set_is_sent_no_coin) {
  auto x = at(sender_state::awaiting_received);
  x.feed(input::parted{});
  x.feed(input::secured{});
  x.all.clear();
  x.told(message_number::received);
  EXPECT_EQ(x.machine.state(), sender_state::awaiting_receipt);
  x.feed(input::receipt_came{"{receipt}"});
  EXPECT_EQ(count<action::send_coins>(x.all), 0u);
  EXPECT_EQ(asks<ask::begin_sending>(x.all), nullptr);
  EXPECT_NE(asks<ask::file_receipt>(x.all), nullptr);
}

TEST(sender_machine, a_receiver_without_the_set_gets_the_same_coins_again) {
  auto x = at(sender_state::awaiting_received);
  x.feed(input::parted{});
  x.feed(input::secured{});
  x.told(message_number::ready_to_receive);
  EXPECT_NE(asks<ask::begin_sending>(x.last), nullptr);
  wallet::coin_payload coins;
  coins.files = {coin_file()};
  x.feed(input::coins_ready{x.last_ticket, coins});
  EXPECT_NE(find<action::send_coins>(x.last), nullptr);
}

TEST(sender_machine, received_is_no_answer_to_an_offer_when_no_coin_ever_left) {
  auto x = at(sender_state::awaiting_ready);
  x.told(message_number::received);
  EXPECT_TRUE(asks_step(x.last, sender_step::give_back));
}

TEST(sender_machine, a_repeated_receipt_is_confirmed_again_without_filing_it_twice) {
  auto x = at(sender_state::lingering);
  EXPECT_TRUE(sends(x.last, message_number::coins_confirmed));
  x.feed(input::parted{});
  x.feed(input::secured{});
  x.told(message_number::received);
  x.feed(input::receipt_came{"{receipt}"});
  EXPECT_TRUE(sends(x.last, message_number::coins_confirmed));
  EXPECT_EQ(asks<ask::file_receipt>(x.last), nullptr);
  x.told(message_number::closing);
  ASSERT_NE(find<action::end>(x.last), nullptr);
  EXPECT_TRUE(find<action::end>(x.last)->ok);
}

TEST(sender_machine, a_receipt_filed_while_the_line_was_cut_is_confirmed_when_it_comes_again) {
  auto x = at(sender_state::filing);
  auto filing = x.last_ticket;
  x.feed(input::parted{});
  x.feed(input::receipt_ready{filing, "{receipt}", summary_3439()});
  EXPECT_FALSE(sends(x.last, message_number::coins_confirmed));
  x.feed(input::secured{});
  x.told(message_number::received);
  x.feed(input::receipt_came{"{receipt}"});
  EXPECT_TRUE(sends(x.last, message_number::coins_confirmed));
}

TEST(sender_machine, the_receivers_progress_goes_forward_only_and_begins_with_received) {
  auto x = at(sender_state::awaiting_receipt);
  x.told(message_number::powning_coins);
  x.told(message_number::decrypting_coins);
  EXPECT_TRUE(sends(x.last, message_number::closing));

  auto y = at(sender_state::awaiting_received);
  y.feed(input::receipt_came{"{receipt}"});
  EXPECT_EQ(asks<ask::file_receipt>(y.last), nullptr);
  EXPECT_TRUE(sends(y.last, message_number::closing));
}

// --- the table: ends ---

TEST(sender_machine, a_line_that_fails_for_good_gives_back_before_sending_and_stays_open_after) {
  for (auto s : all_states) {
    SCOPED_TRACE(to_string(s));
    if (s == sender_state::ended || s == sender_state::settling)
      continue;
    auto x = at(s);
    auto begun = x.machine.sending_begun();
    auto& out = x.feed(input::line_failed{ec::relay_unreachable, "gone"});
    if (s == sender_state::filing) {
      EXPECT_EQ(count<action::end>(out), 0u);
    } else if (s == sender_state::lingering) {
      EXPECT_TRUE(find<action::end>(out)->ok);
    } else if (begun) {
      EXPECT_EQ(find<action::end>(out)->code, ec::outcome_unknown);
      EXPECT_TRUE(find<action::end>(out)->still_open);
      EXPECT_FALSE(asks_step(out, sender_step::give_back));
    } else {
      EXPECT_TRUE(asks_step(out, sender_step::give_back));
      EXPECT_EQ(find<action::end>(x.done())->code, ec::relay_unreachable);
    }
  }
}

TEST(sender_machine, a_peer_without_the_key_ends_with_not_authentic_and_everything_back) {
  auto x = at(sender_state::meeting);
  x.feed(input::auth_failed{"three handshakes failed"});
  EXPECT_TRUE(asks_step(x.last, sender_step::give_back));
  EXPECT_EQ(find<action::end>(x.done())->code, ec::not_authentic);
}

TEST(sender_machine, cancelling_in_any_state_follows_the_money) {
  for (auto s : all_states) {
    SCOPED_TRACE(to_string(s));
    if (s == sender_state::ended)
      continue;
    auto x = at(s);
    auto begun = x.machine.sending_begun();
    auto secured = x.machine.is_secured();
    auto& out = x.feed(input::user_cancelled{});
    switch (s) {
    case sender_state::idle:
      EXPECT_EQ(find<action::end>(out)->code, ec::stopped);
      break;
    case sender_state::filing:
    case sender_state::settling:
      EXPECT_TRUE(out.empty());
      break;
    case sender_state::lingering:
      EXPECT_TRUE(find<action::end>(out)->ok);
      break;
    default:
      EXPECT_EQ(sends(out, message_number::cancel), secured);
      EXPECT_TRUE(asks_step(out, begun ? sender_step::ask_servers : sender_step::give_back));
      EXPECT_FALSE(asks_step(out, begun ? sender_step::give_back : sender_step::ask_servers));
    }
  }
}

TEST(sender_machine, asking_the_servers_decides_how_a_cancelled_transfer_ends) {
  struct row {
    settlement found;
    bool ok;
    ec code;
    bool still_open;
  };
  for (auto expected : {row{settlement::sent, true, ec::internal, false},
                        row{settlement::returned, false, ec::stopped, false},
                        row{settlement::open, false, ec::outcome_unknown, true}}) {
    auto x = at(sender_state::awaiting_received);
    x.feed(input::user_cancelled{});
    wallet::step_report report;
    report.settled = expected.found;
    x.done(report);
    auto end = find<action::end>(x.last);
    ASSERT_NE(end, nullptr);
    EXPECT_EQ(end->ok, expected.ok);
    EXPECT_EQ(end->code, expected.code);
    EXPECT_EQ(end->still_open, expected.still_open);
  }
}

TEST(sender_machine, says_how_much_came_back_when_the_receiver_took_only_some) {
  for (auto back : {amount{}, amount::from_coins(250)}) {
    auto x = at(sender_state::awaiting_received);
    x.feed(input::user_cancelled{});
    wallet::step_report report;
    report.settled = settlement::sent;
    report.returned = back;
    x.done(report);
    auto end = find<action::end>(x.last);
    ASSERT_NE(end, nullptr);
    EXPECT_EQ(end->returned, back);
    EXPECT_FALSE(end->still_open);
    // A payment of less than was agreed is none that a script may take for paid.
    EXPECT_EQ(end->ok, back.is_zero());
    if (!end->ok) {
      EXPECT_EQ(end->code, ec::partly_sent);
      EXPECT_NE(end->detail.find("250"), std::string::npos);
    }
  }
}

TEST(sender_machine, stopping_never_asks_the_wallet) {
  for (auto s : all_states) {
    SCOPED_TRACE(to_string(s));
    if (s == sender_state::ended)
      continue;
    auto x = at(s);
    auto begun = x.machine.sending_begun();
    auto& out = x.feed(input::user_stopped{});
    EXPECT_EQ(count<action::ask_wallet>(out), 0u);
    auto end = find<action::end>(out);
    ASSERT_NE(end, nullptr);
    if (s == sender_state::lingering)
      EXPECT_TRUE(end->ok);
    else
      EXPECT_EQ(end->code, begun ? ec::outcome_unknown : ec::stopped);
  }
}

TEST(sender_machine, a_failing_wallet_step_cancels_with_a_word_and_gives_back) {
  struct row {
    sender_state state;
    ec code;
    const char* word;
  };
  for (auto expected : {row{sender_state::checking, ec::too_few_servers, "servers"},
                        row{sender_state::clearing, ec::disk_failed, "wallet"},
                        row{sender_state::preparing, ec::change_not_possible, "coins"},
                        row{sender_state::listing, ec::disk_failed, "wallet"}}) {
    SCOPED_TRACE(to_string(expected.state));
    auto x = at(expected.state);
    x.failed(expected.code);
    ASSERT_NE(find<action::send>(x.last), nullptr);
    EXPECT_EQ(find<action::send>(x.last)->number, message_number::cancel);
    EXPECT_EQ(find<action::send>(x.last)->details, expected.word);
    EXPECT_TRUE(asks_step(x.last, sender_step::give_back));
    EXPECT_EQ(find<action::end>(x.done())->code, expected.code);
  }
}

TEST(sender_machine, a_failed_reservation_ends_before_the_relay_is_called) {
  auto x = at(sender_state::reserving);
  x.failed(ec::not_enough_coins);
  EXPECT_EQ(find<action::end>(x.last)->code, ec::not_enough_coins);
  EXPECT_EQ(count<action::open_line>(x.all), 0u);
}

TEST(sender_machine, without_a_durable_sending_record_no_coin_leaves) {
  auto x = at(sender_state::beginning);
  x.failed(ec::disk_failed);
  EXPECT_EQ(count<action::send_coins>(x.all), 0u);
  EXPECT_EQ(find<action::end>(x.last)->code, ec::disk_failed);
  EXPECT_TRUE(find<action::end>(x.last)->still_open);
}

TEST(sender_machine, a_bad_receipt_leaves_the_transfer_open) {
  auto x = at(sender_state::filing);
  x.failed(ec::bad_receipt);
  EXPECT_FALSE(sends(x.last, message_number::coins_confirmed));
  EXPECT_EQ(find<action::end>(x.last)->code, ec::bad_receipt);
  EXPECT_TRUE(find<action::end>(x.last)->still_open);
}

TEST(sender_machine, a_receipt_with_counterfeit_notes_ends_with_their_code) {
  auto x = at(sender_state::filing);
  auto bad = summary_3439();
  bad.counterfeit = 1;
  x.feed(input::receipt_ready{x.last_ticket, "{}", bad});
  // The receiver's word is no verdict: the servers are asked before it ends.
  EXPECT_TRUE(asks_step(x.last, sender_step::ask_servers));
  EXPECT_TRUE(sends(x.last, message_number::coins_confirmed));
  x.told(message_number::closing);
  EXPECT_EQ(count<action::end>(x.last), 0u);
  wallet::step_report gone;
  gone.settled = settlement::sent;
  x.feed(input::work_done{x.last_ticket, gone});
  auto end = find<action::end>(x.last);
  ASSERT_NE(end, nullptr);
  EXPECT_FALSE(end->ok);
  EXPECT_EQ(end->code, ec::counterfeit_notes);
  EXPECT_FALSE(end->still_open);
  EXPECT_EQ(end->detail.find("the receiver says that 1 note is counterfeit"), 0u) << end->detail;
}

TEST(sender_machine, notes_that_the_receiver_refuses_stay_open_until_the_servers_decide) {
  enum class how { answered, failed, stopped };
  for (auto what : {how::answered, how::failed, how::stopped}) {
    auto x = at(sender_state::filing);
    auto bad = summary_3439();
    bad.counterfeit = 3;
    x.feed(input::receipt_ready{x.last_ticket, "{}", bad});
    if (what == how::answered)
      x.done();
    if (what == how::failed)
      x.failed(ec::too_few_servers);
    EXPECT_EQ(count<action::end>(x.last), 0u);
    if (what == how::stopped)
      x.feed(input::user_stopped{});
    else
      x.feed(input::timed_out{timer::linger});
    auto end = find<action::end>(x.last);
    ASSERT_NE(end, nullptr);
    EXPECT_EQ(end->code, ec::counterfeit_notes);
    EXPECT_TRUE(end->still_open);
    EXPECT_NE(end->detail.find("the receiver says that 3 notes are counterfeit; the servers"),
              std::string::npos)
        << end->detail;
  }
}

TEST(sender_machine, a_closed_transfer_is_told_to_a_receiver_that_comes_late) {
  machine_driver x{sender_machine{sum_3439(), false, sender_errand::tell_returned}};
  x.feed(input::started{});
  EXPECT_EQ(count<action::ask_wallet>(x.last), 0u);
  x.feed(input::entered{2});
  x.feed(input::secured{});
  EXPECT_TRUE(sends(x.last, message_number::cancel));
  x.told(message_number::closing);
  ASSERT_NE(find<action::end>(x.last), nullptr);
  EXPECT_TRUE(find<action::end>(x.last)->ok);
  EXPECT_EQ(count<action::ask_wallet>(x.all), 0u);
}

TEST(sender_machine, a_closed_transfer_confirms_the_receipt_again_and_sends_no_coin) {
  for (auto has_set : {true, false}) {
    machine_driver x{sender_machine{sum_3439(), true, sender_errand::tell_sent}};
    x.feed(input::started{});
    x.feed(input::entered{2});
    x.feed(input::secured{});
    x.feed(input::manifest_ready{x.last_ticket, manifest_3439()});
    if (!has_set) {
      x.told(message_number::ready_to_receive);
      EXPECT_TRUE(sends(x.last, message_number::cancel));
      EXPECT_EQ(asks<ask::begin_sending>(x.all), nullptr);
      EXPECT_NE(find<action::end>(x.last), nullptr);
      continue;
    }
    x.told(message_number::received);
    x.feed(input::receipt_came{"{receipt}"});
    x.feed(input::receipt_ready{x.last_ticket, "{receipt}", summary_3439()});
    EXPECT_TRUE(sends(x.last, message_number::coins_confirmed));
    x.told(message_number::closing);
    ASSERT_NE(find<action::end>(x.last), nullptr);
    EXPECT_TRUE(find<action::end>(x.last)->ok);
  }
}

TEST(sender_machine, a_receiver_that_does_not_come_to_hear_the_end_leaves_nothing_open) {
  for (auto errand : {sender_errand::tell_returned, sender_errand::tell_sent}) {
    machine_driver x{sender_machine{sum_3439(), errand == sender_errand::tell_sent, errand}};
    x.feed(input::started{});
    x.feed(input::entered{1});
    x.feed(input::timed_out{timer::meet});
    if (asks<ask::step>(x.last) != nullptr)
      x.done();
    ASSERT_NE(find<action::end>(x.last), nullptr);
    EXPECT_FALSE(find<action::end>(x.last)->ok);
    EXPECT_EQ(find<action::end>(x.last)->code, ec::peer_gone);
    EXPECT_FALSE(find<action::end>(x.last)->still_open);
    EXPECT_FALSE(asks_step(x.all, sender_step::give_back));
  }
}

TEST(sender_machine, timers_count_only_for_what_they_were_armed) {
  for (auto s : all_states) {
    for (auto t : {timer::meet, timer::reunite, timer::answer, timer::linger}) {
      SCOPED_TRACE(std::string(to_string(s)) + " x timer " + std::to_string(static_cast<int>(t)));
      auto x = at(s);
      auto& out = x.feed(input::timed_out{t});
      bool meant = (t == timer::meet && s == sender_state::meeting) ||
                   (t == timer::linger && s == sender_state::lingering) ||
                   (t == timer::answer &&
                    (s == sender_state::awaiting_cleared || s == sender_state::awaiting_amount ||
                     s == sender_state::awaiting_ready || s == sender_state::awaiting_received ||
                     s == sender_state::awaiting_receipt));
      EXPECT_EQ(!out.empty(), meant);
    }
  }
}

TEST(sender_machine, a_peer_that_does_not_come_back_after_the_coins_leaves_the_outcome_unknown) {
  auto x = at(sender_state::awaiting_received);
  x.feed(input::parted{});
  x.feed(input::timed_out{timer::reunite});
  EXPECT_EQ(count<action::ask_wallet>(x.last), 0u);
  EXPECT_EQ(find<action::end>(x.last)->code, ec::outcome_unknown);
  EXPECT_TRUE(find<action::end>(x.last)->still_open);
}

TEST(sender_machine, a_resumed_transfer_prepares_nothing_and_offers_what_lies_in_export) {
  machine_driver x{sender_machine{sum_3439(), true}};
  x.feed(input::started{});
  EXPECT_EQ(asks<ask::reserve>(x.last), nullptr);
  EXPECT_NE(find<action::open_line>(x.last), nullptr);
  x.feed(input::entered{2});
  x.feed(input::secured{});
  EXPECT_NE(asks<ask::get_manifest>(x.last), nullptr);
  x.feed(input::manifest_ready{x.last_ticket, manifest_3439()});
  EXPECT_NE(find<action::send_offer>(x.last), nullptr);
  x.told(message_number::received);
  EXPECT_EQ(x.machine.state(), sender_state::awaiting_receipt);
}

TEST(sender_machine, a_manifest_of_another_sum_is_never_offered) {
  auto x = at(sender_state::listing);
  auto other = manifest_3439();
  other.sum = amount::from_coins(1);
  x.feed(input::manifest_ready{x.last_ticket, other});
  EXPECT_EQ(find<action::send_offer>(x.all), nullptr);
  EXPECT_TRUE(asks_step(x.last, sender_step::give_back));
}

} // namespace
} // namespace liveconnect::session::test
