#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace liveconnect {

/// The last second that the form below can write: 9999-12-31T23:59:59Z.
inline constexpr uint64_t time_unix_max = 253'402'300'799;

/// `2026-11-23T18:00:00Z` from seconds since 1970, UTC; later than time_unix_max is cut to it.
std::string time_to_text(uint64_t unix_seconds);

/// `2026-11-23T18:00:00.007Z`: the same with milliseconds, for events, results and transcripts. A
/// moment before 1970 is cut to its beginning.
std::string utc_text(std::chrono::system_clock::time_point when);

/// Reads exactly the form without milliseconds, 1970 or later, days that exist, no leap second;
/// false for all else.
bool time_from_text(std::string_view text, uint64_t& out);

} // namespace liveconnect
