#include "relay/run.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "actors/io/scheduling.hpp"
#include "cli/shell/interrupts.hpp"
#include "cli/shell/version.hpp"
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

/// What to do about an address that cannot be listened on, by the system's word for it.
std::string advice_for_address(const caf::error& err, const std::string& flag) {
  const auto why = detail_of(err);
  const auto says = [&why](int number) { return why.find(std::strerror(number)) != why.npos; };
  if (says(EACCES))
    return "Choose a port above 1023 with " + flag +
           ", or let systemd open this one (socket activation).";
  if (says(EADDRNOTAVAIL) || code_of(err) == ec::network_failed)
    return "This machine has no such address: name one that it has with " + flag + ".";
  return "Choose another address with " + flag + ", or stop the program that uses this one.";
}

/// Whatever the error says of itself, the relay has not started.
constexpr cli::exit_status not_started{1, "error"};

cli::command_end cannot_listen(const std::string& at, const char* flag, const caf::error& err) {
  const auto why = detail_of(err);
  // A name is said beside the address that it stands for.
  const bool says_where = why.compare(0, at.size() + 2, at + ": ") == 0;
  const auto what = says_where ? why : at + " (" + why + ")";
  return {
      err, {}, 0, {"Cannot listen on " + what + ".", advice_for_address(err, flag)}, not_started};
}

cli::command_end cannot_open(const std::string& what, const char* flag, const caf::error& err) {
  return {err,
          {},
          0,
          {"Cannot open the " + what + ": " + detail_of(err) + ".",
           std::string("Name another path with ") + flag + ", or repair this one."},
          not_started};
}

/// What systemd handed over is not what a relay can use.
cli::command_end cannot_inherit(const caf::error& err) {
  return cli::failed(err, {},
                     {"The service manager passed sockets that do not fit: " + detail_of(err) + ".",
                      "Correct the .socket unit and start it again."});
}

/// Listens on the sockets that are there already, else on the addresses asked for; the built-in
/// address gives way to IPv4 where there is no IPv6. `failed` is what could not be listened on.
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

/// Opens the status port as asked; none (nullptr) when it is not wanted. A relay runs without the
/// built-in one when another program has that address, so that a second relay can run on a machine.
caf::expected<std::unique_ptr<status_server>>
open_status(const relay_settings& settings, const status_board& board, spdlog::logger& log) {
  if (settings.status_listen.empty())
    return std::unique_ptr<status_server>{};
  auto made = status_server::open(settings.status_listen, board);
  if (!made && settings.status_listen_is_default) {
    log.warn("{} is in use, so there is no status page; choose another with --status-listen",
             settings.status_listen);
    return std::unique_ptr<status_server>{};
  }
  return made;
}

/// With fewer, the relay's own leave no room for clients.
constexpr uint64_t descriptors_least = 48;

cli::command_end too_few_descriptors(const descriptor_room& x) {
  const auto soft = std::to_string(x.soft);
  return cli::failed(
      fail(ec::cannot_listen, "a limit of " + soft + " descriptors"), {},
      {"This process may open " + soft + " descriptors, which leaves no room for clients.",
       "Raise the limit to at least " + std::to_string(descriptors_least) +
           ", better to 65536 (LimitNOFILE= in the unit, or ulimit -n)."});
}

/// Logs how far the descriptors reach: at the start, and when the limits have changed.
void log_descriptors(spdlog::logger& log, const relay_limits& limits, const descriptor_room& x,
                     bool at_start) {
  const bool short_of_them = limits.connections_max != 0 && x.connections < limits.connections_max;
  if (short_of_them)
    log.warn("the hard limit of {} descriptors leaves room for {} connections where {} are "
             "allowed, so new connections are refused above that; raise it (LimitNOFILE= in the "
             "unit, or ulimit -Hn) and restart the relay",
             x.hard, x.connections, limits.connections_max);
  else if (limits.connections_max == 0 || (x.raised && !at_start))
    log.info("the descriptor limit of {} leaves room for {} connections; new connections are "
             "refused above that",
             x.soft, x.connections);
}

