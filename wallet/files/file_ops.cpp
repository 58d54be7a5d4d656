#include "wallet/files/file_ops.hpp"

#include <algorithm>

#include "messages/base/mutants.hpp"
#include "messages/base/printable.hpp"
#include "wallet/files/coin_name.hpp"

namespace liveconnect::wallet {

namespace {

constexpr const char* temporary_prefix = ".tmp-";

/// Files of a batch that are open at once, far below any descriptor limit.
constexpr size_t batch_files_max = 128;

/// Interruptions in a row after which a disk counts as failed, so that nothing loops for ever.
constexpr int interruptions_max = 1'000;

/// The same error, with the file's name in front.
caf::error with_name(const std::string& name, const caf::error& x) {
  return fail(code_of(x), "'" + printable(name) + "': " + detail_of(x));
}

std::string temporary_name() {
  std::array<uint8_t, 12> random{};
  randombytes_buf(random.data(), random.size());
  return temporary_prefix + to_hex(random);
}

/// A file of a batch on its way.
struct pending_file {
  const new_file* what = nullptr;
  /// The temporary name to take; empty: one drawn at random.
  std::string planned;
  std::string temporary;
  file_handle handle;
  /// Whether its final name is ours, so that undoing may remove it.
  bool named = false;
};

/// One name instead of another, never onto an existing one: in one step, or in two where the file
/// system cannot. `named` tells whether the new name stands, also when the old one could not go.
caf::error rename_or_link(file_ops& ops, const file_handle& from, const std::string& name,
                          const file_handle& to, const std::string& new_name, bool& named) {
  named = false;
  auto renamed = ops.rename_no_replace(from, name, to, new_name);
  if (LC_MUTANT(names_are_taken_over) && !renamed && !ops.remove(to, new_name))
    renamed = ops.rename_no_replace(from, name, to, new_name);
  if (!renamed)
    return renamed.error();
  named = *renamed;
  if (named)
    return caf::none;
  if (auto err = ops.link(from, name, to, new_name))
    return err;
  named = true;
  // The new name is durable before the old one goes.
  if (auto err = ops.sync_directory(to)) {
    // The step has not happened: the old name still holds the file.
    named = static_cast<bool>(ops.remove(to, new_name));
    return err;
  }
  return ops.remove(from, name);
}

/// Takes back what a failed batch made. Errors change nothing: the batch has failed already.
void undo_put(file_ops& ops, const file_handle& directory, std::vector<pending_file>& files) {
  for (auto& x : files) {
    x.handle = {};
    if (x.named)
      ops.remove(directory, x.what->name);
    if (!x.temporary.empty())
      ops.remove(directory, x.temporary);
  }
  ops.sync_directory(directory);
}

/// Creates, writes and syncs the files of a batch, a handful open at a time. All are written before
/// the first is synced, so that a journalling file system commits once for many.
/// Each gets at least `size` bytes.
caf::error write_temporaries(file_ops& ops, const file_handle& directory,
                             std::vector<pending_file>& files, uint64_t size = 0) {
  for (size_t begin = 0; begin < files.size(); begin += batch_files_max) {
    const auto end = std::min(begin + batch_files_max, files.size());
    for (auto i = begin; i < end; ++i) {
      auto& x = files[i];
      const auto name = x.planned.empty() ? temporary_name() : x.planned;
      auto handle = ops.create(directory, name);
      if (!handle)
        return handle.error();
      x.temporary = name;
      x.handle = std::move(*handle);
      if (size > 0) {
        if (auto err = ops.preallocate(x.handle, size))
          return with_name(x.what->name, err);
      }
      if (auto err = write_all(ops, x.handle, 0, x.what->content))
        return with_name(x.what->name, err);
    }
    for (auto i = begin; i < end; ++i) {
      auto& x = files[i];
      if (auto err = ops.sync(x.handle))
        return with_name(x.what->name, err);
      if (auto err = ops.close(std::move(x.handle)))
        return with_name(x.what->name, err);
    }
  }
  return caf::none;
}

/// The steps of put (docs/design/safety.md 5.2) for a batch.
caf::error put_pending(file_ops& ops, const file_handle& directory,
                       std::vector<pending_file>& pending, uint64_t size) {
  auto err = write_temporaries(ops, directory, pending, size);
  for (auto& x : pending) {
    if (err)
      break;
    err = rename_or_link(ops, directory, x.temporary, directory, x.what->name, x.named);
    if (err)
      err = with_name(x.what->name, err);
    else
      x.temporary.clear();
  }
  if (!err && !LC_MUTANT(directory_is_not_synced))
    err = ops.sync_directory(directory);
  if (err)
    undo_put(ops, directory, pending);
  return err;
}

caf::error put_batch(file_ops& ops, const file_handle& directory,
                     const std::vector<new_file>& files, uint64_t size) {
  if (files.empty())
    return caf::none;
  std::vector<pending_file> pending(files.size());
  for (size_t i = 0; i < files.size(); ++i)
    pending[i].what = &files[i];
  return put_pending(ops, directory, pending, size);
}

} // namespace

file_handle& file_handle::operator=(file_handle&& x) noexcept {
  if (this != &x) {
    if (is_open())
      ops_->discard(id_);
    ops_ = x.ops_;
    id_ = x.release();
  }
  return *this;
}

file_handle::~file_handle() {
  if (is_open())
    ops_->discard(id_);
}

caf::error put(file_ops& ops, const file_handle& directory, const std::string& name,
               byte_view content) {
  return put_batch(ops, directory, {{name, content}}, 0);
}

caf::error put_outside(file_ops& ops, const file_handle& directory, const std::string& name,
                       byte_view content, const std::string& tag) {
  const new_file what{name, content};
  std::vector<pending_file> pending(1);
  pending[0].what = &what;
  pending[0].planned = temporary_prefix + tag;
  // What a killed try has left may be half a file.
  const auto left = ops.exists(directory, pending[0].planned);
  if (!left)
    return left.error();
  if (*left)
    if (auto err = ops.remove(directory, pending[0].planned))
      return err;
  return put_pending(ops, directory, pending, 0);
}

caf::error put_preallocated(file_ops& ops, const file_handle& directory, const std::string& name,
                            byte_view content, uint64_t size) {
  return put_batch(ops, directory, {{name, content}}, size);
}

caf::error put_all(file_ops& ops, const file_handle& directory,
                   const std::vector<new_file>& files) {
  return put_batch(ops, directory, files, 0);
}

caf::error move(file_ops& ops, const file_handle& from, const file_handle& to,
                const renaming& names) {
  return move_all(ops, from, to, {names});
}

caf::error move_all(file_ops& ops, const file_handle& from, const file_handle& to,
                    const std::vector<renaming>& names) {
  if (names.empty())
    return caf::none;
  caf::error err;
  size_t moved = 0;
  bool stands = false;
  for (; moved < names.size(); ++moved) {
    const auto& x = names[moved];
    err = rename_or_link(ops, from, x.from, to, x.to, stands);
    if (err) {
      err = with_name(x.from, err);
      break;
    }
  }
  // Target first: a file may stand in both directories for a moment, never in neither.
  if (!err && !LC_MUTANT(directory_is_not_synced))
    err = ops.sync_directory(to);
  if (!err && !LC_MUTANT(directory_is_not_synced))
    err = ops.sync_directory(from);
  if (err) {
    while (moved-- > 0)
      rename_or_link(ops, to, names[moved].to, from, names[moved].from, stands);
    ops.sync_directory(from);
    ops.sync_directory(to);
  }
  return err;
}

caf::error replace(file_ops& ops, const file_handle& directory, const std::string& name,
                   byte_view content) {
  std::vector<pending_file> pending(1);
  const new_file what{name, content};
  pending[0].what = &what;
  auto err = write_temporaries(ops, directory, pending);
  if (!err)
    err = ops.rename_over(directory, pending[0].temporary, name);
  if (err) {
    undo_put(ops, directory, pending);
    return err;
  }
  return ops.sync_directory(directory);
}

caf::error remove_durably(file_ops& ops, const file_handle& directory, const std::string& name) {
  if (auto err = ops.remove(directory, name))
    return err;
  return ops.sync_directory(directory);
}

caf::error write_all(file_ops& ops, const file_handle& file, uint64_t offset, byte_view from) {
  int interruptions = 0;
  while (!from.empty()) {
    const auto count = ops.write(file, offset, from);
    if (!count)
      return count.error();
    if (*count > from.size())
      return fail(ec::disk_failed, "write: more bytes taken than given");
    if (*count == 0 && ++interruptions > interruptions_max)
      return fail(ec::disk_failed, "write: interrupted again and again");
    if (*count > 0)
      interruptions = 0;
    offset += *count;
    from = from.sub(*count);
  }
  return caf::none;
}

caf::expected<secret_bytes> read_file(file_ops& ops, const file_handle& directory,
                                      const std::string& name, uint64_t bytes_max) {
  const auto file = ops.open_read(directory, name);
  if (!file)
    return with_name(name, file.error());
  const auto status = ops.status(*file);
  if (!status)
    return with_name(name, status.error());
  if (status->size_bytes > bytes_max)
    return fail(ec::wallet_damaged,
                "'" + printable(name) + "': " + std::to_string(status->size_bytes) +
                    " bytes, at most " + std::to_string(bytes_max) + " are read");
  secret_bytes out(static_cast<size_t>(status->size_bytes));
  size_t done = 0;
  while (done < out.size()) {
    const auto count = ops.read(*file, done, out.data() + done, out.size() - done);
    if (!count)
      return with_name(name, count.error());
    if (*count == 0)
      break;
    done += *count;
  }
  // Another program shortened it meanwhile; what was read is what there is.
  out.resize(done);
  return out;
}

caf::expected<file_handle> ensure_directory(file_ops& ops, const file_handle& parent,
                                            const std::string& name) {
  auto err = ops.make_directory(parent, name);
  if (!err)
    err = ops.sync_directory(parent);
  if (err && code_of(err) != ec::file_exists)
    return err;
  return ops.open_directory_at(parent, name);
}

caf::expected<file_handle> ensure_directories(file_ops& ops, const std::filesystem::path& path) {
  auto there = ops.open_directory(path);
  if (there)
    return there;
  const auto parent = path.parent_path();
  const auto name = path.filename().string();
  if (name.empty() && parent != path)
    return ensure_directories(ops, parent); // "a/b/" names "a/b".
  if (name.empty() || parent == path)
    return there.error();
  const auto above = ensure_directories(ops, parent.empty() ? std::filesystem::path{"."} : parent);
  if (!above)
    return above.error();
  return ensure_directory(ops, *above, name);
}

bool is_temporary_name(const std::string& name) {
  return name.rfind(temporary_prefix, 0) == 0;
}

caf::expected<size_t> remove_temporaries(file_ops& ops, const file_handle& directory) {
  const auto entries = ops.list(directory, directory_entries_max);
  if (!entries)
    return entries.error();
  size_t removed = 0;
  for (const auto& x : *entries) {
    if (x.kind != entry_kind::file || !is_temporary_name(x.name))
      continue;
    if (auto err = ops.remove(directory, x.name))
      return err;
    ++removed;
  }
  if (removed > 0) {
    if (auto err = ops.sync_directory(directory))
      return err;
  }
  return removed;
}

} // namespace liveconnect::wallet
