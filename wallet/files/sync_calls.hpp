#pragma once

#include <cstdint>

namespace liveconnect::wallet {

/// fsync(2) and fdatasync(2), and how often this process has called them: what a transfer costs is
/// mostly that. Every durable write of the wallet and of the commands goes through here. They
/// answer what the calls answer, errno included. From any thread.
int sync_file(int fd);
int sync_file_data(int fd);

/// Calls of both so far, failed ones too.
uint64_t sync_calls();

} // namespace liveconnect::wallet
