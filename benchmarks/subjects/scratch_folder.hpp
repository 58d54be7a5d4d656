#pragma once

#include <filesystem>

#include <caf/expected.hpp>

namespace liveconnect::bench {

/// A folder of mode 0700 for one run's configuration and logs, removed with its content when its
/// owner ends. It is not the tests' temporary_folder: a program reports a folder that cannot be
/// made as an error, where a test just fails.
class scratch_folder {
public:
  /// Fails with ec::disk_failed.
  static caf::expected<scratch_folder> make();

  scratch_folder(scratch_folder&& other) noexcept;
  scratch_folder& operator=(scratch_folder&& other) noexcept;
  ~scratch_folder();

  const std::filesystem::path& path() const { return path_; }

private:
  scratch_folder() = default;
  std::filesystem::path path_;
};

} // namespace liveconnect::bench
