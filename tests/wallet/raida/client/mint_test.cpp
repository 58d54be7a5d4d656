#include <algorithm>
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

TEST(raida_mint, serials_are_drawn_from_all_over_the_range) {
  raida_lab lab;
  auto notes = mint_notes(lab, lab.operator_key(), {{0, 100}});
  ASSERT_TRUE(notes);
  std::vector<uint32_t> serials;
  for (const auto& x : *notes)
    serials.push_back(x.id.serial);
  EXPECT_GT(serials.back() - serials.front(), serial_max / 4);
  auto more = mint_notes(lab, lab.operator_key(), {{0, 1}});
  ASSERT_TRUE(more);
  EXPECT_NE(more->front().id.serial, serials.front());
}

/// Keeps what the operator's create was asked for.
class port_that_notes_lists final : public raida_port {
public:
  explicit port_that_notes_lists(raida_lab& lab) : lab_(lab) {}
  size_t servers() const override { return lab_.servers(); }
  answers ask(const ask_all& what) override {
    if (what.what == command::admin_create)
      lists.push_back(view(what.payloads.at(0)).sub(20).copy());
    return lab_.ask(what);
  }
  std::vector<bytes> lists;

private:
  raida_lab& lab_;
};

TEST(raida_mint, the_list_that_servers_derive_first_secrets_from_has_no_order) {
  raida_lab lab;
  port_that_notes_lists port(lab);
  ASSERT_TRUE(mint_notes(port, lab.operator_key(), {{1, 20}, {0, 80}}));
  ASSERT_EQ(port.lists.size(), 1u);
  std::vector<std::pair<int8_t, uint32_t>> order;
  for (byte_reader r(port.lists[0]); r.left() > 0;) {
    const auto denomination = static_cast<int8_t>(r.u8());
    order.emplace_back(denomination, r.u32());
  }
  EXPECT_EQ(order.size(), 100u);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  EXPECT_FALSE(std::is_sorted(order.rbegin(), order.rend()));
  const auto is_ten = [](const auto& x) { return x.first == 1; };
  EXPECT_FALSE(std::is_partitioned(order.begin(), order.end(), is_ten));
}

TEST(raida_mint, each_round_is_taken_over_before_the_next_is_made) {
  raida_lab lab;
  size_t rounds = 0;
  std::vector<note> mine;
  const auto err = mint_rounds(lab, lab.operator_key(), {{0, 3000}}, [&](std::vector<note>& x) {
    ++rounds;
    // Nothing that this round did not make waits for an owner.
    for (const auto& y : mine)
      EXPECT_EQ(lab.passes(y), raida_count);
    draw_pans(x);
    auto failed = make_own(lab, x);
    mine.insert(mine.end(), x.begin(), x.end());
    return failed;
  });
  ASSERT_FALSE(err);
  EXPECT_GE(rounds, 3u);
  EXPECT_EQ(mine.size(), 3000u);
  for (const auto& x : mine)
    EXPECT_EQ(lab.passes(x), raida_count);
}

TEST(raida_mint, what_another_client_took_first_is_named_with_its_value) {
  raida_lab lab;
  const auto err =
      mint_rounds(lab, lab.operator_key(), {{2, 1}, {0, 5}}, [&](std::vector<note>& x) {
        // A thief has guessed the first ANs of two notes.
        std::vector<note> stolen;
        for (const auto& y : x)
          if (y.id.denomination == 2 || stolen.empty())
            stolen.push_back(y);
        if (stolen.size() < 2)
          stolen.push_back(x[1]);
        draw_pans(stolen);
        EXPECT_FALSE(make_own(lab, stolen));
        draw_pans(x);
        return make_own(lab, x);
      });
  EXPECT_EQ(code_of(err), ec::counterfeit_notes);
  EXPECT_NE(detail_of(err).find("2 of 6 new notes first, worth 101"), std::string::npos)
      << detail_of(err);
}

/// Loses the first Pown on its way to one server.
class port_that_loses_a_pown final : public raida_port {
public:
  port_that_loses_a_pown(raida_lab& lab, size_t server) : lab_(lab), server_(server) {}
  size_t servers() const override { return lab_.servers(); }
  answers ask(const ask_all& what) override {
    auto once = what;
    const bool loses = what.what == command::pown && !lost_;
    if (loses) {
      lost_ = true;
      once.skip.resize(servers(), false);
      once.skip[server_] = true;
    }
    auto out = lab_.ask(once);
    if (loses)
      out.list[server_].what = outcome::silent;
    return out;
  }

private:
  raida_lab& lab_;
  size_t server_;
  bool lost_ = false;
};

TEST(raida_mint, a_pown_that_was_lost_on_its_way_is_sent_again) {
  raida_lab lab;
  auto notes = mint_notes(lab, lab.operator_key(), {{0, 3}});
  ASSERT_TRUE(notes);
  draw_pans(*notes);
  port_that_loses_a_pown port(lab, 4);
  ASSERT_FALSE(make_own(port, *notes));
  for (const auto& x : *notes) {
    EXPECT_EQ(lab.passes(x), raida_count);
    EXPECT_TRUE(x.pans.empty());
  }
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

TEST(raida_mint, each_server_tells_the_operator_what_was_created_and_is_in_use) {
  raida_lab lab;
  ASSERT_TRUE(mint_notes(lab, lab.operator_key(), {{0, 3}}));
  lab.set_down(7, true);
  std::vector<bool> which(raida_count, true);
  which[8] = false;
  const auto told = ask_supply(lab, lab.operator_key(), which);
  for (size_t i = 0; i < raida_count; ++i) {
    ASSERT_EQ(told[i].has_value(), i != 7 && i != 8) << i;
    if (!told[i])
      continue;
    EXPECT_EQ(to_string(told[i]->created), "3");
    EXPECT_TRUE(told[i]->freed.is_zero());
    EXPECT_EQ(told[i]->live, told[i]->created);
    EXPECT_TRUE(told[i]->holds);
  }
  EXPECT_FALSE(ask_supply(lab, operator_key{}, which)[0]);
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
