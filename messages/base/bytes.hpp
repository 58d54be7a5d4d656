#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace liveconnect {

/// Bytes that are no secret. Secrets live in messages/base/secret.hpp.
using bytes = std::vector<uint8_t>;

/// A look at bytes that another object owns and keeps alive (C++17 has no std::span).
class byte_view {
public:
  constexpr byte_view() = default;
  constexpr byte_view(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  byte_view(const bytes& x) : data_(x.data()), size_(x.size()) {}
  template<size_t N>
  constexpr byte_view(const std::array<uint8_t, N>& x) : data_(x.data()), size_(N) {}
  explicit byte_view(std::string_view x)
      : data_(reinterpret_cast<const uint8_t*>(x.data())), size_(x.size()) {}

  constexpr const uint8_t* data() const { return data_; }
  constexpr size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr const uint8_t* begin() const { return data_; }
  constexpr const uint8_t* end() const { return data_ + size_; }
  constexpr uint8_t operator[](size_t i) const { return data_[i]; }

  /// The part from `offset` on, at most `count` bytes; both are cut to what is there.
  constexpr byte_view sub(size_t offset, size_t count = SIZE_MAX) const {
    if (offset > size_)
      offset = size_;
    return {data_ + offset, count < size_ - offset ? count : size_ - offset};
  }

  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  bytes copy() const { return {begin(), end()}; }

private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

/// Compares contents in variable time: for public bytes only.
inline bool operator==(byte_view x, byte_view y) {
  return x.size() == y.size() && (x.empty() || std::memcmp(x.data(), y.data(), x.size()) == 0);
}
inline bool operator!=(byte_view x, byte_view y) {
  return !(x == y);
}

/// Appends big-endian integers and bytes to any container of uint8_t (bytes, secret_bytes).
template<class Container>
class byte_writer {
public:
  explicit byte_writer(Container& out) : out_(out) {}

  byte_writer& u8(uint8_t x) {
    out_.push_back(x);
    return *this;
  }
  byte_writer& u16(uint16_t x) { return big_endian(x, 2); }
  byte_writer& u24(uint32_t x) { return big_endian(x, 3); }
  byte_writer& u32(uint32_t x) { return big_endian(x, 4); }
  byte_writer& u64(uint64_t x) { return big_endian(x, 8); }
  byte_writer& raw(byte_view x) {
    out_.insert(out_.end(), x.begin(), x.end());
    return *this;
  }

private:
  byte_writer& big_endian(uint64_t x, unsigned width) {
    for (unsigned i = width; i-- > 0;)
      out_.push_back(static_cast<uint8_t>(x >> (8 * i)));
    return *this;
  }

  Container& out_;
};

/// Reads big-endian integers and bytes from the front. A read past the end gives zeros and makes
/// ok() false for good, so a parser may read a whole record and ask once.
class byte_reader {
public:
  explicit byte_reader(byte_view in) : in_(in) {}

  uint8_t u8() { return static_cast<uint8_t>(big_endian(1)); }
  uint16_t u16() { return static_cast<uint16_t>(big_endian(2)); }
  uint32_t u24() { return static_cast<uint32_t>(big_endian(3)); }
  uint32_t u32() { return static_cast<uint32_t>(big_endian(4)); }
  uint64_t u64() { return big_endian(8); }
  /// The next `count` bytes, or an empty view when fewer are left.
  byte_view raw(size_t count) {
    if (count > in_.size()) {
      ok_ = false;
      in_ = {};
      return {};
    }
    auto out = in_.sub(0, count);
    in_ = in_.sub(count);
    return out;
  }

  /// False once a read went past the end.
  bool ok() const { return ok_; }
  /// Bytes not read yet.
  size_t left() const { return in_.size(); }

private:
  uint64_t big_endian(unsigned width) {
    auto from = raw(width);
    uint64_t out = 0;
    for (auto x : from)
      out = out << 8 | x;
    return out;
  }

  byte_view in_;
  bool ok_ = true;
};

/// Lower-case hexadecimal, two digits a byte. For public bytes only.
std::string to_hex(byte_view x);

/// Reads hexadecimal in either case into `out`; false when a digit is wrong or the length is odd.
bool from_hex(std::string_view text, bytes& out);

} // namespace liveconnect
