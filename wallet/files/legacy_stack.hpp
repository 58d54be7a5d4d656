#pragma once

#include <cstdint>
#include <vector>

#include <caf/expected.hpp>

#include "messages/base/bytes.hpp"

/// The JSON `.stack` of CloudCoin v1 (docs/formats/wallet.md 2): read to say what it is, never
/// imported. No denomination code exists for its 5, 25 and 250. Pure.
namespace liveconnect::wallet {

/// Longest stack read; the longest known file holds 952 coins in 1.1 MB.
inline constexpr size_t legacy_stack_bytes_max = 64u << 20;

/// One coin of a stack. Its ANs were checked and let go: we have no use for them.
struct legacy_coin {
  /// 1..16,777,216.
  uint32_t serial = 0;
  /// 1, 5, 25, 100 or 250 by the serial's range.
  uint32_t value = 0;
};

/// What a stack holds.
struct legacy_stack {
  std::vector<legacy_coin> coins;
  /// Sum of the values, in coins of v1.
  uint64_t total = 0;
};

/// Value of a v1 coin by its serial; 0 when the serial is out of range.
uint32_t legacy_value(uint64_t serial);

/// Reads a stack. Key order, numbers as strings, unknown keys and either case of hexadecimal are
/// accepted; one bad coin refuses the whole file. Fails with ec::bad_coin_file: broken JSON, a
/// wrong number of ANs, ANs in parentheses ("password needed"), no coins.
caf::expected<legacy_stack> parse_legacy_stack(byte_view file);

} // namespace liveconnect::wallet
