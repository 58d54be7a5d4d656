#include <csignal>

#include "tests/support/gate.hpp"
#include "tests/support/network_fixture.hpp"
#include "tests/support/onlooker.hpp"

namespace liveconnect::test {
namespace {

class interruption : public network_test {
protected:
  /// Goes between the clients and the relay, and holds the line that is the first message of this
  /// number until the test has done what it came for; the line itself is passed on or lost.
  void hold(int number, bool lose) {
    wire_ = std::make_unique<line_proxy>(
        relay_address_,
        [this, number, lose](const line_proxy::record& x) -> std::optional<std::string> {
          if (held_ || !x.to_relay || message_number(x.line) != number)
            return x.line;
          held_ = true;
          here_.pass();
          return lose ? std::nullopt : std::optional<std::string>{x.line};
        });
    relay_address_ = wire_->address();
  }

  /// The id of the one transfer that is open, as `wallet check` names it.
  std::string id_of_open(const std::string& side) const {
    auto check = run(side, {"wallet", "check"});
    const auto open = check.wait_for("open");
    (void)check.result();
    EXPECT_TRUE(open);
    return open ? open->value("transfer", "") : std::string{};
  }

  void expect_done(const json& result) { EXPECT_EQ(result.value("name", ""), "done") << result; }

  gate here_;
  /// Touched by the proxy's thread alone.
  bool held_ = false;
  std::unique_ptr<line_proxy> wire_;
  gate_opener at_the_end_{here_};
};

TEST_F(interruption, a_relay_killed_in_the_middle_and_restarted_costs_nothing) {
  start_network();
  hold(24, false);
  auto sender = start_sender("3439");
  auto receiver = start_receiver();
  ASSERT_TRUE(here_.wait_reached(patience));
  kill_relay();
  start_relay();
  here_.open();
  expect_done(sender.result());
  expect_done(receiver.result());
  expect_moved("3439");
}

TEST_F(interruption, a_line_cut_at_every_stage_costs_nothing) {
  start_network();
  // One cut a connection pair, at another message each time; the transfer goes on by its id.
  std::vector<int> left{16, 21, 9, 4};
  wire_ = std::make_unique<line_proxy>(
      relay_address_, [&](const line_proxy::record& x) -> std::optional<std::string> {
        if (x.to_relay && !left.empty() && message_number(x.line) == left.back()) {
          left.pop_back();
          wire_->cut();
          return std::nullopt;
        }
        return x.line;
      });
  relay_address_ = wire_->address();
  auto sender = start_sender("3439");
  auto receiver = start_receiver();
  expect_done(sender.result());
  expect_done(receiver.result());
  EXPECT_TRUE(left.empty());
  wire_.reset();
  expect_moved("3439");
}

TEST_F(interruption, a_receiver_killed_after_received_resumes) {
  start_network();
  hold(14, true);
  auto sender = start_sender("3439");
  auto receiver = start_receiver();
  ASSERT_TRUE(here_.wait_reached(patience));
  receiver.kill();
  here_.open();
  auto again = run("receiver", {"resume"});
  expect_done(again.result());
  expect_done(sender.result());
  expect_moved("3439");
}

TEST_F(interruption, a_sender_killed_before_the_receipt_resumes) {
  start_network();
  hold(17, true);
  auto sender = start_sender("3439");
  auto receiver = start_receiver();
  ASSERT_TRUE(here_.wait_reached(patience));
  sender.kill();
  here_.open();
  auto again = run("sender", {"resume"});
  auto result = again.result();
  expect_done(result);
  EXPECT_NE(result.value("receipt", ""), "") << "the receiver still has it for us";
  expect_done(receiver.result());
  expect_moved("3439");
}

TEST_F(interruption, a_receipt_that_waits_for_the_sender_delays_no_other_transfer) {
  start_network();
  hold(17, true);
  auto sender = start_sender("3439");
  auto receiver = start_receiver({"--timeout", "5s"});
  ASSERT_TRUE(here_.wait_reached(patience));
  sender.kill();
  here_.open();
  auto received = receiver.result();
  expect_done(received);
  ASSERT_TRUE(received.value("open", false)) << received;
  // The wait is longer than the test: it is not begun.
  auto told = run_to_end("receiver", {"resume", "--wait", "1h"});
  EXPECT_EQ(told.value("code", -1), 0) << told;
  EXPECT_EQ(told.value("resumed", -1), 0) << told;
  ASSERT_EQ(told["receipts_waiting"].size(), 1u) << told;
  auto waiting = told["receipts_waiting"][0];
  EXPECT_EQ(waiting["receipt"], received["receipt"]);
  EXPECT_EQ(waiting["transfer"], received["transfer"]);
  EXPECT_EQ(waiting["state"], "receipt");
  EXPECT_TRUE(waiting.value("open", false)) << waiting;
  auto sender_again = run("sender", {"resume"});
  auto by_name = run("receiver", {"resume", waiting.value("transfer", "").substr(0, 8)});
  expect_done(sender_again.result());
  expect_done(by_name.result());
  expect_moved("3439");
}

TEST_F(interruption, both_killed_while_coins_are_under_way_resume) {
  start_network();
  hold(24, true);
  auto sender = start_sender("3439");
  auto receiver = start_receiver();
  ASSERT_TRUE(here_.wait_reached(patience));
  sender.kill();
  receiver.kill();
  here_.open();
  auto sender_again = run("sender", {"resume"});
  // The receiver has seen no coin, so it has nothing to resume: the invitation opens the room anew.
  auto receiver_again = start_receiver();
  expect_done(sender_again.result());
  expect_done(receiver_again.result());
  expect_moved("3439");
}

TEST_F(interruption, what_the_receiver_may_still_take_is_not_written_off) {
  start_network();
  hold(24, true);
  auto sender = start_sender("3439");
  auto receiver = start_receiver();
  ASSERT_TRUE(here_.wait_reached(patience));
  sender.kill();
  receiver.kill();
  here_.open();
  // There is no terminal to ask at.
  const auto unasked = run_to_end("sender", {"cancel", id_of_open("sender")});
  EXPECT_EQ(unasked.value("code", -1), 2) << unasked;
  EXPECT_EQ(unasked["what"], "There is no terminal to ask, so nothing was written off.");
  const auto refused = run_to_end("sender", {"cancel", id_of_open("sender"), "--yes"});
  EXPECT_EQ(refused.value("code", -1), 8) << refused;
  EXPECT_EQ(refused["name"], "outcome_unknown");
  EXPECT_EQ(refused["role"], "sender");
  EXPECT_EQ(refused["amount"], "3439");
  EXPECT_EQ(refused["state"], "sending");
  EXPECT_EQ(refused["returned"], "0");
  EXPECT_EQ(refused["written_off"], "0");
  EXPECT_EQ(refused["open"], true);
  EXPECT_NE(refused["detail"].get<std::string>().find("min"), std::string::npos) << refused;
  EXPECT_NE(refused["what"].get<std::string>().find("is not written off"), std::string::npos);
  const auto unknown = run_to_end("sender", {"cancel", "0000beef", "--yes"});
  EXPECT_EQ(unknown.value("code", -1), 2) << unknown;
  // It did no harm: the transfer goes on.
  auto sender_again = run("sender", {"resume"});
  auto receiver_again = start_receiver();
  expect_done(sender_again.result());
  expect_done(receiver_again.result());
  expect_moved("3439");
}

TEST_F(interruption, a_sender_told_to_stop_before_anything_moved_takes_everything_back) {
  start_network();
  auto sender = start_sender("3439");
  ASSERT_TRUE(sender.wait_for("joined"));
  sender.program().signal(SIGTERM);
  auto result = sender.result();
  EXPECT_EQ(result.value("code", 0), 143) << result;
  EXPECT_EQ(result.value("name", ""), "terminated");
  expect_moved("0");
}

TEST_F(interruption, a_receiver_interrupted_while_waiting_ends_with_130_and_owns_nothing) {
  start_network();
  auto sender = start_sender("3439", {"--timeout", "5s"});
  sender.program().signal(SIGSTOP);
  auto receiver = start_receiver();
  ASSERT_TRUE(receiver.wait_for("joined"));
  receiver.program().signal(SIGINT);
  EXPECT_EQ(receiver.result().value("code", 0), 130);
  sender.program().signal(SIGCONT);
  sender.program().signal(SIGTERM);
  EXPECT_EQ(sender.result().value("code", 0), 143);
  expect_moved("0");
}

TEST_F(interruption, two_programs_never_share_a_wallet) {
  start_network();
  auto sender = start_sender("3439");
  auto other = run_to_end("sender", {"wallet", "list"});
  EXPECT_EQ(other.value("code", 0), 10) << other;
  sender.program().signal(SIGTERM);
  sender.result();
  expect_moved("0");
}

} // namespace
} // namespace liveconnect::test
