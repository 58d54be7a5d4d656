#include "benchmarks/load/subject.hpp"

#include <algorithm>
#include <fstream>
#include <poll.h>
#include <sstream>

#include <fmt/format.h>

#include "benchmarks/figures/json.hpp"
#include "benchmarks/load/event_loop.hpp"
#include "benchmarks/subjects/machine_info.hpp"
#include "messages/base/error.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect::bench {

namespace {

constexpr auto start_deadline = std::chrono::seconds(10);

/// Limits that a load from one machine reaches at once, as the relay's flags and the value that
/// lifts them. A relay that does not know one of them does not have that limit.
constexpr std::pair<const char*, const char*> lifted_limits[] = {
    {"--connections-max", "0"}, {"--connections-per-address-max", "0"},
    {"--rooms-max", "0"},       {"--new-connections-per-address-per-minute", "0"},
    {"--room-bytes-max", "0"},  {"--room-bytes-per-second-max", "0"},
};

/// What a program says on `run --help`: its flags.
std::string help_of(const std::filesystem::path& program, const std::filesystem::path& folder) {
  auto child = cli::child_process::start({program, {"run", "--help"}, folder / "help.log"});
  std::string out;
  if (!child)
    return out;
  const auto until = clock::now() + start_deadline;
  while (child->descriptor() >= 0 && clock::now() < until) {
    pollfd wait{child->descriptor(), POLLIN, 0};
    ::poll(&wait, 1, 100);
    for (const auto& line : child->take_lines())
      out += line + "\n";
  }
  return out;
}

bool knows_flag(const std::string& help, const std::string& flag) {
  for (auto at = help.find(flag); at != std::string::npos; at = help.find(flag, at + 1)) {
    const auto next = at + flag.size() < help.size() ? help[at + flag.size()] : ' ';
    if (next != '-' && !std::isalnum(static_cast<unsigned char>(next)))
      return true;
  }
  return false;
}

std::string last_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string out;
  for (std::string line; std::getline(in, line);)
    if (!line.empty())
      out = line;
  // It stands within a sentence of ours.
  while (!out.empty() && out.back() == '.')
    out.pop_back();
  return out.empty() ? "it said nothing" : escape_for_display(out, 300);
}

/// Reads the relay's first line: where it listens, and where its status page is.
caf::error read_ready(subject& into, const std::filesystem::path& log) {
  auto& child = *into.child;
  const auto until = clock::now() + start_deadline;
  while (clock::now() < until && child.descriptor() >= 0) {
    pollfd wait{child.descriptor(), POLLIN, 0};
    ::poll(&wait, 1, 100);
    for (const auto& line : child.take_lines()) {
      const auto x = json::parse(line, nullptr, false);
      if (!x.is_object() || x.value("type", "") != "ready")
        continue;
      const auto list = x.find("listen");
      if (list == x.end() || !list->is_array() || list->empty() || !list->front().is_string() ||
          !endpoint::parse(list->front().get<std::string>(), into.target))
        continue;
      endpoint status;
      if (const auto at = x.find("status");
          at != x.end() && at->is_string() && endpoint::parse(at->get<std::string>(), status))
        into.status = status;
      return caf::none;
    }
  }
  return fail(ec::relay_unreachable, "The relay did not start: " + last_line(log) +
                                         ". Run liveconnect-relay by itself to see what it needs.");
}

/// What --peers can start: its common name, and where it comes from.
struct peer_program {
  const char* name;
  const char* title;
  const char* package;
  /// The first of these that is there.
  std::vector<const char*> programs;
};

const std::vector<peer_program>& peer_programs() {
  static const std::vector<peer_program> list{
      {haproxy_name, "HAProxy", "haproxy", {"haproxy"}},
      {wormhole_name,
       "magic-wormhole's transit relay",
       "magic-wormhole-transit-relay",
       {"twist3", "twist"}},
      {syncthing_name, "syncthing's relay", "syncthing-relaysrv", {"strelaysrv"}}};
  return list;
}

/// The path of a peer's program: ec::bad_argument for an unknown peer, ec::bad_config when it is
/// not installed.
caf::expected<std::string> program_of(const std::string& name) {
  for (const auto& x : peer_programs()) {
    if (name != x.name)
      continue;
    for (const auto* program : x.programs)
      if (auto out = find_program(program); !out.empty())
        return out;
    return fail(ec::bad_config, fmt::format("{} is not on this machine. Install the package {}, or "
                                            "leave it out of --peers.",
                                            x.title, x.package));
  }
  return fail(ec::bad_argument,
              "There is no peer '" + escape_for_display(name, 40) +
                  "'. Name haproxy, raw, wormhole or syncthing, with commas between them.");
}

