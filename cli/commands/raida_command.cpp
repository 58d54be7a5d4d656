#include <algorithm>
#include <charconv>
#include <csignal>
#include <optional>

#include <CLI/CLI.hpp>
#include <caf/all.hpp>
#include <fmt/format.h>

#include "actors/io/resolve.hpp"
#include "actors/io/runtime.hpp"
#include "actors/io/scheduling.hpp"
#include "cli/commands/commands.hpp"
#include "cli/transfer/ask.hpp"
#include "cli/transfer/private_file.hpp"
#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "wallet/files/coin_file.hpp"
#include "wallet/keeper.hpp"
#include "wallet/raida/client/actor_port.hpp"
#include "wallet/raida/client/client.hpp"
#include "wallet/raida/client/mint.hpp"
#include "wallet/raida/client/note_commands.hpp"
#include "wallet/raida/quorum.hpp"
#include "wallet/raida/server/server_host.hpp"

namespace liveconnect::cli {

namespace {

namespace fs = std::filesystem;

/// The embedded servers' folder when --data does not name one.
fs::path servers_folder(const environment& env, const std::string& named) {
  return named.empty() ? env.conf.data / "raida" : fs::path{named};
}

/// Reads `0-24`, `3`, `0,5,10-12`: server ids, each once, in order.
caf::expected<std::vector<uint8_t>> parse_servers(std::string_view text) {
  const auto wrong = [&] {
    return fail(ec::bad_argument,
                "--servers takes numbers from 0 to 24, such as 0-24 or 0,5,10-12");
  };
  std::vector<bool> chosen(raida_count, false);
  while (true) {
    const auto comma = text.find(',');
    const auto item = text.substr(0, comma);
    const auto dash = item.find('-');
    const auto number = [](std::string_view digits, unsigned& out) {
      auto [end, err] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
      return err == std::errc{} && end == digits.data() + digits.size() && out < raida_count;
    };
    unsigned first = 0, last = 0;
    if (!number(item.substr(0, dash), first))
      return wrong();
    last = first;
    if (dash != std::string_view::npos && !number(item.substr(dash + 1), last))
      return wrong();
    for (auto i = first; i <= last; ++i) {
      if (chosen[i])
        return wrong();
      chosen[i] = true;
    }
    if (last < first)
      return wrong();
    if (comma == std::string_view::npos)
      break;
    text.remove_prefix(comma + 1);
  }
  std::vector<uint8_t> out;
  for (size_t i = 0; i < chosen.size(); ++i)
    if (chosen[i])
      out.push_back(static_cast<uint8_t>(i));
  return out;
}

/// A server that cannot be looked up keeps port 0 and is then unreachable.
std::vector<endpoint> look_up(const std::vector<host_port>& servers) {
  std::vector<endpoint> out;
  for (const auto& x : servers) {
    const auto found = io::resolve(x.host, x.port);
    out.push_back(found && !found->empty() ? found->front() : endpoint{});
  }
  return out;
}

/// The way from this command to the servers of the settings.
class server_access {
public:
  /// A signal stops the port: what waits for a server goes on without an answer.
  server_access(caf::actor_system& system, const io::runtime& net, environment& env)
      : stop_(env.stop),
        client_(raida::spawn_raida_client(system, net.gate(), look_up(env.conf.raida))),
        port_(system, client_, env.conf.raida.size(), limits_of(env.conf)) {
    stop_.attend(
        [client = client_](int) { caf::anon_send_exit(client, caf::exit_reason::user_shutdown); });
  }
  ~server_access() {
    stop_.attend({});
    caf::anon_send_exit(client_, caf::exit_reason::user_shutdown);
  }
  server_access(const server_access&) = delete;
  server_access& operator=(const server_access&) = delete;

  raida::raida_port& port() { return port_; }
  const raida_client_actor& client() const { return client_; }

private:
  static raida::port_limits limits_of(const settings& conf) {
    raida::port_limits out;
    out.step = conf.timeout;
    return out;
  }

