#include "tests/tidy/rules.hpp"
#include "tests/tidy/text.hpp"

namespace liveconnect::tidy {

size_t branches_in(std::string_view body) {
  static const std::set<std::string> words{"if", "for", "while", "case", "catch"};
  const auto text = without_texts(body);
  size_t out = 1;
  for_each_word(text, [&](const std::string& word, size_t) { out += words.count(word); });
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "||") == 0) {
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

} // namespace liveconnect::tidy