/// Waits until the program listens at `where`: for programs that do not say when they are ready.
caf::error wait_for_listener(const endpoint& where, cli::child_process& child,
                             const std::filesystem::path& log, const char* what) {
  const auto until = clock::now() + start_deadline;
  while (clock::now() < until && !child.wait(std::chrono::milliseconds(20))) {
    auto trial = connect_to(where);
    pollfd wait{trial ? trial->get() : -1, POLLOUT, 0};
    if (trial && ::poll(&wait, 1, 1000) == 1 && (wait.revents & (POLLERR | POLLHUP)) == 0)
      return caf::none;
  }
  return fail(ec::relay_unreachable,
              fmt::format("{} did not start: {}. Leave it out of --peers, or mend that.", what,
                          last_line(log)));
}

/// Starts a program that can only be told a port: a free one is asked for, in the hope that it
/// stays free. Waits until it listens there. `arguments` is given the address and the file of its
/// log, in a folder of its own.
template<class Arguments>
caf::expected<subject> start_on_free_port(const char* name, meeting how, int core,
                                          Arguments arguments) {
  const auto program = program_of(name);
  if (!program)
    return program.error();
  auto folder = scratch_folder::make();
  if (!folder)
    return folder.error();
  subject out;
  out.name = name;
  out.how = how;
  {
    auto taken = listen_on_loopback(out.target);
    if (!taken)
      return taken.error();
  }
  const auto log = folder->path() / "peer.log";
  {
    on_core there{core};
    auto child = cli::child_process::start({*program, arguments(out.target, log), log});
    if (!child)
      return child.error();
    out.child = std::move(*child);
  }
  if (auto err = wait_for_listener(out.target, *out.child, log, name))
    return err;
  out.pid = out.child->pid();
  out.folder = std::move(*folder);
  return out;
}

/// Waits until one connection to `front` has come through to `sink`.
caf::error wait_for_forwarding(const endpoint& front, int sink, cli::child_process& child,
                               const std::filesystem::path& log) {
  auto trial = connect_to(front);
  if (!trial)
    return trial.error();
  const auto until = clock::now() + start_deadline;
  while (clock::now() < until && !child.wait(std::chrono::milliseconds(0))) {
    pollfd wait{sink, POLLIN, 0};
    if (::poll(&wait, 1, 50) == 1) {
      auto arrived = accept_from(sink);
      return arrived ? caf::error{} : arrived.error();
    }
  }
  return fail(ec::relay_unreachable, "HAProxy did not start: " + last_line(log) +
                                         ". Leave it out of --peers, or mend that.");
}

/// HAProxy takes connections from the socket `front`, which it inherits, and passes each on to a
/// connection of its own to `behind`.
caf::error write_haproxy_config(const std::filesystem::path& file, int front,
                                const endpoint& behind) {
  constexpr const char* text = R"(global
  nbthread 1
  maxconn {connections}
defaults
  mode tcp
  timeout connect 10s
  timeout client 1h
  timeout server 1h
frontend in
  maxconn {connections}
  bind fd@{front}
  default_backend out
backend out
  server generator {behind}
)";
  // Two descriptors a connection; some are HAProxy's own.
  const auto connections = (raise_descriptor_limit() - 200) / 2;
  std::ofstream out(file);
  out << fmt::format(text, fmt::arg("connections", connections), fmt::arg("front", front),
                     fmt::arg("behind", to_string(behind)));
  if (!out.flush())
    return fail(ec::disk_failed, file.string() + " cannot be written. Make room in TMPDIR.");
  return caf::none;
}

} // namespace

bool names_flag(const std::vector<std::string>& arguments, const std::string& flag) {
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& x) {
    return x == flag || x.rfind(flag + "=", 0) == 0;
  });
}

caf::expected<std::filesystem::path> find_relay(const relay_start& how) {
  auto program = how.program;
  if (program.empty()) {
    auto folder = cli::own_folder();
    if (!folder)
      return folder.error();
    program = *folder / "liveconnect-relay";
  }
  std::error_code problem;
  if (!std::filesystem::exists(program, problem))
    return fail(ec::bad_config, "There is no relay at " + program.string() +
                                    ". Build liveconnect-relay, or name one with --relay-program.");
  return program;
}

