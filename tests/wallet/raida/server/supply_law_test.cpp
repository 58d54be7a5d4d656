// The law of the servers (docs/design/safety.md I16): on one server the value of the notes in use
// changes only by the operator's create and free. Here are the ways in which money was once made
// from nothing, and those in which it must stay with whom it was given to.

#include <gtest/gtest.h>

#include "tests/support/raida_lab.hpp"
#include "wallet/raida/client/note_commands.hpp"
#include "wallet/raida/derive.hpp"
#include "wallet/raida/note_codec.hpp"

namespace liveconnect::raida {
namespace {

using namespace std::chrono_literals;
using test::raida_lab;

class raida_supply_law : public ::testing::Test {
protected:
  answer ask(size_t server, command what, const secret_bytes& payload) {
    auto x = encode_request(static_cast<uint8_t>(server), what, view(payload), {});
    return decode_response(x->context, lab.exchange(server, arrival::tcp, view(x->packet)));
  }

  /// Value in use on one server, by its own count.
  uint64_t value_on(size_t server) {
    const auto got = ask(server, command::count_coins, {});
    byte_reader r(got.payload);
    uint64_t units = 0;
    while (r.left() > 0) {
      const auto denomination = static_cast<int8_t>(r.u8());
      units += denomination_value(denomination).units() * r.u32();
    }
    return units;
  }

  void expect_value(note_id id) {
    for (size_t i = 0; i < lab.servers(); ++i) {
      EXPECT_EQ(value_on(i), denomination_value(id.denomination).units()) << "server " << i;
      // Nor did it need the last defence.
      EXPECT_TRUE(lab.core(i).supply().holds) << "server " << i;
    }
  }

  ticket_set tickets_for(const std::vector<note>& notes) {
    return get_tickets(lab, notes, server_choice(notes.size(), std::vector<bool>(25, true)));
  }

  /// Ten notes, one step below, with fresh secrets.
  std::vector<note> ten_below(const note& big, uint32_t first) {
    std::vector<note> out;
    for (uint32_t i = 0; i < change_count; ++i)
      out.push_back({{static_cast<int8_t>(big.id.denomination - 1), first + i},
                     draw_ans(raida_count),
                     {},
                     {}});
    return out;
  }

  uint8_t change_at(size_t server, command what, uint32_t session, const note& big,
                    const std::vector<note>& small) {
    const auto op =
        what == command::break_note ? change_operation::break_note : change_operation::join_notes;
    const auto held = what == command::break_note ? big.id.denomination : small[0].id.denomination;
    ask(server, command::available_serials, encode_available(session, op, held));
    return ask(server, what, encode_change(session, big, small, server)).status;
  }

  /// How many servers let a Fix of the notes pass.
  size_t fixes(const std::vector<note_id>& notes, const ticket_set& tickets, size_t first,
               size_t last) {
    size_t out = 0;
    for (auto server = first; server <= last; ++server)
      for (auto x : fix(lab, server, notes, pg, tickets.tickets))
        out += x == letter::passed ? 1 : 0;
    return out;
  }

