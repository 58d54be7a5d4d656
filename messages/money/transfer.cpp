#include "messages/money/transfer.hpp"

namespace liveconnect {

bool operator==(const manifest& x, const manifest& y) {
  return x.id == y.id && x.sum == y.sum && x.notes == y.notes &&
         x.by_denomination == y.by_denomination && x.records == y.records &&
         x.lease_seconds == y.lease_seconds;
}

} // namespace liveconnect
