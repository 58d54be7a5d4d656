#include "tests/support/fault_file_ops.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <stdexcept>
#include <system_error>

namespace liveconnect::test {

using namespace wallet;

namespace {

/// Far more calls than any operation makes: one that repeats a failing call for ever is found.
constexpr size_t calls_max = 200'000;

/// What posix_file_ops calls it in its errors.
std::string_view spoken(std::string_view call) {
  static const std::map<std::string_view, std::string_view> words{
      {"open_directory", "open"},
      {"open_directory_at", "open"},
      {"make_directory", "mkdir"},
      {"sync_directory", "fsync"},
      {"open_read", "open"},
      {"open_write", "open"},
      {"status", "stat"},
      {"exists", "stat"},
      {"sync", "fsync"},
      {"sync_data", "fdatasync"},
      {"preallocate", "fallocate"},
      {"rename_no_replace", "rename to"},
      {"rename_over", "rename to"},
  };
  const auto found = words.find(call);
  return found == words.end() ? call : found->second;
}

/// Calls that are done even when they fail: the data may have arrived all the same.
bool is_done_when_it_fails(std::string_view call) {
  return call == "write" || call == "close" || call.substr(0, 4) == "sync";
}

} // namespace

const std::vector<int>& errors_of(std::string_view call) {
  static const std::vector<int> none;
  static const std::map<std::string_view, std::vector<int>> errors{
      {"open_directory", {EMFILE, ENFILE, EACCES, EIO, ENOMEM}},
      {"open_directory_at", {EMFILE, ENFILE, EACCES, EIO, ENOMEM}},
      {"make_directory", {ENOSPC, EIO, EROFS, EACCES, EDQUOT}},
      {"list", {EMFILE, ENFILE, EIO, EACCES, ENOMEM}},
      {"sync_directory", {EIO, ENOSPC, EDQUOT}},
      {"create", {EMFILE, ENFILE, ENOSPC, EIO, EROFS, EACCES, EDQUOT}},
      {"open_read", {EMFILE, ENFILE, EACCES, EIO, ENOMEM}},
      {"open_write", {EMFILE, ENFILE, EACCES, EIO, EROFS, ENOMEM}},
      {"status", {EIO, ENOMEM}},
      {"exists", {EIO, EACCES, ENOMEM}},
      {"write", {ENOSPC, EIO, EDQUOT}},
      {"read", {EIO}},
      {"sync", {EIO, ENOSPC, EDQUOT}},
      {"sync_data", {EIO, ENOSPC, EDQUOT}},
      {"preallocate", {ENOSPC, EIO, EDQUOT, EOPNOTSUPP}},
      {"close", {EIO, ENOSPC, EDQUOT}},
      {"rename_no_replace", {EIO, ENOSPC, EROFS, EACCES, EDQUOT}},
      {"rename_over", {EIO, ENOSPC, EROFS, EACCES, EDQUOT}},
      {"link", {EIO, ENOSPC, EROFS, EMLINK, EPERM, EDQUOT}},
      {"remove", {EIO, EROFS, EACCES}},
      {"lock", {ENOLCK}},
  };
  const auto found = errors.find(call);
  return found == errors.end() ? none : found->second;
}

bool may_fail_with(std::string_view call, int error) {
  const auto& all = errors_of(call);
  return std::find(all.begin(), all.end(), error) != all.end();
}

bool changes_the_disk(std::string_view call) {
  static const std::set<std::string_view> calls{
      "make_directory",    "create",      "write", "sync",   "sync_data",     "preallocate",
      "rename_no_replace", "rename_over", "link",  "remove", "sync_directory"};
  return calls.count(call) != 0;
}

void fault_file_ops::arm_error(int error, size_t at, bool for_good) {
  error_ = error;
  error_at_ = at;
  error_for_good_ = for_good;
}

caf::error fault_file_ops::injected(std::string_view name, const std::string& path) {
  const bool now = trace_.size() == error_at_;
  const bool still = error_for_good_ && trace_.size() > error_at_;
  if (error_ == 0 || !(now || still) || !may_fail_with(name, error_))
    return {};
  auto words =
      std::string{spoken(name)} + " '" + path + "': " + std::system_category().message(error_);
  struck_at_.push_back(path);
  struck_ = true;
  return fail(ec::disk_failed, std::move(words));
}

std::string fault_file_ops::path_of(const file_handle& x, const std::string& name) const {
  const auto found = paths_.find(x.id());
  auto out = found == paths_.end() ? std::string{"?"} : found->second;
  return name.empty() ? out : out + "/" + name;
}

caf::expected<file_handle> fault_file_ops::remember(caf::expected<file_handle> x,
                                                    const std::string& path) {
  if (x)
    paths_[x->id()] = path;
  return x;
}

template<class Call>
auto fault_file_ops::run(const char* name, const std::string& path, Call call) -> decltype(call()) {
  if (dead_ || failing_)
    return fail(ec::disk_failed, dead_ ? "the process is dead" : "injected: I/O error");
  if (before_call)
    before_call(trace_.size() + 1);
  if (before_change && changes_the_disk(name))
    before_change(trace_.size() + 1);
  trace_.emplace_back(name);
  changes_ += changes_the_disk(name) ? 1 : 0;
  if (trace_.size() > calls_max)
    throw std::runtime_error("the program repeats its file calls for ever");
  const auto do_it = [&]() -> decltype(call()) {
    if (auto err = injected(name, path)) {
      if (std::string_view{name} == "close")
        call();
      return err;
    }
    return call();
  };
  if (trace_.size() != at_)
    return do_it();
  struck_ = what_ != disk_fault::none;
  if (struck_)
    struck_at_.push_back(path);
  switch (what_) {
  case disk_fault::die_before:
    dead_ = true;
    return fail(ec::disk_failed, "the process is dead");
  case disk_fault::die_after:
  case disk_fault::short_write_and_die:
    do_it();
    dead_ = true;
    return fail(ec::disk_failed, "the process is dead");
  case disk_fault::fail_for_good:
    failing_ = true;
    return fail(ec::disk_failed, "injected: I/O error");
  case disk_fault::fail_once:
    return fail(ec::disk_failed, "injected: no space left on device");
  case disk_fault::fail_after:
    if (is_done_when_it_fails(name))
      call();
    return fail(ec::disk_failed, "injected: I/O error");
  case disk_fault::none:
  case disk_fault::short_write:
  case disk_fault::interrupted:
    break;
  }
  return do_it();
}

caf::expected<file_handle> fault_file_ops::open_directory(const std::filesystem::path& path) {
  const auto what = path.string();
  return remember(run("open_directory", what, [&] { return inner_.open_directory(path); }), what);
}

caf::expected<file_handle> fault_file_ops::open_directory_at(const file_handle& parent,
                                                             const std::string& name) {
  const auto what = path_of(parent, name);
  return remember(
      run("open_directory_at", what, [&] { return inner_.open_directory_at(parent, name); }), what);
}

caf::error fault_file_ops::make_directory(const file_handle& parent, const std::string& name) {
  return run("make_directory", path_of(parent, name),
             [&] { return inner_.make_directory(parent, name); });
}

caf::expected<std::vector<dir_entry>> fault_file_ops::list(const file_handle& directory,
                                                           size_t entries_max) {
  return run("list", path_of(directory), [&] { return inner_.list(directory, entries_max); });
}

caf::error fault_file_ops::sync_directory(const file_handle& directory) {
  return run("sync_directory", path_of(directory),
             [&] { return inner_.sync_directory(directory); });
}

caf::expected<file_handle> fault_file_ops::create(const file_handle& directory,
                                                  const std::string& name) {
  const auto what = path_of(directory, name);
  return remember(run("create", what, [&] { return inner_.create(directory, name); }), what);
}

caf::expected<file_handle> fault_file_ops::open_read(const file_handle& directory,
                                                     const std::string& name) {
  const auto what = path_of(directory, name);
  return remember(run("open_read", what, [&] { return inner_.open_read(directory, name); }), what);
}

caf::expected<file_handle> fault_file_ops::open_write(const file_handle& directory,
                                                      const std::string& name) {
  const auto what = path_of(directory, name);
  return remember(run("open_write", what, [&] { return inner_.open_write(directory, name); }),
                  what);
}

caf::expected<file_status> fault_file_ops::status(const file_handle& file) {
  return run("status", path_of(file), [&] { return inner_.status(file); });
}

caf::expected<bool> fault_file_ops::exists(const file_handle& directory, const std::string& name) {
  return run("exists", path_of(directory, name), [&] { return inner_.exists(directory, name); });
}

caf::expected<size_t> fault_file_ops::write(const file_handle& file, uint64_t offset,
                                            byte_view from) {
  const bool now = trace_.size() + 1 == at_;
  if (now && what_ == disk_fault::short_write_and_die)
    from = from.sub(0, from.size() / 2);
  if (now && what_ == disk_fault::short_write)
    from = from.sub(0, 1);
  return run("write", path_of(file), [&]() -> caf::expected<size_t> {
    if (now && what_ == disk_fault::interrupted)
      return size_t{0};
    return inner_.write(file, offset, from);
  });
}

caf::expected<size_t> fault_file_ops::read(const file_handle& file, uint64_t offset, uint8_t* to,
                                           size_t count) {
  return run("read", path_of(file), [&] { return inner_.read(file, offset, to, count); });
}

caf::error fault_file_ops::sync(const file_handle& file) {
  return run("sync", path_of(file), [&] { return inner_.sync(file); });
}

caf::error fault_file_ops::sync_data(const file_handle& file) {
  return run("sync_data", path_of(file), [&] { return inner_.sync_data(file); });
}

caf::error fault_file_ops::preallocate(const file_handle& file, uint64_t size) {
  return run("preallocate", path_of(file), [&] { return inner_.preallocate(file, size); });
}

caf::error fault_file_ops::close(file_handle file) {
  return run("close", path_of(file), [&] { return inner_.close(std::move(file)); });
}

caf::expected<bool> fault_file_ops::rename_no_replace(const file_handle& from,
                                                      const std::string& name,
                                                      const file_handle& to,
                                                      const std::string& new_name) {
  if (before_rename && !dead_)
    before_rename(path_of(to, new_name));
  return run("rename_no_replace", path_of(to, new_name), [&]() -> caf::expected<bool> {
    if (no_exclusive_rename)
      return false;
    return inner_.rename_no_replace(from, name, to, new_name);
  });
}

caf::error fault_file_ops::rename_over(const file_handle& directory, const std::string& name,
                                       const std::string& new_name) {
  return run("rename_over", path_of(directory, new_name),
             [&] { return inner_.rename_over(directory, name, new_name); });
}

caf::error fault_file_ops::link(const file_handle& from, const std::string& name,
                                const file_handle& to, const std::string& new_name) {
  return run("link", path_of(to, new_name), [&] { return inner_.link(from, name, to, new_name); });
}

caf::error fault_file_ops::remove(const file_handle& directory, const std::string& name) {
  return run("remove", path_of(directory, name), [&] { return inner_.remove(directory, name); });
}

caf::error fault_file_ops::lock(const file_handle& file) {
  return run("lock", path_of(file), [&] { return inner_.lock(file); });
}

} // namespace liveconnect::test
