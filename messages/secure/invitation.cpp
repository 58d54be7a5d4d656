#include "messages/secure/invitation.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include <sodium.h>

#include "messages/base/base64.hpp"
#include "messages/base/error.hpp"
#include "messages/base/host_port.hpp"
#include "messages/base/time_text.hpp"
#include "messages/secure/words.hpp"
#include "messages/wire/frame.hpp"
#include "messages/wire/room.hpp"

namespace liveconnect {

namespace {

constexpr std::string_view first_line = "LiveConnect invitation, version 1";
constexpr std::string_view last_line =
    "Anyone who holds this text can take the coins. Give it to one person only.";
constexpr std::string_view line_scheme = "liveconnect://";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::string_view blanks = " \t\r\n";
constexpr size_t key_word_count = 24;
constexpr size_t room_tag_bytes = 16;
/// Ten digits; the bound that randombytes allows is 32 bits, so two draws make one room.
constexpr uint32_t half_room = 100'000;

caf::error bad(std::string what) {
  return fail(ec::bad_invitation, std::move(what));
}

std::string_view trim(std::string_view x) {
  const auto begin = x.find_first_not_of(blanks);
  if (begin == std::string_view::npos)
    return {};
  return x.substr(begin, x.find_last_not_of(blanks) - begin + 1);
}

/// Eight bits that tell a mistyped word.
uint8_t check_byte(const secret<32>& key) {
  static constexpr std::string_view name = "LC1words";
  secret<32> hash;
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, hash.size());
  crypto_generichash_update(&state, byte_view(name).data(), name.size());
  crypto_generichash_update(&state, key.data(), key.size());
  crypto_generichash_final(&state, hash.data(), hash.size());
  sodium_memzero(&state, sizeof state);
  return hash.data()[0];
}

bool is_host_name(std::string_view x) {
  if (x.empty() || x.size() > invitation_host_max || x.front() == '-' || x.front() == '.')
    return false;
  return std::all_of(x.begin(), x.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

void append(secret_bytes& to, std::string_view x) {
  to.insert(to.end(), x.begin(), x.end());
}

/// Fills an invitation field by field, whatever form they came in; each may come once.
class builder {
public:
  caf::error relay(std::string_view x) {
    if (auto err = once(has_relay_, "Relay"))
      return err;
    auto address = parse_relay_address(x);
    if (!address)
      return bad("Relay is not HOST:PORT or [IPv6]:PORT");
    out_.host = std::move(address->host);
    out_.port = address->port;
    return caf::none;
  }

  caf::error room(std::string_view x) {
    if (auto err = once(has_room_, "Room"))
      return err;
    return parse_room(x, out_.room) ? caf::none : bad("Room is no number greater than zero");
  }

  caf::error id(std::string_view x) {
    if (auto err = once(has_id_, "Id"))
      return err;
    bytes raw;
    if (!from_hex(x, raw) || raw.size() != out_.id.size())
      return bad("Id is not 32 hexadecimal digits");
    std::copy(raw.begin(), raw.end(), out_.id.begin());
    return caf::none;
  }

  caf::error sum(std::string_view x) {
    if (auto err = once(has_sum_, "Amount"))
      return err;
    auto value = amount::parse(x);
    if (!value)
      return bad("Amount is no number such as 3439 or 0.25");
    out_.sum = *value;
    return caf::none;
  }

  caf::error expires(std::string_view x) {
    if (auto err = once(has_expires_, "Expires"))
      return err;
    if (!time_from_text(x, out_.expires_unix) || out_.expires_unix == 0)
      return bad("Expires is no time such as 2026-11-23T18:00:00Z");
    return caf::none;
  }

  caf::error expires_seconds(std::string_view x) {
    if (auto err = once(has_expires_, "expires"))
      return err;
    if (!parse_room(x, out_.expires_unix) || out_.expires_unix > time_unix_max)
      return bad("expires is no number of seconds");
    return caf::none;
  }

  caf::error how(std::string_view x) {
    if (auto err = once(has_how_, "Security"))
      return err;
    if (x != "LC1" && x != "plain")
      return bad("Security is neither LC1 nor plain; this program knows no other");
    out_.how = x == "LC1" ? security::lc1 : security::plain;
    return caf::none;
  }

  caf::error key(const caf::expected<secret<32>>& x) {
    if (auto err = once(has_key_, "Key"))
      return err;
    if (!x)
      return x.error();
    out_.key = *x;
    return caf::none;
  }

  /// The invitation, or what it lacks.
  caf::expected<invitation> finish() const {
    const std::pair<bool, const char*> needed[] = {
        {has_relay_, "Relay"},     {has_room_, "Room"},    {has_id_, "Id"},
        {has_expires_, "Expires"}, {has_how_, "Security"}, {has_key_, "Key"}};
    for (const auto& [is_there, name] : needed)
      if (!is_there)
        return bad(std::string{name} + " is missing");
    if (out_.key.is_zero())
      return bad("Key is all zeros");
    return out_;
  }

private:
  static caf::error once(bool& seen, const char* name) {
    if (seen)
      return bad(std::string{name} + " stands twice");
    seen = true;
    return caf::none;
  }

  invitation out_;
  bool has_relay_ = false, has_room_ = false, has_id_ = false, has_sum_ = false;
  bool has_expires_ = false, has_how_ = false, has_key_ = false;
};

caf::error take_field(builder& to, std::string_view name, std::string_view value) {
  if (name == "Relay")
    return to.relay(value);
  if (name == "Room")
    return to.room(value);
  if (name == "Id")
    return to.id(value);
  if (name == "Amount")
    return to.sum(value);
  if (name == "Expires")
    return to.expires(value);
  if (name == "Security")
    return to.how(value);
  if (name == "Key")
    return to.key(parse_key_words(value));
  return caf::none;
}

caf::expected<invitation> parse_file(std::string_view text) {
  builder to;
  size_t number = 0;
  bool has_head = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    const auto at = [&] { return "line " + std::to_string(number) + ": "; };
    if (line.find('\0') != std::string_view::npos)
      return bad(at() + "a NUL byte");
    if (line.empty())
      continue;
    if (!has_head) {
      if (line != first_line)
        return bad(at() + "not \"" + std::string{first_line} + "\"");
      has_head = true;
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
      continue;
    if (auto err = take_field(to, line.substr(0, colon), trim(line.substr(colon + 1))))
      return bad(at() + detail_of(err));
  }
  return has_head ? to.finish() : bad("line 1: the invitation is empty");
}

caf::error take_parameter(builder& to, std::string_view name, std::string_view value) {
  if (name == "id")
    return to.id(value);
  if (name == "amount")
    return to.sum(value);
  if (name == "expires")
    return to.expires_seconds(value);
  if (name == "security")
    return to.how(value);
  return caf::none;
}

/// The text up to `mark`, which is cut off together with it; everything when there is none.
std::string_view take_until(std::string_view& rest, char mark) {
  const auto end = std::min(rest.find(mark), rest.size());
  const auto out = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return out;
}

caf::expected<invitation> parse_line(std::string_view text) {
  const auto wrong = [](const caf::error& x) { return bad("line 1: " + detail_of(x)); };
  text.remove_prefix(line_scheme.size());
  builder to;
  auto front = take_until(text, '#');
  if (auto err = to.relay(take_until(front, '/')))
    return wrong(err);
  if (auto err = to.room(take_until(front, '?')))
    return wrong(err);
  bool has_security = false;
  while (!front.empty()) {
    auto value = take_until(front, '&');
    const auto name = take_until(value, '=');
    has_security = has_security || name == "security";
    if (auto err = take_parameter(to, name, value))
      return wrong(err);
  }
  if (!has_security)
    if (auto err = to.how("LC1"))
      return wrong(err);
  const auto raw = base64url_decode_secret(text);
  if (!raw || raw->size() != secret<32>::size())
    return bad("line 1: the key after # is not 43 letters of base64url");
  if (auto err = to.key(secret<32>::from(view(*raw))))
    return wrong(err);
  auto out = to.finish();
  return out ? out : wrong(out.error());
}

} // namespace

std::string invitation::relay() const {
  const auto text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return text + ":" + std::to_string(port);
}

channel_terms invitation::terms() const {
  channel_terms out;
  out.room = room;
  out.invitation = id;
  out.expires_unix = expires_unix;
  return out;
}

bool operator==(const invitation& x, const invitation& y) {
  return x.host == y.host && x.port == y.port && x.room == y.room && x.id == y.id &&
         x.sum == y.sum && x.expires_unix == y.expires_unix && x.how == y.how && x.key == y.key;
}

invitation make_invitation(std::string host, uint16_t port, uint64_t expires_unix,
                           std::optional<amount> sum, uint64_t room) {
  invitation out;
  out.host = std::move(host);
  out.port = port;
  out.room = room != 0 ? room : random_room();
  randombytes_buf(out.id.data(), out.id.size());
  out.sum = sum;
  out.expires_unix = std::min(expires_unix, time_unix_max);
  out.key = secret<32>::random();
  return out;
}

uint64_t random_room() {
  const auto high = uint64_t{randombytes_uniform(half_room - half_room / 10)} + half_room / 10;
  return high * half_room + randombytes_uniform(half_room);
}

std::string room_tag(const secret<32>& key) {
  static_assert(secret<32>::size_bytes == crypto_kdf_KEYBYTES);
  std::array<uint8_t, room_tag_bytes> out{};
  crypto_kdf_derive_from_key(out.data(), out.size(), 1, "LC1room_", key.data());
  return to_hex(out);
}

secret_bytes to_file_text(const invitation& x) {
  secret_bytes out;
  out.reserve(1024);
  const auto field = [&](std::string_view name, std::string_view value) {
    append(out, name);
    append(out, ": ");
    append(out, value);
    append(out, "\n");
  };
  append(out, first_line);
  append(out, "\n");
  field("Relay", x.relay());
  field("Room", std::to_string(x.room));
  field("Id", to_hex(x.id));
  if (x.sum)
    field("Amount", to_string(*x.sum));
  field("Expires", time_to_text(x.expires_unix));
  field("Security", x.how == security::lc1 ? "LC1" : "plain");
  field("Key", view(key_words(x.key)).text());
  append(out, last_line);
  append(out, "\n");
  return out;
}

secret_bytes to_line(const invitation& x) {
  secret_bytes out;
  out.reserve(512);
  append(out, line_scheme);
  append(out, x.relay());
  append(out, "/" + std::to_string(x.room));
  append(out, "?id=" + to_hex(x.id));
  append(out, "&expires=" + std::to_string(x.expires_unix));
  if (x.sum)
    append(out, "&amount=" + to_string(*x.sum));
  if (x.how == security::plain)
    append(out, "&security=plain");
  append(out, "#");
  append(out, view(base64url_encode_secret(x.key.view())).text());
  return out;
}

caf::expected<invitation> parse_invitation(std::string_view text) {
  if (text.size() > invitation_bytes_max)
    return bad("the invitation is longer than 4096 bytes");
  if (text.substr(0, byte_order_mark.size()) == byte_order_mark)
    text.remove_prefix(byte_order_mark.size());
  const auto line = trim(text);
  if (line.substr(0, line_scheme.size()) != line_scheme)
    return parse_file(text);
  if (line.find_first_of(blanks) != std::string_view::npos)
    return bad("line 1: a blank or a second line in the one-line form");
  return parse_line(line);
}

secret_bytes key_words(const secret<32>& key) {
  secret_bytes bits(key.view().begin(), key.view().end());
  bits.push_back(check_byte(key));
  secret_bytes out;
  out.reserve(256);
  for (size_t i = 0; i < key_word_count; ++i) {
    if (i > 0)
      out.push_back(' ');
    append(out, word(word_at(view(bits), i)));
  }
  return out;
}

caf::expected<secret<32>> parse_key_words(std::string_view words) {
  secret_bytes bits(33);
  size_t count = 0;
  for (words = trim(words); !words.empty(); words = trim(words)) {
    const auto end = std::min(words.find_first_of(blanks), words.size());
    secret_bytes lower(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(end));
    words.remove_prefix(end);
    for (auto& x : lower)
      if (x >= 'A' && x <= 'Z')
        x = static_cast<uint8_t>(x - 'A' + 'a');
    if (count == key_word_count)
      return bad("the key has more than 24 words");
    const auto index = word_index(view(lower).text());
    if (!index)
      return bad("word " + std::to_string(count + 1) + " of the key is not in the list");
    for (size_t i = 0; i < 11; ++i) {
      const auto at = count * 11 + i;
      if ((*index >> (10 - i) & 1) != 0)
        bits[at / 8] = static_cast<uint8_t>(bits[at / 8] | 0x80 >> at % 8);
    }
    ++count;
  }
  if (count != key_word_count)
    return bad("the key has " + std::to_string(count) + " words, not 24");
  const auto out = secret<32>::from(view(bits).sub(0, 32));
  if (check_byte(out) != bits[32])
    return bad("the words of the key do not fit each other: one is wrong or out of place");
  return out;
}

caf::expected<host_port> parse_relay_address(std::string_view text) {
  const auto wrong = [] {
    return fail(ec::bad_argument, "an address is HOST:PORT or [IPv6]:PORT, with a port of "
                                  "1..65535");
  };
  auto at = split_host_port(text);
  if (!at)
    return wrong();
  endpoint numeric;
  const bool bracketed = text.front() == '[';
  const bool good =
      bracketed ? at->host.find(':') != std::string::npos && endpoint::parse(at->host, 1, numeric)
                : is_host_name(at->host);
  if (!good)
    return wrong();
  return std::move(*at);
}

} // namespace liveconnect
