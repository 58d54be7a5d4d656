#pragma once

#include <cstdint>
#include <string>

#include <caf/expected.hpp>

#include "cli/transfer/environment.hpp"
#include "messages/base/secret.hpp"
#include "messages/money/amount.hpp"

namespace liveconnect::cli {

/// Asks the person at the terminal whether to take this sum. --yes is yes; where there is no one to
/// ask (--no-input, no terminal) the answer is no, and the screen says how to say yes.
bool approve(environment& env, amount sum);

/// How a question at the terminal was answered.
enum class consent : uint8_t { yes, no, nobody_to_ask };

/// Asks the person at the terminal to type yes. --yes is yes.
consent confirm(environment& env, const std::string& question);

/// Has the person type or paste an invitation at the terminal: its one line, or its whole text up
/// to the line with the key. Fails with ec::bad_argument where there is no one to ask, and with
/// ec::stopped on a signal.
caf::expected<secret_bytes> prompt_invitation(environment& env);

} // namespace liveconnect::cli
