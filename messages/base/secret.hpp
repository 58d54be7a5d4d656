#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <caf/meta/type_name.hpp>
#include <sodium.h>

#include "messages/base/bytes.hpp"

namespace liveconnect {

/// N bytes that must not leak: wiped when they go, compared in constant time, never printed
/// (docs/design/safety.md I14, threat 29). There is no operator<< and inspect() shows nothing but
/// the length.
template<size_t N>
class secret {
public:
  static constexpr size_t size_bytes = N;

  secret() { bytes_.fill(0); }
  explicit secret(const std::array<uint8_t, N>& from) : bytes_(from) {}
  secret(const secret&) = default;
  secret& operator=(const secret&) = default;
  ~secret() { sodium_memzero(bytes_.data(), N); }

  /// Copies from a view of exactly N bytes; a view of another length is our own bug and gives
  /// zeros.
  static secret from(byte_view x) {
    secret out;
    if (x.size() == N)
      std::memcpy(out.bytes_.data(), x.data(), N);
    return out;
  }

  /// Fresh from the operating system's random source.
  static secret random() {
    secret out;
    randombytes_buf(out.bytes_.data(), N);
    return out;
  }

  /// The bytes in clear: for packets, files and ciphers only.
  byte_view view() const { return bytes_; }
  uint8_t* data() { return bytes_.data(); }
  const uint8_t* data() const { return bytes_.data(); }
  static constexpr size_t size() { return N; }
  bool is_zero() const { return sodium_is_zero(bytes_.data(), N) == 1; }

private:
  std::array<uint8_t, N> bytes_;
};

template<size_t N>
bool operator==(const secret<N>& x, const secret<N>& y) {
  return sodium_memcmp(x.data(), y.data(), N) == 0;
}
template<size_t N>
bool operator!=(const secret<N>& x, const secret<N>& y) {
  return !(x == y);
}

template<class Inspector, size_t N>
typename Inspector::result_type inspect(Inspector& f, secret<N>&) {
  return f(caf::meta::type_name("secret"));
}

/// Wipes memory before giving it back, so that a growing vector leaves no copy behind.
template<class T>
struct wiping_allocator {
  using value_type = T;
  wiping_allocator() = default;
  template<class U>
  wiping_allocator(const wiping_allocator<U>&) {}
  T* allocate(size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* p, size_t n) {
    sodium_memzero(p, n * sizeof(T));
    std::allocator<T>().deallocate(p, n);
  }
};
template<class T, class U>
bool operator==(const wiping_allocator<T>&, const wiping_allocator<U>&) {
  return true;
}
template<class T, class U>
bool operator!=(const wiping_allocator<T>&, const wiping_allocator<U>&) {
  return false;
}

/// A buffer of secrets of any length, wiped when it goes or grows.
using secret_bytes = std::vector<uint8_t, wiping_allocator<uint8_t>>;

inline byte_view view(const secret_bytes& x) {
  return {x.data(), x.size()};
}

} // namespace liveconnect
