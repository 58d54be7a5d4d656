#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// What a formatter cannot keep true of this tree, as functions from texts to findings. No file is
/// read here; tree.hpp does. Modelled on TigerBeetle's tidy: taste that is not checked does not
/// last.
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
/// Comments of C++ (`//`, `///`) or of scripts and CMake (`#`), each run of lines as one text.
std::vector<comment> comments_of(const source_file& x);

/// Every citation of a document in a comment or in Markdown must lead somewhere:
///   `docs/protocol.md`            a path from the root, or from the citing file's folder
///   `docs/protocol.md 6`          a heading that begins with this number, `and 7` and `, 8` too
///   `docs/design/cli.md "Screens"` a heading that begins with these words
///   `docs/design/safety.md I6`, `... P3`, `... threat 18`
/// and I1..I15 and P1..P6, wherever a comment names one, must be explained in
/// docs/design/safety.md. Relative links of Markdown must lead to a file.
findings check_citations(const source_files& all);

// --- READMEs ---

/// A README's tables whose first column is headed `File` or `Files` name what is in its folder:
/// every name in backticks there exists (`name.*` stands for .hpp and .cpp), relative to the
/// README; every source of a folder that has such a table is in it, and a folder with sources and
/// without such a table is covered by the one of a folder above. Test folders mirror others and are
/// exempt.
findings check_readme_tables(const source_files& all);

/// No line of Markdown has more than 120 characters. Table rows too: a row that does not fit is two
/// rows, or a list. Links alone on a line are exempt, since they cannot be broken.
findings check_markdown_width(const source_files& all);

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

/// A function that a production header declares (ctags), at this line.
struct declaration {
  std::string path;
  std::string name;
  size_t line = 0;
};

/// Functions of production headers that no production source names outside of their own
/// declarations and definitions (`own`: all of either kind, tests excluded). `// for tests: REASON`
/// directly above a declaration exempts it.
findings check_unused_declarations(const source_files& all,
                                   const std::vector<declaration>& declared,
                                   const std::vector<declaration>& own);

// --- names, includes, small things ---

/// Tests and suites are named in snake_case, a test by a claim of two words or more.
findings check_test_names(const source_files& all);

/// Which folders a folder's files may include, itself aside. A name that ends in `/` stands for all
/// folders below it too.
using arrows = std::map<std::string, std::set<std::string>>;

/// Every include of one folder's file by another's must be an arrow; a folder that is not in the
/// table is a finding. Tests may include everything; nothing else may include tests.
findings check_includes(const source_files& all, const arrows& allowed);

/// Whether the includes between folders form a circle; names one.
findings check_folders_are_acyclic(const source_files& all);

/// Separators broken in two, sleeps in tests, and paths of one machine.
findings check_small_things(const source_files& all);

} // namespace liveconnect::tidy
