#include "benchmarks/load/bulk_load.hpp"

#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

/// How much one sender writes before the others, and the receivers, have their turn.
constexpr size_t frames_per_turn = 64;
constexpr size_t bytes_per_turn = 256 * 1024;
constexpr size_t read_bytes = 256 * 1024;

} // namespace

bulk_load::bulk_load(event_loop& loop, std::vector<open_pair> pairs, const frame_pattern& pattern,
                     receivers how)
    : loop_(loop), number_(loop.add(*this)), how_(how), buffer_(read_bytes) {
  streams_.reserve(pairs.size());
  for (auto& x : pairs) {
    auto there = as_relayed(pattern, x.a_address);
    streams_.push_back(
        {std::move(x), frame_writer{pattern}, frame_checker{std::move(there)}, false, false});
  }
}

bulk_load::~bulk_load() {
  loop_.remove(*this);
}

void bulk_load::start() {
  for (uint32_t i = 0; i < streams_.size(); ++i) {
    loop_.watch(streams_[i].pair.a.get(), EPOLLOUT, number_, 2 * i);
    if (how_ == receivers::reading)
      loop_.watch(streams_[i].pair.b.get(), EPOLLIN, number_, 2 * i + 1);
  }
}

void bulk_load::stop() {
  stopping_ = true;
}

bool bulk_load::settled() const {
  for (const auto& x : streams_)
    if (!x.finished || x.in.in_frame() || x.in.frames() < x.out.frames())
      return false;
  return true;
}

uint64_t bulk_load::sent() const {
  uint64_t out = 0;
  for (const auto& x : streams_)
    out += x.out.frames();
  return out;
}

uint64_t bulk_load::received() const {
  uint64_t out = 0;
  for (const auto& x : streams_)
    out += x.in.frames();
  return out;
}

uint64_t bulk_load::received_bytes() const {
  uint64_t out = 0;
  for (const auto& x : streams_)
    out += x.in.bytes();
  return out;
}

void bulk_load::on_event(uint32_t socket, uint32_t events) {
  const auto at = socket / 2;
  auto& x = streams_[at];
  if ((events & (EPOLLERR | EPOLLHUP)) != 0)
    return loop_.fail_with(error_on(socket % 2 == 0 ? x.pair.a.get() : x.pair.b.get(),
                                    "A connection under load was lost"));
  if (socket % 2 == 0)
    write_some(x, at);
  else
    read_some(x);
}

void bulk_load::write_some(stream& x, uint32_t at) {
  if (std::exchange(x.waiting, false))
    --waiting_;
  size_t bytes = 0;
  // Silent receivers end a turn by themselves, once all that lies between is full. A sender that
  // paused before would not be called again: epoll asks for more room than a write does.
  const bool all = how_ == receivers::silent;
  for (size_t i = 0; all || (i < frames_per_turn && bytes < bytes_per_turn); ++i) {
    if (stopping_ && !x.out.in_frame()) {
      x.finished = true;
      // Only its errors are of interest from now on.
      return loop_.watch(x.pair.a.get(), 0, number_, 2 * at);
    }
    const auto rest = x.out.rest();
    const auto n = ::send(x.pair.a.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno != EAGAIN)
      return loop_.fail_with(error_on(x.pair.a.get(), "A connection under load was lost"));
    if (n > 0) {
      x.out.advance(static_cast<size_t>(n));
      bytes += static_cast<size_t>(n);
    }
    if (n < static_cast<ssize_t>(rest.size())) {
      x.waiting = true;
      ++waiting_;
      return;
    }
  }
}

void bulk_load::read_some(stream& x) {
  const auto n = ::recv(x.pair.b.get(), buffer_.data(), buffer_.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n <= 0)
    return loop_.fail_with(
        fail(ec::network_failed,
             "A connection under load was closed by what is measured. Look at its log."));
  if (!x.in.feed({buffer_.data(), static_cast<size_t>(n)}))
    loop_.fail_with(
        fail(ec::protocol_violation,
             "A frame came that was not sent like that (a loss, a repeat, or other bytes). What is "
             "measured is broken: report it."));
}

} // namespace liveconnect::bench
