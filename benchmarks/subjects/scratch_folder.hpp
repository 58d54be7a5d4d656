#pragma once

#include <filesystem>

#include <caf/expected.hpp>

namespace liveconnect::bench {

/// A folder of mode 0700 for one run's configuration and logs; goes with its owner, content and
/// all.
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
