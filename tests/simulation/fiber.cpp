#include "tests/simulation/fiber.hpp"

#include <exception>
#include <stdexcept>
#include <ucontext.h>
#include <utility>
#include <vector>

// Sanitizers follow the stack; they must be told when it changes under them.
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace liveconnect::simulation {

namespace {

/// Wallet code goes deep, and sanitizers make its frames larger.
constexpr size_t stack_bytes = size_t{2} << 20;

using stack = std::unique_ptr<char[]>;

/// Stacks that were used before: a run needs a few dozen, one after the other.
std::vector<stack>& spare_stacks() {
  static std::vector<stack> out;
  return out;
}

stack take_stack() {
  auto& spare = spare_stacks();
  if (spare.empty())
    return stack(new char[stack_bytes]); // Not zeroed: only what is used is ever touched.
  auto out = std::move(spare.back());
  spare.pop_back();
  return out;
}

} // namespace

struct fiber::context {
  std::function<void()> body;
  stack memory = take_stack();
  ucontext_t inside{};
  ucontext_t outside{};
  std::exception_ptr thrown;
  bool begun = false;
  bool over = false;
#if defined(__SANITIZE_ADDRESS__)
  void* inside_fake = nullptr;
  void* outside_fake = nullptr;
  const void* outside_bottom = nullptr;
  size_t outside_size = 0;
#endif
#if defined(__SANITIZE_THREAD__)
  void* inside_thread = __tsan_create_fiber(0);
  void* outside_thread = nullptr;
#endif

  void leave() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(over ? nullptr : &inside_fake, outside_bottom, outside_size);
#endif
#if defined(__SANITIZE_THREAD__)
    __tsan_switch_to_fiber(outside_thread, 0);
#endif
    swapcontext(&inside, &outside);
    arrived();
  }

  void arrived() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(inside_fake, &outside_bottom, &outside_size);
#endif
  }
};

namespace {

/// makecontext hands over nothing that a pointer fits into.
thread_local fiber* entering = nullptr;

} // namespace

void fiber::enter() {
  auto& self = *entering->context_;
  self.arrived();
  try {
    self.body();
  } catch (...) {
    self.thrown = std::current_exception();
  }
  self.over = true;
  self.leave();
}

fiber::fiber(std::function<void()> body) : context_(std::make_unique<context>()) {
  context_->body = std::move(body);
  getcontext(&context_->inside);
  context_->inside.uc_stack.ss_sp = context_->memory.get();
  context_->inside.uc_stack.ss_size = stack_bytes;
  context_->inside.uc_link = nullptr;
  makecontext(&context_->inside, &fiber::enter, 0);
}

fiber::~fiber() {
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(context_->inside_thread);
#endif
  spare_stacks().push_back(std::move(context_->memory));
}

void fiber::resume() {
  auto& self = *context_;
  if (self.over)
    throw std::logic_error("a fiber that is over was resumed");
  if (!std::exchange(self.begun, true))
    entering = this;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&self.outside_fake, self.memory.get(), stack_bytes);
#endif
#if defined(__SANITIZE_THREAD__)
  self.outside_thread = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(self.inside_thread, 0);
#endif
  swapcontext(&self.outside, &self.inside);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(self.outside_fake, nullptr, nullptr);
#endif
  if (self.thrown)
    std::rethrow_exception(std::exchange(self.thrown, nullptr));
}

void fiber::wait() {
  context_->leave();
}

bool fiber::is_over() const {
  return context_->over;
}

} // namespace liveconnect::simulation
