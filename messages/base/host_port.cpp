#include "messages/base/host_port.hpp"

#include <charconv>

namespace liveconnect {

std::optional<host_port> split_host_port(std::string_view text, uint16_t port_min) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return std::nullopt;
  auto host = text.substr(0, colon);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']')
      return std::nullopt;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const char* const first = text.data() + colon + 1;
  const char* const last = text.data() + text.size();
  uint16_t port = 0;
  const auto [end, err] = std::from_chars(first, last, port);
  if (err != std::errc{} || end != last || first == last || port < port_min)
    return std::nullopt;
  return host_port{std::string{host}, port};
}

std::string to_string(const host_port& x) {
  const bool v6 = x.host.find(':') != std::string::npos;
  return (v6 ? "[" + x.host + "]" : x.host) + ":" + std::to_string(x.port);
}

} // namespace liveconnect
