#include "wallet/raida/client/port.hpp"

#include <thread>

namespace liveconnect::raida {

bool raida_port::pause(std::chrono::nanoseconds length) {
  std::this_thread::sleep_for(length);
  return true;
}

} // namespace liveconnect::raida
