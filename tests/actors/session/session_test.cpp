#include <fstream>
#include <sstream>
#include <sys/stat.h>

#include "tests/support/session_pair.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::test {
namespace {

using namespace std::chrono_literals;

std::vector<int> one_to_25() {
  std::vector<int> out;
  for (int i = 1; i <= 25; ++i)
    out.push_back(i);
  return out;
}

/// Message numbers of a transcript in order, heartbeats folded into one and coins into one.
std::vector<int> numbers_of(const std::string& path) {
  std::ifstream in(path);
  std::vector<int> out;
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string when, way, address;
    int number = 0;
    words >> when >> way >> address >> number;
    if (!out.empty() && out.back() == number && (number == 1 || number == 24))
      continue;
    out.push_back(number);
  }
  return out;
}

class session_actors : public session_pair, public ::testing::WithParamInterface<notation> {
protected:
  void SetUp() override {
    settings.how = GetParam();
    settings.transcript.clear();
  }
  session::session_config sender_settings() override {
    auto x = settings;
    x.transcript = sender_transcript;
    return x;
  }
  session::session_config receiver_settings() override {
    auto x = settings;
    x.transcript = receiver_transcript;
    return x;
  }

  temporary_folder folder;
  std::string sender_transcript = (folder / "sender").string();
  std::string receiver_transcript = (folder / "receiver").string();
};

INSTANTIATE_TEST_SUITE_P(both_notations, session_actors,
                         ::testing::Values(notation::tag, notation::json),
                         [](const auto& x) { return x.param == notation::tag ? "tag" : "json"; });

TEST_P(session_actors, carry_out_a_whole_transfer_without_time_passing) {
  start_sender();
  start_receiver();
  run();
  ASSERT_NE(sender_end(), nullptr);
  ASSERT_NE(receiver_end(), nullptr);
  EXPECT_TRUE(sender_end()->ok) << sender_end()->detail;
  EXPECT_TRUE(receiver_end()->ok) << receiver_end()->detail;
  EXPECT_EQ(seen_by_sender->finished_steps(), one_to_25());
  EXPECT_EQ(seen_by_receiver->finished_steps(), one_to_25());
  EXPECT_EQ(sender_end()->session, receiver_end()->session);
  EXPECT_EQ(sender_end()->id, money->offer.id);
  EXPECT_EQ(receiver_end()->id, money->offer.id);
  EXPECT_EQ(sender_end()->receipt, receiver_end()->receipt);
  EXPECT_EQ(sender_end()->notes, 19u);
  EXPECT_FALSE(sender_end()->still_open);
  EXPECT_FALSE(receiver_end()->still_open);
  EXPECT_EQ(*money->filed, money->receipt);
  EXPECT_TRUE(money->confirmed);
  EXPECT_EQ(money->powned, 1u);
  EXPECT_EQ(seen_by_sender->count<session::finished>(), 1u);
  EXPECT_EQ(seen_by_receiver->count<session::finished>(), 1u);
}

TEST_P(session_actors, show_the_same_phrase_and_each_others_address) {
  start_receiver();
  start_sender();
  run();
  auto s = seen_by_sender->last<session::connected>();
  auto r = seen_by_receiver->last<session::connected>();
  ASSERT_TRUE(s && r);
  EXPECT_EQ(s->phrase, r->phrase);
  EXPECT_FALSE(s->phrase.empty());
  EXPECT_EQ(s->own_address, r->peer_address);
  EXPECT_EQ(r->own_address, s->peer_address);
}

