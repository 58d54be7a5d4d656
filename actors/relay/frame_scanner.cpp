#include "actors/relay/frame_scanner.hpp"

#include <algorithm>
#include <cstring>

#include "messages/wire/catalogue.hpp"

namespace liveconnect {

namespace {

constexpr size_t npos = SIZE_MAX;

bool is_blank(uint8_t x) {
  return x == ' ' || x == '\t' || x == '\r' || x == '\n';
}

bool is_digit(char x) {
  return x >= '0' && x <= '9';
}

bool is_letter(char x) {
  return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z');
}

bool is_name(std::string_view x) {
  return !x.empty() && x.size() <= frame_tag_max && is_letter(x.front()) &&
         std::all_of(x.begin(), x.end(), [](char c) {
           return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
         });
}

/// Where the first character that is no blank stands at or after `from`, or the end.
size_t after_blanks(byte_view text, size_t from) {
  while (from < text.size() && is_blank(text[from]))
    ++from;
  return from;
}

/// Offset of a byte at or after `from`, or npos.
size_t find(byte_view text, size_t from, uint8_t what, size_t end = npos) {
  end = std::min(end, text.size());
  if (from >= end)
    return npos;
  const auto* at = std::memchr(text.data() + from, what, end - from);
  return at == nullptr ? npos : static_cast<size_t>(static_cast<const uint8_t*>(at) - text.data());
}

/// Whether nothing in `from..end` may not stand in a tag: a `<` or a control character. Without a
/// way out of the loop, so that the compiler can look at many bytes at a time.
bool is_head_text(byte_view text, size_t from, size_t end) {
  uint8_t bad = 0;
  for (auto i = from; i < end; ++i) {
    const auto x = text[i];
    bad = static_cast<uint8_t>(bad | (x == '<') | (x < 0x20) | (x == 0x7f));
  }
  return bad == 0;
}

std::string_view part(byte_view text, size_t from, size_t end) {
  return text.sub(from, end - from).text();
}

std::string_view trim(std::string_view x) {
  const auto begin = x.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos)
    return {};
  return x.substr(begin, x.find_last_not_of(" \t\r\n") - begin + 1);
}

} // namespace

void frame_scanner::next() {
  const auto limit = frame_bytes_limit_;
  *this = frame_scanner(limit, growth_);
}

bool frame_scanner::within_bound(byte_view text) {
  while (counted_ < scanned_) {
    const auto at = find(text, counted_, '#', scanned_);
    if (at == npos) {
      counted_ = scanned_;
      break;
    }
    ++placeholders_;
    counted_ = narrow(at + 1);
  }
  return scanned_ - begin_ + uint64_t{placeholders_} * growth_ <= frame_bytes_limit_;
}

// Inline: part of the hot path, a call costs one percent of a short frame.
inline bool frame_scanner::begin_frame(byte_view unread) {
  if (unread[begin_] == '<') {
    how_ = notation::tag;
    state_ = state::head;
  } else if (unread[begin_] == '{') {
    how_ = notation::json;
    state_ = state::json;
  } else {
    return false;
  }
  return true;
}

scan_result frame_scanner::scan(byte_view unread) {
  if (state_ == state::between) {
    scanned_ = counted_ = begin_ = narrow(after_blanks(unread, begin_));
    if (begin_ == unread.size())
      return scan_result::more;
    if (!begin_frame(unread))
      return scan_result::malformed;
  }
  auto out = scan_result::more;
  if (state_ == state::head)
    out = scan_head(unread);
  if (out == scan_result::more && state_ == state::lookahead)
    out = scan_lookahead(unread);
  if (out == scan_result::more && state_ == state::body)
    out = scan_body(unread);
  if (out == scan_result::more && state_ == state::json)
    out = scan_json(unread);
  if ((out == scan_result::more || out == scan_result::frame) && !within_bound(unread))
    return scan_result::too_long;
  return out;
}

