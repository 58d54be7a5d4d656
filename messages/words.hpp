#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "messages/bytes.hpp"

namespace liveconnect {

/// Words in the list: one word carries 11 bits.
inline constexpr size_t word_count = 2048;

/// The word of an index 0..2047. The list is sorted, has no word twice, and never changes: keys
/// are written in it.
std::string_view word(size_t index);

/// The index of a word in lower case, or nothing.
std::optional<uint16_t> word_index(std::string_view x);

/// Words for the first 11 x `count` bits of `x`, most significant first, with a space between; `x`
/// must be long enough.
std::string phrase(byte_view x, size_t count);

} // namespace liveconnect
