// A JSON stack of CloudCoin v1: what is accepted adds up.
#include "messages/money/note.hpp"
#include "tests/fuzz/target.hpp"
#include "wallet/files/coin_file.hpp"
#include "wallet/files/legacy_stack.hpp"

namespace liveconnect::fuzz {

FUZZ_TARGET(legacy_stack) {
  const auto stack = wallet::parse_legacy_stack(data);
  // No stack is a coin file of ours, whatever it says of itself.
  if (wallet::kind_of_coin_file(data) != wallet::coin_file_kind::format_9)
    REQUIRE(!wallet::parse_coin_file(data));
  if (!stack)
    return;
  REQUIRE(!stack->coins.empty());
  uint64_t total = 0;
  for (const auto& x : stack->coins) {
    REQUIRE(x.value != 0 && x.value == wallet::legacy_value(x.serial));
    total += x.value;
  }
  REQUIRE(total == stack->total);
}

} // namespace liveconnect::fuzz
