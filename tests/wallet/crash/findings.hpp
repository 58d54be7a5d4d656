#pragma once

#include <string>
#include <vector>

namespace liveconnect::test {

/// What broke a rule, one sentence each; empty when all held. Answers instead of failing at once,
/// so that a test can also claim that something is found.
using findings = std::vector<std::string>;

} // namespace liveconnect::test
