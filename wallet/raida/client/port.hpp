#pragma once

#include <chrono>
#include <cstddef>

#include "messages/interfaces/raida.hpp"

namespace liveconnect::raida {

/// The way to the servers for code that may block: the wallet's folder workers. actor_port goes
/// through the RAIDA client actor to sockets; tests put server cores in memory behind it.
///
/// Used by one thread at a time.
class raida_port {
public:
  virtual ~raida_port() = default;

  /// Number of servers; indices 0..servers()-1 name them everywhere.
  virtual size_t servers() const = 0;

  /// Asks all servers named at once and blocks until each has answered or its deadline has passed.
  /// Never fails as a whole: the list has servers() entries, each with its own outcome; a server
  /// that was not to be asked says `not_asked`. A port that was stopped, or whose step has had its
  /// time, answers at once: nothing leaves, and every server asked is `unreachable`.
  virtual answers ask(const ask_all& what) = 0;

  /// Waits between two tries. False when another try makes no sense, because the port was stopped
  /// (then the wait ends at once) or its step has had its time.
  virtual bool pause(std::chrono::nanoseconds length);

  /// What the caller does next is a new step: a port that bounds steps gives it its whole time.
  virtual void begin_step() {}

  /// The step has more to ask than one request holds: it gets this much more time.
  virtual void extend_step(std::chrono::nanoseconds) {}
};

} // namespace liveconnect::raida
