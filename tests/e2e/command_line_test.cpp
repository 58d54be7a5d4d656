#include <csignal>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "messages/secure/invitation.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::test {
namespace {

using json = nlohmann::json;

/// The program alone: no server, no relay, an empty data folder.
class command_line : public ::testing::Test {
protected:
  temporary_folder folder_;

  std::string file(const std::string& name, const std::string& text) {
    auto path = folder_.path() / name;
    std::ofstream{path, std::ios::binary} << text;
    return path.string();
  }

  /// A correct invitation, valid for an hour, as text.
  static std::string good_invitation() {
    auto now = std::chrono::duration_cast<std::chrono::seconds>(
                   std::chrono::system_clock::now().time_since_epoch())
                   .count();
    auto x = make_invitation("127.0.0.1", 9, static_cast<uint64_t>(now + 3600),
                             amount::from_coins(3439));
    return std::string{view(to_file_text(x)).text()};
  }

  static std::string with_line(std::string text, const std::string& name,
                               const std::string& value) {
    auto at = text.find(name + ":");
    auto end = text.find('\n', at);
    return text.replace(at, end - at, name + ": " + value);
  }

  process start(std::vector<std::string> words) {
    words.insert(words.begin(), "liveconnect");
    process::options how;
    how.environment["HOME"] = folder_.path().string();
    how.environment["XDG_CONFIG_HOME"] = (folder_.path() / "config").string();
    how.environment["XDG_DATA_HOME"] = (folder_.path() / "data").string();
    how.folder = folder_.path().string();
    return process{words, how};
  }

