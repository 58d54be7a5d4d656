#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "messages/base/bytes.hpp"

namespace liveconnect {

/// Words in the list: one word carries 11 bits.
inline constexpr size_t word_count = 2048;

/// The word of an index 0..2047. The list is sorted, has no word twice, and never changes: keys
/// are written in it.
std::string_view word(size_t index);

/// The index of a word in lower case, or nothing.
std::optional<uint16_t> word_index(std::string_view x);

/// The 11 bits at `place` (0 is the first) of `x`, most significant first; bits past the end are
/// zero.
size_t word_at(byte_view x, size_t place);

/// Words for the first 11 x `count` bits of `x`, most significant first, with a space between.
std::string phrase(byte_view x, size_t count);

} // namespace liveconnect
