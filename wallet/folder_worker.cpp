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

/// What one message asks for is one step: it has a step's whole time for the servers.
template<class Step>
auto in_step(const worker_tools& tools, Step step) {
  tools.port->begin_step();
  return answer(step());
}

} // namespace

sender_wallet_actor::behavior_type sender_worker_state::begin() {
  return {
      [this](sender_step step) { return in_step(*tools, [&] { return transfer->run(step); }); },
      [this](atom::reserve, amount sum) {
        return in_step(*tools, [&] { return transfer->reserve(sum); });
      },
      [this](atom::manifest) { return in_step(*tools, [&] { return transfer->announcement(); }); },
      [this](atom::begin_sending, const receipt_terms& terms) {
        return in_step(*tools, [&] { return transfer->begin_sending(terms); });
      },
      [this](atom::receipt, const receipt_text& text) {
        return in_step(*tools, [&] { return transfer->file_receipt(text); });
      },
  };
}

receiver_wallet_actor::behavior_type receiver_worker_state::begin() {
  return {
      [this](receiver_step step) { return in_step(*tools, [&] { return transfer->run(step); }); },
      [this](atom::manifest, const manifest& x) {
        return in_step(*tools, [&] { return transfer->offer(x); });
      },
      [this](const coin_payload& coins) {
        return in_step(*tools, [&] { return transfer->receive(coins); });
      },
      [this](atom::receipt, const receipt_terms& terms) {
        return in_step(*tools, [&] { return transfer->make_receipt(terms); });
      },
      [this](atom::confirmed) { return in_step(*tools, [&] { return transfer->confirmed(); }); },
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
