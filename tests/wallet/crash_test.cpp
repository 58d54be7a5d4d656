#include <cstdlib>
#include <functional>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/fault_file_ops.hpp"
#include "tests/support/transfer_pair.hpp"
#include "wallet/journal/recovery.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/start_up.hpp"

// Kills one side at its file calls, starts it again and goes on: whatever the moment, nothing is
// lost, nothing counts twice, and everything closes (docs/design/safety.md 5.5, 6.1). Checks I1,
// I2, I3, I5 and the order rules P1..P6 through their effect.
namespace liveconnect::test {
namespace {

using namespace wallet;

enum class side { sender, receiver };

// What is transferred, and under what circumstances.
struct scenario {
  const char* name;
  amount sum;
  std::function<void(transfer_pair&)> set_up;
};

const scenario plain{"plain", amount::from_coins(200),
                     [](transfer_pair& pair) { pair.mint_for_sender(2, 3); }};

const scenario with_change{"with_change", amount::from_coins(30), [](transfer_pair& pair) {
                             pair.mint_for_sender(2, 1);
                             pair.mint_for_sender(1, 1);
                           }};

const scenario with_join{"with_join", amount::from_coins(100),
                         [](transfer_pair& pair) {
                           pair.sender().rules().change.notes_max = 5;
                           pair.mint_for_sender(1, 10);
                         }};

const scenario with_fracked{"with_fracked", amount::from_coins(200), [](transfer_pair& pair) {
                              auto notes = pair.mint_for_sender(2, 2);
                              pair.raida().damage(3, notes[0].id);
                              pair.raida().damage(17, notes[0].id);
                            }};

const scenario with_seven_down{"with_seven_down", amount::from_coins(100), [](transfer_pair& pair) {
                                 pair.mint_for_sender(2, 1);
                                 for (size_t server = 0; server < 7; ++server)
                                   pair.raida().add(fault::down(3 * server));
                               }};

bool changes_the_disk(const std::string& call) {
  static const std::set<std::string> calls{
      "make_directory",    "create",      "write", "sync",   "sync_data",     "preallocate",
      "rename_no_replace", "rename_over", "link",  "remove", "sync_directory"};
  return calls.count(call) != 0;
}

// A pair of which one side's disk can fail.
class doomed_pair {
public:
  doomed_pair(const scenario& what, side victim, uint64_t seed = 1)
      : what_(what), victim_(victim), pair_(seed) {
    what.set_up(pair_);
    pair_.raida().on_ask = [this](const raida::ask_all&) {
      asked_at_.insert(disk_.trace().size());
    };
    party().go_through(&disk_);
    EXPECT_EQ(party().restart(), caf::error{});
  }

  transfer_pair& pair() { return pair_; }
  fault_file_ops& disk() { return disk_; }

  // The first run; ends at the fault, or when all is done.
  caf::error run() {
    from_.emplace(pair_.start_sender());
    if (auto err = pair_.prepare(*from_, what_.sum))
      return err;
    to_.emplace(pair_.start_receiver());
    return pair_.hand_over(*from_, *to_);
  }

  // The program of the victim starts again, perhaps after a power cut, and dies again in its
  // recovery when `die_again_at` is not 0.
  void restart(std::optional<uint32_t> power_cut, size_t die_again_at) {
    from_or_to_reset();
    if (power_cut)
      party().disk().lose_power(*power_cut);
    if (die_again_at != 0) {
      fault_file_ops again{party().disk()};
      again.arm(disk_fault::die_before, die_again_at);
      party().go_through(&again);
      if (auto err = party().restart(); !err)
        (void)start_up(party().space());
      if (power_cut)
        party().disk().lose_power(*power_cut + 1);
      party().go_through(nullptr);
    }
    party().go_through(nullptr);
    ASSERT_EQ(party().restart(), caf::error{});
    auto report = start_up(party().space());
    ASSERT_TRUE(report) << detail_of(report.error());
  }

