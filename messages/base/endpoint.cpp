#include "messages/base/endpoint.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace liveconnect {

namespace {

constexpr std::array<uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

} // namespace

bool endpoint::is_v4() const {
  return std::equal(v4_prefix.begin(), v4_prefix.end(), address.begin());
}

std::string endpoint::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  const bool v4 = is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, address.data() + (v4 ? 12 : 0), text, sizeof text);
  return text;
}

bool endpoint::parse(std::string_view host, uint16_t port, endpoint& out) {
  const std::string text{host};
  // inet_pton would stop at a NUL and take what stands before it.
  if (text.find('\0') != std::string::npos)
    return false;
  endpoint made;
  made.port = port;
  if (inet_pton(AF_INET, text.c_str(), made.address.data() + 12) == 1)
    std::copy(v4_prefix.begin(), v4_prefix.end(), made.address.begin());
  else if (inet_pton(AF_INET6, text.c_str(), made.address.data()) != 1)
    return false;
  out = made;
  return true;
}

bool endpoint::parse(std::string_view host_and_port, endpoint& out) {
  const auto colon = host_and_port.rfind(':');
  if (colon == std::string_view::npos)
    return false;
  auto host = host_and_port.substr(0, colon);
  const auto digits = host_and_port.substr(colon + 1);
  if (!host.empty() && host.front() == '[') {
    if (host.back() != ']')
      return false;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return false;
  }
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size())
    return false;
  return parse(host, port, out);
}

endpoint endpoint::from(const sockaddr_storage& x) {
  endpoint out;
  if (x.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &x, sizeof in);
    std::copy(v4_prefix.begin(), v4_prefix.end(), out.address.begin());
    std::memcpy(out.address.data() + 12, &in.sin_addr, 4);
    out.port = ntohs(in.sin_port);
  } else if (x.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &x, sizeof in);
    std::memcpy(out.address.data(), &in.sin6_addr, 16);
    out.port = ntohs(in.sin6_port);
  }
  return out;
}

unsigned endpoint::to(sockaddr_storage& out) const {
  std::memset(&out, 0, sizeof out);
  if (is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, address.data() + 12, 4);
    std::memcpy(&out, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port);
  std::memcpy(&in.sin6_addr, address.data(), 16);
  std::memcpy(&out, &in, sizeof in);
  return sizeof in;
}

std::string to_string(const endpoint& x) {
  const auto port = ":" + std::to_string(x.port);
  return x.is_v4() ? x.host() + port : "[" + x.host() + "]" + port;
}

} // namespace liveconnect
