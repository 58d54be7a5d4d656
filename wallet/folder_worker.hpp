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
/// with the keeper; they live as long as anybody still writes to the wallet.
struct worker_tools {
  std::shared_ptr<file_ops> files;
  std::shared_ptr<wallet_lock> lock;
  std::shared_ptr<note_holds> holds;
  std::unique_ptr<raida::raida_port> port;
  std::unique_ptr<workspace> space;
};

/// State of a FOLDER WORKER. Touched by its own actor only.
template<class Transfer>
struct worker_state {
  std::shared_ptr<worker_tools> tools;
  std::optional<Transfer> transfer;
  static inline const char* name = "wallet-folder-worker";
};

/// The worker of a sender's transfer: carries out one step a message, in the order asked. Blocks on
/// the disk and on servers, so spawn it detached. Ends when nobody refers to it any more; the
/// keeper watches it.
sender_wallet_actor::behavior_type
sender_worker(sender_wallet_actor::stateful_pointer<worker_state<sender_transfer>> self,
              std::shared_ptr<worker_tools> tools, std::shared_ptr<sender_transfer> transfer);

/// Likewise for a receiver's.
receiver_wallet_actor::behavior_type
receiver_worker(receiver_wallet_actor::stateful_pointer<worker_state<receiver_transfer>> self,
                std::shared_ptr<worker_tools> tools, std::shared_ptr<receiver_transfer> transfer);

} // namespace liveconnect::wallet
