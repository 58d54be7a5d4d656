#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>
#include <unistd.h>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "relay/settings.hpp"

namespace liveconnect::relay {
namespace {

using namespace std::chrono_literals;

TEST(relay_settings, reads_durations_with_their_unit) {
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("24h"), 24h);
  for (const auto* x :
       {"", "90", "s", "-1s", "0s", "1.5s", "90 s", "90S", "25h", "99999999999s", "1s1s", "1d"})
    EXPECT_FALSE(parse_duration(x)) << x;
}

TEST(relay_settings, reads_sizes_with_their_unit) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("65536"), 65536u);
  EXPECT_EQ(parse_size("12B"), 12u);
  EXPECT_EQ(parse_size("512KiB"), 524288u);
  EXPECT_EQ(parse_size("64MiB"), 67108864u);
  EXPECT_EQ(parse_size("1024GiB"), size_t{1} << 40);
  for (const auto* x : {"", "MiB", "-1", "1.5MiB", "1 MiB", "1mb", "1025GiB", "1099511627777",
                        "99999999999999999999"})
    EXPECT_FALSE(parse_size(x)) << x;
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
  std::set<std::string> names;
  for (const auto& x : all_settings()) {
    EXPECT_TRUE(names.insert(x.name).second) << x.name;
    EXPECT_EQ(flag_of(x).rfind("--", 0), 0u);
    EXPECT_EQ(flag_of(x).find('_'), std::string::npos);
    EXPECT_EQ(variable_of(x).rfind("LIVECONNECT_RELAY_", 0), 0u);
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
  const auto get = [](const std::string& name) -> std::optional<std::string> {
    if (name == "LIVECONNECT_RELAY_LISTEN")
      return "127.0.0.1:1,[::1]:2";
    if (name == "LIVECONNECT_RELAY_ROOMS_MAX")
      return "7";
    return std::nullopt;
  };
  EXPECT_FALSE(read_environment(x, get));
  EXPECT_EQ(x.listen, (std::vector<std::string>{"127.0.0.1:1", "[::1]:2"}));
  EXPECT_FALSE(x.listen_is_default);
  EXPECT_EQ(x.limits.rooms_max, 7u);
  const auto wrong =
      read_environment(x, [](const auto&) { return std::optional<std::string>{""}; });
  EXPECT_EQ(detail_of(wrong).rfind("LIVECONNECT_RELAY_LISTEN: ", 0), 0u) << detail_of(wrong);
}

TEST(relay_settings, a_variable_that_is_none_of_the_relays_is_named_with_the_nearest) {
  std::vector<std::string> known{"LIVECONNECT_RELAY_CONFIG"};
  for (const auto& x : all_settings())
    known.push_back(variable_of(x));
  EXPECT_FALSE(check_variables(known));
  EXPECT_FALSE(check_variables({}));
  const auto slip = check_variables({known[1], "LIVECONNECT_RELAY_ROOMWAIT"});
  EXPECT_EQ(code_of(slip), ec::bad_config);
  EXPECT_EQ(detail_of(slip), "there is no variable 'LIVECONNECT_RELAY_ROOMWAIT' (did you mean "
                             "'LIVECONNECT_RELAY_ROOM_WAIT')");
  EXPECT_EQ(detail_of(check_variables({"LIVECONNECT_RELAY_ZZZZ\n"})),
            "there is no variable 'LIVECONNECT_RELAY_ZZZZ?'");
}

TEST(relay_settings, a_control_character_in_a_file_reaches_no_terminal) {
  char name[] = "/tmp/relay-settings-XXXXXX";
  const int fd = mkstemp(name);
  ASSERT_GE(fd, 0);
  ::close(fd);
  std::ofstream(name) << "\"a\\u001b[31m\" = 1\n";
  relay_settings x;
  const auto err = read_file(x, name);
  std::remove(name);
  EXPECT_EQ(code_of(err), ec::bad_config);
  EXPECT_EQ(detail_of(err).find('\x1b'), std::string::npos);
}

} // namespace
} // namespace liveconnect::relay
