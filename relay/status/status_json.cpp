#include "relay/status/status_json.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "messages/base/time_text.hpp"

namespace liveconnect::relay {

namespace {

using json = nlohmann::ordered_json;

/// Rates with one digit behind the point: no one reads more, and an hour of them stays small.
double short_number(double x) {
  return std::round(x * 10) / 10;
}

template<class F>
json column(const std::vector<rate_history::point>& points, F value) {
  auto out = json::array();
  for (const auto& x : points)
    out.push_back(value(x));
  return out;
}

json series_json(std::chrono::seconds step, const std::vector<rate_history::point>& points) {
  using point = rate_history::point;
  json out;
  out["step_seconds"] = step.count();
  out["bytes_per_second"] = column(points, [](const point& x) { return short_number(x.bytes); });
  out["messages_per_second"] =
      column(points, [](const point& x) { return short_number(x.messages); });
  out["joins_per_second"] = column(points, [](const point& x) { return short_number(x.joins); });
  out["refusals_per_second"] =
      column(points, [](const point& x) { return short_number(x.refusals); });
  out["connections"] = column(points, [](const point& x) { return x.at_end.connections; });
  out["rooms_waiting"] = column(points, [](const point& x) { return x.at_end.rooms_waiting; });
  out["rooms_paired"] = column(points, [](const point& x) { return x.at_end.rooms_paired; });
  return out;
}

} // namespace

std::string status_json(const status_board& board, bool history) {
  const auto x = board.now();
  const auto& c = x.last.counters;
  const auto seconds = board.series(0);
  const auto last = seconds.empty() ? rate_history::point{} : seconds.back();
  json out;
  out["v"] = 1;
  out["program"] = "liveconnect-relay";
  out["version"] = board.version();
  out["state"] = x.draining ? "draining" : "serving";
  out["started"] =
      time_to_text(static_cast<uint64_t>(std::chrono::system_clock::to_time_t(x.started)));
  out["uptime_seconds"] = x.uptime.count();
  out["now"] = {{"connections", c.connections},
                {"seated", c.seated},
                {"rooms_waiting", c.rooms_waiting()},
                {"rooms_paired", c.rooms_paired},
                {"queued_bytes", c.queued_bytes},
                {"messages_per_second", short_number(last.messages)},
                {"bytes_per_second", short_number(last.bytes)},
                {"joins_per_second", short_number(last.joins)}};
  out["limits"] = {{"connections_max", x.last.connections_max}, {"rooms_max", x.last.rooms_max}};
  out["totals"] = {{"connections", c.accepted},
                   {"joins", c.joined},
                   {"pairs", c.paired},
                   {"messages", c.frames_forwarded},
                   {"messages_unheard", c.frames_unheard},
                   {"bytes", c.bytes_forwarded},
                   {"bytes_received", c.bytes_received},
                   {"held_back", c.held_back},
                   {"throttled", c.throttled},
                   {"gatherings", x.last.gatherings},
                   {"health_checks", c.health_checks},
                   {"accept_rests", x.last.accept_rests}};
  auto refusals = json::object();
  for (size_t i = 0; i < refusal_count; ++i)
    refusals[word_of(static_cast<refusal>(i))] = c.refused[i];
  out["refusals"] = std::move(refusals);
  if (history) {
    auto list = json::array();
    for (size_t i = 0; i < rate_history::steps.size(); ++i)
      list.push_back(series_json(rate_history::steps[i], board.series(i)));
    out["history"] = std::move(list);
  }
  return out.dump();
}

} // namespace liveconnect::relay
