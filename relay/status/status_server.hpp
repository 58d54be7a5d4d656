#pragma once

#include <memory>
#include <string>

#include <caf/expected.hpp>

#include "relay/status/status_board.hpp"

namespace liveconnect::relay {

/// The operator's HTTP port: `/` (a page that draws itself from /status.json), `/status.json`,
/// `/metrics`, `/healthz`, `/readyz`, `/balancer`. Read-only; four threads of its own, one request
/// a connection, two seconds for a request or an answer.
///
/// * /healthz: 200 while the byte loop answers, else 503.
/// * /readyz: 200, or 503 while draining.
/// * /balancer: 200, or 404 while draining: what HAProxy's `http-check disable-on-404` takes for
///   "send only partners of those who wait there" (docs/haproxy.cfg).
class status_server {
public:
  /// Listens on HOST:PORT (port 0 lets the system choose) and serves until destruction. Fails with
  /// ec::bad_argument or ec::cannot_listen. The board must outlive it.
  static caf::expected<std::unique_ptr<status_server>> open(const std::string& host_and_port,
                                                            const status_board& board);
  ~status_server();

  status_server(const status_server&) = delete;
  status_server& operator=(const status_server&) = delete;

  /// `127.0.0.1:9101`, as bound.
  const std::string& address() const;

private:
  struct state;
  explicit status_server(std::unique_ptr<state> made);
  std::unique_ptr<state> state_;
};

} // namespace liveconnect::relay
