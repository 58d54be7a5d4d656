#include <algorithm>
#include <csignal>
#include <ctime>
#include <fstream>
#include <numeric>
#include <sstream>

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "messages/secure/invitation.hpp"
#include "tests/support/network_fixture.hpp"
#include "tests/support/onlooker.hpp"
#include "tests/support/server_proxy.hpp"
#include "wallet/files/posix_file_ops.hpp"
#include "wallet/journal/journal.hpp"
#include "wallet/journal/journal_view.hpp"

namespace liveconnect::test {
namespace {

using ::testing::Each;
using ::testing::ElementsAreArray;

std::vector<int> all_steps() {
  std::vector<int> out(25);
  std::iota(out.begin(), out.end(), 1);
  return out;
}

/// The numbers of a transcript's messages in order: heartbeats, the relay's own and the table-only
/// ones left out, parts counted once.
std::vector<int> transcript_numbers(const std::filesystem::path& file) {
  std::ifstream in{file};
  EXPECT_TRUE(in) << file;
  std::vector<said> all;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words{line};
    std::string time, way, address, number;
    words >> time >> way >> address >> number;
    if ((way != "sent" && way != "got") || number.find_first_not_of("0123456789") != number.npos)
      continue;
    auto value = std::stoi(number);
    size_t side = way == "sent" ? 0 : 1;
    auto part = !all.empty() && all.back().number == value && all.back().connection == side &&
                (value == 24 || value == 17);
    if (value != 1 && value < 100 && !part)
      all.push_back({side, value});
  }
  return numbers_of_steps(all);
}

class transfer : public network_test {
protected:
  json sender_result_;
  json receiver_result_;
  std::vector<int> sender_steps_;
  std::vector<int> receiver_steps_;

