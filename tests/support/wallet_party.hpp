#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/fake_raida.hpp"
#include "tests/support/temporary_folder.hpp"
#include "wallet/note_holds.hpp"
#include "wallet/posix_file_ops.hpp"
#include "wallet/workspace.hpp"

namespace liveconnect::test {

/// A wall clock that a test moves.
struct test_clock {
  uint64_t ms = 1'790'000'000'000;
  void advance_seconds(uint64_t x) { ms += x * 1000; }
};

/// One side of a transfer: a data directory of its own, and workspaces on it. reopen() is what a
/// restart of the program does: nothing in memory is left.
class wallet_party {
public:
  wallet_party(raida::raida_port& port, test_clock& clock, const std::string& name);
  /// Through other file operations than the real ones.
  wallet_party(raida::raida_port& port, test_clock& clock, const std::string& name,
               const std::filesystem::path& data, wallet::file_ops& files);

  wallet::workspace& space() { return *space_; }
  wallet::note_holds& holds() { return *holds_; }
  wallet::wallet_rules& rules() { return rules_; }
  const std::filesystem::path& data() const { return data_; }

  /// Forgets all that is in memory and opens the wallet again. Fails as workspace::open does.
  caf::error reopen();

  /// Puts notes into the user's Bank, as if they had always been there.
  void give(const std::vector<note>& notes, wallet::folder where = wallet::folder::bank);

  /// Notes in a folder of the user's wallet.
  std::vector<note> notes_in(wallet::folder where);
  /// Notes in Bank and Fracked of the user's wallet.
  std::vector<note> counted();
  /// Ids of the open journals.
  std::vector<transfer_id> open_journals();

private:
  temporary_folder folder_;
  std::filesystem::path data_;
  wallet::posix_file_ops disk_;
  wallet::file_ops* files_;
  raida::raida_port* port_;
  test_clock* clock_;
  std::string name_;
  std::unique_ptr<wallet::note_holds> holds_;
  wallet::wallet_rules rules_;
  std::unique_ptr<wallet::workspace> space_;
};

} // namespace liveconnect::test
