#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/fault_file_ops.hpp"
#include "tests/support/transfer_pair.hpp"
#include "tests/wallet/crash/findings.hpp"
#include "tests/wallet/crash/secret_watch.hpp"

namespace liveconnect::test {

enum class side : uint8_t { sender, receiver };

class crash_world;

/// What happens in a run of the crash suite, and under what circumstances. A new one is a line of
/// all_scenarios() (scenarios.cpp).
struct scenario {
  /// As it stands in the name of a test: letters and underscores.
  std::string name;
  /// Whose program is killed.
  std::vector<side> victims;
  /// Makes notes and brings both sides to the moment at which the run begins.
  std::function<void(crash_world&)> set_up;
  /// The run. Answers its error, which a fault causes; without a fault it must succeed.
  std::function<caf::error(crash_world&)> act;
  /// What the user does once everything is over: repeats a command that the kill took away, or
  /// looks for what this scenario promised. Empty: nothing.
  std::function<findings(crash_world&)> repeat;
};

/// Both sides, the servers and the disk of one of them, which can be made to fail. A copy is the
/// same moment once more, right after the programs of both sides were killed.
class crash_world {
public:
  /// `seed` decides what the network loses, where the scenario tells it to.
  crash_world(const scenario& what, side victim, uint64_t seed = 1);
  crash_world(const crash_world& of);
  crash_world& operator=(const crash_world&) = delete;

  transfer_pair& pair() { return pair_; }
  fault_file_ops& disk() { return disk_; }
  side victim() const { return victim_; }
  wallet_party& party() { return victim_ == side::sender ? pair_.sender() : pair_.receiver(); }
  wallet_party& other() { return victim_ == side::sender ? pair_.receiver() : pair_.sender(); }

  /// Runs the scenario on the victim's disk, as it is armed.
  caf::error run() { return what_->act(*this); }

  /// How far the run is, by all that outlives a kill: two kills of one stamp leave the same.
  struct stamp {
    size_t changes = 0;
    size_t asked = 0;
    size_t calls_of_other = 0;
    bool operator==(const stamp& x) const {
      return changes == x.changes && asked == x.asked && calls_of_other == x.calls_of_other;
    }
  };
  stamp now() const;
  /// Requests so far, and calls of the other side: what a state is beside the victim's disk.
  std::pair<size_t, size_t> elsewhere() const { return {asked_, calls_of_other_}; }

  /// Called at each moment of the run at which a kill or a power cut would leave another state than
  /// before: before each change of the victim's disk and before each request to the servers.
  std::function<void()> at_new_state;
  /// Looks at every request whether its secrets are durable by then. Slow.
  bool watch_requests = false;
  /// What that has found so far.
  findings found;

  /// The program of one side ends, and starts again on a disk that works: it recovers. What it
  /// answers is not looked at, since a fault may be armed.
  caf::error restart(side which);
  /// Takes the fault away from the victim's disk; takes effect with the next restart().
  void mend_disk();
  /// Both programs take up what their journals have open, unless they have it in hand.
  caf::error reopen_all();
  /// Both sides meet, again or for the first time, and do what is still to be done.
  caf::error meet();

  /// Everything after the kill of the victim: it starts again, meets the other side when `meet`,
  /// and time passes, until nothing is open any more. Answers what broke a rule: I1 and I6 at every
  /// start, I2, I12 and I13 at the end, I3 at the kill and at the end, that no server's supply
  /// moved, and that no server is left that the notes' last owner could still use.
  findings aftermath(bool meet);

  /// I1 and I6 for this moment: no note counts on both sides, and of none that one side counts the
  /// other knows what a majority of the servers hold.
  findings exclusive();

private:
  /// A note that somebody would take for money, and who.
  struct claim {
    std::string by;
    note value;
  };

  void watch();
  std::vector<claim> claims();
  std::vector<amount> supplies() const;
  /// Both programs start; answers what they cannot do, and what is open afterwards.
  findings start_both(bool& open);
  findings settle_all(wallet_party& whose, bool everything_answers, bool& open);
  findings time_passes();
  findings conserved();
  /// No half-written file with secrets lies where the user keeps files of his own.
  findings nothing_left_outside();
  /// Of the notes that one side counts and nothing holds, those that the other could take at more
  /// than `servers_max` servers.
  findings within_reach(size_t servers_max, const std::string& rule);
  /// I12: the receipt that the sender filed is on the receiver's disk, byte for byte.
  findings receipts_agree();

  const scenario* what_;
  side victim_;
  transfer_pair pair_;
  fault_file_ops disk_{party().disk()};
  fault_file_ops other_disk_{other().disk()};
  secret_watch secrets_;
  /// By server, at the beginning.
  std::vector<amount> supplies_;
  size_t asked_ = 0;
  /// In a copy: how far the original was.
  size_t calls_of_other_ = 0;
  /// This is a copy: no program runs yet.
  bool both_dead_ = false;

public:
  /// The transfers that the two programs have in hand: last, since they end before all else.
  std::optional<wallet::sender_transfer> from;
  std::optional<wallet::receiver_transfer> to;
};

/// "a; b; c", for a message.
std::string joined(const findings& x);

} // namespace liveconnect::test