  /// Both sides from start to end; fails the test when one does not succeed.
  void run_both(const std::string& sum, const std::vector<std::string>& more = {}) {
    auto with = [&](const char* side) {
      auto out = more;
      out.insert(out.end(), {"--transcript", (folder_.path() / side).string()});
      return out;
    };
    auto sender = start_sender(sum, with("sender.txt"));
    auto receiver = start_receiver(with("receiver.txt"));
    sender_result_ = sender.result();
    receiver_result_ = receiver.result();
    sender_steps_ = sender.steps();
    receiver_steps_ = receiver.steps();
    ASSERT_EQ(sender_result_.value("name", ""), "done") << sender_result_;
    ASSERT_EQ(receiver_result_.value("name", ""), "done") << receiver_result_;
    EXPECT_EQ(sender_result_["amount"], sum);
    EXPECT_EQ(receiver_result_["amount"], sum);
    EXPECT_EQ(sender_result_["session"], receiver_result_["session"]);
    EXPECT_EQ(sender_result_["receipt"], receiver_result_["receipt"]);
    EXPECT_EQ(sender_result_["notes"], receiver_result_["notes"]);
    EXPECT_GT(sender_result_["notes"].get<int>(), 0);
    EXPECT_NE(sender_result_["receipt"], "");
  }
};

class notation : public transfer, public ::testing::WithParamInterface<const char*> {};

TEST_P(notation, carries_all_25_steps_in_the_original_order) {
  start_network();
  line_proxy wire{relay_address_};
  relay_address_ = wire.address();
  run_both("3439", {"--notation", GetParam()});
  EXPECT_THAT(sender_steps_, ElementsAreArray(all_steps()));
  EXPECT_THAT(receiver_steps_, ElementsAreArray(all_steps()));
  EXPECT_THAT(transcript_numbers(folder_.path() / "sender.txt"), ElementsAreArray(seed_order()));
  EXPECT_THAT(transcript_numbers(folder_.path() / "receiver.txt"), ElementsAreArray(seed_order()));

  auto lines = wire.lines();
  auto seen = conversation(lines);
  EXPECT_THAT(numbers_of_steps(seen), ElementsAreArray(seed_order()));
  for (const auto& x : seen) {
    auto by_receiver = x.number == 3 || (x.number >= 13 && x.number <= 18);
    if (x.number != 4 && x.number < 100) {
      EXPECT_EQ(x.connection, by_receiver ? 1u : 0u) << "message " << x.number;
    }
  }
  // What only the table has comes too, in its place.
  for (auto number : {12, 15, 18, 19})
    EXPECT_EQ(
        std::count_if(seen.begin(), seen.end(), [&](const said& x) { return x.number == number; }),
        1)
        << number;
  // The relay puts the sender's address over each '#', and lets no other through.
  for (const auto& x : lines)
    if (!x.to_relay) {
      EXPECT_EQ(x.line.find('#'), std::string::npos) << x.line;
    }
  auto json_lines = std::count_if(lines.begin(), lines.end(),
                                  [](const auto& x) { return x.to_relay && x.line[0] == '{'; });
  EXPECT_EQ(json_lines != 0, std::string{GetParam()} == "json");
  expect_moved("3439");
}

INSTANTIATE_TEST_SUITE_P(both, notation, ::testing::Values("tag", "json"),
                         [](const auto& x) { return std::string{x.param}; });

TEST_F(transfer, of_a_fraction_of_a_coin_is_exact) {
  start_network("4.11", "1:4,0.1:1,0.01:1");
  run_both("0.25000007");
  expect_moved("0.25000007");
}

TEST_F(transfer, of_everything_leaves_the_sender_nothing) {
  start_network("30", "10:3");
  run_both("30");
  expect_moved("30");
}

TEST_F(transfer, goes_back_and_forth) {
  start_network("12", "10:1,1:2");
  run_both("11");
  expect_moved("11");
  auto back = run("receiver", {"send", "6", "--invitation", invitation().string()});
  ASSERT_TRUE(back.wait_for("invitation"));
  auto taking = run("sender", {"receive", invitation().string()});
  EXPECT_EQ(back.result().value("name", ""), "done");
  EXPECT_EQ(taking.result().value("name", ""), "done");
  expect_moved("5");
}

/// Runs one statement on a stopped server's records and answers how many rows it changed.
int change_records(const std::filesystem::path& database, const std::string& statement) {
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open_v2(database.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK)
      << database;
  char* problem = nullptr;
  EXPECT_EQ(sqlite3_exec(db, statement.c_str(), nullptr, nullptr, &problem), SQLITE_OK)
      << (problem != nullptr ? problem : "");
  auto changed = sqlite3_changes(db);
  sqlite3_free(problem);
  EXPECT_EQ(sqlite3_close(db), SQLITE_OK);
  return changed;
}

/// The records of one server: the only SQLite file below its data whose name has its number.
std::filesystem::path database_of(const std::filesystem::path& data, const std::string& server) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator{data}) {
    auto name = entry.path().filename().string();
    auto type = entry.path().extension().string();
    if (entry.is_regular_file() && name.find(server) != name.npos &&
        (type == ".sqlite" || type == ".db" || type == ".sqlite3"))
      return entry.path();
  }
  ADD_FAILURE() << "no records of server " << server << " below " << data;
  return {};
}

TEST_F(transfer, heals_two_fracked_notes_on_the_way) {
  // Just these notes: all of them have to go, the damaged ones too.
  start_network("3439", "1000:3,100:4,10:3,1:9");
  stop_servers();
  // Two notes, each unknown to another server.
  const char* statement = "UPDATE record SET an = randomblob(16) WHERE (denomination, serial) IN "
                          "(SELECT denomination, serial FROM record WHERE denomination = %d AND "
                          "mfs != 0 LIMIT 1)";
  char text[256];
  std::snprintf(text, sizeof(text), statement, 3);
  EXPECT_EQ(change_records(database_of(data("servers"), "03"), text), 1);
  std::snprintf(text, sizeof(text), statement, 2);
  EXPECT_EQ(change_records(database_of(data("servers"), "17"), text), 1);
  start_servers();
  auto hurt = ask_servers("sender");
  ASSERT_EQ(hurt.fewest_passes, 24u) << "nothing was damaged";
  run_both("3439");
  expect_moved("3439");
  EXPECT_EQ(ask_servers("receiver").fewest_passes, 25u);
}

/// The lease of two minutes counts from when this computer was started, so it is over.
void end_lease(const std::filesystem::path& wallet) {
  wallet::posix_file_ops files;
  auto open = wallet::open_journals(files, wallet);
  ASSERT_TRUE(open);
  ASSERT_EQ(open->size(), 1u);
  auto journal = wallet::journal::open(files, wallet, open->front().id);
  ASSERT_TRUE(journal);
  auto record = wallet::encode_moment(wallet::record_type::lease, 1);
  ASSERT_FALSE(journal->append(record.type, view(record.payload)));
}

