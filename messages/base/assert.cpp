#include "messages/base/assert.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace liveconnect {

namespace {

std::atomic<uint64_t> failed{0};

} // namespace

void abort_on_assertion(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: this must be true: %s\n", file, line, condition);
  std::abort();
}

caf::error error_of_assertion(const char* condition, const char* file, int line) {
  ++failed;
  return fail(ec::internal,
              std::string{file} + ":" + std::to_string(line) + ": not true: " + condition);
}

void count_assertion() {
  ++failed;
}

uint64_t failed_assertions() {
  return failed.load();
}

} // namespace liveconnect
