#include <chrono>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/transfer/ask.hpp"
#include "cli/transfer/context.hpp"
#include "cli/transfer/private_file.hpp"
#include "cli/transfer/qr.hpp"
#include "cli/transfer/session_run.hpp"
#include "messages/base/printable.hpp"
#include "messages/base/time_text.hpp"
#include "messages/secure/invitation.hpp"
#include "wallet/files/folders.hpp"
#include "wallet/files/posix_file_ops.hpp"
#include "wallet/journal/journal.hpp"

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
  const auto expires = std::chrono::system_clock::time_point{std::chrono::seconds{x.expires_unix}};
  env.out.event("invitation", {{"file", file},
                               {"relay", x.relay()},
                               {"room", std::to_string(x.room)},
                               {"id", to_hex(x.id)},
                               {"expires", utc_text(expires)}});
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(
                           expires - std::chrono::system_clock::now() + std::chrono::seconds{30})
                           .count();
  env.out.line(fmt::format("Invitation saved to {} (room {} at {}, valid {} minute{})",
                           printable(file), x.room, x.relay(), minutes, minutes == 1 ? "" : "s"));
  env.out.line("Give it to the receiver, and to nobody else: whoever holds it can take the coins.");
  if (env.conf.qr && env.out.style().terminal) {
    const auto line = to_line(x);
    env.out.line(qr_text(view(line).text()));
  }
}

/// The invitation that stands in the file already: none when it is something else, or not a plain
/// file of this user's.
std::optional<invitation> standing_invitation(const std::string& file) {
  struct stat about {};
  if (::lstat(file.c_str(), &about) != 0 || !S_ISREG(about.st_mode) || about.st_uid != ::geteuid())
    return {};
  const auto text = read_private_file(file, invitation_bytes_max);
  if (!text)
    return {};
  auto out = parse_invitation(view(*text).text());
  return out ? std::optional<invitation>{std::move(*out)} : std::nullopt;
}

/// Whether nobody can use it any more: its time is over, or a transfer of this wallet has used it.
bool is_over(const settings& conf, const invitation& x) {
  if (std::chrono::system_clock::time_point{std::chrono::seconds{x.expires_unix}} <=
      std::chrono::system_clock::now())
    return true;
  wallet::posix_file_ops files;
  const auto used = wallet::is_used(files, wallet::wallet_paths{conf.data}.user(conf.wallet), x.id);
  return used && *used;
}

/// Writes the new invitation; an old one of no use to anybody makes way for it.
std::optional<command_end> save_invitation(environment& env, const std::string& file,
                                           const secret_bytes& text, const json_fields& known) {
  auto err = write_private_file(file, view(text));
  if (!err)
    return {};
  std::optional<invitation> old;
  if (code_of(err) == ec::file_exists) {
    old = standing_invitation(file);
    if (old && is_over(env.conf, *old)) {
      ::unlink(file.c_str());
      err = write_private_file(file, view(text));
    }
  }
  if (!err)
    return {};
  auto end = failed(err, known);
  if (code_of(err) == ec::file_exists) {
    end.words.what =
        old ? fmt::format("An invitation that can still be used stands in {} already.",
                          printable(file))
            : fmt::format("{} is there already, and it is no invitation.", printable(file));
    end.words.what_to_do = "Name another file with --invitation FILE, or move that one away.";
  } else {
    end.words.what_to_do = "Check space and permissions, or name another file with --invitation "
                           "FILE; nothing has moved.";
  }
  return end;
}

/// Takes the invitation away when it is still the one that we wrote: it lets nobody in any more,
/// and would stand in the way of the next.
void remove_invitation(const std::string& file, const secret_bytes& text) {
  const auto there = read_private_file(file, invitation_bytes_max);
  if (there && *there == text)
    ::unlink(file.c_str());
}

command_end send_coins(environment& env, const send_options& options) {
  const auto sum = amount::parse(options.sum);
  if (!sum)
    return failed(fail(ec::bad_amount, "'" + printable(options.sum, 40) + "'"));
  json_fields known{{"role", "sender"}, {"amount", to_string(*sum)}};
  if (auto missing = missing_wallet(env.conf))
    return std::move(*missing);
  auto parts = context::make(env);
  if (!parts)
    return failed(std::move(parts.error()), known);
  auto& all = **parts;
  if (auto err = all.recover(env))
    return failed(std::move(err), known);
  if (auto err = all.check_funds(env, *sum))
    return failed(std::move(err), known);
  const auto valid = std::max<std::chrono::milliseconds>(env.conf.wait, validity_min);
  const auto expires = std::chrono::duration_cast<std::chrono::seconds>(
                           (std::chrono::system_clock::now() + valid).time_since_epoch())
                           .count();
  const auto invite = make_invitation(env.conf.relay.host, env.conf.relay.port,
                                      static_cast<uint64_t>(expires), *sum, options.room);
  const auto text = to_file_text(invite);
  if (auto end = save_invitation(env, options.file, text, known))
    return std::move(*end);
  show_invitation(env, invite, options.file);
  auto end = all.run_sender(env, invite, text);
  // A receiver who has seen no coin of an open transfer comes back with it. Whether it is open is
  // not known of a session that broke off through a mistake of ours.
  const auto open = end.failure && code_of(end.failure) == ec::internal;
  if (!end.fields.value("open", open))
    remove_invitation(options.file, text);
  if (!end.failure)
    env.out.last(fmt::format("Done: {} sent in {:.1f} s. Receipt {}", to_display(*sum),
                             static_cast<double>(end.fields["ms"].get<uint64_t>()) / 1000,
                             end.fields["receipt"].get<std::string>()));
  return end;
}

} // namespace

void add_send_command(CLI::App& root, command_table& table) {
  const auto sub = root.add_subcommand("send", "Make an invitation, wait in the room, send");
  const auto options = std::make_shared<send_options>();
  sub->add_option("AMOUNT", options->sum, "Coins, as 3439 or 0.25")->required();
  sub->add_option("--invitation", options->file, "Where to save the invitation")
      ->capture_default_str();
  sub->add_option("--room", options->room, "Room to meet in (drawn at random)")
      ->check(CLI::Range(uint64_t{1}, uint64_t{9'999'999'999}));
  table.add(sub, [options](environment& env) { return send_coins(env, *options); });
}

} // namespace liveconnect::cli
