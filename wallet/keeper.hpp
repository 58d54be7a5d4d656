#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "messages/interfaces/interfaces.hpp"
#include "wallet/files/wallet_lock.hpp"
#include "wallet/folder_worker.hpp"
#include "wallet/journal/note_holds.hpp"
#include "wallet/operations/workspace.hpp"
#include "wallet/start_up.hpp"

namespace liveconnect::wallet {

/// What a keeper is given.
struct keeper_config {
  /// The data directory; made when it is not there.
  std::filesystem::path data;
  /// The user's wallet in it.
  std::string wallet_name;
  wallet_rules rules;
  /// The disk; shared by the keeper and its workers, so safe for several threads.
  std::shared_ptr<file_ops> files;
  /// A way to the servers for one thread.
  std::function<std::unique_ptr<raida::raida_port>()> make_port;
  /// Whether workers get threads of their own. Off only in tests on one thread.
  bool detached_workers = true;
};

/// State of a KEEPER. Touched by its own actor only; the holds are shared with its workers.
struct keeper_state {
  using pointer = keeper_actor::stateful_pointer<keeper_state>;

  /// A folder worker that this keeper has spawned and that has not ended.
  struct worker {
    role side = role::sender;
    transfer_id id;
    secret_bytes invitation;
  };

  // --- its beginning, and the end of its workers ---

  /// Watches the workers, and gives the actor its handlers.
  keeper_actor::behavior_type begin(pointer me);
  /// Locks and recovers, once. After a failure the next message tries again.
  caf::error start();
  /// Starts the wallet when that is still to do, then carries out what a message asks.
  template<class Task>
  std::invoke_result_t<Task, workspace&> when_started(Task task);
  /// Carries on what the worker left open, and settles what waited for its end.
  void on_down(const caf::down_msg& what);

  // --- what it is asked for ---

  /// What start-up did, when this message is the first; else recovers what no worker has in hand.
  caf::result<recovery_report> recover_open();
  caf::result<sender_wallet_actor> open(const open_sender& what);
  caf::result<receiver_wallet_actor> open(const open_receiver& what);
  /// A worker that tells the end of a closed transfer again.
  caf::result<sender_wallet_actor> open_answer(const transfer_id& id);
  /// Settles the transfer now, or when the worker that has it in hand has ended: two never write
  /// one journal.
  caf::result<open_transfer> settle_when_free(const transfer_id& id);
  /// Ends a sender's transfer on the user's word; refuses one that a worker has in hand.
  caf::result<open_transfer> cancel(const transfer_id& id);
  caf::result<operation_report> import(const import_files& what);
  caf::result<operation_report> import(const import_coins& what);

  // --- its workers ---

  /// Whether a worker has this journal in hand.
  bool is_in_work(const journal_view& view) const;
  /// The same as a function, for recover().
  in_work in_work_now() const;
  /// Settles what `waiting` asked for and no worker has in hand any more.
  void answer_waiting();
  /// A workspace of its own for a worker.
  caf::expected<std::shared_ptr<worker_tools>> make_tools() const;
  template<class Transfer, class Worker>
  auto spawn_worker(Worker body, worker entry, std::shared_ptr<worker_tools> with,
                    Transfer transfer);

  pointer self = nullptr;
  keeper_config config;
  /// The keeper's own; a worker's share lock and holds.
  worker_tools tools;
  /// What start-up reported; none before it succeeded.
  std::optional<recovery_report> report;
  std::map<caf::actor_addr, worker> workers;
  /// Requests to settle a transfer whose worker is still ending: its down message answers them.
  std::vector<std::pair<transfer_id, caf::typed_response_promise<open_transfer>>> waiting;

  static inline const char* name = "wallet-keeper";
};

/// One a data directory: holds the lock for its whole life, recovers before anything else, spawns
/// and watches the workers, does what needs no peer. Blocks on the disk and on servers, so spawn it
/// detached.
///
/// Keeps no worker alive: a worker ends with the last reference to it, and what it left open is
/// carried on.
keeper_actor::behavior_type keeper(keeper_actor::stateful_pointer<keeper_state> self,
                                   keeper_config config);

/// How a program's wallet behaves beyond the defaults.
struct keeper_options {
  size_t servers = raida_count;
  /// docs/design/architecture.md "Decision 6": off for servers that do not make change.
  change_limits change;
  uint32_t lease_seconds = 120;
  /// How long one message to the keeper or to a worker may wait for servers; by default without end
  /// (wallet/raida/client/actor_port.hpp).
  caf::timespan step_within = caf::timespan::max();
};

/// A keeper on the real disk and clock, detached, with the servers behind `raida`. Once `raida` has
/// ended, the keeper and its workers wait for no server any more: what they do ends as over servers
/// that are all down, and stays open where an answer was needed.
keeper_actor spawn_keeper(caf::actor_system& system, raida_client_actor raida,
                          std::filesystem::path data, std::string wallet_name,
                          const keeper_options& options = {});

} // namespace liveconnect::wallet
