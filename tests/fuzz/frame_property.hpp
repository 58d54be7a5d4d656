#pragma once

#include <string>
#include <vector>

#include "messages/base/printable.hpp"
#include "messages/wire/frame.hpp"
#include "tests/fuzz/target.hpp"

namespace liveconnect::fuzz {

/// Reads everything, `step` bytes at a time; `failed` tells how it ended.
inline std::vector<frame> read_all(byte_view data, size_t step, bool& failed) {
  frame_reader reader(4096);
  std::vector<frame> out;
  for (size_t at = 0; at < data.size(); at += step) {
    reader.feed(data.sub(at, step));
    for (;;) {
      auto x = reader.next();
      if (!x) {
        failed = true;
        return out;
      }
      if (!*x)
        break;
      out.push_back(std::move(**x));
    }
    REQUIRE(reader.pending() <= 4096 + 1);
  }
  return out;
}

/// Whatever the bytes are: any split gives the same frames, what is read can be written and read
/// again, and nothing written has a second `#`.
inline void check_frames(byte_view data) {
  bool failed = false, failed_split = false;
  const auto whole = read_all(data, data.size() + 1, failed);
  const auto split = read_all(data, 1, failed_split);
  REQUIRE(whole == split);
  REQUIRE(failed == failed_split);
  for (const auto& x : whole) {
    REQUIRE(escape_for_display(x.details, 50).size() <= 50 * 10 + 3);
    for (auto how : {notation::tag, notation::json}) {
      const auto text = encode(x, how);
      if (text.empty())
        continue;
      size_t placeholders = 0;
      for (const char c : text)
        placeholders += c == '#' ? 1 : 0;
      REQUIRE(placeholders == (x.from == "#" ? 1 : 0));
      bool bad = false;
      frame_reader reader;
      reader.feed(byte_view(text));
      const auto again = reader.next();
      bad = !again || !*again;
      REQUIRE(!bad);
      // The meaning that both sides prove to each other survives either notation.
      if (how == x.how && x.number != 0 && find_message(x.number) != nullptr)
        REQUIRE((**again).number == x.number && (**again).auth == x.auth);
    }
  }
}

} // namespace liveconnect::fuzz
