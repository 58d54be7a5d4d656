// The receipt's reader. The key that it is checked with is the one that it names, and its signature
// is made anew, so that the fuzzer gets past both: what is accepted is canonical to the byte.
#include <string>

#include "messages/secure/receipt.hpp"
#include "tests/fuzz/target.hpp"

namespace liveconnect::fuzz {

FUZZ_TARGET(receipt) {
  static const auto key = signing_key::from_seed(secret<32>{});
  static const std::string key_field = "\"public_key\":\"" + to_hex(key.public_key()) + "\",";
  static const std::string name{"LC1receipt\0", 11};
  auto text = std::string{data.text()};
  const auto at = text.find("\"public_key\"");
  if (at != std::string::npos) {
    text = text.substr(0, at) + key_field;
    const auto message = name + text;
    text += "\"signature\":\"" + to_hex(key.sign(byte_view(std::string_view{message}))) + "\"}";
  }
  const auto x = verify_receipt(text, key.public_key());
  if (x)
    REQUIRE(sign_receipt(*x, key) == text);
}

} // namespace liveconnect::fuzz
