#include "messages/money/note.hpp"

namespace liveconnect {

amount denomination_value(int8_t code) {
  uint64_t units = 1;
  for (int i = denomination_min; i < code; ++i)
    units *= 10;
  return amount::from_units(units);
}

std::string denomination_name(int8_t code) {
  return to_string(denomination_value(code));
}

std::string to_string(note_id x) {
  return denomination_name(x.denomination) + " #" + std::to_string(x.serial);
}

amount total(const std::vector<note>& notes) {
  uint64_t units = 0;
  for (const auto& x : notes)
    units += value_of(x).units();
  return amount::from_units(units);
}

} // namespace liveconnect