  raida_lab lab;
  fix_seed pg = fix_seed::random();
};

TEST_F(raida_supply_law, tickets_taken_before_a_break_do_not_bring_the_broken_note_back) {
  const auto big = lab.mint({3, 5});
  const auto tickets = tickets_for({big});
  ASSERT_EQ(tickets.covering(0), 25u);
  const auto small = ten_below(big, 0);
  for (size_t i = 0; i < 25; ++i)
    ASSERT_EQ(change_at(i, command::break_note, 7, big, small), status::success);
  EXPECT_EQ(fixes({big.id}, tickets, 0, 24), 0u);
  expect_value(big.id);
}

TEST_F(raida_supply_law, tickets_taken_before_a_join_do_not_bring_the_ten_back) {
  std::vector<note> small;
  std::vector<note_id> ids;
  for (uint32_t i = 0; i < change_count; ++i) {
    small.push_back(lab.mint({2, i}));
    ids.push_back(small.back().id);
  }
  const auto tickets = tickets_for(small);
  const note big{{3, 0}, draw_ans(raida_count), {}, {}};
  for (size_t i = 0; i < 25; ++i)
    ASSERT_EQ(change_at(i, command::join_notes, 7, big, small), status::success);
  EXPECT_EQ(fixes(ids, tickets, 0, 24), 0u);
  expect_value(big.id);
}

TEST_F(raida_supply_law, fresh_tickets_of_others_do_not_make_a_note_where_it_was_broken) {
  const auto big = lab.mint({3, 5});
  const auto small = ten_below(big, 0);
  std::vector<note_id> ids;
  for (const auto& x : small)
    ids.push_back(x.id);
  for (size_t i = 0; i < 12; ++i)
    ASSERT_EQ(change_at(i, command::break_note, 7, big, small), status::success);
  // The thirteen others still pass the large note: their tickets are good, and yet no server makes
  // a record from them.
  EXPECT_EQ(fixes({big.id}, tickets_for({big}), 0, 11), 0u);
  ASSERT_EQ(change_at(12, command::break_note, 7, big, small), status::success);
  // Thirteen servers now pass the ten.
  EXPECT_EQ(fixes(ids, tickets_for(small), 13, 24), 0u);
  expect_value(big.id);
  EXPECT_EQ(lab.passes(big), 12u);
  for (const auto& x : small)
    EXPECT_EQ(lab.passes(x), 13u);
}

TEST_F(raida_supply_law, a_payer_does_not_take_a_note_back_with_tickets_from_before_he_paid) {
  auto paid = lab.mint({2, 9});
  const auto tickets = tickets_for({paid});
  paid.pans = draw_ans(raida_count);
  ASSERT_EQ(pown(lab, {paid})[0], std::string(25, letter::passed));
  paid.ans = paid.pans;
  EXPECT_EQ(fixes({paid.id}, tickets, 0, 24), 0u);
  EXPECT_EQ(lab.passes(paid), 25u);
}

TEST_F(raida_supply_law, a_ticket_is_void_for_a_note_as_soon_as_its_record_changes) {
  const auto kept = lab.mint({2, 1});
  const auto listed = [&](uint32_t number) {
    return read_ticket_listing(
        3, ask(3, command::validate_ticket, validate_ticket_payload(9, number)));
  };
  const auto ticket_of = [&](const note& x) {
    const auto got = ask(3, command::get_ticket, encode_notes({kept, x}, {0, 1}, 3));
    EXPECT_EQ(got.status, status::all_pass);
    return byte_reader(got.payload).u32();
  };
  // Pown, also to the secret that it has, and to another and back again.
  for (int i = 0; i < 2; ++i) {
    auto x = lab.mint({2, 10u + static_cast<uint32_t>(i)});
    const auto number = ticket_of(x);
    x.pans = x.ans;
    if (i == 1)
      x.pans[3] = draw_an();
    ASSERT_EQ(ask(3, command::pown, encode_notes_with_pans({x}, {0}, 3)).status, status::all_pass);
    std::swap(x.ans, x.pans);
    ASSERT_EQ(ask(3, command::pown, encode_notes_with_pans({x}, {0}, 3)).status, status::all_pass);
    EXPECT_EQ(listed(number)->notes, std::vector<note_id>{kept.id});
  }
  { // Pown Sum
    auto x = lab.mint({2, 20});
    const auto number = ticket_of(x);
    secret_bytes sum;
    byte_writer<secret_bytes>(sum).u8(2).u32(20).raw(x.ans[3].view()).u64(1).u64(2);
    ASSERT_EQ(ask(3, command::pown_sum, sum).status, status::all_pass);
    EXPECT_EQ(listed(number)->notes, std::vector<note_id>{kept.id});
  }
  { // Fix
    auto x = lab.mint({2, 21});
    const auto number = ticket_of(x);
    ASSERT_EQ(fixes({x.id}, tickets_for({x}), 3, 3), 1u);
    EXPECT_EQ(listed(number)->notes, std::vector<note_id>{kept.id});
  }
  { // the operator's free, and a note made anew under the same name
    auto x = lab.mint({2, 22});
    const auto number = ticket_of(x);
    secret_bytes payload;
    byte_writer<secret_bytes>(payload).u32(unchecked_session).raw(lab.operator_key().view());
    byte_writer<secret_bytes>(payload).u8(2).u32(22);
    ASSERT_EQ(ask(3, command::admin_free, payload).status, status::success);
    EXPECT_EQ(listed(number)->notes, std::vector<note_id>{kept.id});
    ASSERT_EQ(ask(3, command::admin_create, payload).status, status::success);
    EXPECT_EQ(listed(number)->notes, std::vector<note_id>{kept.id});
  }
}

TEST_F(raida_supply_law, a_pown_that_comes_while_a_fix_waits_for_others_stands) {
  auto x = lab.mint({2, 9});
  const auto tickets = tickets_for({x});
  const auto request =
      encode_request(20, command::fix, view(encode_fix({x.id}, pg, tickets.tickets)), {});
  const auto begun = lab.core(20).handle(arrival::tcp, view(request->packet), lab.now());
  ASSERT_TRUE(begun && begun->fix);
  std::vector<ticket_listing> listings;
  for (auto claim : begun->fix->claims)
    listings.push_back({claim.server, {x.id}});
  // The payee powns meanwhile.
  x.pans = draw_ans(raida_count);
  ASSERT_EQ(ask(20, command::pown, encode_notes_with_pans({x}, {0}, 20)).status, status::all_pass);
  const auto end = lab.core(20).complete_fix(*begun->fix, listings, lab.now());
  EXPECT_EQ(end.status, status::all_fail);
  EXPECT_TRUE(end.changes.empty());
}

TEST_F(raida_supply_law, the_operator_sees_what_was_created_and_freed_and_what_is_in_use) {
  lab.mint({0, 1});
  secret_bytes notes;
  byte_writer<secret_bytes>(notes).u32(unchecked_session).raw(lab.operator_key().view());
  byte_writer<secret_bytes>(notes).u8(2).u32(22).u8(2).u32(23);
  ASSERT_EQ(ask(3, command::admin_create, notes).status, status::success);
  byte_writer<secret_bytes>(notes).u8(2).u32(22).u8(2).u32(24); // twice, and one that never was
  ASSERT_EQ(ask(3, command::admin_free, notes).status, status::success);
  ASSERT_EQ(ask(3, command::admin_free, notes).status, status::success);
  secret_bytes key;
  byte_writer<secret_bytes>(key).u32(0).raw(lab.operator_key().view());
  const auto got = ask(3, command::admin_supply, key);
  ASSERT_EQ(got.status, status::success);
  byte_reader r(got.payload);
  EXPECT_EQ(r.u64(), denomination_value(0).units() + 2 * denomination_value(2).units());
  EXPECT_EQ(r.u64(), 2 * denomination_value(2).units());
  EXPECT_EQ(r.u64(), denomination_value(0).units());
  EXPECT_EQ(r.u8(), 1);
  EXPECT_TRUE(r.ok() && r.left() == 0);
  key.back() = static_cast<uint8_t>(key.back() ^ 1);
  EXPECT_EQ(ask(3, command::admin_supply, key).status, status::bad_admin_key);
}

TEST_F(raida_supply_law,
       a_server_whose_account_does_not_add_up_changes_nothing_and_goes_on_reading) {
  auto x = lab.mint({3, 5});
  const auto tickets = tickets_for({x});
  lab.store(20).set_account(supply_account{7, 0});
  ASSERT_FALSE(lab.core(20).reset());
  EXPECT_FALSE(lab.core(20).supply().holds);
  x.pans = draw_ans(raida_count);
  EXPECT_EQ(ask(20, command::detect, encode_notes({x}, {0}, 20)).status, status::all_pass);
  EXPECT_EQ(ask(20, command::find, encode_notes_with_pans({x}, {0}, 20)).status,
            status::find_all_an);
  EXPECT_EQ(ask(20, command::pown, encode_notes_with_pans({x}, {0}, 20)).status,
            status::internal_error);
  EXPECT_EQ(change_at(20, command::break_note, 7, x, ten_below(x, 0)), status::internal_error);
  EXPECT_EQ(fixes({x.id}, tickets, 20, 20), 0u);
  secret_bytes payload;
  byte_writer<secret_bytes>(payload).u32(unchecked_session).raw(lab.operator_key().view());
  byte_writer<secret_bytes>(payload).u8(3).u32(5);
  EXPECT_EQ(ask(20, command::admin_free, payload).status, status::internal_error);
  payload.back() = 6;
  EXPECT_EQ(ask(20, command::admin_create, payload).status, status::internal_error);
  EXPECT_EQ(ask(20, command::detect, encode_notes({x}, {0}, 20)).status, status::all_pass);
  EXPECT_EQ(value_on(20), denomination_value(3).units());
  // The others go on.
  EXPECT_EQ(ask(19, command::pown, encode_notes_with_pans({x}, {0}, 19)).status, status::all_pass);
}

TEST_F(raida_supply_law, more_value_than_can_be_counted_is_not_created) {
  lab.store(3).put({6, 0}, draw_an(), 45);
  lab.store(3).set_account(
      supply_account{~uint64_t{0}, ~uint64_t{0} - denomination_value(6).units()});
  ASSERT_FALSE(lab.core(3).reset());
  ASSERT_TRUE(lab.core(3).supply().holds);
  secret_bytes payload;
  byte_writer<secret_bytes>(payload).u32(unchecked_session).raw(lab.operator_key().view());
  byte_writer<secret_bytes>(payload).u8(2).u32(5);
  EXPECT_EQ(ask(3, command::admin_create, payload).status, status::bad_parameter);
}

} // namespace
} // namespace liveconnect::raida
