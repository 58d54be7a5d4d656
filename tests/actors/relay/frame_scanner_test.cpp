#include <numeric>
#include <optional>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "actors/relay/frame_scanner.hpp"

namespace liveconnect {
namespace {

const std::string address = "203.0.113.7";
constexpr size_t growth = 10; // of `address`

/// What a scanner makes of a stream that comes in pieces: the frames, rewritten, and how it ended.
struct scanned {
  std::vector<std::string> frames;
  std::string rewritten;
  std::vector<bool> joins;
  scan_result end = scan_result::more;
};

scanned scan(const std::vector<std::string>& pieces, size_t limit = frame_bytes_max,
             const std::string& from = address) {
  scanned out;
  frame_scanner scanner(limit, from.size() - 1);
  frame_gatherer gathered;
  std::string unread;
  for (const auto& piece : pieces) {
    unread += piece;
    for (;;) {
      out.end = scanner.scan(byte_view(unread));
      if (out.end != scan_result::frame)
        break;
      const auto text = byte_view(unread).sub(scanner.begin(), scanner.size());
      out.frames.emplace_back(text.text());
      out.joins.push_back(scanner.joins());
      gathered.add(text, scanner.placeholders(), from);
      for (const auto& x : gathered.pieces())
        out.rewritten.append(static_cast<const char*>(x.iov_base), x.iov_len);
      gathered.clear();
      unread.erase(0, scanner.begin() + scanner.size());
      scanner.next();
    }
    if (out.end != scan_result::more)
      return out;
  }
  return out;
}

scanned scan(const std::string& text, size_t limit = frame_bytes_max) {
  return scan(std::vector<std::string>{text}, limit);
}

TEST(frame_scanner, finds_the_frames_of_a_transfers_steps) {
  const auto x = scan("<# Heartbeat>\n<# 3439>\r\n <# Ready_To_Send_Coins>\n<# coin>YWJj</coin>"
                      "<# coin i=\"1\" n=\"2\" a=\"x\">YQ==</coin>\n<# receipt>  </receipt>\n");
  EXPECT_EQ(x.frames, (std::vector<std::string>{"<# Heartbeat>", "<# 3439>",
                                                "<# Ready_To_Send_Coins>", "<# coin>YWJj</coin>",
                                                "<# coin i=\"1\" n=\"2\" a=\"x\">YQ==</coin>",
                                                "<# receipt>  </receipt>"}));
  EXPECT_EQ(x.end, scan_result::more);
}

TEST(frame_scanner, writes_the_address_over_every_placeholder) {
  const auto x = scan("<# Heartbeat h=\"#\"><# coin>a#b##</coin>\n<# Wink # and #>\n");
  EXPECT_EQ(x.rewritten, "<203.0.113.7 Heartbeat h=\"203.0.113.7\">\n"
                         "<203.0.113.7 coin>a203.0.113.7b203.0.113.7203.0.113.7</coin>\n"
                         "<203.0.113.7 Wink 203.0.113.7 and 203.0.113.7>\n");
  const auto y = scan("{\"from\":\"#\",\"Message Number\":77,\"Message_Details\":\"# #\"}\n");
  EXPECT_EQ(y.rewritten, "{\"from\":\"203.0.113.7\",\"Message Number\":77,"
                         "\"Message_Details\":\"203.0.113.7 203.0.113.7\"}\n");
}

TEST(frame_scanner, long_pieces_go_out_from_where_they_lie) {
  const std::string text = "<# coin>" + std::string(5000, 'A') + "</coin>";
  frame_gatherer x;
  x.add(byte_view(text), 1, address);
  const auto& pieces = x.pieces();
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[1].iov_base, text.data() + 2);
  EXPECT_EQ(x.size(), text.size() + growth + 1);
}

TEST(frame_scanner, finds_json_objects_whatever_their_lines) {
  const auto x =
      scan("{\n\"from\": \"#\",\n\"Message Number\": 1,\n\"Message_Details\": "
           "\"dfs\\\"}{dfs\",\n}\n{\"from\" : \"#\" ,\"Message Number\":9,\"x\":{\"from\":"
           "[1,\"}\"]}}{\"from\":\"#\"}");
  ASSERT_EQ(x.frames.size(), 3u);
  EXPECT_EQ(x.frames[2], "{\"from\":\"#\"}");
  EXPECT_EQ(x.end, scan_result::more);
}

TEST(frame_scanner, knows_a_join_in_both_notations) {
  const auto x = scan("<# Join_Room 42>\n<# Join_Rooms>\n{\"from\":\"#\",\"Message Number\": 100 }"
                      "{\"from\":\"#\",\"Message Number\":1,\"Message_Details\":\"100\"}");
  EXPECT_EQ(x.joins, (std::vector<bool>{true, false, true, false}));
}

TEST(frame_scanner, refuses_any_from_word_that_is_not_the_placeholder_alone) {
  for (const auto* text :
       {"<relay Peer_Left x>", "<203.0.113.9 Heartbeat>", "< # Heartbeat>", "<#Heartbeat>",
        "<## Heartbeat>", "<\t# Heartbeat>", "<>", "{\"from\":\"relay\"}", "{\"from\":\"##\"}",
        "{\"from\":\"# \"}", "{\"from\":\"\\u0023\"}", "{\"from\":35}", "{\"from\":[\"#\"]}",
        "{\"Message Number\":1,\"from\":\"#\"}", "{\"fro\\u006d\":\"#\"}", "{}",
        "{\"From\":\"#\"}"})
    EXPECT_EQ(scan(text).end, scan_result::wrong_from) << text;
}

TEST(frame_scanner, says_so_at_the_first_wrong_byte) {
  EXPECT_EQ(scan("<r").end, scan_result::wrong_from);
  EXPECT_EQ(scan("{\"x\":").end, scan_result::wrong_from);
}

TEST(frame_scanner, refuses_what_is_not_in_the_grammar) {
  for (const auto* text :
       {"hello", "# Heartbeat", "</coin>", "<#>", "<# >", "<# <# Heartbeat>>", "<# a\nb>",
        "<# Wink \x1b[31m>", "<# -x>", "<# coin>abc<relay Peer_Left x></coin>",
        "<# coin>abc</receipt>", "<# Wink>abc</Wine>", "{\"from\":\"#\",\"from\":\"relay\"}",
        "{\"from\":\"#\",\"fr\\u006fm\":\"relay\"}", "{\"from\":\"#\",,}", "[1]"})
    EXPECT_EQ(scan(text).end, scan_result::malformed) << text;
}

TEST(frame_scanner, an_unknown_name_may_have_a_body_right_behind_it) {
  const auto x = scan("<# Wink>eyes</Wink>\n<# Wink>\neyes");
  EXPECT_EQ(x.frames, (std::vector<std::string>{"<# Wink>eyes</Wink>", "<# Wink>"}));
  EXPECT_EQ(x.end, scan_result::malformed);
  EXPECT_EQ(scan("<# Wink><# Heartbeat>").frames.size(), 2u);
  EXPECT_EQ(scan("<# Ready_To_Send_Coins>YQ==</Ready_To_Send_Coins>").frames.size(), 1u);
}

TEST(frame_scanner, holds_the_bound_after_replacement) {
  const auto frame = [](size_t placeholders, size_t size) {
    std::string out = "<# coin>" + std::string(placeholders, '#');
    out += std::string(size - out.size() - 7, 'A') + "</coin>";
    return out;
  };
  // One `#` is the from-word.
  EXPECT_EQ(scan(frame(0, frame_bytes_max - growth)).frames.size(), 1u);
  EXPECT_EQ(scan(frame(0, frame_bytes_max - growth + 1)).end, scan_result::too_long);
  EXPECT_EQ(scan(frame(9, frame_bytes_max - 10 * growth)).frames.size(), 1u);
  EXPECT_EQ(scan(frame(9, frame_bytes_max - 10 * growth + 1)).end, scan_result::too_long);
  EXPECT_EQ(scan("<# Heartbeat" + std::string(frame_bytes_max, ' ')).end, scan_result::too_long);
  EXPECT_EQ(scan("<# coin>" + std::string(frame_bytes_max / 11, '#')).end, scan_result::too_long);
  EXPECT_EQ(scan("{\"from\":\"#\",\"x\":\"" + std::string(frame_bytes_max, 'x')).end,
            scan_result::too_long);
}

TEST(frame_scanner, blanks_between_frames_belong_to_none) {
  const auto x = scan(std::string(3 * frame_bytes_max, '\n') + "<# Heartbeat>");
  EXPECT_EQ(x.frames.size(), 1u);
}

// --- properties ---------------------------------------------------------------------------------

using rc::gen::arbitrary;

/// Text that a message may carry, now and then with `#`.
rc::Gen<std::string> words() {
  return rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcXYZ019 .:-_,;!?")));
}

rc::Gen<std::string> base64_text() {
  return rc::gen::map(rc::gen::inRange<size_t>(0, 400), [](size_t groups) {
    std::string out;
    for (size_t i = 0; i < groups; ++i)
      out += "YWJj";
    return out;
  });
}

/// A well-formed frame of ours in either notation, as its encoder writes it.
rc::Gen<std::string> written_frame() {
  return rc::gen::exec([] {
    frame x;
    const auto& row =
        *rc::gen::elementOf(std::vector<catalogue_row>(catalogue().begin(), catalogue().end()));
    auto how = *rc::gen::element(notation::tag, notation::json);
    switch (*rc::gen::inRange(0, 10)) {
    case 0:
      how = notation::tag;
      x.tag = "Unknown_" + std::to_string(*rc::gen::inRange(0, 99));
      x.details = *words();
      break;
    case 1:
      how = notation::json;
      x.number = *rc::gen::inRange<uint16_t>(200, 999);
      x.details = *words();
      break;
    default:
      x.number = to_integer(row.number);
      if (row.details == details_kind::amount)
        x.details = std::to_string(*rc::gen::inRange(1, 99999999));
      else if (row.details == details_kind::body || row.details == details_kind::optional_body)
        x.details = *base64_text();
      else if (row.details != details_kind::none)
        x.details = *words();
    }
    if (*arbitrary<bool>())
      x.auth = "abcdefghijklmnopqrstuv==";
    if (*rc::gen::inRange(0, 4) == 0) {
      x.count = *rc::gen::inRange<uint32_t>(1, 20);
      x.index = *rc::gen::inRange<uint32_t>(1, x.count + 1);
    }
    return encode(x, how);
  });
}

std::vector<frame> parse_all(const std::string& text) {
  frame_reader reader;
  reader.feed(byte_view(text));
  std::vector<frame> out;
  for (;;) {
    auto x = reader.next();
    RC_ASSERT(bool(x));
    if (!*x)
      return out;
    out.push_back(std::move(**x));
  }
}

/// A stream cut at arbitrary places.
std::vector<std::string> cut(const std::string& text) {
  std::vector<std::string> out;
  size_t at = 0;
  while (at < text.size()) {
    const auto size = *rc::gen::inRange<size_t>(1, 2 + (text.size() - at) / 2);
    out.push_back(text.substr(at, size));
    at += size;
  }
  return out;
}

RC_GTEST_PROP(frame_scanner_property_test,
              what_is_rewritten_means_the_same_from_the_senders_address, ()) {
  std::string stream;
  for (int i = *rc::gen::inRange(1, 6); i > 0; --i)
    stream += *written_frame();
  const auto out = scan(stream);
  auto before = parse_all(stream);
  const auto after = parse_all(out.rewritten);
  for (auto& x : before)
    x.from = address;
  RC_ASSERT(out.end == scan_result::more);
  RC_ASSERT(before.size() == after.size());
  for (size_t i = 0; i < before.size(); ++i)
    RC_ASSERT(before[i] == after[i]);
}

RC_GTEST_PROP(frame_scanner_property_test, any_split_gives_the_same_frames, ()) {
  std::string stream;
  for (int i = *rc::gen::inRange(1, 6); i > 0; --i)
    stream += *written_frame();
  const auto whole = scan(stream);
  const auto pieces = scan(cut(stream));
  RC_ASSERT(whole.frames == pieces.frames);
  RC_ASSERT(whole.rewritten == pieces.rewritten);
  std::vector<std::string> single;
  for (const char c : stream)
    single.emplace_back(1, c);
  RC_ASSERT(scan(single).frames == whole.frames);
}

RC_GTEST_PROP(frame_scanner_property_test, any_bytes_end_the_same_way_however_they_are_split, ()) {
  // Bytes that are often close to the grammar.
  const auto part =
      rc::gen::oneOf(rc::gen::elementOf(std::vector<std::string>{"<#",
                                                                 "<# ",
                                                                 ">",
                                                                 "<",
                                                                 "</",
                                                                 "coin",
                                                                 "receipt",
                                                                 "Wink",
                                                                 "# ",
                                                                 "#",
                                                                 " ",
                                                                 "\n",
                                                                 "{",
                                                                 "}",
                                                                 "\"from\"",
                                                                 ":",
                                                                 "\"#\"",
                                                                 ",",
                                                                 "\"",
                                                                 "\\",
                                                                 "[",
                                                                 "]",
                                                                 "\"Message Number\"",
                                                                 "100",
                                                                 "<# coin>",
                                                                 "</coin>",
                                                                 "<# Heartbeat>",
                                                                 "{\"from\":\"#\"",
                                                                 "relay",
                                                                 "Ready_To_Send_Coins"}),
                     rc::gen::map(arbitrary<char>(), [](char c) { return std::string(1, c); }));
  const auto parts = *rc::gen::container<std::vector<std::string>>(part);
  const auto stream = std::accumulate(parts.begin(), parts.end(), std::string{});
  const size_t limit = *rc::gen::element<size_t>(30, 100, frame_bytes_max);
  const auto whole = scan(stream, limit);
  const auto pieces = scan(cut(stream), limit);
  RC_ASSERT(whole.frames == pieces.frames);
  // A shorter look may see the bound before it sees the other fault.
  if (whole.end != scan_result::too_long && pieces.end != scan_result::too_long)
    RC_ASSERT(whole.end == pieces.end);
  // Nothing that leaves has a from of the sender's choice.
  for (const auto& x : whole.frames)
    RC_ASSERT(x.rfind("<# ", 0) == 0 || (x.front() == '{' && x.find("\"from\"") != x.npos));
}

RC_GTEST_PROP(frame_scanner_property_test, what_the_reader_takes_the_scanner_takes,
              (const std::string& tail)) {
  std::string stream = *written_frame();
  stream += *rc::gen::element<std::string>("", "<# Wink>", "{\"from\":\"#\"", "x") + tail;
  frame_reader reader;
  reader.feed(byte_view(stream));
  size_t read = 0;
  for (;;) {
    const auto x = reader.next();
    if (!x || !*x)
      break;
    RC_PRE((*x)->from == "#");
    ++read;
  }
  RC_ASSERT(scan(stream).frames.size() >= read);
}

} // namespace
} // namespace liveconnect
