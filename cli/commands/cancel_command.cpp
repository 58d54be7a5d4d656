#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/commands/open_transfers.hpp"
#include "cli/transfer/ask.hpp"
#include "cli/transfer/prompt.hpp"
#include "messages/base/printable.hpp"
#include "wallet/files/folders.hpp"

namespace liveconnect::cli {

namespace {

json_fields result_fields(const wallet::open_transfer& x) {
  auto out = fields_of(x);
  out["returned"] = to_string(x.returned);
  out["written_off"] = to_string(x.written_off);
  out["open"] = x.state != wallet::transfer_state::closed;
  return out;
}

/// The last line for a transfer that is closed.
std::string end_text(const wallet::open_transfer& x) {
  const auto id = to_string(x.id);
  if (!x.written_off.is_zero())
    return fmt::format("Transfer {} is closed: {} written off. What the servers said is in {}, and "
                       "every secret is kept.",
                       id, to_display(x.written_off),
                       wallet::to_string(wallet::folder::receipts) +
                           ("/" + id + ".written_off.txt"));
  if (x.settled == wallet::settlement::returned)
    return fmt::format("Transfer {} is closed: the coins are back, and nothing was written off.",
                       id);
  return fmt::format("Transfer {} is closed: the receiver owns {}, and nothing was written off.",
                     id, x.returned.is_zero() ? "the coins" : "some of the coins");
}

/// The end where nothing was written off because of `why`.
command_end refused(caf::error why, const wallet::open_transfer& what) {
  const auto detail = printable(detail_of(why), detail_chars_max);
  auto words = advice{};
  if (code_of(why) == ec::outcome_unknown)
    words = {fmt::format("Transfer {} is not written off: {}.", to_string(what.id), detail),
             fmt::format("Run 'liveconnect cancel {}' again later; nothing is lost.",
                         to_string(what.id).substr(0, id_digits_shown))};
  return failed(std::move(why), result_fields(what), std::move(words));
}

/// Whether the person wants it; the end of the command where not.
std::optional<command_end> not_confirmed(environment& env, const wallet::open_transfer& what) {
  const auto said = confirm(
      env,
      fmt::format("Write off what the servers do not give back of {}? The receiver may own it.",
                  to_display(what.sum)));
  if (said == consent::yes)
    return {};
  const auto asked = said == consent::no;
  return failed(fail(asked ? ec::stopped : ec::bad_argument, "not confirmed"), result_fields(what),
                {asked ? "Nothing was written off."
                       : "There is no terminal to ask, so nothing was written off.",
                 "Run the command again with --yes to write the coins off."});
}

command_end cancel_transfer(environment& env, const std::string& prefix) {
  if (auto missing = missing_wallet(env.conf))
    return std::move(*missing);
  auto parts = context::make(env);
  if (!parts)
    return failed(std::move(parts.error()));
  auto& all = **parts;
  auto list = open_transfers(env, all);
  if (!list)
    return failed(std::move(list.error()));
  if (auto end = choose(*list, prefix))
    return std::move(*end);
  const auto& what = list->front();
  const auto terms = ask<wallet::transfer_terms>(env, all.system(), all.keeper(),
                                                 "Reading the journal", atom::terms_v, what.id);
  if (!terms || what.side != role::sender)
    return failed(fail(ec::bad_argument, "not a transfer that this wallet sends"),
                  result_fields(what),
                  {fmt::format("{} is not a transfer that this wallet sends.", to_string(what.id)),
                   "Run 'liveconnect resume': what is received, imported or changed closes by the "
                   "servers' word."});
  // First what the servers decide by themselves: nobody is asked to give up what is not lost.
  auto now = ask<wallet::open_transfer>(env, all.system(), all.keeper(), "Asking the servers",
                                        atom::settle_v, what.id);
  if (!now)
    return refused(std::move(now.error()), what);
  if (now->state != wallet::transfer_state::closed) {
    if (auto end = not_confirmed(env, *now))
      return std::move(*end);
    now = ask<wallet::open_transfer>(env, all.system(), all.keeper(), "Asking the servers",
                                     atom::cancel_v, what.id);
    if (!now)
      return refused(std::move(now.error()), what);
  }
  env.out.last(end_text(*now));
  return {{}, result_fields(*now)};
}

} // namespace

void add_cancel_command(CLI::App& root, command_table& table) {
  const auto sub =
      root.add_subcommand("cancel", "Write off a sent transfer that nobody can finish");
  const auto prefix = std::make_shared<std::string>();
  sub->add_option("ID", *prefix, "The transfer's id, or how it begins")->required();
  table.add(sub, [prefix](environment& env) { return cancel_transfer(env, *prefix); });
}

} // namespace liveconnect::cli
