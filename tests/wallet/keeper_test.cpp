#include "messages/secure/receipt.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_raida.hpp"
#include "tests/support/memory_file_ops.hpp"
#include "tests/support/transfer_pair.hpp"
#include "wallet/keeper.hpp"

namespace liveconnect::test {
namespace {

using namespace wallet;

// One thread runs all actors here, so they may share the servers.
class shared_port : public raida::raida_port {
public:
  shared_port(fake_raida& to, size_t& steps) : to_(&to), steps_(&steps) {}
  size_t servers() const override { return to_->servers(); }
  raida::answers ask(const raida::ask_all& what) override { return to_->ask(what); }
  void begin_step() override { ++*steps_; }

private:
  fake_raida* to_;
  size_t* steps_;
};

class keeper_test : public actor_test {
protected:
  // Workers that a test released have still to tell their keeper.
  void TearDown() override { run(); }

  keeper_actor make_keeper(std::shared_ptr<memory_file_ops> disk, const std::string& name) {
    keeper_config out;
    out.data = "/data";
    out.wallet_name = name;
    out.files = disk;
    out.rules.now_ms = [this] { return clock.ms; };
    out.make_port = [this] { return std::make_unique<shared_port>(servers, steps); };
    out.detached_workers = false;
    return system.spawn(keeper, std::move(out));
  }

  // Asks and runs all actors until the answer is there.
  template<class Answer, class Handle, class... Args>
  caf::expected<Answer> ask(const Handle& whom, Args... what) {
    caf::scoped_actor self{system};
    auto pending = self->request(whom, caf::infinite, std::move(what)...);
    run();
    caf::expected<Answer> out{fail(ec::internal, "no answer")};
    pending.receive([&](Answer& x) { out = std::move(x); },
                    [&](caf::error& err) { out = std::move(err); });
    return out;
  }

  import_coins minted(int8_t denomination, uint32_t first, size_t count) {
    import_coins out;
    out.coins.files.push_back(
        *encode_coin_file(servers.mint(denomination, first, count), pans::without));
    return out;
  }

  static secret_bytes invitation_text() {
    std::string text = "LiveConnect invitation";
    return {text.begin(), text.end()};
  }

  fake_raida servers;
  // Steps that ports have begun.
  size_t steps = 0;
  test_clock clock;
  std::shared_ptr<memory_file_ops> alice_disk = std::make_shared<memory_file_ops>();
  std::shared_ptr<memory_file_ops> bob_disk = std::make_shared<memory_file_ops>();
};

TEST_F(keeper_test, keeps_a_second_program_out) {
  auto first = make_keeper(alice_disk, "Alice");
  ASSERT_TRUE(ask<recovery_report>(first, atom::recover_v));
  auto second = make_keeper(alice_disk, "Alice");
  auto refused = ask<wallet_balance>(second, atom::balance_v);
  ASSERT_FALSE(refused);
  EXPECT_EQ(code_of(refused.error()), ec::wallet_busy);
  // Once the first has ended, the second may.
  caf::anon_send_exit(first, caf::exit_reason::user_shutdown);
  first = nullptr;
  run();
  EXPECT_TRUE(ask<wallet_balance>(second, atom::balance_v));
}

TEST_F(keeper_test, imports_minted_coins_and_counts_them) {
  auto alice = make_keeper(alice_disk, "Alice");
  auto report = ask<operation_report>(alice, minted(3, 10, 4));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->authentic, 4u);
  auto balance = ask<wallet_balance>(alice, atom::balance_v);
  ASSERT_TRUE(balance);
  EXPECT_EQ(balance->spendable, amount::from_coins(4000));
  EXPECT_EQ(balance->notes, 4u);
  auto notes = ask<std::vector<listed_note>>(alice, atom::list_notes_v);
  ASSERT_TRUE(notes);
  EXPECT_EQ(notes->size(), 4u);
  auto checked = ask<operation_report>(alice, atom::check_notes_v);
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->fewest_passes, 25u);
  EXPECT_TRUE(ask<operation_report>(alice, atom::heal_notes_v));
}

TEST_F(keeper_test, gives_each_message_a_steps_whole_time_for_the_servers) {
  auto alice = make_keeper(alice_disk, "alice");
  ASSERT_TRUE(ask<recovery_report>(alice, atom::recover_v));
  for (size_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(ask<wallet_balance>(alice, atom::balance_v));
    EXPECT_EQ(steps, i);
  }
  open_sender what{{role::sender, draw_transfer_id(), invitation_text()}};
  auto worker = ask<sender_wallet_actor>(alice, what);
  ASSERT_TRUE(worker);
  const auto before = steps;
  ASSERT_TRUE(ask<step_report>(*worker, sender_step::check_servers));
  EXPECT_EQ(steps, before + 1) << "and so does a worker";
}

TEST_F(keeper_test, exports_through_a_message) {
  auto alice = make_keeper(alice_disk, "Alice");
  ASSERT_TRUE(ask<operation_report>(alice, minted(2, 10, 1)));
  export_coins what;
  what.sum = amount::from_coins(30);
  what.path = "/data/thirty.bin";
  ASSERT_TRUE(ask<operation_report>(alice, what));
  EXPECT_EQ(ask<wallet_balance>(alice, atom::balance_v)->spendable, amount::from_coins(70));
}

