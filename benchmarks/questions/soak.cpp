#include "benchmarks/questions/soak.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <memory>
#include <sstream>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "benchmarks/load/paced_load.hpp"
#include "benchmarks/load/pair_opener.hpp"
#include "benchmarks/load/relay_status.hpp"
#include "benchmarks/questions/campaign.hpp"
#include "benchmarks/subjects/process_usage.hpp"
#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "messages/wire/room.hpp"

namespace liveconnect::bench {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using verdict = soak_check::verdict;

/// Bounds of what a relay may have kept after an attack, ...
constexpr uint64_t memory_kept_kb = 16 * 1024;
/// ... of how late it may end one who is too slow, on a machine that has other work (a stall is
/// noticed after twice its deadline at the latest), ...
constexpr double late_factor = 2;
constexpr double late_seconds = 10;
/// ... and how much of the machine's cores others may use while latencies are the relay's.
constexpr double others_cpu_max = 0.25;
/// A round trip passes the generator three times more after it was sent: once at the far end, once
/// at the near one, and with the next turn of its loop.
constexpr double turns_of_generator = 3;
constexpr auto end_patience = seconds(20);
constexpr size_t samples_max = 200;
/// Idle rooms that are opened before they begin to speak.
constexpr size_t idle_batch = 500;

double to_seconds(clock::duration x) {
  return std::chrono::duration<double>(x).count();
}

double to_ms(uint64_t ns) {
  return static_cast<double>(ns) / 1e6;
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

/// Calls a function at intervals.
class periodic : public load {
public:
  periodic(event_loop& loop, milliseconds interval, std::function<void(time_point)> f)
      : loop_(loop), interval_(interval), f_(std::move(f)), due_(clock::now() + interval) {
    loop_.add(*this);
  }
  ~periodic() override { loop_.remove(*this); }
  void on_event(uint32_t, uint32_t) override {}
  time_point next_due() const override { return due_; }
  void on_due(time_point now) override {
    due_ = now + interval_;
    f_(now);
  }
  void stop() { due_ = time_point::max(); }

private:
  event_loop& loop_;
  milliseconds interval_;
  std::function<void(time_point)> f_;
  time_point due_;
};

/// Somebody honest who waits in a room for a partner while others guess its tag.
class waiting_host : public load {
public:
  waiting_host(event_loop& loop, const endpoint& target, uint64_t room, const endpoint& source,
               std::string tag)
      : loop_(loop), number_(loop.add(*this)), target_(target), source_(source),
        join_(encode(
            make_frame(message_number::join_room, to_details(join_request{room, std::move(tag)})),
            notation::tag)) {}
  ~waiting_host() override { loop_.remove(*this); }

  void come() { begin(host_, 0); }
  /// The partner comes after all.
  void partner_comes() {
    host_.heard.clear();
    begin(partner_, 1);
  }
  bool seated() const { return seated_; }
  bool met() const {
    return host_.heard.find("<relay Peer_Joined") != std::string::npos &&
           partner_.heard.find(" 2>") != std::string::npos;
  }
  /// What the relay said to the host, when it ended it; empty: it did not.
  const std::string& lost() const { return lost_; }
  void beat() {
    if (host_.fd && seated())
      ::send(host_.fd.get(), "<# Heartbeat>\n", 14, MSG_NOSIGNAL);
  }
  void leave() {
    for (auto* x : {&host_, &partner_})
      if (x->fd) {
        loop_.unwatch(x->fd.get());
        x->fd.reset();
      }
  }

  void on_event(uint32_t socket, uint32_t events) override {
    auto& x = socket == 0 ? host_ : partner_;
    if (!x.fd)
      return;
    if ((events & EPOLLOUT) != 0 && !x.joined) {
      x.joined = ::send(x.fd.get(), join_.data(), join_.size(), MSG_NOSIGNAL) ==
                 static_cast<ssize_t>(join_.size());
      loop_.watch(x.fd.get(), EPOLLIN, number_, socket);
    }
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) == 0)
      return;
    char buffer[4096];
    const auto n = ::recv(x.fd.get(), buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (n > 0) {
      // Only a few words count, and nobody else speaks to one who is alone.
      if (x.heard.size() < 64 * 1024)
        x.heard.append(buffer, static_cast<size_t>(n));
      seated_ = seated_ || host_.heard.find("Room_Joined") != std::string::npos;
      return;
    }
    if (lost_.empty())
      lost_ = "it was closed after '" +
              escape_for_display(
                  x.heard.substr(x.heard.size() - std::min<size_t>(x.heard.size(), 100)), 120) +
              "'";
    loop_.unwatch(x.fd.get());
    x.fd.reset();
  }

private:
  struct end {
    descriptor fd;
    bool joined = false;
    std::string heard;
  };

  void begin(end& x, uint32_t socket) {
    auto fd = connect_to(target_, &source_);
    if (!fd) {
      lost_ = detail_of(fd.error());
      return;
    }
    x.fd = std::move(*fd);
    loop_.watch(x.fd.get(), EPOLLIN | EPOLLOUT, number_, socket);
  }

  event_loop& loop_;
  uint32_t number_;
  endpoint target_;
  endpoint source_;
  std::string join_;
  end host_;
  end partner_;
  bool seated_ = false;
  std::string lost_;
};

/// The whole run; members end in the reverse order, so the loads go before the loop.
class soak {
public:
  soak(const soak_plan& plan, subject& through, cli::output& out,
       const std::function<bool()>& stopped)
      : plan_(plan), through_(through), out_(out), loop_(stopped) {}

