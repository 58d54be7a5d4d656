#include "benchmarks/load/waiting_host.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "messages/base/error.hpp"
#include "messages/wire/frame.hpp"
#include "messages/wire/room.hpp"

namespace liveconnect::bench {

namespace {

/// A few lines of the relay are all that an end alone in its room can hear.
constexpr size_t heard_max = 64 * 1024;

} // namespace

waiting_host::waiting_host(event_loop& loop, const endpoint& target, uint64_t room,
                           const endpoint& source, std::string tag)
    : loop_(loop), number_(loop.add(*this)), target_(target), source_(source),
      join_(encode(
          make_frame(message_number::join_room, to_details(join_request{room, std::move(tag)})),
          notation::tag)) {}

waiting_host::~waiting_host() {
  loop_.remove(*this);
}

void waiting_host::partner_comes() {
  host_.heard.clear();
  begin(partner_, 1);
}

bool waiting_host::met() const {
  return host_.heard.find("<relay Peer_Joined") != std::string::npos &&
         partner_.heard.find(" 2>") != std::string::npos;
}

void waiting_host::beat() {
  static constexpr std::string_view heartbeat = "<# Heartbeat>\n";
  if (host_.fd && seated())
    ::send(host_.fd.get(), heartbeat.data(), heartbeat.size(), MSG_NOSIGNAL);
}

void waiting_host::leave() {
  for (auto* x : {&host_, &partner_})
    if (x->fd) {
      loop_.unwatch(x->fd.get());
      x->fd.reset();
    }
}

void waiting_host::on_event(uint32_t socket, uint32_t events) {
  auto& x = socket == 0 ? host_ : partner_;
  if (!x.fd)
    return;
  if ((events & EPOLLOUT) != 0 && !x.joined) {
    x.joined = ::send(x.fd.get(), join_.data(), join_.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(join_.size());
    loop_.watch(x.fd.get(), EPOLLIN, number_, socket);
  }
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
    read_some(x);
}

void waiting_host::read_some(end& x) {
  char buffer[4096];
  const auto n = ::recv(x.fd.get(), buffer, sizeof buffer, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n > 0) {
    if (x.heard.size() < heard_max)
      x.heard.append(buffer, static_cast<size_t>(n));
    seated_ = seated_ || host_.heard.find("Room_Joined") != std::string::npos;
    return;
  }
  if (lost_.empty()) {
    const auto shown = std::min<size_t>(x.heard.size(), 100);
    lost_ = "it was closed after '" +
            escape_for_display(x.heard.substr(x.heard.size() - shown), 120) + "'";
  }
  loop_.unwatch(x.fd.get());
  x.fd.reset();
}

void waiting_host::begin(end& x, uint32_t socket) {
  auto fd = connect_to(target_, &source_);
  if (!fd) {
    lost_ = detail_of(fd.error());
    return;
  }
  x.fd = std::move(*fd);
  loop_.watch(x.fd.get(), EPOLLIN | EPOLLOUT, number_, socket);
}

} // namespace liveconnect::bench
