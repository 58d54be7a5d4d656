#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/fault_file_ops.hpp"
#include "tests/support/memory_file_ops.hpp"
#include "tests/support/sample_notes.hpp"
#include "tests/support/temporary_folder.hpp"
#include "wallet/files/folders.hpp"
#include "wallet/files/posix_file_ops.hpp"
#include "wallet/journal/journal.hpp"

namespace liveconnect::wallet {
namespace {

using test::disk_fault;
using test::fault_file_ops;
using test::memory_file_ops;
using test::slurp;
using test::temporary_folder;

const transfer_id some_id{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

/// Bytes without a zero among them, as secrets mostly are.
bytes dense(size_t size, uint8_t seed) {
  bytes out(size);
  for (size_t i = 0; i < size; ++i)
    out[i] = static_cast<uint8_t>(1 + (i * 37 + seed * 11) % 255);
  return out;
}

secret_bytes secret_of(const bytes& x) {
  return {x.begin(), x.end()};
}

/// A journal in memory with these payloads behind its opening record; `ends` are where its records
/// end.
bytes journal_of(const std::vector<bytes>& payloads, std::vector<size_t>* ends = nullptr) {
  secret_bytes out;
  auto tag = append_journal_record(out, journal_first_tag(some_id), journal_opened_type, 0,
                                   bytes{0, 0, 0, 0, 0, 0, 0, 9});
  uint64_t seq = 1;
  for (const auto& x : payloads) {
    if (ends != nullptr)
      ends->push_back(out.size());
    tag = append_journal_record(out, tag, static_cast<uint16_t>(seq), seq, x);
    ++seq;
  }
  if (ends != nullptr)
    ends->push_back(out.size());
  return {out.begin(), out.end()};
}

/// The last record's tag must not end in a byte that one flipped bit makes zero: that is exactly
/// what a write cut by one byte looks like.
bytes unambiguous_journal(std::vector<size_t>& ends) {
  for (uint8_t seed = 0;; ++seed) {
    ends.clear();
    auto out = journal_of({dense(100, seed), dense(700, 2), dense(40, 3)}, &ends);
    const unsigned last = out.back();
    if ((last & (last - 1)) != 0)
      return out;
  }
}

TEST(journal_format, a_record_is_as_the_readme_draws_it) {
  secret_bytes out;
  const auto tag = append_journal_record(out, journal_first_tag(some_id), 0x0203,
                                         0x0405060708090a0b, bytes{0xaa, 0xbb});
  ASSERT_EQ(out.size(), journal_header_bytes + 2 + journal_tag_bytes);
  EXPECT_EQ(to_hex(view(out).sub(0, 22)), "4c434a310203000100000002"
                                          "0405060708090a0baabb");
  EXPECT_EQ(view(out).sub(22), byte_view{tag});
  // BLAKE2b-128 of previous tag, header, payload: by the library directly.
  bytes hashed{some_id.value.begin(), some_id.value.end()};
  hashed.insert(hashed.end(), out.begin(), out.begin() + 22);
  journal_tag expected{};
  crypto_generichash(expected.data(), expected.size(), hashed.data(), hashed.size(), nullptr, 0);
  EXPECT_EQ(tag, expected);
}

RC_GTEST_PROP(journal_format, reading_gives_back_what_was_written_before_a_zero_tail,
              (const std::vector<std::vector<uint8_t>>& payloads)) {
  auto raw = journal_of(payloads);
  const auto end = raw.size();
  raw.resize(end + *rc::gen::inRange<size_t>(0, 2'000), 0);
  const auto content = read_journal(some_id, raw);
  RC_ASSERT(static_cast<bool>(content));
  RC_ASSERT(!content->torn);
  RC_ASSERT(content->end == end);
  RC_ASSERT(content->records.size() == payloads.size() + 1);
  for (size_t i = 0; i < payloads.size(); ++i) {
    RC_ASSERT(view(content->records[i + 1].payload) == byte_view{payloads[i]});
    RC_ASSERT(content->records[i + 1].type == i + 1);
  }
}

TEST(journal_format, cut_anywhere_it_keeps_every_record_that_was_whole) {
  std::vector<size_t> ends;
  const auto whole = journal_of({dense(100, 1), dense(700, 2), dense(40, 3)}, &ends);
  for (const bool preallocated : {false, true}) {
    for (size_t size = ends.front(); size < whole.size(); ++size) {
      bytes raw{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
      if (preallocated)
        raw.resize(whole.size() + 5'000, 0);
      size_t complete = 0;
      for (const auto end : ends)
        complete += end <= size ? 1 : 0;
      // Bytes of the next record that happen to be zero are written as well as cut.
      auto content = read_journal(some_id, raw);
      ASSERT_TRUE(content) << size << ": " << detail_of(content.error());
      EXPECT_EQ(content->records.size(), complete) << size;
      EXPECT_EQ(content->end, ends[complete - 1]);
      const bool zero_tail = size == ends[complete - 1];
      EXPECT_EQ(content->torn, !zero_tail) << size;
    }
  }
}

TEST(journal_format, a_journal_that_never_got_its_opening_record_is_damaged) {
  const auto whole = journal_of({});
  for (size_t size = 1; size < whole.size(); ++size)
    EXPECT_FALSE(read_journal(some_id, byte_view{whole}.sub(0, size))) << size;
}

TEST(journal_format, any_lost_sector_of_the_last_write_is_a_torn_tail) {
  std::vector<size_t> ends;
  auto whole = journal_of({dense(100, 1), dense(3'000, 2)}, &ends);
  const auto begin = ends[1];
  whole.resize(8'192, 0);
  const auto first = begin / 512, last = (ends[2] - 1) / 512;
  const auto sectors = last - first + 1;
  for (unsigned lost = 1; lost < 1u << sectors; ++lost) {
    auto raw = whole;
    for (size_t i = 0; i < sectors; ++i) {
      for (auto at = (first + i) * 512; (lost >> i & 1) != 0 && at < (first + i + 1) * 512; ++at) {
        if (at >= begin)
          raw[at] = 0;
      }
    }
    auto content = read_journal(some_id, raw);
    ASSERT_TRUE(content) << lost << ": " << detail_of(content.error());
    EXPECT_EQ(content->records.size(), 2u);
    EXPECT_EQ(content->end, begin);
  }
}

TEST(journal_format, no_changed_bit_anywhere_goes_unnoticed_or_drops_a_record) {
  std::vector<size_t> ends;
  auto whole = unambiguous_journal(ends);
  const auto used = whole.size();
  whole.resize(used + 300, 0);
  for (size_t bit = 0; bit < 8 * used; ++bit) {
    auto raw = whole;
    raw[bit / 8] = static_cast<uint8_t>(raw[bit / 8] ^ 1u << bit % 8);
    auto content = read_journal(some_id, raw);
    ASSERT_FALSE(content) << "bit " << bit;
    EXPECT_EQ(code_of(content.error()), ec::wallet_damaged);
  }
  for (size_t bit = 8 * used; bit < 8 * whole.size(); ++bit) {
    auto raw = whole;
    raw[bit / 8] = static_cast<uint8_t>(raw[bit / 8] ^ 1u << bit % 8);
    auto content = read_journal(some_id, raw);
    // Behind the end: either refused, or cut with every record kept.
    if (content) {
      EXPECT_EQ(content->records.size(), ends.size()) << "bit " << bit;
    }
  }
}

TEST(journal_format, a_damaged_record_that_looks_cut_is_damaged_when_a_good_one_follows) {
  std::vector<size_t> ends;
  const auto whole = journal_of({bytes(2'000, 0), dense(50, 2)}, &ends);
  for (const auto at : {ends[0] + 5, ends[0] + 9, ends[0] + 1'000, ends[1] - 3}) {
    auto raw = whole;
    raw[at] = static_cast<uint8_t>(raw[at] ^ 4);
    raw.resize(8'192, 0);
    EXPECT_FALSE(read_journal(some_id, raw)) << at;
  }
}

TEST(journal_format, a_stale_record_of_another_chain_is_not_taken_for_the_next) {
  std::vector<size_t> ends;
  const auto old = journal_of({dense(50, 1), dense(60, 2)}, &ends);
  const auto young = journal_of({dense(50, 9)});
  auto raw = young;
  raw.insert(raw.end(), old.begin() + static_cast<std::ptrdiff_t>(ends[1]), old.end());
  EXPECT_FALSE(read_journal(some_id, raw));
}

TEST(journal_format, a_journal_under_another_name_is_refused) {
  auto other = some_id;
  other.value[0] ^= 1;
  EXPECT_FALSE(read_journal(other, journal_of({dense(10, 1)})));
}

TEST(journal_format, records_may_not_be_left_out_or_swapped) {
  std::vector<size_t> ends;
  const auto whole = journal_of({dense(50, 1), dense(50, 2), dense(50, 3)}, &ends);
  const auto at = [&](size_t i) { return whole.begin() + static_cast<std::ptrdiff_t>(ends[i]); };
  bytes without_second{whole.begin(), at(1)};
  without_second.insert(without_second.end(), at(2), whole.end());
  EXPECT_FALSE(read_journal(some_id, without_second));
  bytes swapped{whole.begin(), at(1)};
  swapped.insert(swapped.end(), at(2), at(3));
  swapped.insert(swapped.end(), at(1), at(2));
  EXPECT_FALSE(read_journal(some_id, swapped));
}

TEST(journal_format, a_version_from_the_future_stops_everything) {
  auto raw = journal_of({});
  // A well-formed record of version 2, its tag right.
  secret_bytes record;
  auto content = read_journal(some_id, raw);
  append_journal_record(record, content->last_tag, 1, 1, dense(20, 1));
  record[7] = 2;
  bytes hashed{content->last_tag.begin(), content->last_tag.end()};
  hashed.insert(hashed.end(), record.begin(), record.end() - journal_tag_bytes);
  crypto_generichash(record.data() + record.size() - journal_tag_bytes, journal_tag_bytes,
                     hashed.data(), hashed.size(), nullptr, 0);
  raw.insert(raw.end(), record.begin(), record.end());
  auto out = read_journal(some_id, raw);
  ASSERT_FALSE(out);
  EXPECT_EQ(code_of(out.error()), ec::wallet_damaged);
  EXPECT_NE(detail_of(out.error()).find("version 2"), std::string::npos);
}

TEST(journal_format, a_golden_journal_of_version_1_reads_as_ever) {
  bytes raw;
  ASSERT_TRUE(from_hex("4c434a3100000001000000080000000000000000" // header of the opening record
                       "0000000000000009"
                       "dd5e209ca936a1e902209843049d6e0f"
                       "4c434a3100070001000000030000000000000001"
                       "616263"
                       "a6f99333f05ed07d962bc5fbade5e96d",
                       raw));
  auto content = read_journal(some_id, raw);
  ASSERT_TRUE(content) << detail_of(content.error());
  ASSERT_EQ(content->records.size(), 2u);
  EXPECT_EQ(content->records[1].type, 7u);
  EXPECT_EQ(view(content->records[1].payload).text(), "abc");
}

// --- the file ---

class journal_file : public ::testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(create_wallet(ops, root, "w")); }

  std::string path(const transfer_id& id = some_id) {
    return root / "Journal" / (to_string(id) + ".lcj");
  }

  temporary_folder dir;
  posix_file_ops ops;
  std::filesystem::path root = dir / "w";
};

TEST_F(journal_file, what_is_appended_is_found_again) {
  {
    auto x = journal::create(ops, root, some_id, 42, 4'096);
    ASSERT_TRUE(x) << detail_of(x.error());
    EXPECT_FALSE(x->append(1, dense(100, 1)));
    EXPECT_FALSE(x->append(2, bytes{}));
  }
  EXPECT_EQ(slurp(path()).size(), 4'096u);
  auto x = journal::open(ops, root, some_id);
  ASSERT_TRUE(x) << detail_of(x.error());
  EXPECT_EQ(x->opened_ms(), 42u);
  ASSERT_EQ(x->records().size(), 2u);
  EXPECT_EQ(x->records()[0].payload, secret_of(dense(100, 1)));
  EXPECT_FALSE(x->append(3, dense(5, 3)));
  EXPECT_EQ(journal::open(ops, root, some_id)->records().size(), 3u);
}

TEST_F(journal_file, it_grows_past_what_was_preallocated) {
  auto x = journal::create(ops, root, some_id, 42, 0);
  ASSERT_TRUE(x);
  EXPECT_FALSE(x->append(1, dense(10'000, 1)));
  EXPECT_FALSE(x->append(2, dense(10'000, 2)));
  EXPECT_EQ(journal::open(ops, root, some_id)->records().size(), 2u);
}

TEST_F(journal_file, reserved_room_needs_no_new_block) {
  auto x = journal::create(ops, root, some_id, 42, 0);
  ASSERT_TRUE(x);
  EXPECT_FALSE(x->reserve(10'000));
  const auto size = slurp(path()).size();
  EXPECT_GE(size, 10'000u);
  EXPECT_FALSE(x->append(1, dense(9'000, 1)));
  EXPECT_EQ(slurp(path()).size(), size);
}

TEST_F(journal_file, a_transfer_has_one_journal) {
  ASSERT_TRUE(journal::create(ops, root, some_id, 42, 0));
  EXPECT_EQ(code_of(journal::create(ops, root, some_id, 43, 0).error()), ec::file_exists);
}

TEST_F(journal_file, a_torn_tail_is_cut_and_the_journal_goes_on) {
  size_t end = 0;
  {
    auto x = journal::create(ops, root, some_id, 42, 4'096);
    ASSERT_FALSE(x->append(1, dense(100, 1)));
    end = x->used();
  }
  auto raw = slurp(path());
  const auto torn = dense(60, 9);
  std::copy(torn.begin(), torn.end(), raw.begin() + static_cast<std::ptrdiff_t>(end));
  raw[end] = 0; // The first sector did not arrive.
  std::filesystem::remove(path());
  auto folder = std::move(*ops.open_directory(root / "Journal"));
  ASSERT_FALSE(put(ops, folder, to_string(some_id) + ".lcj", raw));
  auto x = journal::open(ops, root, some_id);
  ASSERT_TRUE(x) << detail_of(x.error());
  EXPECT_EQ(x->records().size(), 1u);
  const auto cut = slurp(path());
  EXPECT_TRUE(std::all_of(cut.begin() + static_cast<std::ptrdiff_t>(end), cut.end(),
                          [](uint8_t b) { return b == 0; }));
  EXPECT_FALSE(x->append(2, dense(10, 2)));
  EXPECT_EQ(journal::open(ops, root, some_id)->records().size(), 2u);
}

TEST_F(journal_file, a_damaged_journal_is_left_as_it_is) {
  {
    auto x = journal::create(ops, root, some_id, 42, 0);
    ASSERT_FALSE(x->append(1, dense(100, 1)));
    ASSERT_FALSE(x->append(2, dense(100, 2)));
  }
  auto raw = slurp(path());
  raw[60] ^= 1;
  std::filesystem::remove(path());
  auto folder = std::move(*ops.open_directory(root / "Journal"));
  ASSERT_FALSE(put(ops, folder, to_string(some_id) + ".lcj", raw));
  auto refused = journal::open(ops, root, some_id);
  EXPECT_EQ(code_of(refused.error()), ec::wallet_damaged);
  EXPECT_NE(detail_of(refused.error()).find(to_string(some_id) + ".lcj"), std::string::npos);
  EXPECT_EQ(slurp(path()), raw);
  auto list = open_journals(ops, root);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 1u);
  EXPECT_EQ(code_of(list->front().problem), ec::wallet_damaged);
}

TEST_F(journal_file, open_journals_come_oldest_first_and_closed_ones_apart) {
  transfer_id a{}, b{}, c{};
  a.value[0] = 1;
  b.value[0] = 2;
  c.value[0] = 3;
  ASSERT_TRUE(journal::create(ops, root, a, 300, 0));
  ASSERT_TRUE(journal::create(ops, root, b, 100, 0));
  auto x = journal::create(ops, root, c, 200, 0);
  ASSERT_TRUE(x);
  ASSERT_FALSE(x->append(5, dense(100, 1)));
  auto list = open_journals(ops, root);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 3u);
  EXPECT_EQ((*list)[0].id, b);
  EXPECT_EQ((*list)[1].id, c);
  EXPECT_EQ((*list)[2].id, a);

  ASSERT_FALSE(x->close({{5, secret_of(dense(3, 1))}}));
  EXPECT_FALSE(!x->append(6, {}));
  EXPECT_EQ(open_journals(ops, root)->size(), 2u);
  ASSERT_EQ(closed_journals(ops, root)->size(), 1u);
  EXPECT_EQ(closed_journals(ops, root)->front().opened_ms, 200u);
  auto kept = read_closed_journal(ops, root, c);
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 1u);
  EXPECT_EQ((*kept)[0].payload, secret_of(dense(3, 1)));
  ASSERT_FALSE(scrub_closed_journal(ops, root, c, {}));
  EXPECT_TRUE(read_closed_journal(ops, root, c)->empty());
}

TEST_F(journal_file, after_a_failed_sync_nothing_more_is_accepted) {
  fault_file_ops faulty{ops};
  auto x = journal::create(faulty, root, some_id, 42, 4'096);
  ASSERT_TRUE(x);
  faulty.arm(disk_fault::fail_once, 2); // write, then sync_data
  EXPECT_EQ(code_of(x->append(1, dense(10, 1))), ec::disk_failed);
  EXPECT_EQ(faulty.trace().back(), "sync_data");
  EXPECT_EQ(code_of(x->append(1, dense(10, 1))), ec::disk_failed);
  EXPECT_EQ(faulty.trace().size(), 2u);
}

TEST_F(journal_file, what_a_killed_process_wrote_is_made_durable_before_it_is_believed) {
  {
    auto x = journal::create(ops, root, some_id, 42, 4'096);
    ASSERT_FALSE(x->append(1, dense(10, 1)));
  }
  fault_file_ops watched{ops};
  ASSERT_TRUE(journal::open(watched, root, some_id));
  EXPECT_EQ(watched.trace().back(), "sync_data");
}

/// Runs a whole life of a journal on a disk that dies at call `at`, loses power, and comes back.
void live_and_die(disk_fault what, size_t at, uint32_t seed, bool& over) {
  memory_file_ops disk;
  const std::filesystem::path root{"/w"};
  ASSERT_FALSE(create_wallet(disk, root, "w"));
  fault_file_ops ops{disk};
  ops.arm(what, at);
  size_t acknowledged = 0;
  bool created = false, closed = false;
  {
    auto x = journal::create(ops, root, some_id, 7, 2'048);
    created = x.engaged();
    for (uint8_t i = 1; created && i <= 3; ++i) {
      if (x->append(i, dense(900, i)))
        break;
      acknowledged = i;
    }
    if (acknowledged == 3)
      closed = !x->close({});
  }
  over = ops.trace().size() < at;
  if (seed > 0)
    disk.lose_power(seed);

  auto open = open_journals(disk, root), done = closed_journals(disk, root);
  ASSERT_TRUE(open);
  ASSERT_TRUE(done);
  if (closed) {
    EXPECT_TRUE(open->empty());
    ASSERT_EQ(done->size(), 1u);
    EXPECT_FALSE(done->front().problem);
    return;
  }
  if (created) {
    EXPECT_GE(open->size() + done->size(), 1u) << "the journal is lost";
  }
  if (open->empty())
    return;
  auto again = journal::open(disk, root, some_id);
  ASSERT_TRUE(again) << detail_of(again.error());
  EXPECT_GE(again->records().size(), acknowledged) << "an acknowledged record is lost";
  EXPECT_LE(again->records().size(), acknowledged + 1);
  for (size_t i = 0; i < again->records().size(); ++i)
    EXPECT_EQ(again->records()[i].payload, secret_of(dense(900, static_cast<uint8_t>(i + 1))));
  // It goes on, and can be closed, also when the closed copy is there already.
  ASSERT_FALSE(again->append(9, dense(20, 9)));
  EXPECT_EQ(journal::open(disk, root, some_id)->records().back().type, 9u);
  ASSERT_FALSE(again->close({}));
  EXPECT_TRUE(open_journals(disk, root)->empty());
  EXPECT_EQ(closed_journals(disk, root)->size(), 1u);
}

TEST(journal_crash, dying_while_it_is_archived_leaves_one_that_can_be_archived) {
  for (const auto plain : {false, true})
    for (size_t at = 1;; ++at) {
      SCOPED_TRACE(at);
      memory_file_ops disk;
      const std::filesystem::path root{"/w"};
      ASSERT_FALSE(create_wallet(disk, root, "w"));
      auto x = journal::create(disk, root, some_id, 7, 2'048);
      ASSERT_TRUE(x);
      ASSERT_FALSE(x->append(5, dense(100, 1)));
      ASSERT_FALSE(x->close({{5, secret_of(dense(100, 1))}}));
      fault_file_ops ops{disk};
      ops.no_exclusive_rename = plain;
      ops.arm(disk_fault::die_before, at);
      (void)archive_journal(ops, root, some_id);
      EXPECT_EQ(read_closed_journal(disk, root, some_id)->size(), 1u);
      EXPECT_TRUE(*is_closed_journal(disk, root, some_id));
      fault_file_ops again{disk};
      again.no_exclusive_rename = plain;
      ASSERT_EQ(archive_journal(again, root, some_id), caf::error{});
      EXPECT_TRUE(closed_journal_ids(disk, root)->empty());
      EXPECT_EQ(closed_journals(disk, root)->size(), 1u);
      EXPECT_EQ(read_closed_journal(disk, root, some_id)->size(), 1u);
      if (!ops.is_dead())
        break;
    }
}

TEST(journal_crash, dying_at_every_call_keeps_every_acknowledged_record) {
  for (const auto what :
       {disk_fault::die_before, disk_fault::die_after, disk_fault::short_write_and_die,
        disk_fault::fail_once, disk_fault::fail_for_good, disk_fault::fail_after}) {
    bool over = false;
    for (size_t at = 1; !over; ++at) {
      ASSERT_LT(at, 1'000u);
      for (uint32_t seed = 0; seed < 6; ++seed) {
        SCOPED_TRACE("fault " + std::to_string(static_cast<int>(what)) + " at call " +
                     std::to_string(at) + ", seed " + std::to_string(seed));
        live_and_die(what, at, seed, over);
      }
    }
  }
}

TEST(journal_crash, dying_while_a_torn_tail_is_cut_loses_nothing) {
  std::vector<size_t> ends;
  auto torn = journal_of({dense(900, 1), dense(900, 2)}, &ends);
  torn.resize(ends[1] + 700);
  torn.resize(4'096, 0);
  bool over = false;
  for (size_t at = 1; !over; ++at) {
    for (const auto what :
         {disk_fault::die_before, disk_fault::die_after, disk_fault::short_write_and_die}) {
      for (uint32_t seed = 1; seed < 8; ++seed) {
        memory_file_ops disk;
        ASSERT_FALSE(create_wallet(disk, "/w", "w"));
        auto folder = std::move(*disk.open_directory("/w/Journal"));
        ASSERT_FALSE(put(disk, folder, to_string(some_id) + ".lcj", torn));
        fault_file_ops ops{disk};
        ops.arm(what, at);
        auto x = journal::open(ops, "/w", some_id);
        over = ops.trace().size() < at;
        disk.lose_power(seed);
        auto again = journal::open(disk, "/w", some_id);
        ASSERT_TRUE(again) << detail_of(again.error()) << " at " << at << " seed " << seed;
        EXPECT_EQ(again->records().size(), 1u);
      }
    }
  }
}

} // namespace
} // namespace liveconnect::wallet
