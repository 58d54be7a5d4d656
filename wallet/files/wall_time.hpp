#pragma once

#include <cstdint>
#include <string>

namespace liveconnect::wallet {

/// A moment of the wall clock in UTC, for names and display; decisions never rest on it
/// (docs/design/safety.md threat 33). Made from milliseconds by the caller: nothing here reads a
/// clock.
struct wall_time {
  /// Milliseconds since 1970-01-01 00:00 UTC.
  uint64_t ms = 0;
};

/// `2026-03-01_09-05-07`: sorts by time, fit for a file name.
std::string to_stamp(wall_time x);

/// `2026-03-01 09:05:07`.
std::string to_display(wall_time x);

/// `Mar-01-2026 9:05am`, as the Pro client writes it in its log.
std::string to_pro_text(wall_time x);

} // namespace liveconnect::wallet
