#pragma once

#include <filesystem>

#include <caf/expected.hpp>

#include "messages/base/secret.hpp"

namespace liveconnect::cli {

/// Makes a file that only its owner may read (0600) and that is on the disk when this returns.
/// Fails with ec::file_exists when something of that name is there, a link included, and with
/// ec::disk_failed else; then no file is left behind.
[[nodiscard]] caf::error write_private_file(const std::filesystem::path& file, byte_view content);

/// Reads a whole file of at most `bytes_max` bytes. Fails with ec::bad_argument: no such file, no
/// permission, or too large.
caf::expected<secret_bytes> read_private_file(const std::filesystem::path& file, size_t bytes_max);

/// Reads a descriptor to its end, at most `bytes_max` bytes. Fails with ec::bad_argument.
caf::expected<secret_bytes> read_to_end(int descriptor, size_t bytes_max, const char* name);

} // namespace liveconnect::cli
