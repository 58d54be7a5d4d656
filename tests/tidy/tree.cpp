#include "tests/tidy/tree.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace liveconnect::tidy {

namespace {

namespace fs = std::filesystem;

const fs::path& root() {
  static const fs::path out = fs::path{LIVECONNECT_TEST_DATA}.parent_path();
  return out;
}

std::string text_of(const fs::path& x) {
  std::ifstream in(x, std::ios::binary);
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// What a build, git or an editor left in the tree.
bool is_foreign(const std::string& path) {
  return path == "build" || path == ".git" || path == ".cache" || path == "__pycache__";
}

/// Data of tests and results of benchmarks: the rules know their names, not what is in them.
bool is_data(const std::string& path) {
  for (const auto* x : {"tests/vectors/", "tests/fuzz/corpus/", "benchmarks/results/"})
    if (path.rfind(x, 0) == 0)
      return !has_extension(path, {"/README.md"});
  return false;
}

source_files read_tree() {
  source_files out;
  for (auto i = fs::recursive_directory_iterator(root()); i != fs::recursive_directory_iterator();
       ++i) {
    const auto path = i->path().lexically_relative(root()).generic_string();
    // In a second working tree of a clone, .git is a file.
    if (is_foreign(path)) {
      if (i->is_directory())
        i.disable_recursion_pending();
    } else if (i->is_regular_file()) {
      out.push_back({path, is_data(path) ? std::string{} : text_of(i->path())});
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return out;
}

/// Answers ctags' lines for the files named in `list`.
std::vector<std::string> run_ctags(const fs::path& list) {
  const auto command = "cd '" + root().string() +
                       "' && ctags --languages=C++ --c++-kinds=fpcsugtexv --fields=+neK "
                       "--output-format=json -L '" +
                       list.string() + "' -f - 2>&1";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  if (!pipe)
    throw std::runtime_error("cannot run ctags");
  std::vector<std::string> out;
  std::string line;
  for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) {
    if (c != '\n') {
      line += static_cast<char>(c);
      continue;
    }
    out.push_back(std::move(line));
    line.clear();
  }
  return out;
}

/// What CAF and the standard library look for by its name.
bool is_called_by_libraries(const std::string& name) {
  return name == "inspect" || name == "allocate" || name == "deallocate" || name == "value_type";
}

tags read_tags() {
  const auto list =
      fs::temp_directory_path() / ("liveconnect-tidy-" + std::to_string(::getpid()) + ".txt");
  {
    std::ofstream names(list);
    for (const auto& file : the_tree())
      if (has_extension(file.path, {".cpp", ".hpp"}) && file.path.rfind("tests/", 0) != 0)
        names << file.path << '\n';
  }
  const auto lines = run_ctags(list);
  fs::remove(list);
  tags out;
  for (const auto& line : lines) {
    const auto x = nlohmann::json::parse(line, nullptr, false);
    if (!x.is_object() || x.value("_type", "") != "tag")
      continue;
    const auto path = x.value("path", "");
    const auto name = x.value("name", "");
    const auto first = x.value("line", size_t{0});
    // Operators and destructors have no name to look for; constructors carry their class's.
    const auto scope = x.value("scope", "");
    const bool nameless = name.empty() || name.rfind("operator", 0) == 0 || name[0] == '~' ||
                          name.rfind("__anon", 0) == 0 || scope == name ||
                          has_extension(scope, {"::" + name}) || is_called_by_libraries(name);
    const auto last = x.value("end", size_t{0});
    const auto kind = x.value("kind", "");
    out.own.push_back({path, name, first, last});
    if (kind == "function" && last != 0)
      out.functions.push_back({path, name, first, last});
    if (has_extension(path, {".hpp"}) && !nameless)
      out.declared.push_back({path, name, first, last});
  }
  for (const auto& atom : atoms_in(the_tree())) {
    out.own.push_back(atom);
    out.declared.push_back(atom);
  }
  if (out.functions.empty())
    throw std::runtime_error("ctags found nothing; is universal-ctags installed? " +
                             (lines.empty() ? std::string{} : lines.front()));
  return out;
}

} // namespace

const source_files& the_tree() {
  static const auto out = read_tree();
  return out;
}

const tags& tags_of_the_tree() {
  static const auto out = read_tags();
  return out;
}

const arrows& allowed_arrows() {
  static const arrows out{
      {"messages/base", {}},
      {"messages/money", {"messages/base"}},
      {"messages/wire", {"messages/base", "messages/money"}},
      {"messages/secure", {"messages/base", "messages/money", "messages/wire"}},
      {"messages/interfaces", {"messages/base", "messages/money", "messages/wire"}},
      {"actors/io", {"messages/"}},
      {"actors/relay", {"messages/", "actors/io"}},
      {"actors/session", {"messages/"}},
      {"wallet/files", {"messages/"}},
      {"wallet/raida", {"messages/"}},
      {"wallet/raida/client", {"messages/", "wallet/raida"}},
      {"wallet/raida/server", {"messages/", "wallet/raida"}},
      {"wallet/journal", {"messages/", "wallet/files", "wallet/raida"}},
      {"wallet/operations",
       {"messages/", "wallet/files", "wallet/raida", "wallet/raida/client", "wallet/journal"}},
      {"wallet/transfer",
       {"messages/", "wallet/files", "wallet/raida", "wallet/raida/client", "wallet/journal",
        "wallet/operations"}},
      {"wallet",
       {"messages/", "wallet/files", "wallet/raida", "wallet/raida/client", "wallet/journal",
        "wallet/operations", "wallet/transfer"}},
      {"cli/shell", {"messages/base", "messages/money"}},
      {"cli/transfer", {"messages/", "actors/io", "actors/session", "wallet/", "cli/shell"}},
      {"cli/commands", {"messages/", "actors/io", "wallet/", "cli/shell", "cli/transfer"}},
      {"cli/demo", {"messages/", "wallet/", "cli/shell", "cli/transfer"}},
      {"cli", {"messages/base", "actors/io", "cli/"}},
      {"relay/status", {"messages/", "actors/io", "actors/relay"}},
      {"relay/admin", {"messages/", "actors/io"}},
      {"relay",
       {"messages/", "actors/io", "actors/relay", "cli/shell", "relay/status", "relay/admin"}},
      {"benchmarks/figures", {"messages/base"}},
      {"benchmarks/subjects", {"messages/", "cli/shell", "cli/demo", "benchmarks/figures"}},
      {"benchmarks/load", {"messages/", "cli/shell", "benchmarks/figures", "benchmarks/subjects"}},
      {"benchmarks/questions",
       {"messages/", "wallet/files", "cli/shell", "cli/transfer", "cli/demo", "benchmarks/figures",
        "benchmarks/subjects", "benchmarks/load"}},
      {"benchmarks/report",
       {"messages/", "cli/shell", "benchmarks/figures", "benchmarks/subjects", "benchmarks/load",
        "benchmarks/questions"}},
      {"benchmarks/program",
       {"messages/", "cli/shell", "benchmarks/figures", "benchmarks/subjects", "benchmarks/load",
        "benchmarks/questions", "benchmarks/report"}},
      {"benchmarks", {"benchmarks/program", "messages/base"}},
      {"benchmarks/micro",
       {"messages/", "actors/relay", "wallet/files", "wallet/journal", "benchmarks/figures",
        "benchmarks/subjects", "benchmarks/load", "benchmarks/questions"}},
  };
  return out;
}

} // namespace liveconnect::tidy
