#include "cli/transfer/qr.hpp"

#include <memory>

#include <qrencode.h>
#include <sodium.h>

namespace liveconnect::cli {

std::string qr_text(std::string_view text) {
  std::string terminated{text};
  std::unique_ptr<QRcode, void (*)(QRcode*)> code{
      QRcode_encodeString8bit(terminated.c_str(), 0, QR_ECLEVEL_L), QRcode_free};
  sodium_memzero(terminated.data(), terminated.size());
  if (!code)
    return {};
  constexpr int margin = 2;
  const auto width = code->width;
  const auto dark = [&](int x, int y) {
    return x >= 0 && y >= 0 && x < width && y < width && (code->data[y * width + x] & 1) != 0;
  };
  // The terminal's own background may be either, so light modules are drawn and dark ones left out
  // on a black ground.
  std::string out;
  for (int y = -margin; y < width + margin; y += 2) {
    out += "\033[40;97m";
    for (int x = -margin; x < width + margin; ++x) {
      const auto upper = !dark(x, y);
      const auto lower = !dark(x, y + 1) && y + 1 < width + margin;
      out += upper && lower ? "\u2588" : upper ? "\u2580" : lower ? "\u2584" : " ";
    }
    out += "\033[0m\n";
  }
  return out;
}

} // namespace liveconnect::cli
