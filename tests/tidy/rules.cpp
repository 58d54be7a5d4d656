#include "tests/tidy/rules.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <optional>
#include <regex>
#include <sstream>

namespace liveconnect::tidy {

namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos)
      break;
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string trimmed(std::string_view x) {
  const auto first = x.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return {};
  return std::string{x.substr(first, x.find_last_not_of(" \t\r") - first + 1)};
}

std::string at(const std::string& path, size_t line) {
  return path + ":" + std::to_string(line);
}

bool is_source(std::string_view path) {
  return has_extension(path, {".cpp", ".hpp"});
}

bool is_test(std::string_view path) {
  return path.substr(0, 6) == "tests/";
}

bool begins_with(std::string_view x, std::string_view prefix) {
  return x.substr(0, prefix.size()) == prefix;
}

std::string joined(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string{name} : folder + "/" + std::string{name};
}

/// Characters, not bytes: what follows the first byte of one in UTF-8 does not count.
size_t width_of(std::string_view x) {
  return static_cast<size_t>(
      std::count_if(x.begin(), x.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// `path` with `.` and `..` resolved.
std::string normalized(const std::string& path) {
  std::vector<std::string> parts;
  std::istringstream in(path);
  for (std::string part; std::getline(in, part, '/');) {
    if (part == "..") {
      if (!parts.empty())
        parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string out;
  for (const auto& part : parts)
    out += (out.empty() ? "" : "/") + part;
  return out;
}

/// Paths of the tree, and the folders on the way to them.
class tree_index {
public:
  explicit tree_index(const source_files& all) {
    for (const auto& file : all) {
      files_.emplace(file.path, &file);
      for (auto folder = folder_of(file.path); !folder.empty(); folder = folder_of(folder))
        folders_.insert(folder);
    }
  }

  const source_file* find(const std::string& path) const {
    const auto found = files_.find(path);
    return found == files_.end() ? nullptr : found->second;
  }

  bool has(const std::string& path) const { return find(path) != nullptr || has_folder(path); }
  bool has_folder(const std::string& path) const { return folders_.count(path) != 0; }

private:
  std::map<std::string, const source_file*> files_;
  std::set<std::string> folders_;
};

/// What a document offers to citations.
struct document {
  std::vector<std::string> headings;
  std::string text;

  explicit document(std::string_view from) : text(from) {
    bool code = false;
    for (const auto& line : lines_of(from)) {
      if (begins_with(line, "```"))
        code = !code;
      if (!code && begins_with(line, "#"))
        headings.push_back(trimmed(line.substr(line.find_first_not_of('#'))));
    }
  }

  bool has_number(const std::string& number) const {
    return std::any_of(headings.begin(), headings.end(), [&](const std::string& x) {
      return begins_with(x, number) &&
             (x.size() == number.size() || x[number.size()] == ' ' ||
              (x[number.size()] == '.' &&
               (x.size() == number.size() + 1 ||
                std::isdigit(static_cast<unsigned char>(x[number.size() + 1])) == 0)));
    });
  }

  bool has_words(const std::string& words) const {
    return std::any_of(headings.begin(), headings.end(), [&](const std::string& x) {
      return begins_with(x, words) || x.find(" " + words) != std::string::npos;
    });
  }

  /// I6 and P3 are explained by a heading or by a bold name; a threat by its row.
  bool has_code(const std::string& code) const {
    return has_number(code) ||
           std::any_of(headings.begin(), headings.end(),
                       [&](const std::string& x) { return begins_with(x, code + ":"); }) ||
           text.find("**" + code + "**") != std::string::npos ||
           text.find("**" + code + " ") != std::string::npos ||
           text.find("| " + code + " |") != std::string::npos;
  }

  bool has_threat(const std::string& number) const {
    return text.find("| " + number + " |") != std::string::npos;
  }
};

/// Checks what follows a document's name in a citation, as far as it looks like a place in it.
void check_places(const document& cited, const std::string& name, std::string_view rest,
                  const std::string& where, findings& out) {
  static const std::regex place(
      R"rx(^(?:,? and|,|;)?\s*(?:(\d+(?:\.\d+)*)(?![\w%])|([IP]\d+)\b|threats? (\d+)|"([^"]+)"))rx");
  std::string left{rest};
  bool first = true;
  for (std::smatch found; std::regex_search(left, found, place); first = false) {
    // A number behind a comma that names no section begins something else.
    const bool sure = first || left.find_first_of(",;") != 0;
    if (found[1].matched && !cited.has_number(found[1]) && sure)
      out.push_back({where, name + " has no section " + found[1].str()});
    if (found[2].matched && !cited.has_code(found[2]))
      out.push_back({where, name + " does not explain " + found[2].str()});
    if (found[3].matched && !cited.has_threat(found[3]))
      out.push_back({where, name + " has no threat " + found[3].str()});
    if (found[4].matched && !cited.has_words(found[4]))
      out.push_back({where, name + " has no heading \"" + found[4].str() + "\""});
    left = found.suffix();
  }
}

void check_text(const tree_index& tree, const std::map<std::string, document>& documents,
                const std::string& folder, const std::string& text, const std::string& where,
                findings& out) {
  static const std::regex name(R"rx(([\w./-]*\w\.md)\b)rx");
  for (std::sregex_iterator i(text.begin(), text.end(), name), end; i != end; ++i) {
    const auto cited = (*i)[1].str();
    auto path = normalized(cited);
    if (!tree.has(path))
      path = normalized(joined(folder, cited));
    const auto found = documents.find(path);
    if (found == documents.end()) {
      out.push_back({where, "there is no document " + cited});
      continue;
    }
    auto rest = text.substr(static_cast<size_t>(i->position()) + cited.size());
    while (!rest.empty() && (rest.front() == '`' || rest.front() == ' '))
      rest.erase(0, 1);
    check_places(found->second, path, rest, where, out);
  }
}

void check_codes(const document* safety, const std::string& text, const std::string& where,
                 findings& out) {
  static const std::regex code(R"rx((?:^|[\s(,;/])([IP][1-9]\d?)(?=$|[\s),.;:/]))rx");
  for (std::sregex_iterator i(text.begin(), text.end(), code), end; i != end; ++i)
    if (safety == nullptr || !safety->has_code((*i)[1]))
      out.push_back({where, "docs/design/safety.md does not explain " + (*i)[1].str()});
}

/// Relative links: `[text](path#part)`.
void check_links(const tree_index& tree, const source_file& file, findings& out) {
  static const std::regex link(R"rx(\]\(([^)#\s]+)(?:#[^)]*)?\))rx");
  const auto lines = lines_of(file.text);
  for (size_t n = 0; n < lines.size(); ++n)
    for (std::sregex_iterator i(lines[n].begin(), lines[n].end(), link), end; i != end; ++i) {
      const auto to = (*i)[1].str();
      if (to.find("://") == std::string::npos &&
          !tree.has(normalized(joined(folder_of(file.path), to))))
        out.push_back({at(file.path, n + 1), "the link leads nowhere: " + to});
    }
}

} // namespace

bool has_extension(std::string_view path, const std::vector<std::string_view>& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view x) {
    return path.size() > x.size() && path.substr(path.size() - x.size()) == x;
  });
}

std::string folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string{} : std::string{path.substr(0, slash)};
}

std::vector<comment> comments_of(const source_file& x) {
  const bool cpp = is_source(x.path);
  std::vector<comment> out;
  size_t last = 0;
  const auto lines = lines_of(x.text);
  for (size_t n = 0; n < lines.size(); ++n) {
    const auto line = trimmed(lines[n]);
    const std::string_view mark = cpp ? "//" : "#";
    // A comment behind code stands alone; one that begins a line goes on from the line before.
    const auto begins = begins_with(line, mark) ? 0 : line.find(cpp ? " // " : " # ");
    if (begins == std::string::npos)
      continue;
    auto text = line.substr(begins);
    text.erase(0, text.find_first_not_of(cpp ? "/ <" : "# "));
    if (begins == 0 && last + 1 == n + 1 && last != 0) {
      out.back().text += " " + text;
    } else {
      out.push_back({n + 1, text});
    }
    last = begins == 0 ? n + 1 : 0;
  }
  return out;
}

findings check_citations(const source_files& all) {
  const tree_index tree(all);
  std::map<std::string, document> documents;
  for (const auto& file : all)
    if (has_extension(file.path, {".md"}))
      documents.emplace(file.path, document{file.text});
  const auto found = documents.find("docs/design/safety.md");
  const auto* safety = found == documents.end() ? nullptr : &found->second;
  findings out;
  for (const auto& file : all) {
    const auto folder = folder_of(file.path);
    if (has_extension(file.path, {".md"})) {
      // What was changed long ago may name what is no longer there.
      if (file.path != "CHANGELOG.md")
        check_links(tree, file, out);
      continue;
    }
    for (const auto& x : comments_of(file)) {
      const auto where = at(file.path, x.line);
      check_text(tree, documents, folder, x.text, where, out);
      if (is_source(file.path))
        check_codes(safety, x.text, where, out);
    }
  }
  return out;
}

namespace {

/// Names in backticks in the first column of the README's file tables, with the row's line.
std::vector<std::pair<std::string, size_t>> names_in_tables(const source_file& readme, bool& any) {
  static const std::regex name(R"rx(`([^`]+)`)rx");
  std::vector<std::pair<std::string, size_t>> out;
  const auto lines = lines_of(readme.text);
  bool inside = false;
  for (size_t n = 0; n < lines.size(); ++n) {
    const auto& line = lines[n];
    if (!begins_with(line, "|")) {
      inside = false;
      continue;
    }
    const auto first = trimmed(line.substr(1, line.find('|', 1) - 1));
    if (first == "File" || first == "Files" || first == "file" || first == "files") {
      inside = any = true;
      continue;
    }
    if (inside)
      for (std::sregex_iterator i(first.begin(), first.end(), name), end; i != end; ++i)
        out.emplace_back((*i)[1].str(), n + 1);
  }
  return out;
}

/// The paths that a name in a table stands for.
std::vector<std::string> paths_of(const std::string& folder, const std::string& name) {
  const auto path = joined(folder, name);
  if (!has_extension(name, {".*"}))
    return {path};
  const auto stem = path.substr(0, path.size() - 1);
  return {stem + "hpp", stem + "cpp"};
}

/// What a README's table must name: code, and what else people look for in a folder of code.
bool belongs_in_table(const source_file& x) {
  return is_source(x.path) && !is_test(x.path);
}

} // namespace

findings check_readme_tables(const source_files& all) {
  const tree_index tree(all);
  findings out;
  std::set<std::string> named;
  std::set<std::string> with_table;
  for (const auto& file : all) {
    if (file.path != "README.md" && !has_extension(file.path, {"/README.md"}))
      continue;
    const auto folder = folder_of(file.path);
    bool any = false;
    for (const auto& [name, line] : names_in_tables(file, any)) {
      const bool is_folder = has_extension(name, {"/"});
      const auto paths = is_folder ? std::vector<std::string>{normalized(joined(folder, name))}
                                   : paths_of(folder, name);
      const auto there = static_cast<size_t>(std::count_if(
          paths.begin(), paths.end(), [&](const std::string& x) { return tree.has(x); }));
      if (there == 0 || (there == 1 && paths.size() == 2))
        out.push_back({at(file.path, line), there == 0 ? "`" + name + "` is not there"
                                                       : "`" + name + "` is one file: name it"});
      named.insert(paths.begin(), paths.end());
    }
    if (any)
      with_table.insert(folder);
  }
  for (const auto& file : all) {
    if (!belongs_in_table(file))
      continue;
    bool covered = false;
    for (auto folder = folder_of(file.path);; folder = folder_of(folder)) {
      covered = covered || with_table.count(folder) != 0;
      if (folder.empty())
        break;
    }
    if (!covered)
      out.push_back({file.path, "no README of its folder, or of one above, lists files"});
    else if (named.count(file.path) == 0)
      out.push_back({file.path, "its README's table of files does not name it"});
  }
  return out;
}

findings check_markdown_width(const source_files& all) {
  static const std::regex link_alone(R"rx(\s*(?:[-*]\s+)?(?:\[[^\]]*\]:\s*|<)?https?://\S+>?)rx");
  findings out;
  for (const auto& file : all) {
    if (!has_extension(file.path, {".md"}))
      continue;
    const auto lines = lines_of(file.text);
    for (size_t n = 0; n < lines.size(); ++n)
      if (width_of(lines[n]) > 120 && !std::regex_match(lines[n], link_alone))
        out.push_back({at(file.path, n + 1),
                       std::to_string(width_of(lines[n])) + " characters, 120 at most"});
  }
  return out;
}

namespace {

/// The text without comments, and with texts and characters emptied.
std::string without_texts(std::string_view x) {
  std::string out;
  const auto skip_quoted = [&](size_t i, char quote) {
    ++i;
    while (i < x.size() && x[i] != quote && x[i] != '\n')
      i += x[i] == '\\' ? 2 : 1;
    return i;
  };
  for (size_t i = 0; i < x.size(); ++i) {
    const auto rest = x.substr(i);
    if (begins_with(rest, "//")) {
      i = std::min(x.find('\n', i), x.size()) - 1;
    } else if (begins_with(rest, "/*")) {
      i = std::min(x.find("*/", i), x.size() - 2) + 1;
    } else if (begins_with(rest, "R\"")) {
      const auto open = x.find('(', i);
      const auto close = ")" + std::string{x.substr(i + 2, open - i - 2)} + "\"";
      i = std::min(x.find(close, i), x.size() - close.size()) + close.size() - 1;
    } else if (x[i] == '"') {
      i = skip_quoted(i, '"');
    } else if (x[i] == '\'' &&
               (i == 0 || std::isalnum(static_cast<unsigned char>(x[i - 1])) == 0)) {
      i = skip_quoted(i, '\'');
    } else if (x[i] != '\'') {
      out += x[i];
    }
  }
  return out;
}

bool is_word(char x) {
  return std::isalnum(static_cast<unsigned char>(x)) != 0 || x == '_';
}

/// The comment lines directly above a line, joined; the doc comment is among them.
std::string comment_above(const std::vector<std::string>& lines, size_t line) {
  std::string out;
  for (size_t n = line - 1; n > 0; --n) {
    const auto text = trimmed(lines[n - 1]);
    if (!begins_with(text, "//") && !begins_with(text, "template"))
      break;
    out = text + "\n" + out;
  }
  return out;
}

/// `// WORD: reason` in the comment, with a reason of three words or more.
bool has_mark(const std::string& comments, const std::string& word) {
  const std::regex mark("(^|\\n)/// ?" + word + ": \\S+ \\S+ \\S+|(^|\\n)// ?" + word +
                        ": \\S+ \\S+ \\S+");
  return std::regex_search(comments, mark);
}

} // namespace

size_t branches_in(std::string_view body) {
  static const std::set<std::string> words{"if", "for", "while", "case", "catch"};
  const auto text = without_texts(body);
  size_t out = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_word(text[i])) {
      const auto begin = i;
      while (i + 1 < text.size() && is_word(text[i + 1]))
        ++i;
      out += words.count(text.substr(begin, i - begin + 1));
    } else if (text.compare(i, 2, "||") == 0) {
      ++out;
      ++i;
    } else if (text.compare(i, 2, "&&") == 0) {
      // `a && b` has a blank before it; an rvalue reference (`T&& x`) stands at its type.
      if (i > 0 && (text[i - 1] == ' ' || text[i - 1] == '\n'))
        ++out;
      ++i;
    } else if (text[i] == '?') {
      ++out;
    }
  }
  return out;
}

