#include "tests/support/memory_file_ops.hpp"

#include <algorithm>
#include <random>

#include "wallet/files/coin_name.hpp"

namespace liveconnect::test {

using namespace wallet;

namespace {

constexpr size_t sector_bytes = 512;

caf::error missing(const std::string& name) {
  return fail(ec::disk_failed, "'" + name + "': no such file");
}

caf::error taken(const std::string& name) {
  return fail(ec::file_exists, "'" + name + "': file exists");
}

} // namespace

memory_file_ops::memory_file_ops() : root_(std::make_shared<node>()) {
  root_->is_directory = true;
  all_.push_back(root_);
}

memory_file_ops::memory_file_ops(const memory_file_ops& of) : lie_(of.lie_) {
  std::map<const node*, node_ptr> copies;
  const std::function<node_ptr(const node_ptr&)> copy = [&](const node_ptr& x) {
    if (x == nullptr)
      return node_ptr{};
    const auto [found, fresh] = copies.emplace(x.get(), nullptr);
    if (!fresh)
      return found->second;
    auto out = std::make_shared<node>();
    copies[x.get()] = out;
    all_.push_back(out);
    out->is_directory = x->is_directory;
    out->content = x->content;
    out->durable_content = x->durable_content;
    for (const auto& [name, below] : x->names)
      out->names[name] = copy(below);
    for (const auto& [name, below] : x->durable_names)
      out->durable_names[name] = copy(below);
    return out;
  };
  root_ = copy(of.root_);
  for (const auto& x : of.pending_)
    pending_.push_back({copy(x.target), copy(x.to), x.to_name, copy(x.from), x.from_name});
}

void memory_file_ops::add_durable(pending& x) {
  if (x.to != nullptr)
    x.to->durable_names[x.to_name] = x.target;
  x.to = nullptr;
}

void memory_file_ops::remove_durable(pending& x) {
  if (x.from != nullptr) {
    const auto at = x.from->durable_names.find(x.from_name);
    if (at != x.from->durable_names.end() && at->second == x.target)
      x.from->durable_names.erase(at);
  }
  x.from = nullptr;
}

namespace {

/// The part of a file that one sector holds; empty behind its end.
byte_view sector_of(const bytes& content, size_t from) {
  return byte_view{content}.sub(std::min(from, content.size()), sector_bytes);
}

/// Whether a sector would hold something else with `content` than with `durable`; what is missing
/// reads as zero.
bool differs_at(const bytes& content, const bytes& durable, size_t from) {
  const auto x = sector_of(content, from), y = sector_of(durable, from);
  const auto& longer = x.size() < y.size() ? y : x;
  const auto common = std::min(x.size(), y.size());
  return !std::equal(x.begin(), x.begin() + common, y.begin()) ||
         std::any_of(longer.begin() + common, longer.end(), [](uint8_t b) { return b != 0; });
}

} // namespace

size_t memory_file_ops::undecided_in(const node& file) {
  if (file.content == file.durable_content)
    return 0;
  size_t out = file.content.size() != file.durable_content.size() ? 1 : 0;
  const auto end = std::max(file.content.size(), file.durable_content.size());
  for (size_t from = 0; from < end; from += sector_bytes)
    out += differs_at(file.content, file.durable_content, from) ? 1 : 0;
  return out;
}

size_t memory_file_ops::undecided() const {
  size_t out = 0;
  for (const auto& x : pending_)
    out += (x.to != nullptr ? 1u : 0u) + (x.from != nullptr ? 1u : 0u);
  for (const auto& x : all_)
    out += undecided_in(*x);
  return out;
}

void memory_file_ops::keep_some_sectors(node& file, const std::function<bool()>& reached) {
  bytes out = file.durable_content;
  if (file.content.size() != out.size() && reached())
    out.resize(file.content.size(), 0);
  const auto end = std::max(file.content.size(), file.durable_content.size());
  for (size_t from = 0; from < end; from += sector_bytes) {
    if (!differs_at(file.content, file.durable_content, from) || !reached())
      continue;
    for (auto i = from; i < std::min(from + sector_bytes, out.size()); ++i)
      out[i] = i < file.content.size() ? file.content[i] : uint8_t{0};
  }
  file.content = file.durable_content = out;
}

void memory_file_ops::lose_power(const std::function<bool()>& reached) {
  for (auto& x : pending_) {
    const bool waited = x.to != nullptr;
    const bool appeared = waited && reached();
    const bool went = x.from != nullptr && reached();
    if (appeared)
      add_durable(x);
    // A removal never becomes durable before the name elsewhere.
    if (went && (appeared || !waited))
      remove_durable(x);
  }
  pending_.clear();
  for (auto& x : all_) {
    x->names = x->durable_names;
    if (x->content != x->durable_content)
      keep_some_sectors(*x, reached);
  }
  locks_.clear();
}

void memory_file_ops::lose_power(uint32_t seed) {
  std::mt19937 random{seed};
  lose_power([&] { return random() % 2 == 0; });
}

void memory_file_ops::for_each_durable(
    const std::function<void(const std::string&, const bytes&)>& visit) const {
  const std::function<void(const node&, const std::string&)> walk = [&](const node& x,
                                                                        const std::string& path) {
    for (const auto& [name, below] : x.durable_names) {
      if (below->is_directory)
        walk(*below, path + "/" + name);
      else
        visit(path + "/" + name, below->durable_content);
    }
  };
  walk(*root_, {});
}

file_handle memory_file_ops::handle_of(node_ptr x) {
  open_[next_id_] = std::move(x);
  return {*this, next_id_++};
}

caf::expected<file_handle> memory_file_ops::open_directory(const std::filesystem::path& path) {
  auto x = root_;
  for (const auto& part : path.relative_path()) {
    const auto at = x->names.find(part.string());
    if (at == x->names.end() || !at->second->is_directory)
      return missing(path.string());
    x = at->second;
  }
  return handle_of(x);
}

caf::expected<file_handle> memory_file_ops::open_directory_at(const file_handle& parent,
                                                              const std::string& name) {
  const auto found = at(parent)->names.find(name);
  if (found == at(parent)->names.end() || !found->second->is_directory)
    return missing(name);
  return handle_of(found->second);
}

caf::error memory_file_ops::make_directory(const file_handle& parent, const std::string& name) {
  if (at(parent)->names.count(name) > 0)
    return taken(name);
  auto made = std::make_shared<node>();
  made->is_directory = true;
  all_.push_back(made);
  at(parent)->names[name] = made;
  pending_.push_back({made, at(parent), name, nullptr, {}});
  return caf::none;
}

caf::expected<std::vector<dir_entry>> memory_file_ops::list(const file_handle& directory,
                                                            size_t entries_max) {
  std::vector<dir_entry> out;
  for (const auto& [name, x] : at(directory)->names)
    out.push_back({name, x->is_directory ? entry_kind::directory : entry_kind::file});
  if (out.size() > entries_max)
    return fail(ec::disk_failed, "too many entries");
  return out;
}

caf::error memory_file_ops::sync_directory(const file_handle& directory) {
  if (lie_ == disk_lie::no_sync || lie_ == disk_lie::no_directory_sync)
    return caf::none;
  const auto here = at(directory);
  for (auto& x : pending_) {
    const bool source = x.from == here;
    // A removal never becomes durable before the name elsewhere.
    if (x.to == here || source)
      add_durable(x);
    if (source)
      remove_durable(x);
  }
  pending_.erase(std::remove_if(pending_.begin(), pending_.end(),
                                [](const auto& x) { return x.to == nullptr && x.from == nullptr; }),
                 pending_.end());
  return caf::none;
}

caf::expected<file_handle> memory_file_ops::create(const file_handle& directory,
                                                   const std::string& name) {
  if (at(directory)->names.count(name) > 0)
    return taken(name);
  auto made = std::make_shared<node>();
  all_.push_back(made);
  at(directory)->names[name] = made;
  pending_.push_back({made, at(directory), name, nullptr, {}});
  return handle_of(made);
}

caf::expected<file_handle> memory_file_ops::open_read(const file_handle& directory,
                                                      const std::string& name) {
  const auto found = at(directory)->names.find(name);
  if (found == at(directory)->names.end() || found->second->is_directory)
    return missing(name);
  return handle_of(found->second);
}

caf::expected<file_handle> memory_file_ops::open_write(const file_handle& directory,
                                                       const std::string& name) {
  return open_read(directory, name);
}

caf::expected<file_status> memory_file_ops::status(const file_handle& file) {
  const auto& x = *at(file);
  return file_status{x.is_directory ? entry_kind::directory : entry_kind::file, x.content.size(),
                     x.is_directory ? 0700u : 0600u};
}

caf::expected<bool> memory_file_ops::exists(const file_handle& directory, const std::string& name) {
  return at(directory)->names.count(name) > 0;
}

caf::expected<size_t> memory_file_ops::write(const file_handle& file, uint64_t offset,
                                             byte_view from) {
  auto& to = at(file)->content;
  if (to.size() < offset + from.size())
    to.resize(offset + from.size(), 0);
  std::copy(from.begin(), from.end(), to.begin() + static_cast<std::ptrdiff_t>(offset));
  return from.size();
}

caf::expected<size_t> memory_file_ops::read(const file_handle& file, uint64_t offset, uint8_t* to,
                                            size_t count) {
  const auto from = byte_view{at(file)->content}.sub(static_cast<size_t>(offset), count);
  std::copy(from.begin(), from.end(), to);
  return from.size();
}

caf::error memory_file_ops::sync(const file_handle& file) {
  if (lie_ != disk_lie::no_sync)
    at(file)->durable_content = at(file)->content;
  return caf::none;
}

caf::error memory_file_ops::sync_data(const file_handle& file) {
  return sync(file);
}

caf::error memory_file_ops::preallocate(const file_handle& file, uint64_t size) {
  auto& to = at(file)->content;
  if (to.size() < size)
    to.resize(size, 0);
  return caf::none;
}

caf::error memory_file_ops::close(file_handle file) {
  discard(file.release());
  return caf::none;
}

caf::expected<bool> memory_file_ops::rename_no_replace(const file_handle& from,
                                                       const std::string& name,
                                                       const file_handle& to,
                                                       const std::string& new_name) {
  const auto found = at(from)->names.find(name);
  if (found == at(from)->names.end())
    return missing(name);
  if (at(to)->names.count(new_name) > 0 && lie_ != disk_lie::rename_replaces)
    return taken(new_name);
  auto x = found->second;
  at(from)->names.erase(found);
  at(to)->names[new_name] = x;
  pending_.push_back({x, at(to), new_name, at(from), name});
  return true;
}

caf::error memory_file_ops::rename_over(const file_handle& directory, const std::string& name,
                                        const std::string& new_name) {
  const auto here = at(directory);
  const auto found = here->names.find(name);
  if (found == here->names.end())
    return missing(name);
  auto x = found->second;
  here->names.erase(found);
  here->names[new_name] = x;
  pending_.push_back({x, here, new_name, here, name});
  return caf::none;
}

caf::error memory_file_ops::link(const file_handle& from, const std::string& name,
                                 const file_handle& to, const std::string& new_name) {
  const auto found = at(from)->names.find(name);
  if (found == at(from)->names.end())
    return missing(name);
  if (at(to)->names.count(new_name) > 0)
    return taken(new_name);
  at(to)->names[new_name] = found->second;
  pending_.push_back({found->second, at(to), new_name, nullptr, {}});
  return caf::none;
}

caf::error memory_file_ops::remove(const file_handle& directory, const std::string& name) {
  const auto here = at(directory);
  const auto found = here->names.find(name);
  if (found == here->names.end())
    return missing(name);
  auto x = found->second;
  here->names.erase(found);
  pending_.push_back({x, nullptr, {}, here, name});
  return caf::none;
}

caf::error memory_file_ops::lock(const file_handle& file) {
  const auto [found, fresh] = locks_.emplace(at(file).get(), file.id());
  if (!fresh && found->second != file.id())
    return fail(ec::wallet_busy, "locked");
  return caf::none;
}

void memory_file_ops::discard(int id) noexcept {
  const auto found = open_.find(id);
  if (found == open_.end())
    return;
  const auto lock = locks_.find(found->second.get());
  if (lock != locks_.end() && lock->second == id)
    locks_.erase(lock);
  open_.erase(found);
}

} // namespace liveconnect::test