  caf::expected<soak_outcome> run() {
    if (auto err = open())
      return err;
    begun_ = clock::now();
    auto err = all_phases();
    if (err && code_of(err) == ec::stopped)
      return err;
    if (err)
      honest_failure_ = detail_of(err);
    check_honest();
    check_life();
    // What an interrupted attack left says nothing.
    if (honest_failure_.empty()) {
      check_attackers();
      check_counters();
      check_process();
    }
    leave();
    check_end();
    return std::move(outcome_);
  }

private:
  caf::error serve(milliseconds x, const std::function<bool()>& done = {}) {
    return loop_.run_until(clock::now() + x, done);
  }

  void check(verdict what, std::string name, std::string finding) {
    outcome_.checks.push_back({what, std::move(name), std::move(finding)});
  }
  void check(bool held, std::string name, std::string finding) {
    check(held ? verdict::held : verdict::failed, std::move(name), std::move(finding));
  }

  // --- honest people

  caf::error open() {
    auto pattern = coin_pattern(plan_.frame_bytes);
    if (!pattern)
      return pattern.error();
    out_.progress("Opening rooms", 0, plan_.rooms + plan_.idle_rooms);
    const auto until = clock::now() + seconds(60);
    auto busy = open_pairs(loop_, through_, plan_.rooms, until);
    if (!busy)
      return busy.error();
    busy_ = std::make_unique<paced_load>(loop_, std::move(*busy),
                                         paced_load::config{*pattern, true, plan_.rate});
    busy_->start(clock::now());
    // Each batch speaks before the relay could think it gone.
    for (size_t left = plan_.idle_rooms; left > 0;) {
      const auto count = std::min(left, idle_batch);
      auto idle = open_pairs(loop_, through_, count, until);
      if (!idle)
        return idle.error();
      const auto rate = static_cast<double>(2 * count) / to_seconds(plan_.heartbeat());
      idle_.push_back(std::make_unique<paced_load>(
          loop_, std::move(*idle), paced_load::config{heartbeat_pattern(), false, rate}));
      idle_.back()->start(clock::now());
      left -= count;
      out_.progress("Opening rooms", plan_.rooms + plan_.idle_rooms - left,
                    plan_.rooms + plan_.idle_rooms);
    }

    std::mt19937_64 random{plan_.seed};
    victim_room_ = random() >> 1 | 1;
    endpoint source;
    endpoint::parse("127.90.0.1", 0, source);
    host_ = std::make_unique<waiting_host>(loop_, through_.target, victim_room_, source,
                                           fmt::format("{:016x}{:016x}", random(), random()));
    host_->come();
    beats_ =
        std::make_unique<periodic>(loop_, plan_.heartbeat(), [this](time_point) { host_->beat(); });
    if (auto err = serve(seconds(20), [this] { return host_->seated(); }))
      return err;
    if (!host_->seated())
      return fail(ec::timed_out, "Nobody was seated within 20 s. Look at the relay's log.");

    // From addresses enough that nobody is hasty: two connections a second.
    opener_ = std::make_unique<pair_opener>(loop_, through_, 40, [this](open_pair&& x, uint64_t) {
      loop_.unwatch(x.a.get());
      loop_.unwatch(x.b.get());
      ++outcome_.newcomers;
    });
    newcomers_ =
        std::make_unique<periodic>(loop_, seconds(1), [this](time_point) { opener_->start(); });
    sampler_ =
        std::make_unique<periodic>(loop_, seconds(1), [this](time_point now) { sample(now); });
    // What is set up once has been set up.
    return serve(seconds(1));
  }

