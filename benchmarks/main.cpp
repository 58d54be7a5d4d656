#include <cstdio>

#include <sodium.h>

#include "benchmarks/program/app.hpp"

int main(int argc, char** argv) {
  if (sodium_init() < 0) {
    std::fputs("The computer gives no random numbers. Restart it and try again.\n", stderr);
    return 1;
  }
  return liveconnect::bench::run(argc, argv);
}
