#include "benchmarks/figures/metrics.hpp"

namespace liveconnect::bench {

const std::vector<metric>& all_metrics() {
  using b = metric::better;
  using s = metric::summary;
  static const std::vector<metric> list{
      {"messages_per_second", "/s", b::more, s::median, "frames delivered"},
      {"round_trips_per_second", "/s", b::more, s::median, "messages answered"},
      {"pairs_per_second", "/s", b::more, s::median, "connected, joined and met"},
      {"operations_per_second", "/s", b::more, s::median, "done in a second of processor time"},
      {"gb_per_second", "GB/s", b::more, s::median,
       "delivered, frames with all their bytes; crypto: plaintext a second of processor time"},
      {"transfers_per_second", "/s", b::more, s::median, "whole transfers, all processes included"},
      {"notes_per_second", "/s", b::more, s::median, "notes that changed hands"},
      {"session_ms_p50", "ms", b::less, s::median, "from the handshake to the receipt"},
      {"session_ms_p99", "ms", b::less, s::median, "from the handshake to the receipt"},
      {"wall_ms_p50", "ms", b::less, s::median, "from the start of both programs to their end"},
      {"wall_ms_p99", "ms", b::less, s::median, "from the start of both programs to their end"},
      {"syncs_per_transfer", "", b::less, s::median, "fsync and fdatasync calls, both sides"},
      {"client_cpu_ms_per_transfer", "ms", b::less, s::median, "processor time, both sides"},
      {"client_peak_kb", "KB", b::less, s::greatest, "the most that one program had (VmHWM)"},
      {"p50_us", "us", b::less, s::median, "latency: half are faster"},
      {"p99_us", "us", b::less, s::median, "latency: 99 of 100 are faster"},
      {"p999_us", "us", b::less, s::median, "latency: 999 of 1000 are faster"},
      {"max_us", "us", b::less, s::median, "the longest latency"},
      {"calm_p50_us", "us", b::less, s::median, "honest rooms before the attack"},
      {"calm_p99_us", "us", b::less, s::median, "honest rooms before the attack"},
      {"calm_p999_us", "us", b::less, s::median, "honest rooms before the attack"},
      {"calm_max_us", "us", b::less, s::median, "honest rooms before the attack"},
      {"p99_share", "x", b::less, s::median, "honest rooms' p99 under attack / before"},
      {"attack_messages_per_second", "/s", b::neither, s::median, "frames of attackers delivered"},
      {"growth_kb_per_direction", "KB", b::less, s::greatest,
       "memory that one silent receiver costs"},
      {"cpu_us_per_message", "us", b::less, s::median, "processor time of what is measured"},
      {"cpu_us_per_pair", "us", b::less, s::median, "processor time of what is measured"},
      {"cpu_us_each", "us", b::less, s::median, "processor time of one operation"},
      {"cpu_us_per_note", "us", b::less, s::median, "processor time of one note"},
      {"cpu_s_per_gb", "s/GB", b::less, s::median, "processor time of what is measured"},
      {"cpu_share", "cores", b::less, s::median, "processor time of what is measured a second"},
      {"generator_cpu_share", "cores", b::neither, s::median,
       "of the generator; near 1 it may be what limits"},
      {"late_p99_us", "us", b::neither, s::median, "how late the generator itself sent"},
      {"bytes_per_pair", "B", b::less, s::median, "memory that an idle pair costs"},
      {"resident_kb", "KB", b::less, s::greatest, "memory of what is measured (VmRSS)"},
      {"sent", "frames", b::neither, s::median, "in the whole run, warming up included"},
      {"received", "frames", b::neither, s::median, "of those; a run fails when one is missing"},
  };
  return list;
}

const metric* find_metric(const std::string& name) {
  for (const auto& x : all_metrics())
    if (name == x.name)
      return &x;
  return nullptr;
}

void add_latency(measurement& to, const histogram& from, const std::string& prefix) {
  if (from.count() == 0)
    return;
  const auto us = [](uint64_t ns) { return static_cast<double>(ns) / 1000; };
  to[prefix + "p50_us"] = us(from.quantile(0.5));
  to[prefix + "p99_us"] = us(from.quantile(0.99));
  to[prefix + "p999_us"] = us(from.quantile(0.999));
  to[prefix + "max_us"] = us(from.max());
}

} // namespace liveconnect::bench
