// The manifest: what is accepted adds up and is written as it came.
#include "messages/secure/manifest.hpp"
#include "tests/fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace liveconnect;
  const auto x = decode_manifest({data, size});
  if (!x)
    return 0;
  REQUIRE(byte_view(encode(*x)) == byte_view(data, size));
  uint64_t notes = 0;
  for (auto count : x->by_denomination)
    notes += count;
  REQUIRE(notes == x->notes && !x->sum.is_zero());
  return 0;
}
