// The manifest: what is accepted adds up and is written as it came.
#include "messages/secure/manifest.hpp"
#include "tests/fuzz/target.hpp"

namespace liveconnect::fuzz {

FUZZ_TARGET(manifest) {
  const auto x = decode_manifest(data);
  if (!x)
    return;
  REQUIRE(byte_view(encode(*x)) == data);
  uint64_t notes = 0;
  for (auto count : x->by_denomination)
    notes += count;
  REQUIRE(notes == x->notes && !x->sum.is_zero());
}

} // namespace liveconnect::fuzz