TEST_F(keeper_test, carries_a_transfer_through_its_workers) {
  auto alice = make_keeper(alice_disk, "Alice");
  auto bob = make_keeper(bob_disk, "Bob");
  ASSERT_TRUE(ask<operation_report>(alice, minted(3, 10, 2)));

  open_sender send;
  send.terms.side = role::sender;
  send.terms.id = draw_transfer_id();
  send.terms.invitation = invitation_text();
  auto from = ask<sender_wallet_actor>(alice, send);
  ASSERT_TRUE(from);
  open_receiver receive;
  receive.terms.side = role::receiver;
  receive.terms.invitation = invitation_text();
  auto to = ask<receiver_wallet_actor>(bob, receive);
  ASSERT_TRUE(to);
  auto key = ask<receipt_key>(*to, atom::receipt_key_v);
  ASSERT_TRUE(key);

  ASSERT_TRUE(ask<step_report>(*from, sender_step::check_servers));
  ASSERT_TRUE(ask<step_report>(*from, atom::reserve_v, amount::from_coins(1100)));
  for (auto step : {sender_step::make_change, sender_step::join_notes, sender_step::find_change,
                    sender_step::fix_change, sender_step::move_to_sender, sender_step::health_check,
                    sender_step::fix_notes, sender_step::put_in_export})
    ASSERT_TRUE(ask<step_report>(*from, step));
  auto announced = ask<manifest>(*from, atom::manifest_v);
  ASSERT_TRUE(announced);
  auto offered = ask<offer_answer>(*to, atom::manifest_v, *announced);
  ASSERT_TRUE(offered);
  EXPECT_EQ(offered->state, transfer_state::offered);
  auto terms = transfer_pair::terms();
  auto coins = ask<coin_payload>(*from, atom::begin_sending_v, terms);
  ASSERT_TRUE(coins);
  ASSERT_TRUE(ask<step_report>(*to, *coins));
  ASSERT_TRUE(ask<step_report>(*from, sender_step::all_sent));
  ASSERT_TRUE(ask<step_report>(*to, receiver_step::pown));

  // Both sides see it open, and can build the session again from the journal.
  auto open = ask<std::vector<open_transfer>>(alice, atom::open_transfers_v);
  ASSERT_TRUE(open);
  ASSERT_EQ(open->size(), 1u);
  EXPECT_EQ(open->front().state, transfer_state::sending);
  auto again = ask<transfer_terms>(bob, atom::terms_v, announced->id);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->invitation, invitation_text());

  auto receipt = ask<receipt_text>(*to, atom::receipt_v, terms);
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(verify_receipt(receipt->json, key->public_key));
  ASSERT_TRUE(ask<atom::done>(*from, atom::receipt_v, *receipt));
  ASSERT_TRUE(ask<atom::done>(*to, atom::confirmed_v));
  EXPECT_TRUE(ask<std::vector<open_transfer>>(alice, atom::open_transfers_v)->empty());
  EXPECT_TRUE(ask<std::vector<open_transfer>>(bob, atom::open_transfers_v)->empty());
  EXPECT_EQ(ask<wallet_balance>(bob, atom::balance_v)->spendable, amount::from_coins(1100));
  EXPECT_EQ(ask<wallet_balance>(alice, atom::balance_v)->spendable, amount::from_coins(900));
}

TEST_F(keeper_test, gives_back_what_a_worker_reserved_and_never_sent) {
  auto alice = make_keeper(alice_disk, "Alice");
  ASSERT_TRUE(ask<operation_report>(alice, minted(3, 10, 2)));
  open_sender send;
  send.terms.id = draw_transfer_id();
  {
    auto from = ask<sender_wallet_actor>(alice, send);
    ASSERT_TRUE(from);
    auto twice = ask<sender_wallet_actor>(alice, send);
    ASSERT_FALSE(twice);
    EXPECT_EQ(code_of(twice.error()), ec::bad_argument);
    ASSERT_TRUE(ask<step_report>(*from, atom::reserve_v, amount::from_coins(1000)));
    EXPECT_EQ(ask<wallet_balance>(alice, atom::balance_v)->spendable, amount::from_coins(1000));
  }
  run();
  EXPECT_EQ(ask<wallet_balance>(alice, atom::balance_v)->spendable, amount::from_coins(2000));
  EXPECT_TRUE(ask<std::vector<open_transfer>>(alice, atom::open_transfers_v)->empty());
}

