#pragma once

#include <chrono>
#include <cstddef>
#include <thread>

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
  /// that was not to be asked says `not_asked`.
  virtual answers ask(const ask_all& what) = 0;

  /// Blocks for this long: the pause before servers are asked the same again. Simulations let their
  /// own clock go on instead.
  virtual void pause(std::chrono::nanoseconds length) { std::this_thread::sleep_for(length); }
};

} // namespace liveconnect::raida
