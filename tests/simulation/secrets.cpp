#include "tests/simulation/secrets.hpp"

#include <filesystem>
#include <stdexcept>

#include "messages/base/error.hpp"

namespace liveconnect::simulation {

using namespace wallet;

namespace {

void walk(test::memory_file_ops& disk, const file_handle& folder, const std::string& path,
          const std::function<void(const std::string&, byte_view)>& file,
          const std::function<void(const std::string&)>& directory) {
  const auto names = disk.list(folder, directory_entries_max);
  if (!names)
    throw std::logic_error("cannot list " + path);
  for (const auto& x : *names) {
    const auto name = path + "/" + x.name;
    if (x.kind == entry_kind::directory) {
      directory(name);
      const auto below = disk.open_directory_at(folder, x.name);
      walk(disk, *below, name, file, directory);
    } else {
      const auto content = read_file(disk, folder, x.name, 64 << 20);
      if (!content)
        throw std::logic_error("cannot read " + name);
      file(name, view(*content));
    }
  }
}

} // namespace

void for_each_file(test::memory_file_ops& disk,
                   const std::function<void(const std::string&, byte_view)>& visit) {
  const auto root = disk.open_directory("/");
  walk(disk, *root, "", visit, [](const std::string&) {});
}

std::unique_ptr<test::memory_file_ops> copy_of(test::memory_file_ops& disk) {
  auto out = std::make_unique<test::memory_file_ops>();
  const auto root = disk.open_directory("/");
  const auto folder_for = [&](const std::string& path) {
    return ensure_directories(*out, std::filesystem::path{path}.parent_path());
  };
  walk(
      disk, *root, "",
      [&](const std::string& path, byte_view content) {
        const auto folder = folder_for(path);
        if (auto err = put(*out, *folder, std::filesystem::path{path}.filename().string(), content))
          throw std::logic_error("cannot copy " + path + ": " + detail_of(err));
      },
      [&](const std::string& path) {
        if (!ensure_directories(*out, path))
          throw std::logic_error("cannot make " + path);
      });
  return out;
}

void secret_search::read(test::memory_file_ops& disk, size_t who) {
  first_bytes_.assign(65536, false);
  for (const auto& x : known_)
    first_bytes_[static_cast<size_t>(static_cast<uint8_t>(x.first[0])) << 8 |
                 static_cast<uint8_t>(x.first[1])] = true;
  for_each_file(disk, [&](const std::string&, byte_view content) { read_bytes(content, who); });
}

void secret_search::read_bytes(byte_view content, size_t who) {
  constexpr auto size = authenticity_number::size_bytes;
  for (size_t i = 0; i + size <= content.size(); ++i) {
    if (!first_bytes_[static_cast<size_t>(content.data()[i]) << 8 | content.data()[i + 1]])
      continue;
    const auto found = known_.find(key{reinterpret_cast<const char*>(content.data() + i), size});
    if (found != known_.end())
      found->second |= 1u << who;
  }
}

void secret_search::tell(const authenticity_number& x, size_t who) {
  const auto found = known_.find(key_of(x));
  if (found != known_.end())
    found->second |= 1u << who;
}

bool secret_search::knows(size_t who, const authenticity_number& x) const {
  const auto found = known_.find(key_of(x));
  return found != known_.end() && (found->second >> who & 1) != 0;
}

bool secret_search::is_known(const authenticity_number& x) const {
  const auto found = known_.find(key_of(x));
  return found != known_.end() && found->second != 0;
}

} // namespace liveconnect::simulation
