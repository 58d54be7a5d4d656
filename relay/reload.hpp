#pragma once

#include <functional>

#include <caf/expected.hpp>
#include <spdlog/logger.h>

#include "relay/settings.hpp"

namespace liveconnect::relay {

/// Reads the settings again while the relay runs (SIGHUP). Limits change at once, for clients in
/// rooms as well; everything else needs a restart, and the log names what that is.
///
/// Settings that are wrong change nothing: the log says why, with file and line.
class reloader {
public:
  using source = std::function<caf::expected<relay_settings>()>;
  using sink = std::function<void(const relay_limits&)>;

  /// `running` are the settings the relay was started with; `apply` is given limits that are good.
  reloader(relay_settings running, source read, sink apply, spdlog::logger& log);

  /// Whether the settings were good and are in force now.
  bool reload();

private:
  const relay_settings running_;
  const source read_;
  const sink apply_;
  spdlog::logger& log_;
};

} // namespace liveconnect::relay
