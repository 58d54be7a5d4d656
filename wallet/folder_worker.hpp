#pragma once

#include <memory>
#include <optional>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "messages/interfaces/interfaces.hpp"
#include "wallet/files/wallet_lock.hpp"
#include "wallet/transfer/receiver_transfer.hpp"
#include "wallet/transfer/sender_transfer.hpp"

namespace liveconnect::wallet {

/// What a worker owns: its own workspace and the port behind it. Disk, lock and holds are shared
/// with the keeper, and live as long as the keeper or a worker may still write to the wallet.
struct worker_tools {
  std::shared_ptr<file_ops> files;
  std::shared_ptr<wallet_lock> lock;
  std::shared_ptr<note_holds> holds;
  std::unique_ptr<raida::raida_port> port;
  std::unique_ptr<workspace> space;
};

/// State of a FOLDER WORKER on the sender's side. Touched by its own actor only. What a message
/// asks for is a method of the transfer.
struct sender_worker_state {
  /// Gives the actor its handlers.
  sender_wallet_actor::behavior_type begin();

  std::shared_ptr<worker_tools> tools;
  std::optional<sender_transfer> transfer;

  static inline const char* name = "wallet-folder-worker";
};

/// Likewise on the receiver's side.
struct receiver_worker_state {
  receiver_wallet_actor::behavior_type begin();

  std::shared_ptr<worker_tools> tools;
  std::optional<receiver_transfer> transfer;

  static inline const char* name = "wallet-folder-worker";
};

/// The worker of a sender's transfer: carries out one step a message, in the order asked. Blocks on
/// the disk and on servers, on these no longer than its port allows a step, so spawn it detached.
/// Ends with the last reference to it; the keeper watches it.
sender_wallet_actor::behavior_type
sender_worker(sender_wallet_actor::stateful_pointer<sender_worker_state> self,
              std::shared_ptr<worker_tools> tools, std::shared_ptr<sender_transfer> transfer);

/// Likewise for a receiver's.
receiver_wallet_actor::behavior_type
receiver_worker(receiver_wallet_actor::stateful_pointer<receiver_worker_state> self,
                std::shared_ptr<worker_tools> tools, std::shared_ptr<receiver_transfer> transfer);

} // namespace liveconnect::wallet
