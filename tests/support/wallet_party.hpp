#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/fake_raida.hpp"
#include "tests/support/memory_file_ops.hpp"
#include "wallet/journal/note_holds.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::test {

/// A wall clock that a test moves.
struct test_clock {
  uint64_t ms = 1'790'000'000'000;
  void advance_seconds(uint64_t x) { ms += x * 1000; }
};

/// One side of a transfer: a data directory on a disk in memory, and a workspace on it. restart()
/// is what a new start of the program does: nothing in memory is left.
class wallet_party {
public:
  wallet_party(raida::raida_port& port, test_clock& clock, const std::string& name);
  /// The same side with a copy of its disk, among other servers and under another clock: only
  /// restart() makes a workspace on it.
  wallet_party(raida::raida_port& port, test_clock& clock, const wallet_party& of);

  /// Valid once restart() or the constructor succeeded.
  wallet::workspace& space() { return *space_; }
  wallet::note_holds& holds() { return *holds_; }
  /// For the next restart().
  wallet::wallet_rules& rules() { return rules_; }
  memory_file_ops& disk() { return disk_; }
  const memory_file_ops& disk() const { return disk_; }
  wallet::wallet_paths paths() const;

  /// From here on everything goes through `files` (a fault_file_ops over disk(), say), or through
  /// the disk itself when null; takes effect with the next restart().
  void go_through(wallet::file_ops* files) { files_ = files == nullptr ? &disk_ : files; }

  /// Forgets all that is in memory and opens the wallet again. Fails as workspace::open does.
  caf::error restart();

  /// Puts notes into the user's wallet, as if they had always been there.
  void give(const std::vector<note>& notes, wallet::folder where = wallet::folder::bank);

  /// Notes in a folder of the user's wallet.
  std::vector<note> notes_in(wallet::folder where);
  /// Notes in Bank and Fracked of the user's wallet.
  std::vector<note> counted();
  /// Ids of the open journals.
  std::vector<transfer_id> open_journals();

private:
  memory_file_ops disk_;
  wallet::file_ops* files_ = &disk_;
  raida::raida_port* port_;
  test_clock* clock_;
  std::string name_;
  std::unique_ptr<wallet::note_holds> holds_;
  wallet::wallet_rules rules_;
  std::unique_ptr<wallet::workspace> space_;
};

} // namespace liveconnect::test
