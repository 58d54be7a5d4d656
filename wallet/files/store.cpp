#include "wallet/files/store.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "messages/base/printable.hpp"
#include "wallet/files/coin_name.hpp"

namespace liveconnect::wallet {

namespace {

/// One note with PANs and the padding of older writers.
constexpr uint64_t single_bytes_max = coin_file_header_bytes + coin_record_with_pans_bytes + 31;

bool is_coin_file_name(const std::string& name) {
  static constexpr std::string_view extension = ".bin";
  return name.size() > extension.size() && !is_temporary_name(name) &&
         std::string_view{name}.substr(name.size() - extension.size()) == extension;
}

/// Names taken in a folder, those of files about to be made included.
class name_set {
public:
  static caf::expected<name_set> of(file_ops& ops, const file_handle& directory) {
    auto entries = ops.list(directory, directory_entries_max);
    if (!entries)
      return entries.error();
    name_set out;
    for (auto& x : *entries)
      out.taken_.insert(std::move(x.name));
    return out;
  }

  /// The name itself, or with a random suffix when it is taken; takes what it answers.
  std::string claim(const std::string& wanted) {
    auto name = wanted;
    while (!taken_.insert(name).second)
      name = with_suffix(wanted, random_suffix());
    return name;
  }

private:
  std::unordered_set<std::string> taken_;
};

bool same_list(const std::vector<authenticity_number>& x,
               const std::vector<authenticity_number>& y) {
  if (x.size() != y.size())
    return false;
  bool same = true;
  for (size_t i = 0; i < x.size(); ++i)
    same = (x[i] == y[i]) && same;
  return same;
}

/// What a note will be once it is in a file of that kind.
bool same_when_stored(const note& stored, const note& x, pans which) {
  static const std::vector<authenticity_number> none;
  return same_list(stored.ans, x.ans) &&
         same_list(stored.pans, which == pans::with ? x.pans : none);
}

using copies_by_id = std::unordered_map<note_id, std::vector<const stored_note*>>;

copies_by_id index(const folder_listing& x) {
  copies_by_id out;
  for (const auto& one : x.notes)
    out[one.value.id].push_back(&one);
  return out;
}

using copies_of_note = std::vector<const stored_note*>;

bool is_like(const stored_note& copy, const note& x, pans which) {
  return same_when_stored(copy.value, x, which) && (x.pown.empty() || copy.value.pown == x.pown);
}

/// The last of the copies that holds just this note; null when none does.
const stored_note* same_copy(const copies_of_note& copies, const note& x, pans which) {
  const stored_note* out = nullptr;
  for (const auto* copy : copies)
    if (is_like(*copy, x, which))
      out = copy;
  return out;
}

bool all_like(const copies_of_note& copies, const note& x, pans which) {
  return std::all_of(copies.begin(), copies.end(),
                     [&](const stored_note* copy) { return is_like(*copy, x, which); });
}

/// Whether some copy has the same numbers, and whether some has others.
bool has_same(const copies_of_note& copies, const note& x) {
  return std::any_of(copies.begin(), copies.end(),
                     [&](const stored_note* copy) { return same_numbers(copy->value, x); });
}

bool differ(const copies_of_note& copies, const note& x) {
  return std::any_of(copies.begin(), copies.end(),
                     [&](const stored_note* copy) { return !same_numbers(copy->value, x); });
}

/// Folders of notes that are in doubt: the same serial may come there again with other numbers.
bool keeps_apart(folder x) {
  return x == folder::limbo || x == folder::counterfeit;
}

caf::error clash(note_id id, folder where) {
  return fail(ec::file_exists,
              to_string(id) + " lies in " + to_string(where) + " with other numbers");
}

/// Files to be written: their content is kept here while put_all looks at it.
class file_batch {
public:
  caf::error add(const std::string& name, const note& x, pans which) {
    auto content = encode_coin_file({x}, which);
    if (!content)
      return content.error();
    names_.push_back(name);
    contents_.push_back(std::move(*content));
    return caf::none;
  }

