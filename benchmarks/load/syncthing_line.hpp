#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <caf/expected.hpp>

#include "benchmarks/load/event_loop.hpp"
#include "benchmarks/load/sockets.hpp"
#include "messages/base/bytes.hpp"

// OpenSSL's, so that its headers stay in the .cpp.
struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_st;

/// As much of syncthing's Relay Protocol v1 (docs.syncthing.net/specs/relay-v1) as two ends need to
/// meet: one device joins over TLS and waits; others ask over TLS to be connected to it; both are
/// told the keys of a session, which then is two plain connections.
///
/// Errors here say what happened; the caller adds what to do about it.
namespace liveconnect::bench::syncthing {

/// SHA-256 of a device's certificate: its name.
using device_id = std::array<uint8_t, 32>;

/// Numbers of the messages that are used here.
enum class message_type : uint32_t {
  ping = 0,
  pong = 1,
  join_relay_request = 2,
  join_session_request = 3,
  response = 4,
  connect_request = 5,
  session_invitation = 6,
  relay_full = 7,
};

/// Codes of a response.
inline constexpr uint32_t response_success = 0;
inline constexpr uint32_t response_already_connected = 2;

/// What the relay says.
struct message {
  message_type what = message_type::ping;
  /// response: its code and words.
  uint32_t code = 0;
  std::string words;
  /// session_invitation: the other device, and the key that lets us into the session.
  std::string from;
  std::string key;
};

std::string join_relay_request();
std::string pong();
std::string connect_request(const device_id& whom);
std::string join_session_request(const std::string& key);

/// Takes the first message off a stream; nothing when more bytes are needed. Fails with
/// ec::protocol_violation for what is no message of that protocol, or is longer than any.
caf::expected<std::optional<message>> take_message(std::string& stream);

/// What a message says, for an error: `response 1, not found`.
std::string describe(const message& x);

/// A key of its own and a certificate that it has signed itself.
class device {
public:
  /// Fails with ec::internal when OpenSSL does.
  static caf::expected<device> make();

  const device_id& id() const { return id_; }

private:
  friend class line;
  std::shared_ptr<ssl_ctx_st> context_;
  device_id id_{};
};

/// A device's TLS connection with the relay, for an epoll loop: nothing waits in here.
class line {
public:
  /// Begins to connect. Fails with ec::network_failed.
  static caf::expected<line> connect(const endpoint& where, const device& as,
                                     const endpoint* source = nullptr);

  int descriptor() const { return fd_.get(); }
  void say(const std::string& x) { unsent_ += x; }

  /// Goes on as far as it can. Fails with ec::network_failed when there is no TLS to be had.
  caf::error advance();
  /// What advance() waits for: EPOLLIN or EPOLLOUT.
  uint32_t waits_for() const { return waits_for_; }

  /// The next message that has come. Fails as take_message() does, and with ec::network_failed when
  /// the relay has closed and no more can come.
  caf::expected<std::optional<message>> next();

  /// The next message, waited for until `deadline`; pings in between are answered. Fails likewise,
  /// and with ec::timed_out.
  caf::expected<message> wait_for_message(time_point deadline);

private:
  line() = default;

  std::shared_ptr<ssl_ctx_st> context_;
  bench::descriptor fd_;
  std::shared_ptr<ssl_st> tls_;
  std::string unsent_;
  std::string received_;
  uint32_t waits_for_ = 0;
  bool shaken_ = false;
  bool closed_ = false;
};

/// The device that waits at the relay for the devices that ask for it.
struct host {
  device who;
  line where;

  /// Joins the relay at `where` and hears that it is in, within 10 s. Fails as line does, and with
  /// ec::relay_refused.
  static caf::expected<host> join(const endpoint& where);
};

} // namespace liveconnect::bench::syncthing
