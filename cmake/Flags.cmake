# Warnings are errors for our own code; libraries come in as SYSTEM headers.
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 with -O2 takes the inactive alternatives of a moved std::variant for uninitialized.
  add_compile_options(-Wno-maybe-uninitialized)
endif()

if(LIVECONNECT_SANITIZE)
  # CAF's init_fun_factory.hpp binds a null reference that it never reads: no "null" check.
  add_compile_options(-fsanitize=${LIVECONNECT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${LIVECONNECT_SANITIZE})
  if(LIVECONNECT_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize=null)
  endif()
endif()

# A false assertion aborts builds for developers; in release it becomes ec::internal (messages/base/assert.hpp).
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_definitions(LIVECONNECT_ASSERTIONS_ABORT)
endif()

# Deliberate faults, each asleep until the environment names it (messages/base/mutants.hpp). Never in what is shipped.
if(LIVECONNECT_MUTANTS)
  add_compile_definitions(LIVECONNECT_MUTANTS)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-fstack-protector-strong -fcf-protection -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now)
  include(CheckPIESupported)
  check_pie_supported()
endif()

find_program(LLD_PROGRAM ld.lld)
if(LLD_PROGRAM)
  add_link_options(-fuse-ld=lld)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
