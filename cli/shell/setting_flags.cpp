#include "cli/shell/setting_flags.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

namespace liveconnect::cli {

void setting_flags::add_to(CLI::App& app, const std::string& group,
                           const std::vector<std::string>& without) {
  for (const auto& name : table_.names()) {
    if (std::find(without.begin(), without.end(), name.key) != without.end())
      continue;
    const auto flag = table_.flag_of(name);
    if (name.flag_value != nullptr) {
      app.add_flag(flag, switches_[name.key], name.help)->group(group);
      continue;
    }
    auto* option = app.add_option(flag, values_[name.key], name.help)->group(group);
    if (name.list_of != nullptr)
      option->type_name(name.list_of)
          ->expected(1, -1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    else
      option->expected(1)->type_name("")->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  }
}

settings_layer setting_flags::layer() const {
  settings_layer out;
  for (const auto& name : table_.names()) {
    const auto flag = table_.flag_of(name);
    if (const auto i = switches_.find(name.key); i != switches_.end() && i->second)
      out[name.key] = {{name.flag_value}, flag};
    if (const auto i = values_.find(name.key); i != values_.end() && !i->second.empty())
      out[name.key] = {i->second, flag};
  }
  return out;
}

} // namespace liveconnect::cli
