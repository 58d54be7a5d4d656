# What Debian 12 packages, we use. scripts/packages.txt names the packages.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# Debian's libcaf-dev 0.17.6 ships no CMake package and no .pc file.
find_path(CAF_INCLUDE_DIR caf/all.hpp REQUIRED)
find_library(CAF_CORE_LIBRARY caf_core REQUIRED)
add_library(caf_core_debian INTERFACE)
add_library(caf::core ALIAS caf_core_debian)
target_include_directories(caf_core_debian SYSTEM INTERFACE ${CAF_INCLUDE_DIR})
target_link_libraries(caf_core_debian INTERFACE ${CAF_CORE_LIBRARY} Threads::Threads)

pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto SSL)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
# Its package also exports the push and pull libraries, with their dependencies; the core is all we take.
find_package(prometheus-cpp REQUIRED)
# Without it the relay does not tell systemd how it is.
pkg_check_modules(SYSTEMD IMPORTED_TARGET libsystemd)
# Without it there is no liveconnect-microbench.
find_package(benchmark QUIET)
if(LIVECONNECT_TESTS)
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
endif()
