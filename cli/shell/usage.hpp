#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <caf/error.hpp>

namespace CLI {
class App;
class ParseError;
} // namespace CLI

/// The command line of every program: which command was named, and what is wrong with the words.
namespace liveconnect::cli {

/// Whether JSON was asked for, by --json or the variable (may be null). Mistakes are found before
/// the flags are read, and must be told in JSON too.
bool wants_json(int argc, const char* const* argv, const char* variable = nullptr);

/// The innermost command that the line named.
CLI::App* innermost(CLI::App* at);

/// The mistake in words of ours, with the nearest word: ec::bad_argument, a whole sentence without
/// its full stop, or two ("Unknown command 'sned'. Did you mean 'send'?"). An argument is shown
/// only where it can be no secret.
caf::error usage_error(CLI::App& root, const CLI::ParseError& x);

/// Which function runs for which word of the command line.
template<class Body>
class command_map {
public:
  /// Runs `body` when the command line names `at`.
  void add(CLI::App* at, Body body) { list_.emplace_back(at, std::move(body)); }

  /// The body for the innermost command that was named, nullptr when there is none.
  const Body* find(CLI::App& root) const {
    const auto* named = innermost(&root);
    for (const auto& [app, body] : list_)
      if (app == named)
        return &body;
    return nullptr;
  }

private:
  std::vector<std::pair<CLI::App*, Body>> list_;
};

} // namespace liveconnect::cli
