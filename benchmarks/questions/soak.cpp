#include "benchmarks/questions/soak.hpp"

#include <algorithm>
#include <fstream>
#include <memory>
#include <random>
#include <unistd.h>

#include <fmt/format.h>

#include "benchmarks/load/relay_status.hpp"
#include "benchmarks/questions/honest_load.hpp"
#include "benchmarks/questions/soak_judge.hpp"
#include "benchmarks/subjects/process_usage.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto end_patience = seconds(20);
constexpr auto counters_patience = seconds(10);
constexpr auto look_interval = milliseconds(200);
constexpr size_t samples_max = 200;

double to_seconds(clock::duration x) {
  return std::chrono::duration<double>(x).count();
}

/// Processor time of everything on this machine.
double machine_cpu_seconds() {
  std::ifstream file("/proc/stat");
  std::string word;
  file >> word;
  // user nice system idle iowait irq softirq steal (proc(5)).
  double out = 0;
  for (int i = 0; i < 8; ++i) {
    double ticks = 0;
    if (!(file >> ticks))
      break;
    if (i != 3 && i != 4)
      out += ticks;
  }
  return out / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

/// The relay's process over the whole run, and the lines on the screen while it lasts.
class soak_watch {
public:
  soak_watch(const soak_plan& plan, const subject& through, cli::output& out)
      : plan_(plan), through_(through), out_(out) {}

  void begin() { begun_ = clock::now(); }
  double elapsed(time_point now) const { return to_seconds(now - begun_); }

  std::optional<double> relay_cpu() const {
    if (!through_.pid)
      return std::nullopt;
    const auto x = usage_of(*through_.pid);
    return x ? std::optional{x->cpu_seconds} : std::nullopt;
  }

  /// The relay's process now; nothing when it is not known or has ended.
  std::optional<soak_sample> look() const {
    if (!through_.pid)
      return std::nullopt;
    const auto x = usage_of(*through_.pid);
    // A process that has ended, and that its parent has not fetched yet, has no memory.
    if (!x || x->resident_kb == 0)
      return std::nullopt;
    return soak_sample{elapsed(clock::now()), x->resident_kb, descriptors_of(*through_.pid)};
  }

  /// Takes a sample into `into`: each second, so that the peak is seen.
  void sample(soak_outcome& into) {
    const auto x = look();
    if (!x)
      return;
    last_ = *x;
    into.peak.resident_kb = std::max(into.peak.resident_kb, x->resident_kb);
    into.peak.descriptors = std::max(into.peak.descriptors, x->descriptors);
    if (++seen_ % sample_every_ == 0)
      into.samples.push_back(*x);
    if (into.samples.size() < samples_max)
      return;
    // Every other sample goes, so that they stay evenly spread, however long the run is.
    for (size_t i = 0; i < samples_max / 2; ++i)
      into.samples[i] = into.samples[2 * i + 1];
    into.samples.resize(samples_max / 2);
    sample_every_ *= 2;
  }

  void begin_progress(std::string name, milliseconds length) {
    name_ = std::move(name);
    phase_begun_ = clock::now();
    phase_length_ = length;
    out_.progress(name_, 0, static_cast<uint64_t>(to_seconds(length)));
    next_line_ = phase_begun_ + line_interval();
  }

  void end_progress() {
    const auto whole = static_cast<uint64_t>(to_seconds(phase_length_));
    out_.progress(name_, whole, whole);
  }

  /// Shows how far the phase is; on a terminal that is all, else a line now and then tells more.
  void show(time_point now, uint64_t honest_frames, const attack_mix* mix) {
    const auto whole = static_cast<uint64_t>(to_seconds(phase_length_));
    const auto at = static_cast<uint64_t>(to_seconds(now - phase_begun_));
    if (at > 0 && at < whole)
      out_.progress(name_, at, whole);
    if (now < next_line_ || out_.style().terminal)
      return;
    next_line_ = now + line_interval();
    out_.line(fmt::format(
        "  {:.0f} s: {} frames of honest rooms, {} attackers begun, {} turned away, {} open; "
        "relay {} KB, {} descriptors",
        elapsed(now), honest_frames, mix ? mix->begun() : 0, mix ? mix->turned_away() : 0,
        mix ? mix->open() : 0, last_.resident_kb, last_.descriptors));
  }

private:
  milliseconds line_interval() const {
    return std::max<milliseconds>(seconds(10), plan_.length / 20);
  }

  const soak_plan& plan_;
  const subject& through_;
  cli::output& out_;
  time_point begun_;
  std::string name_;
  time_point phase_begun_;
  milliseconds phase_length_{0};
  time_point next_line_;
  soak_sample last_;
  uint64_t seen_ = 0;
  uint64_t sample_every_ = 1;
};

/// The whole run; members end in the reverse order, so the loads go before the loop.
class soak {
public:
  soak(const soak_plan& plan, subject& through, cli::output& out,
       const std::function<bool()>& stopped)
      : plan_(plan), through_(through), out_(out), loop_(stopped), watch_(plan, through, out) {}

  caf::expected<soak_outcome> run() {
    if (auto err = open())
      return err;
    watch_.begin();
    auto err = all_phases();
    if (err && code_of(err) == ec::stopped)
      return err;
    const auto honest_failure = err ? detail_of(err) : std::string{};
    outcome_.newcomers = honest_->newcomers();
    check_frames(honest_failure);
    if (!err)
      check_meetings();
    check_latencies();
    check_life();
    // What an interrupted attack left says nothing.
    if (!err) {
      for (const auto kind : plan_.attacks)
        add(judge_attack(plan_, kind, outcome_.tallies[kind]));
      check_counters();
      check_process();
    }
    mix_.reset();
    honest_->leave();
    check_end();
    return std::move(outcome_);
  }

private:
  caf::error serve(milliseconds x, const std::function<bool()>& done = {}) {
    return loop_.run_until(clock::now() + x, done);
  }

  void add(soak_check x) { outcome_.checks.push_back(std::move(x)); }

  caf::error open() {
    std::mt19937_64 random{plan_.seed};
    victim_room_ = random() >> 1 | 1;
    auto tag = fmt::format("{:016x}{:016x}", random(), random());
    honest_ = std::make_unique<honest_load>(loop_, plan_, through_, victim_room_, std::move(tag));
    const auto rooms = plan_.rooms + plan_.idle_rooms;
    if (auto err =
            honest_->open([&](size_t opened) { out_.progress("Opening rooms", opened, rooms); }))
      return err;
    sampler_ = std::make_unique<periodic>(loop_, seconds(1), [this](time_point now) {
      if (!in_phases_)
        return;
      watch_.sample(outcome_);
      watch_.show(now, honest_->received(), mix_.get());
    });
    // What the relay sets up once has been set up by then.
    return serve(seconds(1));
  }

  // Phases

  caf::error all_phases() {
    in_phases_ = true;
    if (auto err = phase("calm", plan_.calm()))
      return err;
    outcome_.before = watch_.look();
    refusals_before_ = refusals();
    begin_attack();
    if (auto err = phase("attack", plan_.attack()))
      return err;
    if (auto err = end_attack())
      return err;
    if (auto err = phase("calm again", plan_.calm()))
      return err;
    return honest_->finish();
  }

  void begin_attack() {
    attack_mix::config how;
    how.kinds = plan_.attacks;
    how.target = through_.target;
    how.seed = plan_.seed;
    how.victim_room = victim_room_;
    how.trickle = std::min<milliseconds>(milliseconds(500), plan_.join_deadline / 8);
    mix_ = std::make_unique<attack_mix>(loop_, how);
    mix_->start(clock::now());
  }

  /// Waits until the relay has ended all attackers that a deadline ends.
  caf::error end_attack() {
    mix_->stop();
    watch_.begin_progress("waiting for the last attackers", plan_.patience());
    if (auto err = serve(plan_.patience(), [this] { return mix_->open() == 0; }))
      return err;
    watch_.end_progress();
    // Attackers that the relay has let stay are counted before they are ended here.
    for (const auto x : plan_.attacks)
      outcome_.tallies[x] = mix_->tally(x);
    mix_->end();
    return caf::none;
  }

  caf::error phase(const char* name, milliseconds length) {
    auto& busy = honest_->busy();
    watch_.begin_progress(name, length);
    const auto begun = clock::now();
    const auto own = own_cpu_seconds();
    const auto machine = machine_cpu_seconds();
    const auto relay = watch_.relay_cpu();
    busy.begin_window(begun);
    auto err = serve(length);
    const auto now = clock::now();
    busy.end_window(now);
    soak_phase x;
    x.name = name;
    x.seconds = to_seconds(now - begun);
    const auto own_used = own_cpu_seconds() - own;
    const auto relay_now = watch_.relay_cpu();
    const auto relay_used = relay && relay_now ? *relay_now - *relay : 0;
    x.own_cpu = own_used / x.seconds;
    if (relay && relay_now)
      x.relay_cpu = relay_used / x.seconds;
    x.others_cpu =
        std::max(0.0, (machine_cpu_seconds() - machine - own_used - relay_used) / x.seconds);
    // Answers to what was said in time belong to it.
    if (!err)
      err = serve(milliseconds(300));
    x.answered = busy.completed();
    x.latency = busy.latency();
    x.lateness = busy.lateness();
    outcome_.phases.push_back(std::move(x));
    if (!err)
      watch_.end_progress();
    return err;
  }

  // Checks

  void check_frames(const std::string& failure) {
    outcome_.sent = honest_->sent();
    outcome_.received = honest_->received();
    const bool all = outcome_.sent == outcome_.received && failure.empty();
    add(judged(all, "honest rooms lose no frame",
               failure.empty()
                   ? fmt::format("{} sent, {} received", outcome_.sent, outcome_.received)
                   : failure));
  }

  void check_meetings() {
    const auto& host = honest_->host();
    add(judged(host.met(), "a waiting host meets its partner, whatever tags were guessed",
               host.met()            ? "met"
               : host.lost().empty() ? "the partner did not come in"
                                     : host.lost()));
    const auto missing = honest_->newcomers_missing();
    add(judged(missing == 0, "honest newcomers come in all the time",
               fmt::format("{} pairs met, {} did not", outcome_.newcomers, missing)));
  }

  void check_latencies() {
    const auto& phases = outcome_.phases;
    for (size_t i = 1; i < phases.size(); ++i)
      add(judge_latency(plan_, phases.front(), phases[i]));
  }

  std::optional<std::map<std::string, uint64_t>> refusals() const {
    if (!through_.status)
      return std::nullopt;
    auto x = fetch_status(*through_.status);
    return x ? std::optional{std::move(x->refusals)} : std::nullopt;
  }

  void check_counters() {
    static constexpr const char* name = "the relay counts each refusal";
    if (!refusals_before_)
      return add(not_judged(name, "its status page is not known (--relay-status)"));
    const auto expected = expected_words(plan_);
    auto unmoved = expected;
    // The status page's figures are up to a second old.
    for (const auto until = clock::now() + counters_patience; clock::now() < until;) {
      const auto now = refusals();
      if (!now)
        return add(judged(false, name, "its status page does not answer"));
      outcome_.refusals = growth(*refusals_before_, *now);
      unmoved = unmoved_words(expected, outcome_.refusals);
      if (unmoved.empty() || loop_.failure() || serve(look_interval))
        break;
    }
    add(judge_counters(unmoved, outcome_.refusals));
  }

  void check_life() {
    if (!through_.pid)
      return;
    const auto code = through_.child ? through_.child->wait(milliseconds(0)) : std::nullopt;
    const bool there = watch_.look().has_value();
    add(judged(!code && there, "the relay lives",
               code     ? fmt::format("it ended with {}", *code)
               : !there ? "its process is gone"
                        : fmt::format("process {}", *through_.pid)));
  }

  void check_process() {
    if (!through_.pid || !outcome_.before)
      return add(not_judged("memory and descriptors come back",
                            "the relay's process is not known (--relay-pid)"));
    const auto& before = *outcome_.before;
    auto now = watch_.look();
    for (const auto until = clock::now() + end_patience;
         now && !is_back(before, *now) && clock::now() < until; now = watch_.look())
      if (loop_.failure() || serve(look_interval))
        break;
    if (!now)
      return;
    outcome_.after = now;
    for (auto& x : judge_process(before, outcome_.peak, *now))
      add(std::move(x));
  }

  void check_end() {
    if (!through_.child)
      return;
    through_.child->ask_to_end();
    const auto code = through_.child->wait(end_patience);
    add(judged(code == 0, "SIGTERM drains it and it ends with 0",
               code ? fmt::format("it ended with {}", *code)
                    : fmt::format("it still ran after {} s", seconds(end_patience).count())));
  }

  const soak_plan& plan_;
  subject& through_;
  cli::output& out_;
  soak_outcome outcome_;
  event_loop loop_;
  soak_watch watch_;
  uint64_t victim_room_ = 0;
  std::unique_ptr<honest_load> honest_;
  std::unique_ptr<periodic> sampler_;
  std::unique_ptr<attack_mix> mix_;
  bool in_phases_ = false;
  std::optional<std::map<std::string, uint64_t>> refusals_before_;
};

} // namespace

caf::expected<soak_outcome> run_soak(const soak_plan& plan, subject& through, cli::output& out,
                                     const std::function<bool()>& stopped) {
  return soak{plan, through, out, stopped}.run();
}

} // namespace liveconnect::bench
