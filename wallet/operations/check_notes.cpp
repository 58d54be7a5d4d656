#include "wallet/operations/check_notes.hpp"

#include <algorithm>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "wallet/files/coin_name.hpp"

namespace liveconnect::wallet {

caf::expected<operation_report> check_notes(workspace& space) {
  operation_report out;
  const auto id = draw_transfer_id();
  auto listing = space.user.list({folder::bank, folder::fracked});
  if (!listing)
    return listing.error();
  for (auto& x : listing->unreadable)
    out.lines.push_back(std::string{to_string(x.where)} + "/" + printable(x.file) +
                        " cannot be read as a note: " + detail_of(x.problem));
  out.unreadable = static_cast<uint32_t>(listing->unreadable.size());
  // Holds first, files second: what was listed may have left for another operation's sake.
  hold_guard held{*space.holds, ids_of(notes_of(listing->notes)), id};
  auto found = space.user.find(held.held(), {folder::bank, folder::fracked});
  if (!found)
    return found.error();
  auto& mine = *found;
  // Of a note that lies in two files, one; which of them is good is for recovery to find out.
  mine.erase(std::unique(mine.begin(), mine.end(),
                         [](const stored_note& x, const stored_note& y) {
                           return x.value.id == y.value.id;
                         }),
             mine.end());
  const auto notes = notes_of(mine);
  const auto first = raida::detect(*space.port, notes, space.rules.times);
  const auto settled = space.rules.quorum.settled();
  std::vector<note> doubted;
  const auto refused = [&](const std::string& letters) {
    return raida::count_letters(letters).failed >= settled;
  };
  for (size_t i = 0; i < notes.size() && i < first.size(); ++i)
    if (refused(first[i]))
      doubted.push_back(notes[i]);
  // One bad Detect is no verdict (docs/formats/wallet.md "Legal moves").
  const auto second = raida::detect(*space.port, doubted, space.rules.times);
  auto failed = caf::error{};
  size_t asked_twice = 0;
  auto fewest = space.servers();
  for (size_t i = 0; i < notes.size() && i < first.size() && !failed; ++i) {
    const auto counts = raida::count_letters(first[i]);
    auto value = value_of(notes[i]);
    const auto from = mine[i].where;
    auto to = from;
    ++out.notes;
    fewest = std::min(fewest, counts.passed);
    if (refused(first[i])) {
      auto& again = second[asked_twice++];
      if (refused(again)) {
        to = folder::counterfeit;
        ++out.counterfeit;
        (void)out.counterfeit_value.add(value);
        out.lines.push_back(to_string(notes[i].id) + " is counterfeit");
      } else {
        ++out.pending;
        (void)out.pending_value.add(value);
      }
    } else if (counts.passed < space.rules.quorum.majority) {
      ++out.pending;
      (void)out.pending_value.add(value);
    } else {
      (void)out.value.add(value);
      if (counts.passed == space.servers())
        to = folder::bank;
      else if (counts.failed > 0)
        to = folder::fracked;
      ++(to == folder::bank ? out.clean : out.fracked);
    }
    if (to != from)
      if (auto moved = space.user.move_file(from, mine[i].file, to); !moved)
        failed = std::move(moved.error());
  }
  out.fewest_passes = out.notes == 0 ? uint8_t{0} : static_cast<uint8_t>(fewest);
  if (failed)
    return failed;
  return out;
}

} // namespace liveconnect::wallet
