#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/shell/settings_table.hpp"

namespace CLI {
class App;
}

namespace liveconnect::cli {

/// The flags of a program's settings, bound to texts: what they mean is the settings' business. It
/// must outlive the parse of every CLI::App that it was added to.
class setting_flags {
public:
  explicit setting_flags(const settings_table& table) : table_(table) {}
  setting_flags(const setting_flags&) = delete;
  setting_flags& operator=(const setting_flags&) = delete;

  /// Adds all flags to `app`, below the heading `group`, save those whose key is in `without`. May
  /// be called for several commands: they then share what was given.
  void add_to(CLI::App& app, const std::string& group,
              const std::vector<std::string>& without = {});

  /// What was given.
  settings_layer layer() const;

private:
  const settings_table& table_;
  std::map<std::string, std::vector<std::string>> values_;
  std::map<std::string, bool> switches_;
};

} // namespace liveconnect::cli
