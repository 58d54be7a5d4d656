#include "relay/reload.hpp"

#include "messages/base/error.hpp"

namespace liveconnect::relay {

reloader::reloader(relay_settings running, source read, sink apply, spdlog::logger& log)
    : running_(std::move(running)), read_(std::move(read)), apply_(std::move(apply)), log_(log) {}

bool reloader::reload() {
  const auto fresh = read_();
  if (!fresh) {
    log_.error("the new settings are wrong, so the old ones stay in force: {}",
               detail_of(fresh.error()));
    return false;
  }
  apply_(fresh->limits);
  log_.info("settings read again; the new limits are in force");
  for (const auto& name : changed_beside_limits(running_, *fresh))
    log_.warn("{} has changed; restart the relay to apply it", name);
  return true;
}

} // namespace liveconnect::relay
