#include "wallet/operations/check_notes.hpp"

#include <algorithm>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "wallet/files/coin_name.hpp"

namespace liveconnect::wallet {

namespace {

// What Detect said of a note, and where that puts it.
class note_check {
public:
  note_check(workspace& space, operation_report& report) : space_(space), report_(report) {}

  bool refused(const std::string& letters) const {
    return count_letters(letters).failed >= space_.rules.quorum.settled();
  }

  // The folder a note of `from` belongs in. `again` is the second Detect, for a note that the first
  // refused.
  folder judge(const note& x, folder from, const std::string& letters, const std::string* again) {
    const auto counts = count_letters(letters);
    ++report_.notes;
    fewest_ = std::min(fewest_, counts.passed);
    if (again != nullptr && refused(*again)) {
      ++report_.counterfeit;
      (void)report_.counterfeit_value.add(value_of(x));
      report_.lines.push_back(to_string(x.id) + " is counterfeit");
      return folder::counterfeit;
    }
    if (again != nullptr || counts.passed < space_.rules.quorum.majority) {
      ++report_.limbo;
      (void)report_.limbo_value.add(value_of(x));
      return from;
    }
    (void)report_.value.add(value_of(x));
    auto to = from;
    if (counts.passed == space_.servers())
      to = folder::bank;
    else if (counts.failed > 0)
      to = folder::fracked;
    ++(to == folder::bank ? report_.authentic : report_.fracked);
    return to;
  }

  // The fewest passes of any note judged; 0 when none was.
  uint8_t fewest_passes() const {
    return report_.notes == 0 ? uint8_t{0} : static_cast<uint8_t>(fewest_);
  }

private:
  workspace& space_;
  operation_report& report_;
  size_t fewest_ = space_.servers();
};

} // namespace

caf::expected<operation_report> check_notes(workspace& space) {
  operation_report out;
  const auto id = draw_transfer_id();
  const auto listing = space.user.list({folder::bank, folder::fracked});
  if (!listing)
    return listing.error();
  for (auto& x : listing->unreadable)
    out.lines.push_back(std::string{to_string(x.where)} + "/" + printable(x.file) +
                        " cannot be read as a note: " + detail_of(x.problem));
  out.unreadable = static_cast<uint32_t>(listing->unreadable.size());
  // Holds first, files second: another operation may have moved what was listed.
  hold_guard held{*space.holds, ids_of(notes_of(listing->notes)), id};
  auto found = space.user.find(held.held(), {folder::bank, folder::fracked});
  if (!found)
    return found.error();
  auto& mine = *found;
  // Of a note that lies in two files only the first is asked about: which of them is good, recovery
  // finds out.
  mine.erase(std::unique(mine.begin(), mine.end(),
                         [](const stored_note& x, const stored_note& y) {
                           return x.value.id == y.value.id;
                         }),
             mine.end());
  const auto notes = notes_of(mine);
  note_check check{space, out};
  const auto first = raida::detect(*space.port, notes, space.rules.times);
  std::vector<note> doubted;
  for (size_t i = 0; i < notes.size() && i < first.size(); ++i)
    if (check.refused(first[i]))
      doubted.push_back(notes[i]);
  // One bad Detect is no verdict (docs/formats/wallet.md "Legal moves").
  const auto second = raida::detect(*space.port, doubted, space.rules.times);
  size_t asked_twice = 0;
  for (size_t i = 0; i < notes.size() && i < first.size(); ++i) {
    const auto* again = check.refused(first[i]) ? &second[asked_twice++] : nullptr;
    const auto to = check.judge(notes[i], mine[i].where, first[i], again);
    if (to != mine[i].where)
      if (auto moved = space.user.move_file(mine[i].where, mine[i].file, to); !moved)
        return std::move(moved.error());
  }
  out.fewest_passes = check.fewest_passes();
  return out;
}

} // namespace liveconnect::wallet
