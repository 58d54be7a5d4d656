#pragma once

#include <prometheus/collectable.h>
#include <string>

#include "relay/status/status_board.hpp"

namespace liveconnect::relay {

/// The relay's numbers for Prometheus. Every label has a fixed set of values: never an address, a
/// room or anything a client chose. Collecting touches no hot path: it reads the board's last
/// sample.
class relay_metrics : public prometheus::Collectable {
public:
  explicit relay_metrics(const status_board& board) : board_(board) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

  /// The same in the text format of /metrics.
  std::string text() const;

private:
  const status_board& board_;
};

} // namespace liveconnect::relay
