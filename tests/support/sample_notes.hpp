#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "messages/base/bytes.hpp"
#include "messages/money/note.hpp"

namespace liveconnect::test {

/// A note whose numbers follow from its name and `generation`, so that tests need no randomness.
/// `with_pans` gives it the numbers of the next generation as PANs.
inline note sample_note(int8_t denomination, uint32_t serial, uint8_t generation = 0,
                        bool with_pans = false) {
  const auto numbers = [&](uint8_t g) {
    std::vector<authenticity_number> out(raida_count);
    for (size_t i = 0; i < raida_count; ++i) {
      auto* to = out[i].data();
      for (size_t j = 0; j < authenticity_number::size_bytes; ++j)
        to[j] = static_cast<uint8_t>(0x55u + 7u * i + 31u * j + 101u * g + serial * (j + 3) +
                                     static_cast<uint8_t>(denomination) * 13u);
    }
    return out;
  };
  note out;
  out.id = {denomination, serial};
  out.ans = numbers(generation);
  if (with_pans)
    out.pans = numbers(static_cast<uint8_t>(generation + 1));
  out.pown.assign(raida_count, 'p');
  return out;
}

inline bool same_note(const note& x, const note& y) {
  return x.id == y.id && x.ans == y.ans && x.pans == y.pans && x.pown == y.pown;
}

/// A whole file; empty when it cannot be read.
inline bytes slurp(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

} // namespace liveconnect::test
