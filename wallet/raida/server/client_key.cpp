#include "wallet/raida/server/client_key.hpp"

#include <algorithm>
#include <functional>
#include <string_view>

namespace liveconnect::raida {

size_t client_key_hash::operator()(const client_key& x) const {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(x.data()), x.size()});
}

client_key key_of(const endpoint& x) {
  auto out = x.address;
  if (!x.is_v4())
    std::fill(out.begin() + 8, out.end(), uint8_t{0});
  return out;
}

bool is_loopback(const endpoint& x) {
  if (x.is_v4())
    return x.address[12] == 127;
  endpoint one;
  one.address[15] = 1;
  return x.address == one.address;
}

} // namespace liveconnect::raida
