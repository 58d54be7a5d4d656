#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/printable.hpp"
#include "messages/invitation.hpp"

namespace liveconnect::cli {

namespace {

/// The transfers meant: all, or the one whose id begins with `prefix`.
caf::expected<std::vector<wallet::open_transfer>>
chosen(const std::vector<wallet::open_transfer>& open, const std::string& prefix) {
  if (prefix.empty())
    return open;
  std::vector<wallet::open_transfer> out;
  std::copy_if(open.begin(), open.end(), std::back_inserter(out),
               [&](const wallet::open_transfer& x) {
                 return to_string(x.id).compare(0, prefix.size(), prefix) == 0;
               });
  if (out.empty())
    return fail(ec::bad_argument,
                fmt::format("no open transfer begins with '{}'", printable(prefix, 40)));
  if (out.size() > 1)
    return fail(ec::bad_argument, fmt::format("{} open transfers begin with '{}'", out.size(),
                                              printable(prefix, 40)));
  return out;
}

json_fields fields_of(const wallet::open_transfer& x) {
  return {{"role", to_string(x.side)},
          {"transfer", to_string(x.id)},
          {"amount", to_string(x.sum)},
          {"notes", x.notes},
          {"state", wallet::to_string(x.state)}};
}

/// Meets the peer again and goes on; where nobody comes, the servers are asked.
command_end resume_one(environment& env, context& all, const wallet::open_transfer& what) {
  env.out.event("open", fields_of(what));
  env.out.line(fmt::format("Transfer {} ({} of {}): {}", to_string(what.id), to_string(what.side),
                           to_display(what.sum), printable(what.waits_for)));
  auto terms = ask<wallet::transfer_terms>(env, all.system(), all.keeper(), "Reading the journal",
                                           atom::terms_v, what.id);
  if (!terms)
    return failed(std::move(terms.error()), fields_of(what));
  auto invite = parse_invitation(view(terms->invitation).text());
  if (!invite)
    return failed(std::move(invite.error()), fields_of(what));
  auto end = what.side == role::sender ? all.run_sender(env, *invite, terms->invitation, what)
                                       : all.run_receiver(env, *invite, terms->invitation, what);
  if (!end.failure || env.stop.signal() != 0)
    return end;
  auto settled = ask<wallet::open_transfer>(env, all.system(), all.keeper(), "Asking the servers",
                                            atom::settle_v, what.id);
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
  auto parts = context::make(env);
  if (!parts)
    return failed(std::move(parts.error()));
  auto& all = **parts;
  if (auto problem = all.recover(env))
    return failed(std::move(problem));
  auto open = ask<std::vector<wallet::open_transfer>>(
      env, all.system(), all.keeper(), "Reading the journals", atom::open_transfers_v);
  if (!open)
    return failed(std::move(open.error()));
  auto list = chosen(*open, prefix);
  if (!list)
    return failed(std::move(list.error()));
  if (list->empty()) {
    env.out.last("Nothing is open.");
    return {{}, {{"resumed", 0}}, 0};
  }
  command_end out;
  size_t closed = 0;
  for (const auto& what : *list) {
    auto end = resume_one(env, all, what);
    closed += end.failure ? 0 : 1;
    // The last transfer's fields, but the first failure: nothing that failed is hidden.
    if (!out.failure)
      out.failure = end.failure;
    out.fields = std::move(end.fields);
    if (env.stop.signal() != 0)
      break;
  }
  out.fields["resumed"] = closed;
  env.out.last(fmt::format("{} of {} open transfer{} finished.", closed, list->size(),
                           list->size() == 1 ? "" : "s"));
  return out;
}

} // namespace

void add_resume_command(CLI::App& root, command_table& table) {
  auto sub = root.add_subcommand("resume", "Go on with transfers that were cut short");
  auto prefix = std::make_shared<std::string>();
  sub->add_option("ID", *prefix, "The transfer's id or its beginning; all without it");
  table.add(sub, [prefix](environment& env) { return resume_transfers(env, *prefix); });
}

} // namespace liveconnect::cli
