#include "benchmarks/questions/honest_load.hpp"

#include <algorithm>

#include "messages/base/error.hpp"

namespace liveconnect::bench {

using std::chrono::seconds;

namespace {

/// Idle rooms that are opened before they begin to speak.
constexpr size_t idle_batch = 500;
/// The newcomers' source addresses: so many that two connections a second keep within the relay's
/// limits for one address.
constexpr size_t newcomer_sources = 40;
constexpr auto open_patience = seconds(60);
constexpr auto seat_patience = seconds(20);
constexpr auto end_patience = seconds(20);

endpoint host_source() {
  endpoint out;
  endpoint::parse("127.90.0.1", 0, out);
  return out;
}

} // namespace

honest_load::honest_load(event_loop& loop, const soak_plan& plan, subject& through,
                         uint64_t victim_room, std::string victim_tag)
    : loop_(loop), plan_(plan), through_(through),
      host_(loop, through.target, victim_room, host_source(), std::move(victim_tag)) {}

honest_load::~honest_load() {
  if (opener_)
    loop_.remove(*opener_);
}

caf::error honest_load::open(const progress& on_progress) {
  const auto until = clock::now() + open_patience;
  on_progress(0);
  if (auto err = open_busy(until))
    return err;
  if (auto err = open_idle(until, on_progress))
    return err;
  if (auto err = seat_host())
    return err;
  begin_newcomers();
  return caf::none;
}

caf::error honest_load::open_busy(time_point until) {
  auto pattern = coin_pattern(plan_.frame_bytes);
  if (!pattern)
    return pattern.error();
  auto pairs = open_pairs(loop_, through_, plan_.rooms, until);
  if (!pairs)
    return pairs.error();
  busy_ = std::make_unique<paced_load>(loop_, std::move(*pairs),
                                       paced_load::config{*pattern, true, plan_.rate});
  busy_->start(clock::now());
  return caf::none;
}

caf::error honest_load::open_idle(time_point until, const progress& on_progress) {
  const auto heartbeat_seconds = std::chrono::duration<double>(plan_.heartbeat()).count();
  // Each batch speaks before the relay could end it for its silence.
  for (size_t left = plan_.idle_rooms; left > 0;) {
    const auto count = std::min(left, idle_batch);
    auto pairs = open_pairs(loop_, through_, count, until);
    if (!pairs)
      return pairs.error();
    const auto rate = static_cast<double>(2 * count) / heartbeat_seconds;
    idle_.push_back(std::make_unique<paced_load>(
        loop_, std::move(*pairs), paced_load::config{heartbeat_pattern(), false, rate}));
    idle_.back()->start(clock::now());
    left -= count;
    on_progress(plan_.rooms + plan_.idle_rooms - left);
  }
  return caf::none;
}

caf::error honest_load::seat_host() {
  host_.come();
  beats_ =
      std::make_unique<periodic>(loop_, plan_.heartbeat(), [this](time_point) { host_.beat(); });
  if (auto err = loop_.run_until(clock::now() + seat_patience, [this] { return host_.seated(); }))
    return err;
  if (!host_.seated())
    return fail(ec::timed_out,
                "The host that waits alone was not seated within 20 s. Look at the relay's log.");
  return caf::none;
}

void honest_load::begin_newcomers() {
  opener_ = std::make_unique<pair_opener>(loop_, through_, newcomer_sources,
                                          [this](open_pair&& x, uint64_t) {
                                            loop_.unwatch(x.a.get());
                                            loop_.unwatch(x.b.get());
                                            ++newcomers_;
                                          });
  openings_ =
      std::make_unique<periodic>(loop_, seconds(1), [this](time_point) { opener_->start(); });
}

caf::error honest_load::finish() {
  openings_->stop();
  host_.partner_comes();
  busy_->stop();
  for (auto& x : idle_)
    x->stop();
  auto err = loop_.run_until(clock::now() + end_patience, [this] {
    return busy_->settled() &&
           std::all_of(idle_.begin(), idle_.end(), [](const auto& x) { return x->settled(); }) &&
           newcomers_missing() == 0 && (host_.met() || !host_.lost().empty());
  });
  // The relay's descriptors are compared with the calm's, when the partner was not there.
  host_.leave();
  return err;
}

void honest_load::leave() {
  host_.leave();
  busy_.reset();
  idle_.clear();
}

uint64_t honest_load::sent() const {
  auto out = busy_->sent();
  for (const auto& x : idle_)
    out += x->sent();
  return out;
}

uint64_t honest_load::received() const {
  auto out = busy_->received();
  for (const auto& x : idle_)
    out += x->received();
  return out;
}

} // namespace liveconnect::bench
