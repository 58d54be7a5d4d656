#include "wallet/transfer/closed_answer.hpp"

#include "messages/base/error.hpp"
#include "messages/secure/invitation.hpp"
#include "wallet/journal/journal.hpp"

namespace liveconnect::wallet {

bool owes_answer(const journal_view& view, wall_seconds now) {
  if (view.kind() != journal_kind::sender || !view.closed || view.answers.size() != 1)
    return false;
  const auto invite = parse_invitation(liveconnect::view(view.opened.invitation).text());
  return invite && now < invite->expires_unix;
}

caf::expected<std::vector<journal_view>> answers_owed(workspace& space) {
  const auto ids = closed_journal_ids(space.files(), space.user.root());
  if (!ids)
    return ids.error();
  std::vector<journal_view> out;
  for (auto& id : *ids) {
    const auto records = read_closed_journal(space.files(), space.user.root(), id);
    if (!records || records->empty())
      continue;
    auto over = replay(*records);
    if (over && owes_answer(*over, space.now()))
      out.push_back(std::move(*over));
  }
  return out;
}

caf::error answer_given(workspace& space, const transfer_id& id) {
  auto records = read_closed_journal(space.files(), space.user.root(), id);
  if (!records)
    return records.error();
  const auto over = replay(*records);
  if (!over)
    return over.error();
  if (!over->closed || over->answers.size() != 1)
    return fail(ec::bad_argument, to_string(id) + " owes no answer");
  // Before CLOSED, which stays the last record.
  records->insert(records->end() - 1, encode_moment(record_type::answer, space.now()));
  return scrub_closed_journal(space.files(), space.user.root(), id, *records);
}

} // namespace liveconnect::wallet
