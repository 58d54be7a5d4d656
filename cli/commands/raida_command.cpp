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
  options.log = [&env](const std::string& text) {
    env.out.event("warning", {{"text", text}});
    env.out.note(text);
  };
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

struct status_arguments {
  std::string data;
};

/// What the servers say of their money. The operator's key goes to servers on this computer alone,
/// where --data does not say that it is theirs: the settings may name servers of others. Nothing
/// without a key.
std::vector<std::optional<raida::supply_told>> supply_of(environment& env, raida::raida_port& port,
                                                         const std::string& data) {
  const auto key = raida::load_operator_key(servers_folder(env, data));
  if (!key)
    return std::vector<std::optional<raida::supply_told>>(port.servers());
  std::vector<bool> which;
  for (const auto& x : look_up(env.conf.raida))
    which.push_back(!data.empty() || raida::is_loopback(x));
  return raida::ask_supply(port, *key, which);
}

std::string supply_text(const std::optional<raida::supply_told>& x) {
  if (!x)
    return "";
  return fmt::format("  created {}, freed {}, in use {}{}", to_display(x->created),
                     to_display(x->freed), to_display(x->live),
                     x->holds ? "" : "  DOES NOT ADD UP");
}

command_end show_status(environment& env, const status_arguments& args) {
  caf::actor_system_config config;
  caf::actor_system system{io::share_work(config)};
  io::runtime net{system};
  server_access access{system, net, env};
  const auto began = std::chrono::steady_clock::now();
  const auto echoes = raida::echo_all(access.port());
  const auto versions = raida::version_all(access.port());
  if (env.stop.signal() != 0)
    return failed(fail(ec::stopped));
  const auto supplies = supply_of(env, access.port(), args.data);
  auto rows = json_fields::array();
  size_t up = 0, broken = 0;
  for (size_t i = 0; i < echoes.size(); ++i) {
    bool answers = echoes[i] == letter::passed;
    up += answers ? 1 : 0;
    const char* state = answers                        ? "up"
                        : echoes[i] == letter::network ? "unreachable"
                        : echoes[i] == letter::silent  ? "silent"
                                                       : "error";
    json_fields row = {{"id", i},
                       {"at", to_string(env.conf.raida[i])},
                       {"state", state},
                       {"version", versions[i]}};
    if (const auto& x = supplies[i]) {
      row["supply"] = {{"created", to_string(x->created)},
                       {"freed", to_string(x->freed)},
                       {"live", to_string(x->live)},
                       {"holds", x->holds}};
      broken += x->holds ? 0 : 1;
    }
    rows.push_back(std::move(row));
    env.out.line(fmt::format("{:>2}  {:<24} {:<12} {}{}", i, to_string(env.conf.raida[i]), state,
                             versions[i], supply_text(supplies[i])));
  }
  if (broken > 0)
    env.out.note(fmt::format("{} servers hold another value than was created less freed: they "
                             "change no note until their records are put right",
                             broken));
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

/// Puts the notes of a mint into a file of their own. Those of each round are in a file beside it
/// with both old and new secrets, from before the servers are told the new ones until the file is
/// complete.
class coin_file_writer {
public:
  coin_file_writer(raida::raida_port& port, fs::path file) : port_(port), file_(std::move(file)) {}

  caf::error take(std::vector<note>& round) {
    raida::draw_pans(round);
    const auto both = wallet::encode_coin_file(round, wallet::pans::with);
    if (!both)
      return kept(both.error());
    auto pending = file_.string() + ".pending";
    if (!pending_.empty())
      pending += "-" + std::to_string(pending_.size() + 1);
    if (auto err = write_private_file(pending, view(*both)))
      return kept(err);
    pending_.emplace_back(std::move(pending));
    const auto err = raida::make_own(port_, round);
    std::move(round.begin(), round.end(), std::back_inserter(notes_));
    return err ? kept(err) : caf::error{};
  }

  caf::error finish() {
    const auto clean = wallet::encode_coin_file(notes_, wallet::pans::without);
    if (!clean)
      return kept(clean.error());
    if (auto err = write_private_file(file_, view(*clean)))
      return kept(err);
    const auto settled = [](const note& x) { return x.pans.empty(); };
    if (std::all_of(notes_.begin(), notes_.end(), settled))
      for (const auto& x : pending_) {
        std::error_code ignored; // A copy that is left over does no harm.
        fs::remove(x, ignored);
      }
    return caf::none;
  }

private:
  caf::error kept(const caf::error& err) const {
    // Nothing has been sent to another person: notes that no majority has confirmed wait for
    // servers.
    const auto code = code_of(err) == ec::outcome_unknown ? ec::too_few_servers : code_of(err);
    auto detail = detail_of(err);
    for (const auto& x : pending_)
      detail += (&x == &pending_.front() ? "; the secrets are in " : ", ") + x.string();
    return fail(code, detail);
  }

  raida::raida_port& port_;
  fs::path file_;
  std::vector<note> notes_;
  std::vector<fs::path> pending_;
};

/// What a mint has brought so far.
struct minted {
  size_t notes = 0;
  uint32_t imported = 0;
  uint32_t pending = 0;
};

/// Hands the notes of one round to the wallet, which makes them its own as it does with every
/// import.
caf::error import_notes(environment& env, caf::actor_system& system, const keeper_actor& keeper,
                        const std::vector<note>& notes, minted& sum) {
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
  sum.imported += ours;
  sum.pending += report->limbo;
  if (report->counterfeit > 0)
    return fail(ec::counterfeit_notes,
                fmt::format("another client took over {} of {} new notes first, worth {}",
                            report->counterfeit, notes.size(),
                            to_display(report->counterfeit_value)));
  if (ours != notes.size())
    return fail(ec::too_few_servers,
                fmt::format("{} of {} new notes are in the wallet, {} wait for "
                            "more servers",
                            ours, notes.size(), report->limbo));
  return caf::none;
}

/// The sentences for a mint that did not end well: the usual ones speak of transfers.
advice mint_failed(const caf::error& err, bool into_wallet) {
  auto out = advice_for(err);
  if (code_of(err) == ec::counterfeit_notes)
    return {"New notes were stolen: " + printable(detail_of(err), detail_chars_max) + ".",
            "The other notes are yours; mint the missing amount again when no stranger can reach "
            "the servers."};
  if (into_wallet && code_of(err) == ec::too_few_servers)
    return {"Too few servers answered: " + printable(detail_of(err), detail_chars_max) + ".",
            "Run 'liveconnect wallet list' later, which imports the notes that wait."};
  return out;
}

/// Says why the new coin file cannot be made, before anything is; an empty name is no file.
std::optional<command_end> refuse_output(const std::string& out) {
  std::error_code why;
  if (!out.empty())
    for (const auto& x : {out, out + ".pending"})
      if (fs::symlink_status(x, why).type() != fs::file_type::not_found)
        return failed(fail(ec::file_exists, x));
  if (auto folder = fs::path{out}.parent_path(); !folder.empty() && !fs::is_directory(folder, why))
    return failed(
        fail(ec::bad_argument, "no folder " + folder.string()), json_fields::object(),
        {fmt::format("There is no folder {} for the new coin file.", printable(folder.string())),
         "Make the folder, or name another file with --out; no note was minted."});
  return std::nullopt;
}

command_end mint(environment& env, const mint_arguments& args) {
  const auto plan = plan_of(args);
  if (!plan)
    return failed(plan.error());
  if (auto end = refuse_output(args.out))
    return std::move(*end);
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
  coin_file_writer file{access.port(), args.out};
  minted sum;
  // Each round is the user's own before the next one is made: until then others could guess it.
  auto err = raida::mint_rounds(access.port(), *key, *plan, [&](std::vector<note>& round) {
    sum.notes += round.size();
    return keeper ? import_notes(env, system, *keeper, round, sum) : file.take(round);
  });
  if (!err && !keeper)
    err = file.finish();
  const auto value = raida::value_of(*plan);
  json_fields fields = {{"amount", to_string(value)}, {"notes", sum.notes}};
  if (keeper && sum.notes > 0) {
    fields["imported"] = sum.imported;
    fields["pending"] = sum.pending;
  }
  if (err) {
    auto words = mint_failed(err, keeper.has_value());
    return failed(std::move(err), fields, std::move(words));
  }
  if (keeper)
    fields["wallet"] = env.conf.wallet;
  else
    fields["file"] = args.out;
  env.out.done(fmt::format("Minted {} in {} notes into {}", to_display(value), sum.notes,
                           keeper ? "the wallet " + env.conf.wallet : args.out));
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

  const auto status_at = group->add_subcommand(
      "status", "Ask every server whether it is running, and one's own what they hold");
  const auto status_args = std::make_shared<status_arguments>();
  status_at->add_option("--data", status_args->data,
                        "Data folder of 'raida run', with the key that opens what was created");
  table.add(status_at, [status_args](environment& env) {
    return operators_end(show_status(env, *status_args));
  });
}

} // namespace liveconnect::cli
