#pragma once

#include <array>
#include <map>
#include <set>
#include <vector>

#include "tests/support/transfer_pair.hpp"
#include "tests/wallet/crash/findings.hpp"

namespace liveconnect::test {

/// Checks docs/design/safety.md I3 and P3, P6 from outside: what a server holds because of the two
/// sides, or is about to be told, stands in a durable file of one of them. It knows nothing of
/// journals and coin files: it looks for the bytes.
class secret_watch {
public:
  using secret_value = std::array<uint8_t, 16>;

  /// What the servers hold now and no disk knows is somebody else's from here on: a thief's, or
  /// what a server made up.
  void begin(const transfer_pair& pair);
  /// Remembers from which PG an AN will be derived. Answers every secret of the request that is
  /// durable nowhere; looks only when `with_disks`.
  findings see(const raida::ask_all& ask, const transfer_pair& pair, bool with_disks);
  /// Every AN on every server is durable on one of the two disks, itself or as the PG it comes
  /// from.
  findings held_is_durable(const transfer_pair& pair) const;
  bool is_foreign(const authenticity_number& x) const;
  /// By note of `counted`: how many servers hold a secret that the other side has on its disk, and
  /// so would let it take the note. Notes without such a server are left out.
  std::map<note_id, size_t> within_reach(const std::vector<note>& counted,
                                         const wallet_party& other,
                                         const transfer_pair& pair) const;

private:
  std::set<secret_value> foreign_;
  /// PG by the AN that a Fix derives from it.
  std::map<secret_value, secret_value> derived_;
};

} // namespace liveconnect::test
