#pragma once

#include <string>
#include <string_view>

#include "messages/base/endpoint.hpp"

namespace liveconnect {

/// A block of addresses in CIDR notation: `10.0.0.0/8`, `2001:db8::/32`, or one address alone.
/// IPv4 blocks lie within ::ffff:0:0/96, as endpoints do, so both families compare as one.
class address_range {
public:
  /// Reads a block; false when it is none, or when bits behind the prefix are set (a typing mistake
  /// that would trust other hosts than meant).
  static bool parse(std::string_view text, address_range& out);

  /// Whether the block holds this address; its port does not matter.
  bool contains(const endpoint& x) const;

  friend bool operator==(const address_range& x, const address_range& y) {
    return x.base_ == y.base_ && x.prefix_ == y.prefix_;
  }

private:
  std::array<uint8_t, 16> base_{};
  /// 0..128, counted from the front of the mapped form.
  unsigned prefix_ = 128;
};

/// `198.51.100.0/24` or `2001:db8:1::/48`: what an operator may see of a client's address without
/// having asked for all of it (docs/design/cli.md "Relay, for its operator").
std::string rounded(const endpoint& x);

} // namespace liveconnect
