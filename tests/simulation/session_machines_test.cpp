#include <deque>
#include <random>

#include "tests/actors/session/machine_support.hpp"

/// Both protocol machines over a line that loses everything in flight when it breaks, with wallets
/// that keep what a journal keeps when a program is killed. No actor, no clock, no socket; one seed
/// gives one run.
namespace liveconnect::session::test {
namespace {

using wallet::sender_step;
using wallet::transfer_state;

/// What is in flight: what the peer's machine will be told.
using wire = std::deque<any_input>;

/// One fault: before the n-th thing that happens, this.
enum class fault : uint8_t { cut, kill_sender, kill_receiver };

struct world {
  // Durable: what the two journals and the servers know.
  bool sending = false;
  bool filed = false;
  bool given_back = false;
  transfer_state received = transfer_state::fresh;
  uint32_t powned = 0;
  bool confirmed = false;

  // Programs.
  std::optional<sender_machine> sender;
  std::optional<receiver_machine> receiver;
  std::deque<std::pair<ticket, question>> sender_asks;
  std::deque<std::pair<ticket, question>> receiver_asks;
  std::optional<action::end> sender_end;
  std::optional<action::end> receiver_end;
  bool sender_in_room = false;
  bool receiver_in_room = false;
  bool secured = false;
  wire to_sender;
  wire to_receiver;

  std::vector<std::string> broken;
  uint32_t sets_sent = 0;

  void require(bool holds, const char* what) {
    if (!holds)
      broken.emplace_back(what);
  }

  void start_sender() {
    sender.emplace(sum_3439(), sending);
    sender_asks.clear();
    carry_out(role::sender, sender->advance(input::started{}));
  }

  void start_receiver() {
    receiver_terms terms;
    terms.expected = sum_3439();
    terms.powned = received >= transfer_state::graded;
    receiver.emplace(terms);
    receiver_asks.clear();
    carry_out(role::receiver, receiver->advance(input::started{}));
  }

  void part() {
    to_sender.clear();
    to_receiver.clear();
    if (!std::exchange(secured, false))
      return;
    if (sender)
      carry_out(role::sender, sender->advance(input::parted{}));
    if (receiver)
      carry_out(role::receiver, receiver->advance(input::parted{}));
  }

  void strike(fault what) {
    switch (what) {
    case fault::cut:
      return part();
    case fault::kill_sender:
      // Before SENDING start-up gives everything back (tests/wallet/journal/recovery_test.cpp).
      if (!sender || !sending)
        return;
      sender.reset();
      sender_in_room = false;
      part();
      if (!filed)
        start_sender();
      return;
    case fault::kill_receiver:
      if (!receiver)
        return;
      receiver.reset();
      receiver_in_room = false;
      part();
      // Start-up wipes an offer without coins.
      if (received == transfer_state::offered)
        received = transfer_state::fresh;
      if (!confirmed)
        start_receiver();
      return;
    }
  }

  void say(role from, any_input what) {
    if (secured)
      (from == role::sender ? to_receiver : to_sender).push_back(std::move(what));
  }

  void carry_out(role side, actions list) {
    for (auto& x : list) {
      if (std::holds_alternative<action::open_line>(x)) {
        (side == role::sender ? sender_in_room : receiver_in_room) = true;
      } else if (auto sent = std::get_if<action::send>(&x)) {
        if (sent->number == message_number::received)
          require(received >= transfer_state::received, "Received before the set is durable (P2)");
        say(side, input::peer_message{sent->number, sent->details});
      } else if (auto offer = std::get_if<action::send_offer>(&x)) {
        say(side, input::offered{offer->offer});
      } else if (auto coins = std::get_if<action::send_coins>(&x)) {
        require(sending, "coins before SENDING is durable (P1)");
        require(received < transfer_state::received, "coins to a receiver that has the set");
        ++sets_sent;
        uint32_t index = 0;
        for (auto& file : coins->coins.files) {
          input::coin_came frame;
          frame.index = ++index;
          frame.count = static_cast<uint32_t>(coins->coins.files.size());
          frame.file = file;
          say(side, std::move(frame));
        }
        carry_out(side, sender->advance(input::coins_gone{}));
      } else if (auto receipt = std::get_if<action::send_receipt>(&x)) {
        require(received >= transfer_state::graded, "a receipt before the notes are graded (P4)");
        say(side, input::receipt_came{receipt->text});
      } else if (auto asked = std::get_if<action::ask_wallet>(&x)) {
        (side == role::sender ? sender_asks : receiver_asks)
            .emplace_back(asked->which, std::move(asked->what));
      } else if (auto end = std::get_if<action::end>(&x)) {
        (side == role::sender ? sender_end : receiver_end) = *end;
        (side == role::sender ? sender_in_room : receiver_in_room) = false;
        if (side == role::sender)
          sender.reset();
        else
          receiver.reset();
        // The peer reads what was said before it notices that we have gone.
        return;
      }
    }
  }

