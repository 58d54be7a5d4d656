#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace liveconnect::cli {

/// Longest detail of an error that is shown.
inline constexpr size_t detail_chars_max = 400;

/// Text from outside as a terminal may see it: every byte that is not printable ASCII becomes
/// `\xNN`, so that no escape sequence, line break or look-alike letter passes (docs/design/cli.md
/// "Screens": nothing the peer sent reaches a terminal unescaped). Cut to `chars_max` with `...`
/// behind.
std::string printable(std::string_view text, size_t chars_max = 200);

} // namespace liveconnect::cli