  // --- phases

  caf::error all_phases() {
    if (auto err = phase("calm", plan_.calm()))
      return err;
    outcome_.before = look();
    refusals_before_ = refusals();

    attack_mix::config how;
    how.kinds = plan_.attacks;
    how.target = through_.target;
    how.seed = plan_.seed;
    how.victim_room = victim_room_;
    how.trickle = std::min<milliseconds>(milliseconds(500), plan_.join_deadline / 8);
    mix_ = std::make_unique<attack_mix>(loop_, how);
    mix_->start(clock::now());
    if (auto err = phase("attack", plan_.attack()))
      return err;
    mix_->stop();

    name_ = "waiting for the last attackers";
    begin_progress(plan_.patience());
    if (auto err = serve(plan_.patience(), [this] { return mix_->open() == 0; }))
      return err;
    end_progress();
    // Those whom the relay has let stay are counted before they are ended here.
    for (const auto x : plan_.attacks)
      outcome_.tallies[x] = mix_->tally(x);
    mix_->end();

    if (auto err = phase("calm again", plan_.calm()))
      return err;
    return finish_honest();
  }

  caf::error phase(const char* name, milliseconds length) {
    soak_phase x;
    x.name = name;
    name_ = name;
    begin_progress(length);
    const auto begun = clock::now();
    const auto own = own_cpu_seconds();
    const auto machine = machine_cpu_seconds();
    const auto relay = relay_cpu();
    busy_->begin_window(begun);
    auto err = serve(length);
    const auto now = clock::now();
    busy_->end_window(now);
    x.seconds = to_seconds(now - begun);
    const auto own_used = own_cpu_seconds() - own;
    const auto relay_now = relay_cpu();
    const auto relay_used = relay && relay_now ? *relay_now - *relay : 0;
    x.own_cpu = own_used / x.seconds;
    if (relay && relay_now)
      x.relay_cpu = relay_used / x.seconds;
    x.others_cpu =
        std::max(0.0, (machine_cpu_seconds() - machine - own_used - relay_used) / x.seconds);
    // Answers to what was said in time belong to it.
    if (!err)
      err = serve(milliseconds(300));
    x.answered = busy_->completed();
    x.latency = busy_->latency();
    x.lateness = busy_->lateness();
    outcome_.phases.push_back(std::move(x));
    if (!err)
      end_progress();
    return err;
  }

  /// Everything that was said must arrive, and who waited must meet.
  caf::error finish_honest() {
    newcomers_->stop();
    host_->partner_comes();
    busy_->stop();
    for (auto& x : idle_)
      x->stop();
    auto err = serve(end_patience, [this] {
      return busy_->settled() &&
             std::all_of(idle_.begin(), idle_.end(), [](const auto& x) { return x->settled(); }) &&
             opener_->in_progress() == 0 && (host_->met() || !host_->lost().empty());
    });
    // The partner was not there when descriptors were counted first.
    host_->leave();
    return err;
  }

  // --- looking at it

