#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// What a formatter cannot keep true of this tree, as functions from texts to findings. No file is
/// read here; tree.hpp does. Modelled on TigerBeetle's tidy: taste that is not checked does not
/// last. Each section is a source of its own: citations.cpp, readmes.cpp, and so on.
namespace liveconnect::tidy {

/// One file of the tree: its path from the root, with slashes, and what is in it.
struct source_file {
  std::string path;
  std::string text;
};
using source_files = std::vector<source_file>;

/// One thing that is not as it should be.
struct finding {
  /// `path:line`, or a path alone.
  std::string where;
  /// What is wrong, and where it is not plain, what would be right.
  std::string what;
};
using findings = std::vector<finding>;

/// Whether the path ends in one of these, dot included.
bool has_extension(std::string_view path, const std::vector<std::string_view>& endings);
/// The folder that a path lies in; empty for a file at the top.
std::string folder_of(std::string_view path);

// --- citations ---

/// A run of comment lines, joined with blanks where they were broken.
struct comment {
  size_t line = 0;
  std::string text;
};
/// Whether a file is C++, a script or a settings file: one that comments_of() reads.
bool has_comments(std::string_view path);
/// Comments of C++ (`//`, `///`) or of scripts and CMake (`#`), each run of lines as one text.
std::vector<comment> comments_of(const source_file& x);

/// Every citation of a document in a comment or in Markdown must lead somewhere:
///   `docs/protocol.md`            a path from the root; in Markdown from its folder as well
///   `docs/protocol.md 6`          a heading that begins with this number, `and 7` and `, 8` too
///   `docs/design/cli.md "Screens"` a heading, or a paragraph's bold first words
///   `docs/design/safety.md I6`, `... P3`, `... threat 18`
/// and I1..I16 and P1..P6, wherever a comment or a document names one, must be explained in
/// docs/design/safety.md. Relative links of Markdown lead to a file and, behind `#`, to a heading
/// of it. CHANGELOG.md is exempt: what was changed long ago may name what is no longer there.
findings check_citations(const source_files& all);

// --- READMEs ---

/// A README's tables whose first column is headed `File` or `Files` name what is in its folder, in
/// backticks and relative to the README:
///   `name.*`    a header and its source, both there
///   `name.hpp`  this file; `name` alone is short for it where it has no namesake to tell it from
///   `*_name`    all files of that form, one or more
///   `name/`     a folder; its files are in its own README, or follow as `name/file.*`
/// Each of these exists, and every source of the folder is among them. A folder of sources without
/// a table of its own is covered by that of a folder above. Folders of tests mirror the others and
/// need no table, but one that is there names all sources of its folder.
findings check_readme_tables(const source_files& all);

// --- functions ---

/// A function definition as ctags found it. Lines count from 1; `last` is its closing brace's.
struct function_range {
  std::string path;
  std::string name;
  size_t first = 0;
  size_t last = 0;
};

inline constexpr size_t function_lines_max = 70;
inline constexpr size_t function_branches_max = 15;
inline constexpr size_t long_functions_max = 6;
inline constexpr size_t branched_functions_max = 20;

/// 1 and one for each if, for, while, case, catch, &&, || and ? of a body, comments, texts and
/// rvalue references aside.
size_t branches_in(std::string_view body);

/// Functions of more than function_lines_max lines need `// long: REASON` directly above them,
/// those of more than function_branches_max branches `// branches: REASON`; a mark without need is
/// a finding too, and so are more marks than long_functions_max and branched_functions_max.
findings check_function_size(const source_files& all, const std::vector<function_range>& functions);

// --- declarations ---

/// What a production header declares: a function, type, constant or atom. Lines count from 1;
/// `last` is that of its closing brace, 0 for what has none.
struct declaration {
  std::string path;
  std::string name;
  size_t line = 0;
  size_t last = 0;
};

/// Declarations of production headers (`declared`) that no production source names outside of its
/// own declarations and definitions (`own`: all of either kind, tests excluded). Names are
/// compared, not overloads or scopes: what shares its name with something used counts as used.
/// `// for tests: REASON` directly above a declaration exempts it.
findings check_unused_declarations(const source_files& all,
                                   const std::vector<declaration>& declared,
                                   const std::vector<declaration>& own);

/// CAF's atoms are declared by a macro, which ctags does not look into.
std::vector<declaration> atoms_in(const source_files& all);

// --- includes ---

/// Which folders a folder's files may include, itself aside. A name that ends in `/` stands for all
/// folders below it too.
using arrows = std::map<std::string, std::set<std::string>>;

/// Every include of one folder's file by another's must be an arrow; a folder that is not in the
/// table is a finding. Tests may include everything; nothing else may include tests. Files that a
/// build writes have no arrows.
findings check_includes(const source_files& all, const arrows& allowed);

/// A document's table of folders (`| Folder | ... | Sees |`) and the table of arrows agree: both
/// name the same folders, and each arrow leads to what the row sees or what that sees in turn.
findings check_documented_arrows(const source_file& text, const arrows& allowed);

/// Circles of includes between folders, each named by the include that closes it.
findings check_folders_are_acyclic(const source_files& all);

// --- small things ---

/// No line of Markdown has more than 120 characters. Table rows too: a row that does not fit is two
/// rows, or a list. Links alone on a line are exempt, since they cannot be broken.
findings check_markdown_width(const source_files& all);

/// Tests and suites are named in snake_case, a test by a claim of two words or more.
findings check_test_names(const source_files& all);

/// The mutants of the code and the rows of tests/mutants.txt are the same. A rule that stands in
/// two places is broken in both by one mutant; it has one row.
findings check_mutants(const source_files& all);

/// Separators broken in two, sleeps in tests, and paths of one machine.
findings check_small_things(const source_files& all);

} // namespace liveconnect::tidy
