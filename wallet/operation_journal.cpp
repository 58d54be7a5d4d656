#include "wallet/operation_journal.hpp"

#include "messages/error.hpp"

namespace liveconnect::wallet {

namespace {

// RECEIVED, POWN (or SELECTED twice, SENDING, REFRESH) and GRADED of one note, rounded up.
constexpr uint64_t bytes_a_note = 3'072;
constexpr uint64_t bytes_besides = 16'384;

} // namespace

caf::expected<operation_journal>
operation_journal::create(workspace& space, const opened_record& opened, size_t notes) {
  auto file = journal::create(space.files(), space.user.root(), opened.id, space.now_ms(),
                              bytes_besides + notes * bytes_a_note);
  if (!file)
    return file.error();
  operation_journal out{std::move(*file)};
  if (auto err = out.append(encode(opened)))
    return err;
  return out;
}

caf::expected<operation_journal> operation_journal::open(workspace& space, const transfer_id& id) {
  auto file = journal::open(space.files(), space.user.root(), id);
  if (!file)
    return file.error();
  operation_journal out{std::move(*file)};
  if (out.file_.records().empty()) {
    out.view_.opened.id = id;
    return out;
  }
  auto view = replay(out.file_.records());
  if (!view)
    return view.error();
  if (view->id() != id)
    return fail(ec::wallet_damaged, "journal " + to_string(id) + " is another transfer's");
  out.view_ = std::move(*view);
  return out;
}

caf::error operation_journal::append(const journal_record& x) {
  // What could not be read back must not be written.
  auto next = view_;
  if (auto err = apply(next, x))
    return err;
  if (auto err = file_.append(x.type, liveconnect::view(x.payload)))
    return err;
  view_ = std::move(next);
  return {};
}

caf::error operation_journal::make_room(size_t notes) {
  return file_.reserve(bytes_besides + notes * bytes_a_note);
}

caf::error operation_journal::close(closing how, wall_seconds now) {
  if (!view_.closed && view_.opened.servers != 0)
    if (auto err = append(encode(closed_record{how, now})))
      return err;
  return file_.close(file_.records());
}

caf::expected<std::vector<journal_view>> load_open_journals(workspace& space) {
  auto entries = open_journals(space.files(), space.user.root());
  if (!entries)
    return entries.error();
  std::vector<journal_view> out;
  for (auto& entry : *entries) {
    if (entry.problem)
      return entry.problem;
    auto one = operation_journal::open(space, entry.id);
    if (!one)
      return one.error();
    out.push_back(one->view());
  }
  return out;
}

} // namespace liveconnect::wallet