scan_result frame_scanner::scan_head(byte_view text) {
  // Offsets 0..2 are "<# " or "<#>".
  for (; scanned_ < text.size() && scanned_ - begin_ < 3; ++scanned_) {
    const auto x = text[scanned_];
    const auto offset = scanned_ - begin_;
    if (offset == 1 && x != '#')
      return x == '/' ? scan_result::malformed : scan_result::wrong_from;
    if (offset == 2 && x != ' ' && x != '>')
      return scan_result::wrong_from;
    if (x == '>') {
      ++scanned_;
      return end_head(text);
    }
  }
  const auto at = find(text, scanned_, '>');
  const auto end = at == npos ? text.size() : at;
  if (!is_head_text(text, scanned_, end))
    return scan_result::malformed;
  scanned_ = narrow(end);
  if (at == npos)
    return scan_result::more;
  ++scanned_;
  return end_head(text);
}

scan_result frame_scanner::end_head(byte_view text) {
  // `<# NAME ...>`
  name_ = begin_ + 2;
  while (text[name_] == ' ')
    ++name_;
  auto end = name_;
  while (text[end] != ' ' && text[end] != '>')
    ++end;
  name_size_ = end - name_;
  const auto name = part(text, name_, end);
  if (!name.empty() && is_digit(name.front()))
    return scan_result::frame;
  if (!is_name(name))
    return scan_result::malformed;
  const auto* row = find_message(name);
  if (row != nullptr) {
    joins_ = row->number == message_number::join_room;
    if (row->details == details_kind::body)
      state_ = state::body;
    else if (row->details != details_kind::optional_body)
      return scan_result::frame;
    else
      state_ = state::lookahead;
  } else {
    state_ = state::lookahead;
  }
  return scan_result::more;
}

scan_result frame_scanner::scan_lookahead(byte_view text) {
  if (scanned_ == text.size())
    return scan_result::more;
  const auto x = text[scanned_];
  if (is_blank(x))
    return scan_result::frame;
  if (x == '<') {
    if (scanned_ + 1 == text.size())
      return scan_result::more;
    if (text[scanned_ + 1] != '/')
      return scan_result::frame;
  }
  state_ = state::body;
  return scan_result::more;
}

scan_result frame_scanner::scan_body(byte_view text) {
  const auto at = find(text, scanned_, '<');
  if (at == npos) {
    scanned_ = narrow(text.size());
    return scan_result::more;
  }
  scanned_ = narrow(at);
  // `</NAME>`
  const auto size = name_size_ + 3;
  const auto found = text.sub(at, size).text();
  const auto name = part(text, name_, name_ + name_size_);
  for (size_t i = 1; i < found.size(); ++i) {
    const char wanted = i == 1 ? '/' : i == size - 1 ? '>' : name[i - 2];
    if (found[i] != wanted)
      return scan_result::malformed;
  }
  if (found.size() < size)
    return scan_result::more;
  scanned_ = narrow(at + size);
  return scan_result::frame;
}

// long: the relay's hot path, one pass with its state in members
// branches: one case a character that JSON's structure knows
scan_result frame_scanner::scan_json(byte_view text) {
  // Where the next quotation mark is, looked up once: a string full of escapes must not make us
  // search its end again at each of them.
  size_t quote = 0;
  while (scanned_ < text.size()) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
        ++scanned_;
        continue;
      }
      if (quote < scanned_)
        quote = find(text, scanned_, '"');
      const auto backslash = find(text, scanned_, '\\', quote);
      if (backslash != npos) {
        escaped_ = true;
        scanned_ = narrow(backslash + 1);
      } else if (quote != npos) {
        in_string_ = false;
        string_end_ = narrow(quote);
        scanned_ = narrow(quote + 1);
      } else {
        scanned_ = narrow(text.size());
      }
      continue;
    }
    const auto at = scanned_++;
    switch (text[at]) {
    case '"':
      in_string_ = true;
      if (depth_ == 1)
        string_ = at + 1;
      break;
    case ':':
      if (depth_ != 1)
        break;
      // The string before a colon is the member's key.
      if (string_ == 0 || key_ != 0)
        return scan_result::malformed;
      key_ = string_;
      key_size_ = string_end_ - string_;
      value_ = scanned_;
      {
        const auto key = part(text, key_, key_ + key_size_);
        if ((members_ == 0) != (key == "from"))
          return members_ == 0 ? scan_result::wrong_from : scan_result::malformed;
        if (key.find('\\') != std::string_view::npos)
          return scan_result::malformed;
      }
      break;
    case ',':
      if (depth_ == 1)
        if (const auto out = end_json_member(text, at); out != scan_result::more)
          return out;
      break;
    case '{':
    case '[':
      ++depth_;
      break;
    case '}':
    case ']':
      if (--depth_ > 0)
        break;
      if (key_ != 0)
        if (const auto out = end_json_member(text, at); out != scan_result::more)
          return out;
      return members_ == 0 ? scan_result::wrong_from : scan_result::frame;
    default:
      break;
    }
  }
  return scan_result::more;
}