TEST_F(transfer, of_which_the_receiver_took_a_part_gives_back_the_rest) {
  start_network("30", "10:3");
  line_proxy wire{relay_address_, [](const line_proxy::record& x) -> std::optional<std::string> {
                    if (x.to_relay && message_number(x.line) == 24)
                      return std::nullopt;
                    return x.line;
                  }};
  relay_address_ = wire.address();
  auto sender = start_sender("30");
  auto receiver = start_receiver();
  ASSERT_TRUE(wire.wait_for(
      [](const line_proxy::record& x) { return x.to_relay && message_number(x.line) == 24; },
      patience));
  sender.kill();
  receiver.kill();
  // The first of them has another owner at every server.
  stop_servers();
  for (size_t i = 0; i < raida_count; ++i) {
    const auto server = (i < 10 ? "0" : "") + std::to_string(i);
    EXPECT_EQ(change_records(database_of(data("servers"), server),
                             "UPDATE record SET an = randomblob(16) WHERE denomination = 1 AND "
                             "serial = (SELECT MIN(serial) FROM record WHERE denomination = 1 AND "
                             "mfs != 0)"),
              1);
  }
  start_servers();
  end_lease(user_wallet("sender"));
  auto result = run_to_end("sender", {"resume", "--wait", "1s"});
  EXPECT_EQ(result.value("code", 0), 9) << result;
  EXPECT_EQ(result.value("name", ""), "partly_sent");
  EXPECT_EQ(result.value("returned", ""), "20");
  EXPECT_EQ(to_string(ask_servers("sender").counted), "20");
  EXPECT_EQ(to_string(list("sender").spendable), "20");
  EXPECT_EQ(to_string(list("sender").in_transit), "0");
}

TEST_F(transfer, finds_change_whose_reply_was_lost) {
  start_network("1000", "1000:1");
  // The first Break's answer never comes back from any server; the Break has happened.
  std::vector<bool> lost(raida_count);
  server_proxy servers{server_port_, raida_count,
                       [&](size_t server, uint8_t group, uint8_t command) {
                         if (group != 9 || command != 92 || lost[server])
                           return false;
                         lost[server] = true;
                         return true;
                       }};
  server_addresses_ = servers.addresses();
  run_both("439");
  EXPECT_EQ(servers.lost(), raida_count);
  expect_moved("439");
}

TEST_F(transfer, works_with_seven_servers_down) {
  start_network();
  stop_servers();
  start_servers("0-17");
  run_both("3439");
  // The seven come back with what they knew before: 18 of 25 agree, and that is what counts.
  auto receiver = ask_servers("receiver");
  EXPECT_EQ(to_string(receiver.counted), "3439");
  EXPECT_EQ(receiver.fewest_passes, 18u);
  EXPECT_EQ(to_string(ask_servers("sender").counted), "1871");
}

TEST_F(transfer, without_servers_notes_wait_and_nothing_counts_as_sent) {
  start_network("30", "10:3");
  auto file = (folder_.path() / "more.bin").string();
  ASSERT_EQ(run_to_end("servers", {"raida", "mint", "7", "--denominations", "1:7", "--out", file})
                .value("code", -1),
            0);
  stop_servers();
  auto checked = run_to_end("sender", {"wallet", "check"});
  EXPECT_EQ(checked.value("code", 0), 11) << checked;
  EXPECT_NE(checked.value("what", "").find("3 of 3 notes of 30 wait for more servers"),
            std::string::npos)
      << checked;
  auto imported = run_to_end("sender", {"wallet", "import", file});
  EXPECT_EQ(imported.value("code", 0), 11) << imported;
  EXPECT_NE(imported.value("what", "").find("7 of 7 notes of 7 wait for more servers"),
            std::string::npos)
      << imported;
  start_servers();
  auto listed = run_to_end("sender", {"wallet", "list"});
  EXPECT_EQ(listed.value("spendable", ""), "37") << listed;
}

