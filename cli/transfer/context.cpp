#include "cli/transfer/context.hpp"

#include <algorithm>
#include <fcntl.h>

#include <caf/all.hpp>
#include <fmt/format.h>
#include <sodium.h>

#include "actors/io/resolve.hpp"
#include "actors/io/scheduling.hpp"
#include "actors/session/session.hpp"
#include "cli/transfer/ask.hpp"
#include "cli/transfer/process_cost.hpp"
#include "cli/transfer/session_run.hpp"
#include "messages/base/nearest_word.hpp"
#include "messages/base/printable.hpp"
#include "messages/base/time_text.hpp"
#include "wallet/files/folders.hpp"
#include "wallet/files/posix_file_ops.hpp"
#include "wallet/keeper.hpp"
#include "wallet/raida/client/client.hpp"

namespace liveconnect::cli {

namespace {

/// A session hands all its coin frames over at once: the largest transfer is 65,535 notes of about
/// 560 bytes (actors/session/session.hpp).
constexpr size_t write_queue_bytes_max = 64u << 20;

io::loop_config loop_bounds() {
  io::loop_config out;
  out.write_queue_bytes_max = write_queue_bytes_max;
  return out;
}

transfer_id random_transfer_id() {
  transfer_id out;
  randombytes_buf(out.value.data(), out.value.size());
  return out;
}

/// The first address of each server; servers of one host are looked up once.
caf::expected<std::vector<endpoint>> addresses_of(const std::vector<host_port>& servers) {
  std::map<std::string, endpoint> known;
  std::vector<endpoint> out;
  for (const auto& x : servers) {
    auto i = known.find(x.host);
    if (i == known.end()) {
      const auto found = io::resolve(x.host, x.port);
      if (!found)
        return fail(ec::network_failed,
                    fmt::format("server {}: {}", to_string(x), detail_of(found.error())));
      i = known.emplace(x.host, found->front()).first;
    }
    auto at = i->second;
    at.port = x.port;
    out.push_back(at);
  }
  return out;
}

/// Two sessions of one millisecond get two files.
std::filesystem::path own_transcript(const std::filesystem::path& data, role side) {
  return data / "Transcripts" /
         fmt::format("{}-{}-{:06x}.txt", utc_text(std::chrono::system_clock::now()),
                     to_string(side), randombytes_uniform(1u << 24));
}

} // namespace

context::context() : system_(io::share_work(config_)), net_(system_, loop_bounds()) {}

context::~context() {
  // A detached actor lives until it is told to go, even when there is no reference to it.
  caf::anon_send_exit(keeper_, caf::exit_reason::user_shutdown);
  stop_servers();
}

void context::stop_servers() {
  caf::anon_send_exit(raida_, caf::exit_reason::user_shutdown);
}

caf::expected<std::unique_ptr<context>> context::make(environment& env) {
  auto servers = addresses_of(env.conf.raida);
  if (!servers)
    return std::move(servers.error());
  std::unique_ptr<context> out{new context};
  raida::raida_link_config bounds;
  bounds.wait_max = std::min<caf::timespan>(bounds.wait_max, env.conf.timeout);
  out->raida_ = raida::spawn_raida_client(out->system_, out->net_.gate(), *servers, bounds);
  wallet::keeper_options options;
  options.step_within = env.conf.timeout;
  out->keeper_ =
      wallet::spawn_keeper(out->system_, out->raida_, env.conf.data, env.conf.wallet, options);
  return out;
}

caf::error context::recover(environment& env) {
  auto report =
      ask<wallet::recovery_report>(env, system_, keeper_, "Checking the wallet", atom::recover_v);
  if (!report)
    return std::move(report.error());
  for (const auto& line : report->lines) {
    env.out.event("recovered", {{"text", printable(line, detail_chars_max)}});
    env.out.note("From the last run: " + printable(line, detail_chars_max));
  }
  return {};
}

caf::error context::check_funds(environment& env, amount sum) {
  auto balance =
      ask<wallet::wallet_balance>(env, system_, keeper_, "Reading the wallet", atom::balance_v);
  if (!balance)
    return std::move(balance.error());
  if (balance->spendable >= sum)
    return {};
  // A note that the disk did not give is not a note that is not there.
  for (const auto& x : balance->unreadable)
    if (x.disk_failed)
      return fail(ec::disk_failed, x.why);
  return fail(ec::not_enough_coins,
              fmt::format("{} of {}{}", to_display(balance->spendable), to_display(sum),
                          balance->in_transit.is_zero()
                              ? ""
                              : fmt::format(" (and {} in open transfers)",
                                            to_display(balance->in_transit))));
}

caf::expected<session::session_config>
context::session_for(environment& env, const invitation& invite, role side,
                     const std::optional<wallet::open_transfer>& open) {
  session::session_config out;
  out.invite = invite;
  auto relays = io::resolve(invite.host, invite.port);
  if (!relays)
    return fail(ec::relay_unreachable, detail_of(relays.error()));
  out.relays = std::move(*relays);
  out.how = env.conf.notation == notation_choice::json ? notation::json : notation::tag;
  out.sum = open ? std::optional<amount>{open->sum} : invite.sum;
  if (side == role::receiver && !out.sum)
    out.ask_person = !env.conf.yes;
  if (open) {
    out.id = open->id;
    out.sending_begun = open->state == wallet::transfer_state::sending;
    out.offered = open->state == wallet::transfer_state::offered;
    out.powned = open->state == wallet::transfer_state::graded ||
                 open->state == wallet::transfer_state::receipt;
  }
  out.wait_for_peer = env.conf.wait;
  out.wait_for_return = env.conf.timeout;
  out.answer_timeout = env.conf.timeout;
  auto transcript =
      env.conf.transcript.empty() ? own_transcript(env.conf.data, side) : env.conf.transcript;
  std::error_code problem;
  std::filesystem::create_directories(transcript.parent_path(), problem);
  out.transcript = transcript.string();
  return out;
}

command_end context::run_sender(environment& env, const invitation& invite,
                                const secret_bytes& invitation_text,
                                const std::optional<wallet::open_transfer>& open) {
  auto config = session_for(env, invite, role::sender, open);
  if (!config)
    return failed(std::move(config.error()));
  wallet::open_sender what{{role::sender, open ? open->id : random_transfer_id(),
                            open ? secret_bytes{} : invitation_text}};
  auto worker = ask<sender_wallet_actor>(env, system_, keeper_, "Opening the transfer", what);
  if (!worker)
    return failed(std::move(worker.error()));
  config->id = what.terms.id;
  auto end = run_session(
      env, system_, role::sender,
      [&](session_observer_actor observer) {
        return session::sender_session(system_, *config, net_.gate(), *worker, observer);
      },
      [this] { stop_servers(); });
  // Detached as well; what it leaves open the keeper carries on.
  caf::anon_send_exit(*worker, caf::exit_reason::user_shutdown);
  end.fields["transcript"] = config->transcript;
  end.fields["cost"] = process_cost();
  return end;
}

command_end context::run_answer(environment& env, const invitation& invite,
                                const wallet::open_transfer& over, std::chrono::seconds wait) {
  auto config = session_for(env, invite, role::sender, over);
  if (!config)
    return failed(std::move(config.error()));
  const auto paid = over.settled == wallet::settlement::sent;
  config->errand = paid ? session::sender_errand::tell_sent : session::sender_errand::tell_returned;
  config->sending_begun = paid;
  config->wait_for_peer = std::min<caf::timespan>(config->wait_for_peer, wait);
  config->wait_for_return = config->wait_for_peer;
  auto worker = ask<sender_wallet_actor>(env, system_, keeper_, "Opening the transfer",
                                         atom::answers_owed_v, over.id);
  if (!worker)
    return failed(std::move(worker.error()));
  auto end = run_session(
      env, system_, role::sender,
      [&](session_observer_actor observer) {
        return session::sender_session(system_, *config, net_.gate(), *worker, observer);
      },
      [this] { stop_servers(); });
  caf::anon_send_exit(*worker, caf::exit_reason::user_shutdown);
  return end;
}

command_end context::run_receiver(environment& env, const invitation& invite,
                                  const secret_bytes& invitation_text,
                                  const std::optional<wallet::open_transfer>& open) {
  auto config = session_for(env, invite, role::receiver, open);
  if (!config)
    return failed(std::move(config.error()));
  wallet::open_receiver what{
      {role::receiver, open ? open->id : transfer_id{}, open ? secret_bytes{} : invitation_text}};
  auto worker = ask<receiver_wallet_actor>(env, system_, keeper_, "Opening the transfer", what);
  if (!worker)
    return failed(std::move(worker.error()));
  auto end = run_session(
      env, system_, role::receiver,
      [&](session_observer_actor observer) {
        return session::receiver_session(system_, *config, net_.gate(), *worker, observer);
      },
      [this] { stop_servers(); });
  // Detached as well; what it leaves open the keeper carries on.
  caf::anon_send_exit(*worker, caf::exit_reason::user_shutdown);
  end.fields["transcript"] = config->transcript;
  end.fields["cost"] = process_cost();
  return end;
}

std::optional<command_end> missing_wallet(const settings& conf) {
  wallet::wallet_paths paths{conf.data};
  std::error_code problem;
  if (conf.wallet == wallet_built_in ||
      std::filesystem::is_directory(paths.user(conf.wallet), problem))
    return {};
  wallet::posix_file_ops files;
  const auto there = wallet::list_wallets(files, paths);
  auto near = nearest_word(conf.wallet, there);
  if (near.empty() && !there.empty())
    near = there.front();
  const auto known = near.empty()
                         ? std::string{}
                         : fmt::format("Use --wallet '{}', which exists, or fill", printable(near));
  return failed(
      fail(ec::bad_argument, "no wallet '" + conf.wallet + "'"), json_fields::object(),
      {fmt::format("There is no wallet '{}' in {}.", conf.wallet, printable(conf.data.string())),
       fmt::format("{} a new one with 'liveconnect receive' or 'liveconnect wallet import'.",
                   near.empty() ? "Fill" : known)});
}

} // namespace liveconnect::cli
