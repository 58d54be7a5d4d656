#include <gtest/gtest.h>

#include "wallet/raida/note_codec.hpp"
#include "wallet/raida/packet.hpp"

namespace liveconnect::raida {
namespace {

note note_of(int8_t denomination, uint32_t serial, uint8_t an, bool with_pan = false) {
  note out;
  out.id = {denomination, serial};
  for (uint8_t i = 0; i < 3; ++i) {
    std::array<uint8_t, 16> x{};
    x.fill(static_cast<uint8_t>(an + i));
    out.ans.emplace_back(x);
    x.fill(static_cast<uint8_t>(0x80 + an + i));
    if (with_pan)
      out.pans.emplace_back(x);
  }
  return out;
}

std::string hex(const secret_bytes& x) {
  return to_hex(view(x));
}

std::string repeated(const std::string& x, size_t n) {
  std::string out;
  while (n-- > 0)
    out += x;
  return out;
}

answer answered(uint8_t status, bytes payload = {}) {
  return {outcome::answered, status, std::move(payload)};
}

TEST(note_codec, writes_notes_with_the_secret_of_the_server_asked) {
  const std::vector<note> notes{note_of(-8, 0x010203, 0x10), note_of(2, 5, 0x20),
                                note_of(6, 7, 0x30)};
  EXPECT_EQ(hex(encode_notes(notes, {0, 2}, 1)),
            "f800010203" + repeated("11", 16) + "0600000007" + repeated("31", 16));
}

TEST(note_codec, writes_both_secrets_and_zeros_where_there_is_no_second) {
  const std::vector<note> notes{note_of(0, 1, 0x10, true), note_of(-1, 2, 0x20)};
  EXPECT_EQ(hex(encode_notes_with_pans(notes, {0, 1}, 2)),
            "0000000001" + repeated("12", 16) + repeated("92", 16) + "ff00000002" +
                repeated("22", 16) + repeated("00", 16));
}

TEST(note_codec, writes_fix_serials_seed_and_a_slot_a_server) {
  std::array<uint8_t, 16> pg{};
  pg.fill(0xab);
  EXPECT_EQ(hex(encode_fix({{1, 100}, {-2, 3}}, fix_seed{pg}, {0, 0x01020304, 9})),
            "0100000064"
            "fe00000003" +
                repeated("ab", 16) + "000000000102030400000009");
}

TEST(note_codec, writes_change) {
  EXPECT_EQ(hex(encode_available(0x01020304, change_operation::join_notes, -8)), "0102030402f8");
  std::vector<note> small;
  for (uint32_t i = 0; i < 10; ++i)
    small.push_back(note_of(1, i, static_cast<uint8_t>(0x40 + i)));
  const auto out = encode_change(7, note_of(2, 9, 0x30), small, 1);
  EXPECT_EQ(out.size() + body_overhead, 253u);
  EXPECT_EQ(hex(out).substr(0, 50), "00000007"
                                    "0200000009" +
                                        repeated("31", 16));
  EXPECT_EQ(hex(out).substr(50, 42), "0100000000" + repeated("41", 16));
}

TEST(note_codec, limits_are_what_a_body_holds) {
  EXPECT_EQ(detect_notes_max, (body_max - body_overhead) / 21);
  EXPECT_EQ(pown_notes_max, (body_max - body_overhead) / 37);
  EXPECT_EQ(fix_notes_max, (body_max - body_overhead - 16 - 100) / 5);
}

// --- answers ---

struct passes {
  answer from;
  size_t count;
  std::string letters;
};

TEST(note_codec, reads_passes_by_the_table) {
  const passes table[] = {
      {answered(241), 3, "ppp"},
      {answered(242), 3, "fff"},
      // Least significant bit first.
      {answered(243, {0x01}), 3, "pff"},
      {answered(243, {0x05}), 3, "pfp"},
      {answered(243, {0x80, 0x01}), 9, "fffffffpp"},
      {answered(243, {0x02, 0x02}), 10, "fpfffffffp"},
      {answered(243, {0xff}), 8, "pppppppp"},
      // Another length than the notes ask for.
      {answered(243), 3, "eee"},
      {answered(243, {0x01, 0x00}), 3, "eee"},
      {answered(243, {0x01}), 9, "eeeeeeeee"},
      {answered(243, bytes(65536, 0xff)), 3, "eee"},
      {answered(241, {0x07}), 3, "eee"},
      {answered(242, {0x00}), 3, "eee"},
      // Statuses that are none of these.
      {answered(250), 2, "ee"},
      {answered(40), 2, "ee"},
      {answered(16), 2, "ee"},
      {answered(0), 2, "ee"},
      {{outcome::invalid, 241, {}}, 2, "ee"},
      {{outcome::silent, 241, {}}, 2, "nn"},
      {{outcome::unreachable, 0, {}}, 2, "dd"},
      {{outcome::not_asked, 0, {}}, 2, "uu"},
      {answered(241), 0, ""},
  };
  for (const auto& x : table)
    EXPECT_EQ(decode_passes(x.from, x.count), x.letters)
        << int{x.from.status} << " " << x.from.payload.size() << " of " << x.count;
}

TEST(note_codec, reads_tickets) {
  const auto all = decode_ticket(answered(241, {1, 2, 3, 4}), 2);
  EXPECT_EQ(all.letters, "pp");
  EXPECT_EQ(all.ticket, 0x01020304u);
  const auto some = decode_ticket(answered(243, {0x02, 0, 0, 0, 9}), 2);
  EXPECT_EQ(some.letters, "fp");
  EXPECT_EQ(some.ticket, 9u);
  const auto none = decode_ticket(answered(242), 2);
  EXPECT_EQ(none.letters, "ff");
  EXPECT_EQ(none.ticket, 0u);
}

TEST(note_codec, a_ticket_that_covers_no_note_is_none) {
  const auto got = decode_ticket(answered(243, {0x00, 0, 0, 0, 9}), 2);
  EXPECT_EQ(got.letters, "ff");
  EXPECT_EQ(got.ticket, 0u);
}

TEST(note_codec, a_ticket_of_the_wrong_length_or_of_zero_does_not_count) {
  for (const auto& x : {answered(241), answered(241, {1, 2, 3}), answered(241, {1, 2, 3, 4, 5}),
                        answered(241, {0, 0, 0, 0}), answered(243, {1, 2, 3, 4}),
                        answered(243, {1, 0, 0, 0, 0}), answered(242, {1, 2, 3, 4}), answered(42),
                        answered(40), answer{outcome::invalid, 241, {1, 2, 3, 4}}}) {
    const auto got = decode_ticket(x, 2);
    EXPECT_EQ(got.letters, "ee") << int{x.status};
    EXPECT_EQ(got.ticket, 0u);
  }
  EXPECT_EQ(decode_ticket({outcome::silent, 0, {}}, 2).letters, "nn");
}

TEST(note_codec, reads_find) {
  using f = find_answer;
  const std::vector<f> both_an{f::an, f::an};
  EXPECT_EQ(decode_find(answered(209), 2).notes, both_an);
  EXPECT_EQ(decode_find(answered(210), 2).notes, (std::vector<f>{f::pan, f::pan}));
  EXPECT_EQ(decode_find(answered(208), 2).notes, (std::vector<f>{f::neither, f::neither}));
  EXPECT_EQ(decode_find(answered(211, {2, 0, 1}), 3).notes,
            (std::vector<f>{f::pan, f::neither, f::an}));
  EXPECT_EQ(decode_find({outcome::not_asked, 0, {}}, 1).notes, (std::vector<f>{f::not_asked}));
}

TEST(note_codec, a_malformed_find_answer_is_unknown) {
  for (const auto& x :
       {answered(211), answered(211, {1}), answered(211, {1, 2, 0}), answered(211, {1, 3}),
        answered(209, {1, 1}), answered(208, {0}), answered(241), answered(250), answered(39),
        answer{outcome::silent, 209, {}}, answer{outcome::invalid, 209, {}},
        answer{outcome::unreachable, 0, {}}}) {
    const auto got = decode_find(x, 2);
    EXPECT_EQ(got.notes, (std::vector<find_answer>(2, find_answer::unknown))) << int{x.status};
    EXPECT_FALSE(got.some_unknown);
  }
}

TEST(note_codec, a_find_refused_for_a_serial_says_which_only_when_alone) {
  const auto two = decode_find(answered(40), 2);
  EXPECT_TRUE(two.some_unknown);
  EXPECT_EQ(two.notes, (std::vector<find_answer>(2, find_answer::unknown)));
  const auto one = decode_find(answered(40), 1);
  EXPECT_FALSE(one.some_unknown);
  EXPECT_EQ(one.notes, (std::vector<find_answer>{find_answer::no_such_note}));
}

TEST(note_codec, reads_available_serials) {
  const auto got = decode_available(answered(250, {0x01, 0, 0, 0, 5, 0, 0x0f, 0x9f, 0xff}),
                                    change_operation::break_note, 2);
  EXPECT_EQ(got.letter, 'p');
  EXPECT_EQ(got.target, 1);
  EXPECT_EQ(got.serials, (std::vector<uint32_t>{5, serial_max}));
  EXPECT_EQ(decode_available(answered(250, {0xf9}), change_operation::join_notes, -8).letter, 'p');
}

TEST(note_codec, refuses_available_serials_that_cannot_be) {
  const auto op = change_operation::break_note;
  bytes many{1};
  for (uint8_t i = 0; i < 65; ++i)
    many.insert(many.end(), {0, 0, 0, i});
  for (const auto& x :
       {answered(250), answered(250, {1, 0}), answered(250, {1, 0, 0, 0}), answered(250, {2}),
        answered(250, {3}), answered(250, {1, 0, 0x0f, 0xa0, 0x00}),
        answered(250, {1, 0, 0, 0, 5, 0, 0, 0, 5}), answered(250, many), answered(198),
        answered(40), answer{outcome::invalid, 250, {1}}}) {
    const auto got = decode_available(x, op, 2);
    EXPECT_EQ(got.letter, 'e') << int{x.status} << " " << x.payload.size();
    EXPECT_TRUE(got.serials.empty());
  }
  EXPECT_EQ(decode_available({outcome::silent, 0, {}}, op, 2).letter, 'n');
}

TEST(note_codec, reads_change_and_success) {
  EXPECT_EQ(decode_change(answered(250)), 'p');
  EXPECT_EQ(decode_change(answered(242)), 'f');
  for (auto status : std::initializer_list<uint8_t>{40, 41, 160, 198, 241, 0})
    EXPECT_EQ(decode_change(answered(status)), 'e') << int{status};
  EXPECT_EQ(decode_change({outcome::silent, 250, {}}), 'n');
  EXPECT_EQ(decode_success(answered(250)), 'p');
  EXPECT_EQ(decode_success(answered(6)), 'e');
  EXPECT_EQ(decode_success({outcome::unreachable, 0, {}}), 'd');
  const bytes digits{'2', '0', '2', '5', '0', '3', '2', '3'};
  EXPECT_EQ(decode_version(answered(250, digits)), "20250323");
  EXPECT_EQ(decode_version(answered(250, {'2', '0', '2', '5', '0', '3', '2', 0x1b})), "");
  EXPECT_EQ(decode_version(answered(250, {'1'})), "");
  EXPECT_EQ(decode_version({outcome::silent, 250, digits}), "");
}

TEST(note_codec, reserved_secrets_are_never_drawn) {
  std::array<uint8_t, 16> x{};
  EXPECT_TRUE(is_reserved(authenticity_number{x}));
  x[0] = 1;
  EXPECT_FALSE(is_reserved(authenticity_number{x}));
  x[14] = x[15] = 0xee;
  EXPECT_TRUE(is_reserved(authenticity_number{x}));
  x[12] = x[13] = x[14] = x[15] = 0xff;
  EXPECT_TRUE(is_reserved(authenticity_number{x}));
  x[12] = 0xfe;
  EXPECT_FALSE(is_reserved(authenticity_number{x}));
  const auto drawn = draw_ans(25);
  ASSERT_EQ(drawn.size(), 25u);
  for (size_t i = 0; i < drawn.size(); ++i) {
    EXPECT_FALSE(is_reserved(drawn[i]));
    for (size_t k = 0; k < i; ++k)
      EXPECT_NE(drawn[i], drawn[k]);
  }
  EXPECT_NE(draw_session(), 0u);
}

} // namespace
} // namespace liveconnect::raida
