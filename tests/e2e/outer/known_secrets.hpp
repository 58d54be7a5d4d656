#pragma once

#include <filesystem>
#include <vector>

#include "messages/money/note.hpp"

namespace liveconnect::outer {

/// Every set of secrets below a data directory that some server may hold, each as the ANs of a note
/// of its own: ANs and PANs of all coin files and of all journals, open and closed. A note may
/// stand there several times. What cannot be read is left out.
std::vector<note> known_secrets(const std::filesystem::path& data);

} // namespace liveconnect::outer
