#include <algorithm>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "relay/settings.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::relay {
namespace {

using namespace std::chrono_literals;

TEST(relay_settings, has_the_defaults_of_the_document) {
  // docs/design/safety.md 6.5 and docs/protocol.md 3.
  const relay_settings x;
  EXPECT_EQ(x.listen, std::vector<std::string>{"[::]:9100"});
  EXPECT_EQ(x.limits.frame_bytes_max, 65536u);
  EXPECT_EQ(x.limits.join_bytes_max, 128u);
  EXPECT_EQ(x.limits.join_deadline, 10s);
  EXPECT_EQ(x.limits.frame_deadline, 30s);
  EXPECT_EQ(x.limits.heartbeat_timeout, 90s);
  EXPECT_EQ(x.limits.write_queue_bytes_max, 262144u);
  EXPECT_EQ(x.limits.stall_deadline, 30s);
  EXPECT_EQ(x.limits.room_wait, 30min);
  EXPECT_EQ(x.limits.connections_max, 20000u);
  EXPECT_EQ(x.limits.connections_per_address_max, 16u);
  EXPECT_EQ(x.limits.rooms_max, 10000u);
  EXPECT_EQ(x.limits.new_connections_per_address_per_minute, 30u);
  EXPECT_EQ(x.limits.new_connections_per_address_burst, 20u);
  EXPECT_EQ(x.limits.wrong_guesses_per_address_per_minute, 10u);
  EXPECT_EQ(x.limits.wrong_guesses_out, 10min);
  EXPECT_EQ(x.limits.queued_bytes_max, 536870912u);
  EXPECT_EQ(x.limits.room_bytes_max, 67108864u);
  EXPECT_EQ(x.limits.room_bytes_per_second_max, 2097152u);
  EXPECT_EQ(x.limits.room_life, 24h);
}

TEST(relay_settings, every_setting_has_a_flag_and_a_variable) {
  const auto& names = relay_setting_names();
  ASSERT_EQ(names.names().size(), all_settings().size());
  for (const auto& x : names.names()) {
    EXPECT_EQ(names.flag_of(x).rfind("--", 0), 0u);
    EXPECT_EQ(names.flag_of(x).find('_'), std::string::npos);
    EXPECT_EQ(names.variable_of(x).rfind("LIVECONNECT_RELAY_", 0), 0u);
  }
}

TEST(relay_settings, every_setting_refuses_nonsense) {
  std::set<std::string> names;
  for (const auto& x : all_settings()) {
    EXPECT_TRUE(names.insert(x.name).second) << x.name;
    relay_settings into;
    const auto err = x.set(into, {"nonsense"});
    EXPECT_EQ(code_of(err), ec::bad_config) << x.name;
    EXPECT_NE(detail_of(err).find("'nonsense'"), std::string::npos) << x.name;
    EXPECT_TRUE(x.set(into, {})) << x.name;
  }
}

TEST(relay_settings, the_write_queue_must_hold_what_is_written_at_once) {
  relay_settings x;
  EXPECT_FALSE(check_together(x));
  x.limits.frame_bytes_max = 128 * 1024;
  EXPECT_FALSE(check_together(x));
  ++x.limits.frame_bytes_max;
  EXPECT_EQ(code_of(check_together(x)), ec::bad_config);
  x.limits.write_queue_bytes_max = 512 * 1024;
  EXPECT_FALSE(check_together(x));
  x.limits.write_queue_bytes_max = 0;
  EXPECT_EQ(code_of(check_together(x)), ec::bad_config);
}

TEST(relay_settings, a_frame_bound_is_from_four_kib_to_a_mib) {
  relay_settings x;
  const auto& list = all_settings();
  const auto at = std::find_if(list.begin(), list.end(), [](const auto& y) {
    return y.name == std::string("frame_bytes_max");
  });
  ASSERT_NE(at, list.end());
  EXPECT_FALSE(at->set(x, {"4KiB"}));
  EXPECT_EQ(x.limits.frame_bytes_max, 4096u);
  EXPECT_FALSE(at->set(x, {"1MiB"}));
  for (const auto* text : {"4095", "1048577", "0"})
    EXPECT_TRUE(at->set(x, {text})) << text;
}

TEST(relay_settings, reads_the_environment) {
  relay_settings x;
  const auto layer = relay_setting_names().read_environment([](const char* name) -> const char* {
    if (std::string(name) == "LIVECONNECT_RELAY_LISTEN")
      return "127.0.0.1:1,[::1]:2";
    if (std::string(name) == "LIVECONNECT_RELAY_ROOMS_MAX")
      return "7";
    return nullptr;
  });
  EXPECT_FALSE(apply_layer(x, layer));
  EXPECT_EQ(x.listen, (std::vector<std::string>{"127.0.0.1:1", "[::1]:2"}));
  EXPECT_FALSE(x.listen_is_default);
  EXPECT_EQ(x.limits.rooms_max, 7u);
}

TEST(relay_settings, a_wrong_value_is_refused_with_its_origin) {
  relay_settings x;
  const auto err = apply_layer(x, {{"rooms_max", {{"many"}, "LIVECONNECT_RELAY_ROOMS_MAX"}}});
  EXPECT_EQ(code_of(err), ec::bad_config);
  EXPECT_EQ(detail_of(err).rfind("LIVECONNECT_RELAY_ROOMS_MAX: ", 0), 0u) << detail_of(err);
}

TEST(relay_settings, an_unknown_variable_is_named_with_the_nearest) {
  const auto& names = relay_setting_names();
  std::vector<std::string> known{"LIVECONNECT_RELAY_CONFIG"};
  for (const auto& x : names.names())
    known.push_back(names.variable_of(x));
  EXPECT_FALSE(names.check_variables(known));
  EXPECT_FALSE(names.check_variables({}));
  const auto slip = names.check_variables({known[1], "LIVECONNECT_RELAY_ROOMWAIT"});
  EXPECT_EQ(code_of(slip), ec::bad_config);
  EXPECT_EQ(detail_of(slip), "there is no variable 'LIVECONNECT_RELAY_ROOMWAIT' (did you mean "
                             "'LIVECONNECT_RELAY_ROOM_WAIT')");
  EXPECT_EQ(detail_of(names.check_variables({"LIVECONNECT_RELAY_ZZZZ\n"})),
            "there is no variable 'LIVECONNECT_RELAY_ZZZZ\\x0a'");
}

TEST(relay_settings, a_control_character_in_a_file_reaches_no_terminal) {
  test::temporary_folder folder;
  const auto file = folder.path() / "relay.toml";
  std::ofstream(file) << "\"a\\u001b[31m\" = 1\n";
  const auto layer = relay_setting_names().read_file(file);
  ASSERT_FALSE(layer);
  EXPECT_EQ(code_of(layer.error()), ec::bad_config);
  EXPECT_EQ(detail_of(layer.error()).find('\x1b'), std::string::npos);
}

} // namespace
} // namespace liveconnect::relay