std::string limit_text(size_t x) {
  return x == 0 ? "any number of" : std::to_string(x);
}

void say_ready(const relay_limits& limits, size_t connections, const std::vector<endpoint>& at,
               const status_server* status, const admin_server* admin, cli::output& out) {
  cli::json_fields fields{{"listen", texts_of(at)}, {"status", nullptr}, {"admin_socket", nullptr}};
  out.last(fmt::format("liveconnect-relay {} listening on {}, limits: {} rooms, {} connections, {} "
                       "per address",
                       cli::program_version, joined(at), limit_text(limits.rooms_max), connections,
                       limit_text(limits.connections_per_address_max)));
  if (status != nullptr) {
    fields["status"] = status->address();
    out.last("status http://" + status->address() +
             "/   metrics /metrics   health /healthz /readyz");
  }
  if (admin != nullptr) {
    fields["admin_socket"] = admin->path();
    out.last("admin socket " + admin->path());
  }
  fields["connections_max"] = connections;
  out.event("ready", fields);
}

void log_end(relay_server& server, const std::shared_ptr<spdlog::logger>& log) {
  const auto x = server.counters();
  log->info("ended: {} connections, {} joins, {} pairs, {} frames and {} bytes passed on",
            x.accepted, x.joined, x.paired, x.frames_forwarded, x.bytes_forwarded);
  for (size_t i = 0; i < refusal_count; ++i)
    if (x.refused[i] > 0)
      log->info("refused {}: {}", word_of(static_cast<refusal>(i)), x.refused[i]);
  if (server.accept_rests() > 0)
    log->warn("accepting was paused {} times for lack of descriptors", server.accept_rests());
}

/// Everything that lives while a relay serves, made in the order of the members.
class relay_program {
public:
  relay_program(const relay_settings& settings, std::shared_ptr<spdlog::logger> log,
                cli::signal_source& signals)
      : settings_(settings), log_(std::move(log)), signals_(signals) {}

  /// Puts the parts together and listens; how the program ends where one cannot be had.
  std::optional<cli::command_end> assemble(inherited_sockets inherited);

  /// Says what is listened on.
  void announce(cli::output& out) const;

  /// Serves until a signal or the operator ends it, drained where that is asked for. The signal
  /// that cut it short, 0 when it ended in order.
  int serve(const reloader::source& read_again, const descriptor_room& descriptors);

  /// Sends Closing to every client, and logs what there was.
  void end();

private:
  std::optional<cli::command_end> open_admin(io::descriptor inherited);
  void open_board();
  int drain_or_stop(int signal);

  const relay_settings& settings_;
  std::shared_ptr<spdlog::logger> log_;
  cli::signal_source& signals_;
  caf::actor_system_config config_;
  caf::actor_system system_{io::share_work(config_, 1)};
  std::unique_ptr<relay_server> server_;
  std::vector<endpoint> at_;
  status_board board_{cli::program_version};
  std::unique_ptr<sampler> samples_;
  std::unique_ptr<status_server> status_;
  std::atomic<bool> asked_to_drain_{false};
  std::unique_ptr<admin_handler> handler_;
  std::unique_ptr<admin_server> admin_;
};

std::optional<cli::command_end> relay_program::assemble(inherited_sockets inherited) {
  std::shared_ptr<usage_log> usage;
  if (!settings_.usage_log.empty()) {
    auto made = usage_log::open(settings_.usage_log, settings_.usage_addresses_full);
    if (!made)
      return cannot_open("usage log", "--usage-log", made.error());
    usage = std::move(*made);
  }
  server_ = std::make_unique<relay_server>(
      system_, settings_.limits,
      server_options{settings_.proxies, usage, loops_for(settings_.loops, io::usable_cores()),
                     settings_.socket_buffer_bytes});
  std::string failed;
  if (const auto err = listen_all(*server_, settings_, std::move(inherited.rooms), at_, failed))
    return cannot_listen(failed, "--listen", err);
  open_board();
  auto status = open_status(settings_, board_, *log_);
  if (!status)
    return cannot_listen(settings_.status_listen, "--status-listen", status.error());
  status_ = std::move(*status);
  return open_admin(std::move(inherited.admin));
}

