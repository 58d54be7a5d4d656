#include "wallet/operations/check_notes.hpp"

#include <algorithm>
#include <map>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "wallet/operations/import_notes.hpp"
#include "wallet/operations/known_secrets.hpp"
#include "wallet/operations/pown_again.hpp"

namespace liveconnect::wallet {

namespace {

// One check: what the servers say of the notes, and where that puts them.
class note_check {
public:
  note_check(workspace& space, operation_report& report, heal_journal& log)
      : space_(space), report_(report), log_(log) {}

  // Files each note by its letters; those that 13+f servers refuse wait for judge_refused().
  caf::error sort(const std::vector<stored_note>& mine, const std::vector<note>& now) {
    std::map<note_id, size_t> copies;
    for (auto& x : mine)
      ++copies[x.value.id];
    std::set<note_id> seen;
    for (size_t i = 0; i < mine.size() && i < now.size(); ++i) {
      // Of a note that lies in two files only the first counts here: which of them is good,
      // recovery finds out.
      if (!seen.insert(mine[i].value.id).second)
        continue;
      fewest_ = std::min(fewest_, count_letters(now[i].pown).passed);
      ++report_.notes;
      if (count_letters(now[i].pown).failed >= space_.rules.quorum.settled()) {
        refused_.push_back(mine[i]);
        continue;
      }
      const auto to = judge(now[i], mine[i].where);
      auto err = copies[mine[i].value.id] == 1 ? file_anew(space_.user, mine[i], now[i], to, log_)
                                               : move(mine[i], to);
      if (err)
        return err;
    }
    return {};
  }

  // One refusal is no verdict (I7): asks again, and under every set of secrets that this disk has.
  caf::error judge_refused() {
    const auto told = look_for_living(space_, notes_of(refused_));
    if (!told)
      return told.error();
    for (auto& x : refused_) {
      if (const auto found = told->living.find(x.value.id); found != told->living.end()) {
        --report_.notes;
        living_.push_back(found->second);
      } else if (told->dead.count(x.value.id) == 0) {
        wait(x.value);
      } else {
        ++report_.counterfeit;
        (void)report_.counterfeit_value.add(value_of(x.value));
        report_.lines.push_back(to_string(x.value.id) + " is counterfeit");
        if (auto err = move(x, folder::counterfeit))
          return err;
      }
    }
    return {};
  }

  // Notes whose living secrets were found elsewhere on this disk: to be made ours anew.
  const std::vector<note>& living() const { return living_; }

  // The fewest passes of any note judged; 0 when none was.
  uint8_t fewest_passes() const {
    return report_.notes == 0 ? uint8_t{0} : static_cast<uint8_t>(fewest_);
  }

private:
  void wait(const note& x) {
    ++report_.limbo;
    (void)report_.limbo_value.add(value_of(x));
  }

  // Counts a note that is not refused, and answers the folder it belongs in.
  folder judge(const note& x, folder from) {
    const auto counts = count_letters(x.pown);
    if (counts.passed < space_.rules.quorum.majority) {
      wait(x);
      return from;
    }
    (void)report_.value.add(value_of(x));
    const auto to = folder_by_letters(x, from);
    ++(to == folder::bank ? report_.authentic : report_.fracked);
    if (counts.passed < space_.rules.quorum.settled())
      report_.lines.push_back(
          to_string(x.id) + " is passed by " + std::to_string(counts.passed) +
          " servers only and cannot be paid now" +
          (counts.failed > 0 ? ": run 'liveconnect wallet heal'" : "; the others did not answer"));
    return to;
  }

  caf::error move(const stored_note& x, folder to) {
    if (to == x.where)
      return {};
    const auto moved = space_.user.move_file(x.where, x.file, to);
    return moved ? caf::error{} : moved.error();
  }

  workspace& space_;
  operation_report& report_;
  heal_journal& log_;
  size_t fewest_ = space_.servers();
  std::vector<stored_note> refused_;
  std::vector<note> living_;
};

// Asks about the notes that are held, files them, and answers those to be made ours anew.
caf::expected<std::vector<note>> check_held(workspace& space, const std::vector<note_id>& held,
                                            heal_journal& log, operation_report& out) {
  const auto mine = space.user.find(held, {folder::bank, folder::fracked});
  if (!mine)
    return mine.error();
  const auto now = pown_again(space, notes_of(*mine), log.again());
  if (!now)
    return now.error();
  note_check check{space, out, log};
  if (auto err = check.sort(*mine, *now))
    return err;
  if (auto err = check.judge_refused())
    return err;
  out.fewest_passes = check.fewest_passes();
  if (auto err = log.close())
    return err;
  return check.living();
}

} // namespace

caf::expected<operation_report> check_notes(workspace& space) {
  operation_report out;
  const auto listing = space.user.list({folder::bank, folder::fracked});
  if (!listing)
    return listing.error();
  for (auto& x : listing->unreadable)
    out.lines.push_back(std::string{to_string(x.where)} + "/" + printable(x.file) +
                        " cannot be read as a note: " + detail_of(x.problem));
  out.unreadable = static_cast<uint32_t>(listing->unreadable.size());
  const auto owner = draw_transfer_id();
  heal_journal log{space, {}, listing->notes.size()};
  // Holds first, files second: another operation may have moved what was listed.
  std::optional<hold_guard> held{std::in_place, *space.holds, ids_of(notes_of(listing->notes)),
                                 owner};
  const auto living = check_held(space, held->held(), log, out);
  if (!living) {
    // The journal is open and claims the notes until it is carried on.
    if (log.is_begun())
      held->leave(held->held(), log.id());
    return living.error();
  }
  held.reset();
  if (auto err = take_in(space, *living, out))
    return err;
  return out;
}

} // namespace liveconnect::wallet
