#include "relay/service_notify.hpp"

#ifdef LIVECONNECT_HAS_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

namespace liveconnect::relay {

namespace {

void notify([[maybe_unused]] const std::string& state) {
#ifdef LIVECONNECT_HAS_SYSTEMD
  sd_notify(0, state.c_str());
#endif
}

} // namespace

void notify_ready(const std::string& status) {
  notify("READY=1\nSTATUS=" + status);
}

void notify_stopping(const std::string& status) {
  notify("STOPPING=1\nSTATUS=" + status);
}

void notify_alive() {
  notify("WATCHDOG=1");
}

} // namespace liveconnect::relay
