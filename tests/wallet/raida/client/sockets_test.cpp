#include <algorithm>

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include "actors/io/runtime.hpp"
#include "tests/support/adopt_powned.hpp"
#include "tests/support/temporary_folder.hpp"
#include "wallet/raida/client/actor_port.hpp"
#include "wallet/raida/client/client.hpp"
#include "wallet/raida/client/heal.hpp"
#include "wallet/raida/client/note_commands.hpp"
#include "wallet/raida/derive.hpp"
#include "wallet/raida/server/server_host.hpp"

/// client_test and servers with nothing between them but the loopback: real datagrams, connections,
/// record files and commits.
namespace liveconnect::raida {
namespace {

const std::string all_pass(raida_count, 'p');

class sockets_test : public ::testing::Test {
protected:
  caf::actor_system_config config;
  caf::actor_system system{config};
  io::runtime net{system};
  test::temporary_folder folder;
  running_servers servers;
  raida_client_actor client;
  std::unique_ptr<actor_port> port;

  /// Runs servers 0..count-1; no server listens where the others should be.
  void start(size_t count) {
    host_options options;
    options.data = folder.path();
    ASSERT_TRUE(endpoint::parse("127.0.0.1", 0, options.at));
    for (size_t i = 0; i < count; ++i)
      options.ids.push_back(static_cast<uint8_t>(i));
    auto started = spawn_servers(system, net.gate(), options);
    ASSERT_TRUE(started) << detail_of(started.error());
    servers = *started;
    std::vector<endpoint> at(raida_count);
    for (auto& x : at)
      endpoint::parse("127.0.0.1", 1, x);
    for (const auto& x : servers.list)
      at[x.id] = x.at;
    client = spawn_raida_client(system, net.gate(), at);
    port = std::make_unique<actor_port>(system, client, raida_count);
  }

  void TearDown() override {
    if (client)
      caf::anon_send_exit(client, caf::exit_reason::user_shutdown);
    if (servers.host) {
      EXPECT_FALSE(stop_servers(system, servers));
    }
    servers = {};
    client = nullptr;
  }

  /// Issues notes with the operator's key.
  std::vector<note> mint(int8_t denomination, size_t count) {
    const auto key = load_operator_key(folder.path());
    EXPECT_TRUE(key);
    secret_bytes list;
    byte_writer<secret_bytes> to{list};
    for (uint32_t i = 0; i < count; ++i)
      to.u8(static_cast<uint8_t>(denomination)).u32(5000 + i);
    secret_bytes payload;
    byte_writer<secret_bytes>{payload}.u32(unchecked_session).raw(key->view()).raw(view(list));
    ask_all ask;
    ask.what = command::admin_create;
    ask.payloads.assign(raida_count, payload);
    const auto got = port->ask(ask);
    for (const auto& x : servers.list)
      EXPECT_EQ(decode_success(got.list[x.id]), 'p');
    std::vector<note> out(count);
    for (uint32_t i = 0; i < count; ++i) {
      out[i].id = {denomination, 5000 + i};
      for (size_t server = 0; server < raida_count; ++server)
        out[i].ans.push_back(minted_an(static_cast<uint8_t>(server), 5000 + i, view(list)));
    }
    return out;
  }
};

TEST_F(sockets_test, every_command_works_against_25_servers) {
  start(raida_count);
  EXPECT_EQ(echo_all(*port), all_pass);
  for (const auto& x : version_all(*port))
    EXPECT_EQ(x.size(), 8u);

  // 100 notes are more than a datagram holds: TCP. One is a datagram.
  auto notes = mint(2, 100);
  EXPECT_EQ(detect(*port, notes), std::vector<std::string>(100, all_pass));
  EXPECT_EQ(detect(*port, {notes[0]}), std::vector<std::string>(1, all_pass));

  for (auto& x : notes)
    x.pans = draw_ans(raida_count);
  EXPECT_EQ(pown(*port, notes), std::vector<std::string>(100, all_pass));
  // The same again fails, and Find tells why.
  EXPECT_EQ(pown(*port, {notes[0]})[0], std::string(raida_count, 'f'));
  for (const auto& x : find(*port, notes))
    EXPECT_EQ(count_answers(x).pan, raida_count);
  for (auto& x : notes) {
    test::adopt_powned(x, all_pass);
    x.pans.clear();
  }

  // Three servers lose track of a note.
  auto fracked = notes[0];
  fracked.pans = fracked.ans;
  server_choice three(1, std::vector<bool>(raida_count, false));
  for (size_t server : {2u, 11u, 24u}) {
    fracked.pans[server] = draw_an();
    three[0][server] = true;
  }
  pown_at(*port, {fracked}, three);
  EXPECT_EQ(grade_detect(detect(*port, {notes[0]})[0]), note_verdict::fracked);
  size_t persisted = 0;
  const auto healed = heal(*port, {notes[0]}, [&](const std::vector<fix_intent>& x) {
    persisted += x.size();
    return caf::error{};
  });
  ASSERT_TRUE(healed);
  EXPECT_EQ(persisted, 3u);
  EXPECT_EQ(healed->healed, 1u);
  EXPECT_EQ(detect(*port, healed->notes)[0], all_pass);

  // Ten of one, and one of ten.
  const auto apart = draw_session();
  const auto small_serials = available_serials(*port, apart, change_operation::break_note, 2);
  ASSERT_GE(small_serials.serials.size(), 10u);
  std::vector<note> small;
  for (size_t i = 0; i < 10; ++i)
    small.push_back({{1, small_serials.serials[i].serial}, draw_ans(raida_count), {}, {}});
  EXPECT_EQ(break_note(*port, apart, notes[1], small).letters, all_pass);
  EXPECT_EQ(detect(*port, small), std::vector<std::string>(10, all_pass));
  EXPECT_EQ(detect(*port, {notes[1]})[0], std::string(raida_count, 'f'));
  const auto together = draw_session();
  const auto big_serials = available_serials(*port, together, change_operation::join_notes, 1);
  ASSERT_FALSE(big_serials.serials.empty());
  const note big{{2, big_serials.serials[0].serial}, draw_ans(raida_count), {}, {}};
  EXPECT_EQ(join_notes(*port, together, big, small).letters, all_pass);
  EXPECT_EQ(detect(*port, {big})[0], all_pass);
  EXPECT_EQ(detect(*port, small), std::vector<std::string>(10, std::string(raida_count, 'f')));
}

TEST_F(sockets_test, seven_servers_down_cost_no_verdict) {
  start(18);
  const std::string seen = std::string(18, 'p') + std::string(7, 'd');
  EXPECT_EQ(echo_all(*port), seen);
  auto notes = mint(0, 60);
  EXPECT_EQ(detect(*port, notes), std::vector<std::string>(60, seen));
  for (auto& x : notes)
    x.pans = draw_ans(raida_count);
  const auto letters = pown(*port, notes);
  EXPECT_EQ(letters, std::vector<std::string>(60, seen));
  EXPECT_EQ(grade_detect(letters[0]), note_verdict::authentic);
  EXPECT_EQ(conclude_claim(count_answers(find(*port, notes)[0])), note_verdict::fracked);
}

} // namespace
} // namespace liveconnect::raida
