#include "messages/base/address_range.hpp"

#include <charconv>

namespace liveconnect {

namespace {

constexpr unsigned v4_offset = 96;

/// The bits of byte `index` that a prefix of `bits` covers.
uint8_t mask(unsigned bits, size_t index) {
  const auto before = static_cast<unsigned>(index) * 8;
  if (bits >= before + 8)
    return 0xff;
  if (bits <= before)
    return 0;
  return static_cast<uint8_t>(0xff00u >> (bits - before));
}

} // namespace

bool address_range::parse(std::string_view text, address_range& out) {
  const auto slash = text.find('/');
  endpoint base;
  if (!endpoint::parse(text.substr(0, slash), 0, base))
    return false;
  const auto widest = base.is_v4() ? 128 - v4_offset : 128u;
  unsigned bits = widest;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto* last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, bits);
    if (error != std::errc{} || end != last || bits > widest)
      return false;
  }
  address_range made;
  made.base_ = base.address;
  made.prefix_ = bits + (128 - widest);
  for (size_t i = 0; i < made.base_.size(); ++i)
    if ((made.base_[i] & ~mask(made.prefix_, i)) != 0)
      return false;
  out = made;
  return true;
}

bool address_range::contains(const endpoint& x) const {
  for (size_t i = 0; i < base_.size(); ++i)
    if ((x.address[i] & mask(prefix_, i)) != base_[i])
      return false;
  return true;
}

std::string rounded(const endpoint& x) {
  const unsigned bits = x.is_v4() ? v4_offset + 24 : 48;
  auto out = x;
  for (size_t i = 0; i < out.address.size(); ++i)
    out.address[i] = static_cast<uint8_t>(out.address[i] & mask(bits, i));
  return out.host() + (x.is_v4() ? "/24" : "/48");
}

} // namespace liveconnect
