#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/shell/output.hpp"
#include "messages/interfaces/session.hpp"

namespace liveconnect::cli {

/// Puts the two screens of one transfer side by side: collects what both programs report and shows
/// each of the 25 steps once both have seen it, in the original order.
class demo_steps {
public:
  explicit demo_steps(output& out) : out_(out) {}

  /// One object that a side wrote; everything but `step` and `connected` is passed over.
  void take(role side, const json_fields& object);

  /// Steps that both sides have seen, from the first on without a gap.
  uint8_t shown() const { return shown_; }

private:
  struct seen {
    bool by_sender = false;
    bool by_receiver = false;
    /// As the side that did the step told it.
    json_fields told;
  };

  void show_ready();
  void show(uint8_t number, const seen& x);

  output& out_;
  std::array<seen, session::step_count> steps_;
  std::array<std::string, 2> addresses_;
  uint8_t shown_ = 0;
};

} // namespace liveconnect::cli
