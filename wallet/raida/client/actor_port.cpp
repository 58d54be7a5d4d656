#include "wallet/raida/client/actor_port.hpp"

#include <algorithm>

#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>

namespace liveconnect::raida {

namespace {

using clock = std::chrono::steady_clock;

/// With less than this a question is not begun: its requests would leave, and their answers would
/// come too late.
constexpr caf::timespan question_least = std::chrono::milliseconds(100);

bool is_endless(caf::timespan x) {
  return x == caf::timespan::max();
}

/// The same outcome at each server that was to be asked.
answers all_of(outcome what, const ask_all& asked, size_t servers) {
  answers out;
  out.list.resize(servers);
  for (size_t i = 0; i < servers && i < asked.payloads.size(); ++i)
    if (i >= asked.skip.size() || !asked.skip[i])
      out.list[i].what = what;
  return out;
}

} // namespace

actor_port::actor_port(caf::actor_system& system, raida_client_actor client, size_t servers,
                       const port_limits& limits)
    : system_(system), client_(std::move(client)), servers_(servers), limits_(limits),
      left_(limits.step) {}

answers actor_port::ask(const ask_all& what) {
  if (!has_time())
    return all_of(outcome::unreachable, what, servers_);
  auto asked = what;
  asked.deadline = std::min(asked.deadline, left_);
  const auto within = asked.deadline + limits_.slack;
  const auto began = clock::now();
  caf::scoped_actor self{system_};
  answers out;
  self->request(client_, within, std::move(asked))
      .receive([&](answers& got) { out = std::move(got); },
               [&](const caf::error& err) {
                 const auto gone = err == caf::sec::request_receiver_down;
                 out = all_of(gone ? outcome::unreachable : outcome::silent, what, servers_);
               });
  out.list.resize(servers_);
  charge(out, clock::now() - began);
  return out;
}

bool actor_port::pause(std::chrono::nanoseconds length) {
  if (!has_time())
    return false;
  caf::scoped_actor self{system_};
  self->monitor(client_);
  auto stopped = false;
  self->receive([&](const caf::down_msg&) { stopped = true; },
                caf::after(std::min<caf::timespan>(length, left_)) >> [] {});
  if (!is_endless(left_))
    left_ -= length;
  return !stopped && has_time();
}

void actor_port::extend_step(std::chrono::nanoseconds by) {
  if (!is_endless(left_))
    left_ += by;
}

bool actor_port::has_time() const {
  return is_endless(left_) || left_ >= std::min(question_least, limits_.step);
}

void actor_port::charge(const answers& got, caf::timespan took) {
  if (is_endless(left_))
    return;
  const auto all_answered = std::none_of(got.list.begin(), got.list.end(), [](const answer& x) {
    return x.what == outcome::silent || x.what == outcome::unreachable;
  });
  left_ -= all_answered ? std::max(took - question_free, caf::timespan{0}) : took;
}

} // namespace liveconnect::raida
