#include "messages/secure/manifest.hpp"

#include <algorithm>

#include <sodium.h>

#include "messages/base/error.hpp"

namespace liveconnect {

namespace {

caf::error mismatch(const char* what) {
  return fail(ec::manifest_mismatch, std::string{"the manifest "} + what);
}

} // namespace

bytes encode(const manifest& x) {
  bytes out;
  out.reserve(manifest_bytes);
  byte_writer<bytes> to(out);
  to.raw(x.id.value).u64(x.sum.units()).u32(x.notes);
  for (auto count : x.by_denomination)
    to.u32(count);
  to.raw(x.records).u32(x.lease_seconds);
  return out;
}

caf::expected<manifest> decode_manifest(byte_view x) {
  if (x.size() != manifest_bytes)
    return mismatch("has the wrong length");
  byte_reader from(x);
  manifest out;
  const auto take = [&](auto& to) {
    const auto raw = from.raw(to.size());
    std::copy(raw.begin(), raw.end(), to.begin());
  };
  take(out.id.value);
  out.sum = amount::from_units(from.u64());
  out.notes = from.u32();
  for (auto& count : out.by_denomination)
    count = from.u32();
  take(out.records);
  out.lease_seconds = from.u32();
  if (auto err = check(out))
    return err;
  return out;
}

caf::error check(const manifest& x) {
  uint64_t notes = 0;
  amount sum;
  for (size_t i = 0; i < denomination_count; ++i) {
    const auto count = x.by_denomination[i];
    const auto one =
        denomination_value(static_cast<int8_t>(denomination_min + static_cast<int>(i)));
    uint64_t units = 0;
    if (__builtin_mul_overflow(one.units(), uint64_t{count}, &units) ||
        !sum.add(amount::from_units(units)))
      return mismatch("announces more than there can be");
    notes += count;
  }
  if (notes == 0)
    return mismatch("announces no note");
  if (notes != x.notes)
    return mismatch("counts its notes wrongly");
  if (sum != x.sum)
    return mismatch("sums its notes wrongly");
  if (x.lease_seconds == 0 || x.lease_seconds > manifest_lease_seconds_max)
    return mismatch("has a lease outside 1 second to 1 day");
  return caf::none;
}

digest hash_of(const manifest& x) {
  digest out;
  const auto encoded = encode(x);
  crypto_generichash(out.data(), out.size(), encoded.data(), encoded.size(), nullptr, 0);
  return out;
}

} // namespace liveconnect
