#include "messages/wire/frame.hpp"

#include <algorithm>
#include <charconv>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "messages/wire/frame_parts.hpp"

namespace liveconnect {

using namespace frame_parts;

namespace {

/// Objects and arrays within each other that a JSON frame may have; deeper ones end the connection
/// before they are parsed.
constexpr size_t json_depth_max = 8;

/// Longest text that the relay puts in the place of one `#` (an IPv6 address), less the `#`.
constexpr size_t replacement_growth_max = 44;

bool is_blank(char x) {
  return x == ' ' || x == '\t' || x == '\r' || x == '\n';
}

bool is_letter(char x) {
  return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z');
}

bool is_digit(char x) {
  return x >= '0' && x <= '9';
}

} // namespace

namespace frame_parts {

caf::error bad(std::string what) {
  return fail(ec::bad_frame, std::move(what));
}

bool is_from(std::string_view x) {
  if (x == "#")
    return true;
  // A front `/` would make a head of the tag form look like a closing tag.
  return !x.empty() && x.size() <= frame_from_max && x.front() != '/' &&
         std::all_of(x.begin(), x.end(), [](char c) {
           return c > 0x20 && c < 0x7f && c != '#' && c != '<' && c != '>' && c != '"';
         });
}

bool is_tag(std::string_view x) {
  return !x.empty() && x.size() <= frame_tag_max && is_letter(x.front()) &&
         std::all_of(x.begin(), x.end(), [](char c) {
           return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
         });
}

bool is_attribute_name(std::string_view x) {
  return !x.empty() && x.size() <= frame_attribute_name_max && is_letter(x.front()) &&
         std::all_of(x.begin(), x.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
}

bool parse_count(std::string_view x, uint32_t max, uint32_t& out) {
  uint32_t value = 0;
  const auto* last = x.data() + x.size();
  const auto [end, error] = std::from_chars(x.data(), last, value);
  if (error != std::errc{} || end != last || x.front() == '0' || value > max)
    return false;
  out = value;
  return true;
}

caf::error check(const frame& x) {
  if (x.is(message_number::amount) && !amount::parse(x.details))
    return bad("the amount is not a number such as 3439 or 0.25");
  if (x.index > x.count || (x.index == 0) != (x.count == 0))
    return bad("index and count do not fit each other");
  if (x.handshake.size() > frame_handshake_max || x.auth.size() > frame_auth_max)
    return bad("a handshake or auth attribute is too long");
  return caf::none;
}

} // namespace frame_parts

bool operator==(const frame& x, const frame& y) {
  return x.from == y.from && x.number == y.number && x.tag == y.tag && x.details == y.details &&
         x.version == y.version && x.handshake == y.handshake && x.auth == y.auth &&
         x.index == y.index && x.count == y.count && x.more == y.more;
}

frame make_frame(message_number number, std::string details) {
  frame out;
  out.number = to_integer(number);
  out.details = std::move(details);
  return out;
}

frame make_relay_frame(message_number number, std::string details) {
  auto out = make_frame(number, std::move(details));
  out.from = "relay";
  return out;
}

std::string name_of(const frame& x) {
  return x.number == 0 ? escape_for_display(x.tag) : to_string(message_number{x.number});
}

std::string encode(const frame& x, notation how) {
  if (!is_from(x.from) || check(x))
    return {};
  auto out = how == notation::tag ? encode_tag(x) : encode_json(x);
  if (out.empty() || out.size() + replacement_growth_max > frame_bytes_max)
    return {};
  out += '\n';
  return out;
}

void frame_reader::feed(byte_view data) {
  if (failed_)
    return;
  // What is read already goes before the buffer grows, so that it holds one frame and one feed.
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  buffer_.append(data.text());
}

caf::expected<std::optional<frame>> frame_reader::next() {
  if (failed_)
    return failed_;
  if (scanned_ == 0)
    while (begin_ < buffer_.size() && is_blank(buffer_[begin_]))
      ++begin_;
  if (unread().empty()) {
    consume(0);
    return std::optional<frame>{};
  }
  auto out = unread().front() == '<'   ? next_tag_frame()
             : unread().front() == '{' ? next_json_frame()
                                       : bad("a message begins with < or {");
  if (!out) {
    failed_ = out.error();
    buffer_.clear();
    buffer_.shrink_to_fit();
    begin_ = 0;
  }
  return out;
}

void frame_reader::consume(size_t size) {
  begin_ += size;
  scanned_ = head_ = depth_ = 0;
  in_string_ = escaped_ = false;
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = 0;
  }
}

caf::expected<std::optional<frame>> frame_reader::wait_for_more() const {
  if (unread().size() > frame_bytes_limit_)
    return over_limit();
  return std::optional<frame>{};
}

caf::error frame_reader::over_limit() const {
  return bad("a message is longer than " + std::to_string(frame_bytes_limit_) + " bytes");
}

caf::expected<bool> frame_reader::take_head(std::string_view text) {
  const auto end = text.find('>', scanned_);
  if (end == std::string_view::npos) {
    scanned_ = text.size();
    return false;
  }
  if (end + 1 > frame_bytes_limit_)
    return over_limit();
  auto head = parse_tag_head(text.substr(0, end + 1));
  if (!head)
    return head.error();
  draft_ = std::move(*head);
  head_ = scanned_ = end + 1;
  return true;
}

caf::expected<std::optional<frame>> frame_reader::next_tag_frame() {
  const auto text = unread();
  if (head_ == 0) {
    const auto whole = take_head(text);
    if (!whole)
      return whole.error();
    if (!*whole)
      return wait_for_more();
  }
  const auto rule = body_rule_of(draft_);
  if (rule == body_rule::none)
    return finish_frame(head_);
  if (rule == body_rule::optional) {
    // A body begins right behind the head; a blank or another message there means that none comes.
    const auto after = text.substr(head_, 2);
    if (after.empty() || after == "<")
      return std::optional<frame>{};
    if (is_blank(after[0]) || (after[0] == '<' && after[1] != '/'))
      return finish_frame(head_);
  }
  return next_tag_body(text);
}

std::optional<frame> frame_reader::finish_frame(size_t size) {
  consume(size);
  return std::optional<frame>{std::move(draft_)};
}

caf::expected<std::optional<frame>> frame_reader::next_tag_body(std::string_view text) {
  const auto end = text.find('<', scanned_);
  if (end == std::string_view::npos) {
    scanned_ = text.size();
    return wait_for_more();
  }
  scanned_ = end;
  const auto closing = closing_tag(draft_);
  const auto found = text.substr(end, closing.size());
  if (found != std::string_view{closing}.substr(0, found.size()))
    return bad("a body is not closed by its own tag");
  if (found.size() < closing.size())
    return wait_for_more();
  if (end + closing.size() > frame_bytes_limit_)
    return over_limit();
  if (auto err = take_tag_body(draft_, text.substr(head_, end - head_)))
    return err;
  return finish_frame(end + closing.size());
}

caf::expected<std::optional<frame>> frame_reader::next_json_frame() {
  const auto text = unread();
  for (; scanned_ < text.size(); ++scanned_) {
    const char x = text[scanned_];
    if (in_string_) {
      if (escaped_)
        escaped_ = false;
      else if (x == '\\')
        escaped_ = true;
      else if (x == '"')
        in_string_ = false;
    } else if (x == '"') {
      in_string_ = true;
    } else if (x == '{' || x == '[') {
      if (++depth_ > json_depth_max)
        return bad("JSON nested too deeply");
    } else if ((x == '}' || x == ']') && --depth_ == 0) {
      const auto size = scanned_ + 1;
      if (size > frame_bytes_limit_)
        return over_limit();
      auto out = parse_json(std::string{text.substr(0, size)});
      if (!out)
        return out.error();
      consume(size);
      return std::optional<frame>{std::move(*out)};
    }
  }
  return wait_for_more();
}

} // namespace liveconnect
