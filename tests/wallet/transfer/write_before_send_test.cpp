#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/transfer_pair.hpp"
#include "wallet/journal/journal.hpp"
#include "wallet/operations/operation_journal.hpp"

// The order rules P1..P6 of docs/design/safety.md 5.3, seen from outside: whenever a request
// that can change a secret leaves, every secret in it stands in a journal already; whenever coins
// or a receipt are answered, the record that must come first is there.
namespace liveconnect::test {
namespace {

using namespace wallet;

// All records of all journals of a side, closed ones included, one after the other.
secret_bytes journals_of(wallet_party& whose) {
  secret_bytes out;
  auto& space = whose.space();
  for (auto& id : whose.open_journals()) {
    auto log = journal::open(space.files(), space.user.root(), id);
    if (!log)
      continue;
    for (auto& x : log->records())
      out.insert(out.end(), x.payload.begin(), x.payload.end());
  }
  return out;
}

// What the open journals say on the disk, also those in hand.
std::vector<journal_view> on_disk(wallet_party& whose) {
  std::vector<journal_view> out;
  auto& space = whose.space();
  for (auto& id : whose.open_journals()) {
    auto log = journal::open(space.files(), space.user.root(), id);
    auto view = log ? replay(log->records()) : caf::expected<journal_view>{log.error()};
    EXPECT_TRUE(view) << detail_of(view.error());
    if (view)
      out.push_back(std::move(*view));
  }
  return out;
}

bool contains(const secret_bytes& heap, byte_view what) {
  return std::search(heap.begin(), heap.end(), what.begin(), what.end()) != heap.end();
}

// The secrets of one request that a server may hold afterwards (docs/formats/raida.md 6).
std::vector<byte_view> new_secrets(raida::command what, byte_view payload) {
  std::vector<byte_view> out;
  switch (what) {
  case raida::command::pown:
    for (size_t i = 0; i + 37 <= payload.size(); i += 37)
      out.push_back(payload.sub(i + 21, 16));
    break;
  case raida::command::break_note:
    for (size_t i = 1; i <= 10; ++i)
      out.push_back(payload.sub(4 + 21 * i + 5, 16));
    break;
  case raida::command::join_notes:
    out.push_back(payload.sub(4 + 5, 16));
    break;
  case raida::command::fix:
    // PG and 25 tickets end it.
    out.push_back(payload.sub(payload.size() - 116, 16));
    break;
  default:
    break;
  }
  return out;
}

class write_before_send : public ::testing::Test {
protected:
  write_before_send() {
    pair.raida().on_ask = [this](const raida::ask_all& ask) {
      if (new_secrets(ask.what, {}).empty() && ask.what != raida::command::pown)
        return;
      auto heap = journals_of(pair.sender());
      auto other = journals_of(pair.receiver());
      heap.insert(heap.end(), other.begin(), other.end());
      for (size_t server = 0; server < ask.payloads.size(); ++server) {
        if (server < ask.skip.size() && ask.skip[server])
          continue;
        for (auto& secret : new_secrets(ask.what, view(ask.payloads[server]))) {
          ++secrets_seen;
          EXPECT_TRUE(contains(heap, secret)) << "a secret left before it was written";
        }
      }
    };
  }

  transfer_pair pair;
  size_t secrets_seen = 0;
};

TEST_F(write_before_send, holds_for_breaks_joins_and_powns) {
  pair.mint_for_sender(1, 10);
  pair.mint_for_sender(3, 1);
  ASSERT_EQ(pair.send(amount::from_coins(130)), caf::error{});
  EXPECT_GT(pair.raida().asked[raida::command::break_note], 0u);
  // Ten targets of the Break and four notes powned, at 25 servers each.
  EXPECT_EQ(secrets_seen, 14u * 25u);
}

TEST_F(write_before_send, holds_for_joins) {
  pair.sender().rules().change.notes_max = 5;
  ASSERT_EQ(pair.sender().restart(), caf::error{});
  pair.mint_for_sender(1, 10);
  ASSERT_EQ(pair.send(amount::from_coins(100)), caf::error{});
  EXPECT_GT(pair.raida().asked[raida::command::join_notes], 0u);
}

TEST_F(write_before_send, holds_for_fixes) {
  auto notes = pair.mint_for_sender(2, 2);
  pair.raida().damage(5, notes[0].id);
  ASSERT_EQ(pair.send(amount::from_coins(200)), caf::error{});
  EXPECT_GT(pair.raida().asked[raida::command::fix], 0u);
}

TEST_F(write_before_send, holds_for_a_refresh) {
  pair.mint_for_sender(2, 2);
  auto from = pair.start_sender();
  ASSERT_EQ(pair.prepare(from, amount::from_coins(200)), caf::error{});
  ASSERT_TRUE(from.begin_sending(transfer_pair::terms()));
  pair.clock().advance_seconds(121);
  auto report = from.run(sender_step::ask_servers);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->settled, settlement::returned);
  EXPECT_EQ(secrets_seen, 2u * 25u);
}

TEST_F(write_before_send, has_sending_in_the_journal_before_the_coins_are_answered) {
  pair.mint_for_sender(2, 1);
  auto from = pair.start_sender();
  ASSERT_EQ(pair.prepare(from, amount::from_coins(100)), caf::error{});
  ASSERT_TRUE(from.begin_sending(transfer_pair::terms()));
  auto views = on_disk(pair.sender());
  ASSERT_EQ(views.size(), 1u);
  EXPECT_EQ(state_of(views.front()), transfer_state::sending);
}

TEST_F(write_before_send, has_received_and_graded_in_the_journal_before_they_are_answered) {
  pair.mint_for_sender(2, 1);
  auto from = pair.start_sender();
  ASSERT_EQ(pair.prepare(from, amount::from_coins(100)), caf::error{});
  auto to = std::optional<receiver_transfer>{pair.start_receiver()};
  ASSERT_TRUE(to->offer(*from.announcement()));
  auto state = [&] {
    auto views = on_disk(pair.receiver());
    return views.size() == 1 ? state_of(views.front()) : transfer_state::fresh;
  };
  EXPECT_EQ(state(), transfer_state::offered);
  ASSERT_TRUE(to->receive(*from.begin_sending(transfer_pair::terms())));
  EXPECT_EQ(state(), transfer_state::received);
  EXPECT_FALSE(to->make_receipt(transfer_pair::terms()));
  ASSERT_TRUE(to->run(receiver_step::pown));
  EXPECT_EQ(state(), transfer_state::graded);
  EXPECT_EQ(pair.receiver().notes_in(folder::bank).size(), 1u);
  auto receipt = to->make_receipt(transfer_pair::terms());
  ASSERT_TRUE(receipt);
  EXPECT_EQ(state(), transfer_state::receipt);
  auto id = to->id();
  to.reset();
  auto again = receiver_transfer::reopen(pair.receiver().space(), id);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->make_receipt(transfer_pair::terms())->json, receipt->json);
}

} // namespace
} // namespace liveconnect::test
