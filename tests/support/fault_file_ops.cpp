#include "tests/support/fault_file_ops.hpp"

#include <algorithm>

namespace liveconnect::test {

using namespace wallet;

template<class Call>
auto fault_file_ops::run(const char* name, Call call) -> decltype(call()) {
  if (dead_ || failing_)
    return fail(ec::disk_failed, dead_ ? "the process is dead" : "injected: I/O error");
  trace_.emplace_back(name);
  if (trace_.size() != at_)
    return call();
  switch (what_) {
  case disk_fault::die_before:
    dead_ = true;
    return fail(ec::disk_failed, "the process is dead");
  case disk_fault::die_after:
  case disk_fault::short_write_and_die:
    call();
    dead_ = true;
    return fail(ec::disk_failed, "the process is dead");
  case disk_fault::fail_for_good:
    failing_ = true;
    return fail(ec::disk_failed, "injected: I/O error");
  case disk_fault::fail_once:
    return fail(ec::disk_failed, "injected: no space left on device");
  case disk_fault::fail_after:
    if (const std::string_view what{name};
        what == "write" || what == "close" || what.substr(0, 4) == "sync")
      call();
    return fail(ec::disk_failed, "injected: I/O error");
  case disk_fault::none:
  case disk_fault::short_write:
  case disk_fault::interrupted:
    break;
  }
  return call();
}

caf::expected<file_handle> fault_file_ops::open_directory(const std::filesystem::path& path) {
  return run("open_directory", [&] { return inner_.open_directory(path); });
}

caf::expected<file_handle> fault_file_ops::open_directory_at(const file_handle& parent,
                                                             const std::string& name) {
  return run("open_directory_at", [&] { return inner_.open_directory_at(parent, name); });
}

caf::error fault_file_ops::make_directory(const file_handle& parent, const std::string& name) {
  return run("make_directory", [&] { return inner_.make_directory(parent, name); });
}

caf::expected<std::vector<dir_entry>> fault_file_ops::list(const file_handle& directory,
                                                           size_t entries_max) {
  return run("list", [&] { return inner_.list(directory, entries_max); });
}

caf::error fault_file_ops::sync_directory(const file_handle& directory) {
  return run("sync_directory", [&] { return inner_.sync_directory(directory); });
}

caf::expected<file_handle> fault_file_ops::create(const file_handle& directory,
                                                  const std::string& name) {
  return run("create", [&] { return inner_.create(directory, name); });
}

caf::expected<file_handle> fault_file_ops::open_read(const file_handle& directory,
                                                     const std::string& name) {
  return run("open_read", [&] { return inner_.open_read(directory, name); });
}

caf::expected<file_handle> fault_file_ops::open_write(const file_handle& directory,
                                                      const std::string& name) {
  return run("open_write", [&] { return inner_.open_write(directory, name); });
}

caf::expected<file_status> fault_file_ops::status(const file_handle& file) {
  return run("status", [&] { return inner_.status(file); });
}

caf::expected<bool> fault_file_ops::exists(const file_handle& directory, const std::string& name) {
  return run("exists", [&] { return inner_.exists(directory, name); });
}

caf::expected<size_t> fault_file_ops::write(const file_handle& file, uint64_t offset,
                                            byte_view from) {
  const bool now = trace_.size() + 1 == at_;
  if (now && what_ == disk_fault::short_write_and_die)
    from = from.sub(0, from.size() / 2);
  if (now && what_ == disk_fault::short_write)
    from = from.sub(0, 1);
  return run("write", [&]() -> caf::expected<size_t> {
    if (now && what_ == disk_fault::interrupted)
      return size_t{0};
    return inner_.write(file, offset, from);
  });
}

caf::expected<size_t> fault_file_ops::read(const file_handle& file, uint64_t offset, uint8_t* to,
                                           size_t count) {
  return run("read", [&] { return inner_.read(file, offset, to, count); });
}

caf::error fault_file_ops::sync(const file_handle& file) {
  return run("sync", [&] { return inner_.sync(file); });
}

caf::error fault_file_ops::sync_data(const file_handle& file) {
  return run("sync_data", [&] { return inner_.sync_data(file); });
}

caf::error fault_file_ops::preallocate(const file_handle& file, uint64_t size) {
  return run("preallocate", [&] { return inner_.preallocate(file, size); });
}

caf::error fault_file_ops::close(file_handle file) {
  return run("close", [&] { return inner_.close(std::move(file)); });
}

caf::expected<bool> fault_file_ops::rename_no_replace(const file_handle& from,
                                                      const std::string& name,
                                                      const file_handle& to,
                                                      const std::string& new_name) {
  return run("rename_no_replace", [&]() -> caf::expected<bool> {
    if (no_exclusive_rename)
      return false;
    return inner_.rename_no_replace(from, name, to, new_name);
  });
}

caf::error fault_file_ops::rename_over(const file_handle& directory, const std::string& name,
                                       const std::string& new_name) {
  return run("rename_over", [&] { return inner_.rename_over(directory, name, new_name); });
}

caf::error fault_file_ops::link(const file_handle& from, const std::string& name,
                                const file_handle& to, const std::string& new_name) {
  return run("link", [&] { return inner_.link(from, name, to, new_name); });
}

caf::error fault_file_ops::remove(const file_handle& directory, const std::string& name) {
  return run("remove", [&] { return inner_.remove(directory, name); });
}

caf::error fault_file_ops::lock(const file_handle& file) {
  return run("lock", [&] { return inner_.lock(file); });
}

} // namespace liveconnect::test
