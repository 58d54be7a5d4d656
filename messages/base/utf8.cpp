#include "messages/base/utf8.hpp"

namespace liveconnect::utf8 {

character first(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const auto lead = at(0);
  if (lead < 0x80)
    return {lead, 1};
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length)
    return {};
  uint32_t code = lead & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80)
      return {};
    code = code << 6 | (at(i) & 0x3fu);
  }
  const bool overlong = code < (length == 4 ? 0x10000u : length == 3 ? 0x800u : 0x80u);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (overlong || surrogate || code > 0x10ffff)
    return {};
  return {code, length};
}

void append(std::string& out, uint32_t code) {
  const auto put = [&](uint32_t x) { out += static_cast<char>(static_cast<uint8_t>(x)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

bool is_plain(std::string_view text) {
  while (!text.empty()) {
    const auto x = first(text);
    if (x.length == 0 || x.code < 0x20 || (x.code >= 0x7f && x.code <= 0x9f))
      return false;
    text.remove_prefix(x.length);
  }
  return true;
}

} // namespace liveconnect::utf8
