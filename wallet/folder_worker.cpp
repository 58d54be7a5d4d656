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

sender_wallet_actor::behavior_type
sender_worker(sender_wallet_actor::stateful_pointer<worker_state<sender_transfer>> self,
              std::shared_ptr<worker_tools> tools, std::shared_ptr<sender_transfer> transfer) {
  self->state.tools = std::move(tools);
  self->state.transfer.emplace(std::move(*transfer));
  auto& it = *self->state.transfer;
  return {
      [&it](sender_step step) { return answer(it.run(step)); },
      [&it](atom::reserve, amount sum) { return answer(it.reserve(sum)); },
      [&it](atom::manifest) { return answer(it.announcement()); },
      [&it](atom::begin_sending, const receipt_terms& terms) {
        return answer(it.begin_sending(terms));
      },
      [&it](atom::receipt, const receipt_text& text) { return answer(it.file_receipt(text)); },
  };
}

receiver_wallet_actor::behavior_type
receiver_worker(receiver_wallet_actor::stateful_pointer<worker_state<receiver_transfer>> self,
                std::shared_ptr<worker_tools> tools, std::shared_ptr<receiver_transfer> transfer) {
  self->state.tools = std::move(tools);
  self->state.transfer.emplace(std::move(*transfer));
  auto& it = *self->state.transfer;
  return {
      [&it](receiver_step step) { return answer(it.run(step)); },
      [&it](atom::manifest, const manifest& x) { return answer(it.offer(x)); },
      [&it](const coin_payload& coins) { return answer(it.receive(coins)); },
      [&it](atom::receipt, const receipt_terms& terms) { return answer(it.make_receipt(terms)); },
      [&it](atom::confirmed) { return answer(it.confirmed()); },
      [&it](atom::receipt_key) -> caf::result<receipt_key> { return it.key(); },
  };
}

} // namespace liveconnect::wallet