  std::optional<double> relay_cpu() const {
    if (!through_.pid)
      return std::nullopt;
    const auto x = usage_of(*through_.pid);
    return x ? std::optional{x->cpu_seconds} : std::nullopt;
  }

  std::optional<soak_sample> look() const {
    if (!through_.pid)
      return std::nullopt;
    const auto x = usage_of(*through_.pid);
    // One that has ended and that its parent has not fetched has no memory.
    if (!x || x->resident_kb == 0)
      return std::nullopt;
    return soak_sample{to_seconds(clock::now() - begun_), x->resident_kb,
                       descriptors_of(*through_.pid)};
  }

  std::optional<std::map<std::string, uint64_t>> refusals() const {
    if (!through_.status)
      return std::nullopt;
    auto x = fetch_status(*through_.status);
    return x ? std::optional{std::move(x->refusals)} : std::nullopt;
  }

  void begin_progress(milliseconds length) {
    phase_begun_ = clock::now();
    phase_length_ = length;
    out_.progress(name_, 0, static_cast<uint64_t>(to_seconds(length)));
    next_line_ = phase_begun_ + std::max<milliseconds>(seconds(10), plan_.length / 20);
  }

  void end_progress() {
    const auto whole = static_cast<uint64_t>(to_seconds(phase_length_));
    out_.progress(name_, whole, whole);
  }

  void sample(time_point now) {
    if (const auto x = look()) {
      last_ = *x;
      outcome_.peak.resident_kb = std::max(outcome_.peak.resident_kb, x->resident_kb);
      outcome_.peak.descriptors = std::max(outcome_.peak.descriptors, x->descriptors);
      if (++seen_ % sample_every_ == 0)
        outcome_.samples.push_back(*x);
      // Evenly thinned out, however long it runs.
      if (outcome_.samples.size() == samples_max) {
        for (size_t i = 0; i < samples_max / 2; ++i)
          outcome_.samples[i] = outcome_.samples[2 * i + 1];
        outcome_.samples.resize(samples_max / 2);
        sample_every_ *= 2;
      }
    }
    if (name_.empty())
      return;
    const auto whole = static_cast<uint64_t>(to_seconds(phase_length_));
    const auto at = static_cast<uint64_t>(to_seconds(now - phase_begun_));
    if (at > 0 && at < whole)
      out_.progress(name_, at, whole);
    if (now < next_line_ || out_.style().terminal)
      return;
    next_line_ = now + std::max<milliseconds>(seconds(10), plan_.length / 20);
    auto frames = busy_->received();
    for (const auto& x : idle_)
      frames += x->received();
    out_.line(fmt::format(
        "  {:.0f} s: {} frames of honest rooms, {} attackers begun, {} turned away, {} open; "
        "relay {} KB, {} descriptors",
        to_seconds(now - begun_), frames, mix_ ? mix_->begun() : 0, mix_ ? mix_->turned_away() : 0,
        mix_ ? mix_->open() : 0, last_.resident_kb, last_.descriptors));
  }

  // --- checks

  void check_honest() {
    outcome_.sent = busy_->sent();
    outcome_.received = busy_->received();
    for (const auto& x : idle_) {
      outcome_.sent += x->sent();
      outcome_.received += x->received();
    }
    const bool all = outcome_.sent == outcome_.received && honest_failure_.empty();
    check(all, "honest rooms lose no frame",
          honest_failure_.empty()
              ? fmt::format("{} sent, {} received", outcome_.sent, outcome_.received)
              : honest_failure_);
    if (honest_failure_.empty()) {
      check(host_->met(), "who waits in a room meets the partner, whoever guessed its tag",
            host_->met()            ? "met"
            : host_->lost().empty() ? "the partner did not come in"
                                    : host_->lost());
      check(opener_->in_progress() == 0, "honest newcomers come in all the time",
            fmt::format("{} pairs met, {} did not", outcome_.newcomers, opener_->in_progress()));
    }
    const auto& phases = outcome_.phases;
    for (size_t i = 1; i < phases.size(); ++i)
      check_latency(phases.front(), phases[i]);
  }

