#include "wallet/operations/complete_change.hpp"

#include <algorithm>

#include "wallet/operations/change_rounds.hpp"

namespace liveconnect::wallet {

namespace {

std::vector<bool> chosen(const std::vector<uint8_t>& servers, size_t count) {
  std::vector<bool> out(count);
  for (auto s : servers)
    if (s < count)
      out[s] = true;
  return out;
}

// The servers of `last` that the change is owed to still, and those that turned out to have given
// the serials away.
owed_record next_try(const owed_record& last, const change_answers& said, wall_seconds now) {
  owed_record out = last;
  out.at = now;
  ++out.tries;
  const auto owed = owed_servers(said);
  out.servers.clear();
  std::set_intersection(last.servers.begin(), last.servers.end(), owed.begin(), owed.end(),
                        std::back_inserter(out.servers));
  for (auto s : last.servers)
    if (said.taken[s])
      out.taken.push_back(s);
  std::sort(out.taken.begin(), out.taken.end());
  return out;
}

caf::error record_try(workspace& space, operation_journal& log, const change_answers& said) {
  const auto next = next_try(*log.view().owed, said, space.now());
  const auto is_over = has_passed(*log.view().owed_since, space.now(), completion_life_seconds);
  if (!next.servers.empty() && !is_over)
    return log.append(encode(next));
  return log.close(closing::done, space.now());
}

} // namespace

caf::error complete_changes(workspace& space, const std::vector<transfer_id>& ids) {
  caf::error failed;
  const auto keep = [&](caf::error err) {
    if (err && !failed)
      failed = std::move(err);
  };
  std::vector<operation_journal> logs;
  std::vector<change_record> changes;
  std::vector<std::vector<bool>> where;
  for (auto& id : ids) {
    auto log = operation_journal::open(space, id);
    if (!log) {
      keep(std::move(log.error()));
      continue;
    }
    const auto& view = log->view();
    if (view.closed) {
      // Killed before the journal was filed.
      keep(log->close(view.closed->how, space.now()));
      continue;
    }
    if (!is_completion(view))
      continue;
    changes.push_back(*view.change);
    where.push_back(chosen(view.owed->servers, space.servers()));
    logs.push_back(std::move(*log));
  }
  if (logs.empty())
    return failed;
  auto said = find_changes(space, changes, where);
  for (size_t i = 0; i < logs.size(); ++i) {
    push_again(space, changes[i], said[i], where[i]);
    keep(record_try(space, logs[i], said[i]));
  }
  return failed;
}

void repeat_changes(workspace& space, const std::vector<change_record>& changes,
                    const std::vector<std::vector<bool>>& where) {
  if (changes.empty())
    return;
  auto said = find_changes(space, changes, where);
  for (size_t i = 0; i < said.size(); ++i)
    push_again(space, changes[i], said[i], where[i]);
}

} // namespace liveconnect::wallet
