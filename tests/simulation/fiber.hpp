#pragma once

#include <functional>
#include <memory>

namespace liveconnect::simulation {

/// Blocking code that runs until it waits, and goes on when it is told to: how the wallet's
/// straight-line code meets a simulated clock. All fibers share one thread, so a seed gives one
/// run.
class fiber {
public:
  explicit fiber(std::function<void()> body);
  /// The body must be over, or never have begun.
  ~fiber();
  fiber(const fiber&) = delete;
  fiber& operator=(const fiber&) = delete;

  /// Runs the body until it waits or ends. Called from outside any fiber. What the body throws ends
  /// it and comes out here.
  void resume();
  /// Called by the body: back to whoever resumed it.
  void wait();
  bool is_over() const;

private:
  struct context;
  static void enter();

  std::unique_ptr<context> context_;
};

} // namespace liveconnect::simulation