  void check_latency(const soak_phase& calm, const soak_phase& x) {
    const auto calm_p99 = to_ms(calm.latency.quantile(0.99));
    const auto p99 = to_ms(x.latency.quantile(0.99));
    const auto late = to_ms(x.lateness.quantile(0.99));
    const auto bound = std::max(plan_.p99_ratio * calm_p99,
                                calm_p99 + static_cast<double>(plan_.p99_allowance.count()));
    auto finding =
        fmt::format("{:.2f} ms, {:.1f} x the calm's {:.2f} ms (bound {:.2f} ms); the "
                    "generator was {:.2f} ms late, others used {:.2f} cores",
                    p99, calm_p99 > 0 ? p99 / calm_p99 : 0, calm_p99, bound, late, x.others_cpu);
    auto what = p99 <= bound ? verdict::held : verdict::failed;
    // A calm that others disturbed is no measure, and what others do to it later no finding.
    if (calm.others_cpu > others_cpu_max || x.others_cpu > others_cpu_max) {
      what = verdict::not_judged;
      finding += ": the machine was not ours";
    } else if (what == verdict::failed && p99 - turns_of_generator * late <= bound) {
      what = verdict::not_judged;
      finding += ": this is the generator's lateness, not the relay's";
    }
    check(what, fmt::format("honest rooms keep their p99 ({})", x.name), finding);
  }

