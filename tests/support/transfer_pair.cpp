#include "tests/support/transfer_pair.hpp"

#include <set>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"

namespace liveconnect::test {

using namespace wallet;

transfer_pair::transfer_pair(uint64_t seed)
    : raida_(raida_count, seed), sender_(std::make_unique<wallet_party>(raida_, clock_, "Alice")),
      receiver_(std::make_unique<wallet_party>(raida_, clock_, "Bob")) {}

transfer_pair::transfer_pair(const transfer_pair& of)
    : raida_(of.raida_), clock_(of.clock_),
      sender_(std::make_unique<wallet_party>(raida_, clock_, *of.sender_)),
      receiver_(std::make_unique<wallet_party>(raida_, clock_, *of.receiver_)), minted_(of.minted_),
      next_serial_(of.next_serial_) {}

std::vector<note> transfer_pair::mint(int8_t denomination, size_t count, wallet_party& whose) {
  // Far from the serials that servers offer for change.
  auto& next = next_serial_[denomination];
  if (next == 0)
    next = 500'000;
  auto notes = raida_.mint(denomination, next, count);
  next += static_cast<uint32_t>(count);
  whose.give(notes);
  (void)minted_.add(total(notes));
  return notes;
}

std::vector<note> transfer_pair::mint_for_sender(int8_t denomination, size_t count) {
  return mint(denomination, count, *sender_);
}

std::vector<note> transfer_pair::mint_for_receiver(int8_t denomination, size_t count) {
  return mint(denomination, count, *receiver_);
}

receipt_terms transfer_pair::terms() {
  receipt_terms out;
  out.invitation.fill(7);
  out.handshake_hash.fill(9);
  return out;
}

sender_transfer transfer_pair::start_sender() {
  transfer_terms terms;
  terms.side = role::sender;
  terms.id = draw_transfer_id();
  return sender_transfer::start(sender_->space(), terms);
}

receiver_transfer transfer_pair::start_receiver() {
  transfer_terms terms;
  terms.side = role::receiver;
  return receiver_transfer::start(receiver_->space(), terms);
}

caf::error transfer_pair::prepare(sender_transfer& from, amount sum) {
  if (auto done = from.run(sender_step::check_servers); !done)
    return done.error();
  if (auto done = from.run(sender_step::set_aside); !done)
    return done.error();
  if (auto done = from.reserve(sum); !done)
    return done.error();
  for (auto step : {sender_step::make_change, sender_step::join_notes, sender_step::find_change,
                    sender_step::fix_change, sender_step::move_to_sender, sender_step::health_check,
                    sender_step::fix_notes, sender_step::put_in_export})
    if (auto done = from.run(step); !done)
      return done.error();
  return {};
}

caf::error transfer_pair::hand_over(sender_transfer& from, receiver_transfer& to) {
  auto manifest = from.announcement();
  if (!manifest)
    return manifest.error();
  for (auto step : {receiver_step::check_servers, receiver_step::set_aside})
    if (auto done = to.run(step); !done)
      return done.error();
  auto offered = to.offer(*manifest);
  if (!offered)
    return offered.error();
  auto coins = from.begin_sending(terms());
  if (!coins)
    return coins.error();
  if (offered->state == transfer_state::offered)
    if (auto done = to.receive(*coins); !done)
      return done.error();
  if (auto done = from.run(sender_step::all_sent); !done)
    return done.error();
  if (auto done = to.run(receiver_step::pown); !done)
    return done.error();
  auto receipt = to.make_receipt(terms());
  if (!receipt)
    return receipt.error();
  if (auto err = from.file_receipt(*receipt))
    return err;
  return to.confirmed();
}

caf::error transfer_pair::send(amount sum) {
  auto from = start_sender();
  if (auto err = prepare(from, sum))
    return err;
  auto to = start_receiver();
  return hand_over(from, to);
}

amount transfer_pair::spendable(wallet_party& whose) {
  amount out;
  std::set<note_id> seen;
  for (auto& x : whose.counted())
    if (raida_.holders(x) >= 13 && seen.insert(x.id).second)
      (void)out.add(value_of(x));
  return out;
}

void transfer_pair::expect_exclusive() {
  std::set<note_id> at_sender;
  for (auto& x : sender_->counted())
    if (sender_->holds().all().count(x.id) == 0)
      at_sender.insert(x.id);
  for (auto& x : receiver_->counted())
    if (receiver_->holds().all().count(x.id) == 0) {
      EXPECT_EQ(at_sender.count(x.id), 0u) << to_string(x.id) << " counts on both sides";
    }
}

void transfer_pair::expect_conserved() {
  expect_exclusive();
  auto sum = kept();
  EXPECT_TRUE(sum.add(received()));
  EXPECT_EQ(to_string(sum), to_string(minted_));
}

} // namespace liveconnect::test
