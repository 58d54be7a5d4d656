#include <algorithm>
#include <functional>
#include <regex>
#include <sstream>

#include "tests/tidy/rules.hpp"
#include "tests/tidy/text.hpp"

namespace liveconnect::tidy {

namespace {

/// Calls `visit(including file, line, included path)` for every include of a file of the tree by a
/// file of another folder outside of tests. What a build writes (the commit, say) is not in the
/// tree.
void for_each_arrow(
    const source_files& all,
    const std::function<void(const source_file&, size_t, const std::string&)>& visit) {
  const tree_index tree(all);
  for (const auto& file : all) {
    if (!is_source(file.path) || is_test(file.path))
      continue;
    const auto lines = lines_of(file.text);
    for (size_t n = 0; n < lines.size(); ++n) {
      if (!begins_with(lines[n], "#include \""))
        continue;
      const auto begin = lines[n].find('"') + 1;
      const auto included = lines[n].substr(begin, lines[n].find('"', begin) - begin);
      if (tree.find(included) != nullptr && folder_of(included) != folder_of(file.path))
        visit(file, n + 1, included);
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

std::string without_last_slash(std::string x) {
  if (!x.empty() && x.back() == '/')
    x.pop_back();
  return x;
}

/// Whether a folder is `above`, or lies below it.
bool lies_in(const std::string& folder, const std::string& above) {
  return begins_with(folder + "/", above + "/");
}

/// One row of the document's table of folders.
struct folder_row {
  std::set<std::string> folders;
  std::vector<std::string> sees;
};

/// Rows of tables whose first column is headed `Folder` and whose last is headed `Sees`.
std::vector<folder_row> folder_rows_of(const std::string& text) {
  static const std::regex name(R"rx(`([^`]+)`)rx");
  static const std::regex filler(R"rx(\b(all of|and below)\b)rx");
  static const std::regex head(R"rx(\| *Folder *\|.*\| *Sees *\|\s*)rx");
  std::vector<folder_row> out;
  bool inside = false;
  for (const auto& line : lines_of(text)) {
    const bool is_head = std::regex_match(line, head);
    inside = begins_with(line, "|") && (inside || is_head);
    if (!inside || is_head || begins_with(line, "|-"))
      continue;
    folder_row row;
    const auto first = line.substr(1, line.find('|', 1) - 1);
    for (std::sregex_iterator i(first.begin(), first.end(), name), end; i != end; ++i)
      row.folders.insert(without_last_slash((*i)[1].str()));
    const auto behind = line.rfind('|');
    const auto before = line.rfind('|', behind - 1) + 1;
    std::istringstream sees(std::regex_replace(line.substr(before, behind - before), filler, ""));
    for (std::string one; std::getline(sees, one, ',');)
      row.sees.push_back(trimmed(one));
    out.push_back(std::move(row));
  }
  return out;
}

/// The row that a folder is in: its own, or that of the nearest folder above.
const folder_row* row_of(const std::vector<folder_row>& rows, const std::string& folder) {
  for (auto x = folder; !x.empty(); x = folder_of(x))
    for (const auto& row : rows)
      if (row.folders.count(x) != 0)
        return &row;
  return nullptr;
}

/// Adds what a row sees, and what that sees in turn, to `out`. A name is short where its parent is
/// the row's: `base` in a row of `messages/wire/`.
void add_seen(const std::vector<folder_row>& rows, const folder_row& row,
              std::set<const folder_row*>& out) {
  for (const auto& name : row.sees)
    for (const auto& other : rows) {
      const bool seen =
          std::any_of(other.folders.begin(), other.folders.end(), [&](const std::string& x) {
            return lies_in(x, name) ||
                   std::any_of(row.folders.begin(), row.folders.end(), [&](const std::string& own) {
                     return lies_in(x, joined(folder_of(own), name));
                   });
          });
      if (seen && out.insert(&other).second)
        add_seen(rows, other, out);
    }
}

} // namespace

findings check_includes(const source_files& all, const arrows& allowed) {
  findings out;
  std::set<std::string> unknown;
  for_each_arrow(all, [&](const source_file& file, size_t line, const std::string& included) {
    const auto from = folder_of(file.path);
    const auto to = folder_of(included);
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

findings check_documented_arrows(const source_file& text, const arrows& allowed) {
  const auto rows = folder_rows_of(text.text);
  findings out;
  for (const auto& [from, to] : allowed) {
    const auto* row = row_of(rows, from);
    if (row == nullptr) {
      out.push_back({text.path, "the table of folders does not name " + from});
      continue;
    }
    std::set<const folder_row*> seen{row};
    add_seen(rows, *row, seen);
    for (const auto& x : to) {
      const auto target = without_last_slash(x);
      const bool named = std::any_of(seen.begin(), seen.end(), [&](const folder_row* other) {
        return other == row_of(rows, target) ||
               std::any_of(other->folders.begin(), other->folders.end(),
                           [&](const std::string& folder) { return lies_in(folder, target); });
      });
      if (!named)
        out.push_back({text.path, from + " does not see " + target + " there"});
    }
  }
  for (const auto& row : rows)
    for (const auto& folder : row.folders)
      if (folder != "tests" && std::none_of(allowed.begin(), allowed.end(), [&](const auto& x) {
            return lies_in(x.first, folder);
          }))
        out.push_back({text.path, "the table of arrows does not name " + folder});
  return out;
}

findings check_folders_are_acyclic(const source_files& all) {
  // Each folder's neighbours, with one include that makes them so.
  std::map<std::string, std::map<std::string, std::string>> edges;
  for_each_arrow(all, [&](const source_file& file, size_t line, const std::string& included) {
    edges[folder_of(file.path)].emplace(folder_of(included), at(file.path, line));
  });
  findings out;
  std::set<std::string> done;
  std::vector<std::string> way;
  const std::function<void(const std::string&)> visit = [&](const std::string& folder) {
    way.push_back(folder);
    for (const auto& [to, where] : edges[folder]) {
      const auto begin = std::find(way.begin(), way.end(), to);
      if (begin != way.end()) {
        std::string circle;
        for (auto i = begin; i != way.end(); ++i)
          circle += *i + " -> ";
        out.push_back({where, "closes the circle " + circle + to});
      } else if (done.count(to) == 0) {
        visit(to);
      }
    }
    way.pop_back();
    done.insert(folder);
  };
  std::vector<std::string> folders;
  for (const auto& edge : edges)
    folders.push_back(edge.first);
  for (const auto& folder : folders)
    if (done.count(folder) == 0)
      visit(folder);
  return out;
}

} // namespace liveconnect::tidy