  void answer_sender() {
    auto [which, what] = std::move(sender_asks.front());
    sender_asks.pop_front();
    any_input answer = input::work_done{which, {}};
    if (auto s = std::get_if<ask::step>(&what)) {
      if (s->what == decltype(s->what){sender_step::give_back}) {
        require(!sending, "give_back after begin_sending");
        given_back = true;
      }
    } else if (std::holds_alternative<ask::get_manifest>(what)) {
      answer = input::manifest_ready{which, manifest_3439()};
    } else if (std::holds_alternative<ask::begin_sending>(what)) {
      sending = true;
      input::coins_ready coins;
      coins.which = which;
      coins.coins.files = {coin_file(), coin_file(), coin_file()};
      answer = std::move(coins);
    } else if (std::holds_alternative<ask::file_receipt>(what)) {
      require(powned == 1, "a receipt filed before the notes are the receiver's");
      filed = true;
      answer = input::receipt_ready{which, "{}", summary_3439()};
    }
    carry_out(role::sender, sender->advance(std::move(answer)));
  }

  void answer_receiver() {
    auto [which, what] = std::move(receiver_asks.front());
    receiver_asks.pop_front();
    any_input answer = input::work_done{which, {}};
    if (auto s = std::get_if<ask::step>(&what)) {
      if (s->what == decltype(s->what){wallet::receiver_step::pown}) {
        require(received >= transfer_state::received, "a pown without a durable set");
        if (received < transfer_state::graded)
          ++powned;
        received = std::max(received, transfer_state::graded);
      }
    } else if (std::holds_alternative<ask::weigh>(what)) {
      if (received == transfer_state::fresh)
        received = transfer_state::offered;
      answer = input::offer_weighed{which, received};
    } else if (auto stored = std::get_if<ask::store>(&what)) {
      require(stored->coins.files.size() == 3, "an incomplete set before the wallet");
      require(received == transfer_state::offered, "a set stored twice");
      received = transfer_state::received;
    } else if (std::holds_alternative<ask::make_receipt>(what)) {
      received = std::max(received, transfer_state::receipt);
      answer = input::receipt_ready{which, "{}", summary_3439()};
    } else if (std::holds_alternative<ask::confirm>(what)) {
      require(filed, "a confirmed receipt that the sender has not filed");
      confirmed = true;
    }
    carry_out(role::receiver, receiver->advance(std::move(answer)));
  }

  /// Everything that could happen next, as numbers for happen().
  std::vector<int> possible() const {
    std::vector<int> out;
    if (!secured && sender_in_room && receiver_in_room)
      out.push_back(0);
    if (sender && !to_sender.empty())
      out.push_back(1);
    if (receiver && !to_receiver.empty())
      out.push_back(2);
    if (sender && !sender_asks.empty())
      out.push_back(3);
    if (receiver && !receiver_asks.empty())
      out.push_back(4);
    return out;
  }

  void happen(int what) {
    switch (what) {
    case 0:
      secured = true;
      to_sender.clear();
      to_receiver.clear();
      carry_out(role::sender, sender->advance(input::secured{}));
      carry_out(role::receiver, receiver->advance(input::secured{}));
      return;
    case 1: {
      auto next = std::move(to_sender.front());
      to_sender.pop_front();
      return carry_out(role::sender, sender->advance(std::move(next)));
    }
    case 2: {
      auto next = std::move(to_receiver.front());
      to_receiver.pop_front();
      return carry_out(role::receiver, receiver->advance(std::move(next)));
    }
    case 3:
      return answer_sender();
    case 4:
      return answer_receiver();
    default:
      return;
    }
  }

