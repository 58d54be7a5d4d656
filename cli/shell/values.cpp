#include "cli/shell/values.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"

namespace liveconnect::cli {

// CLI11's AsNumberWithUnit and AsSizeValue do not fit: they know no sum such as 1h30m, and read
// their number with strtoull, which takes 010 for 8 and -1 for the largest number there is.

namespace {

using std::chrono::milliseconds;

constexpr size_t shown_chars_max = 60;

caf::error not_a(std::string_view text, const std::string& what) {
  return fail(ec::bad_argument,
              fmt::format("{} is not {}", in_quotes(text, shown_chars_max), what));
}

/// Takes a decimal number off the front.
template<class T>
std::optional<T> take_number(std::string_view& text) {
  T out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || text.front() == '-')
    return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return out;
}

struct time_unit {
  const char* name;
  milliseconds length;
};

/// Longest first: duration_text takes them in this order.
constexpr time_unit time_units[] = {{"d", std::chrono::hours(24)},
                                    {"h", std::chrono::hours(1)},
                                    {"m", std::chrono::minutes(1)},
                                    {"s", std::chrono::seconds(1)},
                                    {"ms", milliseconds(1)}};

/// Takes one number with its unit off the front.
std::optional<milliseconds> take_part(std::string_view& text) {
  // 32 bits of the largest unit fit into 64 bits of milliseconds, with room for a sum.
  const auto count = take_number<uint32_t>(text);
  if (!count)
    return std::nullopt;
  const auto name = text.substr(0, text.find_first_of("0123456789"));
  text.remove_prefix(name.size());
  for (const auto& unit : time_units)
    if (unit.name == name)
      return unit.length * static_cast<int64_t>(*count);
  return std::nullopt;
}

std::optional<milliseconds> read_duration(std::string_view text) {
  if (text.empty())
    return std::nullopt;
  milliseconds sum{0};
  while (!text.empty()) {
    const auto part = take_part(text);
    if (!part)
      return std::nullopt;
    // Longer than any bound is enough to know; a longer sum would overflow some day.
    sum = std::min<milliseconds>(sum + *part, 2 * duration_max);
  }
  return sum;
}

struct size_unit {
  std::string_view name;
  unsigned shift;
};

constexpr size_unit size_units[] = {{"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"G", 30},
                                    {"M", 20},   {"K", 10},   {"B", 0},    {"", 0}};

std::optional<uint64_t> read_size(std::string_view text) {
  const auto number = take_number<uint64_t>(text);
  if (!number)
    return std::nullopt;
  for (const auto& unit : size_units)
    if (unit.name == text && *number <= size_bytes_max >> unit.shift)
      return *number << unit.shift;
  return std::nullopt;
}

} // namespace

caf::expected<milliseconds> parse_duration(std::string_view text, milliseconds least,
                                           milliseconds most) {
  const auto x = read_duration(text);
  if (x && *x >= least && *x <= most)
    return *x;
  return not_a(text, fmt::format("a duration from {} to {}, such as 90s or 1h30m",
                                 duration_text(least), duration_text(most)));
}

std::string duration_text(milliseconds x) {
  std::string out;
  for (const auto& unit : time_units) {
    // 24h reads better than 1d.
    const bool days = unit.name == std::string_view{"d"};
    if (x < (days ? 2 * unit.length : unit.length))
      continue;
    out += fmt::format("{}{}", x / unit.length, unit.name);
    x %= unit.length;
  }
  return out.empty() ? "0s" : out;
}

caf::expected<uint64_t> parse_size(std::string_view text, uint64_t least, uint64_t most) {
  const auto x = read_size(text);
  if (x && *x >= least && *x <= most)
    return *x;
  return not_a(text, fmt::format("a size from {} to {}, such as 65536, 512KiB or 2MiB",
                                 size_text(least), size_text(most)));
}

std::string size_text(uint64_t bytes) {
  for (const auto& unit : size_units)
    if (bytes != 0 && unit.shift > 0 && bytes % (uint64_t{1} << unit.shift) == 0)
      return fmt::format("{}{}", bytes >> unit.shift, unit.name);
  return std::to_string(bytes);
}

caf::expected<uint64_t> parse_count(std::string_view text, uint64_t least, uint64_t most) {
  auto rest = text;
  const auto x = take_number<uint64_t>(rest);
  if (x && rest.empty() && *x >= least && *x <= most)
    return *x;
  return not_a(text, fmt::format("a whole number from {} to {}", least, most));
}

caf::expected<bool> parse_bool(std::string_view text) {
  static constexpr std::string_view words[] = {"true", "1", "yes", "on", "false", "0", "no", "off"};
  const auto at = std::find(std::begin(words), std::end(words), text);
  if (at == std::end(words))
    return not_a(text, "true or false");
  return at - std::begin(words) < 4;
}

caf::expected<host_port> parse_address(std::string_view text) {
  auto x = parse_host_port(text);
  if (!x)
    return not_a(text, "HOST:PORT, such as relay.example.org:9100");
  return std::move(*x);
}

caf::expected<host_port> parse_listen_address(std::string_view text) {
  auto x = parse_host_port(text, 0);
  if (!x)
    return not_a(text, "HOST:PORT, such as 0.0.0.0:9100 or [::]:9100");
  return std::move(*x);
}

caf::expected<size_t> parse_word(std::string_view text, const std::vector<std::string>& words) {
  const auto at = std::find(words.begin(), words.end(), text);
  if (at == words.end())
    return not_a(text, join_words(words, "or"));
  return static_cast<size_t>(at - words.begin());
}

std::vector<std::string> split_list(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (;;) {
    const auto end = text.find(separator);
    const auto part = text.substr(0, end);
    const auto first = std::min(part.find_first_not_of(' '), part.size());
    out.emplace_back(part.substr(first, part.find_last_not_of(' ') + 1 - first));
    if (end == std::string_view::npos)
      return out;
    text.remove_prefix(end + 1);
  }
}

std::string join_words(const std::vector<std::string>& words, const char* last) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0)
      out += i + 1 == words.size() ? fmt::format(" {} ", last) : ", ";
    out += words[i];
  }
  return out;
}

} // namespace liveconnect::cli
