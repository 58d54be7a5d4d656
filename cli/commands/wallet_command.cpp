#include <algorithm>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/commands/finality.hpp"
#include "cli/commands/open_transfers.hpp"
#include "cli/transfer/ask.hpp"
#include "cli/transfer/context.hpp"
#include "messages/base/printable.hpp"
#include "messages/base/time_text.hpp"
#include "wallet/operations/finality.hpp"
#include "wallet/raida/quorum.hpp"

namespace liveconnect::cli {

namespace {

/// Makes the parts, finishes what an earlier run left, and runs `body`; only some commands may make
/// a wallet with a new name.
template<class Body>
command_end with_wallet(environment& env, bool may_make, Body body) {
  if (!may_make)
    if (auto missing = missing_wallet(env.conf))
      return std::move(*missing);
  auto parts = context::make(env);
  if (!parts)
    return failed(std::move(parts.error()));
  if (auto err = (*parts)->recover(env))
    return failed(std::move(err));
  return body(**parts);
}

const char* plural(uint64_t count) {
  return count == 1 ? "" : "s";
}

std::string unreadable_files(uint64_t count) {
  return fmt::format("{} file{} of the wallet cannot be read as a note", count, plural(count));
}

json_fields fields_of(const wallet::wallet_balance& x) {
  auto by_denomination = json_fields::object();
  for (size_t i = denomination_count; i-- > 0;)
    if (x.by_denomination[i] != 0)
      by_denomination[denomination_name(
          static_cast<int8_t>(static_cast<int>(i) + denomination_min))] = x.by_denomination[i];
  return {{"spendable", to_string(x.spendable)},
          {"payable", to_string(x.payable)},
          {"in_transit", to_string(x.in_transit)},
          {"notes", x.notes},
          {"fracked", x.fracked},
          {"by_denomination", by_denomination},
          {"unreadable", x.unreadable.size()}};
}

/// What stands behind a note's folder: why it cannot be paid, and when it is final.
std::string remarks_on(const wallet::listed_note& x, uint32_t final_in) {
  if (x.held)
    return ", in an open transfer";
  std::string out;
  if (!x.obstacle.empty())
    out += fmt::format(", not payable now: {}", x.obstacle);
  if (final_in > 0)
    out += ", " + final_text(final_in);
  return out;
}

/// One line and one event a note. Answers in how many seconds all of them are final.
uint32_t show_notes(environment& env, const std::vector<wallet::listed_note>& notes) {
  const auto memory = remembered(env.conf);
  const auto now = time_now();
  uint32_t latest = 0;
  for (const auto& x : notes) {
    const auto final_in = wallet::final_in_seconds(memory, x.id, {}, now);
    latest = std::max(latest, final_in);
    env.out.event("note", {{"denomination", denomination_name(x.id.denomination)},
                           {"serial", x.id.serial},
                           {"folder", x.folder},
                           {"pown", x.pown},
                           {"held", x.held},
                           {"payable", x.obstacle.empty()},
                           {"obstacle", x.obstacle},
                           {"final_in_seconds", final_in}});
    env.out.line(fmt::format("{:>14}  #{:<8} {}{}", denomination_name(x.id.denomination),
                             x.id.serial, x.folder, remarks_on(x, final_in)));
  }
  return latest;
}

/// `; 100 of it cannot be paid now (liveconnect wallet heal)`, or nothing.
std::string stuck_text(const wallet::wallet_balance& x) {
  auto stuck = x.spendable;
  if (!stuck.subtract(x.payable) || stuck.is_zero())
    return {};
  return fmt::format("; {} of it cannot be paid now (liveconnect wallet heal)", to_display(stuck));
}

command_end list_notes(environment& env) {
  return with_wallet(env, false, [&](context& all) -> command_end {
    auto balance = ask<wallet::wallet_balance>(env, all.system(), all.keeper(),
                                               "Reading the wallet", atom::balance_v);
    if (!balance)
      return failed(std::move(balance.error()));
    auto notes = ask<std::vector<wallet::listed_note>>(env, all.system(), all.keeper(),
                                                       "Reading the wallet", atom::list_notes_v);
    if (!notes)
      return failed(std::move(notes.error()));
    const auto final_in = show_notes(env, *notes);
    auto fields = fields_of(*balance);
    fields["final_in_seconds"] = final_in;
    env.out.last(fmt::format(
        "{} in {} note{}{}{}{}{}", to_display(balance->spendable), balance->notes,
        plural(balance->notes),
        balance->fracked == 0 ? "" : fmt::format(", {} of them fracked", balance->fracked),
        stuck_text(*balance), final_in == 0 ? "" : "; all of it " + final_text(final_in),
        balance->in_transit.is_zero() ? ""
                                      : fmt::format("; {} in transit (liveconnect resume)",
                                                    to_display(balance->in_transit))));
    for (const auto& x : balance->unreadable) {
      env.out.event("unreadable", {{"folder", x.folder},
                                   {"file", printable(x.file)},
                                   {"why", printable(x.why, detail_chars_max)}});
      env.out.note(fmt::format("{}/{} cannot be read as a note: {}", x.folder, printable(x.file),
                               printable(x.why, detail_chars_max)));
    }
    if (!balance->unreadable.empty())
      return failed(fail(ec::wallet_damaged, unreadable_files(balance->unreadable.size())), fields);
    return {{}, fields, 0};
  });
}

/// `2 notes of 110`.
std::string notes_text(uint64_t count, amount value) {
  return fmt::format("{} note{} of {}", count, plural(count), to_display(value));
}

void show_lines(environment& env, const wallet::operation_report& x) {
  for (const auto& line : x.lines) {
    env.out.event("note", {{"text", printable(line, detail_chars_max)}});
    env.out.note(printable(line, detail_chars_max));
  }
}

/// The end of an import or a check after which every note counts: no success while one of them
/// could not be paid.
command_end weak_or_done(const wallet::operation_report& x, const json_fields& fields) {
  const auto needed = raida::quorum_rules{}.settled();
  if (x.notes == 0 || x.fewest_passes == 0 || x.fewest_passes >= needed)
    return {{}, fields, 0};
  return failed(
      fail(ec::too_few_servers, "some notes cannot be paid now"), fields,
      {fmt::format("Some notes cannot be paid now: fewer than {} servers pass them.", needed),
       "'liveconnect wallet list' names them. Run 'liveconnect wallet heal' when more servers "
       "answer ('liveconnect raida status'); no coin is lost."});
}

/// What an import or a check came to, and whether that is a success. `past` is what was done to the
/// good notes, `denied` what is true of counterfeit ones, `later` what to do about those that wait.
command_end end_of(environment& env, const wallet::operation_report& x, const char* past,
                   const char* denied, const char* later) {
  show_lines(env, x);
  json_fields fields{
      {"amount", to_string(x.value)}, {"notes", x.notes},
      {"clean", x.authentic},         {"fracked", x.fracked},
      {"counterfeit", x.counterfeit}, {"counterfeit_amount", to_string(x.counterfeit_value)},
      {"pending", x.limbo},           {"pending_amount", to_string(x.limbo_value)},
      {"passes", x.fewest_passes}};
  auto whole = x.value;
  if (!whole.add(x.counterfeit_value) || !whole.add(x.limbo_value))
    return failed(fail(ec::internal, "the notes' values do not add up"), fields);
  auto text = fmt::format("{} {}", notes_text(x.authentic + x.fracked, x.value), past);
  if (x.counterfeit != 0)
    text += ", " + notes_text(x.counterfeit, x.counterfeit_value) + " counterfeit";
  if (x.limbo != 0)
    text += ", " + notes_text(x.limbo, x.limbo_value) + " waiting for more servers";
  if (x.refused != 0)
    text += fmt::format(", {} file{} refused", x.refused, plural(x.refused));
  if (x.fewest_passes != 0 && x.counterfeit == 0 && x.limbo == 0)
    text += fmt::format("; at least {}/{} servers agree", x.fewest_passes, raida_count);
  env.out.last(text);
  const auto all = notes_text(x.notes, whole);
  if (x.counterfeit != 0)
    return failed(fail(ec::counterfeit_notes, notes_text(x.counterfeit, x.counterfeit_value)),
                  fields,
                  {fmt::format("The servers say that {} of {} {} counterfeit.", x.counterfeit, all,
                               x.counterfeit == 1 ? "is" : "are"),
                   fmt::format("{}; talk to the person who gave you the coins.", denied)});
  if (x.limbo != 0)
    return failed(
        fail(ec::too_few_servers, fmt::format("{} of {} wait for more servers", x.limbo, all)),
        fields,
        {fmt::format("{} of {} wait for more servers: too few have answered.", x.limbo, all),
         fmt::format("{} ('liveconnect raida status' shows which servers answer); no coin is lost.",
                     later)});
  if (x.unreadable != 0)
    return failed(fail(ec::wallet_damaged, unreadable_files(x.unreadable)), fields);
  return weak_or_done(x, fields);
}

std::string absolute(const std::string& path) {
  std::error_code problem;
  const auto whole = std::filesystem::absolute(path, problem);
  return problem ? path : whole.lexically_normal().string();
}

command_end import_coins(environment& env, const std::vector<std::string>& files) {
  wallet::import_files what;
  for (const auto& file : files)
    what.paths.push_back(absolute(file));
  return with_wallet(env, true, [&](context& all) -> command_end {
    auto report = ask<wallet::operation_report>(env, all.system(), all.keeper(),
                                                "Making the coins yours", what);
    if (!report)
      return failed(std::move(report.error()));
    auto end = end_of(env, *report, "imported",
                      "They were not imported, and are in the wallet's folder Counterfeit",
                      "Run 'liveconnect wallet list' later, which imports them");
    end.fields["refused"] = report->refused;
    if (report->authentic + report->fracked > 0)
      tell_finality(env, end);
    else
      end.fields["final_in_seconds"] = 0;
    if (!end.failure && report->refused != 0)
      end.failure = fail(ec::bad_coin_file, report->lines.front());
    return end;
  });
}

command_end export_coins(environment& env, const std::string& sum_text, std::string file) {
  const auto sum = amount::parse(sum_text);
  if (!sum)
    return failed(fail(ec::bad_amount, "'" + printable(sum_text, 40) + "'"));
  if (file.empty())
    file = fmt::format("coins-{}.bin", to_string(*sum));
  wallet::export_coins what{*sum, absolute(file)};
  return with_wallet(env, false, [&](context& all) -> command_end {
    if (auto err = all.check_funds(env, *sum))
      return failed(std::move(err));
    auto report = ask<wallet::operation_report>(env, all.system(), all.keeper(),
                                                "Taking the coins out", what);
    if (!report)
      return failed(std::move(report.error()));
    show_lines(env, *report);
    json_fields fields{
        {"amount", to_string(report->value)}, {"notes", report->notes}, {"file", what.path}};
    // The one thing that an export has to tell: where the coins are instead.
    if (!report->lines.empty())
      return failed(
          fail(ec::disk_failed, report->lines.front()), fields,
          {"", "Check disk space and the folder's permissions, and take the coins from there."});
    env.out.last(
        fmt::format("{} written to {}", notes_text(report->notes, report->value), printable(file)));
    return {{}, fields, 0};
  });
}

/// Names what is open, since when, and what will happen to it. It counts for nothing in the exit
/// code: the check is about the notes that the wallet counts. Answers how many there are.
size_t show_open(environment& env, context& all) {
  const auto open = ask<std::vector<wallet::open_transfer>>(
      env, all.system(), all.keeper(), "Reading the journals", atom::open_transfers_v);
  if (!open)
    return 0;
  for (const auto& x : *open) {
    auto fields = cli::fields_of(x);
    fields["since"] = time_to_text(x.since);
    fields["waits_for"] = printable(x.waits_for, detail_chars_max);
    env.out.event("open", fields);
    env.out.note(fmt::format(
        "{} {} ({}) is open since {}: it waits for {}. 'liveconnect resume {}' "
        "goes on with it.",
        x.side == role::sender ? "Sending" : "Receiving", to_display(x.sum),
        to_string(x.id).substr(0, id_digits_shown), time_to_text(x.since),
        printable(x.waits_for, detail_chars_max), to_string(x.id).substr(0, id_digits_shown)));
  }
  return open->size();
}

command_end check_notes(environment& env) {
  return with_wallet(env, false, [&](context& all) -> command_end {
    auto report = ask<wallet::operation_report>(env, all.system(), all.keeper(),
                                                "Asking the servers", atom::check_notes_v);
    if (!report)
      return failed(std::move(report.error()));
    auto end = end_of(env, *report, "checked",
                      "They no longer count, and are in the wallet's folder Counterfeit",
                      "Run 'liveconnect wallet check' again later");
    end.fields["open_transfers"] = show_open(env, all);
    return end;
  });
}

command_end heal_notes(environment& env) {
  return with_wallet(env, false, [&](context& all) -> command_end {
    auto report = ask<wallet::operation_report>(env, all.system(), all.keeper(),
                                                "Healing the notes", atom::heal_notes_v);
    if (!report)
      return failed(std::move(report.error()));
    return end_of(env, *report, "healed or sound",
                  "They no longer count, and are in the wallet's folder Counterfeit",
                  "Run 'liveconnect wallet heal' again later");
  });
}

} // namespace

void add_wallet_command(CLI::App& root, command_table& table) {
  const auto group = root.add_subcommand("wallet", "List, import, export, check and heal coins");
  table.add(group, list_notes);
  const auto list = group->add_subcommand("list", "Print the balance and the notes");
  table.add(list, list_notes);

  const auto take_in =
      group->add_subcommand("import", "Import coins from files and make them yours");
  const auto files = std::make_shared<std::vector<std::string>>();
  take_in->add_option("FILE", *files, "Coin files in format 9; they are not changed")->required();
  table.add(take_in, [files](environment& env) { return import_coins(env, *files); });

  const auto take_out = group->add_subcommand("export", "Export coins to a file");
  const auto sum = std::make_shared<std::string>();
  const auto file = std::make_shared<std::string>();
  take_out->add_option("AMOUNT", *sum, "Coins to export, such as 3439 or 0.25")->required();
  take_out->add_option("--out", *file, "File to write (coins-AMOUNT.bin)");
  table.add(take_out, [sum, file](environment& env) { return export_coins(env, *sum, *file); });

  const auto check = group->add_subcommand("check", "Ask the servers about every note");
  table.add(check, check_notes);

  const auto heal = group->add_subcommand(
      "heal", "Give weak notes back to the servers that miss them, then ask about every note");
  table.add(heal, heal_notes);
}

} // namespace liveconnect::cli
