#pragma once

#include <string>

namespace liveconnect::relay {

/// What the service manager is told, when there is one that listens (systemd's Type=notify and
/// WatchdogSec=); otherwise nothing happens. Built without libsystemd, nothing ever does. Any
/// thread.

/// The relay listens; `status` is a line for `systemctl status`.
void notify_ready(const std::string& status);
/// The relay drains or ends.
void notify_stopping(const std::string& status);
/// The byte loop has answered. To be said at least twice in WatchdogSec.
void notify_alive();

} // namespace liveconnect::relay
