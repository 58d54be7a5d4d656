#include "relay/probe.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <vector>

#include "actors/io/descriptor.hpp"
#include "actors/io/resolve.hpp"
#include "messages/base/error.hpp"
#include "messages/base/host_port.hpp"
#include "messages/base/secret.hpp"
#include "messages/secure/invitation.hpp"
#include "messages/wire/frame.hpp"
#include "messages/wire/room.hpp"

namespace liveconnect::relay {

namespace {

using clock = std::chrono::steady_clock;
using microseconds = std::chrono::microseconds;

constexpr int rounds = 11;

/// One blocking connection whose every step ends at the deadline.
class visitor {
public:
  visitor(io::descriptor fd, clock::time_point until) : fd_(std::move(fd)), until_(until) {}

  static caf::expected<visitor> connect(const std::vector<endpoint>& addresses,
                                        clock::time_point until) {
    std::string why = "no address";
    for (const auto& to : addresses) {
      sockaddr_storage at{};
      const auto size = to.to(at);
      io::descriptor fd(socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      if (!fd.valid())
        continue;
      int error = 0;
      if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&at), size) != 0)
        error = errno;
      if (error == EINPROGRESS) {
        error = ETIMEDOUT;
        socklen_t length = sizeof error;
        if (wait(fd.get(), POLLOUT, until))
          getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
      }
      if (error == 0) {
        io::set_no_delay(fd.get());
        return visitor(std::move(fd), until);
      }
      why = to_string(to) + ": " + std::strerror(error);
    }
    return fail(ec::relay_unreachable, why);
  }

  bool send(const std::string& text) {
    // Small and first: the system takes it whole.
    return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }

  /// Passes over frames until one with this tag comes.
  caf::expected<frame> await(const char* tag) {
    for (;;) {
      auto next = reader_.next();
      if (!next)
        return fail(ec::protocol_violation, "what answers is no relay");
      if (*next) {
        if ((*next)->tag == tag || name_of(**next) == tag)
          return std::move(**next);
        if ((*next)->is(message_number::refused))
          return refused((*next)->details);
        continue;
      }
      uint8_t buffer[4096];
      if (!wait(fd_.get(), POLLIN, until_))
        return fail(ec::relay_unreachable, "no answer in time");
      const auto count = recv(fd_.get(), buffer, sizeof buffer, 0);
      if (count <= 0)
        return fail(ec::relay_unreachable, "the connection was closed");
      reader_.feed({buffer, static_cast<size_t>(count)});
    }
  }

private:
  static bool wait(int fd, short what, clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now());
    pollfd one{fd, what, 0};
    return left.count() > 0 && poll(&one, 1, static_cast<int>(left.count())) > 0;
  }

  static caf::error refused(const std::string& details) {
    const auto word = parse_reason(details).word;
    const bool busy = word == "full" || word == "address" || word == "draining";
    return fail(busy ? ec::relay_busy : ec::relay_refused, "the relay says " + word);
  }

  io::descriptor fd_;
  clock::time_point until_;
  frame_reader reader_;
};

microseconds since(clock::time_point then) {
  return std::chrono::duration_cast<microseconds>(clock::now() - then);
}

std::string random_tag() {
  const auto random = secret<16>::random();
  std::string out;
  for (const auto byte : random.view()) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

/// Has both join the same room, and notes its number, the address that the relay sees and the time
/// that it takes.
caf::error meet(visitor& a, visitor& b, probe_result& out) {
  out.room = random_room();
  const auto join = "<# Join_Room " + std::to_string(out.room) + " " + random_tag() + ">\n";
  const auto start = clock::now();
  if (!a.send(join))
    return fail(ec::relay_unreachable, "the connection was closed");
  auto joined = a.await("Room_Joined");
  if (!joined)
    return joined.error();
  const auto seat = parse_room_seat(joined->details);
  if (!seat)
    return fail(ec::protocol_violation, "what answers is no relay");
  out.seen_as = seat->you.host();
  if (!b.send(join))
    return fail(ec::relay_unreachable, "the connection was closed");
  for (auto* x : {&a, &b})
    if (auto met = x->await("Peer_Joined"); !met)
      return met.error();
  out.meet = since(start);
  return {};
}

/// Sends a message one way through the relay and an answer back; answers how long that took.
caf::expected<microseconds> round_trip(visitor& a, visitor& b) {
  const auto start = clock::now();
  if (!a.send("<# Probe>\n"))
    return fail(ec::relay_unreachable, "the connection was closed");
  if (auto there = b.await("Probe"); !there)
    return there.error();
  if (!b.send("<# Probe_Answer>\n"))
    return fail(ec::relay_unreachable, "the connection was closed");
  if (auto back = a.await("Probe_Answer"); !back)
    return back.error();
  return since(start);
}

} // namespace

caf::expected<probe_result> probe(const std::string& host_and_port, std::chrono::seconds deadline) {
  const auto at = split_host_port(host_and_port, 0);
  if (!at)
    return fail(ec::bad_argument, "not HOST:PORT");
  const auto addresses = io::resolve(at->host, at->port);
  if (!addresses)
    return fail(ec::relay_unreachable, detail_of(addresses.error()));
  const auto until = clock::now() + deadline;
  probe_result out;
  const auto start = clock::now();
  auto a = visitor::connect(*addresses, until);
  if (!a)
    return a.error();
  out.connect = since(start);
  auto b = visitor::connect(*addresses, until);
  if (!b)
    return b.error();
  if (auto err = meet(*a, *b, out))
    return err;
  std::vector<microseconds> times;
  for (int i = 0; i < rounds; ++i) {
    const auto time = round_trip(*a, *b);
    if (!time)
      return time.error();
    times.push_back(*time);
  }
  std::sort(times.begin(), times.end());
  out.round_trip = times[times.size() / 2];
  out.worst = times.back();
  return out;
}

} // namespace liveconnect::relay
