#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/commands/open_transfers.hpp"
#include "cli/transfer/ask.hpp"
#include "cli/transfer/context.hpp"
#include "cli/transfer/private_file.hpp"
#include "messages/base/printable.hpp"
#include "messages/secure/invitation.hpp"
#include "messages/secure/receipt.hpp"
#include "wallet/files/folders.hpp"

namespace liveconnect::cli {

namespace {

/// The receiver's work is done and the coins are in its wallet; only the sender has not seen the
/// receipt yet. Nothing is gained by waiting for it.
bool waits_for_sender_alone(const wallet::open_transfer& x) {
  return x.side == role::receiver && x.state == wallet::transfer_state::receipt;
}

/// The receiver has given its receipt, so it has nothing more to say: only the servers can settle
/// the notes that the receipt calls counterfeit or undecided.
bool waits_for_servers_alone(const wallet::open_transfer& x) {
  return x.side == role::sender && x.state == wallet::transfer_state::receipt;
}

/// How long `resume` waits for a receiver that may want to hear how a closed transfer ended.
constexpr auto answer_wait = std::chrono::seconds(10);

/// The receipt's id (docs/protocol.md 6), from the copy that the wallet files; empty when it cannot
/// be read.
std::string receipt_of(const settings& conf, const transfer_id& id) {
  const auto file = wallet::wallet_paths{conf.data}.user(conf.wallet) /
                    wallet::to_string(wallet::folder::receipts) / (to_string(id) + ".json");
  const auto text = read_private_file(file, receipt_bytes_max);
  return text ? receipt_name(view(*text).text()) : std::string{};
}

/// What has no peer, or none that is awaited (an import, export, change or healing that was cut
/// short, a receipt that leaves notes out): the servers are asked.
command_end settle_operation(environment& env, context& all, const wallet::open_transfer& what) {
  auto settled = ask<wallet::open_transfer>(env, all.system(), all.keeper(), "Asking the servers",
                                            atom::settle_v, what.id);
  if (!settled)
    return failed(std::move(settled.error()), fields_of(what));
  auto fields = fields_of(*settled);
  auto open = settled->state != wallet::transfer_state::closed;
  fields["open"] = open;
  if (open && waits_for_servers_alone(what))
    return failed(fail(ec::outcome_unknown, "it waits for " + settled->waits_for), fields,
                  {fmt::format("Transfer {} waits for {}.", to_string(what.id),
                               printable(settled->waits_for)),
                   "Run 'liveconnect resume' again later; nothing is lost."});
  if (open)
    return failed(fail(ec::too_few_servers, "it waits for " + settled->waits_for), fields);
  fields["returned"] = to_string(settled->returned);
  return {{}, fields, 0};
}

/// Meets the peer again and goes on; when the peer does not come, the servers are asked.
command_end resume_one(environment& env, context& all, const wallet::open_transfer& what) {
  env.out.event("open", fields_of(what));
  env.out.line(fmt::format("Transfer {} ({} of {}): {}", to_string(what.id), to_string(what.side),
                           to_display(what.sum), printable(what.waits_for)));
  const auto terms = ask<wallet::transfer_terms>(env, all.system(), all.keeper(),
                                                 "Reading the journal", atom::terms_v, what.id);
  if (!terms || waits_for_servers_alone(what))
    return settle_operation(env, all, what);
  auto invite = parse_invitation(view(terms->invitation).text());
  if (!invite)
    return failed(std::move(invite.error()), fields_of(what));
  auto end = what.side == role::sender ? all.run_sender(env, *invite, terms->invitation, what)
                                       : all.run_receiver(env, *invite, terms->invitation, what);
  if (end.fields.value("open", false) && waits_for_sender_alone(what)) {
    end.fields["state"] = wallet::to_string(what.state);
    end.fields["receipt"] = receipt_of(env.conf, what.id);
  }
  if (!end.failure || env.stop.signal() != 0)
    return end;
  const auto settled = ask<wallet::open_transfer>(env, all.system(), all.keeper(),
                                                  "Asking the servers", atom::settle_v, what.id);
  if (!settled || settled->state != wallet::transfer_state::closed)
    return end;
  // What the session said of its end is not how it ended.
  end.words = {};
  end.fields["open"] = false;
  end.fields["returned"] = to_string(settled->returned);
  if (settled->settled == wallet::settlement::sent && !settled->returned.is_zero())
    end.failure =
        fail(ec::partly_sent, fmt::format("{} of {} came back", to_display(settled->returned),
                                          to_display(what.sum)));
  else if (settled->settled == wallet::settlement::sent)
    end.failure = {};
  else if (what.side == role::sender)
    end.failure = fail(ec::peer_gone, "the coins are back in the wallet, nothing was paid");
  return end;
}

/// Tells of a transfer whose receipt only the sender has not seen; the fields for the result.
json_fields tell_of_receipt(environment& env, const wallet::open_transfer& what) {
  auto fields = fields_of(what);
  fields["receipt"] = receipt_of(env.conf, what.id);
  fields["open"] = true;
  env.out.event("open", fields);
  env.out.line(fmt::format("Transfer {} ({} received): the coins are in the wallet; the sender has "
                           "not seen receipt {} yet. 'liveconnect resume {}' waits for it.",
                           to_string(what.id), to_display(what.sum),
                           fields["receipt"].get<std::string>(),
                           to_string(what.id).substr(0, id_digits_shown)));
  return fields;
}

/// Resumes one transfer after the other; a signal ends that.
command_end resume_all(environment& env, context& all,
                       const std::vector<wallet::open_transfer>& list) {
  command_end out;
  size_t closed = 0;
  for (const auto& what : list) {
    auto end = resume_one(env, all, what);
    closed += end.failure || end.fields.value("open", false) ? 0 : 1;
    // The last transfer's fields, but the first failure: nothing that failed is hidden.
    if (!out.failure)
      out.failure = end.failure;
    out.fields = std::move(end.fields);
    if (env.stop.signal() != 0)
      break;
  }
  out.fields["resumed"] = closed;
  return out;
}

/// Says the end of closed transfers again to receivers that may wait for it. That nobody comes is
/// no failure: the receiver closes by itself in time. Answers how many have heard.
size_t answer_again(environment& env, context& all,
                    const std::vector<wallet::open_transfer>& owed) {
  size_t told = 0;
  for (const auto& what : owed) {
    if (env.stop.signal() != 0)
      break;
    const auto terms = ask<wallet::transfer_terms>(env, all.system(), all.keeper(),
                                                   "Reading the journal", atom::terms_v, what.id);
    if (!terms)
      continue;
    const auto invite = parse_invitation(view(terms->invitation).text());
    if (!invite)
      continue;
    env.out.line(fmt::format("Transfer {} ({} sent) is over here. Telling the receiver so, if it "
                             "comes within {} s.",
                             to_string(what.id), to_display(what.sum), answer_wait.count()));
    const auto end = all.run_answer(env, *invite, what, answer_wait);
    auto fields = fields_of(what);
    fields["told"] = !end.failure;
    env.out.event("answer", fields);
    if (end.failure)
      continue;
    ++told;
    // Not written down, it is only said once more.
    (void)ask<atom::done>(env, all.system(), all.keeper(), "Writing the journal", atom::confirmed_v,
                          what.id);
  }
  return told;
}

/// The closed transfers whose receiver is owed a word, and whose id begins with `prefix`. That they
/// cannot be read keeps nothing from being resumed.
std::vector<wallet::open_transfer> answers_owed(environment& env, context& all,
                                                const std::string& prefix) {
  auto owed = ask<std::vector<wallet::open_transfer>>(env, all.system(), all.keeper(),
                                                      "Reading the journals", atom::answers_owed_v);
  if (!owed)
    return {};
  keep_named(*owed, prefix);
  return std::move(*owed);
}

/// Says how many transfers were finished, and how many receipts wait for the sender.
void tell_end(environment& env, size_t meant, json_fields receipts, command_end& out) {
  if (!receipts.empty()) {
    const auto count = receipts.size();
    // Else it is the last transfer's own.
    if (meant == 0)
      out.fields["open"] = true;
    out.fields["receipts_waiting"] = std::move(receipts);
    env.out.last(fmt::format("{} receipt{} not been seen by the sender yet.", count,
                             count == 1 ? " has" : "s have"));
  }
  if (meant > 0)
    env.out.last(fmt::format("{} of {} open transfer{} finished.",
                             out.fields["resumed"].get<size_t>(), meant, meant == 1 ? "" : "s"));
}

command_end nothing_open(environment& env, size_t told, size_t owed) {
  env.out.last(owed == 0 ? "Nothing is open."
                         : fmt::format("Nothing is open; {} of {} receivers heard how their "
                                       "transfer ended.",
                                       told, owed));
  return {{}, {{"resumed", 0}, {"told", told}}};
}

/// Takes out of `list` the transfers whose receipt only the sender has not seen, and tells of each.
json_fields take_receipts(environment& env, std::vector<wallet::open_transfer>& list) {
  auto out = json_fields::array();
  const auto rest = std::stable_partition(list.begin(), list.end(), waits_for_sender_alone);
  for (auto what = list.begin(); what != rest; ++what)
    out.push_back(tell_of_receipt(env, *what));
  list.erase(list.begin(), rest);
  return out;
}

command_end resume_transfers(environment& env, const std::string& prefix) {
  if (auto missing = missing_wallet(env.conf))
    return std::move(*missing);
  auto parts = context::make(env);
  if (!parts)
    return failed(std::move(parts.error()));
  auto open = open_transfers(env, **parts);
  if (!open)
    return failed(std::move(open.error()));
  const auto owed = answers_owed(env, **parts, prefix);
  auto list = std::move(*open);
  // An id names one transfer, be it an open one or a closed one whose receiver is owed a word.
  if (!prefix.empty() && owed.empty())
    if (auto end = choose(list, prefix))
      return std::move(*end);
  keep_named(list, prefix);
  const auto told = answer_again(env, **parts, owed);
  if (list.empty())
    return nothing_open(env, told, owed.size());
  // Named by its id, a transfer is gone on with also where only its sender is awaited.
  auto receipts = prefix.empty() ? take_receipts(env, list) : json_fields::array();
  auto out = resume_all(env, **parts, list);
  tell_end(env, list.size(), std::move(receipts), out);
  return out;
}

} // namespace

void add_resume_command(CLI::App& root, command_table& table) {
  const auto sub = root.add_subcommand("resume", "Resume transfers that were interrupted");
  const auto prefix = std::make_shared<std::string>();
  sub->add_option("ID", *prefix, "The transfer's id, or how it begins; without it, all of them");
  table.add(sub, [prefix](environment& env) { return resume_transfers(env, *prefix); });
}

} // namespace liveconnect::cli
