#include "wallet/transfer/common_steps.hpp"

#include <algorithm>
#include <set>

#include "messages/base/error.hpp"
#include "wallet/journal/journal.hpp"

namespace liveconnect::wallet {

caf::expected<step_report> check_servers(workspace& space) {
  const auto letters = raida::echo_all(*space.port, space.rules.times);
  const auto passed = count_letters(letters).passed;
  if (passed < space.rules.quorum.majority)
    return fail(ec::too_few_servers,
                std::to_string(passed) + " of " + std::to_string(space.servers()) +
                    " answered; a transfer needs " + std::to_string(space.rules.quorum.majority));
  step_report out;
  out.fewest_passes = static_cast<uint8_t>(passed);
  out.text = std::to_string(passed) + " of " + std::to_string(space.servers()) + " servers answer";
  return out;
}

caf::expected<step_report> set_aside_unclaimed(workspace& space, wallet_store& store) {
  // Files first: a transfer has its journal before it has files.
  std::vector<std::pair<folder, std::string>> files;
  for (auto where : {folder::import_, folder::export_}) {
    const auto names = store.list_files(where);
    if (!names)
      return names.error();
    for (auto& x : *names)
      files.emplace_back(where, x);
  }
  step_report out;
  if (files.empty())
    return out;
  const auto open = open_journal_ids(space.files(), space.user.root());
  if (!open)
    return open.error();
  for (auto& x : files) {
    const auto belongs = std::any_of(open->begin(), open->end(), [&](const transfer_id& id) {
      return x.second.find(tag_of(id)) != std::string::npos;
    });
    if (belongs)
      continue;
    if (auto moved = store.move_file(x.first, x.second, folder::trash); !moved)
      return moved.error();
    ++out.notes;
  }
  if (out.notes > 0)
    out.text = std::to_string(out.notes) + (out.notes == 1 ? " file" : " files") + " set aside";
  return out;
}

} // namespace liveconnect::wallet