  // Both sides meet again and finish; then time passes and the servers decide what is open.
  void go_on() {
    reopen();
    if (from_) {
      if (!to_)
        to_.emplace(pair_.start_receiver());
      (void)pair_.hand_over(*from_, *to_);
    }
    from_.reset();
    to_.reset();
    pair_.raida().set_loss(0, 0, 0);
    pair_.raida().deliver_delayed();
    pair_.clock().advance_seconds(7200);
    for (auto whose : {&pair_.sender(), &pair_.receiver()}) {
      ASSERT_EQ(whose->restart(), caf::error{});
      auto report = start_up(whose->space());
      ASSERT_TRUE(report) << detail_of(report.error());
      for (auto& x : report->still_open) {
        auto settled = settle(whose->space(), x.id);
        ASSERT_TRUE(settled) << detail_of(settled.error());
        // Only a receipt that the sender has not confirmed goes on waiting: its notes are in the
        // wallet.
        auto waits =
            settled->state == transfer_state::graded || settled->state == transfer_state::receipt;
        EXPECT_TRUE(waits || settled->state == transfer_state::closed) << settled->waits_for;
      }
    }
    pair_.clock().advance_seconds(receipt_life_seconds);
    for (auto whose : {&pair_.sender(), &pair_.receiver()}) {
      ASSERT_EQ(whose->restart(), caf::error{});
      auto report = start_up(whose->space());
      ASSERT_TRUE(report) << detail_of(report.error());
      EXPECT_TRUE(report->still_open.empty());
      EXPECT_TRUE(whose->holds().all().empty());
    }
    pair_.expect_conserved();
  }

  // The calls at which dying makes a difference: before each that changes the disk, and after it
  // when a request to the servers followed.
  std::vector<std::pair<disk_fault, size_t>> points() const {
    std::vector<std::pair<disk_fault, size_t>> out;
    auto& trace = disk_.trace();
    for (size_t i = 0; i < trace.size(); ++i)
      if (changes_the_disk(trace[i]))
        out.emplace_back(disk_fault::die_before, i + 1);
    for (auto at : asked_at_)
      for (auto i = at; i > 0; --i)
        if (changes_the_disk(trace[i - 1])) {
          out.emplace_back(disk_fault::die_after, i);
          break;
        }
    return out;
  }

private:
  wallet_party& party() { return victim_ == side::sender ? pair_.sender() : pair_.receiver(); }

  void from_or_to_reset() {
    if (victim_ == side::sender)
      from_.reset();
    else
      to_.reset();
  }

  // What a session finds in the journals when the program starts again.
  void reopen() {
    auto views = load_open_journals(party().space());
    ASSERT_TRUE(views);
    for (auto& view : *views) {
      if (view.kind() == journal_kind::sender) {
        auto again = sender_transfer::reopen(party().space(), view.id());
        ASSERT_TRUE(again) << detail_of(again.error());
        from_.emplace(std::move(*again));
      }
      if (view.kind() == journal_kind::receiver) {
        auto again = receiver_transfer::reopen(party().space(), view.id());
        ASSERT_TRUE(again) << detail_of(again.error());
        to_.emplace(std::move(*again));
      }
    }
  }