findings check_function_size(const source_files& all,
                             const std::vector<function_range>& functions) {
  findings out;
  std::map<std::string, std::vector<std::string>> lines;
  for (const auto& file : all)
    if (is_source(file.path) && !is_test(file.path))
      lines.emplace(file.path, lines_of(file.text));
  size_t long_ones = 0;
  size_t branched = 0;
  for (const auto& x : functions) {
    const auto found = lines.find(x.path);
    if (found == lines.end() || x.first == 0 || x.last < x.first || x.last > found->second.size())
      continue;
    std::string body;
    for (auto n = x.first; n <= x.last; ++n)
      body += found->second[n - 1] + "\n";
    const auto length = x.last - x.first + 1;
    const auto branches = branches_in(body);
    const auto above = comment_above(found->second, x.first);
    const auto judge = [&](const char* mark, size_t value, size_t most, const char* unit,
                           size_t& count) {
      const bool marked = has_mark(above, mark);
      if (value > most && !marked)
        out.push_back({at(x.path, x.first), x.name + " has " + std::to_string(value) + " " + unit +
                                                ", " + std::to_string(most) +
                                                " at most without `// " + mark + ": reason`"});
      if (value <= most && marked)
        out.push_back({at(x.path, x.first), x.name + " needs no `// " + mark + ":`, it has " +
                                                std::to_string(value) + " " + unit});
      if (value > most)
        ++count;
    };
    judge("long", length, function_lines_max, "lines", long_ones);
    judge("branches", branches, function_branches_max, "branches", branched);
  }
  if (long_ones > long_functions_max)
    out.push_back({"the tree", std::to_string(long_ones) + " long functions, " +
                                   std::to_string(long_functions_max) + " at most"});
  if (branched > branched_functions_max)
    out.push_back({"the tree", std::to_string(branched) + " branched functions, " +
                                   std::to_string(branched_functions_max) + " at most"});
  return out;
}

