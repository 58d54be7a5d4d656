// The tag notation of the original protocol description: `<# Heartbeat>`, `<# 3439>`, `<# coin
// i="1" n="2">BASE64</coin>`.
#include <algorithm>
#include <array>

#include "messages/base/error.hpp"
#include "messages/base/utf8.hpp"
#include "messages/wire/frame_parts.hpp"

namespace liveconnect::frame_parts {

namespace {

std::string_view trim(std::string_view x, std::string_view blanks = " ") {
  const auto begin = x.find_first_not_of(blanks);
  if (begin == std::string_view::npos)
    return {};
  return x.substr(begin, x.find_last_not_of(blanks) - begin + 1);
}

/// The name that a frame has between `<` and `>`, and in its closing tag.
std::string_view word_of(const frame& x) {
  if (x.number == 0)
    return x.tag;
  const auto* row = find_message(x.number);
  return row == nullptr ? std::string_view{} : row->tag;
}

/// True for each byte of the base64 alphabet, padding included.
constexpr std::array<bool, 256> base64_bytes = [] {
  std::array<bool, 256> out{};
  for (const char x : {'+', '/', '='})
    out[static_cast<uint8_t>(x)] = true;
  for (uint8_t i = 0; i < 26; ++i)
    out['A' + i] = out['a' + i] = true;
  for (uint8_t i = 0; i < 10; ++i)
    out['0' + i] = true;
  return out;
}();

bool is_base64_text(std::string_view x) {
  bool all = true;
  // Without an early end, so that the loop is as fast as memory on 64 KiB of good text.
  for (const char c : x)
    all &= base64_bytes[static_cast<uint8_t>(c)];
  return all;
}

constexpr std::array<std::string_view, 5> known_names{"v", "h", "a", "i", "n"};

caf::error take_attribute(frame& x, std::string_view name, std::string_view value, unsigned& seen) {
  const auto at = std::find(known_names.begin(), known_names.end(), name);
  if (at == known_names.end()) {
    if (value.size() > frame_attribute_value_max || x.more.size() == frame_attributes_max)
      return bad("an unknown attribute is too long, or there are too many");
    for (const auto& other : x.more)
      if (other.first == name)
        return bad("an attribute stands twice");
    x.more.emplace_back(name, value);
    return caf::none;
  }
  const auto bit = 1u << (at - known_names.begin());
  if ((seen & bit) != 0)
    return bad("an attribute stands twice");
  seen |= bit;
  uint32_t number = 0;
  switch (name.front()) {
  case 'v':
    if (!parse_count(value, UINT16_MAX, number))
      return bad("the version is no number of 1..65535");
    x.version = static_cast<uint16_t>(number);
    break;
  case 'h':
    x.handshake = value;
    break;
  case 'a':
    x.auth = value;
    break;
  case 'i':
  case 'n':
    if (!parse_count(value, frame_count_max, number))
      return bad("index or count is no number of 1..65535");
    (name.front() == 'i' ? x.index : x.count) = number;
    break;
  default:
    break;
  }
  return caf::none;
}

caf::error take_attributes(frame& x, std::string_view text) {
  unsigned seen = 0;
  while (!text.empty()) {
    const auto equals = text.find("=\"");
    const auto end = equals == std::string_view::npos ? equals : text.find('"', equals + 2);
    if (end == std::string_view::npos || !is_attribute_name(text.substr(0, equals)))
      return bad("an attribute is not written name=\"value\"");
    if (auto err = take_attribute(x, text.substr(0, equals),
                                  text.substr(equals + 2, end - equals - 2), seen))
      return err;
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ' ')
      return bad("a blank is missing between attributes");
    text = trim(text);
  }
  return caf::none;
}

/// A text as the tag form can carry it; what it cannot becomes `?`.
std::string safe(std::string_view text) {
  std::string out;
  for (auto rest = text; !rest.empty();) {
    const auto x = utf8::first(rest);
    const bool carries = x.length > 0 && x.code >= 0x20 && !(x.code >= 0x7f && x.code <= 0x9f) &&
                         x.code != '#' && x.code != '<' && x.code != '>' && x.code != '"';
    const auto length = std::max<size_t>(x.length, 1);
    if (carries)
      out += rest.substr(0, length);
    else
      out += '?';
    rest.remove_prefix(length);
  }
  return out;
}

void put_attribute(std::string& out, std::string_view name, std::string_view value) {
  out += ' ';
  out += name;
  out += "=\"";
  out += safe(value);
  out += '"';
}

} // namespace

body_rule body_rule_of(const frame& x) {
  if (x.number == 0)
    return body_rule::optional;
  const auto* row = find_message(x.number);
  if (row != nullptr && row->details == details_kind::body)
    return body_rule::required;
  if (row != nullptr && row->details == details_kind::optional_body)
    return body_rule::optional;
  return body_rule::none;
}

