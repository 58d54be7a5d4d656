// Rules of the server core that recordings cannot show: what may never happen, whatever is asked.

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/raida_lab.hpp"
#include "wallet/raida/derive.hpp"
#include "wallet/raida/note_codec.hpp"
#include "wallet/raida/server/server_core.hpp"

namespace liveconnect::raida {
namespace {

using namespace std::chrono_literals;
using test::raida_lab;

class raida_server_core : public ::testing::Test {
protected:
  answer ask(size_t server, command what, byte_view payload) {
    auto x = encode_request(static_cast<uint8_t>(server), what, payload, {});
    return decode_response(x->context, lab.exchange(server, arrival::tcp, view(x->packet)));
  }
  answer ask(size_t server, command what, const secret_bytes& payload) {
    return ask(server, what, view(payload));
  }
  secret_bytes notes_for(size_t server, const std::vector<note>& notes) {
    std::vector<uint32_t> all;
    for (uint32_t i = 0; i < notes.size(); ++i)
      all.push_back(i);
    return encode_notes(notes, all, server);
  }
  uint8_t detect(size_t server, const note& x) {
    return ask(server, command::detect, notes_for(server, {x})).status;
  }
  note fresh(note_id id) {
    note out;
    out.id = id;
    out.ans = draw_ans(raida_count);
    return out;
  }
  /// Ten notes of the denomination at serials that `session` reserves on server 0.
  std::vector<note> ten_targets(uint32_t session, int8_t held) {
    auto got = ask(0, command::available_serials,
                   encode_available(session, change_operation::break_note, held));
    auto offer = decode_available(got, change_operation::break_note, held);
    std::vector<note> out;
    for (size_t i = 0; i < change_count && i < offer.serials.size(); ++i)
      out.push_back(fresh({offer.target, offer.serials[i]}));
    return out;
  }
  std::vector<uint32_t> offered(uint32_t session, int8_t held) {
    auto got = ask(0, command::available_serials,
                   encode_available(session, change_operation::break_note, held));
    EXPECT_EQ(got.status, status::success);
    return decode_available(got, change_operation::break_note, held).serials;
  }
  /// Value of everything in use on server 0, from its own count.
  uint64_t value_on_server() {
    auto got = ask(0, command::count_coins, byte_view{});
    byte_reader r(got.payload);
    uint64_t units = 0;
    while (r.left() > 0) {
      auto denomination = static_cast<int8_t>(r.u8());
      units += denomination_value(denomination).units() * r.u32();
    }
    return units;
  }

