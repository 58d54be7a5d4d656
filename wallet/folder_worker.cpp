#include "wallet/folder_worker.hpp"

#include "messages/base/error.hpp"

namespace liveconnect::wallet {

namespace {

template<class T>
caf::result<T> answer(caf::expected<T> x) {
  if (!x)
    return x.error();
  return std::move(*x);
}

caf::result<atom::done> answer(caf::error x) {
  if (x)
    return x;
  return atom::done_v;
}

} // namespace

sender_wallet_actor::behavior_type sender_worker_state::begin() {
  return {
      [this](sender_step step) { return answer(transfer->run(step)); },
      [this](atom::reserve, amount sum) { return answer(transfer->reserve(sum)); },
      [this](atom::manifest) { return answer(transfer->announcement()); },
      [this](atom::begin_sending, const receipt_terms& terms) {
        return answer(transfer->begin_sending(terms));
      },
      [this](atom::receipt, const receipt_text& text) {
        return answer(transfer->file_receipt(text));
      },
  };
}

receiver_wallet_actor::behavior_type receiver_worker_state::begin() {
  return {
      [this](receiver_step step) { return answer(transfer->run(step)); },
      [this](atom::manifest, const manifest& x) { return answer(transfer->offer(x)); },
      [this](const coin_payload& coins) { return answer(transfer->receive(coins)); },
      [this](atom::receipt, const receipt_terms& terms) {
        return answer(transfer->make_receipt(terms));
      },
      [this](atom::confirmed) { return answer(transfer->confirmed()); },
      [this](atom::receipt_key) -> caf::result<receipt_key> { return transfer->key(); },
  };
}

sender_wallet_actor::behavior_type
sender_worker(sender_wallet_actor::stateful_pointer<sender_worker_state> self,
              std::shared_ptr<worker_tools> tools, std::shared_ptr<sender_transfer> transfer) {
  self->state.tools = std::move(tools);
  self->state.transfer.emplace(std::move(*transfer));
  return self->state.begin();
}

receiver_wallet_actor::behavior_type
receiver_worker(receiver_wallet_actor::stateful_pointer<receiver_worker_state> self,
                std::shared_ptr<worker_tools> tools, std::shared_ptr<receiver_transfer> transfer) {
  self->state.tools = std::move(tools);
  self->state.transfer.emplace(std::move(*transfer));
  return self->state.begin();
}

} // namespace liveconnect::wallet
