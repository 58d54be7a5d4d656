#include "wallet/files/coin_name.hpp"

#include <algorithm>
#include <array>

#include "messages/base/bytes.hpp"

namespace liveconnect::wallet {

namespace {

constexpr size_t name_bytes_max = 255;

bool is_printable(char x) {
  return x >= ' ' && x <= '~';
}

} // namespace

std::string pro_amount(amount x) {
  auto out = to_string(x);
  const auto point = out.find('.');
  // Right of the point first, so that the places left of it keep their positions.
  if (point != std::string::npos && out.size() > point + 5)
    out.insert(point + 5, "-");
  auto at = point == std::string::npos ? out.size() : point;
  while (at > 3) {
    at -= 3;
    out.insert(at, ",");
  }
  return out;
}

std::string clean_tag(std::string_view tag) {
  static constexpr std::string_view unfit = "/\\:*?\"<>|'#.";
  std::string out;
  for (const char x : tag.substr(0, tag_bytes_max))
    out += is_printable(x) && unfit.find(x) == std::string_view::npos ? x : '_';
  return out.empty() ? "coin" : out;
}

std::string coin_name(note_id id, std::string_view tag) {
  return pro_amount(denomination_value(id.denomination)) + " CloudCoin #" +
         std::to_string(id.serial) + " '" + clean_tag(tag) + "'.bin";
}

std::string container_name(amount total, size_t notes, std::string_view tag) {
  return pro_amount(total) + " CloudCoin #" + std::to_string(notes) + " '" + clean_tag(tag) +
         "'.bin";
}

std::string random_suffix() {
  static constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyz23456789";
  std::array<uint8_t, 8> random{};
  randombytes_buf(random.data(), random.size());
  std::string out;
  for (const auto x : random)
    out += letters[x % letters.size()];
  return out;
}

std::string with_suffix(const std::string& name, std::string_view suffix) {
  auto at = name.rfind("'.");
  if (at == std::string::npos)
    at = name.rfind('.');
  if (at == std::string::npos || at == 0)
    at = name.size();
  auto begin = name.substr(0, at);
  auto end = name.substr(at);
  // A name from elsewhere may be as long as the system allows: what stands before the suffix makes
  // room, or what stands behind it when that is nearly all of the name.
  const auto added = suffix.size() + 1;
  if (name.size() + added > name_bytes_max) {
    auto& shorter = begin.size() > added ? begin : end;
    shorter.resize(shorter.size() - std::min(added, shorter.size()));
  }
  return begin + "-" + std::string{suffix} + end;
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.size() > name_bytes_max)
    return false;
  for (const char x : name) {
    const auto code = static_cast<unsigned char>(x);
    if (x == '/' || code < 0x20 || code == 0x7f)
      return false;
  }
  return true;
}

} // namespace liveconnect::wallet
