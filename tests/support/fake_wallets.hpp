#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "messages/interfaces/interfaces.hpp"
#include "messages/secure/manifest.hpp"
#include "messages/secure/receipt.hpp"

namespace liveconnect::test {

/// What both fake wallets hold and write down; outlives the actors, so that a restarted session
/// finds what the one before left, as with real journals.
struct fake_money {
  /// Every question to either wallet, in order: `S reserve`, `S make_change`, `R pown`, ...
  std::vector<std::string> asked;
  manifest offer;
  std::vector<secret_bytes> files;
  signing_key key = signing_key::random();
  /// Sender.
  bool sending = false;
  std::optional<std::string> filed;
  bool given_back = false;
  /// Receiver.
  wallet::transfer_state receiver = wallet::transfer_state::fresh;
  uint32_t powned = 0;
  std::string receipt;
  bool confirmed = false;
  /// The step (as written in `asked`) that fails, with this code.
  std::string failing;
  ec failure = ec::disk_failed;
  /// Notes that the servers refuse.
  uint32_t counterfeit = 0;
  /// Given a chance to spoil a receipt before it leaves the receiver's wallet.
  std::function<std::string(const liveconnect::receipt&, const signing_key&)> sign;
  /// While true, powning is not answered; what was held is, at the next atom::receipt_key (a
  /// promise can only be kept on its actor's own turn).
  bool hold_pown = false;
  std::function<void()> held;

  size_t count(const std::string& what) const {
    return static_cast<size_t>(std::count(asked.begin(), asked.end(), what));
  }
  /// Where a question stands in the order, or the end.
  size_t position(const std::string& what) const {
    return static_cast<size_t>(std::find(asked.begin(), asked.end(), what) - asked.begin());
  }

