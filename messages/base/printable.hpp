#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace liveconnect {

// Text from outside as a terminal or a log may see it. A byte that may not be shown becomes `\xNN`
// in both forms.

/// Shows printable ASCII alone: no escape sequence, line break or look-alike letter passes
/// (docs/design/cli.md "Screens"). Cut at `chars_max` with `...` behind.
std::string printable(std::string_view text, size_t chars_max = 200);

/// The same in single quotes, for a word within a sentence.
std::string in_quotes(std::string_view text, size_t chars_max = 60);

/// Shows text in any language: keeps UTF-8 that can be seen, doubles a backslash, and writes
/// letters that hide text or change its direction as `\u{202e}`. Cut after `characters_max`
/// characters with `...` behind.
std::string escape_for_display(std::string_view text, size_t characters_max = 200);

} // namespace liveconnect
