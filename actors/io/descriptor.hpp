#pragma once

#include <caf/expected.hpp>

#include "messages/interfaces/io.hpp"

namespace liveconnect::io {

/// A file descriptor that closes itself.
class descriptor {
public:
  descriptor() = default;
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  descriptor& operator=(descriptor&& other) noexcept;
  ~descriptor() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void reset();

private:
  int fd_ = -1;
};

/// A bound (tcp: listening) socket. `::` takes IPv4 too. `buffer_bytes`: see
/// loop_config::accepted_buffer_bytes. Fails with ec::cannot_listen, the detail naming the address
/// and the system's word.
caf::expected<descriptor> make_bound(const listen& what, int backlog, size_t buffer_bytes = 0);

/// Gives the sockets that a listener will accept send and receive buffers of this size; 0: leaves
/// them to the system.
void set_accepted_buffers(int listener, size_t bytes);

/// The family (AF_...) of a stream socket that listens; AF_UNSPEC for everything else.
int listening_family(int fd);

/// Makes a listening TCP socket that another process has opened fit for the loop: non-blocking and
/// close-on-exec. Fails with ec::cannot_listen when it is no such socket.
caf::error prepare_inherited(const descriptor& fd);

/// A socket for a connection, not connected yet. Fails with ec::network_failed.
caf::expected<descriptor> make_unconnected(const connect& what);

/// Small writes go at once (TCP_NODELAY): messages here are answers, not typing.
void set_no_delay(int fd);

/// The address a socket is bound to.
endpoint local_end(int fd);

/// Where a standard stream is missing, puts one in its place on which the wrong way fails: its
/// number must not become a socket or file of ours, and nothing that cannot be shown or read looks
/// as if it had been. The first thing in main(). False when the system gives no such stream.
[[nodiscard]] bool fill_standard_streams();

/// Sockets one loop may hold under this process's descriptor limit (docs/design/safety.md 6.5: 95 %
/// of it, and 32 left for files).
size_t sockets_by_limit();

} // namespace liveconnect::io
