#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "actors/io/descriptor.hpp"

namespace liveconnect::relay {

/// Sockets that a service manager has opened for this process (systemd's socket activation,
/// sd_listen_fds(3)): descriptors from 3 on, their number in LISTEN_FDS, the process they are meant
/// for in LISTEN_PID, their names in LISTEN_FDNAMES. Needs no library.
struct inherited_sockets {
  struct named {
    /// FileDescriptorName= of the .socket unit, for messages.
    std::string name;
    io::descriptor fd;
  };

  /// Listening TCP sockets for clients: named `rooms`, as their unit (`...socket`), `unknown`, or
  /// not at all.
  std::vector<named> rooms;
  /// The admin socket, named `admin`; at most one.
  io::descriptor admin;
};

/// Takes them over: close-on-exec from then on. Nothing when there is none or they are meant for
/// another process. Fails with ec::bad_config, the detail saying which descriptor is not what it
/// should be; those handed over are closed then. Once a process.
///
/// `get` is getenv in the program.
caf::expected<inherited_sockets>
take_inherited_sockets(const std::function<std::optional<std::string>(const std::string&)>& get);

} // namespace liveconnect::relay
