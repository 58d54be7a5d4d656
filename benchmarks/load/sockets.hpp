#pragma once

#include <utility>

#include <caf/expected.hpp>

#include "messages/base/endpoint.hpp"

namespace liveconnect::bench {

/// A descriptor that is closed with its owner. actors/io has one too; this program takes nothing
/// from there, so that what is measured does not measure itself.
class descriptor {
public:
  descriptor() = default;
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

private:
  int fd_ = -1;
};

/// The generator's own sockets: plain, nonblocking, TCP_NODELAY. Failures are ec::network_failed
/// with the system's words.

/// Starts a connection, from `source` when it is given (its port is passed over). It may still be
/// under way: then the socket becomes writable, or readable with an error.
caf::expected<descriptor> connect_to(const endpoint& target, const endpoint* source = nullptr);

/// Listens on a free port of 127.0.0.1. `inherited` lets a child process have it.
caf::expected<descriptor> listen_on_loopback(endpoint& where, bool inherited = false);

/// The next connection of a listener; an empty descriptor when none waits.
caf::expected<descriptor> accept_from(int listener);

/// Closes without the farewell of TCP (reset), so that the port is free again at once: for rates of
/// connecting that would use up all ports otherwise.
void close_at_once(descriptor& x);

/// The error that a socket holds, in the system's words.
caf::error error_on(int fd, const char* what);

/// Lets this process have as many descriptors as it may; answers with how many.
size_t raise_descriptor_limit();

} // namespace liveconnect::bench
