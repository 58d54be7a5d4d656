#pragma once

#include <functional>

#include "tests/tidy/rules.hpp"

/// What the rules have in common: texts, their lines and words, and names of files.
namespace liveconnect::tidy {

// --- texts ---

std::vector<std::string> lines_of(std::string_view text);
/// Without blanks at both ends.
std::string trimmed(std::string_view x);
bool begins_with(std::string_view x, std::string_view prefix);
/// Whether the character may be part of a name in C++.
bool is_word(char x);
/// Calls `visit(word, position)` for every word of the text.
void for_each_word(const std::string& text,
                   const std::function<void(const std::string&, size_t)>& visit);
/// The number of the line that a position is in; lines count from 1.
size_t line_of(const std::string& text, size_t position);

// --- C++ ---

/// C++ without comments, and with texts and characters emptied; every line keeps its number.
std::string without_texts(std::string_view x);
/// The comment lines directly above a declaration whose name is in `line`, joined; the doc comment
/// is among them.
std::string comment_above(const std::vector<std::string>& lines, size_t line);
/// `// WORD: reason` in the comment, with a reason of three words or more.
bool has_mark(const std::string& comments, const std::string& word);

// --- paths ---

bool is_source(std::string_view path);
bool is_test(std::string_view path);
/// `path:line`, as findings name a place.
std::string at(const std::string& path, size_t line);
std::string joined(const std::string& folder, std::string_view name);
/// `path` with `.` and `..` resolved.
std::string normalized(const std::string& path);

/// Paths of the tree, and the folders on the way to them. Borrows the files.
class tree_index {
public:
  explicit tree_index(const source_files& all);

  /// Null when there is no such file.
  const source_file* find(const std::string& path) const;
  bool has_folder(const std::string& path) const { return folders_.count(path) != 0; }
  bool has(const std::string& path) const { return find(path) != nullptr || has_folder(path); }

  /// Files whose paths match; `*` stands for any characters but a slash.
  std::vector<std::string> matching(const std::string& path) const;

private:
  std::map<std::string, const source_file*> files_;
  std::set<std::string> folders_;
};

} // namespace liveconnect::tidy