  /// Runs with --json and answers the result, checking that every line is an object.
  json run(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.begin(), "--json");
    auto x = start(words);
    if (!input.empty())
      x.write(input);
    x.close_input();
    auto code = x.wait(std::chrono::milliseconds(30'000));
    EXPECT_TRUE(code) << "it does not end";
    json last = json::object();
    std::istringstream lines{x.output()};
    for (std::string line; std::getline(lines, line);) {
      last = json::parse(line, nullptr, false);
      EXPECT_TRUE(last.is_object()) << line;
    }
    EXPECT_EQ(last.value("type", ""), "result") << x.output() << x.errors();
    EXPECT_EQ(last.value("code", -1), code.value_or(-2));
    return last;
  }
};

TEST_F(command_line, a_variable_that_is_misspelt_is_exit_2_and_named) {
  process::options how;
  how.environment["HOME"] = folder_.path().string();
  how.environment["LIVECONNECT_WALET"] = "Other";
  how.folder = folder_.path().string();
  process x{{"liveconnect", "wallet", "list"}, how};
  EXPECT_EQ(x.wait(std::chrono::milliseconds(30'000)), 2);
  EXPECT_NE(x.errors().find("LIVECONNECT_WALLET"), std::string::npos) << x.errors();
}

TEST_F(command_line, bad_words_exit_with_2_and_are_named) {
  struct row {
    std::vector<std::string> words;
    const char* says;
  };
  const row rows[] = {
      {{}, "No command was given. Run 'liveconnect --help'"},
      {{"sned", "5"}, "Unknown command 'sned'. Did you mean 'send'?"},
      {{"send"}, "AMOUNT"},
      {{"send", "5", "--realy", "a:1"}, "Did you mean '--relay'?"},
      {{"send", "5", "6"}, "Unexpected argument '6' for 'send'."},
      {{"send", "05"}, "'05'"},
      {{"send", "-5"}, "-5"},
      {{"send", "0"}, "'0'"},
      {{"send", "1.000000001"}, "'1.000000001'"},
      {{"send", "1e3"}, "'1e3'"},
      {{"send", "\xd9\xa3"}, "'\\xd9\\xa3'"},
      {{"send", "5", "--room", "0"}, "--room"},
      {{"send", "5", "--room", "x"}, "--room"},
      {{"send", "5", "--relay", "nowhere"}, "--relay: 'nowhere'"},
      {{"send", "5", "--raida", "a:1,b:2"}, "2 servers"},
      {{"send", "5", "--wait", "0s"}, "--wait: '0s'"},
      {{"send", "5", "--notation", "xml"}, "--notation: 'xml'"},
      {{"send", "5", "--wallet", "../x"}, "--wallet: '../x'"},
      {{"send", "5", "--config", "/nonexistent"}, "/nonexistent"},
      {{"receive", "/nonexistent"}, "/nonexistent"},
      {{"receive", "a", "b"}, "Unexpected argument 'b' for 'receive'."},
      {{"wallet", "import"}, "FILE"},
      {{"wallet", "export"}, "AMOUNT"},
      {{"wallet", "exprot", "5"}, "'wallet' has no command 'exprot'. Did you mean 'export'?"},
      {{"wallet", "export", "0.10"}, "'0.10'"},
      {{"demo", "--amount", "nothing"}, "'nothing'"},
      {{"demo", "--amount", "9999999999"}, "at most"},
      {{"raida"}, "'raida' needs a command."},
      {{"raida", "rum"}, "'raida' has no command 'rum'. Did you mean 'run'?"},
      {{"wallet", "list", "--data", ""}, "--data was given without a value"},
      {{"wallet", "list", "--wallet", ""}, "--wallet was given without a value"},
      {{"version", "--config", ""}, "--config was given without a value"},
      {{"send", "5", "--invitation", ""}, "--invitation was given without a value"},
      {{"receive", ""}, "FILE was given without a value"},
      {{"raida", "mint", "5", "--data", ""}, "--data was given without a value"},
      {{"receive", "/nonexistent"}, "No invitation could be read: /nonexistent (No such file"},
      {{"receive", "/tmp"}, "No invitation could be read: /tmp: Is a directory"},
      {{"resume", "d57ad"}, "No open transfer begins with 'd57ad'"},
      {{"raida", "mint", "5", "--out", "nodir/m.bin"}, "There is no folder nodir"},
  };
  for (const auto& row : rows) {
    auto result = run(row.words);
    auto what = result.value("what", "") + " " + result.value("what_to_do", "");
    auto line = row.words.empty()
                    ? std::string{"(nothing)"}
                    : json(row.words).dump(-1, ' ', true, json::error_handler_t::replace);
    EXPECT_EQ(result.value("code", 0), 2) << line << result;
    EXPECT_EQ(result.value("name", ""), "usage") << line;
    EXPECT_NE(what.find(row.says), std::string::npos) << line << " says: " << what;
    // A list of the commands is no answer to a file or an id that was wrong.
    if (std::string{row.says}.find("/nonexistent") != std::string::npos ||
        std::string{row.says}.find("No open transfer") != std::string::npos) {
      EXPECT_EQ(what.find("--help"), std::string::npos) << line;
    }
    EXPECT_GT(result.value("what_to_do", "").size(), 10u) << line;
  }
  // Nothing of all that left a trace.
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "invite.txt"));
}

TEST_F(command_line, a_bad_invitation_is_exit_2_and_names_the_line) {
  auto good = good_invitation();
  struct row {
    std::string text;
    const char* says;
  };
  const row rows[] = {
      {"", ""},
      {"hello\n", ""},
      {std::string(5000, 'x'), "larger"},
      {with_line(good, "Relay", "nowhere"), "Relay"},
      {with_line(good, "Room", "0"), "Room"},
      {with_line(good, "Room", "12#4"), "Room"},
      {with_line(good, "Id", "9f0c"), "Id"},
      {with_line(good, "Amount", "007"), "Amount"},
      {with_line(good, "Expires", "soon"), "Expires"},
      {with_line(good, "Security", "none"), "Security"},
      {with_line(good, "Key", "vault orbit candle"), "line 8: the key has 3 words"},
      {good + "Room: 5\n", "Room"},
      {"liveconnect://127.0.0.1:9/5?id=00#AAAA", ""},
  };
  for (const auto& row : rows) {
    auto result = run({"receive", file("bad.txt", row.text)});
    EXPECT_EQ(result.value("code", 0), 2) << row.text << result;
    EXPECT_NE(result.value("what", "").find(row.says), std::string::npos)
        << row.text << "\nsays: " << result;
    // The same on standard input.
    auto piped = run({"receive", "-"}, row.text);
    EXPECT_EQ(piped.value("code", 0), 2) << row.text << piped;
  }
}

TEST_F(command_line, an_expired_invitation_is_exit_2_and_says_since_when) {
  auto result =
      run({"receive",
           file("old.txt", with_line(good_invitation(), "Expires", "2020-01-02T03:04:05Z"))});
  EXPECT_EQ(result.value("code", 0), 2);
  EXPECT_EQ(result.value("error", ""), "invitation_expired");
  EXPECT_NE(result.value("what", "").find("2020-01-02"), std::string::npos) << result;
}

TEST_F(command_line, a_key_in_an_argument_is_neither_used_nor_shown) {
  auto secret = std::string{"liveconnect://127.0.0.1:9/5?id=00#SECRETSECRET"};
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"receive", secret}, {"receive", "x", secret}, {"send", "5", secret}}) {
    auto result = run(words);
    EXPECT_EQ(result.value("code", 0), 2) << result;
    EXPECT_EQ(result.dump().find("SECRET"), std::string::npos) << result;
    EXPECT_NE(result.value("what", "").find("standard input"), std::string::npos) << result;
  }
}

