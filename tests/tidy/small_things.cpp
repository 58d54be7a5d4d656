#include <algorithm>
#include <map>
#include <regex>

#include "tests/tidy/rules.hpp"
#include "tests/tidy/text.hpp"

namespace liveconnect::tidy {

namespace {

/// Characters, not bytes: what follows the first byte of one in UTF-8 does not count.
size_t width_of(std::string_view x) {
  return static_cast<size_t>(
      std::count_if(x.begin(), x.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// Whether a line names a folder that only one machine has.
bool names_a_machine(const std::string& path, const std::string& line) {
  for (const std::string name : {"home", "Users", "work", "root"}) {
    const auto x = "/" + name + "/";
    for (auto i = line.find(x); i != std::string::npos; i = line.find(x, i + 1)) {
      const bool begins = i == 0 || (!is_word(line[i - 1]) && line[i - 1] != '.');
      if (begins && i + x.size() < line.size() && is_word(line[i + x.size()]))
        return true;
    }
  }
  // The guide at the top tries things out in /tmp/lc; where else it is named, it was left behind.
  return path != "README.md" && line.find("/tmp/lc") != std::string::npos;
}

/// Whether a line is nothing but a comment of hyphens: the second half of a separator.
bool is_half_separator(const std::string& line) {
  const auto text = trimmed(line);
  return text.size() > 20 && begins_with(text, "// -") &&
         text.find_first_not_of('-', 3) == std::string::npos;
}

} // namespace

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

findings check_test_names(const source_files& all) {
  static const std::regex test(
      R"rx(\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+),\s*(\w+))rx");
  static const std::regex suite(R"rx([a-z][a-z0-9]*(?:_[a-z0-9]+)*)rx");
  static const std::regex claim(R"rx([a-z0-9]+(?:_[a-z0-9]+)+)rx");
  findings out;
  for (const auto& file : all) {
    if (!is_test(file.path) || !has_extension(file.path, {"_test.cpp"}))
      continue;
    const auto text = without_texts(file.text);
    for (std::sregex_iterator i(text.begin(), text.end(), test), end; i != end; ++i) {
      const auto line = line_of(text, static_cast<size_t>(i->position()));
      if (!std::regex_match((*i)[1].str(), suite))
        out.push_back({at(file.path, line), "a suite in snake_case, not " + (*i)[1].str()});
      if (!std::regex_match((*i)[2].str(), claim))
        out.push_back({at(file.path, line), "a claim in snake_case, not " + (*i)[2].str()});
    }
  }
  return out;
}

findings check_mutants(const source_files& all) {
  static const std::regex call(R"rx(\bLC_MUTANT\((\w+)\))rx");
  static const std::regex row(R"rx(^(\w+)\s*\|)rx");
  findings out;
  std::map<std::string, std::string> in_code;
  std::map<std::string, std::string> in_table;
  const auto collect = [](const source_file& file, const std::regex& what,
                          std::map<std::string, std::string>& to) {
    std::vector<std::string> again;
    const auto lines = lines_of(file.text);
    for (size_t n = 0; n < lines.size(); ++n)
      for (std::sregex_iterator i(lines[n].begin(), lines[n].end(), what), end; i != end; ++i)
        if (!to.emplace((*i)[1].str(), at(file.path, n + 1)).second)
          again.push_back((*i)[1].str());
    return again;
  };
  for (const auto& file : all) {
    if (file.path == "tests/mutants.txt")
      for (const auto& name : collect(file, row, in_table))
        out.push_back({file.path, "a second row of mutant " + name});
    else if (is_source(file.path) && !is_test(file.path) &&
             file.path != "messages/base/mutants.hpp")
      collect(file, call, in_code);
  }
  for (const auto& [name, where] : in_code)
    if (in_table.count(name) == 0)
      out.push_back({where, "mutant " + name + " is not in tests/mutants.txt"});
  for (const auto& [name, where] : in_table)
    if (in_code.count(name) == 0)
      out.push_back({where, "mutant " + name + " is not in the code"});
  return out;
}

findings check_small_things(const source_files& all) {
  static const std::regex sleeping(R"rx(\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\()rx");
  findings out;
  for (const auto& file : all) {
    const bool code = is_source(file.path);
    // These rules write down what they look for.
    if (code && folder_of(file.path) == "tests/tidy")
      continue;
    const auto lines = lines_of(file.text);
    for (size_t n = 0; n < lines.size(); ++n) {
      if (code && is_half_separator(lines[n]))
        out.push_back({at(file.path, n + 1), "half a separator"});
      if (code && is_test(file.path) && lines[n].find("sleep") != std::string::npos &&
          std::regex_search(without_texts(lines[n]), sleeping))
        out.push_back({at(file.path, n + 1), "a test waits for an event, it does not sleep"});
      if (names_a_machine(file.path, lines[n]))
        out.push_back({at(file.path, n + 1), "a path of one machine"});
    }
  }
  return out;
}

} // namespace liveconnect::tidy
