#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tests/wallet/crash/crash_world.hpp"

namespace liveconnect::test {

/// Every scenario that the suite kills in, in the order of docs/design/safety.md 6.1 K1.
const std::vector<scenario>& all_scenarios();

/// One of them; throws when there is none of that name.
const scenario& scenario_named(const std::string& name);

/// For a scenario's set-up: a coin file of these notes in a directory of the user's own, outside
/// every wallet.
void put_outside(wallet_party& whose, const std::string& file, const std::vector<note>& notes);

/// A scenario and whose program is killed in it: what a test is about.
struct crash_case {
  const scenario* what = nullptr;
  side victim = side::sender;
};

/// Every scenario for every victim it names.
std::vector<crash_case> all_cases();

/// "plain_of_the_sender".
std::string name_of(const crash_case& x);

/// The same, for GoogleTest.
std::ostream& operator<<(std::ostream& out, const crash_case& x);

} // namespace liveconnect::test
