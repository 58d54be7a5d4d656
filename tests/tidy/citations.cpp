#include <algorithm>
#include <cctype>
#include <regex>

#include "tests/tidy/rules.hpp"
#include "tests/tidy/text.hpp"

namespace liveconnect::tidy {

namespace {

/// A heading as links name it: in small letters, blanks as hyphens, without punctuation.
std::string anchor_of(const std::string& heading) {
  std::string out;
  for (const char c : heading) {
    const auto x = static_cast<unsigned char>(c);
    if (c == ' ' || c == '-')
      out += '-';
    else if (is_word(c) || x >= 0x80)
      out += static_cast<char>(std::tolower(x));
  }
  return out;
}

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

  /// A heading, or a paragraph's bold first words.
  bool has_words(const std::string& words) const {
    return text.find("\n**" + words) != std::string::npos ||
           std::any_of(headings.begin(), headings.end(), [&](const std::string& x) {
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

  bool has_anchor(const std::string& anchor) const {
    return std::any_of(headings.begin(), headings.end(),
                       [&](const std::string& x) { return anchor_of(x) == anchor; });
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
    if (begins_with(cited, "//"))
      continue; // An address on the web.
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

/// Relative links: `[text](path#heading)`.
void check_links(const tree_index& tree, const std::map<std::string, document>& documents,
                 const source_file& file, findings& out) {
  static const std::regex link(R"rx(\]\(([^)#\s]*)(?:#([^)\s]*))?\))rx");
  const auto lines = lines_of(file.text);
  for (size_t n = 0; n < lines.size(); ++n)
    for (std::sregex_iterator i(lines[n].begin(), lines[n].end(), link), end; i != end; ++i) {
      const auto to = (*i)[1].str();
      const auto anchor = (*i)[2].str();
      if (to.find("://") != std::string::npos)
        continue;
      const auto path = to.empty() ? file.path : normalized(joined(folder_of(file.path), to));
      const auto cited = documents.find(path);
      // Documents are looked for in the prose too, with what is cited of them.
      if (!tree.has(path) && !has_extension(path, {".md"}))
        out.push_back({at(file.path, n + 1), "the link leads nowhere: " + to});
      else if (!anchor.empty() && cited != documents.end() && !cited->second.has_anchor(anchor))
        out.push_back({at(file.path, n + 1), path + " has no heading #" + anchor});
    }
}

/// The prose of a Markdown file, a text for each run of lines between empty ones, without blocks of
/// code and with a link's target in place of the link.
std::vector<comment> paragraphs_of(const source_file& x) {
  static const std::regex web_link(R"rx(\[([^\]]*)\]\([^)\s]*://[^)\s]*\))rx");
  static const std::regex link(R"rx(\[[^\]]*\]\(([^)#\s]+)[^)]*\))rx");
  std::vector<comment> out;
  bool code = false;
  bool open = false;
  const auto lines = lines_of(x.text);
  for (size_t n = 0; n < lines.size(); ++n) {
    const auto line = trimmed(lines[n]);
    const bool fence = begins_with(line, "```");
    code = code != fence;
    if (code || fence || line.empty()) {
      open = false;
    } else if (open && line.front() != '|') {
      out.back().text += " " + line;
    } else {
      out.push_back({n + 1, line});
      open = true;
    }
  }
  for (auto& paragraph : out)
    paragraph.text =
        std::regex_replace(std::regex_replace(paragraph.text, web_link, "$1"), link, "$1");
  return out;
}

} // namespace

bool has_comments(std::string_view path) {
  return is_source(path) ||
         has_extension(path, {".txt", ".cmake", ".sh", ".py", ".toml", ".service", ".socket",
                              ".conf", ".cfg", ".dict", "/Containerfile"}) ||
         path == "run" || path == "test" || path == ".ci/run";
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
    const bool is_document = has_extension(file.path, {".md"});
    if (!is_document && !has_comments(file.path))
      continue;
    if (is_document) {
      // What was changed long ago may name what is no longer there.
      if (file.path == "CHANGELOG.md")
        continue;
      check_links(tree, documents, file, out);
    }
    const auto folder = is_document ? folder_of(file.path) : std::string{};
    for (const auto& x : is_document ? paragraphs_of(file) : comments_of(file)) {
      const auto where = at(file.path, x.line);
      check_text(tree, documents, folder, x.text, where, out);
      if (is_document || is_source(file.path))
        check_codes(safety, x.text, where, out);
    }
  }
  return out;
}

} // namespace liveconnect::tidy
