#include "cli/shell/command.hpp"

#include <CLI/CLI.hpp>

namespace liveconnect::cli {

const command_body* command_table::find() const {
  const command_body* best = nullptr;
  size_t best_depth = 0;
  for (const auto& [app, body] : list_) {
    if (!app->parsed())
      continue;
    size_t depth = 1;
    for (auto parent = app->get_parent(); parent != nullptr; parent = parent->get_parent())
      ++depth;
    if (depth > best_depth) {
      best = &body;
      best_depth = depth;
    }
  }
  return best;
}

advice words_of(const command_end& end) {
  auto out = end.signal != 0 ? advice_for_signal(end.signal) : advice_for(end.failure);
  if (!end.words.what.empty())
    out.what = end.words.what;
  if (!end.words.what_to_do.empty())
    out.what_to_do = end.words.what_to_do;
  return out;
}

} // namespace liveconnect::cli