findings check_unused_declarations(const source_files& all,
                                   const std::vector<declaration>& declared,
                                   const std::vector<declaration>& own) {
  std::set<std::string> names;
  for (const auto& x : declared)
    names.insert(x.name);
  std::map<std::string, std::set<size_t>> own_lines;
  for (const auto& x : own)
    own_lines[x.path + "\n" + x.name].insert(x.line);
  std::set<std::string> used;
  std::map<std::string, std::vector<std::string>> headers;
  for (const auto& file : all) {
    if (!is_source(file.path) || is_test(file.path))
      continue;
    const auto lines = lines_of(file.text);
    for (size_t n = 0; n < lines.size(); ++n) {
      const auto text = without_texts(lines[n]);
      for (size_t i = 0; i < text.size(); ++i) {
        if (!is_word(text[i]))
          continue;
        const auto begin = i;
        while (i + 1 < text.size() && is_word(text[i + 1]))
          ++i;
        const auto word = text.substr(begin, i - begin + 1);
        if (names.count(word) == 0)
          continue;
        const auto mine = own_lines.find(file.path + "\n" + word);
        if (mine == own_lines.end() || mine->second.count(n + 1) == 0)
          used.insert(word);
      }
    }
    if (has_extension(file.path, {".hpp"}))
      headers.emplace(file.path, lines);
  }
  findings out;
  for (const auto& x : declared) {
    const auto header = headers.find(x.path);
    if (header == headers.end() || used.count(x.name) != 0)
      continue;
    if (!has_mark(comment_above(header->second, x.line), "for tests"))
      out.push_back({at(x.path, x.line), x.name + " is used by tests alone, or by nothing"});
  }
  return out;
}

