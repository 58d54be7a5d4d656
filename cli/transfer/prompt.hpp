#pragma once

#include <string>

#include <caf/expected.hpp>

#include "cli/transfer/command.hpp"
#include "messages/base/secret.hpp"
#include "messages/money/amount.hpp"

namespace liveconnect::cli {

/// Asks the person at the terminal whether to take this sum. --yes is yes; where nobody can be
/// asked (--no-input, no terminal) the answer is no, and the screen says how to say yes.
bool approve(environment& env, amount sum);

/// Has the person type or paste an invitation at the terminal: its one line, or its whole text up
/// to the line with the key. Fails with ec::bad_argument where nobody can be asked and with
/// ec::stopped on a signal.
caf::expected<secret_bytes> prompt_invitation(environment& env);

} // namespace liveconnect::cli
