#include "wallet/files/sync_calls.hpp"

#include <atomic>
#include <unistd.h>

namespace liveconnect::wallet {

namespace {

std::atomic<uint64_t> calls{0};

} // namespace

int sync_file(int fd) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return ::fsync(fd);
}

int sync_file_data(int fd) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return ::fdatasync(fd);
}

uint64_t sync_calls() {
  return calls.load(std::memory_order_relaxed);
}

} // namespace liveconnect::wallet
