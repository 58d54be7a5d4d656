#include "wallet/transfer/read_receipt.hpp"

#include <algorithm>
#include <set>

#include "messages/base/error.hpp"
#include "messages/secure/manifest.hpp"
#include "messages/secure/receipt.hpp"

namespace liveconnect::wallet {

namespace {

// Where the receipt's canonical text says its key. verify_receipt() checks that this is the place.
bool key_in(const std::string& json, receipt_public_key& key) {
  static const std::string before = "\"public_key\":\"";
  const auto at = json.rfind(before);
  if (at == std::string::npos)
    return false;
  bytes raw;
  if (!from_hex(std::string_view{json}.substr(at + before.size(), 2 * key.size()), raw) ||
      raw.size() != key.size())
    return false;
  std::copy(raw.begin(), raw.end(), key.begin());
  return true;
}

} // namespace

caf::expected<std::vector<note_id>> rejected_by(const std::string& json,
                                                const sending_record& sent) {
  receipt_public_key key{};
  if (!key_in(json, key))
    return fail(ec::bad_receipt, "without its key");
  const auto text = verify_receipt(json, key);
  if (!text)
    return text.error();
  if (text->id != sent.announced.id || text->manifest_hash != hash_of(sent.announced))
    return fail(ec::bad_receipt, "for another transfer");
  std::set<note_id> left;
  for (auto& x : sent.notes)
    left.insert(x.id);
  std::vector<note_id> out;
  for (auto& x : text->notes) {
    if (left.erase(x.id) == 0)
      return fail(ec::bad_receipt, "names a note that was not sent");
    if (x.what == note_verdict::counterfeit || x.what == note_verdict::limbo)
      out.push_back(x.id);
  }
  if (!left.empty())
    return fail(ec::bad_receipt, "leaves out a note that was sent");
  return out;
}

} // namespace liveconnect::wallet
