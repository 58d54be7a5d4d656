#include "messages/base/printable.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "messages/base/utf8.hpp"

namespace liveconnect {

namespace {

void append_byte(std::string& out, char x) {
  static constexpr char digits[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(x);
  out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
}

/// Letters that hide text or change its direction or place: a terminal may show something else than
/// was sent.
bool is_invisible(uint32_t code) {
  struct range {
    uint32_t first;
    uint32_t last;
  };
  static constexpr range hidden[] = {
      {0x80, 0x9f},     {0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},
      {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f},
      {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164}, {0xfe00, 0xfe0f},
      {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
  };
  return (code & 0xfffe) == 0xfffe ||
         std::any_of(std::begin(hidden), std::end(hidden),
                     [code](range x) { return x.first <= code && code <= x.last; });
}

} // namespace

std::string printable(std::string_view text, size_t chars_max) {
  std::string out;
  for (const char x : text) {
    if (out.size() >= chars_max)
      return out + "...";
    if (x >= 0x20 && x < 0x7f)
      out += x;
    else
      append_byte(out, x);
  }
  return out;
}

std::string in_quotes(std::string_view text, size_t chars_max) {
  return "'" + printable(text, chars_max) + "'";
}

std::string escape_for_display(std::string_view text, size_t characters_max) {
  std::string out;
  for (size_t shown = 0; !text.empty(); ++shown) {
    if (shown == characters_max)
      return out + "...";
    const auto x = utf8::first(text);
    const auto length = std::max<size_t>(x.length, 1);
    if (x.length == 0 || x.code < 0x20 || x.code == 0x7f) {
      append_byte(out, text[0]);
    } else if (is_invisible(x.code)) {
      char hex[16];
      std::snprintf(hex, sizeof hex, "\\u{%x}", static_cast<unsigned>(x.code));
      out += hex;
    } else if (x.code == '\\') {
      out += "\\\\";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

} // namespace liveconnect
