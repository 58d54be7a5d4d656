#include "wallet/operations/workspace.hpp"

#include <sodium.h>

#include "messages/base/error.hpp"
#include "wallet/files/transaction_log.hpp"

namespace liveconnect::wallet {

caf::expected<workspace> workspace::open(file_ops& files, raida::raida_port& port,
                                         note_holds& holds, const wallet_paths& paths,
                                         const std::string& wallet_name,
                                         const wallet_rules& rules) {
  if (!is_wallet_name(wallet_name))
    return fail(ec::bad_argument, "wallet name");
  if (!raida::is_sound(rules.quorum) || port.servers() != rules.quorum.servers)
    return fail(ec::bad_config, "servers and quorum do not fit");
  auto user = wallet_store::open_or_create(files, paths.user(wallet_name), wallet_name);
  if (!user)
    return user.error();
  auto sender = wallet_store::open_or_create(files, paths.sender(wallet_name), "Sender");
  if (!sender)
    return sender.error();
  auto receiver = wallet_store::open_or_create(files, paths.receiver(wallet_name), "Receiver");
  if (!receiver)
    return receiver.error();
  return workspace{
      std::move(*user),          std::move(*sender), std::move(*receiver), &port, &holds, rules,
      paths.data / "liveconnect"};
}

opened_record workspace::opened(journal_kind kind, const transfer_id& id,
                                const transfer_id& parent) const {
  opened_record out;
  out.kind = kind;
  out.id = id;
  out.parent = parent;
  out.at = now();
  out.servers = static_cast<uint8_t>(servers());
  return out;
}

transfer_id draw_transfer_id() {
  transfer_id out;
  randombytes_buf(out.value.data(), out.value.size());
  return out;
}

std::vector<note_id> ids_of(const std::vector<note>& notes) {
  std::vector<note_id> out;
  out.reserve(notes.size());
  for (auto& x : notes)
    out.push_back(x.id);
  return out;
}

std::vector<note> notes_of(const std::vector<stored_note>& stored) {
  std::vector<note> out;
  out.reserve(stored.size());
  for (auto& x : stored)
    out.push_back(x.value);
  return out;
}

caf::error relocate(wallet_store& store, const std::vector<note_id>& ids, folder from, folder to) {
  if (ids.empty())
    return {};
  const auto copies = store.find(ids, {from});
  if (!copies)
    return copies.error();
  for (auto& x : *copies)
    if (auto moved = store.move_file(from, x.file, to); !moved)
      return moved.error();
  return {};
}

caf::error retire(wallet_store& store, const std::vector<note_id>& ids, folder from) {
  if (ids.empty())
    return {};
  const auto copies = store.find(ids, {from});
  if (!copies)
    return copies.error();
  for (auto& x : *copies)
    if (auto err = store.remove_file(from, x.file))
      return err;
  return {};
}

caf::error put_graded(wallet_store& store, folder where, const std::vector<note>& notes,
                      const std::string& tag) {
  std::vector<note> open;
  std::vector<note> plain;
  for (auto& x : notes)
    (x.pans.empty() ? plain : open).push_back(x);
  if (!plain.empty())
    if (auto err = store.put(where, plain, pans::without, tag))
      return err;
  if (!open.empty())
    if (auto err = store.put(where, open, pans::with, tag))
      return err;
  return {};
}

std::string tag_of(const transfer_id& id) {
  return to_string(id).substr(0, 12);
}

namespace {

// Sum of the user's Bank and Fracked.
caf::expected<amount> user_total(workspace& space) {
  const auto listing = space.user.list({folder::bank, folder::fracked});
  if (!listing)
    return listing.error();
  amount out;
  for (auto& x : listing->notes)
    if (!out.add(value_of(x.value)))
      return fail(ec::internal, "balance overflows");
  return out;
}

} // namespace

void log_to_user(workspace& space, bool deposit, amount sum, const std::string& remarks,
                 const std::string& description) {
  const auto balance = user_total(space);
  if (!balance)
    return;
  transaction row;
  row.kind = deposit ? transaction_kind::deposit : transaction_kind::withdraw;
  row.when = space.wall();
  row.sum = sum;
  row.balance_after = *balance;
  row.remarks = remarks;
  row.description = description;
  (void)log_transaction(space.files(), space.user.root(), row);
}

} // namespace liveconnect::wallet
