#include "cli/commands/finality.hpp"

#include <chrono>

#include <fmt/format.h>

#include "cli/transfer/private_file.hpp"
#include "wallet/operations/finality.hpp"

namespace liveconnect::cli {

wallet::server_memory remembered(const settings& conf) {
  const auto file = conf.data / "liveconnect" / wallet::server_memory_file_name;
  const auto text = read_private_file(file, wallet::server_memory_bytes_max);
  return text ? wallet::read_server_memory(view(*text).text()) : wallet::server_memory{};
}

wallet::wall_seconds time_now() {
  using namespace std::chrono;
  return static_cast<wallet::wall_seconds>(
      duration_cast<seconds>(system_clock::now().time_since_epoch()).count());
}

std::string final_text(uint32_t seconds) {
  return seconds == 0 ? std::string{} : fmt::format("final in {} min", (seconds + 59) / 60);
}

void tell_finality(environment& env, command_end& end) {
  const auto rest = wallet::final_in_seconds(remembered(env.conf), {}, time_now());
  end.fields["final_in_seconds"] = rest;
  if (rest > 0)
    env.out.line(fmt::format("The coins are yours, and {}: until then, whoever had them before "
                             "might get servers to take them back. 'liveconnect wallet check' "
                             "tells afterwards.",
                             final_text(rest)));
}

} // namespace liveconnect::cli
