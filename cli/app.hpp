#pragma once

namespace liveconnect::cli {

/// The whole program: reads the command line, lays the settings over each other, runs the command,
/// shows its error, writes the last line, and returns the exit code (docs/design/cli.md "Exit
/// codes"). Expects libsodium to be initialised and no other thread to exist.
int run(int argc, const char* const* argv);

} // namespace liveconnect::cli
