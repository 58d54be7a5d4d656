#pragma once

#include <vector>

#include "messages/base/bytes.hpp"
#include "messages/money/note.hpp"

namespace liveconnect::bench {

/// Notes that no server knows: of four denominations, with serials of their own and random ANs.
std::vector<note> sample_notes(size_t count);

/// Their format-9 file without PANs: what a coin frame carries. 1 to 65,535 notes.
bytes sample_coin_file(size_t notes);

} // namespace liveconnect::bench
