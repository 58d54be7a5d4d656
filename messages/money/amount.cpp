#include "messages/money/amount.hpp"

#include "messages/base/error.hpp"

namespace liveconnect {

namespace {

constexpr size_t places_max = 8;
constexpr size_t whole_digits_max = 10;

bool is_digit(char x) {
  return x >= '0' && x <= '9';
}

} // namespace

bool amount::add(amount x) {
  uint64_t sum = 0;
  if (__builtin_add_overflow(units_, x.units_, &sum))
    return false;
  units_ = sum;
  return true;
}

bool amount::subtract(amount x) {
  if (x.units_ > units_)
    return false;
  units_ -= x.units_;
  return true;
}

namespace {

/// Appends the digits to `units`; false when a character is not a digit.
bool add_digits(uint64_t& units, std::string_view digits) {
  for (const char x : digits) {
    if (!is_digit(x))
      return false;
    units = units * 10 + static_cast<uint64_t>(x - '0');
  }
  return true;
}

/// Whether the parts are written in the one way that a value has: no zero in front or behind, and
/// no more digits than fit.
bool is_canonical(std::string_view whole, bool has_places, std::string_view places) {
  if (whole.empty() || whole.size() > whole_digits_max || places.size() > places_max)
    return false;
  if (has_places && (places.empty() || places.back() == '0'))
    return false;
  return whole.front() != '0' || (whole.size() == 1 && has_places);
}

} // namespace

caf::expected<amount> amount::parse(std::string_view text) {
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const bool has_places = point != std::string_view::npos;
  auto places = std::string{has_places ? text.substr(point + 1) : std::string_view{}};
  uint64_t units = 0;
  const bool good = is_canonical(whole, has_places, places) && add_digits(units, whole);
  if (good)
    places.resize(places_max, '0');
  // The text itself is not repeated: it may be a peer's, and long.
  if (!good || !add_digits(units, places))
    return fail(ec::bad_amount, "an amount is a number such as 3439 or 0.25, greater than zero, "
                                "with at most 10 digits before the point and 8 after it");
  return from_units(units);
}

std::string to_string(amount x) {
  auto out = std::to_string(x.units() / amount::units_per_coin);
  auto places = std::to_string(x.units() % amount::units_per_coin);
  places.insert(0, places_max - places.size(), '0');
  while (!places.empty() && places.back() == '0')
    places.pop_back();
  return places.empty() ? out : out + "." + places;
}

std::string to_display(amount x) {
  auto out = to_string(x);
  const auto point = out.find('.');
  auto at = point == std::string::npos ? out.size() : point;
  while (at > 3) {
    at -= 3;
    out.insert(at, ",");
  }
  return out;
}

} // namespace liveconnect
