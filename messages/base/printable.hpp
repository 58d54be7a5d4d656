#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace liveconnect {

/// Text from outside as a terminal may see it: every byte that is not printable ASCII becomes
/// `\xNN`, so that no escape sequence, line break or look-alike letter passes. Cut to `chars_max`
/// with `...` behind. For a peer's words, which may have letters of any script, there is
/// escape_for_display() (messages/wire/frame.hpp); it spells a bad byte in the same way.
std::string printable(std::string_view text, size_t chars_max = 200);

/// The same in single quotes.
std::string in_quotes(std::string_view text, size_t chars_max = 60);

} // namespace liveconnect
