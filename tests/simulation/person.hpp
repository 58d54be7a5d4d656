#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/fiber.hpp"
#include "tests/simulation/network.hpp"
#include "tests/support/fault_file_ops.hpp"
#include "tests/support/memory_file_ops.hpp"
#include "wallet/journal/note_holds.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::simulation {

/// Thrown through a program that was killed, and caught where it was started.
struct killed {};

/// One of the people: a disk, and one program at a time that works with the wallet on it. The
/// program's blocking code runs on a fiber; a kill takes everything that is in memory.
class person final : public raida::raida_port {
public:
  /// What a program does. It ends by returning, or by a kill.
  using program = std::function<void(wallet::workspace&)>;

  /// All outlive it.
  person(event_queue& events, datagram_way& net, const scenario& what, size_t who);
  ~person() override;

  /// Starts a program, now. Only when none runs. `ended` is called when it is over, killed or not.
  void run(program what, std::function<void()> ended);
  bool is_running() const { return fiber_ != nullptr; }
  /// The program runs and was not killed.
  bool is_alive() const { return is_running() && !dead_; }
  /// Called by the program: waits until wake().
  void wait();
  /// Throws when the program was killed, or its disk says so.
  void require_alive();
  /// Lets a program that waits go on, as an event of its own.
  void wake();
  void kill(bool power_cut);

  /// The disk as it is; for who judges, and for notes that were there from the beginning.
  test::memory_file_ops& disk() { return *disk_; }
  /// Puts another disk in its place; no program runs.
  void replace_disk(std::unique_ptr<test::memory_file_ops> x) { disk_ = std::move(x); }
  wallet::wallet_rules rules() const;
  static wallet::wallet_paths paths();
  static constexpr const char* wallet_name = "Purse";
  /// Puts notes into the wallet, as if they had always been there.
  void give(const std::vector<note>& notes);

  /// Whether it will never run again.
  bool is_gone() const { return gone_; }
  void leave_for_good() { gone_ = true; }
  /// Disks and datagrams work from now on.
  void calm_down() { calm_ = true; }

  /// Called before each question to the servers.
  std::function<void(const question_name&)> on_question;

  /// The clocks stand still from now on, this long after the beginning: what is written says
  /// nothing of when.
  void freeze_clock(uint64_t up_ms, uint64_t wall_ms = 0) {
    frozen_up_ms_ = up_ms;
    frozen_wall_ms_ = wall_ms;
  }
  /// Questions asked so far, by all its programs.
  uint32_t questions() const { return questions_; }
  bool is_waiting() const { return waiting_; }
  /// What the program has in memory follows from this: its number, its questions, their answers.
  uint64_t memory() const { return memory_; }

  uint64_t disk_calls() const { return disk_calls_; }
  uint64_t kills() const { return kills_; }
  uint32_t programs() const { return programs_; }

  size_t servers() const override { return raida_count; }
  raida::answers ask(const raida::ask_all& what) override;
  bool pause(std::chrono::nanoseconds length) override;

private:
  struct open_question;

  void body();
  void go_on();
  void end_program();
  void arm_disk();
  /// A fault that kills at this question, or none.
  const fault_item* deadly(const question_name& name) const;

  event_queue& events_;
  datagram_way& net_;
  const scenario& what_;
  size_t who_;
  std::unique_ptr<test::memory_file_ops> disk_;
  std::unique_ptr<test::fault_file_ops> files_;
  std::unique_ptr<wallet::note_holds> holds_;
  std::unique_ptr<fiber> fiber_;
  program work_;
  std::function<void()> ended_;
  uint64_t frozen_up_ms_ = 0;
  uint64_t frozen_wall_ms_ = 0;
  uint64_t memory_ = 0;
  bool dead_ = false;
  bool waiting_ = false;
  bool calm_ = false;
  bool gone_ = false;
  bool loses_power_ = false;
  sim_time power_on_since_ = 0;
  std::map<raida::command, uint32_t> asked_;
  uint32_t questions_ = 0;
  uint32_t programs_ = 0;
  uint64_t disk_calls_ = 0;
  uint64_t kills_ = 0;
};

} // namespace liveconnect::simulation
