#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "messages/base/base64.hpp"
#include "messages/base/error.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect {
namespace {

constexpr notation both_notations[] = {notation::tag, notation::json};

/// All frames of a text, and whether it ended in an error.
struct reading {
  std::vector<frame> frames;
  bool failed = false;
  std::string why;
};

void drain(frame_reader& from, reading& to) {
  for (;;) {
    auto x = from.next();
    if (!x) {
      EXPECT_EQ(code_of(x.error()), ec::bad_frame);
      to.failed = true;
      to.why = detail_of(x.error());
      return;
    }
    if (!*x)
      return;
    to.frames.push_back(std::move(**x));
  }
}

reading read(std::string_view text, size_t limit = frame_bytes_max) {
  frame_reader reader(limit);
  reading out;
  reader.feed(byte_view(text));
  drain(reader, out);
  return out;
}

frame read_one(std::string_view text) {
  auto out = read(text);
  EXPECT_FALSE(out.failed) << out.why << " in " << text;
  EXPECT_EQ(out.frames.size(), 1u) << text;
  return out.frames.empty() ? frame{} : out.frames.front();
}

/// A frame that says what its row allows, at its fullest.
frame sample(const catalogue_row& row) {
  frame out;
  if (row.from == author::relay)
    out.from = "relay";
  out.number = to_integer(row.number);
  switch (row.details) {
  case details_kind::none:
    break;
  case details_kind::amount:
    out.details = "3439";
    break;
  case details_kind::body:
  case details_kind::optional_body:
    out.details = base64_encode(byte_view(std::string_view{"sealed bytes"}));
    out.index = 1;
    out.count = 12;
    break;
  case details_kind::receipt_hash:
    out.details = std::string(64, 'a');
    break;
  case details_kind::join:
    out.details = "4182907731 00112233445566778899aabbccddeeff";
    break;
  case details_kind::seat:
    out.details = "42 [2001:db8::1]:55012 2";
    break;
  case details_kind::address:
    out.details = "198.51.100.20:55012";
    break;
  case details_kind::reason:
    out.details = "user";
    break;
  case details_kind::reason_and_sentence:
    out.details = "crowded The room has two people in it.";
    break;
  }
  if (row.details != details_kind::body && out.from == "#")
    out.auth = "AAAAAAAAAAAAAAAAAAAAAA==";
  return out;
}

TEST(frame_test, every_row_of_the_catalogue_comes_back_in_both_notations) {
  for (const auto& row : catalogue())
    for (auto how : both_notations) {
      const auto x = sample(row);
      const auto text = encode(x, how);
      ASSERT_FALSE(text.empty()) << row.tag;
      EXPECT_EQ(text.back(), '\n');
      EXPECT_EQ(std::count(text.begin(), text.end(), '#'), x.from == "#" ? 1 : 0) << text;
      const auto back = read_one(text);
      EXPECT_EQ(back, x) << text;
      EXPECT_EQ(back.how, how);
    }
}

TEST(frame_test, is_written_as_in_the_original_description) {
  EXPECT_EQ(encode(make_frame(message_number::heartbeat), notation::tag), "<# Heartbeat>\n");
  EXPECT_EQ(encode(make_frame(message_number::amount, "3439"), notation::tag), "<# 3439>\n");
  EXPECT_EQ(encode(make_frame(message_number::ready_to_send_coins), notation::tag),
            "<# Ready_To_Send_Coins>\n");
  auto coin = make_frame(message_number::coin, "QkFTRTY0");
  coin.index = 1;
  coin.count = 2;
  EXPECT_EQ(encode(coin, notation::tag), "<# coin i=\"1\" n=\"2\">QkFTRTY0</coin>\n");
  EXPECT_EQ(encode(make_frame(message_number::amount, "3439"), notation::json),
            "{\"from\":\"#\",\"Message Number\":4,\"Message_Details\":\"3439\"}\n");
  EXPECT_EQ(
      encode(make_relay_frame(message_number::peer_joined, "198.51.100.20:55012"), notation::tag),
      "<relay Peer_Joined 198.51.100.20:55012>\n");
}

TEST(frame_test, the_json_sample_of_the_original_parses_as_it_stands) {
  const auto x = read_one("\n{\n\"from\": \"192.168.1.54\",\n\"Message Number\": 1,\n"
                          "\"Message_Details\": \"dfsdfs\",\n}\n\n");
  EXPECT_EQ(x.how, notation::json);
  EXPECT_EQ(x.from, "192.168.1.54");
  EXPECT_TRUE(x.is(message_number::heartbeat));
  EXPECT_EQ(x.details, "dfsdfs");
}

TEST(frame_test, reads_the_steps_of_the_original_as_they_stand) {
  const auto all = read("<# Heartbeat><# Empty_Import_Export><# Import_Export_Empty><# 3439>"
                        "<# Ready_To_Send_Coins><# Ready_To_Receive>"
                        "<# coin> QkFTRTY0 </coin><# coin>QkFTRTY0</coin><# receipt>  </receipt>");
  ASSERT_FALSE(all.failed) << all.why;
  std::vector<uint16_t> numbers;
  for (const auto& x : all.frames)
    numbers.push_back(x.number);
  EXPECT_EQ(numbers, (std::vector<uint16_t>{1, 2, 3, 4, 21, 13, 24, 24, 17}));
  EXPECT_EQ(all.frames[6].details, "QkFTRTY0");
  EXPECT_EQ(all.frames[8].details, "");
}

TEST(frame_test, shows_the_address_that_the_relay_put_in) {
  EXPECT_EQ(read_one("<203.0.113.7 Heartbeat>").from, "203.0.113.7");
  EXPECT_EQ(read_one("<2001:db8::7 3439>").from, "2001:db8::7");
  EXPECT_EQ(read_one("{\"from\":\"2001:db8::7\",\"Message Number\":1}").from, "2001:db8::7");
  const auto seat = read_one("<relay Room_Joined 42 1.2.3.4:5 1>");
  EXPECT_TRUE(seat.is_from_relay());
  EXPECT_EQ(seat.details, "42 1.2.3.4:5 1");
}

TEST(frame_test, heartbeats_carry_the_handshake) {
  const auto x = read_one("<# Heartbeat v=\"1\" h=\"AAAA\" a=\"BBBB\">");
  EXPECT_EQ(x.version, 1);
  EXPECT_EQ(x.handshake, "AAAA");
  EXPECT_EQ(x.auth, "BBBB");
  const auto y = read_one("{\"from\":\"#\",\"Message Number\":1,\"Message_Details\":\"\","
                          "\"version\":1,\"handshake\":\"AAAA\",\"auth\":\"BBBB\"}");
  EXPECT_EQ(x, y);
}

TEST(frame_test, unknown_tags_numbers_and_attributes_are_frames) {
  const auto tag = read_one("<1.2.3.4 Smile wide and long tone=\"warm\" v=\"1\">\n");
  EXPECT_EQ(tag.number, 0);
  EXPECT_EQ(tag.tag, "Smile");
  EXPECT_EQ(tag.details, "wide and long");
  ASSERT_EQ(tag.more.size(), 1u);
  EXPECT_EQ(tag.more[0], (std::pair<std::string, std::string>{"tone", "warm"}));
  EXPECT_EQ(name_of(tag), "Smile");
  EXPECT_EQ(read_one(encode(tag, notation::tag)), tag);

  const auto body = read_one("<# Photo big>QUJD</Photo>");
  EXPECT_EQ(body.tag, "Photo");
  EXPECT_EQ(body.details, "big QUJD");

  const auto number = read_one("{\"from\":\"#\",\"Message Number\":77,\"Message_Details\":\"x\","
                               "\"mood\":\"fine\",\"deep\":{\"a\":[1,2]},\"list\":[1]}");
  EXPECT_EQ(number.number, 77);
  EXPECT_EQ(number.more.size(), 1u);
  EXPECT_EQ(name_of(number), "message 77");
  EXPECT_EQ(read_one(encode(number, notation::json)), number);
}

TEST(frame_test, notations_may_be_mixed_in_one_stream) {
  const auto all = read("<# Heartbeat>\n{\"from\":\"#\",\"Message Number\":2}\r\n\t <# 0.25>");
  ASSERT_EQ(all.frames.size(), 3u);
  EXPECT_EQ(all.frames[1].how, notation::json);
  EXPECT_EQ(all.frames[2].details, "0.25");
}

TEST(frame_test, a_json_amount_may_be_the_integer_of_the_original_table) {
  const auto x = read_one("{\"from\":\"#\",\"Message Number\":4,\"Message_Details\":3439}");
  EXPECT_EQ(x.details, "3439");
}

TEST(frame_test, ready_to_send_is_read_with_and_without_body) {
  for (const auto* text : {"<# Ready_To_Send_Coins>\n", "<# Ready_To_Send_Coins> \n<# Heartbeat>",
                           "<# Ready_To_Send_Coins><# Heartbeat>"}) {
    const auto all = read(text);
    ASSERT_FALSE(all.frames.empty()) << text;
    EXPECT_TRUE(all.frames[0].details.empty());
  }
  const auto full = read_one("<# Ready_To_Send_Coins i=\"1\" n=\"1\">QUJD</Ready_To_Send_Coins>");
  EXPECT_EQ(full.details, "QUJD");
  EXPECT_TRUE(read_one("<# Ready_To_Send_Coins></Ready_To_Send_Coins>").details.empty());
}

struct malformed {
  const char* what;
  std::string text;
};

const std::vector<malformed>& malformed_inputs() {
  static const std::string nul("\0", 1);
  static const std::vector<malformed> all{
      {"neither notation", "Heartbeat"},
      {"NUL between messages", nul},
      {"NUL in a head", "<# Heart" + nul + "beat>"},
      {"NUL in a JSON string",
       "{\"from\":\"#\",\"Message Number\":1,\"Message_Details\":\"" + nul + "\"}"},
      {"escaped NUL", "{\"from\":\"#\",\"Message Number\":1,\"Message_Details\":\"\\u0000\"}"},
      {"escaped newline", "{\"from\":\"#\",\"Message Number\":1,\"Message_Details\":\"\\n\"}"},
      {"no UTF-8 in a head", "<# Hello \xff\xfe>"},
      {"overlong UTF-8", "<# Hello \xc0\xaf>"},
      {"a surrogate", "<# Hello \xed\xa0\x80>"},
      {"no UTF-8 in JSON", "{\"from\":\"#\",\"Message Number\":1,\"Message_Details\":\"\xff\"}"},
      {"escape sequence", "<# Hello \x1b[31m>"},
      {"newline in a head", "<# Heart\nbeat>"},
      {"empty", "<>"},
      {"no name", "<#>"},
      {"no name after a blank", "<# >"},
      {"blank before from", "< # Heartbeat>"},
      {"# inside a word", "<# 34#9>"},
      {"# in details", "<# Cancel #>"},
      {"# in an attribute", "<# Heartbeat a=\"#\">"},
      {"# twice in front", "<## Heartbeat>"},
      {"second <", "<# Heart<beat>"},
      {"closing tag alone", "</coin>"},
      {"name that is none", "<# !x>"},
      {"amount with a sign", "<# -5>"},
      {"amount that is damaged by an address", "<# 34192.0.2.19>"},
      {"amount with a leading zero", "<# 03439>"},
      {"amount zero", "<# 0>"},
      {"amount with an exponent", "<# 1e5>"},
      {"amount with words", "<# 3439 coins>"},
      {"amount too large", "<# 12345678901>"},
      {"attribute without quotes", "<# Heartbeat a= \"x\">"},
      {"attribute not closed", "<# Heartbeat a=\"x>"},
      {"attribute twice", "<# Heartbeat a=\"x\" a=\"y\">"},
      {"unknown attribute twice", "<# Heartbeat q=\"x\" q=\"y\">"},
      {"attributes without a blank", "<# Heartbeat a=\"x\"v=\"1\">"},
      {"attribute without a name", "<# Heartbeat =\"x\">"},
      {"version zero", "<# Heartbeat v=\"0\">"},
      {"version too large", "<# Heartbeat v=\"65536\">"},
      {"index beyond count", "<# coin i=\"3\" n=\"2\">QUJD</coin>"},
      {"index without count", "<# coin i=\"3\">QUJD</coin>"},
      {"count too large", "<# coin i=\"1\" n=\"99999999999999999999\">QUJD</coin>"},
      {"body closed by another tag", "<# coin>QUJD</receipt>"},
      {"body with a message in it", "<# coin>QU<# Heartbeat>JD</coin>"},
      {"body with a blank in it", "<# coin>QU JD</coin>"},
      {"body of another alphabet", "<# coin>QU_-</coin>"},
      {"words beside a body", "<# coin of gold>QUJD</coin>"},
      {"duplicate key", "{\"from\":\"#\",\"from\":\"#\",\"Message Number\":1}"},
      {"duplicate unknown key", "{\"from\":\"#\",\"Message Number\":1,\"x\":1,\"x\":1}"},
      {"from is a number", "{\"from\":7,\"Message Number\":1}"},
      {"from is null", "{\"from\":null,\"Message Number\":1}"},
      {"from holds # among others", "{\"from\":\"a#\",\"Message Number\":1}"},
      {"from looks like a closing tag", "{\"from\":\"/coin\",\"Message Number\":1}"},
      {"from is missing", "{\"Message Number\":1}"},
      {"from is empty", "{\"from\":\"\",\"Message Number\":1}"},
      {"number is missing", "{\"from\":\"#\"}"},
      {"number 0", "{\"from\":\"#\",\"Message Number\":0}"},
      {"number 1000", "{\"from\":\"#\",\"Message Number\":1000}"},
      {"number negative", "{\"from\":\"#\",\"Message Number\":-1}"},
      {"number as text", "{\"from\":\"#\",\"Message Number\":\"1\"}"},
      {"number with a fraction", "{\"from\":\"#\",\"Message Number\":1.0}"},
      {"number huge", "{\"from\":\"#\",\"Message Number\":1e999}"},
      {"number longer than 64 bits", "{\"from\":\"#\",\"Message Number\":99999999999999999999999}"},
      {"details is an object", "{\"from\":\"#\",\"Message Number\":4,\"Message_Details\":{}}"},
      {"details is a fraction", "{\"from\":\"#\",\"Message Number\":4,\"Message_Details\":0.25}"},
      {"JSON amount that is none",
       "{\"from\":\"#\",\"Message Number\":4,\"Message_Details\":\"x\"}"},
      {"JSON amount missing", "{\"from\":\"#\",\"Message Number\":4}"},
      {"auth is a number", "{\"from\":\"#\",\"Message Number\":1,\"auth\":7}"},
      {"two trailing commas", "{\"from\":\"#\",\"Message Number\":1,,}"},
      {"nothing but a comma", "{,}"},
      {"nothing", "{}"},
      {"no JSON", "{from:#}"},
      {"brackets crossed", "{\"from\":\"#\",\"Message Number\":1]"},
      {"nested too deeply", "{\"a\":" + std::string(100'000, '[')},
      {"nested objects", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"},
  };
  return all;
}

TEST(frame_test, refuses_every_malformed_input_with_a_bounded_reason) {
  for (const auto& x : malformed_inputs()) {
    const auto out = read(x.text);
    EXPECT_TRUE(out.failed) << x.what;
    EXPECT_TRUE(out.frames.empty()) << x.what;
    EXPECT_LT(out.why.size(), 200u) << x.what;
    EXPECT_EQ(out.why, escape_for_display(out.why)) << x.what;
  }
}

TEST(frame_test, more_keys_attributes_or_text_than_the_bounds_are_refused) {
  std::string head = "<# Heartbeat", json = "{\"from\":\"#\",\"Message Number\":1";
  for (size_t i = 0; i <= frame_attributes_max; ++i) {
    head += " x" + std::to_string(i) + "=\"1\"";
    json += ",\"x" + std::to_string(i) + "\":1";
  }
  EXPECT_TRUE(read(head + ">").failed);
  EXPECT_TRUE(read(json + "}").failed);
  const auto with = [](const char* name, size_t size) {
    return std::string{"<# Heartbeat "} + name + "=\"" + std::string(size, 'x') + "\">";
  };
  EXPECT_FALSE(read(with("q", frame_attribute_value_max)).failed);
  EXPECT_TRUE(read(with("q", frame_attribute_value_max + 1)).failed);
  EXPECT_FALSE(read(with("h", frame_handshake_max)).failed);
  EXPECT_TRUE(read(with("h", frame_handshake_max + 1)).failed);
  EXPECT_TRUE(read(with("a", frame_auth_max + 1)).failed);
  EXPECT_TRUE(read("<" + std::string(frame_from_max + 1, '1') + " Heartbeat>").failed);
  EXPECT_TRUE(read("<# " + std::string(frame_tag_max + 1, 'a') + ">").failed);
}

TEST(frame_test, the_limit_holds_to_the_byte_and_without_waiting_for_the_end) {
  const std::string exact = "<# Smile " + std::string(90, 'x') + ">";
  ASSERT_EQ(exact.size(), 100u);
  EXPECT_FALSE(read(exact + "\n", 100).failed);
  EXPECT_TRUE(read(exact + "\n", 99).failed);
  const auto open = read("<# coin>" + std::string(93, 'A'), 100);
  EXPECT_TRUE(open.failed) << "an endless body must not be waited for";
  EXPECT_TRUE(read("{\"from\":\"" + std::string(200, 'x'), 100).failed);
  EXPECT_TRUE(read("<# " + std::string(200, 'x'), 100).failed);
  // Blanks between messages belong to no message.
  frame_reader reader(100);
  for (int i = 0; i < 10; ++i) {
    reader.feed(byte_view(std::string(1000, ' ')));
    const auto x = reader.next();
    ASSERT_TRUE(x);
    EXPECT_EQ(reader.pending(), 0u);
  }
}

TEST(frame_test, after_an_error_nothing_is_read_any_more) {
  frame_reader reader;
  reader.feed(byte_view(std::string_view{"<# Heartbeat>junk<# Heartbeat>"}));
  ASSERT_TRUE(reader.next());
  const auto first = reader.next();
  ASSERT_FALSE(first);
  reader.feed(byte_view(std::string_view{"<# Heartbeat>"}));
  const auto second = reader.next();
  ASSERT_FALSE(second);
  EXPECT_EQ(first.error(), second.error());
  EXPECT_EQ(reader.pending(), 0u);
}

TEST(frame_test, nothing_that_we_write_has_a_second_placeholder) {
  auto x = make_frame(message_number::cancel, "100 CloudCoin #51654.bin <b> \"q\" \x1b[0m \xff");
  x.auth = "#";
  x.more.emplace_back("name", "#");
  for (auto how : both_notations) {
    const auto text = encode(x, how);
    ASSERT_FALSE(text.empty());
    EXPECT_EQ(std::count(text.begin(), text.end(), '#'), 1) << text;
  }
  EXPECT_FALSE(read(encode(x, notation::tag)).failed);
}

TEST(frame_test, what_a_notation_cannot_say_is_not_written) {
  frame unknown;
  unknown.tag = "Smile";
  EXPECT_FALSE(encode(unknown, notation::tag).empty());
  EXPECT_TRUE(encode(unknown, notation::json).empty());
  frame number;
  number.number = 77;
  EXPECT_TRUE(encode(number, notation::tag).empty());
  EXPECT_FALSE(encode(number, notation::json).empty());
  for (auto how : both_notations) {
    EXPECT_TRUE(encode(make_frame(message_number::amount, "a lot"), how).empty());
    EXPECT_TRUE(encode(make_frame(message_number::coin, std::string(70'000, 'A')), how).empty());
  }
}

TEST(frame_test, peer_text_is_made_safe_for_a_terminal) {
  EXPECT_EQ(escape_for_display("Hello, Zoë 你好"), "Hello, Zoë 你好");
  EXPECT_EQ(escape_for_display("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(escape_for_display("a\r\n\t\x7f"), "a\\x0d\\x0a\\x09\\x7f");
  EXPECT_EQ(escape_for_display("\xc2\x9b"), "\\u{9b}");
  EXPECT_EQ(escape_for_display("\xe2\x80\xae"), "\\u{202e}");
  EXPECT_EQ(escape_for_display("\xff\xc0"), "\\xff\\xc0");
  EXPECT_EQ(escape_for_display("\\x1b"), "\\\\x1b");
  EXPECT_EQ(escape_for_display("abcdef", 3), "abc...");
  EXPECT_EQ(escape_for_display("abc", 3), "abc");
}

/// A stream of whole frames, blanks, and now and then something malformed.
rc::Gen<std::string> stream() {
  std::vector<std::string> parts;
  for (const auto& row : catalogue())
    for (auto how : both_notations)
      parts.push_back(encode(sample(row), how));
  for (const auto* x : {"<1.2.3.4 Smile wide>", "<# Photo>QUJD</Photo>", " ", "\r\n", "<# 0.25>",
                        "<# Ready_To_Send_Coins>", "{\"from\":\"#\",\"Message Number\":77,}"})
    parts.emplace_back(x);
  for (const auto& x : malformed_inputs())
    if (x.text.size() < 100)
      parts.push_back(x.text);
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(parts)),
                      [](const std::vector<std::string>& chosen) {
                        std::string out;
                        for (const auto& x : chosen)
                          out += x;
                        return out;
                      });
}

RC_GTEST_PROP(frame_test, any_split_of_the_bytes_gives_the_same_frames, ()) {
  const auto text = *stream();
  // Small limits bring the bound into play as well.
  const auto limit = *rc::gen::element<size_t>(60, 120, frame_bytes_max);
  const auto whole = read(text, limit);
  frame_reader reader(limit);
  reading split;
  size_t at = 0;
  while (at < text.size() && !split.failed) {
    const auto size = *rc::gen::inRange<size_t>(1, 20);
    reader.feed(byte_view(std::string_view{text}.substr(at, size)));
    at += size;
    drain(reader, split);
  }
  RC_ASSERT(split.frames == whole.frames);
  RC_ASSERT(split.failed == whole.failed);
}

RC_GTEST_PROP(frame_test, what_is_read_is_written_and_read_again_the_same, ()) {
  const auto all = read(*stream());
  for (const auto& x : all.frames) {
    if (x.number == 0 || find_message(x.number) == nullptr)
      continue;
    for (auto how : both_notations) {
      const auto again = read(encode(x, how));
      RC_ASSERT(again.frames.size() == 1u);
      RC_ASSERT(again.frames[0] == x);
    }
  }
}

RC_GTEST_PROP(frame_test, no_bytes_at_all_make_the_reader_keep_more_than_its_bound,
              (const std::string& noise)) {
  frame_reader reader(256);
  for (int i = 0; i < 20; ++i) {
    reader.feed(byte_view(std::string_view{i == 0 ? "<# coin>" + noise : noise}));
    for (auto x = reader.next(); x && *x; x = reader.next()) {
    }
    RC_ASSERT(reader.pending() <= 256u);
  }
}

} // namespace
} // namespace liveconnect
