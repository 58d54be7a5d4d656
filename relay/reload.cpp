#include "relay/reload.hpp"

#include "messages/base/error.hpp"

namespace liveconnect::relay {

reloader::reloader(relay_settings running, source read, sink apply, spdlog::logger& log)
    : running_(std::move(running)), read_(std::move(read)), apply_(std::move(apply)), log_(log) {}

bool reloader::reload() {
  const auto fresh = read_();
  if (!fresh) {
    log_.error("the new settings are wrong, so those before stay in force: {}",
               detail_of(fresh.error()));
    return false;
  }
  apply_(fresh->limits);
  log_.info("settings read anew, the limits hold from now on");
  for (const auto& name : changed_beside_limits(running_, *fresh))
    log_.warn("{} has changed, which needs a new start of the relay", name);
  return true;
}

} // namespace liveconnect::relay
