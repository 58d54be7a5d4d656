#include "wallet/operations/choose_notes.hpp"

#include <algorithm>

#include "messages/base/error.hpp"
#include "wallet/raida/note_codec.hpp"

namespace liveconnect::wallet {

namespace {

// Another operation may be faster; then its notes are left out and the choice is made anew.
constexpr int tries_max = 8;

bool has_smaller_id(const stored_note& x, const stored_note& y) {
  return x.value.id < y.value.id;
}

// A file that the disk did not give is no coin less: what is missing may be in it.
caf::error disk_problem_of(const folder_listing& listing) {
  for (auto& x : listing.unreadable)
    if (code_of(x.problem) == ec::disk_failed)
      return x.problem;
  return {};
}

} // namespace

purse purse_of(const std::vector<stored_note>& notes) {
  purse out;
  for (auto& x : notes)
    ++(x.where == folder::bank ? out.authentic : out.fracked)[index_of(x.value.id.denomination)];
  return out;
}

purse notes_needed(const change_plan& plan) {
  auto out = plan.take;
  for (auto join = plan.joins.rbegin(); join != plan.joins.rend(); ++join) {
    const auto made = index_of(static_cast<int8_t>(join->code + 1));
    if (out.authentic[made] > 0)
      --out.authentic[made];
    out.authentic[index_of(join->code)] += raida::change_count;
  }
  for (auto step = plan.breaks.rbegin(); step != plan.breaks.rend(); ++step) {
    auto& made = out.authentic[index_of(static_cast<int8_t>(step->code - 1))];
    made -= std::min<uint32_t>(made, raida::change_count);
    ++(step->fracked ? out.fracked : out.authentic)[index_of(step->code)];
  }
  return out;
}

caf::expected<std::vector<note>> pick_notes(const std::vector<stored_note>& from,
                                            const purse& wanted) {
  auto left = wanted;
  auto sorted = from;
  std::sort(sorted.begin(), sorted.end(), has_smaller_id);
  std::vector<note> out;
  for (auto& x : sorted) {
    auto& count = (x.where == folder::bank ? left.authentic
                                           : left.fracked)[index_of(x.value.id.denomination)];
    if (count == 0)
      continue;
    --count;
    out.push_back(x.value);
  }
  for (size_t i = 0; i < denomination_count; ++i)
    if (left.authentic[i] > 0 || left.fracked[i] > 0)
      return fail(ec::internal, "a plan asks for notes that are not there");
  return out;
}

std::optional<note> note_to_break(const std::vector<stored_note>& from, const break_step& step) {
  const auto where = step.fracked ? folder::fracked : folder::bank;
  for (auto& x : from)
    if (x.value.id.denomination == step.code && x.where == where)
      return x.value;
  return std::nullopt;
}

std::vector<note_id> ten_to_join(const std::vector<stored_note>& from, const join_step& step) {
  std::vector<note_id> out;
  for (auto where : {folder::bank, folder::fracked})
    for (auto& x : from)
      if (out.size() < raida::change_count && x.where == where &&
          x.value.id.denomination == step.code)
        out.push_back(x.value.id);
  if (out.size() < raida::change_count)
    out.clear();
  return out;
}

caf::expected<std::vector<note>> choose_notes(workspace& space, amount sum,
                                              const transfer_id& owner) {
  for (int tries = 0; tries < tries_max; ++tries) {
    // Holds first, files second: a note whose hold ends in between has left its folder.
    auto held = space.holds->all();
    const auto listing = space.user.list({folder::bank, folder::fracked});
    if (!listing)
      return listing.error();
    // A note that lies twice is not paid out: recovery settles it first.
    for (auto& x : duplicates_of(*listing))
      held.insert(x.id);
    std::vector<stored_note> free;
    for (auto& x : listing->notes)
      if (held.count(x.value.id) == 0)
        free.push_back(x);
    const auto plan = plan_change(purse_of(free), sum, space.rules.change);
    if (!plan) {
      if (auto err = disk_problem_of(*listing))
        return err;
      return plan.error();
    }
    auto chosen = pick_notes(free, notes_needed(*plan));
    if (!chosen)
      return chosen.error();
    const auto ids = ids_of(*chosen);
    if (!space.holds->take(ids, owner))
      continue;
    const auto still_there = space.user.find(ids, {folder::bank, folder::fracked});
    if (still_there && still_there->size() == ids.size())
      return chosen;
    space.holds->release(ids, owner);
    if (!still_there)
      return still_there.error();
  }
  return fail(ec::wallet_busy, "other transfers keep taking the notes");
}

} // namespace liveconnect::wallet