TEST_F(keeper_test, never_sends_twice_with_one_invitation_or_under_one_id) {
  auto first = draw_transfer_id();
  auto open = [&](const keeper_actor& alice, const transfer_id& id) {
    open_sender send;
    send.terms.id = id;
    send.terms.invitation = invitation_text();
    return ask<sender_wallet_actor>(alice, send);
  };
  {
    auto alice = make_keeper(alice_disk, "Alice");
    ASSERT_TRUE(ask<operation_report>(alice, minted(3, 10, 2)));
    {
      auto from = open(alice, first);
      ASSERT_TRUE(from);
      ASSERT_TRUE(ask<step_report>(*from, atom::reserve_v, amount::from_coins(1000)));
      ASSERT_TRUE(ask<step_report>(*from, sender_step::give_back));
    }
    run();
    EXPECT_FALSE(open(alice, draw_transfer_id()));
    caf::anon_send_exit(alice, caf::exit_reason::user_shutdown);
  }
  run();
  auto alice = make_keeper(alice_disk, "Alice");
  for (auto id : {first, draw_transfer_id()}) {
    auto again = open(alice, id);
    ASSERT_FALSE(again);
    EXPECT_EQ(code_of(again.error()), ec::bad_argument);
  }
  // The id alone is enough.
  open_sender send;
  send.terms.id = first;
  EXPECT_FALSE(ask<sender_wallet_actor>(alice, send));
  send.terms.id = draw_transfer_id();
  EXPECT_TRUE(ask<sender_wallet_actor>(alice, send));
}

TEST_F(keeper_test, settles_a_transfer_whose_peer_never_came_back) {
  auto alice = make_keeper(alice_disk, "Alice");
  caf::scoped_actor early{system};
  ASSERT_TRUE(ask<operation_report>(alice, minted(3, 10, 1)));
  open_sender send;
  send.terms.id = draw_transfer_id();
  {
    auto from = ask<sender_wallet_actor>(alice, send);
    ASSERT_TRUE(from);
    ASSERT_TRUE(ask<step_report>(*from, atom::reserve_v, amount::from_coins(1000)));
    for (auto step : {sender_step::move_to_sender, sender_step::put_in_export})
      ASSERT_TRUE(ask<step_report>(*from, step));
    ASSERT_TRUE(ask<coin_payload>(*from, atom::begin_sending_v, transfer_pair::terms()));
    early->send(alice, atom::settle_v, send.terms.id);
    run();
    // Two must never write one journal: the answer waits for the worker's end.
    EXPECT_TRUE(early->mailbox().empty());
  }
  run();
  EXPECT_FALSE(early->mailbox().empty());
  auto waits = ask<open_transfer>(alice, atom::settle_v, send.terms.id);
  ASSERT_TRUE(waits);
  EXPECT_EQ(waits->state, transfer_state::sending);
  clock.advance_seconds(200);
  auto settled = ask<open_transfer>(alice, atom::settle_v, send.terms.id);
  ASSERT_TRUE(settled);
  EXPECT_EQ(settled->state, transfer_state::closed);
  EXPECT_EQ(ask<wallet_balance>(alice, atom::balance_v)->spendable, amount::from_coins(1000));
}

TEST_F(keeper_test, finds_the_receivers_transfer_by_its_invitation_after_a_restart) {
  auto alice = make_keeper(alice_disk, "Alice");
  ASSERT_TRUE(ask<operation_report>(alice, minted(3, 10, 1)));
  open_sender send;
  send.terms.id = draw_transfer_id();
  auto from = ask<sender_wallet_actor>(alice, send);
  ASSERT_TRUE(ask<step_report>(*from, atom::reserve_v, amount::from_coins(1000)));
  for (auto step : {sender_step::move_to_sender, sender_step::put_in_export})
    ASSERT_TRUE(ask<step_report>(*from, step));
  auto announced = ask<manifest>(*from, atom::manifest_v);
  auto coins = ask<coin_payload>(*from, atom::begin_sending_v, transfer_pair::terms());

  open_receiver receive;
  receive.terms.side = role::receiver;
  receive.terms.invitation = invitation_text();
  receipt_key key;
  {
    auto bob = make_keeper(bob_disk, "Bob");
    auto to = ask<receiver_wallet_actor>(bob, receive);
    ASSERT_TRUE(to);
    key = *ask<receipt_key>(*to, atom::receipt_key_v);
    ASSERT_TRUE(ask<offer_answer>(*to, atom::manifest_v, *announced));
    ASSERT_TRUE(ask<step_report>(*to, *coins));
    caf::anon_send_exit(*to, caf::exit_reason::kill);
    caf::anon_send_exit(bob, caf::exit_reason::kill);
  }
  run();
  auto bob = make_keeper(bob_disk, "Bob");
  auto report = ask<recovery_report>(bob, atom::recover_v);
  ASSERT_TRUE(report);
  // RECEIVED is finished without the sender.
  EXPECT_EQ(ask<wallet_balance>(bob, atom::balance_v)->spendable, amount::from_coins(1000));
  auto to = ask<receiver_wallet_actor>(bob, receive);
  ASSERT_TRUE(to);
  EXPECT_EQ(ask<receipt_key>(*to, atom::receipt_key_v)->public_key, key.public_key);
  auto offered = ask<offer_answer>(*to, atom::manifest_v, *announced);
  ASSERT_TRUE(offered);
  EXPECT_EQ(offered->state, transfer_state::graded);
  auto receipt = ask<receipt_text>(*to, atom::receipt_v, transfer_pair::terms());
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(ask<atom::done>(*from, atom::receipt_v, *receipt));
}

} // namespace
} // namespace liveconnect::test
