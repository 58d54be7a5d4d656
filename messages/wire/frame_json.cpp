// The JSON notation, the other one of the original protocol description: {"from":"#","Message
// Number":4,"Message_Details":"3439"}.
#include <algorithm>
#include <cstdio>
#include <set>

#include <nlohmann/json.hpp>

#include "messages/base/error.hpp"
#include "messages/base/utf8.hpp"
#include "messages/wire/frame_parts.hpp"

namespace liveconnect::frame_parts {

namespace {

using nlohmann::json;

constexpr std::string_view key_from = "from";
constexpr std::string_view key_number = "Message Number";
constexpr std::string_view key_details = "Message_Details";
constexpr std::string_view key_version = "version";
constexpr std::string_view key_handshake = "handshake";
constexpr std::string_view key_auth = "auth";
constexpr std::string_view key_index = "index";
constexpr std::string_view key_count = "count";

bool is_ours(std::string_view key) {
  for (auto x : {key_from, key_number, key_details, key_version, key_handshake, key_auth, key_index,
                 key_count})
    if (key == x)
      return true;
  return false;
}

/// Keys that one frame may have: ours and the unknown ones.
constexpr size_t keys_max = 8 + frame_attributes_max;

/// Fills a frame from nlohmann's event stream: nothing is built that is not kept, a duplicate key
/// is seen, and the first thing wrong ends the parse. Contents of nested values are passed over.
class frame_builder {
public:
  frame out;
  caf::error failed;

  bool null() { return value(std::string{}, kind::nothing); }
  bool boolean(bool x) { return value(x ? "true" : "false", kind::other); }
  bool number_integer(json::number_integer_t x) { return value(std::to_string(x), kind::other); }
  bool number_unsigned(json::number_unsigned_t x) { return value(std::to_string(x), kind::count); }
  bool number_float(json::number_float_t, const std::string& text) {
    return value(text, kind::other);
  }
  bool string(std::string& x) {
    if (depth_ == 1 && !utf8::is_plain(x))
      return refuse("a JSON text holds a control character");
    return value(std::move(x), kind::text);
  }
  bool binary(json::binary_t&) { return refuse("JSON has no binary values"); }

  bool start_object(std::size_t) { return nest(); }
  bool start_array(std::size_t) { return nest(); }
  bool end_object() {
    --depth_;
    return true;
  }
  bool end_array() { return end_object(); }

  bool key(std::string& name) {
    if (depth_ > 1)
      return true;
    if (!utf8::is_plain(name))
      return refuse("a JSON key holds a control character");
    if (!keys_.insert(name).second)
      return refuse("a JSON key stands twice");
    if (keys_.size() > keys_max)
      return refuse("a JSON message has too many keys");
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t at, const std::string&, const json::exception&) {
    return refuse("not JSON at byte " + std::to_string(at));
  }

  bool has(std::string_view name) const { return keys_.count(std::string{name}) > 0; }

private:
  enum class kind : uint8_t { nothing, text, count, other };

  bool refuse(std::string why) {
    if (!failed)
      failed = bad(std::move(why));
    return false;
  }

  bool nest() {
    if (++depth_ == 1)
      return true;
    return depth_ > 2 || !is_ours(key_) || refuse("a JSON key of ours holds an object or array");
  }

  bool value(std::string x, kind what) {
    if (depth_ > 1)
      return true;
    if (key_ == key_from)
      return take_from(std::move(x), what);
    if (key_ == key_number)
      return take_number(x, what);
    if (key_ == key_details) {
      // The original description calls the amount "An Integer", so one is taken as its digits.
      if (what == kind::other)
        return refuse("Message_Details is neither text nor a whole number");
      out.details = std::move(x);
      return true;
    }
    if (key_ == key_handshake || key_ == key_auth) {
      if (what != kind::text)
        return refuse("handshake and auth must be text");
      (key_ == key_auth ? out.auth : out.handshake) = std::move(x);
      return true;
    }
    if (key_ == key_version || key_ == key_index || key_ == key_count)
      return take_count(x, what);
    return take_unknown(std::move(x));
  }

