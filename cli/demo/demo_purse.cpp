#include "cli/demo/demo_purse.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "messages/money/note.hpp"

namespace liveconnect::cli {

purse uneven_purse(amount sum) {
  int highest = denomination_min;
  while (highest < denomination_max && denomination_value(static_cast<int8_t>(highest + 1)) <= sum)
    ++highest;
  auto lead =
      static_cast<uint32_t>(sum.units() / denomination_value(static_cast<int8_t>(highest)).units());
  // Two of the highest kind too many, and a few small ones that do not fit.
  const uint32_t counts[] = {lead + 2, 3, 1};
  purse out;
  uint64_t units = 0;
  for (int i = 0; i < 3 && highest - i >= denomination_min; ++i) {
    const auto code = static_cast<int8_t>(highest - i);
    units += counts[i] * denomination_value(code).units();
    out.notes += counts[i];
    out.denominations +=
        fmt::format("{}{}:{}", i == 0 ? "" : ",", denomination_name(code), counts[i]);
  }
  out.sum = amount::from_units(units);
  return out;
}

} // namespace liveconnect::cli
