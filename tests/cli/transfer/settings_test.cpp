#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "cli/transfer/settings.hpp"
#include "messages/base/error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::cli {
namespace {

using namespace std::chrono_literals;

class settings_test : public ::testing::Test {
protected:
  test::temporary_folder folder;
  std::map<std::string, std::string> environment{{"HOME", folder.path().string()}};

  std::filesystem::path write(const std::string& name, const std::string& text) {
    auto file = folder.path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file} << text;
    return file;
  }

  caf::expected<settings> load(const settings_layer& flags = {},
                               const std::optional<std::filesystem::path>& named = {}) {
    return load_settings(flags, named, [this](const char* name) -> const char* {
      auto i = environment.find(name);
      return i == environment.end() ? nullptr : i->second.c_str();
    });
  }

  std::string problem(const settings_layer& flags = {},
                      const std::optional<std::filesystem::path>& named = {}) {
    auto x = load(flags, named);
    return x ? "" : to_string(code_of(x.error())) + ": " + detail_of(x.error());
  }
};

TEST_F(settings_test, built_in_values_hold_where_no_source_says_anything) {
  auto x = load();
  ASSERT_TRUE(x);
  EXPECT_EQ(x->data, folder.path() / ".local/share/liveconnect");
  EXPECT_EQ(x->wallet, "Default");
  EXPECT_EQ(to_string(x->relay), "127.0.0.1:9100");
  ASSERT_EQ(x->raida.size(), 25u);
  EXPECT_EQ(to_string(x->raida[0]), "127.0.0.1:50000");
  EXPECT_EQ(to_string(x->raida[24]), "127.0.0.1:50024");
  EXPECT_EQ(x->wait, 15min);
  EXPECT_EQ(x->timeout, 2min);
  EXPECT_FALSE(x->as_json);
  EXPECT_TRUE(x->colour);
  EXPECT_TRUE(x->input);
  EXPECT_EQ(x->notation, notation_choice::tag);
}

TEST_F(settings_test, xdg_data_home_moves_the_data_folder) {
  environment["XDG_DATA_HOME"] = "/elsewhere";
  EXPECT_EQ(load()->data, "/elsewhere/liveconnect");
}

TEST_F(settings_test, a_flag_wins_over_environment_over_named_file_over_user_file) {
  write(".config/liveconnect/config.toml", "wait = '1m'\nwallet = 'user'\nrelay = 'a:1'\n"
                                           "timeout = '9s'\n");
  auto named = write("named.toml", "wait = '2m'\nwallet = 'named'\nrelay = 'b:2'\n");
  environment["LIVECONNECT_WALLET"] = "environment";
  environment["LIVECONNECT_WAIT"] = "3m";
  auto x = load({{"wait", {{"4m"}, "--wait"}}}, named);
  ASSERT_TRUE(x) << problem({}, named);
  EXPECT_EQ(x->wait, 4min);
  EXPECT_EQ(x->wallet, "environment");
  EXPECT_EQ(to_string(x->relay), "b:2");
  EXPECT_EQ(x->timeout, 9s);
}

TEST_F(settings_test, a_variable_that_is_no_setting_is_named_with_the_nearest) {
  const auto& names = liveconnect_settings().names;
  EXPECT_FALSE(
      check_variables(names, {"LIVECONNECT_DATA", "LIVECONNECT_RELAY", "LIVECONNECT_NOTATION",
                              "LIVECONNECT_RELAY_ROOM_WAIT", "LIVECONNECT_SCREENSHOTS"}));
  const auto slip = check_variables(names, {"LIVECONNECT_DATA", "LIVECONNECT_WALET"});
  EXPECT_EQ(code_of(slip), ec::bad_config);
  EXPECT_EQ(detail_of(slip),
            "unknown variable 'LIVECONNECT_WALET' (did you mean 'LIVECONNECT_WALLET'?)");
  EXPECT_EQ(detail_of(check_variables(names, {"LIVECONNECT_QQQQQQ"})),
            "unknown variable 'LIVECONNECT_QQQQQQ'");
}

TEST_F(settings_test, a_right_flag_helps_against_a_wrong_value_in_a_file) {
  write(".config/liveconnect/config.toml", "wait = 'soon'\n");
  EXPECT_NE(problem(), "");
  EXPECT_EQ(problem({{"wait", {{"4m"}, "--wait"}}}), "");
}

TEST_F(settings_test, an_empty_variable_says_nothing) {
  environment["LIVECONNECT_WAIT"] = "";
  EXPECT_EQ(load()->wait, 15min);
}

