#include "cli/demo/demo_network.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>
#include <sodium.h>

#include "messages/base/printable.hpp"
#include "messages/money/note.hpp"

namespace liveconnect::cli {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto grace = std::chrono::milliseconds(3000);

/// The addresses that `raida run` says it listens on, with commas between; empty when the object is
/// another.
std::string addresses_in(const json_fields& x) {
  const auto list = x.find("servers");
  if (x.value("type", "") != "listening" || list == x.end() || !list->is_array() ||
      list->size() != raida_count)
    return {};
  std::string out;
  for (const auto& server : *list)
    out += (out.empty() ? "" : ",") + server.value("at", "");
  return out;
}

/// Waits for more output of a child: true when there is some (or it has ended).
caf::error wait_for_output(environment& env, const child_process& child, clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now());
  if (left.count() <= 0)
    return fail(ec::timed_out, "a program of the demo did not answer");
  pollfd wait[] = {{env.stop.descriptor(), POLLIN, 0}, {child.descriptor(), POLLIN, 0}};
  if (::poll(wait, 2, static_cast<int>(left.count())) < 0 && errno != EINTR)
    return fail(ec::internal, "poll");
  if (wait[0].revents != 0)
    return fail(ec::stopped);
  return {};
}

/// Starts a child and waits for the line that `ready` accepts.
template<class Ready>
caf::expected<child_process> start_until(environment& env, const child_process::options& how,
                                         Ready ready) {
  auto child = child_process::start(how);
  if (!child)
    return child;
  const auto until = clock::now() + env.conf.timeout;
  while (child->descriptor() >= 0) {
    if (auto err = wait_for_output(env, *child, until))
      return err;
    for (const auto& line : child->take_lines())
      if (ready(line))
        return child;
  }
  const auto code = child->wait(grace);
  return fail(ec::cannot_listen,
              fmt::format("{} ended with code {}; see {}", how.program.filename().string(),
                          code.value_or(-1), printable(how.log.string())));
}

} // namespace

json_fields object_of(const std::string& line) {
  const auto x = json_fields::parse(line, nullptr, false);
  return x.is_object() ? x : json_fields{};
}

caf::error failure_of(const json_fields& result) {
  if (result.value("ok", false))
    return {};
  const auto name = result.value("error", "");
  for (int i = 1; i <= static_cast<int>(ec::internal); ++i)
    if (to_string(static_cast<ec>(i)) == name)
      return fail(static_cast<ec>(i), result.value("detail", ""));
  return fail(ec::internal, result.value("what", "a program of the demo failed"));
}

caf::expected<json_fields> run_to_result(environment& env, const child_process::options& how) {
  auto child = child_process::start(how);
  if (!child)
    return std::move(child.error());
  const auto until = clock::now() + env.conf.timeout;
  json_fields result;
  while (child->descriptor() >= 0) {
    if (auto err = wait_for_output(env, *child, until))
      return err;
    for (const auto& line : child->take_lines())
      if (auto x = object_of(line); x.is_object() && x.value("type", "") == "result")
        result = std::move(x);
  }
  child->wait(grace);
  if (!result.is_object())
    return fail(ec::internal,
                fmt::format("{} ended without a result; see {}", how.program.filename().string(),
                            printable(how.log.string())));
  return result;
}

caf::expected<demo_network> demo_network::start(environment& env,
                                                const std::filesystem::path& folder,
                                                const std::vector<std::string>& relay_arguments) {
  demo_network out;
  auto programs = own_folder();
  if (!programs)
    return std::move(programs.error());
  out.programs_ = *programs;
  auto servers = start_until(env,
                             {out.programs_ / "liveconnect",
                              {"raida", "run", "--json", "--data", (folder / "servers").string(),
                               "--host", "127.0.0.1", "--port-base", "0"},
                              folder / "servers.log"},
                             [&](const std::string& line) {
                               out.servers_at_ = addresses_in(object_of(line));
                               return !out.servers_at_.empty();
                             });
  if (!servers)
    return std::move(servers.error());
  out.servers_ = std::move(*servers);
  std::vector<std::string> words{"run", "--listen", "127.0.0.1:0"};
  words.insert(words.end(), relay_arguments.begin(), relay_arguments.end());
  auto relay = start_until(env, {out.programs_ / "liveconnect-relay", words, folder / "relay.log"},
                           [&](const std::string& line) {
                             static constexpr std::string_view mark = "listening on ";
                             const auto at = line.find(mark);
                             if (at == std::string::npos)
                               return false;
                             const auto rest = line.substr(at + mark.size());
                             out.relay_at_ = rest.substr(0, rest.find_first_of(", "));
                             return true;
                           });
  if (!relay)
    return std::move(relay.error());
  out.relay_ = std::move(*relay);
  return out;
}

child_process::options demo_network::program(std::vector<std::string> arguments,
                                             const std::filesystem::path& log) const {
  for (const auto& x : {std::string{"--json"}, "--relay=" + relay_at_, "--raida=" + servers_at_})
    arguments.push_back(x);
  return {programs_ / "liveconnect", std::move(arguments), log};
}

void demo_network::end() {
  for (auto child : {&relay_, &servers_})
    if (*child)
      (*child)->ask_to_end();
  for (auto child : {&relay_, &servers_})
    if (*child)
      (*child)->end(grace);
}

} // namespace liveconnect::cli
