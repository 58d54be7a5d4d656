#pragma once

#include <optional>
#include <string>

#include "cli/shell/output.hpp"
#include "messages/interfaces/session.hpp"

namespace liveconnect::cli {

/// Shows the events of one session: lines and a bar for people, objects for scripts. Pure but for
/// writing; one thread.
class session_view {
public:
  session_view(output& out, role side);

  void show(const session::joined& x);
  void show(const session::peer_seen& x);
  void show(const session::peer_lost& x);
  void show(const session::link_lost& x);
  void show(const session::connected& x);
  void show(const session::approve_amount& x);
  void show(const session::amount_agreed& x);
  void show(const session::step& x);
  void show(const session::progress& x);
  void show(const session::receipt_filed& x);
  void show(const session::waiting& x);
  void show(const session::warning& x);
  /// A second has passed without an event: people are told now for whom we wait, and since when.
  void still_waiting();

  /// Whether a coin may have left (sender) or has been kept (receiver): a cancel settles nothing
  /// then.
  bool past_the_point() const { return past_the_point_; }

private:
  /// `Sender` or `Receiver`: the other one.
  const char* peer() const;

  output& out_;
  role side_;
  uint32_t notes_ = 0;
  /// What still_waiting() will say; empty when it has been said, or something else has happened.
  std::string wait_text_;
  bool past_the_point_ = false;
};

} // namespace liveconnect::cli