  interrupts& stop_;
  raida_client_actor client_;
  raida::actor_port port_;
};

/// What an operator can do: the usual sentences speak of transfers to be resumed.
const char* operators_advice(const caf::error& x) {
  switch (code_of(x)) {
  case ec::disk_failed:
    return "Check the folder, the disk space and the permissions, then run the command again.";
  case ec::stopped:
    return "Run the command again when you want to continue.";
  case ec::internal:
    return "Please report this line and run the command again.";
  default:
    return "";
  }
}

command_end operators_end(command_end end) {
  if (end.signal == 0 && end.failure && end.words.what_to_do.empty())
    end.words.what_to_do = operators_advice(end.failure);
  return end;
}

// --- run ---

advice servers_stopped(const environment& env, const fs::path& data) {
  return {
      env.stop.signal() == SIGINT ? "You stopped the servers." : "The servers were told to stop.",
      fmt::format("Their records are complete in {}; 'liveconnect raida run' continues with them.",
                  printable(data.string()))};
}

/// The servers' folder is no wallet, whatever the code is called.
advice servers_failed(const caf::error& x, const fs::path& data) {
  const auto folder = printable(data.string());
  if (code_of(x) == ec::wallet_busy)
    return {fmt::format("Other servers are using the records in {}.", folder),
            "Stop them first, or name another folder with --data."};
  if (code_of(x) == ec::wallet_damaged)
    return {fmt::format("The servers' records in {} cannot be understood: {}.", folder,
                        printable(detail_of(x), detail_chars_max)),
            "Keep a copy, then restore an older one or name another folder with --data."};
  return {};
}

struct run_arguments {
  std::string data;
  std::string host = "127.0.0.1";
  uint16_t port_base = 50000;
  std::string servers = "0-24";
  uint32_t breaks_per_minute = raida::server_options{}.breaks_per_minute;
};

command_end run_servers(environment& env, const run_arguments& args) {
  // Their records are written to the end, however long that takes.
  env.stop.end_within({});
  const auto ids = parse_servers(args.servers);
  if (!ids)
    return failed(ids.error());
  raida::host_options options;
  options.data = servers_folder(env, args.data);
  options.ids = *ids;
  options.breaks_per_minute = args.breaks_per_minute;
  if (!endpoint::parse(args.host, args.port_base, options.at))
    return failed(
        fail(ec::bad_argument, "--host takes a numeric address, such as 127.0.0.1 or ::"));
  // Where the servers that do not run here are: Fix asks them.
  options.addresses = look_up(env.conf.raida);

  caf::actor_system_config config;
  caf::actor_system system{io::share_work(config)};
  io::runtime net{system};
  const auto servers = raida::spawn_servers(system, net.gate(), options);
  if (!servers)
    return failed(servers.error(), json_fields::object(),
                  servers_failed(servers.error(), options.data));

  auto ports = json_fields::array();
  for (const auto& x : servers->list)
    ports.push_back({{"id", x.id}, {"at", to_string(x.at)}});
  json_fields where = {{"host", args.host},
                       {"port_base", args.port_base},
                       {"servers", ports},
                       {"data", options.data.string()}};
  env.out.event("listening", where);
  env.out.line(fmt::format("{} RAIDA servers listening on {} to {}, data in {}",
                           servers->list.size(), to_string(servers->list.front().at),
                           to_string(servers->list.back().at), options.data.string()));

  caf::scoped_actor self{system};
  const auto waiter = caf::actor_cast<caf::actor>(self);
  self->monitor(servers->host);
  env.stop.listen([waiter](int) { caf::anon_send(waiter, atom::stop_v); });
  std::optional<caf::error> broken;
  bool stop = false;
  while (!stop && !broken)
    self->receive([&](atom::stop) { stop = true; },
                  [&](caf::down_msg& msg) { broken = std::move(msg.reason); });
  env.stop.listen({});
  if (broken)
    return failed(std::move(*broken), where);
  self->demonitor(servers->host.address());
  auto err = raida::stop_servers(system, *servers);
  return {std::move(err), where, env.stop.signal(), servers_stopped(env, options.data)};
}

// --- status ---

command_end show_status(environment& env) {
  caf::actor_system_config config;
  caf::actor_system system{io::share_work(config)};
  io::runtime net{system};
  server_access access{system, net, env};
  const auto began = std::chrono::steady_clock::now();
  const auto echoes = raida::echo_all(access.port());
  const auto versions = raida::version_all(access.port());
  if (env.stop.signal() != 0)
    return failed(fail(ec::stopped));
  auto rows = json_fields::array();
  size_t up = 0;
  for (size_t i = 0; i < echoes.size(); ++i) {
    bool answers = echoes[i] == letter::passed;
    up += answers ? 1 : 0;
    const char* state = answers                        ? "up"
                        : echoes[i] == letter::network ? "unreachable"
                        : echoes[i] == letter::silent  ? "silent"
                                                       : "error";
    rows.push_back({{"id", i},
                    {"at", to_string(env.conf.raida[i])},
                    {"state", state},
                    {"version", versions[i]}});
    env.out.line(fmt::format("{:>2}  {:<24} {:<12} {}", i, to_string(env.conf.raida[i]), state,
                             versions[i]));
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::steady_clock::now() - began)
                        .count();
  env.out.last(fmt::format("{} of {} servers answer", up, echoes.size()));
  json_fields fields = {{"up", up}, {"of", echoes.size()}, {"servers", rows}, {"ms", took}};
  raida::quorum_rules rules;
  if (up < rules.majority)
    return failed(fail(ec::too_few_servers, fmt::format("{} of {} answer", up, echoes.size())),
                  fields);
  return {{}, fields, 0};
}

// --- mint ---

struct mint_arguments {
  std::string sum;
  std::string denominations;
  std::string data;
  std::string out;
  bool uneven = false;
};

caf::expected<raida::mint_plan> plan_of(const mint_arguments& args) {
  std::optional<amount> sum;
  if (!args.sum.empty()) {
    const auto x = amount::parse(args.sum);
    if (!x)
      return x.error();
    sum = *x;
  }
  if (args.denominations.empty()) {
    if (!sum)
      return fail(ec::bad_argument, "mint needs an amount or --denominations");
    return args.uneven ? raida::uneven_purse(*sum) : raida::fewest_notes(*sum);
  }
  auto plan = raida::parse_denominations(args.denominations);
  if (plan && sum && raida::value_of(*plan) != *sum)
    return fail(ec::bad_argument, fmt::format("the denominations add up to {}, not to {}",
                                              to_string(raida::value_of(*plan)), to_string(*sum)));
  return plan;
}

/// Puts the notes into a file of their own. A copy with both old and new secrets exists from before
/// the servers are told the new ones until the file is complete.
caf::error write_notes(raida::raida_port& port, std::vector<note>& notes, const fs::path& file) {
  fs::path pending = file.string() + ".pending";
  raida::draw_pans(notes);
  const auto both = wallet::encode_coin_file(notes, wallet::pans::with);
  if (!both)
    return both.error();
  if (auto err = write_private_file(pending, view(*both)))
    return err;
  const auto kept = [&](const caf::error& err) {
    // Nothing has been sent to another person: notes that no majority has confirmed wait for
    // servers.
    const auto code = code_of(err) == ec::outcome_unknown ? ec::too_few_servers : code_of(err);
    return fail(code, detail_of(err) + "; the secrets are in " + pending.string());
  };
  if (auto err = raida::make_own(port, notes))
    return kept(err);
  const auto clean = wallet::encode_coin_file(notes, wallet::pans::without);
  if (!clean)
    return kept(clean.error());
  if (auto err = write_private_file(file, view(*clean)))
    return kept(err);
  const auto settled = [](const note& x) { return x.pans.empty(); };
  if (std::all_of(notes.begin(), notes.end(), settled)) {
    std::error_code ignored; // A copy that is left over does no harm.
    fs::remove(pending, ignored);
  }
  return caf::none;
}

/// Hands the notes to the wallet, which makes them its own as it does with every import.
caf::error import_notes(environment& env, caf::actor_system& system, const keeper_actor& keeper,
                        const std::vector<note>& notes, json_fields& fields) {
  auto file = wallet::encode_coin_file(notes, wallet::pans::without);
  if (!file)
    return file.error();
  wallet::import_coins coins;
  coins.coins.files.push_back(std::move(*file));
  auto report =
      ask<wallet::operation_report>(env, system, keeper, "Importing the notes", std::move(coins));
  if (!report)
    return report.error();
  for (const auto& line : report->lines)
    env.out.note(printable(line, 400));
  const auto ours = report->authentic + report->fracked;
  fields["imported"] = ours;
  fields["pending"] = report->limbo;
  if (ours != notes.size())
    return fail(ec::too_few_servers,
                fmt::format("{} of {} new notes are in the wallet, {} wait for "
                            "more servers",
                            ours, notes.size(), report->limbo));
  return caf::none;
}

command_end mint(environment& env, const mint_arguments& args) {
  const auto plan = plan_of(args);
  if (!plan)
    return failed(plan.error());
  std::error_code why;
  if (!args.out.empty())
    for (const auto& x : {args.out, args.out + ".pending"})
      if (fs::symlink_status(x, why).type() != fs::file_type::not_found)
        return failed(fail(ec::file_exists, x));
  if (auto folder = fs::path{args.out}.parent_path();
      !folder.empty() && !fs::is_directory(folder, why))
    return failed(
        fail(ec::bad_argument, "no folder " + folder.string()), json_fields::object(),
        {fmt::format("There is no folder {} for the new coin file.", printable(folder.string())),
         "Make the folder, or name another file with --out; no note was minted."});
  const auto key = raida::load_operator_key(servers_folder(env, args.data));
  if (!key)
    return failed(key.error());

  caf::actor_system_config config;
  caf::actor_system system{io::share_work(config)};
  io::runtime net{system};
  server_access access{system, net, env};
  std::optional<keeper_actor> keeper;
  if (args.out.empty()) {
    // Before anything is made: a wallet that cannot be had must not cost serials.
    wallet::keeper_options options;
    options.step_within = env.conf.timeout;
    keeper = wallet::spawn_keeper(system, access.client(), env.conf.data, env.conf.wallet, options);
    auto ready =
        ask<wallet::recovery_report>(env, system, *keeper, "Opening the wallet", atom::recover_v);
    if (!ready)
      return failed(ready.error());
  }
  auto notes = raida::mint_notes(access.port(), *key, *plan);
  if (!notes)
    return failed(notes.error());
  const auto sum = raida::value_of(*plan);
  json_fields fields = {{"amount", to_string(sum)}, {"notes", notes->size()}};
  std::string where;
  if (keeper) {
    if (auto err = import_notes(env, system, *keeper, *notes, fields)) {
      auto words = advice_for(err);
      if (code_of(err) == ec::too_few_servers)
        words = {"Too few servers answered: " + detail_of(err) + ".",
                 "Run 'liveconnect wallet list' later, which imports the notes that wait."};
      return failed(std::move(err), fields, std::move(words));
    }
    fields["wallet"] = env.conf.wallet;
    where = "the wallet " + env.conf.wallet;
  } else {
    if (auto err = write_notes(access.port(), *notes, args.out))
      return failed(std::move(err), fields);
    fields["file"] = args.out;
    where = args.out;
  }
  env.out.done(fmt::format("Minted {} in {} notes into {}", to_display(sum), notes->size(), where));
  return {{}, fields, 0};
}

} // namespace

void add_raida_command(CLI::App& root, command_table& table) {
  const auto group = root.add_subcommand(
      "raida", "Run the embedded servers, mint notes, or ask servers for their status");

  const auto run_at =
      group->add_subcommand("run", "Run some or all of the 25 servers until stopped");
  const auto run_args = std::make_shared<run_arguments>();
  run_at->add_option("--data", run_args->data,
                     "Folder for the servers' records and the operator's key");
  run_at->add_option("--host", run_args->host, "Numeric address to listen on (127.0.0.1)");
  run_at->add_option("--port-base", run_args->port_base,
                     "Server i listens on this port plus i; 0: free ports (50000)");
  run_at->add_option("--servers", run_args->servers,
                     "Which servers to run, such as 0-24 or 0,5 (0-24)");
  run_at->add_option("--breaks-per-address-per-minute", run_args->breaks_per_minute,
                     "Notes that one client address may break per minute; 0: no limit; loopback is "
                     "never limited (300)");
  table.add(run_at,
            [run_args](environment& env) { return operators_end(run_servers(env, *run_args)); });

  const auto mint_at = group->add_subcommand("mint", "Mint notes with the operator's key");
  const auto mint_args = std::make_shared<mint_arguments>();
  mint_at->add_option("AMOUNT", mint_args->sum, "Coins to mint, such as 3439 or 0.25");
  mint_at->add_option("--denominations", mint_args->denominations,
                      "Which notes, such as 1000:2,100:14,0.1:5");
  mint_at->add_flag("--uneven", mint_args->uneven,
                    "Without --denominations: notes that rarely add up to a payment exactly");
  mint_at->add_option("--data", mint_args->data, "Data folder of 'raida run'");
  mint_at->add_option("--out", mint_args->out,
                      "Coin file to write; without it, the notes go into the wallet (--wallet)");
  table.add(mint_at,
            [mint_args](environment& env) { return operators_end(mint(env, *mint_args)); });

  const auto status_at = group->add_subcommand("status", "Ask every server whether it is running");
  table.add(status_at, [](environment& env) { return operators_end(show_status(env)); });
}

} // namespace liveconnect::cli
