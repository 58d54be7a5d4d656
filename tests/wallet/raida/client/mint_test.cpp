#include <set>
#include <sys/stat.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "messages/base/error.hpp"
#include "tests/support/raida_lab.hpp"
#include "tests/support/temporary_folder.hpp"
#include "wallet/raida/client/mint.hpp"

namespace liveconnect::raida {
namespace {

using test::raida_lab;

TEST(raida_mint, denominations_are_read_in_any_order) {
  auto plan = parse_denominations("0.1:5,1000:2,100:14");
  ASSERT_TRUE(plan);
  EXPECT_EQ(*plan, (mint_plan{{3, 2}, {2, 14}, {-1, 5}}));
  EXPECT_EQ(to_string(value_of(*plan)), "3400.5");
}

TEST(raida_mint, malformed_denominations_are_refused) {
  for (auto text :
       {"", ",", "1000", "1000:", "1000:0", "1000:-1", "1000:2,", "2:1", "1000:1,1000:1",
        "10000000:1", "0.000000001:1", "1000:65536", "1:40000,10:40000", "1:2x", " 1:2", "1e3:2"}) {
    auto plan = parse_denominations(text);
    ASSERT_FALSE(plan) << text;
    EXPECT_EQ(code_of(plan.error()), ec::bad_argument) << text;
  }
}

TEST(raida_mint, the_fewest_notes_are_the_digits) {
  EXPECT_EQ(*fewest_notes(*amount::parse("3439.02")),
            (mint_plan{{3, 3}, {2, 4}, {1, 3}, {0, 9}, {-2, 2}}));
  EXPECT_FALSE(fewest_notes(amount{}));
  EXPECT_FALSE(fewest_notes(amount::from_coins(70'000'000'000)));
}

RC_GTEST_PROP(raida_mint, every_plan_has_exactly_the_value_asked_for, ()) {
  auto sum = amount::from_units(*rc::gen::inRange<uint64_t>(1, 1'000'000'000'000'000));
  RC_ASSERT(value_of(*fewest_notes(sum)) == sum);
  auto purse = *uneven_purse(sum);
  RC_ASSERT(value_of(purse) == sum);
  for (size_t i = 0; i < purse.size(); ++i) {
    RC_ASSERT(purse[i].count > 0u);
    // Not with ||: the assertion takes its expression apart and looks at both sides.
    if (i > 0)
      RC_ASSERT(purse[i - 1].denomination > purse[i].denomination);
  }
}

TEST(raida_mint, minted_notes_pass_on_every_server_and_are_private_once_powned) {
  raida_lab lab;
  auto notes = mint_notes(lab, lab.operator_key(), {{3, 2}, {-8, 1}, {0, 1100}});
  ASSERT_TRUE(notes) << detail_of(notes.error());
  ASSERT_EQ(notes->size(), 1103u);
  std::set<note_id> ids;
  for (const auto& x : *notes) {
    EXPECT_TRUE(ids.insert(x.id).second);
    EXPECT_EQ(lab.passes(x), raida_count);
  }
  auto public_ans = *notes;
  draw_pans(*notes);
  ASSERT_FALSE(make_own(lab, *notes));
  for (size_t i = 0; i < notes->size(); ++i) {
    EXPECT_EQ(lab.passes((*notes)[i]), raida_count);
    EXPECT_EQ(lab.passes(public_ans[i]), 0u);
    EXPECT_TRUE((*notes)[i].pans.empty());
  }
}

TEST(raida_mint, serials_that_one_server_has_in_use_are_not_taken) {
  raida_lab lab;
  auto there = lab.mint({0, 0});
  auto notes = mint_notes(lab, lab.operator_key(), {{0, 3}});
  ASSERT_TRUE(notes);
  for (const auto& x : *notes)
    EXPECT_NE(x.id, there.id);
  EXPECT_EQ(lab.passes(there), raida_count);
}

TEST(raida_mint, a_lost_answer_to_the_pown_is_found_again) {
  raida_lab lab;
  auto notes = mint_notes(lab, lab.operator_key(), {{0, 3}});
  ASSERT_TRUE(notes);
  draw_pans(*notes);
  lab.lose_answers(4, 1);
  ASSERT_FALSE(make_own(lab, *notes));
  for (const auto& x : *notes)
    EXPECT_EQ(lab.passes(x), raida_count);
}

TEST(raida_mint, a_server_that_is_down_or_has_another_key_is_named) {
  raida_lab lab;
  auto wrong = mint_notes(lab, operator_key{}, {{0, 1}});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(code_of(wrong.error()), ec::bad_config);
  lab.set_down(7, true);
  auto down = mint_notes(lab, lab.operator_key(), {{0, 1}});
  ASSERT_FALSE(down);
  EXPECT_EQ(code_of(down.error()), ec::too_few_servers);
  EXPECT_NE(detail_of(down.error()).find("server 7"), std::string::npos);
}

// --- the operator's key ---

class raida_operator_key : public ::testing::Test {
protected:
  test::temporary_folder folder;
  const std::filesystem::path& dir = folder.path();
};

TEST_F(raida_operator_key, is_made_once_readable_by_its_owner_alone) {
  auto data = dir / "new" / "data";
  auto first = load_or_make_operator_key(data);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->is_zero());
  auto again = load_or_make_operator_key(data);
  ASSERT_TRUE(again);
  EXPECT_TRUE(*first == *again);
  struct stat info {};
  ASSERT_EQ(::stat((data / "operator.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(info.st_size, 16);
  ASSERT_EQ(::stat(data.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(data), {}), 1);
}

TEST_F(raida_operator_key, is_refused_when_others_can_read_it_or_it_is_cut) {
  ASSERT_TRUE(load_or_make_operator_key(dir));
  auto file = dir / "operator.key";
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  auto wide = load_operator_key(dir);
  ASSERT_FALSE(wide);
  EXPECT_EQ(code_of(wide.error()), ec::bad_config);
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  std::filesystem::resize_file(file, 15);
  EXPECT_FALSE(load_operator_key(dir));
}

TEST_F(raida_operator_key, is_not_put_where_others_may_write) {
  ASSERT_EQ(::chmod(dir.c_str(), 0777), 0);
  auto key = load_or_make_operator_key(dir);
  ASSERT_FALSE(key);
  EXPECT_EQ(code_of(key.error()), ec::bad_config);
}

} // namespace
} // namespace liveconnect::raida
