// Names of coin files: whatever tag a stranger gives a note, the name is one plain component, and
// it stays one when a suffix is added. The input is the tag, and once more the whole name.
#include <string>

#include "tests/fuzz/target.hpp"
#include "wallet/files/coin_name.hpp"

namespace liveconnect::fuzz {

using namespace wallet;

FUZZ_TARGET(coin_name) {
  const auto text = data.text();
  const auto tag = clean_tag(text);
  REQUIRE(!tag.empty() && tag.size() <= tag_bytes_max && clean_tag(tag) == tag);
  byte_reader numbers{data};
  const auto code = static_cast<int>(numbers.u8() % denomination_count) + denomination_min;
  const note_id id{static_cast<int8_t>(code), numbers.u32() % (serial_max + 1)};
  for (const auto& name :
       {coin_name(id, text), container_name(amount::from_units(numbers.u64()), id.serial, text)}) {
    REQUIRE(is_plain_name(name));
    REQUIRE(name.size() > 5 && name.substr(name.size() - 5) == "'.bin");
    const auto other = with_suffix(name, "abcdefgh");
    REQUIRE(is_plain_name(other) && other != name && other.substr(other.size() - 5) == "'.bin");
  }
  // A name from elsewhere, as long as the system allows.
  if (is_plain_name(text)) {
    const auto other = with_suffix(std::string{text}, "abcdefgh");
    REQUIRE(is_plain_name(other));
    // The suffix is random: a name that has the very same one gives its place up to it.
    REQUIRE(other != text || text.find("-abcdefgh") != text.npos);
  }
}

} // namespace liveconnect::fuzz
