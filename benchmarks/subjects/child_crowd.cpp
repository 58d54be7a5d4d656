#include "benchmarks/subjects/child_crowd.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <vector>

#include <fmt/format.h>

#include "cli/demo/demo_network.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto grace = std::chrono::milliseconds(3000);

} // namespace

child_crowd::~child_crowd() {
  for (auto& x : members_)
    x.child.ask_to_end();
  const auto until = clock::now() + grace;
  for (auto& x : members_) {
    x.child.wait(
        std::max(std::chrono::duration_cast<milliseconds>(until - clock::now()), milliseconds(0)));
    x.child.end(milliseconds(0));
  }
}

void child_crowd::start(const cli::child_process::options& how, object_handler on_object,
                        end_handler on_end) {
  auto child = cli::child_process::start(how);
  if (!child)
    return fail_with(child.error());
  members_.push_back({std::move(*child), how.program.filename().string(), clock::now() + patience_,
                      std::move(on_object), std::move(on_end)});
}

void child_crowd::fail_with(caf::error x) {
  if (!failure_)
    failure_ = std::move(x);
}

void child_crowd::read(member& x) {
  for (const auto& line : x.child.take_lines())
    if (const auto object = cli::object_of(line); object.is_object())
      x.on_object(object);
}

caf::error child_crowd::run() {
  std::vector<pollfd> wait;
  while (!failure_ && !members_.empty()) {
    wait.assign(1, {stop_.descriptor(), POLLIN, 0});
    auto due = clock::time_point::max();
    for (const auto& x : members_) {
      wait.push_back({x.child.descriptor(), POLLIN, 0});
      due = std::min(due, x.until);
    }
    const auto left = std::chrono::duration_cast<milliseconds>(due - clock::now()).count();
    if (::poll(wait.data(), wait.size(), static_cast<int>(std::clamp<long>(left + 1, 0, 60'000))) <
            0 &&
        errno != EINTR)
      fail_with(fail(ec::internal, "poll"));
    if (wait[0].revents != 0)
      fail_with(fail(ec::stopped));
    // Handlers may add members; those come behind and have their turn next time.
    auto at = members_.begin();
    for (size_t i = 1; i < wait.size() && !failure_; ++i) {
      auto& x = *at;
      if (wait[i].revents != 0)
        read(x);
      // Its output ends with it, all but at once.
      const auto code = x.child.descriptor() < 0 ? x.child.wait(grace) : std::nullopt;
      if (code) {
        x.on_end(*code);
        at = members_.erase(at);
        continue;
      }
      if (clock::now() >= x.until)
        fail_with(
            fail(ec::timed_out,
                 fmt::format("a {} did not end within {} s", x.name,
                             std::chrono::duration_cast<std::chrono::seconds>(patience_).count())));
      ++at;
    }
  }
  return failure_;
}

caf::expected<std::vector<cli::json_fields>>
run_all(const std::vector<cli::child_process::options>& programs, size_t jobs,
        cli::interrupts& stop, std::chrono::milliseconds patience) {
  std::vector<cli::json_fields> out(programs.size());
  child_crowd crowd{stop, patience};
  size_t next = 0;
  std::function<void()> start_next = [&] {
    if (next == programs.size())
      return;
    const auto i = next++;
    crowd.start(
        programs[i],
        [&out, i](const cli::json_fields& x) {
          if (x.value("type", "") == "result")
            out[i] = x;
        },
        [&, i](int code) {
          if (!out[i].is_object())
            crowd.fail_with(fail(ec::internal, fmt::format("a program ended with code {} and "
                                                           "without a result",
                                                           code)));
          else if (auto err = cli::failure_of(out[i]))
            crowd.fail_with(std::move(err));
          start_next();
        });
  };
  for (size_t i = 0; i < jobs; ++i)
    start_next();
  if (auto err = crowd.run())
    return err;
  return out;
}

} // namespace liveconnect::bench
