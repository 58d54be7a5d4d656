#include <regex>

#include "tests/tidy/rules.hpp"
#include "tests/tidy/text.hpp"

namespace liveconnect::tidy {

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

/// The files that a name in a table stands for.
std::vector<std::string> files_named(const tree_index& tree, const std::string& folder,
                                     const std::string& name) {
  const auto path = normalized(joined(folder, name));
  if (has_extension(name, {".*"})) {
    std::vector<std::string> out;
    const auto stem = path.substr(0, path.size() - 1);
    for (const auto* ending : {"hpp", "cpp"})
      if (tree.find(stem + ending) != nullptr)
        out.push_back(stem + ending);
    return out;
  }
  if (tree.find(path) != nullptr)
    return {path};
  auto out = tree.matching(path);
  if (out.empty() && name.find('.') == std::string::npos)
    out = tree.matching(path + ".*");
  return out;
}

/// Whether a table must name the file: in production every source of the folder and of those below
/// that have no table. Folders of tests mirror the others and need no table; one that is there
/// names all sources of its folder.
bool belongs_in_table(const source_file& x, const std::set<std::string>& with_table) {
  return is_source(x.path) && (!is_test(x.path) || with_table.count(folder_of(x.path)) != 0);
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
      if (has_extension(name, {"/"})) {
        if (!tree.has_folder(normalized(joined(folder, name))))
          out.push_back({at(file.path, line), "there is no folder `" + name + "`"});
        continue;
      }
      const auto files = files_named(tree, folder, name);
      if (files.empty())
        out.push_back({at(file.path, line), "`" + name + "` is not there"});
      else if (has_extension(name, {".*"}) && files.size() == 1)
        out.push_back({at(file.path, line), "`" + name + "` is one file: name it"});
      named.insert(files.begin(), files.end());
    }
    if (any)
      with_table.insert(folder);
  }
  for (const auto& file : all) {
    if (!belongs_in_table(file, with_table))
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

} // namespace liveconnect::tidy
