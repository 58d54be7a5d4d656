#pragma once

#include <cstddef>

#include <caf/actor_system_config.hpp>

namespace liveconnect::io {

/// How many cores this process may use (its affinity, not the machine's count); at least 1.
size_t usable_cores();

/// Has CAF's workers sleep until there is work, and spawns no more of them than the process has
/// cores, or `threads_min` where that is more: a program whose actors wait for disks wants some
/// beyond the cores, the relay, whose actors never wait, wants none. CAF's own default steals work:
/// its idle workers wake up ten thousand times a second for a while after each message, which costs
/// a relay more than its actors do, and four workers on one core only get in each other's way.
/// Called by each composition root before it makes its actor system; answers with `config`.
caf::actor_system_config& share_work(caf::actor_system_config& config, size_t threads_min = 4);

} // namespace liveconnect::io
