#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <gtest/gtest.h>

#include "messages/base/error.hpp"

namespace liveconnect::test {

/// A GoogleTest fixture on CAF's deterministic scheduler and clock: no thread runs and no time
/// passes by itself. Spawn actors without caf::detached here.
class actor_test : public ::testing::Test {
protected:
  struct config_type : caf::actor_system_config {
    config_type() { set("scheduler.policy", caf::atom("testing")); }
  };

  config_type config;
  caf::actor_system system{config};
  caf::scheduler::test_coordinator& scheduler =
      dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());

  /// Runs every actor until no message is left; fires no timer.
  void run() { scheduler.run(); }

  /// Moves the clock, fires what is due, and runs to quiescence.
  void advance(caf::timespan by) {
    scheduler.advance_time(by);
    scheduler.run();
  }
};

} // namespace liveconnect::test
