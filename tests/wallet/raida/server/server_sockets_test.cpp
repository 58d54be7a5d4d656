// The servers of this process over real sockets and real files, asked by the real client.

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include "actors/io/runtime.hpp"
#include "messages/base/error.hpp"
#include "tests/support/temporary_folder.hpp"
#include "wallet/raida/client/actor_port.hpp"
#include "wallet/raida/client/client.hpp"
#include "wallet/raida/client/mint.hpp"
#include "wallet/raida/client/note_commands.hpp"
#include "wallet/raida/derive.hpp"
#include "wallet/raida/server/server_host.hpp"

namespace liveconnect::raida {
namespace {

namespace fs = std::filesystem;

class raida_servers_on_sockets : public ::testing::Test {
protected:
  raida_servers_on_sockets() {
    endpoint::parse("127.0.0.1", 0, options.at);
    options.data = folder / "data";
    for (uint8_t i = 0; i < raida_count; ++i)
      options.ids.push_back(i);
  }
  ~raida_servers_on_sockets() override { down(); }

  void up() {
    auto x = spawn_servers(system, net.gate(), options);
    ASSERT_TRUE(x) << detail_of(x.error());
    servers = *x;
    std::vector<endpoint> table(raida_count);
    for (const auto& y : servers->list)
      table[y.id] = y.at;
    client = spawn_raida_client(system, net.gate(), table);
    port = std::make_unique<actor_port>(system, client, raida_count);
  }

  void down() {
    port.reset();
    if (client)
      caf::anon_send_exit(client, caf::exit_reason::user_shutdown);
    client = nullptr;
    if (servers) {
      EXPECT_FALSE(stop_servers(system, *servers));
    }
    servers.reset();
  }