TEST_F(transfer, counterfeits_in_an_import_are_counted_by_themselves) {
  start_network("30", "10:3");
  auto file = (folder_.path() / "out.bin").string();
  auto taken = run_to_end("sender", {"wallet", "export", "20", "--out", file});
  ASSERT_EQ(taken.value("code", -1), 0) << taken;
  for (auto meaningless : {"clean", "passes", "pending", "counterfeit"})
    EXPECT_FALSE(taken.contains(meaningless)) << taken;
  // The first import makes them another's; the file then holds worthless copies.
  ASSERT_EQ(run_to_end("receiver", {"wallet", "import", file}).value("code", -1), 0);
  auto again = run_to_end("sender", {"wallet", "import", file});
  EXPECT_EQ(again.value("code", 0), 9) << again;
  EXPECT_EQ(again.value("what", ""), "The servers say that 2 of 2 notes of 20 are counterfeit.");
  EXPECT_EQ(again.value("what_to_do", "").find("receipt"), std::string::npos) << again;
  EXPECT_EQ(again.value("amount", ""), "0");
}

TEST_F(transfer, is_refused_with_thirteen_servers_down) {
  start_network();
  stop_servers();
  start_servers("0-11");
  auto sender = start_sender("3439", {"--wait", "20s", "--timeout", "10s"});
  auto receiver = start_receiver({"--wait", "20s", "--timeout", "10s"});
  auto sent = sender.result();
  auto got = receiver.result();
  EXPECT_NE(sent.value("code", 0), 0) << sent;
  EXPECT_NE(got.value("code", 0), 0) << got;
  EXPECT_TRUE(sent.value("code", 0) == 11 || got.value("code", 0) == 11) << sent << got;
  stop_servers();
  start_servers();
  EXPECT_EQ(run_to_end("sender", {"resume"}).value("code", -1), 0);
  expect_moved("0");
}

TEST_F(transfer, leaves_only_private_files) {
  start_network("30", "10:3");
  auto sender = start_sender("20");
  auto others = std::filesystem::status(invitation()).permissions() &
                (std::filesystem::perms::group_all | std::filesystem::perms::others_all);
  EXPECT_EQ(others, std::filesystem::perms::none);
  EXPECT_EQ(start_receiver().result().value("name", ""), "done");
  EXPECT_EQ(sender.result().value("name", ""), "done");
  for (auto side : {"sender", "receiver"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator{data(side)}) {
      auto of_this = entry.status().permissions() &
                     (std::filesystem::perms::group_all | std::filesystem::perms::others_all);
      EXPECT_EQ(of_this, std::filesystem::perms::none) << entry.path();
    }
}

TEST_F(transfer, removes_its_invitation_however_it_ends) {
  start_network("30", "10:3");
  run_both("10");
  EXPECT_FALSE(std::filesystem::exists(invitation())) << "used up";
  auto given_up =
      run_to_end("sender", {"send", "10", "--invitation", invitation().string(), "--wait", "1s"});
  EXPECT_EQ(given_up.value("code", 0), 4) << given_up;
  EXPECT_FALSE(std::filesystem::exists(invitation())) << "no receiver waits there";
  auto stopped = start_sender("10");
  ASSERT_TRUE(stopped.wait_for("joined"));
  stopped.program().signal(SIGHUP);
  EXPECT_EQ(stopped.result().value("code", 0), 129);
  EXPECT_FALSE(std::filesystem::exists(invitation()));
  run_both("10");
  expect_moved("20");
}

TEST_F(transfer, replaces_a_useless_invitation_and_nothing_else) {
  start_network("30", "10:3");
  auto now = static_cast<uint64_t>(std::time(nullptr));
  auto put = [&](std::string_view text) { std::ofstream{invitation(), std::ios::trunc} << text; };
  auto put_invitation = [&](uint64_t expires) {
    auto text = to_file_text(make_invitation("127.0.0.1", 9, expires, coins("10")));
    put(view(text).text());
  };
  auto refused = [&] {
    auto x = run_to_end("sender", {"send", "10", "--invitation", invitation().string()});
    EXPECT_EQ(x.value("error", ""), "file_exists") << x;
    EXPECT_NE(x.value("what_to_do", "").find("--invitation FILE"), std::string::npos) << x;
    return x.value("what", "");
  };
  put("my diary");
  EXPECT_NE(refused().find("it is no invitation"), std::string::npos);
  put_invitation(now + 600);
  EXPECT_NE(refused().find("can still be used"), std::string::npos);
  put_invitation(now - 1);
  run_both("10");
  expect_moved("10");
}

} // namespace
} // namespace liveconnect::test
