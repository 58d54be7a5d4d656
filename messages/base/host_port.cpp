#include "messages/base/host_port.hpp"

#include <algorithm>
#include <charconv>

namespace liveconnect {

namespace {

constexpr size_t host_bytes_max = 253;

bool is_host_letter(char x) {
  return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || (x >= '0' && x <= '9') ||
         std::string_view{"-._%:"}.find(x) != std::string_view::npos;
}

bool is_host(std::string_view x) {
  return !x.empty() && x.size() <= host_bytes_max &&
         std::all_of(x.begin(), x.end(), is_host_letter);
}

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t out = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, out);
  if (error != std::errc{} || end != last || (text.front() == '0' && text.size() > 1))
    return std::nullopt;
  return out;
}

} // namespace

std::optional<host_port> parse_host_port(std::string_view text, uint16_t port_least) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed)
    host = host.substr(1, host.size() - 2);
  const bool is_v6 = host.find(':') != std::string_view::npos;
  if (!port || *port < port_least || !is_host(host) || is_v6 != bracketed)
    return std::nullopt;
  return host_port{std::string{host}, *port};
}

std::string to_string(const host_port& x) {
  const auto port = ":" + std::to_string(x.port);
  return x.host.find(':') == std::string::npos ? x.host + port : "[" + x.host + "]" + port;
}

} // namespace liveconnect
