#include "benchmarks/subjects/scratch_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "messages/base/error.hpp"

namespace liveconnect::bench {

caf::expected<scratch_folder> scratch_folder::make() {
  std::error_code problem;
  const auto above = std::filesystem::temp_directory_path(problem);
  auto name =
      ((problem ? std::filesystem::path("/tmp") : above) / "liveconnect-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    return fail(ec::disk_failed, "No temporary folder can be made (" +
                                     std::string(std::strerror(errno)) +
                                     "). Set TMPDIR to a folder that can be written to.");
  scratch_folder out;
  out.path_ = name;
  return out;
}

scratch_folder::scratch_folder(scratch_folder&& other) noexcept {
  std::swap(path_, other.path_);
}

scratch_folder& scratch_folder::operator=(scratch_folder&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  if (!path_.empty())
    std::filesystem::remove_all(path_, ignored);
}

} // namespace liveconnect::bench
