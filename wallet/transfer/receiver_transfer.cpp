#include "wallet/transfer/receiver_transfer.hpp"

#include <algorithm>
#include <set>

#include <sodium.h>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"
#include "messages/base/mutants.hpp"
#include "messages/secure/manifest.hpp"
#include "messages/secure/receipt.hpp"
#include "wallet/files/local_receipt.hpp"
#include "wallet/journal/recovery.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/older_copies.hpp"
#include "wallet/transfer/common_steps.hpp"

namespace liveconnect::wallet {

receiver_transfer::receiver_transfer(workspace& space, transfer_terms terms, const secret<32>& seed)
    : space_(&space), terms_(std::move(terms)), seed_(seed) {}

receiver_transfer receiver_transfer::start(workspace& space, const transfer_terms& terms) {
  return {space, terms, secret<32>::random()};
}

caf::expected<receiver_transfer> receiver_transfer::reopen(workspace& space,
                                                           const transfer_id& id) {
  auto log = operation_journal::open(space, id);
  if (!log)
    return log.error();
  if (log->view().opened.servers != 0 && log->view().kind() != journal_kind::receiver)
    return fail(ec::bad_argument, to_string(id) + " is not a transfer that this wallet receives");
  transfer_terms terms;
  terms.side = role::receiver;
  terms.id = id;
  terms.invitation = log->view().opened.invitation;
  receiver_transfer out{space, std::move(terms), log->view().opened.receipt_seed};
  out.log_.emplace(std::move(*log));
  return out;
}

transfer_state receiver_transfer::state() const {
  return log_ ? state_of(log_->view()) : transfer_state::fresh;
}

receipt_key receiver_transfer::key() const {
  receipt_key out;
  out.public_key = signing_key::from_seed(seed_).public_key();
  return out;
}

caf::expected<step_report> receiver_transfer::run(receiver_step step) {
  switch (step) {
  case receiver_step::check_servers:
    return check_servers(*space_);
  case receiver_step::set_aside:
    return set_aside_unclaimed(*space_, space_->receiver);
  case receiver_step::pown:
    // Asked for by a session: the sender is there, and does not take back meanwhile.
    return pown(pown_start::at_once);
  case receiver_step::drop_offer:
    // What was received is made ours whatever the sender says.
    if (!log_ || log_->view().closed || !log_->view().received.empty())
      return step_report{};
    return drop_offer();
  }
  return fail(ec::internal, "unknown step");
}

caf::expected<offer_answer> receiver_transfer::offer(const manifest& x) {
  if (auto err = check(x))
    return err;
  if (log_ && log_->view().offered) {
    if (*log_->view().offered != x)
      return fail(ec::manifest_mismatch, "another manifest was announced before");
    return offer_answer{state()};
  }
  if (!log_) {
    auto opened = space_->opened(journal_kind::receiver, x.id);
    opened.invitation = terms_.invitation;
    opened.receipt_seed = seed_;
    // An id is used once: a transfer that is over does not come back.
    const auto over = is_closed_journal(space_->files(), space_->user.root(), x.id);
    if (!over)
      return over.error();
    if (*over)
      return fail(ec::manifest_mismatch, "this transfer is over");
    // Room for the coins is made when they are here: an announcement costs nothing.
    auto log = operation_journal::create(*space_, opened, 0);
    if (!log)
      return code_of(log.error()) == ec::file_exists
                 ? fail(ec::manifest_mismatch, "this wallet knows the transfer from elsewhere")
                 : log.error();
    log_.emplace(std::move(*log));
    terms_.id = x.id;
  } else if (log_->id() != x.id) {
    return fail(ec::manifest_mismatch, "another transfer is open here");
  }
  if (auto err = log_->append(encode_offered(x)))
    return err;
  return offer_answer{state()};
}

caf::expected<std::vector<note>> receiver_transfer::checked(const coin_payload& coins) const {
  auto& expected = *log_->view().offered;
  std::vector<note> notes;
  std::set<note_id> seen;
  auto counts = expected.by_denomination;
  counts.fill(0);
  amount sum;
  crypto_generichash_state hash;
  digest records{};
  crypto_generichash_init(&hash, nullptr, 0, records.size());
  for (auto& file : coins.files) {
    auto part = parse_coin_file(liveconnect::view(file));
    if (!part)
      return part.error();
    if (part->size() > expected.notes - notes.size())
      return fail(ec::manifest_mismatch, "more notes than announced");
    for (auto& x : *part) {
      if (!is_denomination(x.id.denomination) || x.id.serial > serial_max)
        return fail(ec::bad_coin_file, to_string(x.id) + " cannot exist");
      if (!seen.insert(x.id).second && !LC_MUTANT(serials_are_not_compared))
        return fail(ec::manifest_mismatch, to_string(x.id) + " came twice");
      ++counts[index_of(x.id.denomination)];
      if (!sum.add(value_of(x)))
        return fail(ec::manifest_mismatch, "the sum overflows");
      // PANs and letters from elsewhere mean nothing.
      x.pans.clear();
      x.pown.clear();
      secret_bytes record;
      append_coin_record(record, x);
      crypto_generichash_update(&hash, record.data(), record.size());
      notes.push_back(std::move(x));
    }
  }
  crypto_generichash_final(&hash, records.data(), records.size());
  if (notes.size() != expected.notes || counts != expected.by_denomination || sum != expected.sum)
    return fail(ec::manifest_mismatch, "number or sum of the notes");
  if (records != expected.records)
    return fail(ec::manifest_mismatch, "content of the notes");
  return notes;
}

namespace {

// Why a note is not taken in beside the wallet's copy of it; empty where that copy is in no way.
std::string objection_to(copy_fate x) {
  switch (x) {
  case copy_fate::same:
    return "is in the wallet already";
  case copy_fate::living:
    return "is in the wallet already, and the servers accept the wallet's copy";
  case copy_fate::unknown:
    return "is in the wallet with other numbers, and too few servers tell which are good";
  case copy_fate::dead:
    break;
  }
  return {};
}

} // namespace

caf::error receiver_transfer::require_new(const std::vector<note>& notes) const {
  for (auto store : {&space_->sender, &space_->receiver}) {
    const auto found =
        store->find(ids_of(notes), {folder::bank, folder::fracked, folder::limbo, folder::suspect});
    if (!found)
      return found.error();
    if (!found->empty())
      return fail(ec::manifest_mismatch,
                  to_string(found->front().value.id) + " is in the wallet already");
  }
  const auto copies = judge_copies(*space_, notes);
  if (!copies)
    return copies.error();
  for (auto& [id, fate] : *copies)
    if (const auto why = objection_to(fate); !why.empty())
      return fail(ec::manifest_mismatch, to_string(id) + " " + why);
  return {};
}

std::string receiver_transfer::container_name() const {
  const auto files = space_->receiver.list_files(folder::import_);
  if (files)
    for (auto& x : *files)
      if (x.find(tag_of(log_->id())) != std::string::npos)
        return x;
  return {};
}

caf::expected<step_report> receiver_transfer::receive(const coin_payload& coins) {
  if (!log_ || !log_->view().offered)
    return fail(ec::internal, "nothing was announced");
  const auto notes = checked(coins);
  if (!notes)
    return notes.error();
  step_report out;
  out.notes = log_->view().offered->notes;
  out.value = log_->view().offered->sum;
  out.text = std::to_string(out.notes) + (out.notes == 1 ? " note" : " notes") + " received";
  // The hash is the same, so the notes are.
  if (!log_->view().received.empty())
    return out;
  const auto ids = ids_of(*notes);
  if (!space_->holds->take(ids, log_->id()))
    return fail(ec::manifest_mismatch, "a note is part of another transfer");
  if (auto err = require_new(*notes)) {
    space_->holds->release(ids, log_->id());
    return err;
  }
  if (auto err = log_->make_room(notes->size())) {
    space_->holds->release(ids, log_->id());
    return err;
  }
  LC_ASSERT(total(*notes) == log_->view().offered->sum);
  if (auto err = log_->append(encode_received(*notes)))
    return err;
  // P2: the whole set is durable before the sender hears that it came.
  LC_ASSERT(log_->view().received.size() == log_->view().offered->notes);
  // The container as it came, for the user. The journal alone would do, so a failure here must not
  // tell the sender that nothing was kept.
  (void)space_->receiver.put_container(folder::import_, *notes, tag_of(log_->id()));
  return out;
}

caf::expected<step_report> receiver_transfer::pown(pown_start how) {
  if (!log_ || log_->view().received.empty())
    return fail(ec::internal, "no complete set of notes was received");
  auto& space = *space_;
  const auto before = all_settled(log_->view());
  // require_new() let the set pass although the wallet has copies of its notes: they are dead.
  if (!log_->view().closed)
    if (auto err = set_older_aside(space, log_->view()))
      return err;
  const auto report = log_->view().closed
                          ? report_of(log_->view(), space.servers())
                          : take_ownership(space, *log_, space.receiver, container_name(), how);
  if (!report)
    return report.error();
  if (report->limbo > 0)
    return fail(ec::too_few_servers, std::to_string(report->limbo) + " of " +
                                         std::to_string(log_->view().received.size()) +
                                         " notes wait for enough servers");
  if (!before) {
    log_to_user(space, true, report->value, "LiveConnect receive", to_string(log_->id()));
    // Another owner of the same secrets is shut out for good once every server holds ours (FIX
    // after grading, docs/design/safety.md 2.1). A failure costs nothing: the
    // next heal of the folder tries again.
    std::vector<note_id> fracked;
    for (auto& x : log_->view().graded)
      if (x.second.verdict == note_verdict::fracked)
        fracked.push_back(x.first);
    if (!fracked.empty())
      (void)heal_notes(space, space.user, fracked, log_->id());
  }
  // Every note that was announced has a verdict, and no other has.
  LC_ASSERT(report->authentic + report->fracked + report->counterfeit ==
            log_->view().offered->notes);
  step_report out;
  out.notes = report->authentic + report->fracked + report->counterfeit;
  out.value = report->value;
  out.not_authentic = report->fracked + report->counterfeit;
  out.fewest_passes = report->fewest_passes;
  out.text = std::to_string(report->authentic + report->fracked) + " of " +
             std::to_string(out.notes) + " notes made ours, by at least " +
             std::to_string(out.fewest_passes) + " servers";
  if (report->counterfeit > 0)
    out.text = std::to_string(report->counterfeit) + " of " + std::to_string(out.notes) +
               " notes are counterfeit, " + to_display(report->value) + " made ours";
  return out;
}

caf::expected<receipt_text> receiver_transfer::make_receipt(const receipt_terms& terms) {
  if (!log_)
    return fail(ec::internal, "nothing was received");
  auto& view = log_->view();
  if (!view.receipt.empty())
    return receipt_text{view.receipt};
  if (view.received.empty() || !all_graded(view) || !all_settled(view))
    return fail(ec::too_few_servers, "some notes are not graded yet");
  receipt out;
  out.id = view.id();
  out.invitation = terms.invitation;
  out.manifest_hash = hash_of(*view.offered);
  out.handshake_hash = terms.handshake_hash;
  out.time_unix = space_->now();
  local_receipt local;
  local.type = "receive";
  local.when = space_->wall();
  for (auto& x : view.received) {
    auto& graded = view.graded.at(x.id);
    receipt_note line;
    line.id = x.id;
    line.pown = graded.coin.pown;
    receipt_line text;
    text.id = x.id;
    text.pown = graded.coin.pown;
    switch (graded.verdict) {
    case note_verdict::authentic:
      line.what = note_verdict::authentic;
      text.result = "Authentic";
      text.location = folder::bank;
      break;
    case note_verdict::fracked:
      line.what = note_verdict::fracked;
      text.result = "Fracked";
      text.location = folder::fracked;
      break;
    case note_verdict::counterfeit:
    case note_verdict::superseded:
      line.what = note_verdict::counterfeit;
      text.result = "Counterfeit";
      text.location = folder::counterfeit;
      break;
    case note_verdict::limbo:
      line.what = note_verdict::limbo;
      text.result = "Limbo";
      text.location = folder::limbo;
      break;
    }
    out.notes.push_back(std::move(line));
    local.lines.push_back(std::move(text));
  }
  LC_ASSERT(out.notes.size() == view.offered->notes);
  const auto json = sign_receipt(out, signing_key::from_seed(seed_));
  if (auto err = log_->append(encode_text(record_type::receipt, json)))
    return err;
  if (auto err =
          space_->user.put_file(folder::receipts, to_string(log_->id()) + ".json", byte_view{json}))
    return err;
  (void)file_receipt(space_->files(), space_->user.root(), local);
  return receipt_text{json};
}

caf::error receiver_transfer::confirmed() {
  if (!log_ || log_->view().receipt.empty())
    return fail(ec::internal, "no receipt was given");
  if (log_->view().closed)
    return {};
  if (auto err = log_->close(closing::received, space_->now()))
    return err;
  space_->holds->release_all(log_->id());
  return {};
}

caf::expected<step_report> receiver_transfer::drop_offer() {
  const auto name = container_name();
  if (!name.empty())
    if (auto moved = space_->receiver.move_file(folder::import_, name, folder::trash); !moved)
      return moved.error();
  // What was received is the receiver's business until it is powned and graded.
  LC_ASSERT(log_->view().received.empty());
  if (auto err = log_->close(closing::nothing_received, space_->now()))
    return err;
  space_->holds->release_all(log_->id());
  return step_report{};
}

caf::error receiver_transfer::carry_on() {
  if (!log_)
    return {};
  switch (task_of(log_->view())) {
  case recovery_task::file_journal:
    if (auto err = log_->close(closing::done, space_->now()))
      return err;
    space_->holds->release_all(log_->id());
    return {};
  case recovery_task::drop_offer: {
    // A sender that comes back within the offer's life must find it: a closed id is refused.
    if (!done_at_start(log_->view(), space_->now()))
      return {};
    const auto dropped = drop_offer();
    return dropped ? caf::error{} : dropped.error();
  }
  case recovery_task::finish_pown:
  case recovery_task::settle_notes: {
    const auto report = pown(asks_before_pown(log_->view(), space_->now()) ? pown_start::ask_first
                                                                           : pown_start::at_once);
    // Notes that wait for more servers do not make recovery fail.
    return report || code_of(report.error()) == ec::too_few_servers ? caf::error{} : report.error();
  }
  case recovery_task::await_confirmation:
    // The sender may still come for its receipt.
    if (!done_at_start(log_->view(), space_->now()))
      return {};
    if (auto err = log_->close(closing::received, space_->now()))
      return err;
    space_->holds->release_all(log_->id());
    return {};
  default:
    return {};
  }
}

} // namespace liveconnect::wallet