  test::temporary_folder folder;
  caf::actor_system_config config;
  caf::actor_system system{config};
  io::runtime net{system};
  host_options options;
  std::optional<running_servers> servers;
  raida_client_actor client;
  std::unique_ptr<actor_port> port;
};

TEST_F(raida_servers_on_sockets, mint_pown_heal_and_keep_everything_over_a_restart) {
  up();
  ASSERT_FALSE(HasFatalFailure());
  auto key = load_operator_key(options.data);
  ASSERT_TRUE(key);
  // 60 notes: Pown does not fit a datagram and goes over TCP.
  auto notes = mint_notes(*port, *key, {{3, 1}, {0, 59}});
  ASSERT_TRUE(notes) << detail_of(notes.error());
  draw_pans(*notes);
  ASSERT_FALSE(make_own(*port, *notes));
  auto all_pass = std::string(raida_count, letter::passed);
  for (const auto& x : detect(*port, *notes))
    EXPECT_EQ(x, all_pass);

  // Server 20 holds something else for the first note: Fix, with the others asked over sockets.
  auto one = std::vector<note>{notes->front()};
  auto fracked = one;
  fracked[0].pans = draw_ans(raida_count);
  server_choice only_20{std::vector<bool>(raida_count, false)};
  only_20[0][20] = true;
  ASSERT_EQ(pown_at(*port, fracked, only_20)[0][20], letter::passed);
  ASSERT_EQ(detect(*port, one)[0][20], letter::failed);
  server_choice others{std::vector<bool>(raida_count, true)};
  others[0][20] = false;
  auto tickets = get_tickets(*port, one, others);
  EXPECT_EQ(tickets.covering(0), 24u);
  auto pg = fix_seed::random();
  EXPECT_EQ(fix(*port, 20, {one[0].id}, pg, tickets.tickets), "p");
  notes->front().ans[20] = fixed_an(20, one[0].id, pg);

  down();
  up();
  ASSERT_FALSE(HasFatalFailure());
  for (const auto& x : detect(*port, *notes))
    EXPECT_EQ(x, all_pass);
}

TEST_F(raida_servers_on_sockets, eight_operators_mint_and_make_change_at_once) {
  up();
  ASSERT_FALSE(HasFatalFailure());
  auto key = load_operator_key(options.data);
  ASSERT_TRUE(key);
  constexpr size_t operators = 8;
  std::vector<raida_client_actor> clients;
  std::vector<endpoint> table(raida_count);
  for (const auto& y : servers->list)
    table[y.id] = y.at;
  for (size_t i = 0; i < operators; ++i)
    clients.push_back(spawn_raida_client(system, net.gate(), table));
  // All at once, twice: each waits until all have arrived.
  std::mutex at_the_line;
  std::condition_variable moved;
  size_t arrived = 0;
  auto together = [&] {
    std::unique_lock guard{at_the_line};
    const auto all = (arrived++ / operators + 1) * operators;
    moved.notify_all();
    moved.wait(guard, [&] { return arrived >= all; });
  };
  struct result {
    caf::error minting;
    std::string made;
    std::string broken;
    std::vector<note> notes;
  };
  std::vector<result> results(operators);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < operators; ++i)
    threads.emplace_back([&, i] {
      auto& me = results[i];
      actor_port mine{system, clients[i], raida_count};
      together();
      auto notes = mint_notes(mine, *key, {{2, 1}, {1, 20}, {0, 1100}});
      together();
      if (!notes) {
        me.minting = notes.error();
        return;
      }
      const auto session = draw_session();
      const auto offer = available_serials(mine, session, change_operation::break_note, 2);
      std::vector<note> small;
      for (const auto& x : offer.serials)
        if (small.size() < change_count && x.offered_by >= quorum_rules{}.settled())
          small.push_back({{1, x.serial}, draw_ans(raida_count), {}, {}});
      me.broken = break_note(mine, session, notes->front(), small).letters;
      me.notes = *notes;
      me.notes.erase(me.notes.begin());
      me.notes.insert(me.notes.end(), small.begin(), small.end());
    });
  for (auto& x : threads)
    x.join();
  std::set<note_id> ids;
  for (const auto& x : results) {
    EXPECT_FALSE(x.minting) << detail_of(x.minting);
    EXPECT_GE(count_letters(x.broken).passed, quorum_rules{}.settled()) << x.broken;
    EXPECT_EQ(x.notes.size(), 1130u);
    for (const auto& y : x.notes)
      EXPECT_TRUE(ids.insert(y.id).second);
  }
  for (const auto& x : clients)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
}

TEST_F(raida_servers_on_sockets, breaks_are_counted_by_where_they_come_from) {
  options.breaks_per_minute = 1;
  options.limits_loopback = true;
  up();
  ASSERT_FALSE(HasFatalFailure());
  auto key = load_operator_key(options.data);
  ASSERT_TRUE(key);
  auto notes = mint_notes(*port, *key, {{2, 4}});
  ASSERT_TRUE(notes) << detail_of(notes.error());
  command_times times;
  times.limited = std::chrono::milliseconds(1);
  auto break_one = [&](const note& big) {
    const auto session = draw_session();
    const auto offer = available_serials(*port, session, change_operation::break_note, 2);
    std::vector<note> small;
    for (size_t i = 0; i < change_count && i < offer.serials.size(); ++i)
      small.push_back({{1, offer.serials[i].serial}, draw_ans(raida_count), {}, {}});
    return raida::break_note(*port, session, big, small, times);
  };
  const auto all_pass = std::string(raida_count, letter::passed);
  EXPECT_EQ(break_one((*notes)[0]).letters, all_pass);
  EXPECT_EQ(break_one((*notes)[1]).statuses, std::vector<uint8_t>(raida_count, status::rate_limit));
  EXPECT_EQ(detect(*port, {(*notes)[1]})[0], all_pass);
}

TEST_F(raida_servers_on_sockets, a_data_folder_in_use_is_refused_and_no_server_of_it_runs) {
  options.ids = {0, 1};
  up();
  ASSERT_FALSE(HasFatalFailure());
  auto second = spawn_servers(system, net.gate(), options);
  ASSERT_FALSE(second);
  EXPECT_EQ(code_of(second.error()), ec::wallet_busy);
}

TEST_F(raida_servers_on_sockets, wrong_ids_are_refused_before_anything_is_made) {
  for (auto ids : {std::vector<uint8_t>{}, std::vector<uint8_t>{25}, std::vector<uint8_t>{1, 1}}) {
    options.ids = ids;
    auto x = spawn_servers(system, net.gate(), options);
    ASSERT_FALSE(x);
    EXPECT_EQ(code_of(x.error()), ec::bad_argument);
  }
  EXPECT_FALSE(fs::exists(options.data));
}

} // namespace
} // namespace liveconnect::raida
