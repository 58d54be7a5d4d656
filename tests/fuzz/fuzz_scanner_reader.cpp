// The relay's frame scanner against the client's frame reader: every frame that a reader takes from
// `#` is a frame to the scanner, with the same ends, so that no client finds a message where the
// relay saw none; and the scanner finds the same however its bytes are cut.
#include <string>
#include <utility>
#include <vector>

#include "actors/relay/frame_scanner.hpp"
#include "messages/wire/frame.hpp"
#include "tests/fuzz/target.hpp"

namespace liveconnect::fuzz {

namespace {

constexpr size_t limit = 4096;
const std::string address = "203.0.113.7";

struct found {
  /// Beginning and end of each frame.
  std::vector<std::pair<size_t, size_t>> frames;
  bool lost = false;
};

/// The scanner over the stream, `step` bytes at a time. A growth of 0: both count the same bytes.
found scan(byte_view stream, size_t step) {
  found out;
  frame_scanner scanner(limit, 0);
  size_t begin = 0;
  for (size_t here = step; begin < stream.size() && !out.lost; here += step) {
    const auto known = std::min(here, stream.size());
    for (;;) {
      const auto result = scanner.scan(stream.sub(begin, known - begin));
      if (result == scan_result::frame) {
        out.frames.emplace_back(begin + scanner.begin(), begin + scanner.begin() + scanner.size());
        begin = out.frames.back().second;
        scanner.next();
        continue;
      }
      out.lost = result != scan_result::more;
      break;
    }
    if (known == stream.size())
      break;
  }
  return out;
}

/// What the client makes of one message alone: exactly one frame, or an error, never two.
void check_client(byte_view message) {
  frame_reader reader(limit);
  reader.feed(message);
  size_t frames = 0;
  for (;;) {
    const auto x = reader.next();
    if (!x || !*x)
      break;
    ++frames;
  }
  REQUIRE(frames <= 1);
}

} // namespace

FUZZ_TARGET(scanner_reader) {
  const auto whole = scan(data, data.size() + 1);
  const auto split = scan(data, 1);
  REQUIRE(whole.frames == split.frames && whole.lost == split.lost);
  // Each frame alone, with the address over its placeholders and a newline, as a client gets it.
  for (const auto& [begin, end] : whole.frames) {
    const auto text = data.sub(begin, end - begin);
    frame_gatherer gathered;
    size_t placeholders = 0;
    for (const auto x : text)
      placeholders += x == '#' ? 1 : 0;
    gathered.add(text, placeholders, address);
    std::string sent;
    for (const auto& x : gathered.pieces())
      sent.append(static_cast<const char*>(x.iov_base), x.iov_len);
    REQUIRE(sent.size() == text.size() + placeholders * (address.size() - 1) + 1);
    check_client(byte_view(std::string_view{sent}));
  }
  // What the client reads of the stream as it is: the scanner has found those very frames.
  frame_reader reader(limit);
  reader.feed(data);
  for (size_t i = 0;; ++i) {
    const auto x = reader.next();
    if (!x || !*x || (**x).from != "#")
      break;
    if (i >= whole.frames.size()) {
      // The scanner wants to see the byte after a message that may have a body.
      REQUIRE(!whole.lost);
      break;
    }
    REQUIRE(data.size() - reader.pending() == whole.frames[i].second);
  }
}

} // namespace liveconnect::fuzz
