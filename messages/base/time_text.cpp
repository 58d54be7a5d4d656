#include "messages/base/time_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace liveconnect {

namespace {

constexpr uint64_t day_seconds = 86'400;

bool is_leap(unsigned year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

unsigned days_of_month(unsigned year, unsigned month) {
  static constexpr std::array<unsigned, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/// Days from 1970-01-01 to the first of January of `year`.
uint64_t days_before(unsigned year) {
  const uint64_t y = year - 1;
  return y * 365 + y / 4 - y / 100 + y / 400 - 719'162;
}

} // namespace

std::string time_to_text(uint64_t unix_seconds) {
  unix_seconds = std::min(unix_seconds, time_unix_max);
  const auto days = unix_seconds / day_seconds;
  const auto second = static_cast<unsigned>(unix_seconds % day_seconds);
  auto year = static_cast<unsigned>(1970 + days / 366);
  while (days_before(year + 1) <= days)
    ++year;
  auto day = static_cast<unsigned>(days - days_before(year));
  unsigned month = 1;
  while (day >= days_of_month(year, month))
    day -= days_of_month(year, month++);
  char out[64];
  std::snprintf(out, sizeof out, "%04u-%02u-%02uT%02u:%02u:%02uZ", year, month, day + 1,
                second / 3600, second / 60 % 60, second % 60);
  return out;
}

std::string utc_text(std::chrono::system_clock::time_point when) {
  using namespace std::chrono;
  const auto since =
      std::max(duration_cast<milliseconds>(when.time_since_epoch()), milliseconds{0});
  const auto ms = static_cast<uint64_t>(since.count());
  auto out = time_to_text(ms / 1000);
  char part[8];
  std::snprintf(part, sizeof part, ".%03uZ", static_cast<unsigned>(ms % 1000));
  out.replace(out.size() - 1, 1, part);
  return out;
}

namespace {

bool has_time_form(std::string_view text) {
  static constexpr std::string_view form = "dddd-dd-ddTdd:dd:ddZ";
  return std::equal(text.begin(), text.end(), form.begin(), form.end(), [](char x, char wanted) {
    return wanted == 'd' ? x >= '0' && x <= '9' : x == wanted;
  });
}

} // namespace

bool time_from_text(std::string_view text, uint64_t& out) {
  if (!has_time_form(text))
    return false;
  const auto number = [&](size_t at, size_t digits) {
    unsigned value = 0;
    for (size_t i = at; i < at + digits; ++i)
      value = value * 10 + static_cast<unsigned>(text[i] - '0');
    return value;
  };
  const auto year = number(0, 4), month = number(5, 2), day = number(8, 2);
  const auto hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) ||
      hour > 23 || minute > 59 || second > 59)
    return false;
  auto days = days_before(year) + day - 1;
  for (unsigned m = 1; m < month; ++m)
    days += days_of_month(year, m);
  out = days * day_seconds + hour * 3600 + minute * 60 + second;
  return true;
}

} // namespace liveconnect
