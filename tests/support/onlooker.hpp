#pragma once

#include <string>
#include <vector>

#include "tests/support/line_proxy.hpp"

namespace liveconnect::test {

/// The message's number in the catalogue (docs/protocol.md 1), read from a line in either notation
/// by nothing but what stands there in clear; 0 when it is no message.
int message_number(const std::string& line);

/// One message that an onlooker saw a client send.
struct said {
  size_t connection = 0;
  int number = 0;
};

/// What clients said, in order, without heartbeats and joins; parts of one body count once.
std::vector<said> conversation(const std::vector<line_proxy::record>& lines);

/// The numbers alone, without the messages that only the table of the original protocol description
/// has (12, 15, 18, 19).
std::vector<int> numbers_of_steps(const std::vector<said>& all);

/// The original protocol description's order of messages (steps 6 to 24), by number.
const std::vector<int>& seed_order();

} // namespace liveconnect::test
