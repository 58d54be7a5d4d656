#include "wallet/keeper.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "messages/base/error.hpp"
#include "wallet/files/posix_file_ops.hpp"
#include "wallet/operations/balance.hpp"
#include "wallet/operations/check_notes.hpp"
#include "wallet/operations/export_notes.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/import_notes.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/raida/client/actor_port.hpp"
#include "wallet/transfer/invitation_use.hpp"

namespace liveconnect::wallet {

namespace {

bool same_text(const secret_bytes& x, const secret_bytes& y) {
  return x.size() == y.size() && sodium_memcmp(x.data(), y.data(), x.size()) == 0;
}

template<class T>
caf::result<T> answer(caf::expected<T> x) {
  if (!x)
    return x.error();
  return std::move(*x);
}

operation_report as_operation(const heal_report& x) {
  operation_report out;
  out.notes = x.notes;
  out.value = x.value;
  out.authentic = x.healed;
  out.fracked = x.not_healed;
  out.fewest_passes = x.fewest_passes;
  return out;
}

} // namespace

caf::error keeper_state::start() {
  if (report)
    return {};
  wallet_paths paths;
  paths.data = config.data;
  tools.space.reset();
  tools.files = config.files;
  const auto root = paths.user(config.wallet_name);
  if (!is_wallet_name(config.wallet_name))
    return fail(ec::bad_argument, "wallet name");
  // The lock comes first: even making the folders is writing.
  if (!tools.lock) {
    const auto made = ensure_directories(*config.files, root);
    if (!made)
      return made.error();
    auto taken = wallet_lock::take(*config.files, root);
    if (!taken)
      return taken.error();
    tools.lock = std::make_shared<wallet_lock>(std::move(*taken));
  }
  tools.holds = std::make_shared<note_holds>();
  tools.port = config.make_port();
  auto opened = workspace::open(*config.files, *tools.port, *tools.holds, paths, config.wallet_name,
                                config.rules);
  if (!opened)
    return opened.error();
  tools.space = std::make_unique<workspace>(std::move(*opened));
  auto done = start_up(*tools.space);
  if (!done)
    return done.error();
  report = std::move(*done);
  return {};
}

template<class Task>
std::invoke_result_t<Task, workspace&> keeper_state::when_started(Task task) {
  if (auto err = start())
    return err;
  return task(*tools.space);
}

void keeper_state::on_down(const caf::down_msg& what) {
  workers.erase(what.source);
  // Notes that the worker reserved, and that no peer has seen, go back at once.
  if (report)
    (void)recover(*tools.space, in_work_now());
  answer_waiting();
}

caf::result<recovery_report> keeper_state::recover_open() {
  const auto first = !report;
  if (auto err = start())
    return err;
  if (first)
    return *report;
  return answer(recover(*tools.space, in_work_now()));
}

template<class Transfer, class Worker>
auto keeper_state::spawn_worker(Worker body, worker entry, std::shared_ptr<worker_tools> with,
                                Transfer transfer) {
  auto shared = std::make_shared<Transfer>(std::move(transfer));
  auto out = config.detached_workers
                 ? self->template spawn<caf::detached>(body, std::move(with), std::move(shared))
                 : self->spawn(body, std::move(with), std::move(shared));
  self->monitor(out);
  workers.emplace(out.address(), std::move(entry));
  return out;
}

caf::result<sender_wallet_actor> keeper_state::open(const open_sender& what) {
  auto entry = worker{role::sender, what.terms.id, what.terms.invitation};
  for (auto& x : workers)
    if (x.second.side == role::sender && x.second.id == what.terms.id)
      return fail(ec::bad_argument, "the transfer is in work already");
  const auto journals = load_open_journals(*tools.space);
  if (!journals)
    return journals.error();
  const auto known = std::find_if(journals->begin(), journals->end(),
                                  [&](const journal_view& x) { return x.id() == what.terms.id; });
  const auto own = make_tools();
  if (!own)
    return own.error();
  auto& space = *(*own)->space;
  if (known == journals->end()) {
    if (auto err = refuse_used(space, what.terms))
      return err;
    return spawn_worker(sender_worker, std::move(entry), *own,
                        sender_transfer::start(space, what.terms));
  }
  auto transfer = sender_transfer::reopen(space, what.terms.id);
  if (!transfer)
    return transfer.error();
  return spawn_worker(sender_worker, std::move(entry), *own, std::move(*transfer));
}

caf::result<receiver_wallet_actor> keeper_state::open(const open_receiver& what) {
  auto entry = worker{role::receiver, what.terms.id, what.terms.invitation};
  const auto journals = load_open_journals(*tools.space);
  if (!journals)
    return journals.error();
  const auto named = what.terms.id != transfer_id{};
  const auto known = std::find_if(journals->begin(), journals->end(), [&](const journal_view& x) {
    return named ? x.id() == what.terms.id
                 : x.opened.servers != 0 && x.kind() == journal_kind::receiver &&
                       same_text(x.opened.invitation, what.terms.invitation);
  });
  if (known != journals->end() && is_in_work(*known))
    return fail(ec::bad_argument, "the transfer is in work already");
  if (named && known == journals->end())
    return fail(ec::bad_argument, "no open transfer " + to_string(what.terms.id));
  const auto own = make_tools();
  if (!own)
    return own.error();
  auto& space = *(*own)->space;
  if (known == journals->end())
    return spawn_worker(receiver_worker, std::move(entry), *own,
                        receiver_transfer::start(space, what.terms));
  entry.id = known->id();
  entry.invitation = known->opened.invitation;
  auto transfer = receiver_transfer::reopen(space, known->id());
  if (!transfer)
    return transfer.error();
  return spawn_worker(receiver_worker, std::move(entry), *own, std::move(*transfer));
}

caf::result<open_transfer> keeper_state::settle_when_free(const transfer_id& id) {
  const auto journals = load_open_journals(*tools.space);
  if (!journals)
    return journals.error();
  const auto busy = std::any_of(journals->begin(), journals->end(), [&](const journal_view& x) {
    return x.id() == id && is_in_work(x);
  });
  if (!busy)
    return answer(settle(*tools.space, id));
  auto promise = self->make_response_promise<open_transfer>();
  waiting.emplace_back(id, promise);
  return promise;
}

caf::result<operation_report> keeper_state::import(const import_files& what) {
  operation_report refused;
  const auto items = read_import_files(*tools.space, what.paths, refused);
  auto out = import_notes(*tools.space, items);
  if (!out)
    return out.error();
  out->refused += static_cast<uint32_t>(refused.lines.size());
  out->lines.insert(out->lines.begin(), refused.lines.begin(), refused.lines.end());
  return std::move(*out);
}

caf::result<operation_report> keeper_state::import(const import_coins& what) {
  std::vector<import_item> items;
  for (auto& x : what.coins.files)
    items.push_back({"coins", x});
  return answer(import_notes(*tools.space, items));
}

caf::result<operation_report> keeper_state::heal() {
  const auto owner = draw_transfer_id();
  const auto found = find_lost(*tools.space, owner);
  if (!found)
    return found.error();
  const auto healed = heal_all(*tools.space, owner);
  if (!healed)
    return healed.error();
  auto out = as_operation(*healed);
  for (auto* x : {&*found, &*healed})
    out.lines.insert(out.lines.end(), x->lines.begin(), x->lines.end());
  if (found->notes > 0)
    out.lines.push_back(std::to_string(found->healed) + " of " + std::to_string(found->notes) +
                        " lost notes found");
  return out;
}

bool keeper_state::is_in_work(const journal_view& view) const {
  const auto owner = view.kind() == journal_kind::change || view.kind() == journal_kind::heal
                         ? view.opened.parent
                         : view.id();
  return std::any_of(workers.begin(), workers.end(), [&](const auto& x) {
    if (x.second.id == owner && owner != transfer_id{})
      return true;
    // A receiver's id comes with the manifest; until then its invitation names it.
    return view.kind() == journal_kind::receiver && x.second.side == role::receiver &&
           same_text(x.second.invitation, view.opened.invitation);
  });
}

in_work keeper_state::in_work_now() const {
  return [this](const journal_view& x) { return is_in_work(x); };
}

void keeper_state::answer_waiting() {
  auto asked = std::move(waiting);
  waiting.clear();
  for (auto& [id, promise] : asked) {
    const auto journals = load_open_journals(*tools.space);
    if (!journals) {
      promise.deliver(journals.error());
      continue;
    }
    const auto found = std::find_if(journals->begin(), journals->end(),
                                    [id = id](const journal_view& x) { return x.id() == id; });
    if (found != journals->end() && is_in_work(*found)) {
      waiting.emplace_back(id, std::move(promise));
      continue;
    }
    auto out = settle(*tools.space, id);
    if (out)
      promise.deliver(std::move(*out));
    else
      promise.deliver(std::move(out.error()));
  }
}

caf::expected<std::shared_ptr<worker_tools>> keeper_state::make_tools() const {
  auto out = std::make_shared<worker_tools>();
  out->files = config.files;
  out->lock = tools.lock;
  out->holds = tools.holds;
  out->port = config.make_port();
  wallet_paths paths;
  paths.data = config.data;
  auto opened = workspace::open(*out->files, *out->port, *out->holds, paths, config.wallet_name,
                                config.rules);
  if (!opened)
    return opened.error();
  out->space = std::make_unique<workspace>(std::move(*opened));
  return out;
}

keeper_actor::behavior_type keeper_state::begin(pointer me) {
  self = me;
  self->set_down_handler([this](const caf::down_msg& what) { on_down(what); });
  return {
      [this](atom::recover) { return recover_open(); },
      [this](const open_sender& what) {
        return when_started([&](workspace&) { return open(what); });
      },
      [this](const open_receiver& what) {
        return when_started([&](workspace&) { return open(what); });
      },
      [this](atom::open_transfers) {
        return when_started([](workspace& space) { return answer(open_transfers(space)); });
      },
      [this](atom::terms, const transfer_id& id) {
        return when_started([&](workspace& space) { return answer(terms_of(space, id)); });
      },
      [this](atom::settle, const transfer_id& id) {
        return when_started([&](workspace&) { return settle_when_free(id); });
      },
      [this](atom::balance) {
        return when_started([](workspace& space) { return answer(balance_of(space)); });
      },
      [this](atom::list_notes) {
        return when_started([](workspace& space) { return answer(list_notes(space)); });
      },
      [this](const import_files& what) {
        return when_started([&](workspace&) { return import(what); });
      },
      [this](const import_coins& what) {
        return when_started([&](workspace&) { return import(what); });
      },
      [this](const export_coins& what) {
        return when_started(
            [&](workspace& space) { return answer(export_notes(space, what.sum, what.path)); });
      },
      [this](atom::check_notes) {
        return when_started([](workspace& space) { return answer(check_notes(space)); });
      },
      [this](atom::heal_notes) { return when_started([this](workspace&) { return heal(); }); },
  };
}

keeper_actor::behavior_type keeper(keeper_actor::stateful_pointer<keeper_state> self,
                                   keeper_config config) {
  self->state.config = std::move(config);
  return self->state.begin(self);
}

keeper_actor spawn_keeper(caf::actor_system& system, raida_client_actor raida,
                          std::filesystem::path data, std::string wallet_name,
                          const keeper_options& options) {
  keeper_config config;
  config.data = std::move(data);
  config.wallet_name = std::move(wallet_name);
  config.rules.quorum = raida::rules_for(options.servers, options.servers == raida_count ? 2 : 0);
  config.rules.change = options.change;
  config.rules.refusals = std::make_shared<raida::change_refusals>();
  config.rules.lease_seconds = options.lease_seconds;
  config.rules.now_ms = [] {
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                     std::chrono::system_clock::now().time_since_epoch())
                                     .count());
  };
  config.rules.up_ms = [] {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1000 +
           static_cast<uint64_t>(now.tv_nsec) / 1'000'000;
  };
  config.files = std::make_shared<posix_file_ops>();
  const auto servers = options.servers;
  config.make_port = [&system, raida, servers] {
    return std::make_unique<raida::actor_port>(system, raida, servers);
  };
  return system.spawn<caf::detached>(keeper, std::move(config));
}

} // namespace liveconnect::wallet
