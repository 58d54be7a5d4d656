#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/timespan.hpp>

#include "messages/base/endpoint.hpp"
#include "messages/base/secret.hpp"

/// What is said to the RAIDA client actors (wallet/raida). Packets are those of
/// docs/formats/raida.md 2 and 3.
namespace liveconnect::raida {

/// Command group and number as on the wire: high byte group, low byte command
/// (docs/formats/raida.md 6).
enum class command : uint16_t {
  echo = 0x0000,
  version = 0x0001,
  show_stats = 0x0002,
  count_coins = 0x0003,
  detect = 0x010a,
  detect_sum = 0x010b,
  pown = 0x0114,
  pown_sum = 0x0115,
  get_ticket = 0x0228,
  validate_ticket = 0x0232,
  find = 0x023c,
  fix = 0x0250,
  admin_available = 0x0378,
  admin_create = 0x0382,
  admin_free = 0x0396,
  admin_supply = 0x03aa,
  available_serials = 0x095b,
  break_note = 0x095c,
  join_notes = 0x095d,
};

/// What became of one request to one server.
enum class outcome : uint8_t {
  /// Nothing was sent to this server.
  not_asked,
  /// A well-formed answer came from the right socket, with matching echo and proof where the status
  /// demands them (docs/formats/raida.md "Echo and proof in error answers").
  answered,
  /// Something came from the right socket that carries no valid echo or proof, or does not parse.
  invalid,
  /// No answer before the deadline. After a Pown, Fix, Break or Join: unknown, not "no".
  silent,
  /// The request did not leave: connect refused, unreachable. After a partial TCP write it is
  /// `silent`.
  unreachable,
};

/// One server's answer.
struct answer {
  outcome what = outcome::not_asked;
  /// Status byte; meaningful when answered (or invalid).
  uint8_t status = 0;
  /// Payload without the trailer; at most 64 KiB.
  bytes payload;
};

/// One request to one server.
struct ask_one {
  command what = command::echo;
  /// The payload between challenge and trailer (may hold ANs and PANs).
  secret_bytes payload;
  /// Greater than zero; counted from when the request is sent.
  caf::timespan deadline = std::chrono::seconds(3);
};

/// One request to many servers at once. The payload of server i is payloads[i]; servers whose bit
/// in `skip` is set, or that have no payload entry, are not asked. An empty payload is a payload.
struct ask_all {
  command what = command::echo;
  std::vector<secret_bytes> payloads;
  std::vector<bool> skip;
  caf::timespan deadline = std::chrono::seconds(3);
};

/// Answers, one a server, index = server.
struct answers {
  std::vector<answer> list;
};

} // namespace liveconnect::raida

// Local by design: these carry secrets to the next actor of the same process and no further.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::raida::answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::raida::ask_one)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::raida::ask_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::raida::answers)
