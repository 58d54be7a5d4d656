// A coin file of format 9: what is read can be written, is written as it was read, and no note
// stands twice in it.
#include <set>

#include "tests/fuzz/target.hpp"
#include "wallet/files/coin_file.hpp"

namespace liveconnect::fuzz {

using namespace wallet;

namespace {

bool same(const note& x, const note& y) {
  return x.id == y.id && x.ans == y.ans && x.pans == y.pans && x.pown == y.pown;
}

bool same(const std::vector<note>& x, const std::vector<note>& y) {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](const note& a, const note& b) { return same(a, b); });
}

void check_notes(const std::vector<note>& notes) {
  std::set<note_id> seen;
  for (const auto& x : notes) {
    REQUIRE(seen.insert(x.id).second);
    // Serials that no server keeps are read (docs/formats/wallet.md 1); what takes notes in refuses
    // them.
    REQUIRE(is_denomination(x.id.denomination));
    REQUIRE(x.ans.size() == raida_count && x.pown.size() == raida_count);
    REQUIRE(x.pans.empty() || x.pans.size() == raida_count);
  }
}

} // namespace

FUZZ_TARGET(coin_file) {
  const auto kind = kind_of_coin_file(data);
  const auto notes = parse_coin_file(data);
  if (!notes)
    return;
  REQUIRE(kind == coin_file_kind::format_9 && !notes->empty());
  check_notes(*notes);
  const auto which = notes->front().pans.empty() ? pans::without : pans::with;
  const auto written = encode_coin_file(*notes, which);
  REQUIRE(written);
  const auto again = parse_coin_file(view(*written));
  REQUIRE(again && same(*notes, *again));
  // Older writers pad their files; ours are never longer than what was read.
  REQUIRE(written->size() <= data.size());
  secret_bytes record;
  append_coin_record(record, notes->front());
  REQUIRE(record.size() == coin_record_bytes);
}

} // namespace liveconnect::fuzz