  /// Nothing can happen any more: a timer rings at one of the two.
  bool lose_patience() {
    if (secured && (!sender || !receiver)) {
      part();
      return true;
    }
    for (auto t : {timer::linger, timer::answer, timer::reunite, timer::meet}) {
      if (sender) {
        carry_out(role::sender, sender->advance(input::timed_out{t}));
        if (!sender)
          return true;
      }
      if (receiver) {
        carry_out(role::receiver, receiver->advance(input::timed_out{t}));
        if (!receiver)
          return true;
      }
    }
    return false;
  }

  /// Runs to the end; `choose` picks among what is possible, `fault_before(n)` what goes wrong.
  template<class Choose, class FaultBefore>
  size_t run(Choose choose, FaultBefore fault_before) {
    start_sender();
    start_receiver();
    size_t inputs_so_far = 0;
    for (size_t turns = 0; turns < 5'000 && (sender || receiver); ++turns) {
      auto next = possible();
      if (next.empty()) {
        if (!lose_patience() && possible().empty() && (sender || receiver)) {
          require(false, "a standstill");
          break;
        }
        continue;
      }
      if (auto wrong = fault_before(inputs_so_far)) {
        strike(*wrong);
        ++inputs_so_far;
        continue;
      }
      happen(next[choose(next.size())]);
      ++inputs_so_far;
    }
    return inputs_so_far;
  }

  std::string complaints() const {
    std::string out;
    for (const auto& x : broken)
      out += x + "; ";
    if (sender_end && !sender_end->ok)
      out += "sender ended with " + to_string(sender_end->code) + " " + sender_end->detail + "; ";
    if (receiver_end && !receiver_end->ok)
      out += "receiver ended with " + to_string(receiver_end->code) + " " + receiver_end->detail +
             "; ";
    if (!filed)
      out += "no receipt at the sender; ";
    if (powned != 1)
      out += "powned " + std::to_string(powned) + " times; ";
    if (given_back)
      out += "given back; ";
    return out;
  }
};

size_t first(size_t) {
  return 0;
}

TEST(session_machines, finish_without_faults_and_send_the_set_once) {
  world w;
  w.run(first, [](size_t) { return std::optional<fault>{}; });
  EXPECT_EQ(w.complaints(), "");
  EXPECT_EQ(w.sets_sent, 1u);
  EXPECT_TRUE(w.confirmed);
}

TEST(session_machines, finish_after_one_fault_before_any_event) {
  world honest;
  const auto length = honest.run(first, [](size_t) { return std::optional<fault>{}; });
  ASSERT_GT(length, 40u);
  for (auto what : {fault::cut, fault::kill_sender, fault::kill_receiver}) {
    for (size_t at = 0; at < length; ++at) {
      world w;
      w.run(first, [&](size_t n) { return n == at ? std::optional(what) : std::nullopt; });
      EXPECT_EQ(w.complaints(), "") << "fault " << static_cast<int>(what) << " before " << at;
    }
  }
}

TEST(session_machines, finish_after_any_two_faults) {
  world honest;
  const auto length = honest.run(first, [](size_t) { return std::optional<fault>{}; });
  for (auto one : {fault::cut, fault::kill_sender, fault::kill_receiver})
    for (auto two : {fault::cut, fault::kill_sender, fault::kill_receiver})
      for (size_t a = 0; a < length; a += 4)
        for (size_t b = a + 1; b < length + 20; b += 4) {
          world w;
          w.run(first, [&](size_t n) {
            return n == a ? std::optional(one) : n == b ? std::optional(two) : std::nullopt;
          });
          ASSERT_EQ(w.complaints(), "") << "faults " << static_cast<int>(one) << " before " << a
                                        << ", " << static_cast<int>(two) << " before " << b;
        }
}

TEST(session_machines, finish_in_every_order_that_a_seed_draws) {
  for (uint32_t seed = 1; seed <= 1'000; ++seed) {
    std::mt19937 random(seed);
    auto below = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
    int faults_left = 6;
    world w;
    w.run(below, [&](size_t) -> std::optional<fault> {
      if (faults_left == 0 || below(15) != 0)
        return std::nullopt;
      --faults_left;
      return static_cast<fault>(below(3));
    });
    ASSERT_EQ(w.complaints(), "") << "seed " << seed;
  }
}

} // namespace
} // namespace liveconnect::session::test