findings check_test_names(const source_files& all) {
  static const std::regex test(
      R"rx(\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+),\s*(\w+))rx");
  static const std::regex suite(R"rx([a-z][a-z0-9]*(?:_[a-z0-9]+)*)rx");
  static const std::regex claim(R"rx([a-z0-9]+(?:_[a-z0-9]+)+)rx");
  findings out;
  for (const auto& file : all) {
    if (!is_test(file.path) || !has_extension(file.path, {"_test.cpp"}))
      continue;
    for (std::sregex_iterator i(file.text.begin(), file.text.end(), test), end; i != end; ++i) {
      const auto line = static_cast<size_t>(
          std::count(file.text.begin(), file.text.begin() + i->position(), '\n') + 1);
      if (!std::regex_match((*i)[1].str(), suite))
        out.push_back({at(file.path, line), "a suite in snake_case, not " + (*i)[1].str()});
      if (!std::regex_match((*i)[2].str(), claim))
        out.push_back({at(file.path, line), "a claim in snake_case, not " + (*i)[2].str()});
    }
  }
  return out;
}

namespace {

/// Calls `visit(including path, line, included path)` for every include with quotes.
void for_each_include(
    const source_files& all,
    const std::function<void(const source_file&, size_t, const std::string&)>& visit) {
  for (const auto& file : all) {
    if (!is_source(file.path))
      continue;
    const auto lines = lines_of(file.text);
    for (size_t n = 0; n < lines.size(); ++n) {
      if (!begins_with(lines[n], "#include \""))
        continue;
      const auto begin = lines[n].find('"') + 1;
      visit(file, n + 1, lines[n].substr(begin, lines[n].find('"', begin) - begin));
    }
  }
}

bool may_see(const arrows& allowed, const std::string& from, const std::string& to) {
  const auto found = allowed.find(from);
  if (found == allowed.end())
    return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](const std::string& x) {
    return x == to || (has_extension(x, {"/"}) && begins_with(to + "/", x));
  });
}

} // namespace