  bool take_unknown(std::string x) {
    if (x.size() > frame_attribute_value_max || key_.size() > frame_attribute_name_max ||
        out.more.size() == frame_attributes_max)
      return refuse("an unknown JSON key is too long, or there are too many");
    out.more.emplace_back(key_, std::move(x));
    return true;
  }

  bool take_from(std::string x, kind what) {
    if (what != kind::text || !is_from(x))
      return refuse("\"from\" is neither \"#\" nor an address");
    out.from = std::move(x);
    return true;
  }

  bool take_number(const std::string& x, kind what) {
    uint32_t number = 0;
    if (what != kind::count || !parse_count(x, message_number_max, number))
      return refuse("\"Message Number\" is no number of 1..999");
    out.number = static_cast<uint16_t>(number);
    return true;
  }

  bool take_count(const std::string& x, kind what) {
    uint32_t number = 0;
    if ((what != kind::count && what != kind::text) || !parse_count(x, frame_count_max, number))
      return refuse("version, index or count is no number of 1..65535");
    if (key_ == key_version)
      out.version = static_cast<uint16_t>(number);
    else
      (key_ == key_index ? out.index : out.count) = number;
    return true;
  }

  std::set<std::string> keys_;
  std::string key_;
  size_t depth_ = 0;
};

/// The sample of the original protocol description ends its last pair with a comma: the comma
/// becomes a blank.
void forgive_trailing_comma(std::string& text) {
  const auto at = text.find_last_not_of(" \t\r\n", text.size() - 2);
  if (text.size() >= 2 && at != std::string::npos && text[at] == ',')
    text[at] = ' ';
}

/// A JSON string without a `#` byte, whatever `x` holds.
void put_string(std::string& out, std::string_view x) {
  char escape[8];
  out += '"';
  while (!x.empty()) {
    const auto c = utf8::first(x);
    const auto length = std::max<size_t>(c.length, 1);
    if (c.length == 0) {
      out += '?';
    } else if (c.code < 0x20 || c.code == '#' || c.code == 0x7f) {
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c.code));
      out += escape;
    } else {
      if (c.code == '"' || c.code == '\\')
        out += '\\';
      out += x.substr(0, length);
    }
    x.remove_prefix(length);
  }
  out += '"';
}

void put_key(std::string& out, std::string_view name) {
  out += ',';
  put_string(out, name);
  out += ':';
}

} // namespace

caf::expected<frame> parse_json(std::string text) {
  forgive_trailing_comma(text);
  frame_builder builder;
  const bool parsed = json::sax_parse(text, &builder);
  if (!parsed || builder.failed)
    return builder.failed ? builder.failed : bad("not a JSON object");
  if (!builder.has(key_from) || !builder.has(key_number))
    return bad("a JSON message needs \"from\" and \"Message Number\"");
  builder.out.how = notation::json;
  if (auto err = check(builder.out))
    return err;
  return std::move(builder.out);
}

std::string encode_json(const frame& x) {
  if (x.number < message_number_min || x.number > message_number_max)
    return {};
  std::string out;
  out.reserve(x.details.size() + 192);
  out += "{\"from\":";
  if (x.from == "#")
    out += "\"#\"";
  else
    put_string(out, x.from);
  put_key(out, key_number);
  out += std::to_string(x.number);
  put_key(out, key_details);
  put_string(out, x.details);
  if (x.version != 0) {
    put_key(out, key_version);
    out += std::to_string(x.version);
  }
  if (!x.handshake.empty()) {
    put_key(out, key_handshake);
    put_string(out, x.handshake);
  }
  if (!x.auth.empty()) {
    put_key(out, key_auth);
    put_string(out, x.auth);
  }
  if (x.count != 0) {
    put_key(out, key_index);
    out += std::to_string(x.index);
    put_key(out, key_count);
    out += std::to_string(x.count);
  }
  for (const auto& [name, value] : x.more) {
    if (is_ours(name))
      continue;
    put_key(out, name);
    put_string(out, value);
  }
  out += '}';
  return out;
}

} // namespace liveconnect::frame_parts