  raida_lab lab;
};

TEST_F(raida_server_core, a_note_that_was_never_issued_fails_with_any_an_also_the_published_one) {
  for (uint32_t serial : {0u, 1u, 1023u, serial_max}) {
    auto x = fresh({1, serial});
    char text[32];
    std::snprintf(text, sizeof text, "4567%02x%04x%02x", 1u, serial / page_size,
                  serial % page_size);
    x.ans[0] = md5(byte_view{std::string_view{text}});
    EXPECT_EQ(detect(0, x), status::all_fail);
    x.pans = draw_ans(raida_count);
    EXPECT_EQ(ask(0, command::pown, encode_notes_with_pans({x}, {0}, 0)).status, status::all_fail);
    EXPECT_EQ(ask(0, command::get_ticket, notes_for(0, {x})).status, status::all_fail);
  }
}

TEST_F(raida_server_core, a_freed_note_fails_everywhere_although_its_an_stays) {
  auto x = lab.mint({1, 100});
  secret_bytes payload;
  byte_writer<secret_bytes>(payload).u32(0).raw(lab.operator_key().view()).u8(1).u32(100);
  ASSERT_EQ(ask(0, command::admin_free, payload).status, status::success);
  x.pans = draw_ans(raida_count);
  EXPECT_EQ(detect(0, x), status::all_fail);
  EXPECT_EQ(ask(0, command::pown, encode_notes_with_pans({x}, {0}, 0)).status, status::all_fail);
  EXPECT_EQ(ask(0, command::find, encode_notes_with_pans({x}, {0}, 0)).status,
            status::find_neither);
  EXPECT_EQ(ask(0, command::get_ticket, notes_for(0, {x})).status, status::all_fail);
  secret_bytes sum;
  byte_writer<secret_bytes>(sum).u8(1).u32(100).raw(x.ans[0].view());
  EXPECT_EQ(ask(0, command::detect_sum, sum).status, status::all_fail);
}

TEST_F(raida_server_core, serials_are_never_reduced_to_another_notes_record) {
  auto x = lab.mint({1, 100});
  x.id.serial += 67'108'864;
  EXPECT_EQ(detect(0, x), status::all_fail);
  x.id.serial = 100 + 1'024'000;
  EXPECT_EQ(detect(0, x), status::all_fail);
}

TEST_F(raida_server_core, a_sum_with_one_note_twice_proves_nothing) {
  auto x = lab.mint({1, 100});
  secret_bytes payload;
  byte_writer<secret_bytes> w(payload);
  w.u8(1).u32(100).u8(1).u32(100).u64(0).u64(0); // its AN cancels itself out
  EXPECT_EQ(ask(0, command::detect_sum, payload).status, status::all_fail);
  w.u64(1).u64(1);
  EXPECT_EQ(ask(0, command::pown_sum, payload).status, status::all_fail);
  EXPECT_EQ(detect(0, x), status::all_pass);
}

TEST_F(raida_server_core, a_wrong_or_unset_operators_key_opens_nothing) {
  secret_bytes payload;
  byte_writer<secret_bytes>(payload).u32(5).u64(0).u64(0).u64(~uint64_t{0}).u64(~uint64_t{0});
  EXPECT_EQ(ask(0, command::admin_available, payload).status, status::bad_admin_key);
  raida_lab without_key(3, secret<16>{}, "20260101");
  auto x = encode_request(0, command::admin_available, view(payload), {});
  auto got = decode_response(x->context, without_key.exchange(0, arrival::tcp, view(x->packet)));
  EXPECT_EQ(got.status, status::bad_admin_key);
}

// --- tickets ---

TEST_F(raida_server_core, a_ticket_ends_after_300_seconds) {
  auto x = lab.mint({1, 1});
  auto got = ask(0, command::get_ticket, notes_for(0, {x}));
  ASSERT_EQ(got.status, status::all_pass);
  auto number = byte_reader(got.payload).u32();
  lab.advance(300s - 1ns);
  EXPECT_EQ(ask(0, command::validate_ticket, validate_ticket_payload(1, number)).status,
            status::success);
  lab.advance(1ns);
  EXPECT_EQ(ask(0, command::validate_ticket, validate_ticket_payload(2, number)).status,
            status::no_such_ticket);
}

TEST_F(raida_server_core, the_pool_of_tickets_is_bounded_and_empties_with_time) {
  auto x = lab.mint({1, 1});
  for (size_t i = 0; i < tickets_max; ++i)
    ASSERT_EQ(ask(0, command::get_ticket, notes_for(0, {x})).status, status::all_pass);
  EXPECT_EQ(ask(0, command::get_ticket, notes_for(0, {x})).status, status::no_ticket_slot);
  lab.advance(ticket_lifetime);
  EXPECT_EQ(ask(0, command::get_ticket, notes_for(0, {x})).status, status::all_pass);
}

TEST_F(raida_server_core, a_note_listed_twice_stands_in_its_ticket_once) {
  auto x = lab.mint({1, 1});
  auto y = lab.mint({1, 2});
  auto got = ask(0, command::get_ticket, notes_for(0, {x, x, y, x}));
  ASSERT_EQ(got.status, status::all_pass);
  auto listing =
      read_ticket_listing(0, ask(0, command::validate_ticket,
                                 validate_ticket_payload(1, byte_reader(got.payload).u32())));
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->notes, (std::vector<note_id>{x.id, y.id}));
}

TEST_F(raida_server_core, a_fix_counts_one_vote_of_each_server_it_asked) {
  pending_fix fix;
  fix.notes = {{1, 1}};
  for (uint8_t i = 0; i < 13; ++i)
    fix.claims.push_back({i, 7});
  std::vector<ticket_listing> listings;
  for (uint8_t i = 0; i < 12; ++i)
    listings.push_back({i, {{1, 1}, {1, 1}, {1, 1}}});
  listings.push_back({11, {{1, 1}}}); // speaks twice
  listings.push_back({13, {{1, 1}}}); // was not asked
  EXPECT_EQ(lab.core(20).complete_fix(fix, listings, lab.now()).status, status::all_fail);
  listings.push_back({12, {{1, 1}}});
  auto out = lab.core(20).complete_fix(fix, listings, lab.now());
  EXPECT_EQ(out.status, status::all_pass);
  ASSERT_EQ(out.changes.size(), 1u);
  EXPECT_TRUE(out.changes[0].to.an == fixed_an(20, {1, 1}, fix.pg));
  EXPECT_NE(out.changes[0].to.mfs, 0);
}

// --- change ---

TEST_F(raida_server_core, a_page_is_one_sessions_for_16_seconds) {
  auto first = offered(1, 1);
  ASSERT_EQ(first.size(), available_max);
  auto second = offered(2, 1);
  ASSERT_EQ(second.size(), available_max);
  EXPECT_EQ(first.front() / page_size, 0u);
  EXPECT_EQ(first.back() / page_size, 0u);
  for (auto serial : second)
    EXPECT_NE(serial / page_size, 0u);
  lab.advance(reservation_lifetime);
  EXPECT_EQ(offered(2, 1), first);
}

/// Serials that a server offers to `session` for breaking notes of 10.
std::vector<uint32_t> offered_at(raida_lab& lab, size_t server, uint32_t session) {
  auto payload = encode_available(session, change_operation::break_note, 1);
  auto x =
      encode_request(static_cast<uint8_t>(server), command::available_serials, view(payload), {});
  auto got = decode_response(x->context, lab.exchange(server, arrival::udp, view(x->packet)));
  return decode_available(got, change_operation::break_note, 1).serials;
}

/// However the sessions overtake each other on their way to the servers: one that asks twice is
/// offered the same serials by all, and no other session is offered them meanwhile.
RC_GTEST_PROP(raida_server_cores, overlapping_sessions_agree_at_their_second_question, ()) {
  constexpr size_t server_count = 7;
  raida_lab lab(server_count);
  auto sessions = *rc::gen::unique<std::vector<uint32_t>>(8, rc::gen::inRange(1u, ~0u));
  std::map<uint32_t, std::vector<std::vector<uint32_t>>> second;
  std::vector<std::map<uint32_t, uint32_t>> holder_of_page(server_count);
  for (size_t server = 0; server < server_count; ++server) {
    // Each asks twice, in any order among the others.
    auto order = sessions;
    order.insert(order.end(), sessions.begin(), sessions.end());
    for (size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[*rc::gen::inRange<size_t>(0, i)]);
    std::set<uint32_t> asked;
    for (auto session : order) {
      auto serials = offered_at(lab, server, session);
      RC_ASSERT(serials.size() == available_max);
      RC_ASSERT(std::is_sorted(serials.begin(), serials.end()));
      for (auto serial : serials)
        RC_ASSERT(holder_of_page[server].emplace(serial / page_size, session).first->second ==
                  session);
      if (!asked.insert(session).second)
        second[session].push_back(serials);
    }
  }
  for (const auto& [session, lists] : second) {
    auto common = lists.front();
    for (const auto& list : lists) {
      std::vector<uint32_t> both;
      std::set_intersection(common.begin(), common.end(), list.begin(), list.end(),
                            std::back_inserter(both));
      common = std::move(both);
    }
    RC_ASSERT(common.size() >= change_count);
  }
}

TEST(raida_server_cores, spread_offers_come_from_pages_with_room_alone) {
  raida_lab lab(1);
  // All pages but three are full, and one of the three has two serials left.
  constexpr auto page_count = (serial_max + 1) / page_size;
  for (uint32_t serial = 0; serial <= serial_max; ++serial) {
    auto page = serial / page_size;
    if ((page != 5 && page != 700 && page != page_count - 1) ||
        (page == 700 && serial % page_size >= 2))
      lab.store(0).put({0, serial}, {}, 45);
  }
  lab.core(0).reset();
  EXPECT_EQ(offered_at(lab, 0, 1).size(), available_max); // page 5
  auto rest = offered_at(lab, 0, 2);
  EXPECT_EQ(rest.size(), 2 + available_max / pages_spread);
  for (auto serial : rest)
    EXPECT_TRUE(serial / page_size == 700 || serial / page_size == page_count - 1) << serial;
  EXPECT_TRUE(offered_at(lab, 0, 3).empty());
}

TEST_F(raida_server_core, break_and_join_take_what_no_other_session_holds) {
  auto big = lab.mint({1, 5000});
  auto small = ten_targets(7, 1);
  ASSERT_EQ(small.size(), 10u);
  EXPECT_EQ(ask(0, command::break_note, encode_change(8, big, small, 0)).status,
            status::not_reserved);
  EXPECT_EQ(ask(0, command::break_note, encode_change(0, big, small, 0)).status,
            status::not_reserved);
  EXPECT_EQ(detect(0, big), status::all_pass);
  // However late: the serials are free, and no other session waits for them.
  lab.advance(reservation_lifetime);
  EXPECT_EQ(ask(0, command::break_note, encode_change(7, big, small, 0)).status, status::success);
  EXPECT_EQ(detect(0, big), status::all_fail);
}

TEST_F(raida_server_core, a_break_over_a_note_in_use_changes_nothing_at_all) {
  auto big = lab.mint({1, 5000});
  auto victim = lab.mint({0, 3});
  lab.mint({0, 900}); // so that the page is looked at
  auto small = ten_targets(7, 1);
  small[9] = fresh(victim.id);
  auto before = value_on_server();
  EXPECT_EQ(ask(0, command::break_note, encode_change(7, big, small, 0)).status,
            status::bad_serial);
  EXPECT_EQ(value_on_server(), before);
  EXPECT_EQ(detect(0, big), status::all_pass);
  EXPECT_EQ(detect(0, victim), status::all_pass);
  for (const auto& x : small)
    EXPECT_EQ(detect(0, x), status::all_fail);
}

TEST_F(raida_server_core, break_and_join_keep_the_value_and_destroy_what_they_consume) {
  auto big = lab.mint({1, 5000});
  auto before = value_on_server();
  auto small = ten_targets(7, 1);
  EXPECT_EQ(ask(0, command::break_note, encode_change(7, big, small, 0)).status, status::success);
  EXPECT_EQ(value_on_server(), before);
  EXPECT_EQ(detect(0, big), status::all_fail);
  for (const auto& x : small)
    EXPECT_EQ(detect(0, x), status::all_pass);
  // The same again: spent.
  EXPECT_EQ(ask(0, command::break_note, encode_change(7, big, small, 0)).status, status::all_fail);

  auto got =
      ask(0, command::available_serials, encode_available(9, change_operation::join_notes, 0));
  auto offer = decode_available(got, change_operation::join_notes, 0);
  ASSERT_FALSE(offer.serials.empty());
  auto joined = fresh({1, offer.serials[0]});
  auto twice = small;
  twice[9] = twice[0];
  EXPECT_EQ(ask(0, command::join_notes, encode_change(9, joined, twice, 0)).status,
            status::bad_serial);
  EXPECT_EQ(ask(0, command::join_notes, encode_change(9, joined, small, 0)).status,
            status::success);
  EXPECT_EQ(value_on_server(), before);
  EXPECT_EQ(detect(0, joined), status::all_pass);
  for (const auto& x : small)
    EXPECT_EQ(detect(0, x), status::all_fail);
}

TEST(raida_break_limit, more_breaks_than_an_address_has_are_answered_160_and_change_nothing) {
  test::memory_store store;
  test::scripted_random random;
  server_options options;
  options.breaks_per_minute = 2;
  server_core core(options, store, random);
  const note_id id{1, 5000};
  const auto an = draw_an();
  store.put(id, an, 45);
  ASSERT_FALSE(core.reset());
  note big{id, std::vector<authenticity_number>(raida_count, an), {}, {}};
  std::vector<note> small;
  for (uint32_t i = 0; i < change_count; ++i)
    small.push_back({{0, i}, draw_ans(raida_count), {}, {}});
  moment now{std::chrono::steady_clock::time_point{} + 1000h, 45};
  auto ask = [&](command what, const secret_bytes& payload, const std::string& from) {
    endpoint at;
    EXPECT_TRUE(endpoint::parse(from, 4000, at));
    auto x = encode_request(0, what, view(payload), {});
    return core.handle(arrival::udp, view(x->packet), now, at)->answer.status;
  };
  auto wrong = big;
  wrong.ans[0] = draw_an();
  auto break_from = [&](const std::string& from, const note& which) {
    ask(command::available_serials, encode_available(7, change_operation::break_note, 1), from);
    return ask(command::break_note, encode_change(7, which, small, 0), from);
  };
  EXPECT_EQ(break_from("192.0.2.1", wrong), status::all_fail);
  EXPECT_EQ(break_from("192.0.2.1", wrong), status::all_fail);
  EXPECT_EQ(break_from("192.0.2.1", big), status::rate_limit);
  EXPECT_TRUE((*store.get(id))->an == an);
  // Others are not held up; all of a /64 is one, loopback is exempt.
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(break_from(i % 2 == 0 ? "127.0.0.9" : "::1", wrong), status::all_fail);
  EXPECT_EQ(break_from("2001:db8::1", wrong), status::all_fail);
  EXPECT_EQ(break_from("2001:db8::2", wrong), status::all_fail);
  EXPECT_EQ(break_from("2001:db8::3", wrong), status::rate_limit);
  EXPECT_EQ(break_from("2001:db8:0:1::3", wrong), status::all_fail);
  // Half a minute later there is one more.
  now.now += 30s;
  EXPECT_EQ(break_from("192.0.2.1", big), status::success);
  EXPECT_EQ(break_from("192.0.2.1", big), status::rate_limit);
}

TEST(raida_break_limit, the_table_of_addresses_is_bounded_and_forgets) {
  address_limit limit(1);
  const auto start = std::chrono::steady_clock::time_point{} + 1000h;
  endpoint from;
  ASSERT_TRUE(endpoint::parse("10.0.0.0", 1, from));
  for (size_t i = 0; i < address_limit::addresses_max + 10; ++i) {
    from.address[13] = static_cast<uint8_t>(i >> 16);
    from.address[14] = static_cast<uint8_t>(i >> 8);
    from.address[15] = static_cast<uint8_t>(i);
    EXPECT_TRUE(limit.take(from, start));
  }
  EXPECT_EQ(limit.remembered(), address_limit::addresses_max);
  EXPECT_TRUE(limit.take(from, start + 60s));
  EXPECT_EQ(limit.remembered(), 1u);
  EXPECT_FALSE(limit.take(from, start + 61s));
  address_limit none(0);
  for (int i = 0; i < 1000; ++i)
    EXPECT_TRUE(none.take(from, start));
  EXPECT_EQ(none.remembered(), 0u);
}

TEST_F(raida_server_core, a_failed_commit_leaves_neither_records_nor_tickets_nor_serials) {
  auto big = lab.mint({1, 5000});
  auto small = ten_targets(7, 1);
  auto before = value_on_server();
  lab.store(0).disk_is_full = true;
  EXPECT_EQ(ask(0, command::break_note, encode_change(7, big, small, 0)).status,
            status::internal_error);
  lab.store(0).disk_is_full = false;
  EXPECT_EQ(value_on_server(), before);
  EXPECT_EQ(detect(0, big), status::all_pass);
}

// --- any sequence of commands ---

/// Random commands from clients that know some ANs and guess others: value on the server never
/// grows, and of two AN vectors for one note at most one passes.
RC_GTEST_FIXTURE_PROP(raida_server_core, no_sequence_of_commands_makes_value_or_two_owners, ()) {
  std::vector<note> known;
  for (uint32_t i = 0; i < 12; ++i)
    known.push_back(lab.mint({static_cast<int8_t>(i < 2 ? 1 : 0), i}));
  auto start = value_on_server();
  auto pick = [&] { return known[*rc::gen::inRange<size_t>(0, known.size())]; };
  for (int step = 0; step < 12; ++step) {
    auto x = pick();
    if (*rc::gen::inRange(0, 4) == 0)
      x.ans = draw_ans(raida_count);
    auto session = *rc::gen::inRange<uint32_t>(1, 3);
    switch (*rc::gen::inRange(0, 5)) {
    case 0: {
      x.pans = draw_ans(raida_count);
      auto passes = ask(0, command::pown, encode_notes_with_pans({x}, {0}, 0));
      if (passes.status == status::all_pass) {
        RC_ASSERT(detect(0, x) == status::all_fail);
        x.ans = x.pans;
        RC_ASSERT(detect(0, x) == status::all_pass);
        known.push_back(x);
      }
      break;
    }
    case 1: {
      auto small = ten_targets(session, x.id.denomination);
      if (small.size() < change_count)
        break;
      if (*rc::gen::inRange(0, 3) == 0)
        small[0].id = pick().id;
      if (ask(0, command::break_note, encode_change(session, x, small, 0)).status ==
          status::success)
        known.insert(known.end(), small.begin(), small.end());
      break;
    }
    case 2: {
      auto got = ask(0, command::available_serials,
                     encode_available(session, change_operation::join_notes, x.id.denomination));
      auto offer = decode_available(got, change_operation::join_notes, x.id.denomination);
      std::vector<note> small;
      for (const auto& y : known)
        if (y.id.denomination == x.id.denomination && small.size() < change_count)
          small.push_back(y);
      if (small.size() < change_count || offer.serials.empty())
        break;
      auto big = fresh({offer.target, offer.serials[0]});
      if (ask(0, command::join_notes, encode_change(session, big, small, 0)).status ==
          status::success)
        known.push_back(big);
      break;
    }
    case 3:
      lab.advance(std::chrono::seconds(*rc::gen::inRange(1, 20)));
      break;
    case 4:
      ask(0, command::get_ticket, notes_for(0, {x}));
      break;
    }
    RC_ASSERT(value_on_server() == start);
  }
  std::map<note_id, std::vector<authenticity_number>> passing;
  for (const auto& x : known)
    if (detect(0, x) == status::all_pass) {
      auto& list = passing[x.id];
      for (const auto& an : list)
        RC_ASSERT(an == x.ans[0]);
      list.push_back(x.ans[0]);
    }
  uint64_t owned = 0;
  for (const auto& [id, list] : passing)
    owned += denomination_value(id.denomination).units();
  RC_ASSERT(owned == start);
}

} // namespace
} // namespace liveconnect::raida
