#include <set>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "relay/settings.hpp"

namespace liveconnect::relay {
namespace {

using namespace std::chrono_literals;

/// Reads one setting over the built-in ones.
caf::error set(relay_settings& to, const std::string& key, std::vector<std::string> texts) {
  return cli::apply(relay_settings_table(),
                    {cli::settings_layer{{key, {std::move(texts), "relay.toml:1"}}}},
                    cli::checked::all, to);
}

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

TEST(relay_settings, every_setting_has_a_flag_a_variable_and_says_no_to_nonsense) {
  std::set<std::string> keys;
  const auto& names = relay_settings_table().names;
  for (const auto& x : names.rows) {
    EXPECT_TRUE(keys.insert(x.key).second) << x.key;
    EXPECT_EQ(cli::flag_of(x).rfind("--", 0), 0u);
    EXPECT_EQ(cli::flag_of(x).find('_'), std::string::npos);
    EXPECT_EQ(cli::variable_of(names, x).rfind("LIVECONNECT_RELAY_", 0), 0u);
    relay_settings into;
    for (const auto* text : {"nonsense", ""}) {
      const auto err = set(into, x.key, {text});
      EXPECT_EQ(code_of(err), ec::bad_config) << x.key;
      EXPECT_NE(detail_of(err).find("'" + std::string(text) + "'"), std::string::npos) << x.key;
    }
    EXPECT_TRUE(set(into, x.key, {})) << x.key;
  }
}

TEST(relay_settings, speaks_of_durations_as_the_other_programs_do) {
  relay_settings x;
  for (const auto* text : {"90s", "500ms", "1m30s", "24h", "1d"})
    EXPECT_FALSE(set(x, "room_wait", {text})) << text;
  for (const auto* text : {"90", "0s", "25h", "2d"})
    EXPECT_TRUE(set(x, "room_wait", {text})) << text;
  EXPECT_FALSE(set(x, "drain_timeout", {"0s"}));
  EXPECT_EQ(x.drain_timeout, 0s);
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
  EXPECT_FALSE(set(x, "frame_bytes_max", {"4KiB"}));
  EXPECT_EQ(x.limits.frame_bytes_max, 4096u);
  EXPECT_FALSE(set(x, "frame_bytes_max", {"1MiB"}));
  for (const auto* text : {"4095", "1048577", "0"})
    EXPECT_TRUE(set(x, "frame_bytes_max", {text})) << text;
}

TEST(relay_settings, reads_the_environment) {
  const auto x = load_settings({}, "", {}, [](const char* name) -> const char* {
    const std::string which = name;
    return which == "LIVECONNECT_RELAY_LISTEN"      ? "127.0.0.1:1,[::1]:2"
           : which == "LIVECONNECT_RELAY_ROOMS_MAX" ? "7"
                                                    : nullptr;
  });
  ASSERT_TRUE(x);
  EXPECT_EQ(x->listen, (std::vector<std::string>{"127.0.0.1:1", "[::1]:2"}));
  EXPECT_FALSE(x->listen_is_default);
  EXPECT_EQ(x->limits.rooms_max, 7u);
  // An empty variable is a mistake: the relay must not listen where the operator does not expect
  // it.
  const auto wrong = load_settings({}, "", {}, [](const char*) { return ""; });
  ASSERT_FALSE(wrong);
  EXPECT_EQ(detail_of(wrong.error()).rfind("LIVECONNECT_RELAY_LISTEN: ", 0), 0u)
      << detail_of(wrong.error());
}

TEST(relay_settings, a_mistake_under_a_right_flag_is_found_all_the_same) {
  const cli::settings_layer flags{{"room_wait", {{"1m"}, "--room-wait"}}};
  const auto x = load_settings({}, "", flags, [](const char* name) -> const char* {
    return name == std::string{"LIVECONNECT_RELAY_ROOM_WAIT"} ? "soon" : nullptr;
  });
  ASSERT_FALSE(x);
  EXPECT_EQ(detail_of(x.error()).rfind("LIVECONNECT_RELAY_ROOM_WAIT: 'soon'", 0), 0u);
}

TEST(relay_settings, a_variable_that_is_none_of_the_relays_is_named_with_the_nearest) {
  const auto& names = relay_settings_table().names;
  std::vector<std::string> known{"LIVECONNECT_RELAY_CONFIG"};
  for (const auto& x : names.rows)
    known.push_back(cli::variable_of(names, x));
  EXPECT_FALSE(cli::check_variables(names, known));
  const auto slip = cli::check_variables(names, {known[1], "LIVECONNECT_RELAY_ROOMWAIT"});
  EXPECT_EQ(code_of(slip), ec::bad_config);
  EXPECT_EQ(detail_of(slip), "unknown variable 'LIVECONNECT_RELAY_ROOMWAIT' (did you mean "
                             "'LIVECONNECT_RELAY_ROOM_WAIT'?)");
}

} // namespace
} // namespace liveconnect::relay