scan_result frame_scanner::end_json_member(byte_view text, size_t end) {
  if (key_ == 0)
    return scan_result::malformed;
  const auto key = part(text, key_, key_ + key_size_);
  const auto value = trim(part(text, value_, end));
  if (members_ == 0 && value != "\"#\"")
    return scan_result::wrong_from;
  if (key == "Message Number" && value == std::to_string(to_integer(message_number::join_room)))
    joins_ = true;
  ++members_;
  key_ = key_size_ = string_ = value_ = 0;
  return scan_result::more;
}

// --- frame_gatherer ---

void frame_gatherer::count_copied(size_t more) {
  size_ += more;
  if (!list_.empty() && list_.back().data == nullptr)
    list_.back().size += more;
  else
    list_.push_back({nullptr, more});
}

void frame_gatherer::put(byte_view x) {
  if (x.empty())
    return;
  if (x.size() > copied_max) {
    size_ += x.size();
    list_.push_back({x.data(), x.size()});
    return;
  }
  copied_.insert(copied_.end(), x.begin(), x.end());
  count_copied(x.size());
}

void frame_gatherer::add_short(byte_view frame, size_t placeholders, std::string_view address) {
  const auto before = copied_.size();
  copied_.resize(before + frame.size() + placeholders * address.size() + 1);
  auto* to = copied_.data() + before;
  size_t from = 0;
  for (size_t i = 0; i < placeholders; ++i) {
    const auto at = find(frame, from, '#');
    if (at == npos)
      break;
    std::memcpy(to, frame.data() + from, at - from);
    to += at - from;
    std::memcpy(to, address.data(), address.size());
    to += address.size();
    from = at + 1;
  }
  std::memcpy(to, frame.data() + from, frame.size() - from);
  to += frame.size() - from;
  *to++ = '\n';
  copied_.resize(static_cast<size_t>(to - copied_.data()));
  count_copied(copied_.size() - before);
}

void frame_gatherer::add(byte_view frame, size_t placeholders, std::string_view address) {
  if (frame.size() + placeholders * address.size() < copied_max)
    return add_short(frame, placeholders, address);
  size_t from = 0;
  for (size_t i = 0; i < placeholders; ++i) {
    const auto at = find(frame, from, '#');
    if (at == npos)
      break;
    put(frame.sub(from, at - from));
    put(byte_view(address));
    from = at + 1;
  }
  put(frame.sub(from));
  put(byte_view(std::string_view("\n")));
}

const std::vector<iovec>& frame_gatherer::pieces() {
  out_.clear();
  out_.reserve(list_.size());
  size_t copied = 0;
  for (const auto& x : list_) {
    const auto* data = x.data;
    if (data == nullptr) {
      data = copied_.data() + copied;
      copied += x.size;
    }
    out_.push_back({const_cast<uint8_t*>(data), x.size});
  }
  return out_;
}

void frame_gatherer::clear() {
  list_.clear();
  copied_.clear();
  out_.clear();
  size_ = 0;
}

} // namespace liveconnect
