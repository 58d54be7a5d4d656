#pragma once

namespace liveconnect::bench {

/// Reads the command line, runs the command, writes the last line; the process's exit code
/// (docs/design/cli.md "Exit codes"): 0 done, 1 error or a goal missed, 2 usage, 3 not reachable,
/// 75 refused for now, 130/143 stopped by a signal.
int run(int argc, const char* const* argv);

} // namespace liveconnect::bench
