#pragma once

#include <cstdlib>
#include <dlfcn.h>

/// The C library's own functions, which the library's stand in front of.
namespace liveconnect::outer {

/// The next function of that name; the process ends where there is none.
template<class Function>
Function* real(const char* name) {
  auto* found = dlsym(RTLD_NEXT, name);
  if (found == nullptr)
    std::abort();
  return reinterpret_cast<Function*>(found);
}

} // namespace liveconnect::outer

/// Calls the C library's `name`, whose type the header of `name` declares.
#define LC_REAL(name) (liveconnect::outer::real<decltype(::name)>(#name))
