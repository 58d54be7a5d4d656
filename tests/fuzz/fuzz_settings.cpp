// Settings files: the first byte chooses whose. What a file says is refused with its line, or is a
// setting whose value holds whatever the table promises of it.
#include "cli/transfer/settings.hpp"
#include "messages/base/error.hpp"
#include "relay/settings.hpp"
#include "tests/fuzz/target.hpp"

namespace liveconnect::fuzz {

namespace {

bool is_refusal(const caf::error& err) {
  return code_of(err) == ec::bad_config && detail_of(err).find("x.toml") == 0;
}

void check_client(std::string_view text) {
  const auto& table = cli::liveconnect_settings();
  const auto layer = cli::read_settings_text(table.names, text, "x.toml");
  if (!layer) {
    REQUIRE(is_refusal(layer.error()));
    return;
  }
  cli::settings conf;
  const auto err = cli::apply(table, {*layer}, cli::checked::all, conf);
  REQUIRE(!err || is_refusal(err));
  if (!err)
    REQUIRE(conf.raida.empty() || conf.raida.size() == raida_count);
}

void check_relay(std::string_view text) {
  const auto& table = relay::relay_settings_table();
  const auto layer = cli::read_settings_text(table.names, text, "x.toml");
  if (!layer) {
    REQUIRE(is_refusal(layer.error()));
    return;
  }
  relay::relay_settings conf;
  const auto err = cli::apply(table, {*layer}, cli::checked::all, conf);
  REQUIRE(!err || is_refusal(err));
  if (err)
    return;
  const auto apart = relay::check_together(conf);
  REQUIRE(!apart || code_of(apart) == ec::bad_config);
  REQUIRE(conf.loops <= 64 && conf.limits.frame_bytes_max > 0);
}

} // namespace

FUZZ_TARGET(settings) {
  const auto text = data.sub(1).text();
  if (!data.empty() && data[0] % 2 == 0)
    check_client(text);
  else
    check_relay(text);
}

} // namespace liveconnect::fuzz
