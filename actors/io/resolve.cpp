#include "actors/io/resolve.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"

namespace liveconnect::io {

namespace {

constexpr size_t addresses_max = 16;

} // namespace

caf::expected<std::vector<endpoint>> resolve(const std::string& host, uint16_t port) {
  endpoint numeric;
  if (endpoint::parse(host, port, numeric))
    return std::vector<endpoint>{numeric};
  if (host.empty() || host.size() > 255 || host.find('\0') != std::string::npos)
    return fail(ec::network_failed, "not a host name: " + in_quotes(host, 255));
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int result = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
  if (result != 0)
    return fail(ec::network_failed, printable(host, 255) + ": " + gai_strerror(result));
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
    return fail(ec::network_failed, printable(host, 255) + ": no address");
  return out;
}

} // namespace liveconnect::io
