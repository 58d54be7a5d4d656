#include "wallet/operations/announcement.hpp"

#include <algorithm>

#include <sodium.h>

#include "wallet/files/coin_file.hpp"
#include "wallet/operations/change_plan.hpp"

namespace liveconnect::wallet {

caf::expected<coin_payload> split_coins(const std::vector<note>& notes) {
  coin_payload out;
  for (size_t i = 0; i < notes.size(); i += notes_a_file) {
    std::vector<note> part{
        notes.begin() + static_cast<std::ptrdiff_t>(i),
        notes.begin() + static_cast<std::ptrdiff_t>(std::min(i + notes_a_file, notes.size()))};
    // The letters say what servers told us; the receiver asks for itself.
    for (auto& x : part)
      x.pown.clear();
    auto file = encode_coin_file(part, pans::without);
    if (!file)
      return file.error();
    out.files.push_back(std::move(*file));
  }
  return out;
}

manifest announce(const transfer_id& id, const std::vector<note>& notes, uint32_t lease_seconds) {
  manifest out;
  out.id = id;
  out.sum = total(notes);
  out.notes = static_cast<uint32_t>(notes.size());
  out.lease_seconds = lease_seconds;
  secret_bytes records;
  records.reserve(notes.size() * coin_record_bytes);
  for (auto& x : notes) {
    ++out.by_denomination[index_of(x.id.denomination)];
    append_coin_record(records, x);
  }
  crypto_generichash(out.records.data(), out.records.size(), records.data(), records.size(),
                     nullptr, 0);
  return out;
}

} // namespace liveconnect::wallet