TEST_F(command_line, a_wrong_configuration_file_is_named_with_its_line) {
  auto result = run({"version", "--config", file("my.toml", "wait = '5s'\nrely = 'a:1'\n")});
  EXPECT_EQ(result.value("code", 0), 2);
  EXPECT_NE(result.value("what", "").find("my.toml:2: unknown setting 'rely'"), std::string::npos)
      << result;
}

TEST_F(command_line, no_relay_is_exit_3_within_seconds) {
  auto result = run({"receive", file("good.txt", good_invitation()), "--timeout", "5s"});
  EXPECT_EQ(result.value("code", 0), 3) << result;
  EXPECT_EQ(result.value("name", ""), "relay_unreachable");
}

TEST_F(command_line, bad_coin_files_are_exit_2_and_stay) {
  auto bad = file("bad.bin", std::string(439, '\7'));
  auto result = run({"wallet", "import", bad});
  EXPECT_EQ(result.value("code", 0), 2) << result;
  EXPECT_TRUE(std::filesystem::exists(bad));
  EXPECT_EQ(run({"wallet", "import", folder_.path() / "none.bin"}).value("code", 0), 2);
}

TEST_F(command_line, an_empty_wallet_sends_and_exports_nothing) {
  EXPECT_EQ(run({"send", "5"}).value("code", 0), 6);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "invite.txt"));
  EXPECT_EQ(run({"wallet", "export", "5"}).value("code", 0), 6);
  auto listed = run({"wallet", "list"});
  EXPECT_EQ(listed.value("code", -1), 0);
  EXPECT_EQ(listed.value("spendable", ""), "0");
  auto resumed = run({"resume"});
  EXPECT_EQ(resumed.value("code", -1), 0) << resumed;
  EXPECT_EQ(run({"resume", "abcd"}).value("code", 0), 2);
}

TEST_F(command_line, help_is_exit_0_and_plain) {
  auto x = start({"--help"});
  EXPECT_EQ(x.wait().value_or(-1), 0);
  for (auto word : {"send", "receive", "resume", "wallet", "raida", "demo", "version", "--relay"})
    EXPECT_NE(x.output().find(word), std::string::npos) << word;
  EXPECT_EQ(x.output().find('\033'), std::string::npos);
}

TEST_F(command_line, an_error_in_plain_text_goes_to_standard_error_alone) {
  auto x = start({"send", "05"});
  EXPECT_EQ(x.wait().value_or(-1), 2);
  EXPECT_EQ(x.output(), "");
  EXPECT_NE(x.errors().find("Invalid amount: '05'. Write coins as"), std::string::npos)
      << x.errors();
}

TEST_F(command_line, lost_output_is_not_a_success) {
  auto program = std::string{LIVECONNECT_BIN} + "/liveconnect";
  for (auto words : {"wallet list --json", "version", "--help"})
    for (auto where : {">/dev/full", ">&-", "| true"}) {
      auto line = program + " " + words + " --data " + (folder_.path() / "d").string();
      // Of a pipe the first program's code counts; the reader has gone before it writes.
      auto script = std::string{where} == "| true"
                        ? "mkfifo p; (: <p) & exec 3>p; wait $!; " + line + " >&3"
                        : line + " " + where;
      process::options how;
      how.folder = folder_.path().string();
      process x{{"/bin/sh", "-c", script}, how};
      EXPECT_EQ(x.wait().value_or(-1), 1) << script << "\n" << x.errors();
      EXPECT_NE(x.errors().find("Not everything could be written"), std::string::npos)
          << script << "\n"
          << x.errors();
      std::filesystem::remove(folder_.path() / "p");
    }
}

