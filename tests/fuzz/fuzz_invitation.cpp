// The invitation in both forms: what parses is written and parses the same.
#include "messages/secure/invitation.hpp"
#include "tests/fuzz/target.hpp"

namespace liveconnect::fuzz {

FUZZ_TARGET(invitation) {
  const auto x = parse_invitation(data.text());
  if (!x)
    return;
  for (const auto& text : {to_file_text(*x), to_line(*x)}) {
    const auto again = parse_invitation(view(text).text());
    REQUIRE(again && *again == *x);
  }
}

} // namespace liveconnect::fuzz
