#include "actors/io/resolve.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>

#include "messages/base/error.hpp"

namespace liveconnect::io {

namespace {

constexpr size_t addresses_max = 16;

/// A host name in an error must not carry what a terminal would act on.
std::string printable(const std::string& host) {
  std::string out = host.substr(0, 255);
  for (auto& c : out)
    if (c < 0x21 || c > 0x7e)
      c = '?';
  return out;
}

} // namespace

caf::expected<std::vector<endpoint>> resolve(const std::string& host, uint16_t port) {
  endpoint numeric;
  if (endpoint::parse(host, port, numeric))
    return std::vector<endpoint>{numeric};
  if (host.empty() || host.size() > 255 || host.find('\0') != std::string::npos)
    return fail(ec::network_failed, "no host name: '" + printable(host) + "'");
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int result = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
  if (result != 0)
    return fail(ec::network_failed, printable(host) + ": " + gai_strerror(result));
  std::vector<endpoint> out;
  for (auto* x = found; x != nullptr && out.size() < addresses_max; x = x->ai_next) {
    sockaddr_storage address{};
    if (x->ai_addrlen > sizeof address)
      continue;
    std::memcpy(&address, x->ai_addr, x->ai_addrlen);
    auto made = endpoint::from(address);
    made.port = port;
    if (std::find(out.begin(), out.end(), made) == out.end())
      out.push_back(made);
  }
  if (out.empty())
    return fail(ec::network_failed, printable(host) + ": no address");
  return out;
}

bool split_host_port(const std::string& text, std::string& host, uint16_t& port) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0)
    return false;
  auto name = text.substr(0, colon);
  if (name.front() == '[') {
    if (name.size() < 3 || name.back() != ']')
      return false;
    name = name.substr(1, name.size() - 2);
  } else if (name.find(':') != std::string::npos) {
    return false;
  }
  const char* const first = text.data() + colon + 1;
  const char* const last = text.data() + text.size();
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(first, last, number);
  if (error != std::errc{} || end != last || first == last)
    return false;
  host = name;
  port = number;
  return true;
}

} // namespace liveconnect::io
