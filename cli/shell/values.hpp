#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include <caf/expected.hpp>

#include "messages/base/host_port.hpp"

/// Values of settings and flags, read in one grammar by all programs. Failures are
/// ec::bad_argument, with a detail that says what would be right and no full stop.
namespace liveconnect::cli {

/// `HOST:PORT` or `[V6]:PORT`. The host is a name or an address: letters, digits, `-`, `.`, `_`,
/// and
/// `:` and `%` of an address; at most 253 characters.
caf::expected<host_port> parse_host_port(std::string_view text);

/// `15m`, `5s`, `1h30m`, `250ms`, `2d`: greater than zero and at most `most`.
caf::expected<std::chrono::milliseconds>
parse_duration(std::string_view text, std::chrono::milliseconds most = std::chrono::hours(24 * 30));

/// `65536`, `64KiB`, `64K`, `2MiB`, `1GiB`: a number of bytes of at most 1024 GiB.
caf::expected<size_t> parse_size(std::string_view text);

/// `true`, `yes`, `on`, `1` and their opposites.
caf::expected<bool> parse_bool(std::string_view text);

} // namespace liveconnect::cli
