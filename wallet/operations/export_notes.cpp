#include "wallet/operations/export_notes.hpp"

#include <algorithm>
#include <filesystem>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "wallet/files/coin_name.hpp"
#include "wallet/operations/announcement.hpp"
#include "wallet/operations/choose_notes.hpp"
#include "wallet/operations/make_change.hpp"

namespace liveconnect::wallet {

namespace {

std::filesystem::path folder_of(const std::string& path) {
  std::filesystem::path x{path};
  return x.has_parent_path() ? x.parent_path() : std::filesystem::path{"."};
}

std::string name_of(const std::string& path) {
  return std::filesystem::path{path}.filename().string();
}

// Selects exactly what the plan needs of `here`, and releases the rest.
caf::error select_exactly(workspace& space, operation_journal& log,
                          const std::vector<stored_note>& here, const change_plan& plan) {
  auto pick = pick_notes(here, notes_needed(plan));
  if (!pick)
    return pick.error();
  selected_record next;
  next.sum = log.view().selected->sum;
  next.notes = std::move(*pick);
  std::vector<note_id> free;
  for (auto& x : here)
    if (std::none_of(next.notes.begin(), next.notes.end(),
                     [&](const note& y) { return y.id == x.value.id; }))
      free.push_back(x.value.id);
  if (auto err = log.append(encode(next)))
    return err;
  space.holds->release(free, log.id());
  return {};
}

// Carries out the plan's first break; the selection then has its ten notes in place of the source.
caf::error break_one(workspace& space, operation_journal& log, const std::vector<stored_note>& here,
                     const change_plan& plan) {
  const auto source = note_to_break(space, here, plan.breaks.front(), log.id());
  if (!source)
    return source.error();
  const auto change = change_notes(space, change_kind::break_note, {*source}, log.id());
  if (!change)
    return change.error();
  if (change->outcome != change_outcome::done)
    return fail(ec::change_not_possible, "the servers have not said yet what became of " +
                                             to_string(*source) + "; it stays set apart");
  const auto made = space.user.find(change->made, {folder::bank, folder::fracked});
  if (!made)
    return made.error();
  selected_record next;
  next.sum = log.view().selected->sum;
  for (auto& x : here)
    if (x.value.id != *source)
      next.notes.push_back(x.value);
  for (auto& x : *made)
    next.notes.push_back(x.value);
  return log.append(encode(next));
}

// Breaks until the notes held can be taken exactly; the selection then is the sum.
caf::error make_exact(workspace& space, operation_journal& log) {
  const auto sum = log.view().selected->sum;
  for (size_t round = 0; round < 4 * denomination_count; ++round) {
    const auto here =
        space.user.find(ids_of(log.view().selected->notes), {folder::bank, folder::fracked});
    if (!here)
      return here.error();
    const auto plan = plan_change(purse_of(*here), sum, {space.rules.change.may_break, false});
    if (!plan)
      return plan.error();
    if (plan->breaks.empty())
      return select_exactly(space, log, *here, *plan);
    if (auto err = break_one(space, log, *here, *plan))
      return err;
  }
  return fail(ec::internal, "change does not come to an end");
}

// The container in Export that this journal has made; empty when there is none.
caf::expected<std::string> find_container(workspace& space, const operation_journal& log) {
  const auto files = space.user.list_files(folder::export_);
  if (!files)
    return files.error();
  std::string out;
  for (auto& x : *files)
    if (x.find(tag_of(log.id())) != std::string::npos)
      out = x;
  return out;
}

// Nothing has left: the container goes, since the notes' own files are there, and they are free
// again.
caf::error give_up(workspace& space, operation_journal& log, const std::string& container) {
  if (!container.empty())
    if (auto err = space.user.remove_file(folder::export_, container))
      return err;
  if (auto err = log.close(closing::given_back, space.now()))
    return err;
  space.holds->release_all(log.id());
  return {};
}

// Writes the file that the export is for. A file of the same bytes is the one of an earlier try. It
// lies outside the wallet, where no start-up looks for what a killed write has left: living
// secrets. So the name of its temporary follows from the journal.
caf::error write_destination(workspace& space, const operation_journal& log, byte_view content) {
  const auto& path = log.view().destination;
  const auto directory = space.files().open_directory(folder_of(path));
  if (!directory)
    return directory.error();
  const auto name = name_of(path);
  auto err = put_outside(space.files(), *directory, name, content, tag_of(log.id()));
  if (err && code_of(err) == ec::file_exists) {
    const auto there = read_file(space.files(), *directory, name, content.size());
    if (there && liveconnect::view(*there).text() == content.text())
      return {};
  }
  return err;
}

} // namespace

caf::expected<operation_report> export_notes(workspace& space, amount sum,
                                             const std::string& path) {
  if (sum.is_zero())
    return fail(ec::bad_amount, "0");
  const auto name = name_of(path);
  if (!is_plain_name(name))
    return fail(ec::bad_argument, "'" + printable(name) + "' is not a file name");
  const auto directory = space.files().open_directory(folder_of(path));
  if (!directory)
    return directory.error();
  const auto taken = space.files().exists(*directory, name);
  if (!taken)
    return taken.error();
  if (*taken)
    return fail(ec::file_exists, printable(name));
  const auto id = draw_transfer_id();
  const auto chosen = choose_notes(space, sum, id);
  if (!chosen)
    return chosen.error();
  auto log = operation_journal::create(space, space.opened(journal_kind::export_file, id),
                                       chosen->size() + 32);
  if (!log) {
    space.holds->release_all(id);
    return log.error();
  }
  selected_record selection;
  selection.sum = sum;
  selection.notes = *chosen;
  if (auto err = log->append(encode(selection)))
    return err;
  if (auto err = log->append(encode_text(record_type::destination,
                                         (folder_of(path) / name).lexically_normal().string())))
    return err;
  if (auto err = make_exact(space, *log)) {
    // Nothing has left: the notes are free again. Where the disk fails, that waits for the next
    // start, and what is told is what failed first.
    (void)finish_export(space, *log);
    return err;
  }
  auto notes = log->view().selected->notes;
  std::sort(notes.begin(), notes.end(), [](const note& x, const note& y) { return x.id < y.id; });
  if (auto made = space.user.put_container(folder::export_, notes, tag_of(id)); !made)
    return made.error();
  sending_record record;
  record.announced = announce(id, notes, 0);
  record.at = space.now();
  record.notes = notes;
  LC_ASSERT(record.announced.sum == sum);
  if (auto err = log->append(encode(record)))
    return err;
  return finish_export(space, *log);
}

caf::expected<operation_report> finish_export(workspace& space, operation_journal& log) {
  operation_report out;
  auto& view = log.view();
  const auto container = find_container(space, log);
  if (!container)
    return container.error();
  if (!view.sending) {
    if (auto err = give_up(space, log, *container))
      return err;
    return out;
  }
  const auto ids = ids_of(view.sending->notes);
  for (auto from : {folder::bank, folder::fracked})
    if (auto err = relocate(space.user, ids, from, folder::withdrawn))
      return err;
  out.notes = view.sending->announced.notes;
  out.value = view.sending->announced.sum;
  const auto content = encode_coin_file(view.sending->notes, pans::without);
  if (!content)
    return content.error();
  if (auto err = write_destination(space, log, liveconnect::view(*content))) {
    out.lines.push_back("the file could not be made (" + detail_of(err) +
                        "); the coins lie in the wallet's folder Export as '" +
                        printable(*container) + "'");
  } else if (!container->empty()) {
    if (auto moved = space.user.move_file(folder::export_, *container, folder::sent); !moved)
      return moved.error();
  }
  if (auto closed = log.close(closing::done, space.now()))
    return closed;
  space.holds->release_all(log.id());
  log_to_user(space, false, out.value, "Export", to_string(log.id()));
  return out;
}

} // namespace liveconnect::wallet