  /// 3 x 1000, 4 x 100, 3 x 10, 9 x 1 in `file_count` files.
  static std::shared_ptr<fake_money> of_3439(size_t file_count = 3) {
    auto out = std::make_shared<fake_money>();
    auto& m = out->offer;
    randombytes_buf(m.id.value.data(), m.id.value.size());
    m.sum = amount::from_coins(3439);
    m.notes = 19;
    m.by_denomination[11] = 3;
    m.by_denomination[10] = 4;
    m.by_denomination[9] = 3;
    m.by_denomination[8] = 9;
    m.records.fill(5);
    for (size_t i = 0; i < file_count; ++i)
      out->files.push_back(secret_bytes(300 + i, static_cast<uint8_t>(i)));
    return out;
  }
};

inline const char* name_of(wallet::sender_step x) {
  static constexpr const char* names[] = {
      "check_servers", "set_aside",      "make_change",  "join_notes", "find_change",
      "fix_change",    "move_to_sender", "health_check", "fix_notes",  "put_in_export",
      "all_sent",      "ask_servers",    "give_back"};
  return names[static_cast<size_t>(x)];
}

inline const char* name_of(wallet::receiver_step x) {
  static constexpr const char* names[] = {"check_servers", "set_aside", "pown", "drop_offer"};
  return names[static_cast<size_t>(x)];
}

/// Writes the question down and fails it when the test says so.
inline caf::error note_down(fake_money& money, const std::string& what) {
  money.asked.push_back(what);
  if (what == money.failing)
    return fail(money.failure, "the test says so");
  return caf::none;
}

inline sender_wallet_actor fake_sender_wallet(caf::actor_system& system,
                                              std::shared_ptr<fake_money> money) {
  return system.spawn([money](sender_wallet_actor::pointer) -> sender_wallet_actor::behavior_type {
    return {
        [money](wallet::sender_step x) -> caf::result<wallet::step_report> {
          if (auto why = note_down(*money, std::string("S ") + name_of(x)))
            return why;
          wallet::step_report out;
          out.text = name_of(x);
          if (x == wallet::sender_step::give_back) {
            if (money->sending)
              return fail(ec::internal, "give_back after begin_sending");
            money->given_back = true;
            out.settled = wallet::settlement::returned;
          }
          return out;
        },
        [money](atom::reserve, amount) -> caf::result<wallet::step_report> {
          if (auto why = note_down(*money, "S reserve"))
            return why;
          return wallet::step_report{};
        },
        [money](atom::manifest) -> caf::result<manifest> {
          if (auto why = note_down(*money, "S manifest"))
            return why;
          return money->offer;
        },
        [money](atom::begin_sending,
                const wallet::receipt_terms&) -> caf::result<wallet::coin_payload> {
          if (auto why = note_down(*money, "S begin_sending"))
            return why;
          money->sending = true;
          wallet::coin_payload out;
          out.files = money->files;
          return out;
        },
        [money](atom::receipt, const wallet::receipt_text& x) -> caf::result<atom::done> {
          if (auto why = note_down(*money, "S receipt"))
            return why;
          money->filed = x.json;
          return atom::done_v;
        },
    };
  });
}

inline receiver_wallet_actor fake_receiver_wallet(caf::actor_system& system,
                                                  std::shared_ptr<fake_money> money) {
  using wallet::transfer_state;
  return system.spawn(
      [money](receiver_wallet_actor::pointer self) -> receiver_wallet_actor::behavior_type {
        return {
            [money, self](wallet::receiver_step x) -> caf::result<wallet::step_report> {
              if (auto why = note_down(*money, std::string("R ") + name_of(x)))
                return why;
              if (x == wallet::receiver_step::pown) {
                if (money->receiver < transfer_state::received)
                  return fail(ec::internal, "pown without a set");
                if (money->receiver == transfer_state::received)
                  ++money->powned;
                money->receiver = std::max(money->receiver, transfer_state::graded);
              }
              wallet::step_report out;
              out.text = name_of(x);
              if (x == wallet::receiver_step::pown && money->hold_pown) {
                auto answer = self->make_response_promise<wallet::step_report>();
                money->held = [answer, out]() mutable { answer.deliver(out); };
                return answer;
              }
              return out;
            },
            [money](atom::manifest, const manifest& x) -> caf::result<wallet::offer_answer> {
              if (auto why = note_down(*money, "R manifest"))
                return why;
              if (x != money->offer)
                return fail(ec::manifest_mismatch, "another manifest");
              if (money->receiver == transfer_state::fresh)
                money->receiver = transfer_state::offered;
              return wallet::offer_answer{money->receiver};
            },
            [money](const wallet::coin_payload& x) -> caf::result<wallet::step_report> {
              if (auto why = note_down(*money, "R store"))
                return why;
              if (x.files != money->files || money->receiver != transfer_state::offered)
                return fail(ec::manifest_mismatch, "not the set that was offered");
              money->receiver = transfer_state::received;
              return wallet::step_report{};
            },
            [money](atom::receipt,
                    const wallet::receipt_terms& terms) -> caf::result<wallet::receipt_text> {
              if (auto why = note_down(*money, "R receipt"))
                return why;
              if (money->receipt.empty()) {
                liveconnect::receipt r;
                r.id = money->offer.id;
                r.invitation = terms.invitation;
                r.manifest_hash = hash_of(money->offer);
                r.handshake_hash = terms.handshake_hash;
                r.time_unix = 1'795'000'000;
                uint32_t refused = money->counterfeit;
                for (size_t d = denomination_count; d-- > 0;)
                  for (uint32_t i = 0; i < money->offer.by_denomination[d]; ++i) {
                    receipt_note n;
                    n.id = {static_cast<int8_t>(static_cast<int>(d) + denomination_min), 1000 + i};
                    const auto bad = refused > 0;
                    refused -= bad ? 1 : 0;
                    n.pown = std::string(25, bad ? 'f' : 'p');
                    n.what = bad ? note_verdict::counterfeit : note_verdict::authentic;
                    r.notes.push_back(n);
                  }
                money->receipt =
                    money->sign ? money->sign(r, money->key) : sign_receipt(r, money->key);
              }
              money->receiver = std::max(money->receiver, transfer_state::receipt);
              return wallet::receipt_text{money->receipt};
            },
            [money](atom::confirmed) -> caf::result<atom::done> {
              if (auto why = note_down(*money, "R confirmed"))
                return why;
              money->confirmed = true;
              money->receiver = transfer_state::closed;
              return atom::done_v;
            },
            [money](atom::receipt_key) -> caf::result<wallet::receipt_key> {
              if (auto why = note_down(*money, "R receipt_key"))
                return why;
              if (money->held && !money->hold_pown)
                std::exchange(money->held, nullptr)();
              return wallet::receipt_key{money->key.public_key()};
            },
        };
      });
}

} // namespace liveconnect::test
