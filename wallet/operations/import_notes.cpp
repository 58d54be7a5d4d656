#include "wallet/operations/import_notes.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "wallet/files/coin_name.hpp"
#include "wallet/journal/recovery.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/take_ownership.hpp"

namespace liveconnect::wallet {

namespace {

// Keeps the notes that may be imported; says of the others why not.
caf::error sort_out(workspace& space, const std::vector<import_item>& items,
                    std::vector<note>& notes, operation_report& report) {
  std::set<note_id> held = space.holds->all();
  for (auto store : {&space.user, &space.sender, &space.receiver}) {
    const auto listing =
        store->list({folder::bank, folder::fracked, folder::limbo, folder::suspect});
    if (!listing)
      return listing.error();
    for (auto& x : listing->notes)
      held.insert(x.value.id);
  }
  for (auto& item : items) {
    auto file = parse_coin_file(view(item.content));
    if (!file) {
      ++report.refused;
      report.lines.push_back(printable(item.name) + ": " + detail_of(file.error()));
      continue;
    }
    for (auto& x : *file) {
      if (!is_denomination(x.id.denomination) || x.id.serial > serial_max) {
        report.lines.push_back(printable(item.name) + ": a note that cannot exist");
        continue;
      }
      if (!held.insert(x.id).second) {
        report.lines.push_back(printable(item.name) + ": " + to_string(x.id) +
                               " is in the wallet already");
        continue;
      }
      x.pans.clear();
      x.pown.clear();
      notes.push_back(std::move(x));
    }
  }
  return {};
}

// Adds what became of one import's notes to the report of all.
template<class Report>
void add_verdicts(operation_report& out, const Report& x) {
  out.notes += x.authentic + x.fracked + x.counterfeit + x.limbo;
  out.authentic += x.authentic;
  out.fracked += x.fracked;
  out.counterfeit += x.counterfeit;
  out.limbo += x.limbo;
  (void)out.value.add(x.value);
  (void)out.counterfeit_value.add(x.counterfeit_value);
  (void)out.limbo_value.add(x.limbo_value);
  out.fewest_passes = x.fewest_passes;
}

} // namespace

std::vector<import_item> read_import_files(workspace& space, const std::vector<std::string>& paths,
                                           operation_report& report) {
  std::vector<import_item> out;
  for (auto& x : paths) {
    std::filesystem::path path{x};
    const auto name = path.filename().string();
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
    const auto directory = space.files().open_directory(folder);
    if (!directory) {
      report.lines.push_back(printable(x) + ": " + detail_of(directory.error()));
      continue;
    }
    auto content = read_file(space.files(), *directory, name, coin_file_with_pans_bytes_max);
    if (!content) {
      report.lines.push_back(printable(x) + ": " + detail_of(content.error()));
      continue;
    }
    out.push_back({name, std::move(*content)});
  }
  return out;
}

caf::expected<operation_report> import_notes(workspace& space,
                                             const std::vector<import_item>& items) {
  operation_report report;
  std::vector<note> all;
  if (auto err = sort_out(space, items, all, report))
    return err;
  for (size_t from = 0; from < all.size(); from += coin_file_notes_max) {
    const auto to = std::min(from + coin_file_notes_max, all.size());
    std::vector<note> notes{all.begin() + static_cast<std::ptrdiff_t>(from),
                            all.begin() + static_cast<std::ptrdiff_t>(to)};
    const auto id = draw_transfer_id();
    if (!space.holds->take(ids_of(notes), id))
      return fail(ec::wallet_busy, "a note is part of another operation");
    auto log =
        operation_journal::create(space, space.opened(journal_kind::import, id), notes.size());
    if (!log) {
      space.holds->release_all(id);
      return log.error();
    }
    if (auto err = log->append(encode_received(notes)))
      return err;
    const auto made = space.user.put_container(folder::import_, notes, tag_of(id));
    if (!made)
      return made.error();
    const auto done = finish_import(space, *log);
    if (!done)
      return done.error();
    add_verdicts(report, *done);
  }
  if (report.limbo > 0)
    report.lines.push_back(std::to_string(report.limbo) +
                           " notes wait for enough servers; they are kept with both secrets");
  return report;
}

caf::expected<operation_report> finish_import(workspace& space, operation_journal& log) {
  operation_report out;
  if (log.view().received.empty()) {
    if (auto err = log.close(closing::nothing_received, space.now()))
      return err;
    return out;
  }
  std::string container;
  const auto files = space.user.list_files(folder::import_);
  if (!files)
    return files.error();
  for (auto& x : *files)
    if (x.find(tag_of(log.id())) != std::string::npos)
      container = x;
  const auto report = take_ownership(space, log, space.user, container);
  if (!report)
    return report.error();
  add_verdicts(out, *report);
  if (!all_settled(log.view()))
    return out;
  log_to_user(space, true, report->value, "Import", to_string(log.id()));
  if (auto err = log.close(closing::done, space.now()))
    return err;
  space.holds->release_all(log.id());
  return out;
}

} // namespace liveconnect::wallet
