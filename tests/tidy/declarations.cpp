#include <algorithm>
#include <regex>

#include "tests/tidy/rules.hpp"
#include "tests/tidy/text.hpp"

namespace liveconnect::tidy {

namespace {

/// Where a name is declared and defined: whole functions, which may call themselves, and whole
/// classes, which name themselves.
class own_lines {
public:
  explicit own_lines(const std::vector<declaration>& own) {
    for (const auto& x : own)
      lines_[{x.path, x.name}].emplace_back(x.line, std::max(x.line, x.last));
  }

  bool has(const std::string& path, const std::string& name, size_t line) const {
    const auto found = lines_.find({path, name});
    return found != lines_.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [&](const auto& x) { return x.first <= line && line <= x.second; });
  }

private:
  std::map<std::pair<std::string, std::string>, std::vector<std::pair<size_t, size_t>>> lines_;
};

/// Whether a class is named here to define its constructor or destructor, or only announced.
bool only_names_a_class(const std::string& line, const std::string& word, size_t position) {
  const auto before = line.substr(0, position);
  const auto behind = line.substr(position + word.size());
  return begins_with(behind, "::" + word + "(") || begins_with(behind, "::~" + word) ||
         (has_extension(" " + before, {word + "::"}) ||
          has_extension(" " + before, {word + "::~"})) ||
         (behind == ";" && (before == "class " || before == "struct "));
}

/// Names among `names` that production sources use outside of their own lines.
std::set<std::string> used_names(const source_files& all, const std::set<std::string>& names,
                                 const own_lines& own) {
  static const std::string atom = "atom::";
  std::set<std::string> out;
  for (const auto& file : all) {
    if (!is_source(file.path) || is_test(file.path))
      continue;
    const auto lines = lines_of(without_texts(file.text));
    for (size_t n = 0; n < lines.size(); ++n)
      for_each_word(lines[n], [&](const std::string& word, size_t position) {
        if (has_extension(" " + lines[n].substr(0, position), {atom}))
          out.insert(atom + word);
        if (names.count(word) != 0 && !only_names_a_class(lines[n], word, position) &&
            !own.has(file.path, word, n + 1))
          out.insert(word);
      });
  }
  return out;
}

} // namespace

findings check_unused_declarations(const source_files& all,
                                   const std::vector<declaration>& declared,
                                   const std::vector<declaration>& own) {
  std::set<std::string> names;
  for (const auto& x : declared)
    names.insert(x.name);
  const auto used = used_names(all, names, own_lines{own});
  const tree_index tree(all);
  findings out;
  std::set<std::pair<std::string, std::string>> found;
  for (const auto& x : declared) {
    const auto* header = tree.find(x.path);
    if (header == nullptr || used.count(x.name) != 0)
      continue;
    if (!has_mark(comment_above(lines_of(header->text), x.line), "for tests") &&
        found.insert({x.path, x.name}).second)
      out.push_back({at(x.path, x.line), x.name + " is used by tests alone, or by nothing"});
  }
  return out;
}

std::vector<declaration> atoms_in(const source_files& all) {
  static const std::regex atom(R"rx(\bCAF_ADD_ATOM\(\s*\w+\s*,\s*[\w:]+\s*,\s*(\w+)\s*[,)])rx");
  std::vector<declaration> out;
  for (const auto& file : all)
    if (is_source(file.path) && !is_test(file.path))
      for (std::sregex_iterator i(file.text.begin(), file.text.end(), atom), end; i != end; ++i) {
        const auto first = line_of(file.text, static_cast<size_t>(i->position()));
        const auto last = line_of(file.text, static_cast<size_t>(i->position(1)));
        out.push_back({file.path, "atom::" + (*i)[1].str(), first, last});
      }
  return out;
}

} // namespace liveconnect::tidy