findings check_includes(const source_files& all, const arrows& allowed) {
  findings out;
  std::set<std::string> unknown;
  for_each_include(all, [&](const source_file& file, size_t line, const std::string& included) {
    const auto from = folder_of(file.path);
    const auto to = folder_of(included);
    if (is_test(file.path) || from == to)
      return;
    if (is_test(included)) {
      out.push_back({at(file.path, line), "a test's header is for tests: " + included});
    } else if (allowed.count(from) == 0) {
      if (unknown.insert(from).second)
        out.push_back({from, "the table of arrows does not name this folder"});
    } else if (!may_see(allowed, from, to)) {
      out.push_back({at(file.path, line), from + " may not see " + to});
    }
  });
  return out;
}

findings check_folders_are_acyclic(const source_files& all) {
  std::map<std::string, std::set<std::string>> edges;
  for_each_include(all, [&](const source_file& file, size_t, const std::string& included) {
    const auto from = folder_of(file.path);
    const auto to = folder_of(included);
    if (!is_test(file.path) && from != to)
      edges[from].insert(to);
  });
  // Folders that only see what is done are done; what is left has a circle.
  std::set<std::string> done;
  for (bool again = true; again;) {
    again = false;
    for (auto i = edges.begin(); i != edges.end();) {
      const bool free = std::all_of(i->second.begin(), i->second.end(), [&](const std::string& x) {
        return edges.count(x) == 0 || done.count(x) != 0;
      });
      if (free) {
        done.insert(i->first);
        i = edges.erase(i);
        again = true;
      } else {
        ++i;
      }
    }
  }
  findings out;
  for (const auto& [from, to] : edges)
    for (const auto& x : to)
      if (edges.count(x) != 0)
        out.push_back({from, "is in a circle of folders, or leads to one, by " + x});
  return out;
}

findings check_small_things(const source_files& all) {
  static const std::regex half_separator(R"rx(^\s*// -{20,}\s*$)rx");
  static const std::regex sleeping(R"rx(\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\()rx");
  static const std::regex machine_path(R"rx((^|[^\w.])/(home|Users|work|root)/\w)rx");
  findings out;
  for (const auto& file : all) {
    const bool code = is_source(file.path);
    const bool text = code || has_extension(file.path, {".md", ".txt", ".sh", ".cmake", ".toml"});
    if (!text || file.path == "tests/tidy/rules.cpp" || file.path == "tests/tidy/rules_test.cpp")
      continue;
    const auto lines = lines_of(file.text);
    for (size_t n = 0; n < lines.size(); ++n) {
      if (code && std::regex_match(lines[n], half_separator))
        out.push_back({at(file.path, n + 1), "half a separator"});
      if (code && is_test(file.path) && std::regex_search(without_texts(lines[n]), sleeping))
        out.push_back({at(file.path, n + 1), "a test waits for an event, it does not sleep"});
      if (std::regex_search(lines[n], machine_path))
        out.push_back({at(file.path, n + 1), "a path of one machine"});
    }
  }
  return out;
}

} // namespace liveconnect::tidy
