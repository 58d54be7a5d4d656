#include "tests/tidy/text.hpp"

#include <algorithm>
#include <cctype>
#include <regex>
#include <sstream>

namespace liveconnect::tidy {

namespace {

/// The last character of the text or character literal that begins at `i`.
size_t end_of_quoted(std::string_view x, size_t i) {
  const auto quote = x[i];
  for (++i; i < x.size() && x[i] != quote && x[i] != '\n'; ++i)
    if (x[i] == '\\')
      ++i;
  return i;
}

/// The last character of the raw text that begins at `i`.
size_t end_of_raw_text(std::string_view x, size_t i) {
  const auto open = x.find('(', i);
  if (open == std::string_view::npos)
    return x.size() - 1;
  const auto close = ")" + std::string{x.substr(i + 2, open - i - 2)} + "\"";
  return std::min(x.find(close, open), x.size() - close.size()) + close.size() - 1;
}

/// Whether a line of code is the begin of a declaration that the next line goes on with: a return
/// type or template parameters on lines of their own.
bool goes_on(const std::string& line) {
  if (line.empty() || line.front() == '#')
    return false;
  if (begins_with(line, "template") || begins_with(line, "[["))
    return true;
  return std::string_view{";{}:)"}.find(line.back()) == std::string_view::npos;
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

bool is_word(char x) {
  return std::isalnum(static_cast<unsigned char>(x)) != 0 || x == '_';
}

std::string without_texts(std::string_view x) {
  std::string out;
  for (size_t i = 0; i < x.size(); ++i) {
    const auto begin = i;
    const auto rest = x.substr(i);
    if (begins_with(rest, "//"))
      i = std::min(x.find('\n', i), x.size()) - 1;
    else if (begins_with(rest, "/*"))
      i = std::min(x.find("*/", i + 2), x.size() - 2) + 1;
    else if (begins_with(rest, "R\"") && (i == 0 || !is_word(x[i - 1])))
      i = end_of_raw_text(x, i);
    else if (x[i] == '"')
      i = end_of_quoted(x, i);
    else if (x[i] == '\'' && (i == 0 || std::isxdigit(static_cast<unsigned char>(x[i - 1])) == 0))
      i = end_of_quoted(x, i);
    else
      out += x[i];
    const auto skipped = x.substr(begin, i + 1 - begin);
    if (skipped.size() > 1)
      out.append(static_cast<size_t>(std::count(skipped.begin(), skipped.end(), '\n')), '\n');
  }
  return out;
}

void for_each_word(const std::string& text,
                   const std::function<void(const std::string&, size_t)>& visit) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!is_word(text[i]))
      continue;
    const auto begin = i;
    while (i + 1 < text.size() && is_word(text[i + 1]))
      ++i;
    visit(text.substr(begin, i - begin + 1), begin);
  }
}

size_t line_of(const std::string& text, size_t position) {
  return static_cast<size_t>(
      std::count(text.begin(), text.begin() + static_cast<long>(position), '\n') + 1);
}

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

std::string comment_above(const std::vector<std::string>& lines, size_t line) {
  std::string out;
  bool inside = false;
  for (size_t n = line - 1; n > 0; --n) {
    const auto text = trimmed(lines[n - 1]);
    const bool is_comment = begins_with(text, "//");
    if (!is_comment && (inside || !goes_on(text)))
      break;
    inside = is_comment;
    if (is_comment)
      out = text + "\n" + out;
  }
  return out;
}

bool has_mark(const std::string& comments, const std::string& word) {
  const std::regex mark("(^|\\n)///? ?" + word + ": \\S+ \\S+ \\S+");
  return std::regex_search(comments, mark);
}

tree_index::tree_index(const source_files& all) {
  for (const auto& file : all) {
    files_.emplace(file.path, &file);
    for (auto folder = folder_of(file.path); !folder.empty(); folder = folder_of(folder))
      folders_.insert(folder);
  }
}

const source_file* tree_index::find(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : found->second;
}

std::vector<std::string> tree_index::matching(const std::string& path) const {
  std::string pattern;
  for (const char c : path) {
    if (c == '*')
      pattern += "[^/]*";
    else if (is_word(c) || c == '/')
      pattern += c;
    else
      pattern += {'\\', c};
  }
  const std::regex expected(pattern);
  const auto prefix = path.substr(0, path.find('*'));
  std::vector<std::string> out;
  for (auto i = files_.lower_bound(prefix); i != files_.end() && begins_with(i->first, prefix); ++i)
    if (std::regex_match(i->first, expected))
      out.push_back(i->first);
  return out;
}

} // namespace liveconnect::tidy
