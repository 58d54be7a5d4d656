#pragma once

#include <string>
#include <vector>

#include "messages/base/bytes.hpp"
#include "messages/base/secret.hpp"

/// Inputs that are made of pieces: `u8 kind | u16 length | bytes`, big-endian, one after the other.
/// Targets that play a conversation read them so, and make_seeds.cpp writes them.
namespace liveconnect::fuzz {

/// One piece of an input.
struct piece {
  uint8_t kind = 0;
  byte_view data;
};

/// Takes the next piece; false at the end. A length beyond the end means what is left.
inline bool take_piece(byte_reader& from, piece& out) {
  if (from.left() < 3)
    return false;
  out.kind = from.u8();
  const size_t size = from.u16();
  out.data = from.raw(size < from.left() ? size : from.left());
  return true;
}

/// Appends a piece; at most 65,535 bytes of it.
inline void put_piece(bytes& out, uint8_t kind, byte_view data) {
  byte_writer{out}.u8(kind).u16(static_cast<uint16_t>(data.size())).raw(data);
}

} // namespace liveconnect::fuzz
