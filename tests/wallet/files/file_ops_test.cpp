#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/support/fault_file_ops.hpp"
#include "tests/support/memory_file_ops.hpp"
#include "tests/support/sample_notes.hpp"
#include "tests/support/temporary_folder.hpp"
#include "wallet/files/file_ops.hpp"
#include "wallet/files/posix_file_ops.hpp"
#include "wallet/files/sync_calls.hpp"

namespace liveconnect::wallet {
namespace {

using test::disk_fault;
using test::fault_file_ops;
using test::memory_file_ops;
using test::slurp;
using test::temporary_folder;

/// Long enough for several sectors.
bytes sample_content(uint8_t fill, size_t size = 1'500) {
  return bytes(size, fill);
}

// --- the real disk ---

class posix_file_ops_test : public ::testing::Test {
protected:
  temporary_folder dir;
  posix_file_ops ops;
  file_handle root = std::move(*ops.open_directory(dir.path()));

  unsigned mode_of(const std::string& name) {
    struct stat info {};
    EXPECT_EQ(::lstat((dir / name).c_str(), &info), 0);
    return info.st_mode & 07777u;
  }
};

TEST_F(posix_file_ops_test, put_makes_a_whole_file_that_only_its_owner_may_read) {
  const auto content = sample_content(7);
  ASSERT_FALSE(put(ops, root, "x", content));
  EXPECT_EQ(slurp(dir / "x"), content);
  EXPECT_EQ(mode_of("x"), 0600u);
  auto entries = ops.list(root, 10);
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->size(), 1u); // No temporary is left.
}

TEST_F(posix_file_ops_test, each_sync_is_counted) {
  const auto before = sync_calls();
  ASSERT_FALSE(put(ops, root, "x", sample_content(7)));
  EXPECT_EQ(sync_calls() - before, 2u) << "the file and its directory";
}

TEST_F(posix_file_ops_test, put_never_replaces) {
  ASSERT_FALSE(put(ops, root, "x", sample_content(1)));
  const auto err = put(ops, root, "x", sample_content(2));
  EXPECT_EQ(code_of(err), ec::file_exists);
  EXPECT_EQ(slurp(dir / "x"), sample_content(1));
  EXPECT_EQ(ops.list(root, 10)->size(), 1u);
}

TEST_F(posix_file_ops_test, put_all_undoes_the_others_when_one_name_is_taken) {
  ASSERT_FALSE(put(ops, root, "b", sample_content(1)));
  const auto content = sample_content(2);
  const auto err = put_all(ops, root, {{"a", content}, {"b", content}, {"c", content}});
  EXPECT_EQ(code_of(err), ec::file_exists);
  EXPECT_EQ(ops.list(root, 10)->size(), 1u);
  EXPECT_EQ(slurp(dir / "b"), sample_content(1));
}

TEST_F(posix_file_ops_test, put_all_makes_more_files_than_may_be_open_at_once) {
  const auto content = sample_content(2, 10);
  std::vector<new_file> files;
  for (int i = 0; i < 140; ++i)
    files.push_back({std::to_string(i), content});
  ASSERT_FALSE(put_all(ops, root, files));
  EXPECT_EQ(ops.list(root, 1'000)->size(), 140u);
}

TEST_F(posix_file_ops_test, move_never_replaces_and_undoes_what_it_moved) {
  ASSERT_FALSE(ops.make_directory(root, "to"));
  auto to = std::move(*ops.open_directory_at(root, "to"));
  ASSERT_FALSE(put(ops, root, "a", sample_content(1)));
  ASSERT_FALSE(put(ops, root, "b", sample_content(2)));
  ASSERT_FALSE(put(ops, to, "b", sample_content(3)));
  EXPECT_EQ(code_of(move_all(ops, root, to, {{"a", "a"}, {"b", "b"}})), ec::file_exists);
  EXPECT_EQ(slurp(dir / "a"), sample_content(1));
  EXPECT_EQ(slurp(dir / "b"), sample_content(2));
  EXPECT_EQ(slurp(dir / "to/b"), sample_content(3));
  ASSERT_FALSE(move(ops, root, to, {"b", "c"}));
  EXPECT_EQ(slurp(dir / "to/c"), sample_content(2));
  EXPECT_FALSE(*ops.exists(root, "b"));
}

TEST_F(posix_file_ops_test, a_file_system_without_exclusive_rename_is_served_by_link) {
  fault_file_ops plain{ops};
  plain.no_exclusive_rename = true;
  ASSERT_FALSE(ops.make_directory(root, "to"));
  auto to = std::move(*ops.open_directory_at(root, "to"));
  ASSERT_FALSE(put(plain, root, "a", sample_content(1)));
  EXPECT_EQ(code_of(put(plain, root, "a", sample_content(2))), ec::file_exists);
  ASSERT_FALSE(put(plain, to, "a", sample_content(3)));
  EXPECT_EQ(code_of(move(plain, root, to, {"a", "a"})), ec::file_exists);
  ASSERT_FALSE(move(plain, root, to, {"a", "b"}));
  EXPECT_EQ(slurp(dir / "to/a"), sample_content(3));
  EXPECT_EQ(slurp(dir / "to/b"), sample_content(1));
  EXPECT_EQ(ops.list(root, 10)->size(), 1u);
}

TEST_F(posix_file_ops_test, names_that_lead_elsewhere_never_reach_the_kernel) {
  for (const std::string bad : {"../x", "a/b", "", ".", "..", "/etc/passwd"}) {
    EXPECT_EQ(code_of(put(ops, root, bad, sample_content(1))), ec::bad_argument) << bad;
    EXPECT_EQ(code_of(ops.open_read(root, bad).error()), ec::bad_argument) << bad;
    EXPECT_EQ(code_of(ops.remove(root, bad)), ec::bad_argument) << bad;
    EXPECT_EQ(code_of(ops.open_directory_at(root, bad).error()), ec::bad_argument) << bad;
    EXPECT_EQ(code_of(ops.make_directory(root, bad)), ec::bad_argument) << bad;
  }
}

TEST_F(posix_file_ops_test, symbolic_links_are_not_followed) {
  ASSERT_FALSE(put(ops, root, "real", sample_content(1)));
  std::filesystem::create_symlink(dir / "real", dir / "link");
  std::filesystem::create_directory_symlink(dir.path(), dir / "loop");
  EXPECT_FALSE(ops.open_read(root, "link"));
  EXPECT_FALSE(ops.open_write(root, "link"));
  EXPECT_FALSE(ops.open_directory_at(root, "loop"));
  EXPECT_FALSE(ops.open_directory(dir / "loop"));
  EXPECT_EQ(code_of(put(ops, root, "link", sample_content(2))), ec::file_exists);
  EXPECT_EQ(slurp(dir / "real"), sample_content(1));
}

TEST_F(posix_file_ops_test, a_pipe_in_the_way_neither_hangs_nor_reads) {
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  EXPECT_FALSE(read_file(ops, root, "pipe", 100));
}

TEST_F(posix_file_ops_test, reading_is_bounded) {
  ASSERT_FALSE(put(ops, root, "x", sample_content(1, 100)));
  EXPECT_TRUE(read_file(ops, root, "x", 100));
  EXPECT_FALSE(read_file(ops, root, "x", 99));
  EXPECT_FALSE(read_file(ops, root, "none", 99));
}

TEST_F(posix_file_ops_test, listing_is_sorted_bounded_and_tells_kinds_apart) {
  ASSERT_FALSE(put(ops, root, "b", sample_content(1)));
  ASSERT_FALSE(ops.make_directory(root, "a"));
  std::filesystem::create_symlink("b", dir / "c");
  auto entries = ops.list(root, 3);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].name, "a");
  EXPECT_EQ((*entries)[0].kind, entry_kind::directory);
  EXPECT_EQ((*entries)[1].kind, entry_kind::file);
  EXPECT_EQ((*entries)[2].kind, entry_kind::other);
  EXPECT_FALSE(ops.list(root, 2));
}

TEST_F(posix_file_ops_test, directories_are_made_for_their_owner_only) {
  ASSERT_TRUE(ensure_directories(ops, dir / "a/b/c/"));
  EXPECT_EQ(mode_of("a"), 0700u);
  EXPECT_EQ(mode_of("a/b/c"), 0700u);
  EXPECT_TRUE(ensure_directories(ops, dir / "a/b/c"));
  ASSERT_FALSE(put(ops, root, "file", sample_content(1)));
  EXPECT_FALSE(ensure_directories(ops, dir / "file/x"));
}

TEST_F(posix_file_ops_test, preallocation_keeps_content_and_reads_as_zero) {
  ASSERT_FALSE(put_preallocated(ops, root, "x", sample_content(9, 3), 10));
  EXPECT_EQ(slurp(dir / "x"), (bytes{9, 9, 9, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_F(posix_file_ops_test, replace_holds_the_new_content) {
  ASSERT_FALSE(replace(ops, root, "log", sample_content(1)));
  ASSERT_FALSE(replace(ops, root, "log", sample_content(2)));
  EXPECT_EQ(slurp(dir / "log"), sample_content(2));
  EXPECT_EQ(ops.list(root, 10)->size(), 1u);
}

// --- order of the durable steps (docs/design/safety.md 5.2) ---

TEST(file_ops_order, put_syncs_the_file_before_its_name_and_the_name_last) {
  memory_file_ops disk;
  fault_file_ops ops{disk};
  auto root = std::move(*ops.open_directory("/"));
  ops.arm(disk_fault::none, 0);
  ASSERT_FALSE(put(ops, root, "x", sample_content(1)));
  EXPECT_EQ(ops.trace(), (std::vector<std::string>{"create", "write", "sync", "close",
                                                   "rename_no_replace", "sync_directory"}));
}

TEST(file_ops_order, a_batch_syncs_the_directory_once) {
  memory_file_ops disk;
  fault_file_ops ops{disk};
  auto root = std::move(*ops.open_directory("/"));
  ops.arm(disk_fault::none, 0);
  const auto content = sample_content(1);
  ASSERT_FALSE(put_all(ops, root, {{"a", content}, {"b", content}, {"c", content}}));
  const auto& trace = ops.trace();
  EXPECT_EQ(std::count(trace.begin(), trace.end(), "sync"), 3);
  EXPECT_EQ(std::count(trace.begin(), trace.end(), "sync_directory"), 1);
  EXPECT_EQ(trace.back(), "sync_directory");
}

TEST(file_ops_order, a_failed_sync_is_not_repeated_and_the_file_does_not_appear) {
  memory_file_ops disk;
  fault_file_ops ops{disk};
  auto root = std::move(*ops.open_directory("/"));
  ops.arm(disk_fault::fail_once, 3);
  EXPECT_EQ(code_of(put(ops, root, "x", sample_content(1))), ec::disk_failed);
  EXPECT_EQ(std::count(ops.trace().begin(), ops.trace().end(), "sync"), 1);
  EXPECT_TRUE(disk.list(root, 10)->empty());
}

// --- a fault at every call ---

/// A disk after a crash, as a reader meets it.
struct disk_view {
  file_ops& ops;
  file_handle a;
  file_handle b;

  explicit disk_view(file_ops& from)
      : ops(from), a(std::move(*from.open_directory("/a"))),
        b(std::move(*from.open_directory("/b"))) {}

  /// -1: no such file; else the byte that fills it. A file that is not whole fails the test.
  int fill_of(const file_handle& directory, const std::string& name, size_t size = 1'500) {
    if (!*ops.exists(directory, name))
      return -1;
    auto content = read_file(ops, directory, name, 1u << 20);
    EXPECT_TRUE(content);
    EXPECT_EQ(content->size(), size) << name;
    for (const auto x : *content)
      EXPECT_EQ(x, content->front()) << name << " is torn";
    return content->empty() ? -2 : content->front();
  }

  size_t temporaries() {
    size_t out = 0;
    for (const auto* directory : {&a, &b}) {
      const auto entries = ops.list(*directory, 100);
      for (const auto& x : *entries)
        out += is_temporary_name(x.name) ? 1 : 0;
    }
    return out;
  }
};

using step = caf::error (*)(file_ops&, const file_handle&, const file_handle&);

constexpr disk_fault all_faults[] = {disk_fault::die_before,  disk_fault::die_after,
                                     disk_fault::fail_once,   disk_fault::fail_for_good,
                                     disk_fault::fail_after,  disk_fault::short_write_and_die,
                                     disk_fault::short_write, disk_fault::interrupted};

/// Runs `todo` with every fault at every call, each followed by several power failures, and
/// lets `check` look at what is left. `check` gets whether the step said it succeeded.
template<class Prepare, class Check>
void with_every_fault(bool no_exclusive_rename, Prepare prepare, step todo, Check check) {
  size_t cases = 0;
  for (const auto what : all_faults) {
    for (size_t at = 1;; ++at) {
      bool done = false;
      for (uint32_t seed = 0; seed < 12 && !done; ++seed) {
        memory_file_ops disk;
        auto root = std::move(*disk.open_directory("/"));
        auto a = std::move(*ensure_directory(disk, root, "a"));
        auto b = std::move(*ensure_directory(disk, root, "b"));
        prepare(disk, a, b);
        fault_file_ops ops{disk};
        ops.no_exclusive_rename = no_exclusive_rename;
        ops.arm(what, at);
        const bool succeeded = !todo(ops, a, b);
        done = ops.trace().size() < at;
        if (seed > 0)
          disk.lose_power(seed);
        disk_view left{disk};
        SCOPED_TRACE("fault " + std::to_string(static_cast<int>(what)) + " at call " +
                     std::to_string(at) + ", seed " + std::to_string(seed));
        check(left, succeeded, what, seed);
        ++cases;
      }
      if (done)
        break;
      ASSERT_LT(at, 1'000u);
    }
  }
  EXPECT_GT(cases, 200u);
}

bool is_survivable(disk_fault x) {
  return x == disk_fault::short_write || x == disk_fault::interrupted;
}

class every_fault : public ::testing::TestWithParam<bool> {};

TEST_P(every_fault, leaves_put_with_the_whole_file_or_none) {
  with_every_fault(
      GetParam(), [](file_ops&, const file_handle&, const file_handle&) {},
      [](file_ops& ops, const file_handle& a, const file_handle&) {
        return put(ops, a, "x", sample_content(1));
      },
      [](disk_view& left, bool succeeded, disk_fault what, uint32_t seed) {
        const auto x = left.fill_of(left.a, "x");
        EXPECT_TRUE(x == -1 || x == 1);
        if (succeeded) {
          EXPECT_EQ(x, 1) << "durable once it has succeeded";
        }
        if (is_survivable(what)) {
          EXPECT_TRUE(succeeded);
        }
        const bool alive = what == disk_fault::fail_once || what == disk_fault::fail_after;
        if (!succeeded && alive && seed == 0) {
          EXPECT_EQ(x, -1) << "the step has not happened";
          EXPECT_EQ(left.temporaries(), 0u);
        }
        // What a kill leaves is recognised, removed, and the step can be repeated.
        EXPECT_TRUE(remove_temporaries(left.ops, left.a));
        EXPECT_EQ(left.temporaries(), 0u);
        if (x == -1) {
          EXPECT_FALSE(put(left.ops, left.a, "x", sample_content(1)));
        }
      });
}

TEST_P(every_fault, leaves_put_all_with_whole_files_only) {
  with_every_fault(
      GetParam(), [](file_ops&, const file_handle&, const file_handle&) {},
      [](file_ops& ops, const file_handle& a, const file_handle&) {
        const auto one = sample_content(1), two = sample_content(2), three = sample_content(3);
        return put_all(ops, a, {{"1", one}, {"2", two}, {"3", three}});
      },
      [](disk_view& left, bool succeeded, disk_fault what, uint32_t seed) {
        for (int i = 1; i <= 3; ++i) {
          const auto x = left.fill_of(left.a, std::to_string(i));
          EXPECT_TRUE(x == -1 || x == i);
          if (succeeded) {
            EXPECT_EQ(x, i);
          }
          const bool alive = what == disk_fault::fail_once || what == disk_fault::fail_after;
          if (!succeeded && alive && seed == 0) {
            EXPECT_EQ(x, -1);
          }
        }
      });
}

TEST_P(every_fault, never_leaves_a_moved_file_in_neither_place) {
  with_every_fault(
      GetParam(),
      [](file_ops& ops, const file_handle& a, const file_handle&) {
        ASSERT_FALSE(put(ops, a, "x", sample_content(1)));
      },
      [](file_ops& ops, const file_handle& a, const file_handle& b) {
        return move(ops, a, b, {"x", "y"});
      },
      [](disk_view& left, bool succeeded, disk_fault what, uint32_t seed) {
        const auto in_a = left.fill_of(left.a, "x"), in_b = left.fill_of(left.b, "y");
        EXPECT_TRUE(in_a == 1 || in_b == 1) << "lost";
        if (succeeded) {
          EXPECT_EQ(in_a, -1);
          EXPECT_EQ(in_b, 1);
        }
        if (!succeeded && (what == disk_fault::fail_once) && seed == 0) {
          EXPECT_EQ(in_a, 1) << "the step has not happened";
        }
      });
}

TEST_P(every_fault, never_leaves_any_of_many_moved_files_in_neither_place) {
  with_every_fault(
      GetParam(),
      [](file_ops& ops, const file_handle& a, const file_handle&) {
        const auto one = sample_content(1), two = sample_content(2), three = sample_content(3);
        ASSERT_FALSE(put_all(ops, a, {{"1", one}, {"2", two}, {"3", three}}));
      },
      [](file_ops& ops, const file_handle& a, const file_handle& b) {
        return move_all(ops, a, b, {{"1", "1"}, {"2", "2"}, {"3", "3"}});
      },
      [](disk_view& left, bool succeeded, disk_fault, uint32_t) {
        for (int i = 1; i <= 3; ++i) {
          const auto name = std::to_string(i);
          const auto in_a = left.fill_of(left.a, name), in_b = left.fill_of(left.b, name);
          EXPECT_TRUE(in_a == i || in_b == i) << name << " is lost";
          if (succeeded) {
            EXPECT_EQ(in_a, -1);
            EXPECT_EQ(in_b, i);
          }
        }
      });
}

TEST_P(every_fault, leaves_replace_with_the_old_content_or_the_new) {
  with_every_fault(
      GetParam(),
      [](file_ops& ops, const file_handle& a, const file_handle&) {
        ASSERT_FALSE(put(ops, a, "log", sample_content(1)));
      },
      [](file_ops& ops, const file_handle& a, const file_handle&) {
        return replace(ops, a, "log", sample_content(2));
      },
      [](disk_view& left, bool succeeded, disk_fault, uint32_t) {
        const auto x = left.fill_of(left.a, "log");
        EXPECT_TRUE(x == 1 || x == 2);
        if (succeeded) {
          EXPECT_EQ(x, 2);
        }
      });
}

INSTANTIATE_TEST_SUITE_P(file_systems, every_fault, ::testing::Values(false, true),
                         [](const auto& x) { return x.param ? "with_link" : "with_rename"; });

TEST(file_ops_crash, killing_at_every_call_on_the_real_disk_leaves_old_or_new) {
  for (const auto what :
       {disk_fault::die_before, disk_fault::die_after, disk_fault::short_write_and_die}) {
    for (size_t at = 1;; ++at) {
      temporary_folder dir;
      posix_file_ops real;
      auto root = std::move(*real.open_directory(dir.path()));
      auto b = std::move(*ensure_directory(real, root, "b"));
      fault_file_ops ops{real};
      ops.arm(what, at);
      auto err = put(ops, root, "x", sample_content(1));
      if (!err)
        err = move(ops, root, b, {"x", "x"});
      const auto here = slurp(dir / "x"), there = slurp(dir / "b/x");
      EXPECT_TRUE(here.empty() || here == sample_content(1));
      EXPECT_TRUE(there.empty() || there == sample_content(1));
      EXPECT_TRUE(here.empty() || there.empty());
      if (!err) {
        EXPECT_EQ(there, sample_content(1));
        break;
      }
    }
  }
}

} // namespace
} // namespace liveconnect::wallet
