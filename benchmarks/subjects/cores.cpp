#include "benchmarks/subjects/cores.hpp"

#include <vector>

namespace liveconnect::bench {

placement choose_cores(bool same) {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  std::vector<int> list;
  if (::sched_getaffinity(0, sizeof usable, &usable) == 0)
    for (int i = 0; i < CPU_SETSIZE; ++i)
      if (CPU_ISSET(i, &usable))
        list.push_back(i);
  if (list.empty())
    return {};
  // The first core takes most interrupts: the subject gets the last one.
  return {same ? list.back() : list.front(), list.back()};
}

on_core::on_core(int core) {
  if (core < 0 || ::sched_getaffinity(0, sizeof before_, &before_) != 0)
    return;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  changed_ = ::sched_setaffinity(0, sizeof one, &one) == 0;
}

on_core::~on_core() {
  if (changed_)
    ::sched_setaffinity(0, sizeof before_, &before_);
}

} // namespace liveconnect::bench
