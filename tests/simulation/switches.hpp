#pragma once

#include <string>

namespace liveconnect::simulation {

/// What a run may hold, and what it is judged by. All are on; one that is turned off leaves a kind
/// of fault out, so that another can be looked at alone: `simulation --without NAME`.
struct switches {
  /// Alice takes tickets before she sends and uses them afterwards.
  bool old_tickets = true;
  /// A client mixes tickets, changes and Fix of its own notes.
  bool forger = true;
  /// A Fix is under way, slowed by one server, while the receiver powns.
  bool fix_race = true;
  /// A Break or Join reaches some servers only.
  bool split_change = true;
  /// A Break or Join arrives after its asker has given it up.
  bool late_change = true;
  /// Two copies of one wallet, or a thief who has read its secrets.
  bool second_copy = true;
  /// The payee takes ownership at some servers and never comes back; or the payer does so.
  bool split_claim = true;
  /// Many servers are down during a transfer, or come back with an older state: more of them than
  /// the margin allows for.
  bool many_servers = true;
  /// Judged: no server ever has more in use, or less, than was created.
  bool judge_supply = true;
  /// Judged: a server that was down must not go on holding a secret that the payer knows.
  bool judge_secrets = true;
  /// Judged: what a wallet counts, it can pay with.
  bool judge_payable = true;
};

/// What is on in the tests of every commit.
inline constexpr switches committed{};

/// Everything: what has to hold in the end.
switches all_on();

/// Sets the switch of this name; false when there is none.
bool set_switch(switches& x, const std::string& name, bool on);

/// The options of `simulation` that make these switches of the committed ones, a blank before each.
std::string names_of_difference(const switches& x);

/// All names, blank between them.
std::string switch_names();

} // namespace liveconnect::simulation
