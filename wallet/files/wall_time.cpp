#include "wallet/files/wall_time.hpp"

#include <array>
#include <ctime>

namespace liveconnect::wallet {

namespace {

/// The last second of the year 9999: what does not fit four digits is shown as that.
constexpr uint64_t seconds_max = 253'402'300'799;

std::string format(wall_time x, const char* pattern) {
  const auto seconds =
      static_cast<std::time_t>(x.ms / 1000 < seconds_max ? x.ms / 1000 : seconds_max);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> out{};
  return {out.data(), std::strftime(out.data(), out.size(), pattern, &parts)};
}

} // namespace

std::string to_stamp(wall_time x) {
  return format(x, "%Y-%m-%d_%H-%M-%S");
}

std::string to_display(wall_time x) {
  return format(x, "%Y-%m-%d %H:%M:%S");
}

std::string to_pro_text(wall_time x) {
  // Month names and am/pm by hand: strftime's follow the locale.
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto month = std::stoul(format(x, "%m"));
  const auto hour = std::stoul(format(x, "%H"));
  const auto shown = hour % 12 == 0 ? 12 : hour % 12;
  return std::string{months[month - 1]} + format(x, "-%d-%Y ") + std::to_string(shown) +
         format(x, ":%M") + (hour < 12 ? "am" : "pm");
}

} // namespace liveconnect::wallet
