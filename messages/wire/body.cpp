#include "messages/wire/body.hpp"

namespace liveconnect {

std::vector<byte_view> split_body(byte_view plaintext, size_t part_bytes_max) {
  std::vector<byte_view> out;
  size_t at = 0;
  do {
    out.push_back(plaintext.sub(at, part_bytes_max));
    at += out.back().size();
  } while (at < plaintext.size() && !out.back().empty());
  return out;
}

} // namespace liveconnect
