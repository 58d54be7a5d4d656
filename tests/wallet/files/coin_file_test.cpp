#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/sample_notes.hpp"
#include "wallet/files/coin_file.hpp"
#include "wallet/files/legacy_stack.hpp"

namespace liveconnect::wallet {
namespace {

using test::same_note;
using test::sample_note;
using test::slurp;

const std::string folder = std::string{LIVECONNECT_TEST_DATA} + "/vectors/coin-files/";

bytes sample(const std::string& name) {
  auto out = slurp(folder + name);
  EXPECT_FALSE(out.empty()) << name;
  return out;
}

/// The entry of index.json for a file.
nlohmann::json entry_of(const std::string& name) {
  const auto raw = sample("index.json");
  const auto index = nlohmann::json::parse(raw.begin(), raw.end());
  for (const auto& x : index["files"]) {
    if (x["file"] == name)
      return x;
  }
  ADD_FAILURE() << name << " is not in index.json";
  return {};
}

void expect_numbers(const std::vector<authenticity_number>& actual, const nlohmann::json& list) {
  ASSERT_EQ(actual.size(), list.size());
  for (size_t i = 0; i < actual.size(); ++i)
    EXPECT_EQ(to_hex(actual[i].view()), list[i].get<std::string>()) << "server " << i;
}

/// Every field of every coin as index.json has it.
void expect_accepted(const std::string& name) {
  const auto entry = entry_of(name);
  auto notes = parse_coin_file(sample(name));
  ASSERT_TRUE(notes) << detail_of(notes.error());
  ASSERT_EQ(notes->size(), entry["coins"].size());
  for (size_t i = 0; i < notes->size(); ++i) {
    const auto& x = (*notes)[i];
    const auto& coin = entry["coins"][i];
    EXPECT_EQ(x.id.denomination, coin["denomination_code"].get<int>());
    EXPECT_EQ(x.id.serial, coin["sn"].get<uint32_t>());
    EXPECT_EQ(value_of(x).units(), coin["value_units_1e8"].get<uint64_t>());
    expect_numbers(x.ans, coin["an"]);
    expect_numbers(x.pans, coin.value("pan", nlohmann::json::array()));
    EXPECT_EQ(x.pown,
              coin["pown"].is_null() ? std::string(25, 'u') : coin["pown"].get<std::string>());
  }
  EXPECT_EQ(total(*notes).units(), entry["total_units_1e8"].get<uint64_t>());
}

void expect_refused(byte_view file, ec code, const std::string& words) {
  auto notes = parse_coin_file(file);
  ASSERT_FALSE(notes);
  EXPECT_EQ(code_of(notes.error()), code) << to_string(code_of(notes.error()));
  EXPECT_NE(detail_of(notes.error()).find(words), std::string::npos) << detail_of(notes.error());
}

TEST(coin_file_vectors, a_single_note_is_accepted) {
  expect_accepted("01-single-fmt9.bin");
}

TEST(coin_file_vectors, a_note_in_limbo_keeps_both_sets_and_its_letters) {
  expect_accepted("02-single-fmt9-limbo-with-pans.bin");
}

TEST(coin_file_vectors, several_notes_are_all_read_and_the_motto_is_no_pown) {
  expect_accepted("03-multi-fmt9.bin");
  EXPECT_EQ(to_display(total(*parse_coin_file(sample("03-multi-fmt9.bin")))), "1,021.00000001");
}

TEST(coin_file_vectors, a_legacy_stack_is_told_apart_and_refused_as_older) {
  const auto raw = sample("04-legacy.stack");
  const auto entry = entry_of("04-legacy.stack");
  auto stack = parse_legacy_stack(raw);
  ASSERT_TRUE(stack) << detail_of(stack.error());
  ASSERT_EQ(stack->coins.size(), entry["coins"].size());
  for (size_t i = 0; i < stack->coins.size(); ++i) {
    EXPECT_EQ(stack->coins[i].serial, entry["coins"][i]["sn"].get<uint32_t>());
    EXPECT_EQ(stack->coins[i].value, entry["coins"][i]["legacy_denomination"].get<uint32_t>());
  }
  EXPECT_EQ(stack->total, entry["total_legacy_cc"].get<uint64_t>());
  EXPECT_EQ(kind_of_coin_file(raw), coin_file_kind::legacy_stack);
  expect_refused(raw, ec::old_coin_file,
                 "older format: JSON stack (CloudCoin v1) of 3 coins, "
                 "value 256");
}

TEST(coin_file_vectors, a_truncated_file_is_refused_whole) {
  expect_refused(sample("05-truncated.bin"), ec::bad_coin_file,
                 "truncated: 5 coins need 2067 bytes, 1046 are there");
}

TEST(coin_file_vectors, the_letter_nine_is_not_the_number_nine) {
  const auto raw = sample("06-bad-magic.bin");
  EXPECT_EQ(kind_of_coin_file(raw), coin_file_kind::unknown);
  expect_refused(raw, ec::bad_coin_file, "format byte 57, expected 9 (byte 0)");
}

TEST(coin_file_vectors, a_duplicate_is_refused_and_named) {
  const auto raw = sample("07-duplicate-sn.bin");
  expect_refused(raw, ec::bad_coin_file, "duplicate coin 1 #50123 (byte 439)");
}

TEST(coin_file_vectors, a_stack_with_a_missing_an_is_refused_whole) {
  expect_refused(sample("08-wrong-an-count.stack"), ec::bad_coin_file,
                 "coin 1: 24 ANs, expected 25");
}

TEST(coin_file_vectors, broken_json_is_not_repaired) {
  expect_refused(sample("09-bad-json.stack"), ec::bad_coin_file, "broken JSON");
}

TEST(coin_file_vectors, format_0_is_recognised_and_refused_as_older) {
  const auto raw = sample("10-format0-coinmanager-v2.bin");
  EXPECT_EQ(kind_of_coin_file(raw), coin_file_kind::format_0);
  expect_refused(raw, ec::old_coin_file, "older format: binary format 0 (CloudCoin v2) of 1 coin");
}

TEST(coin_file_vectors, every_file_of_the_index_is_named_in_a_test_above) {
  const auto raw = sample("index.json");
  EXPECT_EQ(nlohmann::json::parse(raw.begin(), raw.end())["files"].size(), 10u);
}

TEST(coin_file, what_is_written_is_what_the_sample_holds_byte_for_byte) {
  for (const auto* name :
       {"01-single-fmt9.bin", "02-single-fmt9-limbo-with-pans.bin", "03-multi-fmt9.bin"}) {
    const auto raw = sample(name);
    auto notes = parse_coin_file(raw);
    ASSERT_TRUE(notes);
    auto again = encode_coin_file(*notes, notes->front().pans.empty() ? pans::without : pans::with);
    ASSERT_TRUE(again);
    EXPECT_EQ(view(*again), byte_view{raw}) << name;
  }
}

TEST(coin_file, the_record_is_the_407_bytes_behind_the_header) {
  const auto raw = sample("01-single-fmt9.bin");
  secret_bytes record;
  append_coin_record(record, parse_coin_file(raw)->front());
  EXPECT_EQ(record.size(), coin_record_bytes);
  EXPECT_EQ(view(record), byte_view{raw}.sub(coin_file_header_bytes));
}

struct damage {
  size_t at;
  uint8_t value;
  const char* words;
};

TEST(coin_file, each_wrong_field_is_named_with_its_place) {
  const auto good = sample("01-single-fmt9.bin");
  for (const auto& x :
       {damage{0, 8, "format byte 8"}, damage{2, 1, "coin ID 262, expected 6 (byte 2)"},
        damage{3, 1, "coin ID 1"}, damage{5, 1, "encrypted file: not supported"},
        damage{5, 4, "encrypted file: not supported"},
        damage{5, 2, "unknown encryption 2 (byte 5)"},
        damage{7, 0, "no coins: the count is 0 (byte 6)"}, damage{7, 2, "truncated: 2 coins"},
        damage{15, 1, "truncated: 1 coins need 839 bytes"},
        damage{32, 1, "split is not 0 (byte 32)"}, damage{33, 1, "shard is not 0 (byte 33)"},
        damage{34, 7, "denomination code 7 is not money (-8 to 6) (byte 34)"},
        damage{34, 11, "denomination code 11 is not money"},
        damage{34, 0xf7, "denomination code -9 is not money"},
        damage{34, 0x80, "denomination code -128 is not money"}}) {
    auto raw = good;
    raw[x.at] = x.value;
    expect_refused(raw, ec::bad_coin_file, x.words);
  }
}

TEST(coin_file, fields_that_readers_must_ignore_are_ignored) {
  const auto good = sample("01-single-fmt9.bin");
  for (const size_t at : {1, 4, 8, 14, 29, 30, 31}) {
    auto raw = good;
    raw[at] = 0xee;
    EXPECT_TRUE(parse_coin_file(raw)) << "byte " << at;
  }
  auto graded = good;
  graded[15] = 2;
  EXPECT_TRUE(parse_coin_file(graded));
}

TEST(coin_file, a_file_cut_anywhere_is_refused) {
  const auto good = sample("03-multi-fmt9.bin");
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(parse_coin_file(byte_view{good}.sub(0, size))) << size;
}

TEST(coin_file, padding_of_older_writers_is_accepted_only_to_a_multiple_of_32) {
  const auto good = sample("01-single-fmt9.bin");
  for (size_t surplus = 1; surplus <= 64; ++surplus) {
    auto raw = good;
    raw.resize(good.size() + surplus, 0xab);
    // 407 + 9 = 416 = 13 * 32.
    EXPECT_EQ(static_cast<bool>(parse_coin_file(raw)), surplus == 9) << surplus;
  }
}

TEST(coin_file, pictures_are_recognised_with_and_without_coins) {
  bytes png{0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0,
            1,    'I', 'H', 'D', 'R',  7,    0,    0,    0, 0};
  EXPECT_EQ(kind_of_coin_file(png), coin_file_kind::png);
  expect_refused(png, ec::bad_coin_file, "a PNG picture without coins");
  const bytes chunk{0, 0, 0, 2, 'c', 'L', 'D', 'c', 1, 2, 0, 0, 0, 0};
  png.insert(png.end(), chunk.begin(), chunk.end());
  expect_refused(png, ec::old_coin_file, "older format: coins in a PNG picture");

  bytes jpeg(455, 0);
  const bytes start{0xff, 0xd8, 0xff, 0xe0};
  std::copy(start.begin(), start.end(), jpeg.begin());
  EXPECT_EQ(kind_of_coin_file(jpeg), coin_file_kind::jpeg);
  expect_refused(jpeg, ec::bad_coin_file, "a JPEG picture without a coin");
  const bytes marker{0x01, 0xc3, 0x4a, 0x46, 0x49, 0x46, 0x00, 0x01,
                     0x01, 0x01, 0x00, 0x60, 0x00, 0x60, 0x1d, 0x05};
  std::copy(marker.begin(), marker.end(), jpeg.begin() + 4);
  expect_refused(jpeg, ec::old_coin_file, "older format: a coin in a JPEG");
}

TEST(coin_file, an_encrypted_file_is_never_called_damaged) {
  auto raw = sample("01-single-fmt9.bin");
  raw[5] = 4;
  EXPECT_EQ(kind_of_coin_file(raw), coin_file_kind::format_9_encrypted);
}

TEST(coin_file, unknown_nibbles_read_as_not_tried) {
  const bytes nibbles{0x0a, 0xbc, 0xde, 0xf1, 0x23, 0x45, 0x67, 0x89, 0, 0, 0, 0, 0xa9};
  EXPECT_EQ(pown_from_nibbles(nibbles), "upbndefuuuuuuuuuuuuuuuuup");
}

TEST(coin_file, the_serial_is_not_limited_by_what_servers_keep) {
  auto file = encode_coin_file({sample_note(0, UINT32_MAX)}, pans::without);
  ASSERT_TRUE(file);
  EXPECT_EQ(parse_coin_file(view(*file))->front().id.serial, UINT32_MAX);
}

TEST(coin_file, a_note_without_its_numbers_is_never_written) {
  auto no_ans = sample_note(0, 1);
  no_ans.ans.pop_back();
  EXPECT_FALSE(encode_coin_file({no_ans}, pans::without));
  EXPECT_FALSE(encode_coin_file({sample_note(0, 1)}, pans::with));
  EXPECT_FALSE(encode_coin_file({}, pans::without));
}

TEST(coin_file, the_largest_file_is_written_and_read_and_one_note_more_is_not) {
  const auto one = sample_note(0, 0);
  std::vector<note> notes(coin_file_notes_max, one);
  for (uint32_t i = 0; i < notes.size(); ++i)
    notes[i].id.serial = i;
  auto file = encode_coin_file(notes, pans::without);
  ASSERT_TRUE(file);
  EXPECT_LE(file->size(), coin_file_bytes_max);
  EXPECT_EQ(parse_coin_file(view(*file))->size(), coin_file_notes_max);
  notes.push_back(one);
  EXPECT_FALSE(encode_coin_file(notes, pans::without));
}

RC_GTEST_PROP(coin_file, reading_gives_back_what_was_written, ()) {
  const auto count = *rc::gen::inRange<size_t>(1, 6);
  const bool with_pans = *rc::gen::arbitrary<bool>();
  std::vector<note> notes;
  for (size_t i = 0; i < count; ++i) {
    auto x = sample_note(static_cast<int8_t>(*rc::gen::inRange(-8, 7)),
                         static_cast<uint32_t>(i) + 10 * *rc::gen::inRange<uint32_t>(0, 100'000),
                         *rc::gen::arbitrary<uint8_t>(), with_pans);
    x.pown = *rc::gen::container<std::string>(25, rc::gen::elementOf(std::string{"pfnudbe"}));
    notes.push_back(x);
  }
  const auto file = encode_coin_file(notes, with_pans ? pans::with : pans::without);
  RC_ASSERT(static_cast<bool>(file));
  const auto again = parse_coin_file(view(*file));
  RC_ASSERT(static_cast<bool>(again));
  RC_ASSERT(again->size() == count);
  for (size_t i = 0; i < count; ++i) {
    auto expected = notes[i];
    if (count > 1)
      expected.pown.assign(25, 'u');
    RC_ASSERT(same_note((*again)[i], expected));
  }
}

RC_GTEST_PROP(coin_file, no_bytes_make_the_reader_fail_badly, (const std::vector<uint8_t>& tail)) {
  auto raw = *rc::gen::element(bytes{9, 1, 0, 6}, bytes{0, 0, 0, 1}, bytes{'{'}, bytes{},
                               bytes{0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a});
  raw.insert(raw.end(), tail.begin(), tail.end());
  const auto notes = parse_coin_file(raw);
  if (!notes) {
    const auto code = code_of(notes.error());
    RC_ASSERT(code == ec::bad_coin_file || code == ec::old_coin_file);
  }
}

} // namespace
} // namespace liveconnect::wallet