  scenario what_;
  side victim_;
  transfer_pair pair_;
  fault_file_ops disk_{party().disk()};
  std::set<size_t> asked_at_;
  std::optional<sender_transfer> from_;
  std::optional<receiver_transfer> to_;
};

// Every so many of the points, so that the suite stays quick; LIVECONNECT_CRASH_STRIDE=1 tries all.
size_t stride(size_t otherwise) {
  auto text = std::getenv("LIVECONNECT_CRASH_STRIDE");
  auto value = text == nullptr ? 0 : std::strtoul(text, nullptr, 10);
  return value == 0 ? otherwise : value;
}

void kill_everywhere(const scenario& what, side victim, size_t step) {
  std::vector<std::pair<disk_fault, size_t>> points;
  {
    doomed_pair dry{what, victim};
    dry.disk().arm(disk_fault::none, 0);
    ASSERT_EQ(dry.run(), caf::error{});
    points = dry.points();
  }
  ASSERT_GT(points.size(), 50u);
  for (size_t i = 0; i < points.size(); i += stride(step)) {
    auto [how, at] = points[i];
    auto power_cut =
        i % 2 == 0 ? std::optional<uint32_t>{} : std::optional<uint32_t>{static_cast<uint32_t>(i)};
    auto again = i % 3 == 0 ? 1 + (7 * i) % 400 : 0;
    SCOPED_TRACE(std::string{what.name} + ": fault " + std::to_string(static_cast<int>(how)) +
                 " at call " + std::to_string(at) + ", point " + std::to_string(i) +
                 (power_cut ? ", power cut" : "") +
                 (again != 0 ? ", again at " + std::to_string(again) : ""));
    doomed_pair pair{what, victim};
    pair.disk().arm(how, at);
    (void)pair.run();
    pair.restart(power_cut, again);
    if (::testing::Test::HasFatalFailure())
      return;
    pair.go_on();
    if (::testing::Test::HasFailure())
      return;
  }
}

// Every so often a datagram or its answer is lost or comes twice, one side is killed at a moment
// drawn by the seed, and both go on.
TEST(crash, amid_lost_and_doubled_datagrams_loses_nothing) {
  const scenario lossy{"lossy", amount::from_coins(120), [](transfer_pair& pair) {
                         auto notes = pair.mint_for_sender(2, 2);
                         pair.mint_for_sender(1, 1);
                         pair.raida().damage(6, notes[0].id);
                         pair.raida().set_loss(0.03, 0.05, 0.03);
                       }};
  for (uint32_t seed = 1; seed <= 60 / stride(2); ++seed) {
    auto victim = seed % 2 == 0 ? side::sender : side::receiver;
    SCOPED_TRACE("seed " + std::to_string(seed));
    doomed_pair pair{lossy, victim, seed};
    pair.disk().arm(disk_fault::die_before, 1 + (seed * 7919) % 1500);
    (void)pair.run();
    pair.restart(seed % 3 == 0 ? std::optional<uint32_t>{seed} : std::optional<uint32_t>{}, 0);
    if (::testing::Test::HasFatalFailure())
      return;
    pair.go_on();
    if (::testing::Test::HasFailure())
      return;
  }
}

// A call that fails is no kill: the program lives, says so, and a restart goes on.
TEST(crash, a_failing_call_loses_nothing) {
  for (auto how : {disk_fault::fail_once, disk_fault::fail_for_good, disk_fault::fail_after,
                   disk_fault::short_write_and_die})
    for (auto victim : {side::sender, side::receiver})
      for (size_t at = 1; at < 900; at += 37 * stride(3)) {
        SCOPED_TRACE(std::string{victim == side::sender ? "sender" : "receiver"} + ", fault " +
                     std::to_string(static_cast<int>(how)) + " at call " + std::to_string(at));
        doomed_pair pair{with_change, victim};
        pair.disk().arm(how, at);
        (void)pair.run();
        pair.restart({}, 0);
        if (::testing::Test::HasFatalFailure())
          return;
        pair.go_on();
        if (::testing::Test::HasFailure())
          return;
      }
}

// The receiver took one note and vanished, another is untouched: what the servers say of each is
// filed note by note, and a kill anywhere in it must neither lose the one nor bring the other home.
TEST(crash, of_the_sender_while_its_notes_go_different_ways_loses_nothing) {
  auto ran_dry = false;
  for (size_t at = 1; !ran_dry; at += stride(3)) {
    SCOPED_TRACE("call " + std::to_string(at));
    ASSERT_LT(at, 2000u);
    transfer_pair pair;
    auto minted = pair.mint_for_sender(2, 3);
    fault_file_ops disk{pair.sender().disk()};
    auto id = draw_transfer_id();
    {
      pair.sender().go_through(&disk);
      ASSERT_EQ(pair.sender().restart(), caf::error{});
      auto from = pair.start_sender();
      id = from.id();
      ASSERT_EQ(pair.prepare(from, amount::from_coins(300)), caf::error{});
      ASSERT_TRUE(from.begin_sending(transfer_pair::terms()));
      for (size_t server = 0; server < 25; ++server)
        pair.raida().set_held(server, minted[0].id, authenticity_number::random());
      pair.raida().set_held(3, minted[1].id, authenticity_number::random());
      pair.clock().advance_seconds(500);
      disk.arm(at % 2 == 0 ? disk_fault::die_before : disk_fault::die_after, at);
      (void)from.run(sender_step::ask_servers);
      ran_dry = !disk.is_dead();
    }
    if (at % 4 < 2)
      pair.sender().disk().lose_power(static_cast<uint32_t>(at));
    pair.sender().go_through(nullptr);
    for (int start = 0; start < 2; ++start) {
      ASSERT_EQ(pair.sender().restart(), caf::error{});
      auto report = start_up(pair.sender().space());
      ASSERT_TRUE(report) << detail_of(report.error());
      EXPECT_EQ(report->failed, 0u);
      auto settled = settle(pair.sender().space(), id);
      ASSERT_TRUE(settled) << detail_of(settled.error());
      ASSERT_EQ(settled->state, transfer_state::sending);
      auto home = pair.sender().counted();
      ASSERT_EQ(home.size(), 1u);
      EXPECT_EQ(home[0].id, minted[2].id);
      EXPECT_EQ(pair.raida().holders(home[0]), 25u);
      EXPECT_EQ(pair.sender().holds().all(), std::set<note_id>{minted[1].id});
    }
    pair.raida().set_held(3, minted[1].id, minted[1].ans[3]);
    auto settled = settle(pair.sender().space(), id);
    ASSERT_TRUE(settled) << detail_of(settled.error());
    EXPECT_EQ(settled->state, transfer_state::closed);
    EXPECT_EQ(pair.kept(), amount::from_coins(200));
    EXPECT_TRUE(pair.sender().holds().all().empty());
    if (::testing::Test::HasFailure())
      return;
  }
}

TEST(crash, a_break_that_reached_some_servers_is_finished) {
  for (size_t reached = 1; reached < 25; ++reached)
    for (size_t refused = 0; refused < 3; ++refused) {
      SCOPED_TRACE(std::to_string(reached) + " reached, " + std::to_string(refused) + " refused it before");
      transfer_pair pair;
      auto notes = pair.mint_for_sender(2, 1);
      for (size_t s = 0; s < refused; ++s)
        pair.raida().damage(s, notes[0].id);
      for (size_t s = reached; s < 25; ++s)
        pair.raida().add(fault::lost_request(s, raida::command::break_note));
      {
        auto from = pair.start_sender();
        (void)pair.prepare(from, amount::from_coins(30));
      }
      pair.raida().clear_faults();
      for (int start = 0; start < 3; ++start) {
        pair.clock().advance_seconds(7200);
        ASSERT_EQ(pair.sender().restart(), caf::error{});
        auto report = start_up(pair.sender().space());
        ASSERT_TRUE(report);
        if (start == 2) {
          EXPECT_TRUE(report->still_open.empty());
        }
      }
    }
}

TEST(crash, of_the_sender_loses_nothing) {
  kill_everywhere(plain, side::sender, 5);
}
TEST(crash, of_the_receiver_loses_nothing) {
  kill_everywhere(plain, side::receiver, 3);
}
TEST(crash, of_the_sender_while_making_change_loses_nothing) {
  kill_everywhere(with_change, side::sender, 7);
}
TEST(crash, of_the_sender_while_joining_loses_nothing) {
  kill_everywhere(with_join, side::sender, 9);
}
TEST(crash, of_the_sender_while_healing_loses_nothing) {
  kill_everywhere(with_fracked, side::sender, 7);
}
TEST(crash, of_the_receiver_with_seven_servers_down_loses_nothing) {
  kill_everywhere(with_seven_down, side::receiver, 7);
}

} // namespace
} // namespace liveconnect::test
