#include "benchmarks/load/paced_load.hpp"

#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"

namespace liveconnect::bench {

namespace {

/// More than so many messages behind their schedule ends the run: the rate cannot be reached, and
/// what waits would only fill memory.
constexpr uint64_t outstanding_max = 2'000'000;

} // namespace

paced_load::paced_load(event_loop& loop, std::vector<open_pair> pairs, config how)
    : loop_(loop), number_(loop.add(*this)), how_(std::move(how)), pairs_(std::move(pairs)),
      buffer_(64 * 1024) {
  ends_.reserve(2 * pairs_.size());
  for (const auto& x : pairs_) {
    ends_.push_back({x.a.get(),
                     frame_writer{how_.pattern},
                     frame_checker{as_relayed(how_.pattern, x.b_address)},
                     0,
                     false,
                     {}});
    ends_.push_back({x.b.get(),
                     frame_writer{how_.pattern},
                     frame_checker{as_relayed(how_.pattern, x.a_address)},
                     0,
                     false,
                     {}});
  }
}

paced_load::~paced_load() {
  loop_.remove(*this);
}

void paced_load::start(time_point now) {
  for (uint32_t i = 0; i < ends_.size(); ++i)
    loop_.watch(ends_[i].fd, EPOLLIN, number_, i);
  started_ = now;
  sending_ = true;
  if (how_.rate <= 0)
    for (uint32_t i = 0; i < ends_.size(); i += 2)
      send_one(i, now, now);
}

void paced_load::stop() {
  sending_ = false;
}

void paced_load::begin_window(time_point now) {
  window_begin_ = now;
  window_end_ = time_point::max();
  completed_ = 0;
  latency_.clear();
  lateness_.clear();
}

void paced_load::end_window(time_point now) {
  window_end_ = now;
}

time_point paced_load::due_time(uint64_t k) const {
  const std::chrono::duration<double> offset{static_cast<double>(k) / how_.rate};
  return started_ + std::chrono::duration_cast<clock::duration>(offset);
}

time_point paced_load::next_due() const {
  return sending_ && how_.rate > 0 ? due_time(next_) : time_point::max();
}

void paced_load::on_due(time_point now) {
  const auto senders = how_.round_trips ? pairs_.size() : ends_.size();
  for (auto due = due_time(next_); due <= now && sending_; due = due_time(next_)) {
    const auto which = next_++ % senders;
    send_one(static_cast<uint32_t>(how_.round_trips ? 2 * which : which), due, now);
    if (outstanding_ > outstanding_max)
      return loop_.fail_with(
          fail(ec::timed_out, "This rate cannot be kept up. Ask for a lower --rate."));
  }
}

void paced_load::send_one(uint32_t at, time_point due, time_point now) {
  auto& x = ends_[at];
  x.due.push_back(due);
  ++x.owed;
  ++outstanding_;
  if (in_window(due))
    lateness_.record(nanoseconds_between(due, now));
  if (!x.waiting)
    write_some(at);
}

void paced_load::write_some(uint32_t at) {
  auto& x = ends_[at];
  while (x.owed > 0) {
    const auto rest = x.out.rest();
    const auto n = ::send(x.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno != EAGAIN)
      return loop_.fail_with(error_on(x.fd, "A connection under load was lost"));
    const auto before = x.out.frames();
    if (n > 0)
      x.out.advance(static_cast<size_t>(n));
    sent_ += x.out.frames() - before;
    x.owed -= x.out.frames() - before;
    if (n < static_cast<ssize_t>(rest.size())) {
      if (!x.waiting)
        loop_.watch(x.fd, EPOLLIN | EPOLLOUT, number_, at);
      x.waiting = true;
      return;
    }
  }
  if (x.waiting)
    loop_.watch(x.fd, EPOLLIN, number_, at);
  x.waiting = false;
}

void paced_load::on_event(uint32_t socket, uint32_t events) {
  auto& x = ends_[socket];
  if ((events & EPOLLOUT) != 0)
    write_some(socket);
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) == 0)
    return;
  const auto n = ::recv(x.fd, buffer_.data(), buffer_.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n <= 0)
    return loop_.fail_with(
        fail(ec::network_failed,
             "A connection under load was closed by what is measured. Look at its log."));
  const auto before = x.in.frames();
  const std::string_view got{buffer_.data(), static_cast<size_t>(n)};
  if (!x.in.feed(got)) {
    // A relay that ends a connection says why, and that is no broken frame.
    if (const auto word = got.find("<relay "); word != std::string_view::npos)
      return loop_.fail_with(
          fail(ec::relay_refused, "The relay ended a connection under load: '" +
                                      escape_for_display(got.substr(word, 100), 120) +
                                      "'. Lift that limit, or ask for less load."));
    return loop_.fail_with(
        fail(ec::protocol_violation,
             "A frame came that was not sent like that (a loss, a repeat, or other bytes). What is "
             "measured is broken: report it."));
  }
  if (x.in.frames() > before)
    arrived(socket, x.in.frames() - before);
}

void paced_load::arrived(uint32_t at, uint64_t frames) {
  received_ += frames;
  if (how_.round_trips && at % 2 == 1) {
    // The far end: every message is answered at once.
    ends_[at].owed += frames;
    if (!ends_[at].waiting)
      write_some(at);
    return;
  }
  const auto now = clock::now();
  auto& due = ends_[how_.round_trips ? at : at ^ 1u].due;
  for (; frames > 0 && !due.empty(); --frames) {
    if (in_window(due.front()))
      latency_.record(nanoseconds_between(due.front(), now));
    if (in_window(now))
      ++completed_;
    due.pop_front();
    --outstanding_;
    if (how_.rate <= 0 && sending_)
      send_one(at, now, now);
  }
}

} // namespace liveconnect::bench
