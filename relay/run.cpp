#include "relay/run.hpp"

#include <csignal>
#include <cstdio>
#include <ctime>
#include <iostream>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "messages/error.hpp"
#include "relay/command_line.hpp"
#include "relay/relay_server.hpp"

namespace liveconnect::relay {

namespace {

std::string now_text() {
  const auto now = std::chrono::system_clock::now();
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char day[32];
  std::strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts);
  char out[48];
  std::snprintf(out, sizeof out, "%s.%03dZ", day, static_cast<int>(ms % 1000));
  return out;
}

std::string json_line(const char* type, const std::string& rest) {
  return std::string(R"({"v":1,"t":")") + now_text() + R"(","type":")" + type + "\"" + rest + "}";
}

std::string joined(const std::vector<endpoint>& list, const char* quote, const char* between) {
  std::string out;
  for (const auto& x : list)
    out += (out.empty() ? "" : between) + (quote + to_string(x)) + quote;
  return out;
}

void say_end(bool json, int code) {
  if (!json)
    return;
  const char* name = code == 0 ? "done" : code == 1 ? "error" : "signal";
  std::cout << json_line("result", std::string(",\"ok\":") + (code == 0 ? "true" : "false") +
                                       ",\"code\":" + std::to_string(code) + ",\"name\":\"" + name +
                                       "\"")
            << std::endl;
}

int cannot_listen(const std::string& where, const caf::error& error, bool json) {
  std::cerr << "The relay cannot listen on " << where << " (" << detail_of(error)
            << "). Choose another address with --listen, or stop the program that has this one.\n";
  say_end(json, 1);
  return 1;
}

/// Listens as asked; the built-in address gives way to IPv4 where there is no IPv6.
caf::error listen_all(relay_server& server, const relay_settings& settings,
                      std::vector<endpoint>& out, std::string& failed) {
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

int run(const relay_settings& settings, bool json) {
  // Before any thread: all of them must leave the signals to this one.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const auto log =
      std::make_shared<spdlog::logger>("relay", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  const auto connections = provide_descriptors(settings.limits);
  int signal = 0;
  {
    caf::actor_system_config config;
    caf::actor_system system{config};
    relay_server server{system, settings.limits, {settings.proxies, nullptr}};
    std::vector<endpoint> at;
    std::string failed;
    if (const auto error = listen_all(server, settings, at, failed))
      return cannot_listen(failed, error, json);
    if (json)
      std::cout << json_line("ready", ",\"listen\":[" + joined(at, "\"", ",") + "]") << std::endl;
    else
      std::cout << program_and_version() << " listening on " << joined(at, "", ", ") << std::endl;

    if (settings.limits.connections_max == 0 || connections < settings.limits.connections_max)
      log->warn("the descriptor limit leaves room for {} connections; accepting rests above that",
                connections);

    while (sigwait(&signals, &signal) != 0)
      continue;
    log->info("stopping on {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    // The next signal ends the process the system's way.
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    server.stop();
    log_end(server, log);
  }
  const int code = signal == SIGTERM ? 0 : 128 + signal;
  say_end(json, code);
  return code;
}

} // namespace liveconnect::relay
