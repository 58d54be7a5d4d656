#include <chrono>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/commands/finality.hpp"
#include "cli/transfer/context.hpp"
#include "cli/transfer/private_file.hpp"
#include "cli/transfer/prompt.hpp"
#include "cli/transfer/session_run.hpp"
#include "messages/base/printable.hpp"
#include "messages/base/time_text.hpp"
#include "messages/secure/invitation.hpp"

namespace liveconnect::cli {

namespace {

/// From a file, from standard input, or from the person at the terminal.
caf::expected<secret_bytes> read_invitation(environment& env, const std::string& source) {
  if (source == "-" || (source.empty() && ::isatty(STDIN_FILENO) != 1))
    return read_to_end(STDIN_FILENO, invitation_bytes_max, "standard input");
  if (source.empty())
    return prompt_invitation(env);
  return read_private_file(source, invitation_bytes_max);
}

caf::expected<invitation> read_valid(const secret_bytes& text) {
  auto invite = parse_invitation(view(text).text());
  if (!invite)
    return std::move(invite.error());
  const auto expires =
      std::chrono::system_clock::time_point{std::chrono::seconds{invite->expires_unix}};
  if (expires <= std::chrono::system_clock::now())
    return fail(ec::invitation_expired, "Expires: " + utc_text(expires));
  if (invite->how == security::plain)
    return fail(ec::bad_invitation, "Security: plain sessions are not offered");
  return invite;
}

command_end receive_coins(environment& env, const std::string& source) {
  json_fields known{{"role", "receiver"}};
  if (source.find("://") != std::string::npos)
    return failed(
        fail(ec::bad_argument,
             "an invitation's text belongs in a file or on standard input, never in an argument, "
             "which every user of this computer can read"),
        known);
  auto text = read_invitation(env, source);
  if (!text && exit_of(text.error()).code == 2)
    return failed(text.error(), known,
                  {fmt::format("No invitation could be read: {}.", detail_of(text.error())),
                   "Name the file that the sender's program saved (a few lines of text), or - for "
                   "standard input."});
  if (!text)
    return failed(std::move(text.error()), known);
  auto invite = read_valid(*text);
  if (!invite)
    return failed(std::move(invite.error()), known);
  if (invite->sum)
    known["amount"] = to_string(*invite->sum);
  auto parts = context::make(env);
  if (!parts)
    return failed(std::move(parts.error()), known);
  auto& all = **parts;
  if (auto err = all.recover(env))
    return failed(std::move(err), known);
  auto end = all.run_receiver(env, *invite, to_file_text(*invite));
  if (!end.fields.value("receipt", "").empty())
    tell_finality(env, end);
  const auto sum = amount::parse(end.fields.value("amount", ""));
  if (!end.failure && sum)
    env.out.last(fmt::format("Done: {} received in {:.1f} s. Receipt {}", to_display(*sum),
                             static_cast<double>(end.fields["ms"].get<uint64_t>()) / 1000,
                             end.fields["receipt"].get<std::string>()));
  return end;
}

} // namespace

void add_receive_command(CLI::App& root, command_table& table) {
  const auto sub = root.add_subcommand("receive", "Receive coins with an invitation");
  const auto source = std::make_shared<std::string>();
  sub->add_option("FILE", *source,
                  "File with the invitation, or - for standard input; without it you are asked");
  table.add(sub, [source](environment& env) { return receive_coins(env, *source); });
}

} // namespace liveconnect::cli
