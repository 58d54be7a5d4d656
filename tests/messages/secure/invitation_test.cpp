#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "messages/base/error.hpp"
#include "messages/base/time_text.hpp"
#include "messages/secure/invitation.hpp"

namespace liveconnect {
namespace {

invitation example() {
  invitation out;
  out.host = "relay.example.org";
  out.port = 9100;
  out.room = 4182907731;
  out.id = {0x9f, 0x0c, 0x2a, 0x7e, 0x41, 0xd3, 0xb8, 0x55,
            0x0d, 0x6c, 0x1f, 0x2e, 0x3a, 0x4b, 0x5c, 0x6d};
  out.sum = amount::from_coins(3439);
  EXPECT_TRUE(time_from_text("2026-11-23T18:00:00Z", out.expires_unix));
  for (size_t i = 0; i < 32; ++i)
    out.key.data()[i] = static_cast<uint8_t>(i * 7 + 1);
  return out;
}

std::string text_of(const secret_bytes& x) {
  return std::string{view(x).text()};
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

TEST(invitation, the_file_is_as_in_the_document) {
  const auto text = text_of(to_file_text(example()));
  EXPECT_EQ(text, "LiveConnect invitation, version 1\n"
                  "Relay: relay.example.org:9100\n"
                  "Room: 4182907731\n"
                  "Id: 9f0c2a7e41d3b8550d6c1f2e3a4b5c6d\n"
                  "Amount: 3439\n"
                  "Expires: 2026-11-23T18:00:00Z\n"
                  "Security: LC1\n"
                  "Key: " +
                      text_of(key_words(example().key)) +
                      "\n"
                      "Anyone who holds this text can take the coins. Give it to one person "
                      "only.\n");
}

TEST(invitation, both_forms_come_back) {
  std::vector<invitation> all{example(), example(), example(), example()};
  all[1].sum.reset();
  all[1].host = "2001:db8::1";
  all[2].how = security::plain;
  all[2].room = UINT64_MAX;
  all[3].host = "192.0.2.7";
  all[3].sum = amount::from_units(25'000'000);
  for (const auto& x : all)
    for (const auto& text : {to_file_text(x), to_line(x)}) {
      const auto back = parse_invitation(view(text).text());
      ASSERT_TRUE(back) << detail_of(back.error());
      EXPECT_EQ(*back, x);
      EXPECT_LE(text.size(), invitation_bytes_max);
    }
}

TEST(invitation, the_line_is_as_in_the_document) {
  const auto line = text_of(to_line(example()));
  EXPECT_EQ(line.substr(0, line.find('#')),
            "liveconnect://relay.example.org:9100/4182907731"
            "?id=9f0c2a7e41d3b8550d6c1f2e3a4b5c6d&expires=1795456800&amount=3439");
  EXPECT_EQ(line.size() - line.find('#'), 1u + 43u);
}

TEST(invitation, what_mail_programs_do_to_a_file_is_tolerated) {
  const auto text = text_of(to_file_text(example()));
  for (const auto& x :
       {replaced(text, "\n", "\r\n"), "\xef\xbb\xbf" + text, replaced(text, "\n", "  \t\n"),
        replaced(text, "\n", "\n\n"), "\n\n" + text, text.substr(0, text.size() - 1),
        replaced(text, "Room:", "Greeting: hello\nA line about nothing\nRoom:"),
        replaced(text, "Room: ", "Room:   ")}) {
    const auto back = parse_invitation(x);
    ASSERT_TRUE(back) << detail_of(back.error()) << "\n" << x;
    EXPECT_EQ(*back, example());
  }
}

TEST(invitation, what_is_wrong_is_named_with_its_line_and_without_the_key) {
  const auto text = text_of(to_file_text(example()));
  const auto words = text_of(key_words(example().key));
  const struct {
    std::string from, to, says;
  } table[] = {
      {"LiveConnect invitation, version 1", "LiveConnect invitation, version 2", "line 1"},
      {"LiveConnect invitation, version 1\n", "", "line 1"},
      {"relay.example.org:9100", "relay.example.org", "line 2: Relay"},
      {"relay.example.org:9100", "relay.example.org:0", "line 2: Relay"},
      {"relay.example.org:9100", "relay.example.org:65536", "line 2: Relay"},
      {"relay.example.org:9100", "relay example:9100", "line 2: Relay"},
      {"relay.example.org:9100", "-x:9100", "line 2: Relay"},
      {"relay.example.org:9100", "[::1:9100", "line 2: Relay"},
      {"relay.example.org:9100", "2001:db8::1:9100", "line 2: Relay"},
      {"relay.example.org:9100", std::string(300, 'a') + ":9100", "line 2: Relay"},
      {"4182907731", "0", "line 3: Room"},
      {"4182907731", "-1", "line 3: Room"},
      {"4182907731", "42a", "line 3: Room"},
      {"4182907731", "99999999999999999999", "line 3: Room"},
      {"9f0c2a7e", "9f0c2a7", "line 4: Id"},
      {"9f0c2a7e", "zz0c2a7e", "line 4: Id"},
      {"Amount: 3439", "Amount: 34#9", "line 5: Amount"},
      {"Amount: 3439", "Amount: 0", "line 5: Amount"},
      {"2026-11-23T18:00:00Z", "2026-11-31T18:00:00Z", "line 6: Expires"},
      {"2026-11-23T18:00:00Z", "2026-11-23 18:00:00", "line 6: Expires"},
      {"2026-11-23T18:00:00Z", "1970-01-01T00:00:00Z", "line 6: Expires"},
      {"Security: LC1", "Security: none", "line 7: Security"},
      {"Security: LC1", "Security: lc1", "line 7: Security"},
      {words, "vault orbit candle", "line 8: the key has 3 words"},
      {words, words + " vault", "line 8: the key has more"},
      {words, "xyzzy" + words.substr(words.find(' ')), "line 8: word 1 of the key"},
      {"Room: 4182907731", "Room: 4182907731\nRoom: 4182907731", "line 4: Room stands twice"},
      {"Room: 4182907731\n", "", "Room is missing"},
      {"Key: " + words + "\n", "", "Key is missing"},
      {"Security: LC1\n", "", "Security is missing"},
      {"Expires: 2026-11-23T18:00:00Z\n", "", "Expires is missing"},
      {"Room: 4182907731", "Room: 4182907731" + std::string(1, '\0'), "line 3: a NUL"},
      {"Room:", std::string(5000, 'x') + "\nRoom:", "longer than 4096"},
  };
  for (const auto& x : table) {
    ASSERT_NE(text.find(x.from), std::string::npos) << x.from;
    const auto out = parse_invitation(replaced(text, x.from, x.to));
    ASSERT_FALSE(out) << x.to;
    EXPECT_EQ(code_of(out.error()), ec::bad_invitation);
    const auto why = detail_of(out.error());
    EXPECT_NE(why.find(x.says), std::string::npos) << why << " / " << x.says;
    EXPECT_EQ(why.find("xyzzy"), std::string::npos) << "words of a key are not repeated";
  }
  EXPECT_FALSE(parse_invitation(""));
  EXPECT_FALSE(parse_invitation("\n\n"));
}

TEST(invitation, a_wrong_line_is_refused) {
  const auto line = text_of(to_line(example()));
  const auto key = line.substr(line.find('#') + 1);
  for (const auto& x :
       {replaced(line, "#" + key, ""), replaced(line, key, key.substr(1)),
        replaced(line, key, key + "A"), replaced(line, key, key.substr(0, 42) + "#"),
        replaced(line, ":9100", ""), replaced(line, "/4182907731", ""),
        replaced(line, "4182907731", "x"), replaced(line, "id=", "di="),
        replaced(line, "expires=", "expires=x"), replaced(line, "amount=3439", "amount=3,439"),
        replaced(line, "&amount", "&id=9f0c2a7e41d3b8550d6c1f2e3a4b5c6d&amount"),
        replaced(line, "&amount", "&security=none&amount"), line + "\nmore", line + " more",
        replaced(line, key, std::string(43, 'A')), std::string{"liveconnect://"},
        replaced(line, "expires=1795456800", "expires=253402300800")}) {
    const auto out = parse_invitation(x);
    ASSERT_FALSE(out) << x;
    EXPECT_EQ(code_of(out.error()), ec::bad_invitation);
  }
  EXPECT_TRUE(parse_invitation(line + "\r\n"));
  EXPECT_TRUE(parse_invitation("  " + line));
  EXPECT_TRUE(parse_invitation(replaced(line, "&amount", "&colour=red&amount")));
}

TEST(key_words_test, are_read_in_any_case_with_any_blanks) {
  const auto words = text_of(key_words(example().key));
  auto upper = words;
  for (auto& x : upper)
    x = static_cast<char>(std::toupper(x));
  for (const auto& x :
       {words, upper, replaced(words, " ", "\n"), "  " + replaced(words, " ", " \t ")}) {
    const auto back = parse_key_words(x);
    ASSERT_TRUE(back) << detail_of(back.error());
    EXPECT_TRUE(*back == example().key);
  }
}

TEST(key_words_test,
     a_wrong_word_is_noticed_almost_always_and_a_swap_too_and_never_gives_the_same_key) {
  const auto words = text_of(key_words(example().key));
  std::vector<std::string> list;
  for (size_t at = 0; at < words.size();) {
    const auto end = std::min(words.find(' ', at), words.size());
    list.push_back(words.substr(at, end - at));
    at = end + 1;
  }
  ASSERT_EQ(list.size(), 24u);
  size_t tried = 0, passed = 0;
  for (size_t i = 0; i + 1 < list.size(); ++i) {
    auto other = list;
    std::swap(other[i], other[i + 1]);
    std::string text;
    for (const auto& x : other)
      text += x + " ";
    const auto out = parse_key_words(text);
    ++tried;
    if (out) {
      ++passed;
      EXPECT_TRUE(*out != example().key);
    }
  }
  EXPECT_LE(passed, 2u) << "of " << tried << "; one in 256 is what 8 bits give";
}

RC_GTEST_PROP(key_words_test, any_key_comes_back, ()) {
  const auto key = secret<32>::random();
  const auto back = parse_key_words(view(key_words(key)).text());
  RC_ASSERT(back.engaged());
  RC_ASSERT(*back == key);
}

TEST(room_tag, is_derived_from_the_key_alone) {
  EXPECT_EQ(room_tag(example().key), "7c987dd33bbedc42a42938a65eea4043");
  EXPECT_NE(room_tag(secret<32>::random()), room_tag(secret<32>::random()));
}

TEST(invitation, new_ones_differ) {
  const auto x = make_invitation("relay.example.org", 9100, 1'800'000'000);
  const auto y = make_invitation("relay.example.org", 9100, 1'800'000'000, {}, 42);
  EXPECT_NE(x.id, y.id);
  EXPECT_TRUE(x.key != y.key);
  EXPECT_EQ(y.room, 42u);
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(std::to_string(random_room()).size(), 10u);
  EXPECT_EQ(x.terms().room, x.room);
  EXPECT_EQ(x.terms().invitation, x.id);
  EXPECT_EQ(x.terms().expires_unix, 1'800'000'000u);
}

TEST(relay_address, takes_names_and_both_kinds_of_address) {
  for (const auto* x : {"localhost:1", "relay.example.org:65535", "127.0.0.1:9100"})
    EXPECT_TRUE(parse_relay_address(x)) << x;
  const auto six = parse_relay_address("[::1]:9100");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "::1");
  for (const auto* x : {"", ":", ":1", "a:", "a:0", "a:01", "a b:1", "[]:1", "[x]:1", "[1.2.3.4]:1",
                        "::1:1", "a/b:1", "a#:1"})
    EXPECT_EQ(code_of(parse_relay_address(x).error()), ec::bad_argument) << x;
}

TEST(time_text_test, knows_the_calendar) {
  const std::pair<const char*, uint64_t> table[] = {{"1970-01-01T00:00:00Z", 0},
                                                    {"2000-02-29T12:34:56Z", 951827696},
                                                    {"2026-11-22T18:00:00Z", 1795370400},
                                                    {"2100-03-01T00:00:00Z", 4107542400},
                                                    {"9999-12-31T23:59:59Z", time_unix_max}};
  for (const auto& [text, seconds] : table) {
    EXPECT_EQ(time_to_text(seconds), text);
    uint64_t back = 1;
    ASSERT_TRUE(time_from_text(text, back));
    EXPECT_EQ(back, seconds);
  }
  uint64_t out = 7;
  for (const auto* x : {"", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
                        "2100-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
                        "2026-01-01T00:00:60Z", "1969-12-31T23:59:59Z", "2026-01-01T00:00:00z",
                        "2026-01-01T00:00:00", "2026-01-01T00:00:00Z ", "+026-01-01T00:00:00Z"})
    EXPECT_FALSE(time_from_text(x, out)) << x;
  EXPECT_EQ(out, 7u);
}

RC_GTEST_PROP(time_text_test, comes_back, ()) {
  const auto x = *rc::gen::inRange<uint64_t>(0, time_unix_max + 1);
  uint64_t back = 0;
  RC_ASSERT(time_from_text(time_to_text(x), back));
  RC_ASSERT(back == x);
}

} // namespace
} // namespace liveconnect
