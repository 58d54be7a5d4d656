#pragma once

#include "tests/tidy/rules.hpp"

/// Reads the tree that the rules are about.
namespace liveconnect::tidy {

/// All text files of the tree by path, build folders, data of tests and results of benchmarks
/// aside.
const source_files& the_tree();

/// What ctags (Debian package universal-ctags) finds in the production sources.
struct tags {
  std::vector<function_range> functions;
  /// Functions that headers declare or define: candidates of check_unused_declarations().
  std::vector<declaration> declared;
  /// Every declaration and definition of a function.
  std::vector<declaration> own;
};
/// Runs ctags once. Throws std::runtime_error when it is missing or answers nothing.
const tags& tags_of_the_tree();

/// The one table of which folder may include which (docs/design/architecture.md "Folders and the
/// one direction of dependence").
const arrows& allowed_arrows();

} // namespace liveconnect::tidy
