#pragma once

#include <map>
#include <memory>
#include <vector>

#include "tests/support/wallet_party.hpp"
#include "wallet/transfer/receiver_transfer.hpp"
#include "wallet/transfer/sender_transfer.hpp"

namespace liveconnect::test {

/// A sender, a receiver and 25 servers in one process, without a session between them: what the
/// sender's transfer answers is handed to the receiver's.
class transfer_pair {
public:
  /// The seed decides what the network loses, where it is told to.
  explicit transfer_pair(uint64_t seed = 1);
  /// The same moment once more, apart from `of` from here on: both disks, the servers' records and
  /// the clock. The programs were killed: both sides need wallet_party::restart().
  transfer_pair(const transfer_pair& of);
  transfer_pair& operator=(const transfer_pair&) = delete;

  fake_raida& raida() { return raida_; }
  const fake_raida& raida() const { return raida_; }
  test_clock& clock() { return clock_; }
  wallet_party& sender() { return *sender_; }
  wallet_party& receiver() { return *receiver_; }
  const wallet_party& sender() const { return *sender_; }
  const wallet_party& receiver() const { return *receiver_; }

  /// Issues notes into the sender's Bank.
  std::vector<note> mint_for_sender(int8_t denomination, size_t count);
  std::vector<note> mint_for_receiver(int8_t denomination, size_t count);

  /// The sender's steps up to Export, in the protocol's order.
  caf::error prepare(wallet::sender_transfer& from, amount sum);
  /// Everything from the manifest to the confirmation.
  caf::error hand_over(wallet::sender_transfer& from, wallet::receiver_transfer& to);
  /// A whole transfer; the first error ends it.
  caf::error send(amount sum);

  wallet::sender_transfer start_sender();
  wallet::receiver_transfer start_receiver();
  static wallet::receipt_terms terms();

  /// What the servers let each side spend: notes it counts that a majority holds for it.
  amount kept() { return spendable(*sender_); }
  amount received() { return spendable(*receiver_); }
  amount spendable(wallet_party& whose);

  /// I1 and I2: no note is spendable on both sides, and both sides' sum is what was minted.
  void expect_conserved();
  /// I1 alone, for moments when something is under way.
  void expect_exclusive();

  amount minted() const { return minted_; }

private:
  std::vector<note> mint(int8_t denomination, size_t count, wallet_party& whose);

  fake_raida raida_;
  test_clock clock_;
  std::unique_ptr<wallet_party> sender_;
  std::unique_ptr<wallet_party> receiver_;
  amount minted_;
  std::map<int8_t, uint32_t> next_serial_;
};

} // namespace liveconnect::test