TEST_F(settings_test, toml_knows_every_setting) {
  auto file = write("all.toml", R"(
data = "/d"
wallet = "W"
relay = "[::1]:9100"
raida = ["h:1","h:2","h:3","h:4","h:5","h:6","h:7","h:8","h:9","h:10","h:11","h:12","h:13",
         "h:14","h:15","h:16","h:17","h:18","h:19","h:20","h:21","h:22","h:23","h:24","h:99"]
json = true
quiet = true
verbose = 2
color = false
yes = true
input = false
wait = "1h30m"
timeout = "250ms"
transcript = "/t"
qr = false
notation = "json"
)");
  auto x = load({}, file);
  ASSERT_TRUE(x) << problem({}, file);
  EXPECT_EQ(x->data, "/d");
  EXPECT_EQ(to_string(x->relay), "[::1]:9100");
  EXPECT_EQ(x->raida[24].port, 99);
  EXPECT_TRUE(x->as_json && x->quiet && x->yes);
  EXPECT_FALSE(x->colour || x->input || x->qr);
  EXPECT_EQ(x->verbose, 2);
  EXPECT_EQ(x->wait, 90min);
  EXPECT_EQ(x->timeout, 250ms);
  EXPECT_EQ(x->transcript, "/t");
  EXPECT_EQ(x->notation, notation_choice::json);
}

struct bad_file {
  const char* text;
  const char* says;
};

class bad_settings_file : public settings_test, public ::testing::WithParamInterface<bad_file> {};

TEST_P(bad_settings_file, is_refused_naming_file_and_line) {
  auto file = write("bad.toml", GetParam().text);
  auto text = problem({}, file);
  EXPECT_NE(text.find("bad_config"), std::string::npos) << text;
  EXPECT_NE(text.find("bad.toml:"), std::string::npos) << text;
  EXPECT_NE(text.find(GetParam().says), std::string::npos) << text;
}

INSTANTIATE_TEST_SUITE_P(
    table, bad_settings_file,
    ::testing::Values(bad_file{"wait = '1m'\n\nwiat = '2m'\n",
                               ":3: unknown setting 'wiat' (did you mean 'wait'?)"},
                      bad_file{"key = 'secret'\n", ":1: unknown setting 'key'"},
                      bad_file{"[relay]\nhost = 'a'\n",
                               ":1: relay cannot have a value of this kind"},
                      bad_file{"relay = 9100.5\n", "of this kind"},
                      bad_file{"relay = 'nowhere'\n", ":1: 'nowhere' is not HOST:PORT"},
                      bad_file{"relay = 'a:0'\n", "'a:0' is not HOST:PORT"},
                      bad_file{"relay = 'a:65536'\n", "is not HOST:PORT"},
                      bad_file{"relay = '::1:9100'\n", "is not HOST:PORT"},
                      bad_file{"raida = ['a:1', 'b:2']\n", "2 servers are given"},
                      bad_file{"raida = 'a:65530'\n", "leaves no room"},
                      bad_file{"raida = [1, 2]\n", "of this kind"},
                      bad_file{"wait = '0s'\n", "is not a duration"},
                      bad_file{"wait = '15'\n", "is not a duration"},
                      bad_file{"wait = '-5s'\n", "is not a duration"},
                      bad_file{"wait = '99999999999s'\n", "is not a duration"},
                      bad_file{"wait = '31d'\n", "is not a duration from 1ms to 30d"},
                      bad_file{"json = 'perhaps'\n", "is not true or false"},
                      bad_file{"wallet = '../x'\n", "cannot name a wallet"},
                      bad_file{"wallet = ''\n", "cannot name a wallet"},
                      bad_file{"notation = 'xml'\n", "is not tag or json"},
                      bad_file{"verbose = 7\n", "is not a whole number from 0 to 2"},
                      bad_file{"wait = '1m'\nwait = '2m'\n", ":2:"}, bad_file{"wait = \n", ":1:"}));

TEST_F(settings_test, a_wrong_flag_or_variable_is_named) {
  EXPECT_NE(problem({{"relay", {{"x"}, "--relay"}}}).find("bad_argument: --relay: 'x'"),
            std::string::npos);
  environment["LIVECONNECT_TIMEOUT"] = "soon";
  EXPECT_NE(problem().find("bad_config: LIVECONNECT_TIMEOUT: 'soon'"), std::string::npos);
}

TEST_F(settings_test, a_named_file_must_exist_the_usual_ones_need_not) {
  EXPECT_NE(problem({}, folder.path() / "none.toml").find("none.toml"), std::string::npos);
  EXPECT_EQ(problem(), "");
}

TEST_F(settings_test, a_giant_file_is_refused_before_it_is_read) {
  auto file = write("giant.toml", std::string(70'000, '#'));
  EXPECT_NE(problem({}, file).find("larger than 64 KiB"), std::string::npos);
}

TEST_F(settings_test, without_a_home_the_data_folder_must_be_named) {
  environment.clear();
  EXPECT_NE(problem().find("no data folder"), std::string::npos);
  EXPECT_EQ(load({{"data", {{"/d"}, "--data"}}})->data, "/d");
}

TEST_F(settings_test, no_setting_can_carry_a_key) {
  for (const auto& row : liveconnect_settings().names.rows)
    EXPECT_EQ(std::string{row.key}.find("key"), std::string::npos);
}

} // namespace
} // namespace liveconnect::cli