TEST_F(command_line, missing_standard_streams_are_not_taken_for_files_of_ours) {
  auto program = std::string{LIVECONNECT_BIN} + "/liveconnect";
  process x{{"/bin/sh", "-c",
             program + " raida status --raida 127.0.0.1:1 --data " + folder_.path().string() +
                 " <&- 2>&-"}};
  EXPECT_EQ(x.wait().value_or(-1), 11) << x.output();
  process y{{"/bin/sh", "-c", program + " receive - <&-"}};
  EXPECT_EQ(y.wait().value_or(-1), 2) << y.errors();
  EXPECT_NE(y.errors().find("standard input: Bad file descriptor"), std::string::npos)
      << y.errors();
}

TEST_F(command_line, a_missing_wallet_is_named_and_not_made) {
  ASSERT_EQ(run({"wallet", "list"}).value("code", -1), 0) << "the first run";
  auto wallets = folder_.path() / "data" / "liveconnect" / "Wallets";
  ASSERT_TRUE(std::filesystem::exists(wallets / "Default"));
  for (const auto& words : std::vector<std::vector<std::string>>{{"wallet", "list"},
                                                                 {"wallet", "check"},
                                                                 {"wallet", "export", "5"},
                                                                 {"send", "5"},
                                                                 {"resume"}}) {
    auto all = words;
    all.insert(all.end(), {"--wallet", "Defualt"});
    auto result = run(all);
    EXPECT_EQ(result.value("code", 0), 2) << result;
    EXPECT_NE(result.value("what", "").find("There is no wallet 'Defualt'"), std::string::npos)
        << result;
    EXPECT_NE(result.value("what_to_do", "").find("'Default'"), std::string::npos) << result;
  }
  EXPECT_FALSE(std::filesystem::exists(wallets / "Defualt"));
  EXPECT_EQ(run({"wallet", "import", file("bad.bin", "x"), "--wallet", "Other"}).value("code", 0),
            2);
  EXPECT_TRUE(std::filesystem::exists(wallets / "Other"));
}

TEST_F(command_line, too_few_coins_read_alike_from_send_and_export) {
  auto sent = run({"send", "5"});
  auto exported = run({"wallet", "export", "5"});
  EXPECT_EQ(sent["what"], exported["what"]);
  EXPECT_NE(sent.value("what", "").find("0 of 5"), std::string::npos) << sent;
}

TEST_F(command_line, servers_tell_their_operator_nothing_of_transfers) {
  auto records = (folder_.path() / "servers").string();
  auto first = start({"raida", "run", "--port-base", "0", "--data", records});
  ASSERT_TRUE(first.read_until("listening on", std::chrono::milliseconds(30'000)));
  auto second = run({"raida", "run", "--port-base", "0", "--data", records});
  EXPECT_EQ(second.value("code", 0), 10) << second;
  EXPECT_EQ(second.value("what", ""), "Other servers are using the records in " + records + ".");
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait().value_or(-1), 143);
  EXPECT_NE(first.output().find("The servers were told to stop. Their records are complete"),
            std::string::npos)
      << first.output();
  EXPECT_EQ(first.output().find("resume"), std::string::npos) << first.output();
}

TEST_F(command_line, help_of_a_command_names_it_and_where_the_settings_stand) {
  auto x = start({"send", "--help"});
  EXPECT_EQ(x.wait().value_or(-1), 0);
  EXPECT_NE(x.output().find("Usage: liveconnect send [OPTIONS] AMOUNT"), std::string::npos)
      << x.output();
  EXPECT_NE(x.output().find("liveconnect --help"), std::string::npos) << x.output();
  auto mint = start({"raida", "mint", "--help"});
  EXPECT_EQ(mint.wait().value_or(-1), 0);
  EXPECT_NE(mint.output().find("liveconnect raida mint [OPTIONS] [AMOUNT]"), std::string::npos)
      << mint.output();
  auto cancel = start({"cancel", "--help"});
  EXPECT_EQ(cancel.wait().value_or(-1), 0);
  for (auto part :
       {"Usage: liveconnect cancel [OPTIONS] ID",
        "Write off a sent transfer that nobody can finish", "The transfer's id, or how it begins"})
    EXPECT_NE(cancel.output().find(part), std::string::npos) << cancel.output();
}

TEST_F(command_line, a_receiver_that_met_no_sender_has_no_transfer) {
  auto result = run({"receive", file("good.txt", good_invitation()), "--timeout", "5s"});
  EXPECT_FALSE(result.contains("transfer")) << result;
}

} // namespace
} // namespace liveconnect::test
