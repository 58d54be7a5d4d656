#include <set>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/fault_file_ops.hpp"
#include "tests/support/memory_file_ops.hpp"
#include "tests/support/sample_notes.hpp"
#include "tests/support/temporary_folder.hpp"
#include "wallet/files/folders.hpp"
#include "wallet/files/posix_file_ops.hpp"
#include "wallet/files/wallet_lock.hpp"

namespace liveconnect::wallet {
namespace {

using test::disk_fault;
using test::fault_file_ops;
using test::memory_file_ops;
using test::slurp;
using test::temporary_folder;

class folders_test : public ::testing::Test {
protected:
  temporary_folder dir;
  posix_file_ops ops;
};

TEST_F(folders_test, a_new_wallet_has_all_folders_for_its_owner_only) {
  ASSERT_FALSE(create_wallet(ops, dir / "Wallets/me", "me"));
  EXPECT_TRUE(is_wallet(ops, dir / "Wallets/me"));
  std::set<std::string> names;
  for (const auto& x : std::filesystem::recursive_directory_iterator(dir / "Wallets")) {
    struct stat info {};
    ASSERT_EQ(::stat(x.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, x.is_directory() ? 0700u : 0600u) << x.path();
    names.insert(x.path().filename().string());
  }
  for (const auto x : all_folders())
    EXPECT_EQ(names.count(to_string(x)), 1u) << to_string(x);
  EXPECT_EQ(std::set<folder>(all_folders().begin(), all_folders().end()).size(), folder_count);
  for (const auto* x : {"Journal", "Closed", "Archive", "config.toml", "transactions.csv"})
    EXPECT_EQ(names.count(x), 1u) << x;
  EXPECT_EQ(names.size(), folder_count + 6); // and "me"
}

TEST_F(folders_test, making_a_wallet_again_changes_nothing) {
  ASSERT_FALSE(create_wallet(ops, dir / "w", "first"));
  const auto config = slurp(dir / "w/config.toml");
  ASSERT_FALSE(create_wallet(ops, dir / "w", "second"));
  EXPECT_EQ(slurp(dir / "w/config.toml"), config);
}

TEST_F(folders_test, each_missing_part_makes_a_directory_no_wallet) {
  for (const auto* missing : {"Bank", "Fracked", "config.toml", "transactions.csv"}) {
    const auto root = dir / (std::string{"without-"} + missing);
    ASSERT_FALSE(create_wallet(ops, root, "w"));
    std::filesystem::remove_all(root / missing);
    EXPECT_FALSE(is_wallet(ops, root)) << missing;
  }
  EXPECT_FALSE(is_wallet(ops, dir / "none"));
}

TEST_F(folders_test, hidden_wallets_lie_outside_the_users_root) {
  const wallet_paths paths{dir.path()};
  EXPECT_EQ(paths.user("me"), dir / "Wallets/me");
  EXPECT_EQ(paths.sender("me"), dir / "liveconnect/.hidden/me/Sender");
  EXPECT_EQ(paths.receiver("me"), dir / "liveconnect/.hidden/me/Receiver");
  EXPECT_NE(paths.sender("me"), paths.sender("you"));
  for (const auto& root :
       {paths.user("b"), paths.user("a"), paths.sender("me"), paths.receiver("me")})
    ASSERT_FALSE(create_wallet(ops, root, root.filename().string()));
  std::filesystem::create_directory(dir / "Wallets/Templates");
  std::filesystem::create_directory(dir / "Wallets/empty");
  EXPECT_EQ(list_wallets(ops, paths), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(list_wallets(ops, {dir / "nowhere"}).empty());
}

TEST_F(folders_test, names_that_other_programs_skip_are_not_given) {
  for (const auto* bad :
       {"", ".", "..", ".hidden", "a/b", "Templates", "System", "Backup", "Cache"})
    EXPECT_EQ(code_of(create_wallet(ops, dir / "x", bad)), ec::bad_argument) << bad;
  EXPECT_FALSE(std::filesystem::exists(dir / "x"));
  EXPECT_TRUE(is_wallet_name("My wallet"));
}

TEST_F(folders_test, a_wallet_that_others_may_write_to_is_refused) {
  const auto root = dir / "w";
  ASSERT_FALSE(create_wallet(ops, root, "w"));
  EXPECT_FALSE(check_permissions(ops, root));
  for (const auto& path : {root, root / "Bank", root / "Journal", root / "Suspect"}) {
    for (const mode_t mode : {0720, 0702}) {
      ASSERT_EQ(::chmod(path.c_str(), mode), 0);
      EXPECT_EQ(code_of(check_permissions(ops, root)), ec::bad_config) << path;
    }
    ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
    EXPECT_FALSE(check_permissions(ops, root)) << path;
  }
}

TEST(folders_crash, a_wallet_is_complete_once_it_is_one) {
  bool over = false;
  for (size_t at = 1; !over; ++at) {
    ASSERT_LT(at, 1'000u);
    for (uint32_t seed = 0; seed < 6; ++seed) {
      memory_file_ops disk;
      fault_file_ops ops{disk};
      ops.arm(disk_fault::die_after, at);
      const bool made = !create_wallet(ops, "/data/w", "w");
      over = ops.trace().size() < at;
      if (seed > 0)
        disk.lose_power(seed);
      if (made) {
        EXPECT_TRUE(is_wallet(disk, "/data/w"));
      }
      if (is_wallet(disk, "/data/w")) {
        for (const auto x : all_folders())
          EXPECT_TRUE(disk.open_directory(std::string{"/data/w/"} + to_string(x)));
        EXPECT_TRUE(disk.open_directory("/data/w/Journal/Closed"));
      }
      EXPECT_FALSE(create_wallet(disk, "/data/w", "w"));
      EXPECT_TRUE(is_wallet(disk, "/data/w"));
    }
  }
}

TEST_F(folders_test, a_second_holder_of_the_lock_is_refused_until_the_first_goes) {
  ASSERT_FALSE(create_wallet(ops, dir / "w", "w"));
  {
    auto first = wallet_lock::take(ops, dir / "w");
    ASSERT_TRUE(first) << detail_of(first.error());
    EXPECT_EQ(code_of(wallet_lock::take(ops, dir / "w").error()), ec::wallet_busy);
  }
  EXPECT_TRUE(wallet_lock::take(ops, dir / "w"));
  EXPECT_TRUE(std::filesystem::exists(dir / "w/wallet.lock"));
}

TEST_F(folders_test, the_lock_holds_between_processes_and_goes_with_its_holder) {
  ASSERT_FALSE(create_wallet(ops, dir / "w", "w"));
  auto first = wallet_lock::take(ops, dir / "w");
  ASSERT_TRUE(first);
  const auto in_child = [&] {
    const auto child = ::fork();
    if (child == 0) {
      // Its own open file: what it inherited is the parent's.
      auto second = wallet_lock::take(ops, dir / "w");
      ::_exit(second ? 0 : static_cast<int>(code_of(second.error())));
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
  };
  EXPECT_EQ(in_child(), static_cast<int>(ec::wallet_busy));
  first = caf::expected<wallet_lock>{caf::error{}};
  EXPECT_EQ(in_child(), 0);
  EXPECT_EQ(in_child(), 0); // Gone with the process that had it.
}

} // namespace
} // namespace liveconnect::wallet
