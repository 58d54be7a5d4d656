#include "relay/status/metrics.hpp"

#include <filesystem>
#include <fstream>
#include <prometheus/text_serializer.h>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace liveconnect::relay {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric value_of(MetricType type, double x, std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric out;
  out.label = std::move(labels);
  (type == MetricType::Counter ? out.counter.value : out.gauge.value) = x;
  return out;
}

MetricFamily family(const std::string& name, const std::string& help, MetricType type) {
  return {name, help, type, {}};
}

MetricFamily counter(const std::string& name, const std::string& help, uint64_t x) {
  auto out = family("liveconnect_relay_" + name + "_total", help, MetricType::Counter);
  out.metric.push_back(value_of(out.type, static_cast<double>(x)));
  return out;
}

MetricFamily gauge(const std::string& name, const std::string& help, double x) {
  auto out = family(name, help, MetricType::Gauge);
  out.metric.push_back(value_of(out.type, x));
  return out;
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double size = 0;
  double resident = 0;
  file >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  std::error_code error;
  double out = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error))
    ++out;
  return out;
}

/// The names that every Prometheus client library gives these.
void add_process(std::vector<MetricFamily>& to) {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& x) {
    return static_cast<double>(x.tv_sec) + static_cast<double>(x.tv_usec) / 1e6;
  };
  auto cpu = family("process_cpu_seconds_total", "User and system time of the process.",
                    MetricType::Counter);
  cpu.metric.push_back(value_of(cpu.type, seconds(used.ru_utime) + seconds(used.ru_stime)));
  to.push_back(std::move(cpu));
  to.push_back(gauge("process_resident_memory_bytes", "Memory in use.", resident_bytes()));
  to.push_back(gauge("process_open_fds", "Descriptors open.", open_descriptors()));
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  to.push_back(gauge("process_max_fds", "Descriptors that may be open.",
                     static_cast<double>(files.rlim_cur)));
}

} // namespace

std::vector<MetricFamily> relay_metrics::Collect() const {
  const auto x = board_.now();
  const auto& c = x.last.counters;
  std::vector<MetricFamily> out;
  auto build = family("liveconnect_relay_build_info", "Always 1; the version is the label.",
                      MetricType::Gauge);
  build.metric.push_back(value_of(build.type, 1, {{"version", board_.version()}}));
  out.push_back(std::move(build));
  out.push_back(
      gauge("liveconnect_relay_draining", "1 while no new rooms are taken.", x.draining ? 1 : 0));
  out.push_back(gauge("liveconnect_relay_uptime_seconds", "Time since the start.",
                      static_cast<double>(x.uptime.count())));
  out.push_back(gauge("liveconnect_relay_connections", "Connections open now.",
                      static_cast<double>(c.connections)));
  out.push_back(gauge("liveconnect_relay_connections_max",
                      "Most connections: the limit, or what the descriptors allow.",
                      static_cast<double>(x.last.connections_max)));
  out.push_back(
      gauge("liveconnect_relay_seated", "Clients in rooms now.", static_cast<double>(c.seated)));
  out.push_back(gauge("liveconnect_relay_rooms_max", "Most rooms; 0: no limit.",
                      static_cast<double>(x.last.rooms_max)));
  out.push_back(gauge("liveconnect_relay_queued_bytes", "Bytes waiting to be sent now.",
                      static_cast<double>(c.queued_bytes)));
  auto rooms = family("liveconnect_relay_rooms", "Rooms now: one client waits, or both are there.",
                      MetricType::Gauge);
  rooms.metric.push_back(
      value_of(rooms.type, static_cast<double>(c.rooms_waiting()), {{"state", "waiting"}}));
  rooms.metric.push_back(
      value_of(rooms.type, static_cast<double>(c.rooms_paired), {{"state", "paired"}}));
  out.push_back(std::move(rooms));
  out.push_back(counter("connections", "Connections accepted.", c.accepted));
  out.push_back(counter("joins", "Seats given.", c.joined));
  out.push_back(counter("pairs", "Times that two met.", c.paired));
  out.push_back(counter("messages_forwarded", "Messages passed on.", c.frames_forwarded));
  out.push_back(counter("messages_unheard", "Messages that came while the partner was not there.",
                        c.frames_unheard));
  out.push_back(counter("received_bytes", "Bytes received.", c.bytes_received));
  out.push_back(counter("forwarded_bytes", "Bytes passed on.", c.bytes_forwarded));
  out.push_back(
      counter("held_back", "Times that a sender waited for a slow receiver.", c.held_back));
  out.push_back(counter("throttled",
                        "Times that a sender was read more slowly because its room had used up the "
                        "bytes of the second.",
                        c.throttled));
  out.push_back(counter("gatherings", "Times that small messages were coalesced into one write.",
                        x.last.gatherings));
  out.push_back(counter("health_checks", "Health checks by a load balancer.", c.health_checks));
  out.push_back(counter("accept_rests", "Times that accepting was paused for lack of descriptors.",
                        x.last.accept_rests));
  auto refused =
      family("liveconnect_relay_refused_total",
             "Connections refused or ended by the relay, by reason.", MetricType::Counter);
  for (size_t i = 0; i < refusal_count; ++i)
    refused.metric.push_back(value_of(refused.type, static_cast<double>(c.refused[i]),
                                      {{"reason", word_of(static_cast<refusal>(i))}}));
  out.push_back(std::move(refused));
  add_process(out);
  return out;
}

std::string relay_metrics::text() const {
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, Collect());
  return out.str();
}

} // namespace liveconnect::relay
