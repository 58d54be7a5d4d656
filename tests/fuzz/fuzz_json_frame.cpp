// Frames in the JSON form: the input follows `{`.
#include <string>

#include "tests/fuzz/frame_property.hpp"

namespace liveconnect::fuzz {

FUZZ_TARGET(json_frame) {
  const std::string text = "{" + std::string(data.text());
  check_frames(byte_view(std::string_view{text}));
}

} // namespace liveconnect::fuzz
