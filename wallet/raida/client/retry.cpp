#include "wallet/raida/client/retry.hpp"

#include <sodium.h>

namespace liveconnect::raida {

bool serial_retry::wait(raida_port& port) {
  if (waited_ + 1 >= tries_max)
    return false;
  ++waited_;
  const auto most_ms = static_cast<uint32_t>(20 * waited_);
  const auto pause = std::chrono::milliseconds(5 + randombytes_uniform(most_ms));
  if (std::chrono::steady_clock::now() + pause >= until_)
    return false;
  return port.pause(pause);
}

} // namespace liveconnect::raida
