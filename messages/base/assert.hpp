#pragma once

#include <cstdint>

#include "messages/base/error.hpp"

/// Assertions: what must be true inside, whatever came from outside. They never stand in for a
/// check of what a peer, a server, a disk or a person can do: that is an ec of its own.
///
/// In builds for developers (debug, asan, tsan: cmake/Flags.cmake) a false one prints where it
/// stands and aborts. In release the operation ends with ec::internal: nothing was done that the
/// assertion stands in front of, and what is durable stays durable, so that a start finishes it.
namespace liveconnect {

/// Prints the assertion to standard error and aborts. For the macros below.
[[noreturn, gnu::cold]] void abort_on_assertion(const char* condition, const char* file, int line);

/// ec::internal with the assertion's place in it, and one more in failed_assertions(). For the
/// macros below.
[[gnu::cold]] caf::error error_of_assertion(const char* condition, const char* file, int line);

/// Only counts it in failed_assertions(): a function without an error to return does not pay for
/// one. For the macros below.
[[gnu::cold]] void count_assertion();

/// How many assertions were false since this process started. 0 in every healthy process; always 0
/// in builds that abort.
// for tests: in release a false assertion is counted, not fatal
uint64_t failed_assertions();

} // namespace liveconnect

#ifndef LIVECONNECT_ASSERTIONS_ABORT
#define LC_ASSERT_FAILED_(condition)                                                               \
  return (::liveconnect::error_of_assertion(#condition, __FILE_NAME__, __LINE__))
#define LC_ASSERT_OR_FAILED_(condition) ::liveconnect::count_assertion()
#else
#define LC_ASSERT_FAILED_(condition)                                                               \
  ::liveconnect::abort_on_assertion(#condition, __FILE_NAME__, __LINE__)
#define LC_ASSERT_OR_FAILED_(condition) LC_ASSERT_FAILED_(condition)
#endif

/// For functions that return caf::error, caf::expected<T> or caf::result<T>: in release a false
/// condition returns ec::internal.
#define LC_ASSERT(condition)                                                                       \
  do {                                                                                             \
    if (__builtin_expect(!(condition), false))                                                     \
      LC_ASSERT_FAILED_(condition);                                                                \
  } while (false)

/// For functions that return no error: in release a false condition is counted, and `otherwise` is
/// done, a statement that leaves the function or the loop (`return`, `return close_with(...)`,
/// `continue`).
#define LC_ASSERT_OR(condition, otherwise)                                                         \
  if (__builtin_expect(!(condition), false)) {                                                     \
    LC_ASSERT_OR_FAILED_(condition);                                                               \
    otherwise;                                                                                     \
  } else                                                                                           \
    static_cast<void>(0)
