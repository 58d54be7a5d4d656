// The invitation in both forms: what parses is written and parses the same.
#include "messages/secure/invitation.hpp"
#include "tests/fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace liveconnect;
  const auto x = parse_invitation(byte_view(data, size).text());
  if (!x)
    return 0;
  for (const auto& text : {to_file_text(*x), to_line(*x)}) {
    const auto again = parse_invitation(view(text).text());
    REQUIRE(again && *again == *x);
  }
  return 0;
}
