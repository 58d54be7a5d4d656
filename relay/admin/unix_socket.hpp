#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <sys/un.h>

namespace liveconnect::relay {

/// Fills the address of a path; false when it is too long for one.
bool unix_address(const std::string& path, sockaddr_un& out);

/// A blocking connection to a unix socket whose reads and writes fail after `patience`; -1 with
/// errno when there is none.
int connect_unix(const std::string& path, std::chrono::seconds patience);
void set_patience(int fd, std::chrono::seconds patience);

/// Sends all of it; false when the other end is gone or takes nothing.
bool send_all(int fd, std::string_view text);

} // namespace liveconnect::relay
