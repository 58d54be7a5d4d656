#include "benchmarks/questions/soak_plan.hpp"

#include <algorithm>

namespace liveconnect::bench {

using std::chrono::milliseconds;
using std::chrono::seconds;

milliseconds soak_plan::heartbeat() const {
  return std::min<milliseconds>(seconds(5), silence / 4);
}

milliseconds soak_plan::deadline_of(waits_for x) const {
  switch (x) {
  case waits_for::join:
    return join_deadline;
  case waits_for::frame:
    return frame_deadline;
  case waits_for::stall:
    return stall_deadline;
  case waits_for::silence:
    return silence;
  case waits_for::nothing:
    break;
  }
  return milliseconds(0);
}

milliseconds soak_plan::patience() const {
  milliseconds longest{0};
  for (const auto x : attacks) {
    const auto what = all_attacks()[static_cast<size_t>(x)].deadline;
    // A stall may take twice its deadline.
    longest = std::max(longest, deadline_of(what) * (what == waits_for::stall ? 2 : 1));
  }
  // Queues that fill at 2 MiB a second, and a machine that has other work.
  return longest + seconds(20);
}

const char* to_string(soak_check::verdict x) {
  switch (x) {
  case soak_check::verdict::held:
    return "held";
  case soak_check::verdict::failed:
    return "FAILED";
  case soak_check::verdict::not_judged:
    return "not judged";
  }
  return "";
}

bool soak_outcome::clean() const {
  return std::none_of(checks.begin(), checks.end(),
                      [](const auto& x) { return x.what == soak_check::verdict::failed; });
}

measurement soak_outcome::figures() const {
  measurement out;
  if (phases.size() > 1) {
    add_latency(out, phases[0].latency, "calm_");
    add_latency(out, phases[1].latency);
    if (out["calm_p99_us"] > 0)
      out["p99_share"] = out["p99_us"] / out["calm_p99_us"];
    out["round_trips_per_second"] = static_cast<double>(phases[1].answered) / phases[1].seconds;
    out["late_p99_us"] = static_cast<double>(phases[1].lateness.quantile(0.99)) / 1000;
    out["generator_cpu_share"] = phases[1].own_cpu;
    if (phases[1].relay_cpu)
      out["cpu_share"] = *phases[1].relay_cpu;
  }
  if (after)
    out["resident_kb"] = static_cast<double>(after->resident_kb);
  out["sent"] = static_cast<double>(sent);
  out["received"] = static_cast<double>(received);
  return out;
}

} // namespace liveconnect::bench
