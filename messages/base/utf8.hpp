#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace liveconnect::utf8 {

/// One decoded character: `length` bytes long, or length 0 when the bytes at the front are no
/// UTF-8 (overlong, surrogate, above U+10FFFF, cut short; RFC 3629).
struct character {
  uint32_t code = 0;
  size_t length = 0;
};

/// The character at the front of `text`, which must not be empty.
character first(std::string_view text);

/// Appends one character; `code` must be at most U+10FFFF and no surrogate.
void append(std::string& out, uint32_t code);

/// Whether the whole text is UTF-8 without control characters (C0, DEL, C1).
bool is_plain(std::string_view text);

} // namespace liveconnect::utf8
