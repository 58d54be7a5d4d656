// Frames in the tag form: the input follows `<`, so that most of it is tried as one.
#include <string>

#include "tests/fuzz/frame_property.hpp"

namespace liveconnect::fuzz {

FUZZ_TARGET(tag_frame) {
  const std::string text = "<" + std::string(data.text());
  check_frames(byte_view(std::string_view{text}));
}

} // namespace liveconnect::fuzz
