#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "messages/base/error.hpp"
#include "tests/support/temporary_folder.hpp"
#include "wallet/raida/server/server_core.hpp"
#include "wallet/raida/server/server_store.hpp"

namespace liveconnect::raida {
namespace {

namespace fs = std::filesystem;

class raida_server_store : public ::testing::Test {
protected:
  std::unique_ptr<server_store> open() {
    auto x = server_store::open(dir / "server.db");
    EXPECT_TRUE(x) << (x ? "" : detail_of(x.error()));
    return x ? std::move(*x) : nullptr;
  }

  test::temporary_folder folder;
  const fs::path& dir = folder.path();
};

authenticity_number an(uint8_t x) {
  return authenticity_number::from(bytes(16, x));
}

change put(note_id id, uint8_t value, uint8_t mfs = 45) {
  return {id, {an(value), mfs}};
}

bool holds(server_store& store, note_id id, uint8_t value) {
  auto x = store.get(id);
  return x && *x && (*x)->an == an(value);
}

TEST_F(raida_server_store, what_is_staged_is_seen_and_gone_after_a_rollback) {
  auto store = open();
  ASSERT_FALSE(store->stage({put({0, 1}, 7)}));
  EXPECT_TRUE(holds(*store, {0, 1}, 7));
  store->rollback();
  auto x = store->get({0, 1});
  ASSERT_TRUE(x);
  EXPECT_FALSE(*x);
}

TEST_F(raida_server_store, what_is_committed_is_there_when_opened_again) {
  {
    auto store = open();
    ASSERT_FALSE(store->stage({put({-8, 0}, 1), put({6, serial_max}, 2, 255), put({0, 5}, 3, 0)}));
    ASSERT_FALSE(store->commit());
    ASSERT_FALSE(store->stage({put({-8, 0}, 9)}));
  }
  auto store = open();
  EXPECT_TRUE(holds(*store, {-8, 0}, 1));
  EXPECT_TRUE(holds(*store, {6, serial_max}, 2));
  EXPECT_TRUE(holds(*store, {0, 5}, 3));
  std::vector<note_id> in_use;
  ASSERT_FALSE(store->for_each_in_use([&](note_id id) { in_use.push_back(id); }));
  EXPECT_EQ(in_use, (std::vector<note_id>{{-8, 0}, {6, serial_max}}));
}

TEST_F(raida_server_store, an_acknowledged_change_survives_kill_9) {
  int acknowledged[2];
  ASSERT_EQ(::pipe(acknowledged), 0);
  auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto store = server_store::open(dir / "server.db");
    if (!store)
      ::_exit(1);
    for (uint32_t i = 0;; ++i) {
      if ((*store)->stage({put({1, i}, 4), put({2, i}, 4)}) || (*store)->commit() ||
          ::write(acknowledged[1], &i, sizeof i) != sizeof i)
        ::_exit(2);
      // Never acknowledged, so it may not be half there either.
      if ((*store)->stage({put({3, i}, 5)}))
        ::_exit(3);
      (*store)->rollback();
    }
  }
  ::close(acknowledged[1]);
  uint32_t last = 0;
  while (last < 20)
    ASSERT_EQ(::read(acknowledged[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  for (uint32_t more = 0; ::read(acknowledged[0], &more, sizeof more) == sizeof more;)
    last = more;
  ::close(acknowledged[0]);

  auto store = open();
  ASSERT_TRUE(store);
  for (uint32_t i = 0; i <= last; ++i) {
    EXPECT_TRUE(holds(*store, {1, i}, 4)) << i;
    EXPECT_TRUE(holds(*store, {2, i}, 4)) << i;
    EXPECT_FALSE(holds(*store, {3, i}, 5)) << i;
  }
  // A batch is whole or absent.
  EXPECT_EQ(holds(*store, {1, last + 1}, 4), holds(*store, {2, last + 1}, 4));
}

TEST_F(raida_server_store, a_second_process_is_turned_away) {
  auto store = open();
  auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto second = server_store::open(dir / "server.db");
    ::_exit(!second && code_of(second.error()) == ec::wallet_busy ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(raida_server_store, all_its_files_are_private_to_their_owner) {
  auto old = ::umask(0);
  auto store = open();
  ASSERT_FALSE(store->stage({put({0, 1}, 7)}));
  ASSERT_FALSE(store->commit());
  ::umask(old);
  size_t files = 0;
  for (const auto& x : fs::directory_iterator(dir)) {
    ++files;
    EXPECT_EQ(x.status().permissions() & fs::perms::mask,
              fs::perms::owner_read | fs::perms::owner_write)
        << x.path();
  }
  EXPECT_GE(files, 2u); // the file and its log
}

TEST_F(raida_server_store, a_file_that_is_something_else_is_left_as_it_is) {
  auto file = dir / "server.db";
  std::string text(5000, 'x');
  std::ofstream(file) << text;
  auto store = server_store::open(file);
  ASSERT_FALSE(store);
  EXPECT_EQ(code_of(store.error()), ec::wallet_damaged);
  std::ifstream in(file);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), text);
}

TEST_F(raida_server_store, the_account_is_kept_with_the_changes_it_counts) {
  const note_id big{6, 0};
  {
    auto store = open();
    EXPECT_FALSE(*store->account()); // nobody has begun it yet
    ASSERT_FALSE(store->begin_account({5, 2}));
    ASSERT_FALSE(store->stage({{big, {an(1), 45}, supply_effect::created}, put({0, 2}, 1)}));
    ASSERT_FALSE(store->stage({{{-8, 3}, {an(1), 0}, supply_effect::freed}}));
    EXPECT_EQ((*store->account())->created, 5 + denomination_value(6).units());
    EXPECT_EQ((*store->account())->freed, 3u);
    store->rollback();
    EXPECT_EQ(**store->account(), (supply_account{5, 2}));
    ASSERT_FALSE(store->stage({{big, {an(1), 45}, supply_effect::created}}));
    ASSERT_FALSE(store->commit());
    ASSERT_FALSE(store->stage({{big, {an(1), 0}, supply_effect::freed}}));
  }
  auto store = open();
  EXPECT_EQ(**store->account(), (supply_account{5 + denomination_value(6).units(), 2}));
}

TEST_F(raida_server_store, a_file_of_an_earlier_program_gets_an_account) {
  { // as version 1 left it
    auto store = open();
    ASSERT_FALSE(store->stage({put({2, 1}, 7)}));
    ASSERT_FALSE(store->commit());
  }
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((dir / "server.db").c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "DROP TABLE supply; PRAGMA user_version=1", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(db);
  system_random random;
  {
    auto store = open();
    ASSERT_TRUE(store);
    server_core core({}, *store, random);
    ASSERT_FALSE(core.reset());
    EXPECT_TRUE(core.supply().begun);
    EXPECT_EQ(core.supply().account.created, denomination_value(2).units());
  }
  auto store = open();
  server_core core({}, *store, random);
  ASSERT_FALSE(core.reset());
  EXPECT_FALSE(core.supply().begun);
  EXPECT_TRUE(core.supply().holds);
  EXPECT_EQ(core.supply().account.created, denomination_value(2).units());
}

TEST_F(raida_server_store, a_later_version_is_left_as_it_is) {
  { open(); }
  {
    // user_version stands big-endian at offset 60 of an SQLite file; 2 becomes 3.
    std::fstream file(dir / "server.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(63);
    file.put(3);
  }
  auto store = server_store::open(dir / "server.db");
  ASSERT_FALSE(store);
  EXPECT_EQ(code_of(store.error()), ec::wallet_damaged);
}

} // namespace
} // namespace liveconnect::raida