  caf::error write(file_ops& ops, const file_handle& directory) const {
    std::vector<new_file> files;
    files.reserve(names_.size());
    for (size_t i = 0; i < names_.size(); ++i)
      files.push_back({names_[i], view(contents_[i])});
    // Also with nothing to write: what a killed process put there before may not be durable yet.
    return files.empty() ? ops.sync_directory(directory) : put_all(ops, directory, files);
  }

private:
  std::vector<std::string> names_;
  std::vector<secret_bytes> contents_;
};

} // namespace

namespace {

/// Whether all parts of a wallet are there and can be opened. What is there and cannot be opened
/// now is another trouble than what is missing.
caf::error require_parts(file_ops& ops, const file_handle& directory,
                         const std::filesystem::path& root) {
  const auto require = [&](const char* name, const caf::expected<file_handle>& opened) {
    if (opened)
      return caf::error{};
    const auto there = ops.exists(directory, name);
    if (!there)
      return there.error();
    if (*there)
      return opened.error();
    return fail(ec::bad_argument,
                "'" + printable(root.filename().string()) +
                    "' is not a wallet: transactions.csv, config.toml, Bank or Fracked is missing");
  };
  for (const auto* name : {to_string(folder::bank), to_string(folder::fracked)})
    if (auto err = require(name, ops.open_directory_at(directory, name)))
      return err;
  for (const auto* name : {transactions_file_name, config_file_name})
    if (auto err = require(name, ops.open_read(directory, name)))
      return err;
  return caf::none;
}

} // namespace

wallet_store::wallet_store(file_ops& ops, std::filesystem::path root, file_handle directory)
    : ops_(&ops), root_(std::move(root)), directory_(std::move(directory)) {}

caf::expected<wallet_store> wallet_store::open(file_ops& ops, const std::filesystem::path& root) {
  auto directory = ops.open_directory(root);
  if (!directory)
    return directory.error();
  if (auto err = require_parts(ops, *directory, root))
    return err;
  if (auto err = check_permissions(ops, root))
    return err;
  return wallet_store{ops, root, std::move(*directory)};
}

caf::expected<wallet_store> wallet_store::open_or_create(file_ops& ops,
                                                         const std::filesystem::path& root,
                                                         const std::string& name) {
  if (auto err = create_wallet(ops, root, name))
    return err;
  return open(ops, root);
}

caf::expected<file_handle> wallet_store::open_folder(folder where) const {
  // Other programs make fewer folders than we use.
  return ensure_directory(*ops_, directory_, to_string(where));
}

caf::expected<folder_listing> wallet_store::list(folder where) const {
  const auto directory = open_folder(where);
  if (!directory)
    return directory.error();
  const auto entries = ops_->list(*directory, directory_entries_max);
  if (!entries)
    return entries.error();
  folder_listing out;
  for (const auto& x : *entries) {
    if (x.kind == entry_kind::directory || !is_coin_file_name(x.name))
      continue;
    const auto report = [&](caf::error err) {
      out.unreadable.push_back({where, x.name, std::move(err)});
    };
    if (x.kind != entry_kind::file) {
      report(fail(ec::bad_coin_file, "not a regular file"));
      continue;
    }
    const auto raw = read_file(*ops_, *directory, x.name, single_bytes_max);
    if (!raw) {
      // Another thread of ours, or another program, may have moved it since the names were read.
      const auto there = ops_->exists(*directory, x.name);
      if (!there || *there)
        report(raw.error());
      continue;
    }
    auto notes = parse_coin_file(view(*raw));
    if (!notes)
      report(notes.error());
    else if (notes->size() != 1)
      report(fail(ec::bad_coin_file, "several notes in one file of a working folder"));
    else if (notes->front().id.serial > serial_max)
      // No server knows it and no journal can name it: a transfer must never choose it.
      report(fail(ec::bad_coin_file, to_string(notes->front().id) + " cannot exist"));
    else
      out.notes.push_back({std::move(notes->front()), where, x.name});
  }
  // The listing is sorted by name already.
  std::stable_sort(out.notes.begin(), out.notes.end(),
                   [](const auto& x, const auto& y) { return x.value.id < y.value.id; });
  return out;
}

caf::expected<folder_listing> wallet_store::list(const std::vector<folder>& where) const {
  folder_listing out;
  for (const auto x : where) {
    auto one = list(x);
    if (!one)
      return one.error();
    std::move(one->notes.begin(), one->notes.end(), std::back_inserter(out.notes));
    std::move(one->unreadable.begin(), one->unreadable.end(), std::back_inserter(out.unreadable));
  }
  std::stable_sort(out.notes.begin(), out.notes.end(),
                   [](const auto& x, const auto& y) { return x.value.id < y.value.id; });
  return out;
}

caf::expected<std::vector<std::string>> wallet_store::list_files(folder where) const {
  const auto directory = open_folder(where);
  if (!directory)
    return directory.error();
  const auto entries = ops_->list(*directory, directory_entries_max);
  if (!entries)
    return entries.error();
  std::vector<std::string> out;
  for (auto& x : *entries) {
    if (x.kind == entry_kind::file && !is_temporary_name(x.name))
      out.push_back(std::move(x.name));
  }
  return out;
}

caf::expected<secret_bytes> wallet_store::read(folder where, const std::string& file,
                                               uint64_t bytes_max) const {
  const auto directory = open_folder(where);
  if (!directory)
    return directory.error();
  return read_file(*ops_, *directory, file, bytes_max);
}

namespace {

// Whether a file's name is one that we give to one of these notes, whatever its tag.
bool is_named_after(const std::string& file, const std::vector<note_id>& ids) {
  return std::any_of(ids.begin(), ids.end(), [&](note_id id) {
    const auto name = coin_name(id, "tag");
    return file.compare(0, name.find('\''), name, 0, name.find('\'')) == 0;
  });
}

} // namespace

caf::expected<std::vector<stored_note>> wallet_store::find(const std::vector<note_id>& ids,
                                                           const std::vector<folder>& where) const {
  const auto all = list(where);
  if (!all)
    return all.error();
  if (auto err = disk_trouble(*all))
    return err;
  const std::unordered_set<note_id> wanted(ids.begin(), ids.end());
  std::vector<stored_note> out;
  for (auto& x : all->notes) {
    if (wanted.count(x.value.id) > 0)
      out.push_back(std::move(x));
  }
  // A note whose file the disk does not give is not known to be somewhere else. Only a file of ours
  // that is named after one of them stops us: a sector that is bad for good must not stop the rest.
  for (auto& x : all->unreadable)
    if (code_of(x.problem) == ec::disk_failed && is_named_after(x.file, ids))
      return x.problem;
  return out;
}

caf::error wallet_store::put(folder where, const std::vector<note>& notes, pans which,
                             const std::string& tag) {
  const auto directory = open_folder(where);
  if (!directory)
    return directory.error();
  auto names = name_set::of(*ops_, *directory);
  if (!names)
    return names.error();
  const auto there = list(where);
  if (!there)
    return there.error();
  if (auto err = disk_trouble(*there))
    return err;
  const auto copies = index(*there);
  file_batch batch;
  std::unordered_set<note_id> seen;
  for (const auto& x : notes) {
    if (!seen.insert(x.id).second)
      return fail(ec::internal, to_string(x.id) + " given twice");
    if (const auto at = copies.find(x.id); at != copies.end()) {
      if (!std::all_of(at->second.begin(), at->second.end(), [&](const stored_note* copy) {
            return same_when_stored(copy->value, x, which);
          }))
        return clash(x.id, where);
      continue;
    }
    if (auto err = batch.add(names->claim(coin_name(x.id, tag)), x, which))
      return err;
  }
  return batch.write(*ops_, *directory);
}

caf::expected<wallet_store::folder_pair>
wallet_store::open_pair(folder from, const wallet_store& target, folder to) const {
  auto source = open_folder(from);
  if (!source)
    return source.error();
  auto destination = target.open_folder(to);
  if (!destination)
    return destination.error();
  auto here = list(from);
  if (!here)
    return here.error();
  auto there = target.list(to);
  if (!there)
    return there.error();
  for (const auto* x : {&*here, &*there})
    if (auto err = disk_trouble(*x))
      return err;
  return folder_pair{std::move(*source), std::move(*destination), std::move(*here),
                     std::move(*there)};
}

// branches: one guard per write that can fail, in the order recovery relies on
caf::error wallet_store::update(folder from, folder to, const std::vector<note>& notes, pans which,
                                const std::string& tag) {
  const auto pair = open_pair(from, *this, to);
  if (!pair)
    return pair.error();
  auto names = name_set::of(*ops_, pair->destination);
  if (!names)
    return names.error();
  const auto old_copies = index(pair->here), new_copies = index(pair->there);
  file_batch batch;
  std::vector<std::string> retired;
  for (const auto& x : notes) {
    const auto known = new_copies.find(x.id);
    const auto* kept = known == new_copies.end() ? nullptr : same_copy(known->second, x, which);
    if (known != new_copies.end() && from != to && !keeps_apart(to) &&
        !all_like(known->second, x, which))
      return clash(x.id, to);
    if (kept == nullptr) {
      if (auto err = batch.add(names->claim(coin_name(x.id, tag)), x, which))
        return err;
    }
    if (const auto at = old_copies.find(x.id); at != old_copies.end()) {
      for (const auto* copy : at->second) {
        if (from != to || kept == nullptr || copy->file != kept->file)
          retired.push_back(copy->file);
      }
    }
  }
  if (auto err = batch.write(*ops_, pair->destination))
    return err;
  return remove_all(pair->source, retired);
}

caf::error wallet_store::remove_all(const file_handle& from,
                                    const std::vector<std::string>& files) {
  if (files.empty())
    return caf::none;
  for (const auto& x : files) {
    const auto there = ops_->exists(from, x);
    if (!there)
      return there.error();
    if (*there)
      if (auto err = ops_->remove(from, x))
        return err;
  }
  return ops_->sync_directory(from);
}

caf::error wallet_store::remove_file(folder where, const std::string& file) {
  const auto directory = open_folder(where);
  if (!directory)
    return directory.error();
  return remove_all(*directory, {file});
}

// branches: one guard per write that can fail, in the order recovery relies on
caf::error wallet_store::move(const std::vector<note_id>& ids, folder from, wallet_store& target,
                              folder to) {
  if (&target == this && from == to)
    return caf::none;
  const auto pair = open_pair(from, target, to);
  if (!pair)
    return pair.error();
  auto names = name_set::of(*target.ops_, pair->destination);
  if (!names)
    return names.error();
  const auto here_copies = index(pair->here), there_copies = index(pair->there);
  std::vector<renaming> moves;
  std::vector<std::string> superfluous;
  std::unordered_set<note_id> seen;
  for (const auto id : ids) {
    if (!seen.insert(id).second)
      continue;
    const auto old = here_copies.find(id);
    const auto arrived = there_copies.find(id);
    if (old == here_copies.end()) {
      if (arrived == there_copies.end())
        return fail(ec::wallet_damaged, to_string(id) + " is neither in " + to_string(from) +
                                            " nor in " + to_string(to));
      continue;
    }
    const auto& first = *old->second.front();
    if (differ(old->second, first.value))
      return fail(ec::wallet_damaged,
                  to_string(id) + " lies twice in " + to_string(from) + " with other numbers");
    bool is_there = false;
    if (arrived != there_copies.end()) {
      if (differ(arrived->second, first.value) && !keeps_apart(to))
        return clash(id, to);
      is_there = has_same(arrived->second, first.value);
    }
    if (!is_there)
      moves.push_back({first.file, names->claim(first.file)});
    for (const auto* copy : old->second)
      if (is_there || copy != &first)
        superfluous.push_back(copy->file);
  }
  if (auto err = move_all(*ops_, pair->source, pair->destination, moves))
    return err;
  if (moves.empty()) {
    // A repeat after a crash: what it finds done has to be durable as well.
    if (auto err = ops_->sync_directory(pair->destination))
      return err;
    if (auto err = ops_->sync_directory(pair->source))
      return err;
  }
  return remove_all(pair->source, superfluous);
}

caf::expected<std::string> wallet_store::put_container(folder where, const std::vector<note>& notes,
                                                       const std::string& tag) {
  auto content = encode_coin_file(notes, pans::without);
  if (!content)
    return content.error();
  auto directory = open_folder(where);
  if (!directory)
    return directory.error();
  auto name = notes.size() == 1 ? coin_name(notes.front().id, tag)
                                : container_name(total(notes), notes.size(), tag);
  auto err = put_file(where, name, view(*content));
  if (err && code_of(err) == ec::file_exists) {
    auto names = name_set::of(*ops_, *directory);
    if (!names)
      return names.error();
    name = names->claim(name);
    err = wallet::put(*ops_, *directory, name, view(*content));
  }
  if (err)
    return err;
  return name;
}

caf::error wallet_store::put_file(folder where, const std::string& name, byte_view content) {
  const auto directory = open_folder(where);
  if (!directory)
    return directory.error();
  auto err = wallet::put(*ops_, *directory, name, content);
  if (!err || code_of(err) != ec::file_exists)
    return err;
  const auto there = read_file(*ops_, *directory, name, content.size());
  if (!there || there->size() != content.size() ||
      sodium_memcmp(there->data(), content.data(), content.size()) != 0)
    return err;
  return ops_->sync_directory(*directory);
}

caf::expected<std::string> wallet_store::move_file(folder from, const std::string& file,
                                                   folder to) {
  auto source = open_folder(from);
  if (!source)
    return source.error();
  auto target = open_folder(to);
  if (!target)
    return target.error();
  auto names = name_set::of(*ops_, *target);
  if (!names)
    return names.error();
  auto name = names->claim(file);
  if (auto err = wallet::move(*ops_, *source, *target, {file, name}))
    return err;
  return name;
}

caf::expected<size_t> wallet_store::set_aside(folder where, wall_time now) {
  auto source = open_folder(where);
  if (!source)
    return source.error();
  auto entries = ops_->list(*source, directory_entries_max);
  if (!entries)
    return entries.error();
  if (entries->empty())
    return size_t{0};
  const auto trash = open_folder(folder::trash);
  if (!trash)
    return trash.error();
  auto target = ensure_directory(*ops_, *trash, to_stamp(now) + "-" + to_string(where));
  if (!target)
    return target.error();
  auto names = name_set::of(*ops_, *target);
  if (!names)
    return names.error();
  std::vector<renaming> moves;
  for (const auto& x : *entries)
    moves.push_back({x.name, names->claim(x.name)});
  if (auto err = move_all(*ops_, *source, *target, moves))
    return err;
  return moves.size();
}

caf::expected<size_t> wallet_store::remove_leftovers() {
  size_t removed = 0;
  const auto clean = [&](const caf::expected<file_handle>& directory) -> caf::error {
    if (!directory)
      return directory.error();
    const auto count = remove_temporaries(*ops_, *directory);
    if (!count)
      return count.error();
    removed += *count;
    return caf::none;
  };
  for (const auto x : all_folders()) {
    if (auto err = clean(open_folder(x)))
      return err;
  }
  const auto journal = ensure_directory(*ops_, directory_, journal_folder_name);
  if (auto err = clean(journal))
    return err;
  for (const auto name : {closed_folder_name, archive_folder_name})
    if (auto err = clean(ensure_directory(*ops_, *journal, name)))
      return err;
  if (auto err = clean(ops_->open_directory(root_)))
    return err;
  return removed;
}

caf::error disk_trouble(const folder_listing& x) {
  for (const auto& one : x.unreadable)
    if (code_of(one.problem) == ec::disk_failed)
      return one.problem;
  return caf::none;
}

std::vector<duplicate_note> duplicates_of(const folder_listing& x) {
  std::vector<duplicate_note> out;
  for (size_t i = 0; i < x.notes.size();) {
    auto end = i + 1;
    while (end < x.notes.size() && x.notes[end].value.id == x.notes[i].value.id)
      ++end;
    if (end - i > 1)
      out.push_back({x.notes[i].value.id,
                     {x.notes.begin() + static_cast<std::ptrdiff_t>(i),
                      x.notes.begin() + static_cast<std::ptrdiff_t>(end)}});
    i = end;
  }
  return out;
}

bool same_numbers(const note& x, const note& y) {
  return same_list(x.ans, y.ans) && same_list(x.pans, y.pans);
}

} // namespace liveconnect::wallet