void relay_program::open_board() {
  samples_ = std::make_unique<sampler>(board_, [this] {
    relay_sample out{server_->counters(), server_->accept_rests(), server_->coalesced_turns(),
                     server_->connections_max(), server_->rooms_max()};
    // The loop has answered.
    notify_alive();
    return out;
  });
}

std::optional<cli::command_end> relay_program::open_admin(io::descriptor inherited) {
  handler_ = std::make_unique<admin_handler>(system_, server_->rooms(), board_, log_, [this] {
    asked_to_drain_ = true;
    signals_.wake();
  });
  if (!inherited.valid() && settings_.admin_socket.empty())
    return std::nullopt;
  const admin_server::handler handle = [this](const auto& x, const auto& say) {
    return handler_->handle(x, say);
  };
  auto made = inherited.valid() ? admin_server::open(std::move(inherited), handle)
                                : admin_server::open(settings_.admin_socket, handle);
  if (!made)
    return cannot_open("admin socket", "--admin-socket", made.error());
  admin_ = std::move(*made);
  return std::nullopt;
}

void relay_program::announce(cli::output& out) const {
  say_ready(settings_.limits, server_->connections_max(), at_, status_.get(), admin_.get(), out);
  notify_ready("listening on " + joined(at_));
}

int relay_program::serve(const reloader::source& read_again, const descriptor_room& descriptors) {
  log_descriptors(*log_, settings_.limits, descriptors, true);
  reloader again{settings_, read_again,
                 [this](const relay_limits& x) {
                   log_descriptors(*log_, x, provide_descriptors(x), false);
                   server_->set_limits(x);
                 },
                 *log_};
  signals_.on_hangup([&again] { again.reload(); });
  int signal = 0;
  while (signal == 0 && !asked_to_drain_)
    signal = signals_.wait(std::chrono::hours(1));
  signal = drain_or_stop(signal);
  signals_.on_hangup({});
  // The next signal ends the process the system's way.
  signals_.release();
  return signal;
}

int relay_program::drain_or_stop(int signal) {
  if (signal == SIGINT) {
    log_->info("stopping on SIGINT");
    notify_stopping("ending");
    return signal;
  }
  log_->info("draining for at most {} s",
             std::chrono::duration_cast<std::chrono::seconds>(settings_.drain_timeout).count());
  board_.set_draining();
  notify_stopping("draining");
  const auto end = drain(system_, *server_, signals_, settings_.drain_timeout);
  log_->info("{}", end.empty         ? "drained: no client is left"
                   : end.signal != 0 ? "a second signal ends the drain"
                                     : "the time to drain is over");
  return end.signal;
}

void relay_program::end() {
  server_->stop();
  log_end(*server_, log_);
}

} // namespace

cli::command_end run(const relay_settings& settings, const reloader::source& read_again,
                     cli::output& out) {
  cli::signal_source signals{cli::signal_source::hangup::reloads};
  const auto log =
      std::make_shared<spdlog::logger>("relay", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto inherited = take_inherited_sockets(environment);
  if (!inherited)
    return cannot_inherit(inherited.error());
  if (!inherited->rooms.empty() && !settings.listen_is_default)
    log->info("the service manager has opened the sockets, so `listen` is ignored");
  const auto descriptors = provide_descriptors(settings.limits);
  if (descriptors.soft < descriptors_least)
    return too_few_descriptors(descriptors);
  relay_program relay{settings, log, signals};
  if (auto err = relay.assemble(std::move(*inherited)))
    return std::move(*err);
  relay.announce(out);
  const auto signal = relay.serve(read_again, descriptors);
  relay.end();
  if (signal == 0)
    return {};
  return {{},
          {},
          signal,
          {"A signal stopped the relay before every client had left.",
           "Start it again when clients are to meet there."}};
}

} // namespace liveconnect::relay
