#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "messages/interfaces/raida.hpp"
#include "messages/money/amount.hpp"
#include "messages/money/note.hpp"
#include "tests/simulation/event_queue.hpp"
#include "tests/simulation/switches.hpp"
#include "tests/support/fault_file_ops.hpp"

namespace liveconnect::simulation {

/// Servers as bits: bit i is server i.
using server_set = uint32_t;

constexpr server_set first_servers(unsigned count) {
  return (server_set{1} << count) - 1;
}
constexpr bool has(server_set x, size_t server) {
  return (x >> server & 1) != 0;
}

/// Who takes part. Carol is a third wallet, or the second copy of Alice's.
inline constexpr size_t alice = 0;
inline constexpr size_t bob = 1;
inline constexpr size_t carol = 2;
inline constexpr size_t people = 3;

/// How a server lies. It does so to everybody, other servers included, and for good.
enum class lie : uint8_t {
  none,
  /// Says yes to everything and does nothing.
  always_yes,
  /// Likewise no.
  always_no,
  /// Says yes or no, as it comes, and does nothing.
  random,
  /// Answers from what it held when it began to lie.
  stale,
  /// Does what it is asked, and gives the answer to the question before.
  anothers,
  /// Carries each request out twice and gives the second answer.
  twice,
};

/// What goes wrong, or who does wrong, in one run. Each stands for itself, so that a failing run
/// can be tried without it.
struct fault_item {
  enum class kind : uint8_t {
    /// Of a hundred datagrams, `count` are lost each way, as many come twice and half as many late.
    loss,
    /// The `nth` request `on` of `person` reaches `count` servers; the others never hear of it.
    cut_request,
    /// Likewise it reaches all, and `count` answers come back.
    cut_answers,
    /// The `nth` request `on` of `person` arrives minutes late at all but `count` servers, after
    /// its asker has given up.
    late_request,
    /// `servers` refuse connections, from `from` until `until`.
    down,
    /// Likewise they are silent.
    silent,
    /// Likewise they take `count` milliseconds longer.
    slow,
    /// `servers` die at `from` and come back with their records as they were `count` seconds
    /// before.
    roll_back,
    /// `servers` lie in the way `how` says.
    lying,
    /// `person` is killed at its `nth` request `on`, when `count` datagrams have left.
    kill,
    /// The disk of `person` fails at its call number `nth` of its program number `count`, as `how`
    /// says.
    disk,
    /// The line breaks before the `nth` frame of a transfer.
    cut_line,
    /// `person` cancels at `from`.
    cancel,
    /// `person` checks and heals its wallet at `from`.
    check,
    /// After its first end, `person` never comes back.
    never_back,
    /// Alice takes tickets before she sends, and fixes her old notes with them at `from`; when that
    /// is 0, at the moment at which her coins leave.
    old_tickets,
    /// Alice powns at `count` servers what she sends, at the moment at which it leaves.
    payer_powns,
    /// A thief who reads Bob's secrets at `from` powns at `count` servers.
    read_secrets,
    /// Alice's disk is copied at `from`. Carol has the copy, and makes change with it.
    second_copy,
    /// A client of its own mixes tickets, Break, Join, Pown and Fix of its own notes, `count`
    /// times, each at some of the servers.
    forger,
  };

  kind what = kind::loss;
  size_t person = alice;
  raida::command on = raida::command::pown;
  uint32_t nth = 0;
  uint32_t count = 0;
  server_set servers = 0;
  lie how = lie::none;
  test::disk_fault disk = test::disk_fault::none;
  sim_time from = 0;
  sim_time until = 0;
  /// A kill takes the power with it: what was not synced is there in part, or not at all.
  bool power_cut = false;
};

/// A command's name, as docs/formats/raida.md has it.
const char* name_of(raida::command x);

/// One line, without secrets.
std::string to_string(const fault_item& x);

/// One transfer between two of the people.
struct leg {
  size_t from = alice;
  size_t to = bob;
  amount sum;
  /// By a coin file that one exports and the other imports, not by a session.
  bool by_file = false;
};

/// Everything that a run follows from. Drawn from a seed, or made by hand for a test.
struct scenario {
  uint64_t seed = 1;
  /// Servers that act alike: 25, or 5 or 3 groups of them, each of which gets or misses a datagram
  /// as one. Three groups behave as a network of three servers with the margin 0 would, with the
  /// formats of 25.
  size_t groups = raida_count;
  /// Denominations of the notes that each of the people begins with.
  std::vector<int8_t> purses[people];
  /// How many servers refuse the first of Alice's notes from the beginning.
  uint32_t fracked_at = 0;
  /// One after the other, minutes apart.
  std::vector<leg> legs;
  /// Whether servers carry out a Fix; published ones refuse it.
  bool servers_fix = true;
  std::vector<fault_item> faults;
};

/// The scenario of a seed. Faults that a switch forbids are left out; the rest stays as drawn.
scenario draw_scenario(uint64_t seed, const switches& allowed);

/// A few lines that say what is going to happen.
std::string to_string(const scenario& x);

} // namespace liveconnect::simulation
