#include <chrono>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/context.hpp"
#include "cli/printable.hpp"
#include "cli/private_file.hpp"
#include "cli/qr.hpp"
#include "cli/session_run.hpp"
#include "messages/invitation.hpp"

namespace liveconnect::cli {

namespace {

struct send_options {
  std::string sum;
  std::string file = "invite.txt";
  uint64_t room = 0;
};

/// Long enough for the receiver to come within --wait, even when that is short.
constexpr auto validity_min = std::chrono::minutes(1);

void show_invitation(environment& env, const invitation& x, const std::string& file) {
  auto expires = std::chrono::system_clock::time_point{std::chrono::seconds{x.expires_unix}};
  env.out.event("invitation", {{"file", file},
                               {"relay", x.relay()},
                               {"room", std::to_string(x.room)},
                               {"id", to_hex(x.id)},
                               {"expires", utc_text(expires)}});
  auto minutes = std::chrono::duration_cast<std::chrono::minutes>(
                     expires - std::chrono::system_clock::now() + std::chrono::seconds{30})
                     .count();
  env.out.line(fmt::format("Invitation saved to {} (room {} at {}, valid {} minute{})",
                           printable(file), x.room, x.relay(), minutes, minutes == 1 ? "" : "s"));
  env.out.line("Give it to the receiver, and to nobody else: whoever holds it can take the coins.");
  if (env.conf.qr && env.out.style().terminal) {
    auto line = to_line(x);
    env.out.line(qr_text(view(line).text()));
  }
}

/// Stops before an invitation is made when the wallet is too poor.
caf::error check_funds(environment& env, context& parts, amount sum) {
  auto balance = ask<wallet::wallet_balance>(env, parts.system(), parts.keeper(),
                                             "Reading the wallet", atom::balance_v);
  if (!balance)
    return std::move(balance.error());
  if (balance->spendable < sum)
    return fail(ec::not_enough_coins,
                fmt::format("{} of {}{}", to_display(balance->spendable), to_display(sum),
                            balance->in_transit.is_zero()
                                ? ""
                                : fmt::format(" (and {} in open transfers)",
                                              to_display(balance->in_transit))));
  return {};
}

command_end send_coins(environment& env, const send_options& options) {
  auto sum = amount::parse(options.sum);
  if (!sum)
    return failed(fail(ec::bad_amount, "'" + printable(options.sum, 40) + "'"));
  json_fields known{{"role", "sender"}, {"amount", to_string(*sum)}};
  auto parts = context::make(env);
  if (!parts)
    return failed(std::move(parts.error()), known);
  auto& all = **parts;
  if (auto problem = all.recover(env))
    return failed(std::move(problem), known);
  if (auto problem = check_funds(env, all, *sum))
    return failed(std::move(problem), known);
  auto valid = std::max<std::chrono::milliseconds>(env.conf.wait, validity_min);
  auto expires = std::chrono::duration_cast<std::chrono::seconds>(
                     (std::chrono::system_clock::now() + valid).time_since_epoch())
                     .count();
  auto invite = make_invitation(env.conf.relay.host, env.conf.relay.port,
                                static_cast<uint64_t>(expires), *sum, options.room);
  auto text = to_file_text(invite);
  if (auto problem = write_private_file(options.file, view(text)))
    return failed(std::move(problem), known);
  show_invitation(env, invite, options.file);
  auto end = all.run_sender(env, invite, text);
  if (!end.failure)
    env.out.last(fmt::format("Done: {} sent in {:.1f} s. Receipt {}", to_display(*sum),
                             static_cast<double>(end.fields["ms"].get<uint64_t>()) / 1000,
                             end.fields["receipt"].get<std::string>()));
  return end;
}

} // namespace

void add_send_command(CLI::App& root, command_table& table) {
  auto sub = root.add_subcommand("send", "Make an invitation, wait in the room, send");
  auto options = std::make_shared<send_options>();
  sub->add_option("AMOUNT", options->sum, "Coins, as 3439 or 0.25")->required();
  sub->add_option("--invitation", options->file, "Where to save the invitation")
      ->capture_default_str();
  sub->add_option("--room", options->room, "Room to meet in (drawn at random)")
      ->check(CLI::Range(uint64_t{1}, uint64_t{9'999'999'999}));
  table.add(sub, [options](environment& env) { return send_coins(env, *options); });
}

} // namespace liveconnect::cli