  /// Words that must have moved, given how long the attack was.
  std::vector<std::string> expected_words() const {
    std::vector<std::string> out;
    for (const auto kind : plan_.attacks)
      for (const auto word : all_attacks()[static_cast<size_t>(kind)].typical) {
        // A flood of 2 MiB a second takes its time to spend a room.
        const auto spent = static_cast<double>(plan_.room_bytes_max) / (2 << 20);
        if (word == relay::refusal::bytes && to_seconds(plan_.attack()) < 1.3 * spent + 2)
          continue;
        out.emplace_back(relay::word_of(word));
      }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  void check_attackers() {
    for (const auto kind : plan_.attacks) {
      const auto& how = all_attacks()[static_cast<size_t>(kind)];
      const auto& x = outcome_.tallies[kind];
      std::string found;
      bool right = x.open == 0;
      uint64_t away = x.closed;
      for (const auto& [word, count] : x.refused) {
        found += fmt::format("{} {}, ", count, word);
        away += count;
        relay::refusal why{};
        const auto in = [&](const auto& list) {
          return std::find(list.begin(), list.end(), why) != list.end();
        };
        right = right && relay::refusal_of(word, why) && (in(how.typical) || in(how.also));
      }
      for (const auto& [count, what] :
           {std::pair{x.closed, "closed without a word"}, std::pair{x.given_up, "given up"},
            std::pair{x.unconnected, "never connected"}, std::pair{x.open, "still open"}})
        if (count > 0)
          found += fmt::format("{} {}, ", count, what);
      found += fmt::format("of {} begun", x.begun);
      // Floods end with the attack, where no limit of bytes could be reached, and resets are their
      // own end; all others are the relay's to end.
      const bool own_end = kind == attack_kind::reset || kind == attack_kind::frame_flood;
      right = right && x.begun > 0 && (own_end || away > 0);
      if (how.deadline != waits_for::nothing && x.longest_seconds > 0) {
        const auto bound = late_factor * to_seconds(plan_.deadline_of(how.deadline)) + late_seconds;
        found +=
            fmt::format("; the longest stayed {:.1f} s (bound {:.1f} s)", x.longest_seconds, bound);
        right = right && x.longest_seconds <= bound;
      }
      check(right, fmt::format("{} is turned away", how.name), found);
    }
  }

  void check_counters() {
    if (!refusals_before_)
      return check(verdict::not_judged, "the relay counts each refusal",
                   "its status page is not known (--relay-status)");
    // Its figures are a second old at most.
    const auto words = expected_words();
    std::string still;
    for (const auto until = clock::now() + seconds(10); clock::now() < until;) {
      const auto now = refusals();
      if (!now)
        return check(false, "the relay counts each refusal", "its status page does not answer");
      still.clear();
      outcome_.refusals.clear();
      for (const auto& [word, count] : *now) {
        const auto then = refusals_before_->find(word);
        const auto grown = count - (then == refusals_before_->end() ? 0 : then->second);
        if (grown > 0)
          outcome_.refusals[word] = grown;
      }
      for (const auto& word : words)
        if (outcome_.refusals.find(word) == outcome_.refusals.end())
          still += " " + word;
      if (still.empty() || loop_.failure() || serve(milliseconds(200)))
        break;
    }
    std::string found;
    for (const auto& [word, count] : outcome_.refusals)
      found += fmt::format("{}{} {}", found.empty() ? "" : ", ", word, count);
    check(still.empty(), "the relay counts each refusal",
          still.empty() ? found : "not moved:" + still + "; moved: " + found);
  }

  void check_life() {
    if (!through_.pid)
      return;
    const auto code = through_.child ? through_.child->wait(milliseconds(0)) : std::nullopt;
    check(!code && look(), "the relay lives",
          code      ? fmt::format("it ended with {}", *code)
          : !look() ? "its process is gone"
                    : fmt::format("process {}", *through_.pid));
  }

  void check_process() {
    if (!through_.pid || !outcome_.before) {
      return check(verdict::not_judged, "memory and descriptors come back",
                   "the relay's process is not known (--relay-pid)");
    }
    const auto& before = *outcome_.before;
    const auto is_back = [&](const soak_sample& x) {
      return x.resident_kb <= before.resident_kb + memory_kept_kb &&
             x.descriptors <= before.descriptors;
    };
    auto now = look();
    for (const auto until = clock::now() + end_patience;
         now && !is_back(*now) && clock::now() < until; now = look())
      if (loop_.failure() || serve(milliseconds(200)))
        break;
    if (!now)
      return;
    outcome_.after = now;
    check(now->resident_kb <= before.resident_kb + memory_kept_kb, "memory comes back",
          fmt::format("{} KB before, {} at most, {} after (bound {})", before.resident_kb,
                      outcome_.peak.resident_kb, now->resident_kb,
                      before.resident_kb + memory_kept_kb));
    check(now->descriptors <= before.descriptors, "descriptors come back",
          fmt::format("{} before, {} at most, {} after", before.descriptors,
                      outcome_.peak.descriptors, now->descriptors));
  }

  /// Everybody goes.
  void leave() {
    name_.clear();
    mix_.reset();
    host_->leave();
    busy_.reset();
    idle_.clear();
  }

  void check_end() {
    if (!through_.child)
      return;
    through_.child->ask_to_end();
    const auto code = through_.child->wait(end_patience);
    check(code == 0, "SIGTERM drains it and it ends with 0",
          code ? fmt::format("it ended with {}", *code)
               : fmt::format("it still ran after {} s", seconds(end_patience).count()));
  }

  const soak_plan& plan_;
  subject& through_;
  cli::output& out_;
  soak_outcome outcome_;
  event_loop loop_;
  std::unique_ptr<paced_load> busy_;
  std::vector<std::unique_ptr<paced_load>> idle_;
  std::unique_ptr<waiting_host> host_;
  std::unique_ptr<pair_opener> opener_;
  std::unique_ptr<periodic> beats_;
  std::unique_ptr<periodic> newcomers_;
  std::unique_ptr<periodic> sampler_;
  std::unique_ptr<attack_mix> mix_;
  uint64_t victim_room_ = 0;
  time_point begun_;
  std::string name_;
  time_point phase_begun_;
  milliseconds phase_length_{0};
  time_point next_line_;
  soak_sample last_;
  uint64_t seen_ = 0;
  uint64_t sample_every_ = 1;
  std::string honest_failure_;
  std::optional<std::map<std::string, uint64_t>> refusals_before_;
};

} // namespace

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

caf::expected<soak_outcome> run_soak(const soak_plan& plan, subject& through, cli::output& out,
                                     const std::function<bool()>& stopped) {
  return soak{plan, through, out, stopped}.run();
}

} // namespace liveconnect::bench
