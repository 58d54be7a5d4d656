#include "messages/base/printable.hpp"

namespace liveconnect {

std::string printable(std::string_view text, size_t chars_max) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const auto c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (out.size() >= chars_max)
      return out + "...";
    if (byte >= 0x20 && byte < 0x7f)
      out += c;
    else
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

std::string in_quotes(std::string_view text, size_t chars_max) {
  return "'" + printable(text, chars_max) + "'";
}

} // namespace liveconnect
