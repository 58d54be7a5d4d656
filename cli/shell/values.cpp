#include "cli/shell/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"

namespace liveconnect::cli {

namespace {

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"-.:_%"}.find(c) != std::string_view::npos;
}

/// Takes the number in front of `text` off; nothing when there is none.
template<class Integer>
std::optional<Integer> take_number(std::string_view& text) {
  Integer out = 0;
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (err != std::errc{} || end == text.data())
    return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return out;
}

std::optional<std::chrono::milliseconds> unit_of_time(std::string_view name) {
  using namespace std::chrono;
  static constexpr std::array<std::pair<std::string_view, milliseconds>, 5> units{
      {{"ms", milliseconds{1}},
       {"s", seconds{1}},
       {"m", minutes{1}},
       {"h", hours{1}},
       {"d", hours{24}}}};
  for (const auto& [word, length] : units)
    if (word == name)
      return length;
  return std::nullopt;
}

} // namespace

caf::expected<host_port> parse_host_port(std::string_view text) {
  auto out = split_host_port(text);
  if (!out || out->host.size() > 253 ||
      !std::all_of(out->host.begin(), out->host.end(), is_host_character))
    return fail(ec::bad_argument, in_quotes(text, 80) + " is not HOST:PORT");
  return std::move(*out);
}

caf::expected<std::chrono::milliseconds> parse_duration(std::string_view text,
                                                        std::chrono::milliseconds most) {
  std::chrono::milliseconds sum{0};
  for (auto rest = text; !rest.empty();) {
    const auto count = take_number<uint32_t>(rest);
    const auto unit = rest.substr(0, std::min(rest.find_first_of("0123456789"), rest.size()));
    const auto length = unit_of_time(unit);
    if (!count || !length)
      return fail(ec::bad_argument,
                  in_quotes(text, 40) + " is not a duration such as 15m, 5s, 1h30m or 250ms");
    rest.remove_prefix(unit.size());
    // 32 bits of the largest unit fit 64 bits of milliseconds with room for a sum.
    sum += *length * static_cast<int64_t>(*count);
    if (sum > most) {
      const auto hours = std::chrono::duration_cast<std::chrono::hours>(most).count();
      return fail(ec::bad_argument, in_quotes(text, 40) + " is longer than " +
                                        (hours > 24 ? std::to_string(hours / 24) + " days"
                                                    : std::to_string(hours) + " hours"));
    }
  }
  if (sum.count() <= 0)
    return fail(ec::bad_argument,
                in_quotes(text, 40) + " is not a duration such as 15m, 5s, 1h30m or 250ms");
  return sum;
}

caf::expected<size_t> parse_size(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, unsigned>, 8> units{
      {{"", 0}, {"B", 0}, {"K", 10}, {"KiB", 10}, {"M", 20}, {"MiB", 20}, {"G", 30}, {"GiB", 30}}};
  auto rest = text;
  if (const auto number = take_number<uint64_t>(rest))
    for (const auto& [name, shift] : units)
      if (rest == name && *number <= (uint64_t{1} << 40) >> shift)
        return static_cast<size_t>(*number << shift);
  return fail(ec::bad_argument,
              in_quotes(text, 40) +
                  " is not a size such as 65536, 512KiB or 2MiB, at most 1024GiB");
}

caf::expected<bool> parse_bool(std::string_view text) {
  for (const auto* yes : {"true", "1", "yes", "on"})
    if (text == yes)
      return true;
  for (const auto* no : {"false", "0", "no", "off"})
    if (text == no)
      return false;
  return fail(ec::bad_argument, in_quotes(text, 40) + " is neither true nor false");
}

} // namespace liveconnect::cli
