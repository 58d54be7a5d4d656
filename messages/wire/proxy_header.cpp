#include "messages/wire/proxy_header.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace liveconnect {

namespace {

using kind = proxy_header::kind;

constexpr std::string_view v1_start = "PROXY ";
constexpr size_t v1_bytes_max = 107;
constexpr std::string_view v2_signature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr size_t v2_fixed_bytes = 16;

constexpr proxy_header malformed() {
  return {kind::malformed, 0, {}};
}

/// Whether `text` begins with `start`, as far as there is any of it.
bool may_be(std::string_view text, std::string_view start) {
  const auto common = std::min(text.size(), start.size());
  return text.substr(0, common) == start.substr(0, common);
}

/// Takes the word up to the next space; false when there is none.
bool take_word(std::string_view& from, std::string_view& out) {
  const auto space = from.find(' ');
  if (space == 0 || space == std::string_view::npos)
    return false;
  out = from.substr(0, space);
  from.remove_prefix(space + 1);
  return true;
}

bool read_port(std::string_view text, uint16_t& out) {
  if (text.empty() || (text.size() > 1 && text.front() == '0'))
    return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

/// `TCP4 198.51.100.20 203.0.113.7 55012 9100`, without the line's end.
proxy_header read_v1_line(std::string_view line, size_t size) {
  if (line == "UNKNOWN" || line.substr(0, 8) == "UNKNOWN ")
    return {kind::health_check, size, {}};
  std::string_view family;
  std::string_view from;
  std::string_view to;
  std::string_view from_port;
  if (!take_word(line, family) || !take_word(line, from) || !take_word(line, to) ||
      !take_word(line, from_port))
    return malformed();
  const bool v6 = family == "TCP6";
  if (!v6 && family != "TCP4")
    return malformed();
  uint16_t port = 0;
  uint16_t to_port = 0;
  endpoint source;
  endpoint target;
  if (!read_port(from_port, port) || !read_port(line, to_port) ||
      !endpoint::parse(from, port, source) || !endpoint::parse(to, to_port, target))
    return malformed();
  // A family is how it is written: `::ffff:1.2.3.4` is a TCP6 address.
  if ((from.find(':') != std::string_view::npos) != v6 ||
      (to.find(':') != std::string_view::npos) != v6)
    return malformed();
  return {kind::client, size, source};
}

proxy_header read_v1(std::string_view text) {
  const auto line = text.substr(0, v1_bytes_max);
  const auto end = line.find("\r\n");
  // Control characters have no place in the line, complete or not: how the bytes were split on the
  // way must not decide. The line's own CR may be the last byte so far.
  const auto text_end = end != std::string_view::npos ? end
                        : line.back() == '\r'         ? line.size() - 1
                                                      : line.size();
  for (const char c : line.substr(0, text_end))
    if (c < 0x20 || c > 0x7e)
      return malformed();
  if (end != std::string_view::npos)
    return read_v1_line(line.substr(v1_start.size(), end - v1_start.size()), end + 2);
  if (text.size() >= v1_bytes_max)
    return malformed();
  return {};
}

proxy_header read_v2(byte_view text) {
  if (text.size() < v2_fixed_bytes)
    return {};
  const auto version_and_command = text[12];
  const auto family = text[13];
  const size_t rest = static_cast<size_t>(text[14]) << 8 | text[15];
  if (version_and_command != 0x20 && version_and_command != 0x21)
    return malformed();
  const auto size = v2_fixed_bytes + rest;
  if (size > proxy_header_bytes_max)
    return malformed();
  const bool local = version_and_command == 0x20 || family == 0x00;
  const bool v4 = family == 0x11;
  if (!local && ((!v4 && family != 0x21) || rest < (v4 ? 12u : 36u)))
    return malformed();
  if (text.size() < size)
    return {};
  if (local)
    return {kind::health_check, size, {}};
  proxy_header out{kind::client, size, {}};
  const auto addresses = text.sub(v2_fixed_bytes);
  auto& into = out.source.address;
  if (v4) {
    into[10] = into[11] = 0xff;
    std::copy_n(addresses.begin(), 4, into.begin() + 12);
  } else {
    std::copy_n(addresses.begin(), 16, into.begin());
  }
  const auto* port = addresses.begin() + (v4 ? 8 : 32);
  out.source.port = static_cast<uint16_t>(port[0] << 8 | port[1]);
  return out;
}

} // namespace

proxy_header read_proxy_header(byte_view so_far) {
  const auto text = so_far.text();
  if (text.empty())
    return {};
  if (may_be(text, v1_start))
    return text.size() < v1_start.size() ? proxy_header{} : read_v1(text);
  if (may_be(text, v2_signature))
    return read_v2(so_far);
  return malformed();
}

} // namespace liveconnect
