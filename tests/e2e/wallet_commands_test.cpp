#include "tests/support/network_fixture.hpp"

namespace liveconnect::test {
namespace {

// What `wallet list`, `wallet check` and `wallet heal` say of notes that are not as good as they
// could be, and what `raida status` says of the servers' money.
class wallet_commands : public network_test {
protected:
  /// What a person sees on the screen.
  std::string screen_of(const std::string& side, std::vector<std::string> words) const {
    auto line = arguments(side, std::move(words));
    line.insert(line.begin(), "liveconnect");
    process program{line};
    EXPECT_EQ(program.wait(patience).value_or(-1), 0) << program.output();
    return program.output();
  }

  void transfer(const std::string& sum) {
    auto sender = start_sender(sum);
    auto receiver = start_receiver();
    ASSERT_EQ(sender.result().value("name", ""), "done");
    received_ = receiver.result();
    ASSERT_EQ(received_.value("name", ""), "done") << received_;
  }

  json received_;
};

TEST_F(wallet_commands, list_tells_what_can_be_paid_apart_from_what_cannot_and_why) {
  start_network("30", "10:3");
  auto listed = run_to_end("sender", {"wallet", "list"});
  EXPECT_EQ(listed["payable"], "30");
  stop_servers();
  start_servers("0-13");
  auto checked = run_to_end("sender", {"wallet", "check"});
  EXPECT_EQ(checked.value("code", 0), 11) << checked;
  auto list = run("sender", {"wallet", "list"});
  listed = list.result();
  EXPECT_EQ(listed.value("code", -1), 0) << listed;
  EXPECT_EQ(listed["spendable"], "30");
  EXPECT_EQ(listed["payable"], "0");
  size_t notes = 0;
  for (auto& x : list.objects())
    if (x["type"] == "note") {
      ++notes;
      EXPECT_FALSE(x["payable"].get<bool>());
      EXPECT_NE(x["obstacle"].get<std::string>().find("only 14 of 25 servers passed it last"),
                std::string::npos)
          << x;
    }
  EXPECT_EQ(notes, 3u);
  EXPECT_NE(screen_of("sender", {"wallet", "list"}).find("30 of it cannot be paid now"),
            std::string::npos);
  stop_servers();
  start_servers();
  EXPECT_EQ(run_to_end("sender", {"wallet", "check"}).value("code", -1), 0);
  EXPECT_EQ(run_to_end("sender", {"wallet", "list"})["payable"], "30");
}

TEST_F(wallet_commands, heal_gives_notes_to_the_servers_that_were_down_when_they_came) {
  start_network("30", "10:3");
  stop_servers();
  start_servers("0-19");
  transfer("20");
  EXPECT_EQ(ask_servers("receiver").fewest_passes, 20u);
  stop_servers();
  start_servers();
  const auto healed = run_to_end("receiver", {"wallet", "heal"});
  EXPECT_EQ(healed.value("code", -1), 0) << healed;
  EXPECT_EQ(healed["amount"], "20");
  EXPECT_EQ(healed["clean"], 2);
  EXPECT_EQ(healed["fracked"], 0);
  EXPECT_EQ(healed["passes"], 25);
  EXPECT_EQ(ask_servers("receiver").fewest_passes, 25u);
  expect_moved("20");
}

TEST_F(wallet_commands, coins_that_came_are_final_when_older_tickets_are_over) {
  start_network("30", "10:3");
  transfer("20");
  ASSERT_TRUE(received_.contains("final_in_seconds")) << received_;
  EXPECT_GT(received_["final_in_seconds"], 0);
  EXPECT_LE(received_["final_in_seconds"], 300);
  auto list = run("receiver", {"wallet", "list"});
  const auto listed = list.result();
  EXPECT_GT(listed["final_in_seconds"], 0) << listed;
  EXPECT_LE(listed["final_in_seconds"], received_["final_in_seconds"]);
  for (auto& x : list.objects())
    if (x["type"] == "note") {
      EXPECT_GT(x["final_in_seconds"], 0) << x;
    }
  EXPECT_NE(screen_of("receiver", {"wallet", "list"}).find("; all of it final in 5 min"),
            std::string::npos);
  // It blocks nothing: they can be paid at once.
  EXPECT_EQ(listed["payable"], "20");
  const auto file = (folder_.path() / "out.bin").string();
  EXPECT_EQ(run_to_end("receiver", {"wallet", "export", "20", "--out", file}).value("code", -1), 0);
  const auto imported = run_to_end("sender", {"wallet", "import", file});
  EXPECT_EQ(imported.value("code", -1), 0) << imported;
  EXPECT_GT(imported["final_in_seconds"], 0) << imported;
}

TEST_F(wallet_commands, status_shows_the_operator_that_the_money_of_each_server_adds_up) {
  start_network("30", "10:3");
  const auto status = run_to_end("servers", {"raida", "status"});
  EXPECT_EQ(status.value("code", -1), 0) << status;
  ASSERT_EQ(status["servers"].size(), 25u);
  for (auto& x : status["servers"]) {
    ASSERT_TRUE(x.contains("supply")) << x;
    EXPECT_EQ(x["supply"]["created"], "30");
    EXPECT_EQ(x["supply"]["freed"], "0");
    EXPECT_EQ(x["supply"]["live"], "30");
    EXPECT_EQ(x["supply"]["holds"], true);
  }
  // Without the operator's key nobody is told.
  for (auto& x : run_to_end("sender", {"raida", "status"})["servers"])
    EXPECT_FALSE(x.contains("supply")) << x;
}

} // namespace
} // namespace liveconnect::test