namespace {

/// Takes the attributes, which are the part from the name before the first quotation mark on.
/// Answers the words in front of them.
caf::expected<std::string_view> take_attributes_behind(frame& out, std::string_view text) {
  auto words = text;
  std::string_view attributes;
  if (const auto quote = text.find('"'); quote != std::string_view::npos) {
    const auto blank = text.substr(0, quote).rfind(' ');
    const auto begin = blank == std::string_view::npos ? 0 : blank + 1;
    words = trim(text.substr(0, begin));
    attributes = text.substr(begin);
  }
  if (auto err = take_attributes(out, attributes))
    return err;
  return words;
}

/// Takes the second word: a message of the catalogue, an amount, or the name of an unknown message.
caf::error take_word(frame& out, std::string_view word, std::string_view words) {
  if (const auto* row = find_message(word)) {
    out.number = to_integer(row->number);
    if (!words.empty() && body_rule_of(out) != body_rule::none)
      return bad("words stand where only attributes may");
    out.details = words;
  } else if (!word.empty() && word.front() >= '0' && word.front() <= '9') {
    if (!words.empty())
      return bad("words follow an amount");
    out.number = to_integer(message_number::amount);
    out.details = word;
  } else if (is_tag(word)) {
    out.tag = word;
    out.details = words;
  } else {
    return bad("the second word of a message is not a message's name and not an amount");
  }
  return caf::none;
}

/// Version, handshake, proof, part of parts, and what is not known.
void put_attributes(std::string& out, const frame& x) {
  if (x.version != 0)
    put_attribute(out, "v", std::to_string(x.version));
  if (!x.handshake.empty())
    put_attribute(out, "h", x.handshake);
  if (!x.auth.empty())
    put_attribute(out, "a", x.auth);
  if (x.count != 0) {
    put_attribute(out, "i", std::to_string(x.index));
    put_attribute(out, "n", std::to_string(x.count));
  }
  for (const auto& [name, value] : x.more)
    if (is_attribute_name(name) &&
        std::find(known_names.begin(), known_names.end(), name) == known_names.end())
      put_attribute(out, name, value);
}

} // namespace

caf::expected<frame> parse_tag_head(std::string_view head) {
  auto text = head.substr(1, head.size() - 2);
  if (text.find_first_of("<") != std::string_view::npos || !utf8::is_plain(text))
    return bad("a message holds a control character, a byte that is not UTF-8, or a second <");
  if (!text.empty() && text.front() == '/')
    return bad("a closing tag without its message");
  frame out;
  const auto from = text.substr(0, text.find(' '));
  if (!is_from(from))
    return bad("the first word of a message is neither # nor an address");
  out.from = from;
  text = trim(text.substr(from.size()));
  const auto word = text.substr(0, text.find(' '));
  text = trim(text.substr(word.size()));
  if (text.find('#') != std::string_view::npos || word.find('#') != std::string_view::npos)
    return bad("a # stands elsewhere than at the front");

  const auto words = take_attributes_behind(out, text);
  if (!words)
    return words.error();
  if (auto err = take_word(out, word, *words))
    return err;
  if (auto err = check(out))
    return err;
  return out;
}

caf::error take_tag_body(frame& x, std::string_view body) {
  body = trim(body, " \t\r\n");
  if (x.number != 0) {
    if (!is_base64_text(body))
      return bad("a body is not base64");
    x.details = body;
    return caf::none;
  }
  if (!utf8::is_plain(body))
    return bad("a body holds a control character or a byte that is not UTF-8");
  // No end acts on an unknown message; words and body together are for the log.
  if (!x.details.empty() && !body.empty())
    x.details += ' ';
  x.details += body;
  return caf::none;
}

std::string closing_tag(const frame& x) {
  return "</" + std::string{word_of(x)} + ">";
}

std::string encode_tag(const frame& x) {
  const bool is_amount = x.is(message_number::amount);
  const auto word = is_amount ? std::string_view{x.details} : word_of(x);
  if (!is_amount && !is_tag(word))
    return {};
  const bool has_body = body_rule_of(x) != body_rule::none && x.number != 0 &&
                        (body_rule_of(x) == body_rule::required || !x.details.empty());
  std::string out;
  out.reserve(x.details.size() + 128);
  out += '<';
  out += x.from;
  out += ' ';
  out += word;
  if (!is_amount && !has_body && !x.details.empty())
    out += " " + safe(trim(x.details));
  put_attributes(out, x);
  out += '>';
  if (has_body) {
    if (!is_base64_text(x.details))
      return {};
    out += x.details;
    out += closing_tag(x);
  }
  return out;
}

} // namespace liveconnect::frame_parts
