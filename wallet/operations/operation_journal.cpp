#include "wallet/operations/operation_journal.hpp"

#include <algorithm>
#include <utility>

#include "messages/base/error.hpp"
#include "messages/base/mutants.hpp"

namespace liveconnect::wallet {

namespace {

// RECEIVED, POWN (or SELECTED twice, SENDING, REFRESH) and GRADED of one note, rounded up.
constexpr uint64_t bytes_a_note = 3'072;
constexpr uint64_t bytes_besides = 16'384;

template<class... Types>
bool is_one_of(record_type x, Types... types) {
  return ((x == types) || ...);
}

// Records that stay in memory, where a deliberate fault wants it (messages/base/mutants.hpp): a
// kill takes them away, as if what they stand in front of had been done first.
bool stays_in_memory(record_type x) {
  return (LC_MUTANT(received_only_in_memory) && x == record_type::received) ||
         (LC_MUTANT(pans_only_in_memory) &&
          is_one_of(x, record_type::pown, record_type::refresh)) ||
         (LC_MUTANT(sending_only_in_memory) &&
          is_one_of(x, record_type::sending, record_type::lease, record_type::session)) ||
         (LC_MUTANT(receipt_before_graded) &&
          is_one_of(x, record_type::graded, record_type::settled, record_type::receipt));
}

} // namespace

caf::expected<operation_journal>
operation_journal::create(workspace& space, const opened_record& opened, size_t notes) {
  auto hand = space.holds->take_journal(opened.id);
  if (!hand)
    return fail(ec::file_exists, "the journal of " + to_string(opened.id) + " is in work");
  auto file = journal::create(space.files(), space.user.root(), opened.id, space.now_ms(),
                              bytes_besides + notes * bytes_a_note);
  if (!file)
    return file.error();
  operation_journal out{std::move(*file), std::move(hand)};
  if (auto err = out.append(encode(opened)))
    return err;
  return out;
}

caf::expected<operation_journal> operation_journal::open(workspace& space, const transfer_id& id) {
  auto hand = space.holds->take_journal(id);
  if (!hand)
    return fail(ec::wallet_busy, "the transfer " + to_string(id) + " is in work already");
  auto file = journal::open(space.files(), space.user.root(), id);
  if (!file)
    return file.error();
  operation_journal out{std::move(*file), std::move(hand)};
  if (out.file_.records().empty())
    return out;
  auto view = replay(out.file_.records());
  if (!view)
    return fail(code_of(view.error()), to_string(id) + ".lcj: " + detail_of(view.error()));
  if (view->id() != id)
    return fail(ec::wallet_damaged, "journal " + to_string(id) + " is another transfer's");
  if (auto err = out.hand_->publish(std::move(*view)))
    return err;
  return out;
}

caf::error operation_journal::append(const journal_record& x) {
  // What could not be read back must not be written.
  auto next = view();
  if (auto err = apply(next, x))
    return err;
  if (!stays_in_memory(static_cast<record_type>(x.type)))
    if (auto err = file_.append(x.type, liveconnect::view(x.payload)))
      return err;
  return hand_->publish(std::move(next));
}

caf::error operation_journal::make_room(size_t notes) {
  return file_.reserve(bytes_besides + notes * bytes_a_note);
}

caf::error operation_journal::close(closing how, wall_seconds now) {
  if (!view().closed && view().opened.servers != 0)
    if (auto err = append(encode(closed_record{how, now})))
      return err;
  return file_.close(file_.records());
}

caf::expected<std::vector<journal_view>> load_open_journals(workspace& space) {
  const auto ids = open_journal_ids(space.files(), space.user.root());
  if (!ids)
    return ids.error();
  std::vector<std::pair<uint64_t, journal_view>> found;
  for (auto& id : *ids) {
    if (auto busy = space.holds->in_hand(id)) {
      if (!busy->closed)
        found.emplace_back(busy->opened.at * 1000, std::move(*busy));
      continue;
    }
    const auto one = operation_journal::open(space, id);
    if (one) {
      found.emplace_back(one->opened_ms(), one->view());
      continue;
    }
    // Closed by its worker since the names were read, or just taken in hand.
    if (auto busy = space.holds->in_hand(id)) {
      if (!busy->closed)
        found.emplace_back(busy->opened.at * 1000, std::move(*busy));
      continue;
    }
    const auto there = is_open_journal(space.files(), space.user.root(), id);
    if (!there)
      return there.error();
    if (*there)
      return one.error();
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& x, const auto& y) { return x.first < y.first; });
  std::vector<journal_view> out;
  for (auto& x : found)
    out.push_back(std::move(x.second));
  return out;
}

} // namespace liveconnect::wallet
