#pragma once

#include <sched.h>

namespace liveconnect::bench {

/// Which core does what, so that a round is like the next: the generator has one, what is measured
/// the other; or both the same, where the question is latency without a second core's help.
struct placement {
  int generator = -1;
  int subject = -1;
};

/// Chooses from the cores that this process may use; with only one, both share it.
placement choose_cores(bool same);

/// Puts the calling thread (and what it starts meanwhile) on one core, and back when it goes.
class on_core {
public:
  /// A negative core changes nothing.
  explicit on_core(int core);
  ~on_core();
  on_core(const on_core&) = delete;
  on_core& operator=(const on_core&) = delete;

private:
  cpu_set_t before_{};
  bool changed_ = false;
};

} // namespace liveconnect::bench