caf::expected<subject> start_relay(const relay_start& how, int core) {
  const auto found = find_relay(how);
  if (!found)
    return found.error();
  const auto& program = *found;
  auto folder = scratch_folder::make();
  if (!folder)
    return folder.error();
  const auto log = folder->path() / "relay.log";
  const auto help = help_of(program, folder->path());
  std::vector<std::string> arguments{"run", "--json", "--listen", "127.0.0.1:0"};
  if (!how.keep_limits)
    for (const auto& [flag, value] : lifted_limits)
      if (knows_flag(help, flag) && !names_flag(how.arguments, flag))
        arguments.insert(arguments.end(), {flag, value});
  // Two relays of one machine must not want the same port for their status pages.
  if (knows_flag(help, "--status-listen"))
    arguments.insert(arguments.end(), {"--status-listen", "127.0.0.1:0"});
  arguments.insert(arguments.end(), how.arguments.begin(), how.arguments.end());

  subject out;
  out.name = relay_name;
  out.how = meeting::rooms;
  {
    on_core there{core};
    auto child = cli::child_process::start({program, arguments, log});
    if (!child)
      return child.error();
    out.child = std::move(*child);
  }
  if (auto err = read_ready(out, log))
    return err;
  out.pid = out.child->pid();
  out.version = first_line_of(program.string(), "version");
  out.folder = std::move(*folder);
  return out;
}

subject running_relay(const endpoint& where, std::optional<pid_t> pid) {
  subject out;
  out.name = relay_name;
  out.how = meeting::rooms;
  out.target = where;
  out.pid = pid;
  return out;
}

namespace {

/// Debian's HAProxy in TCP mode, one thread, forwarding to the generator.
caf::expected<subject> start_haproxy(int core) {
  const auto found = program_of(haproxy_name);
  if (!found)
    return found.error();
  const auto& program = *found;
  auto folder = scratch_folder::make();
  if (!folder)
    return folder.error();
  subject out;
  out.name = haproxy_name;
  out.how = meeting::forwarded;
  out.version = first_line_of(program, "-v");
  endpoint behind;
  auto sink = listen_on_loopback(behind);
  // HAProxy is given a socket that listens already: no port can be lost on the way, and connections
  // wait for it from now on.
  auto front = listen_on_loopback(out.target, true);
  if (!sink || !front)
    return sink ? front.error() : sink.error();
  const auto config = folder->path() / "haproxy.cfg";
  if (auto err = write_haproxy_config(config, front->get(), behind))
    return err;
  {
    on_core there{core};
    auto child = cli::child_process::start(
        {program, {"-db", "-f", config.string()}, folder->path() / "haproxy.log"});
    if (!child)
      return child.error();
    out.child = std::move(*child);
  }
  if (auto err =
          wait_for_forwarding(out.target, sink->get(), *out.child, folder->path() / "haproxy.log"))
    return err;
  out.listener = std::move(*sink);
  out.pid = out.child->pid();
  out.folder = std::move(*folder);
  return out;
}

/// Nothing between the two ends: what the machine itself gives.
caf::expected<subject> raw_loopback() {
  subject out;
  out.name = raw_name;
  out.how = meeting::forwarded;
  auto sink = listen_on_loopback(out.target);
  if (!sink)
    return sink.error();
  out.listener = std::move(*sink);
  return out;
}

/// magic-wormhole's transit relay (Twisted).
caf::expected<subject> start_wormhole(int core) {
  return start_on_free_port(wormhole_name, meeting::tokens, core,
                            [](const endpoint& where, const auto& log) {
                              // By itself it writes a line a connection to standard output, and
                              // stands still when they are not read.
                              return std::vector<std::string>{
                                  "--log-level=error", "--log-file=" + log.string(), "transitrelay",
                                  fmt::format("--port=tcp:{}:interface=127.0.0.1", where.port)};
                            });
}

/// syncthing's strelaysrv (Go), known to no pool of public relays.
caf::expected<subject> start_syncthing(int core) {
  auto out = start_on_free_port(
      syncthing_name, meeting::sessions, core, [](const endpoint& where, const auto& log) {
        // No pool: it would offer itself to the world. No pings, and
        // no silent pair is ended: idle pairs have to stay.
        return std::vector<std::string>{"-listen=" + to_string(where),
                                        "-protocol=tcp4",
                                        "-pools=",
                                        "-status-srv=",
                                        "-keys=" + log.parent_path().string(),
                                        "-ping-interval=24h",
                                        "-network-timeout=24h"};
      });
  if (!out)
    return out;
  out->version = first_line_of(*program_of(syncthing_name), "-version");
  auto host = syncthing::host::join(out->target);
  if (!host)
    return fail(ec::relay_unreachable,
                detail_of(host.error()) + ". Leave syncthing out of --peers, or mend that.");
  out->host = std::move(*host);
  return out;
}

} // namespace

caf::error check_peer(const std::string& name) {
  if (name == raw_name)
    return caf::none;
  const auto found = program_of(name);
  return found ? caf::error{} : found.error();
}

caf::expected<subject> start_peer(const std::string& name, int core) {
  if (auto err = check_peer(name))
    return err;
  if (name == haproxy_name)
    return start_haproxy(core);
  if (name == wormhole_name)
    return start_wormhole(core);
  if (name == syncthing_name)
    return start_syncthing(core);
  return raw_loopback();
}

} // namespace liveconnect::bench
