#include "cli/commands/open_transfers.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/transfer/ask.hpp"
#include "messages/base/printable.hpp"

namespace liveconnect::cli {

json_fields fields_of(const wallet::open_transfer& x) {
  return {{"role", to_string(x.side)},
          {"transfer", to_string(x.id)},
          {"amount", to_string(x.sum)},
          {"notes", x.notes},
          {"state", wallet::to_string(x.state)}};
}

caf::expected<std::vector<wallet::open_transfer>> open_transfers(environment& env, context& all) {
  if (auto err = all.recover(env))
    return err;
  return ask<std::vector<wallet::open_transfer>>(env, all.system(), all.keeper(),
                                                 "Reading the journals", atom::open_transfers_v);
}

void keep_named(std::vector<wallet::open_transfer>& list, const std::string& prefix) {
  list.erase(std::remove_if(list.begin(), list.end(),
                            [&](const wallet::open_transfer& x) {
                              return to_string(x.id).compare(0, prefix.size(), prefix) != 0;
                            }),
             list.end());
}

std::optional<command_end> choose(std::vector<wallet::open_transfer>& open,
                                  const std::string& prefix) {
  keep_named(open, prefix);
  if (open.size() == 1)
    return {};
  const auto shown = printable(prefix, 40);
  auto end = open.empty()
                 ? advice{fmt::format("No open transfer begins with '{}'.", shown),
                          "Run 'liveconnect resume' without an id to see what is open; a transfer "
                          "that is closed needs nothing more."}
                 : advice{fmt::format("{} open transfers begin with '{}'.", open.size(), shown),
                          "Give more of the id."};
  return failed(
      fail(ec::bad_argument, fmt::format("'{}' names {} open transfers", shown, open.size())),
      json_fields::object(), std::move(end));
}

} // namespace liveconnect::cli
