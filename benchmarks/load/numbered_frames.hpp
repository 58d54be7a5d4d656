#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <caf/expected.hpp>

#include "messages/wire/frame.hpp"

namespace liveconnect::bench {

/// One frame as it goes over the wire, newline included, with a number in its body that counts the
/// frames of a stream: eight hexadecimal digits, which are base64 too.
struct frame_pattern {
  std::string text;
  /// Where the number stands; npos: the frame has none.
  size_t number_at = std::string::npos;
};

/// Sizes that coin_pattern() can make: with the newline, and so that the frame stays within
/// frame_bytes_max whatever address the relay writes over the `#` (at most 45 letters).
inline constexpr size_t pattern_bytes_min = 40;
inline constexpr size_t pattern_bytes_max = frame_bytes_max - 44;

/// `<# coin i="1" n="1">NUMBER...</coin>` of exactly so many bytes, made by the protocol's own
/// encoder. Fails with ec::bad_argument outside of the range.
caf::expected<frame_pattern> coin_pattern(size_t bytes);

/// `<# Heartbeat>`.
frame_pattern heartbeat_pattern();

/// The pattern as the other end gets it: `#` replaced by the sender's address.
frame_pattern as_relayed(frame_pattern x, std::string_view address);

/// An endless stream of one pattern, numbered from 0. Pure.
class frame_writer {
public:
  explicit frame_writer(frame_pattern pattern) : pattern_(std::move(pattern)) {
    set_number(pattern_, 0);
  }

  /// What is left of the frame in progress; never empty.
  std::string_view rest() const { return std::string_view{pattern_.text}.substr(offset_); }
  /// So much of rest() has been written.
  void advance(size_t written);
  /// Frames wholly written.
  uint64_t frames() const { return frames_; }
  /// Whether a frame has begun and is not complete.
  bool in_frame() const { return offset_ > 0; }
  size_t frame_bytes() const { return pattern_.text.size(); }

private:
  friend class frame_checker;
  static void set_number(frame_pattern& x, uint32_t number);
  static void count_up(frame_pattern& x);

  frame_pattern pattern_;
  size_t offset_ = 0;
  uint64_t frames_ = 0;
};

/// The reading end of the same stream: every frame must come once, in order, with the right
/// from-word, number and end. The body between is compared in every frame of up to 1 KiB and in one
/// of 16 longer ones: the generator's own work must not become what is measured. Pure.
class frame_checker {
public:
  explicit frame_checker(frame_pattern expected) : expected_(std::move(expected)) {
    frame_writer::set_number(expected_, 0);
  }

  /// Takes bytes of the stream. False when they are not what was sent; then the stream is lost.
  bool feed(std::string_view data);
  /// Frames that have come whole.
  uint64_t frames() const { return frames_; }
  uint64_t bytes() const { return bytes_; }
  bool in_frame() const { return offset_ > 0; }
  size_t frame_bytes() const { return expected_.text.size(); }

private:
  static constexpr size_t whole_bytes_max = 1024;
  static constexpr uint64_t whole_interval = 16;
  /// Holds the longest head: 45 letters of address, 20 of the rest, and the number.
  static constexpr size_t edge_bytes = 96;

  bool matches(const char* data, size_t begin, size_t end) const;

  frame_pattern expected_;
  size_t offset_ = 0;
  uint64_t frames_ = 0;
  uint64_t bytes_ = 0;
};

} // namespace liveconnect::bench
