#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

namespace liveconnect::raida {

/// Which servers answered 41 to a Break or Join although they had just offered its serials to the
/// session: they do not make change, whatever they offer (docs/formats/raida.md 10). Such a server
/// is left alone for a minute, and twice as long after each further refusal, an hour at most.
///
/// Lives in memory, one for a program, and is shared by the threads that make change.
class change_refusals {
public:
  /// `now_ms` counts milliseconds from any moment, the same in all calls; it never goes back.
  void refused(size_t server, uint64_t now_ms);
  /// The server has made change: what it refused before is forgotten.
  void made_change(size_t server);
  /// Of `servers` servers those that are to be asked for change.
  std::vector<bool> willing(size_t servers, uint64_t now_ms) const;

private:
  struct rest {
    uint64_t until_ms = 0;
    uint64_t pause_ms = 0;
  };

  mutable std::mutex guard_;
  std::map<size_t, rest> rests_;
};

} // namespace liveconnect::raida
