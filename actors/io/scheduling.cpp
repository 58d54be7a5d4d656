#include "actors/io/scheduling.hpp"

#include <algorithm>
#include <sched.h>

#include <caf/atom.hpp>

namespace liveconnect::io {

size_t usable_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) != 0)
    return 1;
  return static_cast<size_t>(std::max(CPU_COUNT(&cores), 1));
}

caf::actor_system_config& share_work(caf::actor_system_config& config, size_t threads_min) {
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", std::max(usable_cores(), threads_min));
  return config;
}

} // namespace liveconnect::io
