#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <caf/expected.hpp>

#include "messages/base/host_port.hpp"

namespace liveconnect::cli {

// How the values of settings and flags are written, in all our programs alike. Each parser fails
// with ec::bad_argument, and the detail says what would be right: `'soon' is not a duration from
// 1ms to 24h, such as 90s or 1h30m`.

inline constexpr std::chrono::milliseconds duration_max = std::chrono::hours(24 * 30);

/// Reads `15m`, `5s`, `1h30m`, `250ms`, `2d`: whole numbers, each with its unit, added up. A number
/// without a unit is not a duration.
caf::expected<std::chrono::milliseconds>
parse_duration(std::string_view text,
               std::chrono::milliseconds least = std::chrono::milliseconds(1),
               std::chrono::milliseconds most = duration_max);

/// The same, written as shortly as it can be: `1h30m`, `0s`.
std::string duration_text(std::chrono::milliseconds x);

inline constexpr uint64_t size_bytes_max = uint64_t{1} << 40;

/// Reads a number of bytes: `65536`, `64B`, `512KiB` or `512K`, `2MiB` or `2M`, `1GiB` or `1G`.
caf::expected<uint64_t> parse_size(std::string_view text, uint64_t least = 0,
                                   uint64_t most = size_bytes_max);

/// The same, in the largest unit that divides it: `512KiB`, `65`.
std::string size_text(uint64_t bytes);

/// Reads a whole decimal number.
caf::expected<uint64_t> parse_count(std::string_view text, uint64_t least, uint64_t most);

/// Reads `true`, `1`, `yes`, `on`, or `false`, `0`, `no`, `off`.
caf::expected<bool> parse_bool(std::string_view text);

/// parse_host_port() with an error; listeners take port 0, which lets the system choose.
caf::expected<host_port> parse_address(std::string_view text);
caf::expected<host_port> parse_listen_address(std::string_view text);

/// The place of `text` among `words`; the error names all of them.
caf::expected<size_t> parse_word(std::string_view text, const std::vector<std::string>& words);

/// The parts of a list with `separator` between them, without the blanks around each. An empty text
/// is one empty part.
std::vector<std::string> split_list(std::string_view text, char separator = ',');

/// `a, b and c`, with `last` in place of `and`.
std::string join_words(const std::vector<std::string>& words, const char* last = "and");

} // namespace liveconnect::cli
