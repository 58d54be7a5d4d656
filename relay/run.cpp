#include "relay/run.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "actors/io/scheduling.hpp"
#include "cli/shell/result_line.hpp"
#include "cli/shell/signals.hpp"
#include "messages/base/error.hpp"
#include "relay/admin/usage_log.hpp"
#include "relay/admin_handler.hpp"
#include "relay/command_line.hpp"
#include "relay/drain.hpp"
#include "relay/relay_server.hpp"
#include "relay/service_notify.hpp"
#include "relay/socket_activation.hpp"
#include "relay/status/status_server.hpp"

namespace liveconnect::relay {

namespace {

std::vector<std::string> texts_of(const std::vector<endpoint>& list) {
  std::vector<std::string> out;
  for (const auto& x : list)
    out.push_back(to_string(x));
  return out;
}

std::string joined(const std::vector<endpoint>& list) {
  std::string out;
  for (const auto& x : texts_of(list))
    out += (out.empty() ? "" : ", ") + x;
  return out;
}

/// What to do about an address that cannot be had, by the system's word for it.
std::string advice(const caf::error& err, const std::string& flag) {
  const auto why = detail_of(err);
  const auto says = [&why](int number) { return why.find(std::strerror(number)) != why.npos; };
  if (says(EACCES))
    return "Ports below 1024 are not for every user: choose another with " + flag +
           ", or let systemd open it (socket activation)";
  if (says(EADDRNOTAVAIL) || code_of(err) == ec::network_failed)
    return "This machine has no such address: name one that it has with " + flag;
  return "Choose another address with " + flag + ", or stop the program that has this one";
}

int cannot_listen(const std::string& what, const char* flag, const caf::error& err, bool json) {
  const auto why = detail_of(err);
  return cli::say_failed(
      json, {cli::other_error, code_of(err), why, what + " (" + why + ")", advice(err, flag)});
}

int cannot_start(const std::string& what, const char* flag, const caf::error& err, bool json) {
  const auto why = detail_of(err);
  return cli::say_failed(json,
                         {cli::other_error, code_of(err), why, what + " (" + why + ")",
                          std::string("Name another path with ") + flag + ", or mend this one"});
}

/// What systemd handed over is not what a relay can use.
int cannot_inherit(const caf::error& err, bool json) {
  const auto why = detail_of(err);
  return cli::say_failed(json,
                         {cli::wrong_usage, code_of(err), why,
                          "The service manager handed over sockets that do not fit (" + why + ")",
                          "Correct the .socket unit and start it again"});
}

/// Listens on the sockets that are there already, else as asked; the built-in address gives way to
/// IPv4 where there is no IPv6.
caf::error listen_all(relay_server& server, const relay_settings& settings,
                      std::vector<inherited_sockets::named> inherited, std::vector<endpoint>& out,
                      std::string& failed) {
  for (auto& x : inherited) {
    auto got = server.listen(std::move(x.fd));
    if (!got) {
      failed = "the socket " + x.name;
      return got.error();
    }
    out.push_back(*got);
  }
  if (!inherited.empty())
    return caf::none;
  for (const auto& x : settings.listen) {
    auto got = server.listen(x);
    if (!got && settings.listen_is_default)
      if (auto v4 = server.listen("0.0.0.0:9100"))
        got = std::move(v4);
    if (!got) {
      failed = x;
      return got.error();
    }
    out.insert(out.end(), got->begin(), got->end());
  }
  return caf::none;
}

/// Opens the status port as asked; none (nullptr) when it is not wanted. The built-in address is
/// done without when somebody else has it: a second relay on a machine shall run.
caf::expected<std::unique_ptr<status_server>>
open_status(const relay_settings& settings, const status_board& board, spdlog::logger& log) {
  if (settings.status_listen.empty())
    return std::unique_ptr<status_server>{};
  auto made = status_server::open(settings.status_listen, board);
  if (!made && settings.status_listen_is_default) {
    log.warn("{} is taken, so there is no status page; choose another with --status-listen",
             settings.status_listen);
    return std::unique_ptr<status_server>{};
  }
  return made;
}

/// Less than this leaves no room for anybody beside the relay's own.
constexpr uint64_t descriptors_least = 48;

int too_few_descriptors(const descriptor_room& x, bool json) {
  const auto soft = std::to_string(x.soft);
  return cli::say_failed(
      json, {cli::other_error, ec::cannot_listen, "a limit of " + soft + " descriptors",
             "This process may have " + soft + " descriptors, which leaves no room for people",
             "Raise the limit to " + std::to_string(descriptors_least) +
                 " at the very least, better to 65536 (LimitNOFILE= in the unit, or "
                 "ulimit -n)"});
}

/// Says how far the descriptors reach: at the start, and when the limits have changed.
void log_descriptors(spdlog::logger& log, const relay_limits& limits, const descriptor_room& x,
                     bool at_start) {
  const bool short_of_them = limits.connections_max != 0 && x.connections < limits.connections_max;
  if (short_of_them)
    log.warn(
        "the hard limit of {} descriptors leaves room for {} connections where {} are allowed, "
        "so accepting rests above that; raise it (LimitNOFILE= in the unit, or ulimit -Hn) and "
        "start the relay anew",
        x.hard, x.connections, limits.connections_max);
  else if (limits.connections_max == 0 || (x.raised && !at_start))
    log.info(
        "the descriptor limit of {} leaves room for {} connections; accepting rests above that",
        x.soft, x.connections);
}

std::string bound(size_t x) {
  return x == 0 ? "any number" : std::to_string(x);
}

void say_ready(const relay_limits& limits, size_t connections, const std::vector<endpoint>& at,
               const status_server* status, const admin_server* admin, bool json) {
  if (json) {
    cli::json_fields fields{
        {"listen", texts_of(at)}, {"status", nullptr}, {"admin_socket", nullptr}};
    if (status != nullptr)
      fields["status"] = status->address();
    if (admin != nullptr)
      fields["admin_socket"] = admin->path();
    fields["connections_max"] = connections;
    std::cout << cli::json_line("ready", fields) << std::endl;
    return;
  }
  std::cout << program_and_version() << " listening on " << joined(at)
            << ", limits: " << bound(limits.rooms_max) << " rooms, " << connections
            << " connections, " << bound(limits.connections_per_address_max) << " of one address\n";
  if (status != nullptr)
    std::cout << "status http://" << status->address()
              << "/   metrics /metrics   health /healthz /readyz\n";
  if (admin != nullptr)
    std::cout << "admin socket " << admin->path() << "\n";
  std::cout << std::flush;
}

void log_end(relay_server& server, const std::shared_ptr<spdlog::logger>& log) {
  const auto x = server.counters();
  log->info("ended: {} connections, {} joins, {} pairs, {} frames and {} bytes passed on",
            x.accepted, x.joined, x.paired, x.frames_forwarded, x.bytes_forwarded);
  for (size_t i = 0; i < refusal_count; ++i)
    if (x.refused[i] > 0)
      log->info("refused {}: {}", word_of(static_cast<refusal>(i)), x.refused[i]);
  if (server.accept_rests() > 0)
    log->warn("accepting rested {} times for want of descriptors", server.accept_rests());
}

} // namespace

int run(const relay_settings& settings, const reloader::source& read_again, bool json) {
  cli::signal_source signals;
  const auto log =
      std::make_shared<spdlog::logger>("relay", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto inherited = take_inherited_sockets(environment);
  if (!inherited)
    return cannot_inherit(inherited.error(), json);
  if (!inherited->rooms.empty() && !settings.listen_is_default)
    log->info("the service manager has opened the sockets, so `listen` is not looked at");
  const auto descriptors = provide_descriptors(settings.limits);
  if (descriptors.soft < descriptors_least)
    return too_few_descriptors(descriptors, json);
  int stopped_by = 0;
  {
    caf::actor_system_config config;
    caf::actor_system system{io::share_work(config, 1)};
    std::shared_ptr<usage_log> usage;
    if (!settings.usage_log.empty()) {
      auto made = usage_log::open(settings.usage_log, settings.usage_addresses_full);
      if (!made)
        return cannot_start("The usage log cannot be written", "--usage-log", made.error(), json);
      usage = std::move(*made);
    }
    relay_server server{system,
                        settings.limits,
                        {settings.proxies, usage, loops_for(settings.loops, io::usable_cores()),
                         settings.socket_buffer_bytes}};
    std::vector<endpoint> at;
    std::string failed;
    if (const auto err = listen_all(server, settings, std::move(inherited->rooms), at, failed))
      return cannot_listen("The relay cannot listen on " + failed, "--listen", err, json);
    status_board board{version()};
    const sampler samples{board, [&server] {
                            relay_sample out{server.counters(), server.accept_rests(),
                                             server.coalesced_turns(), server.connections_max(),
                                             server.rooms_max()};
                            // The loop has answered.
                            notify_alive();
                            return out;
                          }};
    const auto status = open_status(settings, board, *log);
    if (!status)
      return cannot_listen("The status page cannot be had at " + settings.status_listen,
                           "--status-listen", status.error(), json);
    std::atomic<bool> asked_to_drain{false};
    admin_handler desk{system, server.rooms(), board, log, [&] {
                         asked_to_drain = true;
                         signals.wake();
                       }};
    std::unique_ptr<admin_server> admin;
    if (inherited->admin.valid() || !settings.admin_socket.empty()) {
      const admin_server::handler handle = [&desk](const auto& x, const auto& say) {
        return desk.handle(x, say);
      };
      auto made = inherited->admin.valid() ? admin_server::open(std::move(inherited->admin), handle)
                                           : admin_server::open(settings.admin_socket, handle);
      if (!made)
        return cannot_start("The admin socket cannot be had", "--admin-socket", made.error(), json);
      admin = std::move(*made);
    }
    say_ready(settings.limits, server.connections_max(), at, status->get(), admin.get(), json);
    notify_ready("listening on " + joined(at));

    log_descriptors(*log, settings.limits, descriptors, true);
    const auto apply = [&](const relay_limits& x) {
      log_descriptors(*log, x, provide_descriptors(x), false);
      server.set_limits(x);
    };
    reloader again{settings, read_again, apply, *log};
    signals.on_hangup([&again] { again.reload(); });

    int signal = 0;
    while (signal == 0 && !asked_to_drain)
      signal = signals.wait(std::chrono::hours(1));
    if (signal != SIGINT) {
      log->info("draining for at most {} s",
                std::chrono::duration_cast<std::chrono::seconds>(settings.drain_timeout).count());
      board.set_draining();
      notify_stopping("draining");
      const auto end = drain(system, server, signals, settings.drain_timeout);
      stopped_by = end.signal;
      log->info("{}", end.empty         ? "drained: nobody is left"
                      : end.signal != 0 ? "a second signal ends the drain"
                                        : "the time to drain is over");
    } else {
      stopped_by = signal;
      log->info("stopping on SIGINT");
      notify_stopping("ending");
    }
    // The next signal ends the process the system's way.
    signals.release();
    server.stop();
    log_end(server, log);
  }
  return stopped_by == 0 ? cli::say_done(json)
                         : cli::say_stopped(json, stopped_by,
                                            {"A signal stopped the relay before everyone had left.",
                                             "Start it again when it should serve rooms again."});
}

} // namespace liveconnect::relay
