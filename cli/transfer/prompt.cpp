#include "cli/transfer/prompt.hpp"

#include <cerrno>
#include <poll.h>
#include <unistd.h>

#include <fmt/format.h>

#include "messages/secure/invitation.hpp"

namespace liveconnect::cli {

namespace {

constexpr size_t typed_bytes_max = invitation_bytes_max;

bool can_ask(const environment& env) {
  return env.conf.input && !env.conf.as_json && ::isatty(STDIN_FILENO) == 1;
}

enum class typed { line, end, stopped };

/// Adds one typed line, its newline included, to `out`.
typed read_line(environment& env, secret_bytes& out) {
  for (;;) {
    pollfd wait[] = {{STDIN_FILENO, POLLIN, 0}, {env.stop.descriptor(), POLLIN, 0}};
    if (::poll(wait, 2, -1) < 0 && errno != EINTR)
      return typed::end;
    if (wait[1].revents != 0)
      return typed::stopped;
    uint8_t byte = 0;
    const auto n = ::read(STDIN_FILENO, &byte, 1);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0 || out.size() > typed_bytes_max)
      return typed::end;
    out.push_back(byte);
    if (byte == '\n')
      return typed::line;
  }
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

} // namespace

consent confirm(environment& env, const std::string& question) {
  if (env.conf.yes)
    return consent::yes;
  if (!can_ask(env))
    return consent::nobody_to_ask;
  env.out.last(question + " Type yes or no.");
  secret_bytes answer;
  if (read_line(env, answer) != typed::line)
    return consent::no;
  const auto text = view(answer).text();
  return text == "yes\n" || text == "y\n" || text == "Yes\n" || text == "Y\n" ? consent::yes
                                                                              : consent::no;
}

bool approve(environment& env, amount sum) {
  const auto said = confirm(env, fmt::format("Take {}?", to_display(sum)));
  if (said == consent::nobody_to_ask)
    env.out.note("There is no terminal to ask whether to take this amount. Use --yes to take it.");
  return said == consent::yes;
}

caf::expected<secret_bytes> prompt_invitation(environment& env) {
  if (!can_ask(env))
    return fail(ec::bad_argument, "no invitation was given: name a file, or - for standard input");
  env.out.last("Paste the invitation: its one line (liveconnect://...), or its whole text.");
  secret_bytes all;
  for (;;) {
    const auto begin = all.size();
    const auto what = read_line(env, all);
    if (what == typed::stopped)
      return fail(ec::stopped);
    const auto line = view(all).sub(begin).text();
    if (what == typed::end || starts_with(line, "liveconnect://") || starts_with(line, "Key:"))
      return all;
    // Blank lines before the text mean nothing; one after it ends it.
    if (line == "\n" && begin > 0)
      return all;
    if (line == "\n")
      all.clear();
  }
}

} // namespace liveconnect::cli
