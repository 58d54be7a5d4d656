#include "messages/base/bytes.hpp"

namespace liveconnect {

namespace {

int digit(char x) {
  if (x >= '0' && x <= '9')
    return x - '0';
  if (x >= 'a' && x <= 'f')
    return x - 'a' + 10;
  if (x >= 'A' && x <= 'F')
    return x - 'A' + 10;
  return -1;
}

} // namespace

std::string to_hex(byte_view x) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * x.size());
  for (auto b : x) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

bool from_hex(std::string_view text, bytes& out) {
  if (text.size() % 2 != 0)
    return false;
  out.clear();
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0)
      return false;
    out.push_back(static_cast<uint8_t>(high << 4 | low));
  }
  return true;
}

} // namespace liveconnect
