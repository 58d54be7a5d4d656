#include "benchmarks/load/numbered_frames.hpp"

#include <algorithm>
#include <cstring>

#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

constexpr size_t number_digits = 8;
constexpr char digits[] = "0123456789abcdef";

std::string coin_text(const std::string& body) {
  auto x = make_frame(message_number::coin, body);
  x.index = 1;
  x.count = 1;
  return encode(x, notation::tag);
}

} // namespace

caf::expected<frame_pattern> coin_pattern(size_t bytes) {
  const auto wrong = [&] {
    return fail(ec::bad_argument, "Frames of " + std::to_string(bytes) + " bytes cannot be made. " +
                                      "Choose " + std::to_string(pattern_bytes_min) + " to " +
                                      std::to_string(pattern_bytes_max) + ".");
  };
  if (bytes < pattern_bytes_min || bytes > pattern_bytes_max)
    return wrong();
  frame_pattern out;
  const std::string number(number_digits, '0');
  const auto around = coin_text(number).size() - number_digits;
  if (bytes < around + number_digits)
    return wrong();
  out.text = coin_text(number + std::string(bytes - around - number_digits, 'A'));
  if (out.text.size() != bytes)
    return wrong();
  out.number_at = out.text.find('>') + 1;
  return out;
}

frame_pattern heartbeat_pattern() {
  return {encode(make_frame(message_number::heartbeat), notation::tag), std::string::npos};
}

frame_pattern as_relayed(frame_pattern x, std::string_view address) {
  const auto at = x.text.find('#');
  x.text.replace(at, 1, address);
  if (x.number_at != std::string::npos)
    x.number_at += address.size() - 1;
  return x;
}

void frame_writer::set_number(frame_pattern& x, uint32_t number) {
  if (x.number_at == std::string::npos)
    return;
  for (size_t i = number_digits; i-- > 0; number >>= 4)
    x.text[x.number_at + i] = digits[number & 15];
}

void frame_writer::count_up(frame_pattern& x) {
  if (x.number_at == std::string::npos)
    return;
  for (size_t i = number_digits; i-- > 0;) {
    auto& c = x.text[x.number_at + i];
    if (c != 'f') {
      c = c == '9' ? 'a' : static_cast<char>(c + 1);
      return;
    }
    c = '0';
  }
}

void frame_writer::advance(size_t written) {
  offset_ += written;
  if (offset_ < pattern_.text.size())
    return;
  offset_ = 0;
  ++frames_;
  count_up(pattern_);
}

bool frame_checker::matches(const char* data, size_t begin, size_t end) const {
  return begin >= end || std::memcmp(data, expected_.text.data() + begin, end - begin) == 0;
}

bool frame_checker::feed(std::string_view data) {
  bytes_ += data.size();
  const auto size = expected_.text.size();
  while (!data.empty()) {
    const auto end = std::min(size, offset_ + data.size());
    if (size <= whole_bytes_max || frames_ % whole_interval == 0) {
      if (!matches(data.data(), offset_, end))
        return false;
    } else {
      // What is here of the head, and of the end.
      const auto tail = std::max(offset_, size - edge_bytes);
      if (!matches(data.data(), offset_, std::min(end, edge_bytes)) ||
          (tail < end && !matches(data.data() + (tail - offset_), tail, end)))
        return false;
    }
    data.remove_prefix(end - offset_);
    offset_ = end;
    if (offset_ == size) {
      offset_ = 0;
      ++frames_;
      frame_writer::count_up(expected_);
    }
  }
  return true;
}

} // namespace liveconnect::bench
