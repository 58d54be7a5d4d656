#include "tests/simulation/exhaustive.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <unordered_set>

namespace liveconnect::simulation {

namespace {

/// A way to a state: which of the possible moves was taken at each point.
using path = std::vector<uint8_t>;

void walk(small_world& in, const path& to) {
  for (const auto i : to)
    in.make(in.moves()[i]);
}

std::vector<std::string> told(const small_rules& rules, const path& to) {
  std::vector<std::string> out;
  small_world again(rules);
  for (const auto i : to) {
    const auto x = again.moves()[i];
    out.push_back(to_string(x));
    again.make(x);
  }
  return out;
}

} // namespace

namespace {

/// One exploration under way.
class explorer {
public:
  explorer(const small_rules& rules, const exploration_bounds& bounds)
      : rules_(rules), bounds_(bounds) {}

  exploration run() {
    while (!open_.empty() && goes_on()) {
      const auto to = std::move(open_.front());
      open_.pop_front();
      follow(to);
    }
    out_.complete = open_.empty() && out_.broken.empty();
    out_.seconds = gone_by();
    return out_;
  }

private:
  double gone_by() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

  bool goes_on() const {
    return out_.broken.empty() && gone_by() < bounds_.seconds && out_.states < bounds_.states;
  }

  // Goes there, and on from there by the first move each time until it meets what is known: a
  // world cannot be copied, so each other move costs the whole way again.
  void follow(path to) {
    small_world here(rules_);
    walk(here, to);
    while (goes_on()) {
      if (!to.empty())
        ++out_.moves;
      if (!known_.insert(here.state()).second)
        return;
      ++out_.states;
      out_.depth = std::max(out_.depth, to.size());
      if (here.is_quiet())
        judge_end(to);
      const auto next = here.moves();
      if (next.empty())
        return;
      for (size_t i = 1; i < next.size(); ++i) {
        open_.push_back(to);
        open_.back().push_back(static_cast<uint8_t>(i));
      }
      to.push_back(0);
      here.make(next.front());
    }
  }

  void judge_end(const path& to) {
    ++out_.ends;
    small_world end(rules_);
    walk(end, to);
    out_.broken = end.close();
    if (!out_.broken.empty())
      out_.way_there = told(rules_, to);
  }

  small_rules rules_;
  exploration_bounds bounds_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  exploration out_;
  std::unordered_set<uint64_t> known_;
  std::deque<path> open_{path{}};
};

} // namespace

exploration explore(const small_rules& rules, const exploration_bounds& bounds) {
  return explorer(rules, bounds).run();
}

std::string to_string(const exploration& x) {
  char out[200];
  std::snprintf(out, sizeof(out),
                "%llu states, %llu moves, %llu ends judged, %zu moves deep, %.1f s, %s",
                static_cast<unsigned long long>(x.states), static_cast<unsigned long long>(x.moves),
                static_cast<unsigned long long>(x.ends), x.depth, x.seconds,
                !x.broken.empty() ? "a rule is broken"
                : x.complete      ? "complete"
                                  : "stopped at the bound");
  return out;
}

} // namespace liveconnect::simulation