TEST_P(session_actors, write_the_seeds_order_into_both_transcripts) {
  start_sender();
  start_receiver();
  run();
  const std::vector<int> expected = {1,  2,  3,  4,  4,  5,  6,  7,  20, 8,  9,  10,
                                     11, 12, 21, 13, 24, 14, 15, 16, 18, 17, 19, 106};
  EXPECT_EQ(numbers_of(sender_transcript), expected);
  EXPECT_EQ(numbers_of(receiver_transcript), expected);
  struct stat facts {};
  ASSERT_EQ(stat(sender_transcript.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_P(session_actors, let_an_onlooker_read_every_command_and_no_coin) {
  start_sender();
  start_receiver();
  run();
  if (GetParam() == notation::tag) {
    for (auto word : {"<# Empty_Import_Export", "<# 3439", "<# Making_Change", "<# coin",
                      "<# Powning_Coins", "<# Coins_confirmed"})
      EXPECT_NE(relay->onlooker.find(word), std::string::npos) << word;
  } else {
    for (auto word : {"\"Message Number\":2", "\"Message_Details\":\"3439\"",
                      "\"Message Number\":24", "\"Message Number\":19"})
      EXPECT_NE(relay->onlooker.find(word), std::string::npos) << word;
  }
  EXPECT_EQ(relay->onlooker.find(money->receipt.substr(0, 40)), std::string::npos);
}

TEST_P(session_actors, ask_the_wallets_in_the_order_of_the_steps) {
  start_sender();
  start_receiver();
  run();
  const std::vector<std::string> expected_of_sender = {
      "S reserve",       "S check_servers", "S set_aside",      "S make_change",  "S join_notes",
      "S find_change",   "S fix_change",    "S move_to_sender", "S health_check", "S fix_notes",
      "S put_in_export", "S manifest",      "S begin_sending",  "S all_sent",     "S receipt"};
  const std::vector<std::string> expected_of_receiver = {
      "R receipt_key", "R check_servers", "R set_aside", "R manifest",
      "R store",       "R pown",          "R receipt",   "R confirmed"};
  std::vector<std::string> s, r;
  for (const auto& x : money->asked)
    (x[0] == 'S' ? s : r).push_back(x);
  EXPECT_EQ(s, expected_of_sender);
  EXPECT_EQ(r, expected_of_receiver);
}

TEST_P(session_actors, finish_a_transfer_whose_line_is_cut_after_any_message) {
  // First a whole transfer, to learn how many frames pass.
  size_t frames = 0;
  relay->passed = [&](const frame&, io::socket_id) { ++frames; };
  start_sender();
  start_receiver();
  run();
  ASSERT_GT(frames, 25u);
  for (size_t cut_at = 1; cut_at <= frames; ++cut_at) {
    for (int whom : {0, 1, 2}) {
      SCOPED_TRACE("cut " + std::to_string(whom) + " after frame " + std::to_string(cut_at));
      money = fake_money::of_3439();
      seen_by_sender = std::make_shared<seen_events>();
      seen_by_receiver = std::make_shared<seen_events>();
      size_t passed = 0;
      relay->passed = [&](const frame&, io::socket_id from) {
        if (++passed != cut_at)
          return;
        if (whom == 0)
          relay->cut(from);
        else if (whom == 2)
          relay->cut_all();
        else
          for (auto x : relay->sockets())
            if (x != from)
              relay->cut(x);
      };
      start_sender();
      start_receiver();
      run_to_the_end(2min);
      ASSERT_TRUE(sender_end() && receiver_end());
      EXPECT_TRUE(sender_end()->ok) << sender_end()->detail;
      EXPECT_TRUE(receiver_end()->ok) << receiver_end()->detail;
      EXPECT_EQ(money->powned, 1u);
      EXPECT_EQ(money->count("R store"), 1u);
      EXPECT_EQ(money->count("S receipt"), 1u);
      EXPECT_FALSE(money->given_back);
      EXPECT_LT(money->position("S put_in_export"), money->position("S begin_sending"));
      EXPECT_LT(money->position("S begin_sending"), money->position("R store"));
    }
  }
}

} // namespace

// --- peers that do not hold the key, and relays that alter ---

namespace {

using hostile_session = session_pair;

TEST_F(hostile_session, a_receiver_with_another_key_is_refused_by_the_tag_and_sees_no_wallet_step) {
  start_sender();
  run();
  settings.invite.key = secret<32>::random();
  start_receiver();
  run();
  ASSERT_NE(receiver_end(), nullptr);
  EXPECT_EQ(receiver_end()->code, ec::not_authentic);
  // The sender goes on waiting for the right one.
  EXPECT_EQ(sender_end(), nullptr);
  EXPECT_EQ(money->count("S check_servers"), 0u);
}

TEST_F(hostile_session, another_key_past_a_relay_without_tags_ends_both_and_moves_nothing) {
  relay->check_tags = false;
  start_sender();
  run();
  settings.invite.key = secret<32>::random();
  start_receiver();
  run_to_the_end(1min);
  ASSERT_TRUE(sender_end() && receiver_end());
  EXPECT_EQ(sender_end()->code, ec::not_authentic);
  EXPECT_EQ(receiver_end()->code, ec::not_authentic);
  EXPECT_EQ(seen_by_sender->count<session::connected>(), 0u);
  EXPECT_EQ(seen_by_receiver->count<session::connected>(), 0u);
  const std::vector<std::string> expected = {"S reserve", "R receipt_key", "S give_back"};
  EXPECT_EQ(money->asked, expected);
}

/// The relay says that a peer comes and goes, so many times.
std::string coming_and_going(size_t times) {
  const auto came =
      encode(make_relay_frame(message_number::peer_joined, "198.51.100.9:5000"), notation::tag);
  const auto went = encode(make_relay_frame(message_number::peer_left, "left"), notation::tag);
  std::string out;
  for (size_t i = 0; i < times; ++i)
    out += came + went;
  return out;
}

TEST_F(hostile_session, an_observer_that_does_not_read_holds_the_line_back_and_misses_nothing) {
  // As in the programs: an observer whose mailbox is read only when the program asks for it.
  caf::scoped_actor person{system};
  const auto observer =
      caf::actor_cast<session_observer_actor>(caf::actor_cast<caf::actor>(person));
  const auto wallet = fake_receiver_wallet(system, money);
  receiver = session::receiver_session(system, settings, loop, wallet, observer);
  spawned.push_back(caf::actor_cast<caf::actor>(wallet));
  spawned.push_back(caf::actor_cast<caf::actor>(receiver));
  run();
  const size_t chunks = 100;
  const size_t a_chunk = 20;
  const auto text = coming_and_going(a_chunk);
  size_t seen = 0;
  size_t lost = 0;
  const auto look = [&] {
    while (person->has_next_message())
      person->receive([&](const session::peer_seen&) { ++seen; },
                      [&](const session::peer_lost&) {
                        ++lost;
                        EXPECT_EQ(seen, lost);
                      },
                      caf::others >> [&](caf::message_view&) -> caf::result<caf::message> {
                        return caf::message{};
                      });
    run();
  };
  // As the loop does it: what is under way is bounded, and more is read when some was taken.
  std::vector<std::weak_ptr<int>> under_way;
  size_t rounds = 0;
  for (size_t sent = 0; sent < chunks || seen < chunks * a_chunk; ++rounds) {
    ASSERT_LT(rounds, 2 * chunks);
    size_t at_once = 0;
    for (; sent < chunks; ++sent, ++at_once) {
      under_way.erase(
          std::remove_if(under_way.begin(), under_way.end(), [](auto& x) { return x.expired(); }),
          under_way.end());
      if (under_way.size() >= 4)
        break;
      auto credit = std::make_shared<int>(0);
      under_way.push_back(credit);
      relay->shout(relay->sockets().at(0), text, std::move(credit));
      run();
    }
    // 64 events that the observer has not taken, and then four chunks wait.
    EXPECT_LE(at_once, 64 / (2 * a_chunk) + 1 + 4);
    look();
  }
  EXPECT_EQ(seen, chunks * a_chunk);
  EXPECT_EQ(lost, chunks * a_chunk);
  EXPECT_GT(rounds, 10u);
  look();
  for (auto& x : under_way)
    EXPECT_TRUE(x.expired());
}

TEST_F(hostile_session, a_peer_that_makes_us_answer_without_end_is_left) {
  start_receiver();
  run();
  size_t answers = 0;
  const auto before = relay->onlooker.size();
  relay->shout(relay->sockets().at(0), coming_and_going(20'000));
  run();
  for (auto at = relay->onlooker.find("Heartbeat", before); at != std::string::npos;
       at = relay->onlooker.find("Heartbeat", at + 1))
    ++answers;
  ASSERT_NE(receiver_end(), nullptr);
  EXPECT_EQ(receiver_end()->code, ec::protocol_violation);
  EXPECT_FALSE(receiver_end()->detail.empty());
  EXPECT_GT(answers, 1000u);
  EXPECT_LT(answers, 2 * 4200u);
}

TEST_F(hostile_session, however_often_a_line_breaks_no_timer_is_set_twice) {
  settings.wait_for_return = 1h;
  settings.answer_timeout = 1h;
  money->hold_pown = true;
  start_sender();
  start_receiver();
  run();
  size_t before = 0;
  for (int i = 0; i < 300; ++i) {
    relay->cut_all();
    run();
    advance(200ms);
    // Those of the connections themselves live for ten seconds.
    if (i == 100)
      before = scheduler.clock().schedule().size();
  }
  EXPECT_FALSE(sender_end() || receiver_end());
  EXPECT_LE(scheduler.clock().schedule().size(), before + 10);
}

TEST_F(hostile_session, a_third_client_is_told_that_the_room_is_full) {
  relay->on_frame = [](frame& x, io::socket_id) { return x.is(message_number::heartbeat); };
  start_sender();
  start_receiver();
  run();
  auto first = seen_by_receiver;
  seen_by_receiver = std::make_shared<seen_events>();
  start_receiver();
  run();
  ASSERT_NE(receiver_end(), nullptr);
  EXPECT_EQ(receiver_end()->code, ec::room_full);
  EXPECT_EQ(first->count<session::finished>(), 0u);
}

/// One way to alter a frame.
struct alteration {
  const char* name;
  std::function<bool(frame&)> alter;
};

const std::vector<alteration> alterations = {
    {"proof or body flipped",
     [](frame& x) {
       auto& where = !x.auth.empty() ? x.auth : !x.details.empty() ? x.details : x.handshake;
       if (!where.empty())
         where[0] = where[0] == 'A' ? 'B' : 'A';
       return true;
     }},
    {"proof taken away",
     [](frame& x) {
       x.auth.clear();
       if (x.details.size() > 64)
         x.details.clear();
       return true;
     }},
    {"number changed",
     [](frame& x) {
       x.number = x.number == 5 ? 6 : 5;
       x.tag.clear();
       x.details.clear();
       return true;
     }},
    {"meaning changed",
     [](frame& x) {
       if (x.is(message_number::amount))
         x.details = "34390";
       else if (x.count != 0)
         ++x.count;
       else if (x.is(message_number::coins_confirmed))
         x.details = std::string(64, '0');
       else
         x.details = "user";
       return true;
     }},
    {"dropped", [](frame&) { return false; }},
};

TEST_F(hostile_session, every_message_altered_once_stops_everything_that_would_follow_it) {
  // A first run tells the order of messages and of wallet questions without an attacker.
  settings.auth_failures_max = 1;
  std::vector<frame> honest;
  relay->on_frame = [&](frame& x, io::socket_id) {
    honest.push_back(x);
    return true;
  };
  start_sender();
  start_receiver();
  run();
  ASSERT_TRUE(sender_end() && sender_end()->ok);
  // The caller's first message: a peer that sends a wrong one does not hold the key.
  const auto call =
      static_cast<size_t>(std::find_if(honest.begin(), honest.end(),
                                       [](const frame& x) { return !x.handshake.empty(); }) -
                          honest.begin());
  size_t tried = 0;
  for (const auto& how : alterations) {
    for (size_t at = 0; at < honest.size(); ++at) {
      const auto number = honest[at].number;
      // Closing comes after everything; a bare heartbeat proves nothing, altered or not; and an
      // alteration that the notation cannot carry is none.
      auto trial = honest[at];
      const auto passes = how.alter(trial);
      if (number == 106 ||
          (honest[at].auth.empty() && honest[at].handshake.empty() && number == 1) ||
          (passes && encode(trial, notation::tag) == encode(honest[at], notation::tag)))
        continue;
      SCOPED_TRACE(std::string(how.name) + " at frame " + std::to_string(at) + ", number " +
                   std::to_string(number));
      ++tried;
      money = fake_money::of_3439();
      seen_by_sender = std::make_shared<seen_events>();
      seen_by_receiver = std::make_shared<seen_events>();
      size_t index = 0;
      size_t asked = 0;
      bool altered = false;
      relay->on_frame = [&](frame& x, io::socket_id) {
        if (index++ != at)
          // After the attack nothing that it touched may be repaired by the next messages: what
          // comes in this connection is passed on as it is.
          return true;
        altered = true;
        asked = money->asked.size();
        return how.alter(x);
      };
      start_sender();
      start_receiver();
      run_to_the_end(10min);
      ASSERT_TRUE(altered);
      ASSERT_TRUE(sender_end() && receiver_end());
      // The step that the altered message would have let happen has not happened.
      std::vector<std::string> after(money->asked.begin() + static_cast<ptrdiff_t>(asked),
                                     money->asked.end());
      auto has = [&](const char* what) {
        return std::find(after.begin(), after.end(), what) != after.end();
      };
      switch (static_cast<message_number>(number)) {
      case message_number::heartbeat:
        // A handshake message that got lost is said again, and an answer that does not verify may
        // be one to an older call: nothing had begun, so the transfer may go on.
        if (!honest[at].handshake.empty() && (&how != &alterations[0] || at != call))
          break;
        [[fallthrough]];
      case message_number::empty_import_export:
        EXPECT_FALSE(has("R set_aside"));
        [[fallthrough]];
      case message_number::import_export_empty:
      case message_number::amount:
        EXPECT_FALSE(has("S begin_sending"));
        break;
      case message_number::ready_to_send_coins:
        EXPECT_FALSE(has("R manifest"));
        EXPECT_FALSE(has("S begin_sending"));
        break;
      case message_number::ready_to_receive:
        EXPECT_FALSE(has("S begin_sending"));
        EXPECT_FALSE(has("R store"));
        break;
      case message_number::coin:
        EXPECT_FALSE(has("R store"));
        EXPECT_FALSE(has("R pown"));
        break;
      case message_number::receipt:
        EXPECT_FALSE(has("S receipt"));
        break;
      case message_number::coins_confirmed:
        EXPECT_FALSE(has("R confirmed"));
        break;
      default:
        break;
      }
      // And whatever happened, the money is whole: given back, or with the receiver, or open.
      EXPECT_LE(money->powned, 1u);
      if (!money->sending) {
        EXPECT_TRUE(money->given_back);
      } else if (money->powned == 0) {
        EXPECT_TRUE(sender_end()->still_open);
      }
    }
  }
  EXPECT_GT(tried, 130u);
}

TEST_F(hostile_session, a_transfer_altered_once_is_finished_over_a_new_connection) {
  size_t frames = 0;
  relay->on_frame = [&](frame&, io::socket_id) {
    ++frames;
    return true;
  };
  start_sender();
  start_receiver();
  run();
  for (size_t at = 2; at + 1 < frames; ++at) {
    SCOPED_TRACE("frame " + std::to_string(at));
    money = fake_money::of_3439();
    seen_by_sender = std::make_shared<seen_events>();
    seen_by_receiver = std::make_shared<seen_events>();
    size_t index = 0;
    relay->on_frame = [&](frame& x, io::socket_id) {
      return index++ == at ? alterations[0].alter(x) : true;
    };
    start_sender();
    start_receiver();
    run_to_the_end(2min);
    ASSERT_TRUE(sender_end() && receiver_end());
    EXPECT_TRUE(sender_end()->ok) << sender_end()->detail;
    EXPECT_TRUE(receiver_end()->ok) << receiver_end()->detail;
    EXPECT_EQ(money->powned, 1u);
  }
}

TEST_F(hostile_session, a_receipt_that_contradicts_the_transfer_is_not_filed) {
  using sign_function = decltype(fake_money::sign);
  const std::vector<std::pair<const char*, sign_function>> bad = {
      {"another transfer",
       [](receipt r, const signing_key& k) {
         r.id.value[0] ^= 1;
         return sign_receipt(r, k);
       }},
      {"another manifest",
       [](receipt r, const signing_key& k) {
         r.manifest_hash[0] ^= 1;
         return sign_receipt(r, k);
       }},
      {"another invitation",
       [](receipt r, const signing_key& k) {
         r.invitation[0] ^= 1;
         return sign_receipt(r, k);
       }},
      {"another session",
       [](receipt r, const signing_key& k) {
         r.handshake_hash[0] ^= 1;
         return sign_receipt(r, k);
       }},
      {"a note missing",
       [](receipt r, const signing_key& k) {
         r.notes.pop_back();
         return sign_receipt(r, k);
       }},
  };
  for (const auto& [name, sign] : bad) {
    SCOPED_TRACE(name);
    money = fake_money::of_3439();
    money->sign = sign;
    seen_by_sender = std::make_shared<seen_events>();
    seen_by_receiver = std::make_shared<seen_events>();
    start_sender();
    start_receiver();
    run_to_the_end(5min);
    ASSERT_NE(sender_end(), nullptr);
    EXPECT_EQ(sender_end()->code, ec::bad_receipt);
    EXPECT_TRUE(sender_end()->still_open);
    EXPECT_FALSE(money->filed);
    EXPECT_FALSE(money->confirmed);
  }
}

// --- ends ---

using session_ends = session_pair;

TEST_F(session_ends, not_enough_coins_is_known_before_the_relay_is_called) {
  money->failing = "S reserve";
  money->failure = ec::not_enough_coins;
  start_sender();
  run();
  ASSERT_NE(sender_end(), nullptr);
  EXPECT_EQ(sender_end()->code, ec::not_enough_coins);
  EXPECT_EQ(relay->connections(), 0u);
}

TEST_F(session_ends, a_peer_that_never_comes_gives_everything_back) {
  start_sender();
  run_to_the_end(16min);
  ASSERT_NE(sender_end(), nullptr);
  EXPECT_EQ(sender_end()->code, ec::peer_gone);
  EXPECT_TRUE(money->given_back);
  EXPECT_FALSE(sender_end()->still_open);
}

TEST_F(session_ends, an_unreachable_relay_is_told_after_the_first_contact_time) {
  relay->down = true;
  start_sender();
  run();
  advance(4s);
  EXPECT_EQ(sender_end(), nullptr);
  run_to_the_end(10s);
  ASSERT_NE(sender_end(), nullptr);
  EXPECT_EQ(sender_end()->code, ec::relay_unreachable);
  EXPECT_TRUE(money->given_back);
}

TEST_F(session_ends, a_relay_that_comes_back_in_time_finishes_the_transfer) {
  size_t passed = 0;
  relay->passed = [&](const frame&, io::socket_id) {
    if (++passed == 20) {
      relay->down = true;
      relay->cut_all();
    }
  };
  start_sender();
  start_receiver();
  run();
  advance(20s);
  EXPECT_EQ(sender_end(), nullptr);
  EXPECT_GT(seen_by_sender->count<session::link_lost>(), 0u);
  relay->down = false;
  run_to_the_end(1min);
  ASSERT_TRUE(sender_end() && receiver_end());
  EXPECT_TRUE(sender_end()->ok);
  EXPECT_TRUE(receiver_end()->ok);
  EXPECT_EQ(seen_by_sender->last<session::connected>()->handshakes, 2u);
}

TEST_F(session_ends, a_full_relay_is_told_at_once) {
  relay->refusal = "full The relay is full.";
  start_sender();
  run();
  ASSERT_NE(sender_end(), nullptr);
  EXPECT_EQ(sender_end()->code, ec::relay_busy);
}

TEST_F(session_ends, a_receiver_that_is_gone_after_the_coins_leaves_the_outcome_unknown) {
  relay->on_frame = [&](frame& x, io::socket_id from) {
    if (!x.is(message_number::received))
      return true;
    relay->down = true;
    relay->cut(from);
    return false;
  };
  settings.relay_patience = 10min;
  start_sender();
  start_receiver();
  run_to_the_end(10min);
  ASSERT_NE(sender_end(), nullptr);
  EXPECT_EQ(sender_end()->code, ec::outcome_unknown);
  EXPECT_TRUE(sender_end()->still_open);
  EXPECT_EQ(money->count("S ask_servers") + money->count("S give_back"), 0u);
  // The receiver has made the coins its own all the same, and ends well.
  ASSERT_NE(receiver_end(), nullptr);
  EXPECT_TRUE(receiver_end()->ok);
  EXPECT_TRUE(receiver_end()->still_open);
  EXPECT_EQ(money->powned, 1u);
}

TEST_F(session_ends, a_stop_gives_a_line_that_does_not_close_only_moments) {
  relay->keeps_lines = true;
  start_sender();
  run();
  caf::anon_send(sender, atom::cancel_v);
  run();
  EXPECT_EQ(sender_end(), nullptr) << "what is queued may still leave";
  caf::anon_send(sender, atom::stop_v);
  run();
  advance(200ms);
  ASSERT_NE(sender_end(), nullptr);
  EXPECT_EQ(sender_end()->code, ec::stopped);
}

TEST_F(session_ends, both_started_again_complete_a_transfer_whose_coins_had_left) {
  bool cut = false;
  relay->on_frame = [&](frame& x, io::socket_id) {
    if (!x.is(message_number::received) || std::exchange(cut, true))
      return true;
    caf::anon_send(sender, atom::stop_v);
    caf::anon_send(receiver, atom::stop_v);
    return false;
  };
  start_sender();
  start_receiver();
  run_to_the_end(1min);
  ASSERT_TRUE(sender_end() && receiver_end());
  EXPECT_EQ(sender_end()->code, ec::outcome_unknown);
  EXPECT_EQ(receiver_end()->code, ec::stopped);
  EXPECT_TRUE(receiver_end()->still_open);
  // Next run, from the journals.
  seen_by_sender = std::make_shared<seen_events>();
  seen_by_receiver = std::make_shared<seen_events>();
  money->asked.clear();
  settings.sending_begun = true;
  start_sender();
  start_receiver();
  run();
  ASSERT_TRUE(sender_end() && receiver_end());
  EXPECT_TRUE(sender_end()->ok) << sender_end()->detail;
  EXPECT_TRUE(receiver_end()->ok) << receiver_end()->detail;
  EXPECT_EQ(money->count("S begin_sending"), 0u);
  EXPECT_EQ(money->count("R store"), 0u);
  EXPECT_EQ(money->powned, 1u);
}

TEST_F(session_ends, a_receipt_of_a_session_whose_last_proof_got_lost_is_filed) {
  money->hold_pown = true;
  start_sender();
  start_receiver();
  run();
  ASSERT_EQ(money->count("R pown"), 1u);
  // The next session: the sender's proof arrives, and nothing that the receiver says after it.
  std::optional<io::socket_id> proved;
  relay->on_frame = [&](frame& x, io::socket_id from) {
    if (!proved && !x.auth.empty())
      proved = from;
    return !proved || from == *proved;
  };
  relay->cut_all();
  for (int i = 0; i < 50 && seen_by_receiver->count<session::connected>() < 2; ++i)
    advance(100ms);
  ASSERT_EQ(seen_by_receiver->count<session::connected>(), 2u);
  ASSERT_EQ(seen_by_sender->count<session::connected>(), 1u);
  // The receipt is made in it, and delivered in the one after it.
  money->hold_pown = false;
  caf::anon_send(spawned[3], atom::receipt_key_v);
  run();
  ASSERT_EQ(money->count("R receipt"), 1u);
  ASSERT_EQ(seen_by_sender->count<session::connected>(), 1u);
  relay->on_frame = nullptr;
  relay->cut_all();
  run_to_the_end(1min);
  ASSERT_TRUE(sender_end() && receiver_end());
  EXPECT_TRUE(sender_end()->ok) << sender_end()->detail;
  EXPECT_TRUE(receiver_end()->ok) << receiver_end()->detail;
  EXPECT_TRUE(money->filed);
}

TEST_F(session_ends, a_receiver_that_works_longer_than_an_answer_may_take_is_waited_for) {
  money->hold_pown = true;
  start_sender();
  start_receiver();
  run();
  for (int i = 0; i < 300; ++i)
    advance(1s);
  ASSERT_EQ(sender_end(), nullptr);
  money->hold_pown = false;
  caf::anon_send(spawned[3], atom::receipt_key_v);
  run_to_the_end(1min);
  ASSERT_TRUE(sender_end() && receiver_end());
  EXPECT_TRUE(sender_end()->ok) << sender_end()->detail;
  EXPECT_TRUE(receiver_end()->ok) << receiver_end()->detail;
  EXPECT_EQ(seen_by_sender->count<session::connected>(), 1u);
}

TEST_F(session_ends, heartbeats_alone_are_not_waited_for_beyond_the_limit_of_work) {
  money->hold_pown = true;
  settings.wallet_timeout = 4min;
  start_sender();
  settings.wallet_timeout = 30min;
  start_receiver();
  run();
  for (int i = 0; i < 235; ++i)
    advance(1s);
  ASSERT_EQ(sender_end(), nullptr);
  for (int i = 0; i < 15; ++i)
    advance(1s);
  ASSERT_NE(sender_end(), nullptr);
  EXPECT_EQ(sender_end()->code, ec::outcome_unknown);
  EXPECT_TRUE(sender_end()->still_open);
}

TEST_F(session_ends, a_sender_that_cancels_before_the_coins_gets_everything_back) {
  relay->on_frame = [&](frame& x, io::socket_id) {
    if (x.is(message_number::making_change))
      caf::anon_send(sender, atom::cancel_v);
    return true;
  };
  start_sender();
  start_receiver();
  run_to_the_end(1min);
  ASSERT_TRUE(sender_end() && receiver_end());
  EXPECT_EQ(sender_end()->code, ec::stopped);
  EXPECT_EQ(receiver_end()->code, ec::peer_refused);
  EXPECT_TRUE(money->given_back);
}

TEST_F(session_ends, the_person_at_the_receiver_may_refuse_the_amount) {
  settings.ask_person = true;
  start_sender();
  start_receiver();
  run();
  ASSERT_NE(seen_by_receiver->last<session::approve_amount>(), nullptr);
  EXPECT_EQ(seen_by_receiver->last<session::approve_amount>()->sum, amount::from_coins(3439));
  caf::anon_send(receiver, atom::approve_v, amount::from_coins(3439), false);
  run_to_the_end(1min);
  EXPECT_EQ(sender_end()->code, ec::peer_refused);
  EXPECT_TRUE(money->given_back);
}

TEST_F(session_ends, counterfeit_notes_end_both_sides_with_their_code_and_a_receipt) {
  money->counterfeit = 2;
  start_sender();
  start_receiver();
  run_to_the_end(1min);
  for (auto end : {sender_end(), receiver_end()}) {
    ASSERT_NE(end, nullptr);
    EXPECT_EQ(end->code, ec::counterfeit_notes);
    EXPECT_FALSE(end->receipt.empty());
    // The servers have not said yet whose the notes are: open for the sender.
    EXPECT_EQ(end->still_open, end == sender_end());
  }
  EXPECT_EQ(money->count("S ask_servers"), 1u);
  EXPECT_TRUE(money->filed);
}

TEST_F(session_ends, a_silent_peer_is_lost_after_three_missed_heartbeats_and_found_again) {
  bool mute = false;
  settings.ask_person = true;
  io::socket_id receiver_socket;
  relay->on_frame = [&](frame& x, io::socket_id from) {
    if (x.is(message_number::import_export_empty))
      receiver_socket = from;
    return !(mute && from == receiver_socket);
  };
  start_sender();
  start_receiver();
  run();
  mute = true;
  for (int i = 0; i < 16; ++i)
    advance(1s);
  EXPECT_EQ(seen_by_sender->count<session::peer_lost>(), 0u);
  for (int i = 0; i < 5; ++i)
    advance(1s);
  ASSERT_GT(seen_by_sender->count<session::peer_lost>(), 0u);
  mute = false;
  run_to_the_end(1min);
  EXPECT_EQ(seen_by_sender->last<session::connected>()->handshakes, 2u);
}

TEST_F(session_ends, of_a_peer_that_goes_when_all_is_known_nothing_is_said) {
  const auto went = encode(make_relay_frame(message_number::peer_left, "left"), notation::tag);
  // The sender has confirmed the receipt, and hears that the receiver is gone.
  relay->on_frame = [&](frame& x, io::socket_id from) {
    if (x.is(message_number::coins_confirmed))
      relay->shout(from, went);
    return true;
  };
  start_sender();
  start_receiver();
  run_to_the_end(1min);
  ASSERT_NE(sender_end(), nullptr);
  EXPECT_TRUE(sender_end()->ok);
  EXPECT_EQ(seen_by_sender->count<session::peer_lost>(), 0u);
}

TEST_F(session_ends, a_session_without_its_observer_stops) {
  start_sender();
  run();
  caf::anon_send_exit(spawned[1], caf::exit_reason::user_shutdown);
  run();
  advance(10s);
  EXPECT_TRUE(relay->sockets().empty());
}

} // namespace
} // namespace liveconnect::test
