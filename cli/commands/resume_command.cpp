#include <algorithm>
#include <filesystem>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/transfer/ask.hpp"
#include "cli/transfer/context.hpp"
#include "cli/transfer/private_file.hpp"
#include "messages/base/printable.hpp"
#include "messages/secure/invitation.hpp"
#include "messages/secure/receipt.hpp"
#include "wallet/files/folders.hpp"

namespace liveconnect::cli {

namespace {

/// Enough of an id to name one transfer of a person.
constexpr size_t id_digits_shown = 8;

/// The receiver's work is done and the coins are in its wallet; only the sender has not seen the
/// receipt yet. Waiting for it brings nobody anything.
bool waits_for_sender_alone(const wallet::open_transfer& x) {
  return x.side == role::receiver && x.state == wallet::transfer_state::receipt;
}

/// Takes out of `open` all but the one whose id begins with `prefix`; the end of the command where
/// none does, or several do.
std::optional<command_end> choose(std::vector<wallet::open_transfer>& open,
                                  const std::string& prefix) {
  open.erase(std::remove_if(open.begin(), open.end(),
                            [&](const wallet::open_transfer& x) {
                              return to_string(x.id).compare(0, prefix.size(), prefix) != 0;
                            }),
             open.end());
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

json_fields fields_of(const wallet::open_transfer& x) {
  return {{"role", to_string(x.side)},
          {"transfer", to_string(x.id)},
          {"amount", to_string(x.sum)},
          {"notes", x.notes},
          {"state", wallet::to_string(x.state)}};
}

/// The receipt's id (docs/protocol.md 6), from the copy that the wallet files; empty when it cannot
/// be read.
std::string receipt_of(const settings& conf, const transfer_id& id) {
  const auto file = wallet::wallet_paths{conf.data}.user(conf.wallet) /
                    wallet::to_string(wallet::folder::receipts) / (to_string(id) + ".json");
  const auto text = read_private_file(file, receipt_bytes_max);
  return text ? receipt_name(view(*text).text()) : std::string{};
}

/// An import, export, change or healing that was cut short has no peer; the servers are asked.
command_end settle_operation(environment& env, context& all, const wallet::open_transfer& what) {
  auto settled = ask<wallet::open_transfer>(env, all.system(), all.keeper(), "Asking the servers",
                                            atom::settle_v, what.id);
  if (!settled)
    return failed(std::move(settled.error()), fields_of(what));
  auto fields = fields_of(*settled);
  auto open = settled->state != wallet::transfer_state::closed;
  fields["open"] = open;
  if (open)
    return failed(fail(ec::too_few_servers, "it waits for " + settled->waits_for), fields);
  return {{}, fields, 0};
}

/// Meets the peer again and goes on; where nobody comes, the servers are asked.
command_end resume_one(environment& env, context& all, const wallet::open_transfer& what) {
  env.out.event("open", fields_of(what));
  env.out.line(fmt::format("Transfer {} ({} of {}): {}", to_string(what.id), to_string(what.side),
                           to_display(what.sum), printable(what.waits_for)));
  const auto terms = ask<wallet::transfer_terms>(env, all.system(), all.keeper(),
                                                 "Reading the journal", atom::terms_v, what.id);
  if (!terms)
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

command_end resume_transfers(environment& env, const std::string& prefix) {
  if (auto missing = missing_wallet(env.conf))
    return std::move(*missing);
  auto parts = context::make(env);
  if (!parts)
    return failed(std::move(parts.error()));
  auto& all = **parts;
  if (auto err = all.recover(env))
    return failed(std::move(err));
  auto open = ask<std::vector<wallet::open_transfer>>(
      env, all.system(), all.keeper(), "Reading the journals", atom::open_transfers_v);
  if (!open)
    return failed(std::move(open.error()));
  auto list = std::move(open);
  if (!prefix.empty())
    if (auto end = choose(*list, prefix))
      return std::move(*end);
  if (list->empty()) {
    env.out.last("Nothing is open.");
    return {{}, {{"resumed", 0}}, 0};
  }
  command_end out;
  size_t closed = 0;
  auto receipts = json_fields::array();
  auto meant = list->begin();
  if (prefix.empty())
    meant = std::stable_partition(list->begin(), list->end(), waits_for_sender_alone);
  for (auto what = list->begin(); what != meant; ++what) {
    auto fields = fields_of(*what);
    fields["receipt"] = receipt_of(env.conf, what->id);
    fields["open"] = true;
    env.out.event("open", fields);
    env.out.line(fmt::format("Transfer {} ({} received): the coins are in the wallet; the sender "
                             "has not seen receipt {} "
                             "yet. 'liveconnect resume {}' waits for it.",
                             to_string(what->id), to_display(what->sum),
                             fields["receipt"].get<std::string>(),
                             to_string(what->id).substr(0, id_digits_shown)));
    receipts.push_back(std::move(fields));
  }
  list->erase(list->begin(), meant);
  for (const auto& what : *list) {
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
  if (!receipts.empty()) {
    const auto count = receipts.size();
    // Else it is the last transfer's own.
    if (list->empty())
      out.fields["open"] = true;
    out.fields["receipts_waiting"] = std::move(receipts);
    env.out.last(fmt::format("{} receipt{} still to be seen by the sender.", count,
                             count == 1 ? " has" : "s have"));
  }
  if (!list->empty())
    env.out.last(fmt::format("{} of {} open transfer{} finished.", closed, list->size(),
                             list->size() == 1 ? "" : "s"));
  return out;
}

} // namespace

void add_resume_command(CLI::App& root, command_table& table) {
  const auto sub = root.add_subcommand("resume", "Go on with transfers that were cut short");
  const auto prefix = std::make_shared<std::string>();
  sub->add_option("ID", *prefix, "The transfer's id or its beginning; all without it");
  table.add(sub, [prefix](environment& env) { return resume_transfers(env, *prefix); });
}

} // namespace liveconnect::cli
