#pragma once

#include <string>
#include <string_view>

namespace liveconnect::cli {

/// A QR code of the text as lines for a terminal, two modules a character cell, dark on light with
/// its quiet zone. Empty when the text is too long for one.
///
/// Anyone who sees the screen can read the text: an invitation's code holds its key.
std::string qr_text(std::string_view text);

} // namespace liveconnect::cli
