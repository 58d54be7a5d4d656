#include <csignal>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "cli/shell/exit_codes.hpp"
#include "cli/transfer/command.hpp"

namespace liveconnect::cli {
namespace {

struct expected_exit {
  ec error;
  int code;
  const char* name;
};

// docs/design/cli.md "Exit codes".
constexpr expected_exit table[] = {
    {ec::bad_argument, 2, "usage"},
    {ec::bad_config, 2, "usage"},
    {ec::bad_amount, 2, "usage"},
    {ec::bad_invitation, 2, "usage"},
    {ec::invitation_expired, 2, "usage"},
    {ec::bad_coin_file, 2, "usage"},
    {ec::old_coin_file, 2, "usage"},
    {ec::file_exists, 2, "usage"},
    {ec::relay_unreachable, 3, "relay_unreachable"},
    {ec::peer_gone, 4, "peer_gone"},
    {ec::room_full, 5, "wrong_key"},
    {ec::not_authentic, 5, "wrong_key"},
    {ec::not_enough_coins, 6, "not_enough_coins"},
    {ec::change_not_possible, 6, "not_enough_coins"},
    {ec::peer_refused, 7, "peer_refused"},
    {ec::outcome_unknown, 8, "outcome_unknown"},
    {ec::bad_receipt, 8, "outcome_unknown"},
    {ec::counterfeit_notes, 9, "counterfeit"},
    {ec::partly_sent, 9, "partly_sent"},
    {ec::wallet_busy, 10, "wallet"},
    {ec::wallet_damaged, 10, "wallet"},
    {ec::too_few_servers, 11, "too_few_servers"},
    {ec::relay_busy, 75, "try_later"},
    {ec::relay_refused, 1, "error"},
    {ec::protocol_violation, 1, "error"},
    {ec::bad_frame, 1, "error"},
    {ec::manifest_mismatch, 1, "error"},
    {ec::disk_failed, 1, "error"},
    {ec::cannot_listen, 1, "error"},
    {ec::network_failed, 1, "error"},
    {ec::timed_out, 1, "error"},
    {ec::stopped, 1, "error"},
    {ec::internal, 1, "error"},
};

TEST(exit_codes, every_error_has_the_code_and_name_of_the_table) {
  std::set<ec> seen;
  for (const auto& row : table) {
    auto status = exit_of(row.error);
    EXPECT_EQ(status.code, row.code) << to_string(row.error);
    EXPECT_STREQ(status.name, row.name) << to_string(row.error);
    seen.insert(row.error);
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(ec::internal)) << "an error is missing above";
}

TEST(exit_codes, no_error_is_done_and_zero) {
  EXPECT_EQ(exit_of(caf::error{}).code, 0);
  EXPECT_STREQ(exit_of(caf::error{}).name, "done");
}

TEST(exit_codes, a_signal_is_never_zero) {
  EXPECT_EQ(exit_of_signal(SIGINT).code, 130);
  EXPECT_EQ(exit_of_signal(SIGTERM).code, 143);
  EXPECT_EQ(exit_of_signal(SIGHUP).code, 129);
  EXPECT_STREQ(exit_of_signal(SIGHUP).name, "hung_up");
}

TEST(exit_codes, a_busy_wallet_is_told_once) {
  EXPECT_EQ(advice_for(fail(ec::wallet_busy, "another program holds this wallet")).what,
            "Another program is using this wallet.");
}

TEST(exit_codes, a_command_that_knows_better_says_it_in_its_own_words) {
  auto usual = advice_for(fail(ec::disk_failed, "m.bin"));
  auto end = failed(fail(ec::disk_failed, "m.bin"));
  EXPECT_EQ(words_of(end).what, usual.what);
  EXPECT_EQ(words_of(end).what_to_do, usual.what_to_do);
  end.words.what_to_do = "Make the folder.";
  EXPECT_EQ(words_of(end).what, usual.what);
  EXPECT_EQ(words_of(end).what_to_do, "Make the folder.");
  end.signal = SIGTERM;
  end.words = {"The servers were told to stop.", ""};
  EXPECT_EQ(words_of(end).what, "The servers were told to stop.");
  EXPECT_EQ(words_of(end).what_to_do, advice_for_signal(SIGTERM).what_to_do);
}

TEST(exit_codes, every_error_says_what_happened_and_what_to_do_in_one_sentence_each) {
  for (const auto& row : table) {
    const auto text = advice_for(fail(row.error, "the reason"));
    EXPECT_NE(text.what.find("he reason"), std::string::npos) << text.what;
    for (const auto& sentence : {text.what, text.what_to_do}) {
      ASSERT_GE(sentence.size(), 10u) << to_string(row.error);
      EXPECT_EQ(sentence.back(), '.') << sentence;
      EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
    }
  }
}

TEST(exit_codes, a_detail_from_outside_cannot_drive_the_terminal) {
  auto text = advice_for(fail(ec::peer_refused, "\033[2Jbad\r\nwords"));
  EXPECT_EQ(text.what, "The other person cancelled: \\x1b[2Jbad\\x0d\\x0awords.");
  auto giant = advice_for(fail(ec::peer_refused, std::string(100'000, 'x')));
  EXPECT_LT(giant.what.size(), 600u);
}

} // namespace
} // namespace liveconnect::cli
