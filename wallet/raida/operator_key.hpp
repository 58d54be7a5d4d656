#pragma once

#include <filesystem>

#include <caf/expected.hpp>

#include "messages/base/secret.hpp"

namespace liveconnect::raida {

/// What opens the administrative commands of one's own servers: 16 bytes.
using operator_key = secret<16>;

/// Reads DATA/operator.key. Fails with ec::bad_config when it is not there, not 16 bytes long, or
/// readable by other users.
caf::expected<operator_key> load_operator_key(const std::filesystem::path& data);

/// Likewise, but draws a key on first use: the file appears whole or not at all, mode 0600, and is
/// durable before this answers. Makes the folder (0700) when needed. Fails with ec::bad_config when
/// other users may write into it.
caf::expected<operator_key> load_or_make_operator_key(const std::filesystem::path& data);

} // namespace liveconnect::raida
