#include "wallet/files/sync_calls.hpp"

#include <atomic>
#include <unistd.h>

#include "messages/base/mutants.hpp"

namespace liveconnect::wallet {

namespace {

std::atomic<uint64_t> calls{0};

} // namespace

int sync_file(int fd) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return LC_MUTANT(sync_does_nothing) ? 0 : ::fsync(fd);
}

int sync_file_data(int fd) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return LC_MUTANT(sync_does_nothing) ? 0 : ::fdatasync(fd);
}

uint64_t sync_calls() {
  return calls.load(std::memory_order_relaxed);
}

} // namespace liveconnect::wallet
