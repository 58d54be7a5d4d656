#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/event_queue.hpp"
#include "tests/simulation/network.hpp"
#include "tests/simulation/person.hpp"
#include "tests/simulation/room.hpp"
#include "tests/simulation/scenario.hpp"
#include "tests/simulation/server_farm.hpp"
#include "tests/simulation/strangers.hpp"

namespace liveconnect::simulation {

/// What a run did, and what it broke.
struct run_report {
  std::vector<std::string> broken;
  uint64_t events = 0;
  uint64_t transfers = 0;
  uint64_t datagrams = 0;
  uint64_t frames = 0;
  uint64_t disk_calls = 0;
  uint64_t kills = 0;
};

/// Called with what happens, for `simulation --trace`: the moment and one line.
using trace_line = std::function<void(sim_time, const std::string&)>;

/// One run of a scenario: people whose wallets are real, real servers, and everything between them
/// played. First the time of faults, then a calm in which everybody who is not gone for good starts
/// again, then the verdict.
class world {
public:
  world(const scenario& what, const switches& judged, const trace_line& trace = nullptr);
  ~world();

  /// Once.
  run_report run();

private:
  /// One transfer, and how far the two sides are with it.
  struct leg_state {
    leg terms;
    sim_time begins = 0;
    std::unique_ptr<room> meeting;
    transfer_id id;
    /// Of a transfer by file, once it is made.
    secret_bytes file;
    /// What the receiver's wallet called its own.
    std::vector<note_id> received;
    /// How often each side has started for it.
    std::array<uint32_t, 2> starts{};
    std::array<bool, 2> finished{};
  };

  void set_up();
  void set_up_weather();
  void set_up_weather(const fault_item& x);
  void set_up_actors();
  void set_up_actor(const fault_item& x);
  void begin(leg_state& x, role side);
  void after_program(leg_state& x, role side);
  void send(leg_state& x, wallet::workspace& space);
  void receive(leg_state& x, wallet::workspace& space);
  void export_file(leg_state& x, wallet::workspace& space);
  void import_file(leg_state& x, wallet::workspace& space);
  void calm_down();
  void finish_legs();
  void everybody(const std::function<void(size_t, wallet::workspace&)>& what, sim_time until);
  void settle_open(size_t who, wallet::workspace& space);
  void cancel_open(size_t who, wallet::workspace& space);
  void care_for(size_t who, wallet::workspace& space);
  void copy_alice();
  void spend_copy();
  void on_coins(const wallet::coin_payload& coins);
  std::vector<note> first_notes(size_t who) const;
  bool start(size_t who, const char* why, person::program what, std::function<void()> ended);
  void complain(const std::string& x);
  void say(const std::string& x);
  std::vector<std::string> verdict();

  scenario what_;
  switches judged_;
  trace_line trace_;
  event_queue events_;
  server_farm servers_;
  network net_;
  std::vector<std::unique_ptr<person>> who_;
  strangers others_;
  std::vector<std::unique_ptr<leg_state>> legs_;
  std::vector<note> minted_;
  std::array<std::vector<note>, people> given_;
  amount forgers_;
  bool calm_ = false;
  /// Something was open after the last settling.
  bool rests_ = false;
  std::vector<std::string> broken_;
};

} // namespace liveconnect::simulation
