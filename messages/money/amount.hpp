#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <caf/expected.hpp>
#include <caf/meta/type_name.hpp>

namespace liveconnect {

/// An exact sum of coins, counted in 10^-8 coin. Floating point never touches money
/// (docs/protocol.md 1). Range 0..2^64-1 units; the wire allows 1 unit..9,999,999,999 coins.
class amount {
public:
  /// Units in one whole coin.
  static constexpr uint64_t units_per_coin = 100'000'000;

  constexpr amount() = default;
  static constexpr amount from_units(uint64_t units) { return amount{units}; }
  /// `coins` must stay below 2^64 / 10^8 (about 184 thousand million).
  static constexpr amount from_coins(uint64_t coins) { return amount{coins * units_per_coin}; }

  constexpr uint64_t units() const { return units_; }
  constexpr bool is_zero() const { return units_ == 0; }

  /// Sum; false and unchanged when it would not fit.
  [[nodiscard]] bool add(amount x);
  /// Difference; false and unchanged when `x` is larger.
  [[nodiscard]] bool subtract(amount x);

  /// Reads the wire's grammar: `[1-9][0-9]{0,9}`, or with a point (then `0` may stand before it)
  /// and 1..8 places without a trailing zero; greater than zero. Everything else, a sign, a space,
  /// a leading zero, a digit of another script, is ec::bad_amount.
  static caf::expected<amount> parse(std::string_view text);

  friend constexpr bool operator==(amount x, amount y) { return x.units_ == y.units_; }
  friend constexpr bool operator!=(amount x, amount y) { return x.units_ != y.units_; }
  friend constexpr bool operator<(amount x, amount y) { return x.units_ < y.units_; }
  friend constexpr bool operator<=(amount x, amount y) { return x.units_ <= y.units_; }
  friend constexpr bool operator>(amount x, amount y) { return x.units_ > y.units_; }
  friend constexpr bool operator>=(amount x, amount y) { return x.units_ >= y.units_; }

  template<class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, amount& x) {
    return f(caf::meta::type_name("amount"), x.units_);
  }

private:
  explicit constexpr amount(uint64_t units) : units_(units) {}

  uint64_t units_ = 0;
};

/// The wire's form: `3439`, `0.25`. Zero prints as `0`, which the wire does not allow.
std::string to_string(amount x);

/// For people: commas every three digits left of the point (`3,439`, `0.25`).
std::string to_display(amount x);

} // namespace liveconnect
