// Frames in the tag form: the input follows `<`, so that most of it is tried as one.
#include <string>

#include "tests/fuzz/frame_property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text = "<" + std::string(reinterpret_cast<const char*>(data), size);
  liveconnect::fuzz::check_frames(liveconnect::byte_view(std::string_view{text}));
  return 0;
}
