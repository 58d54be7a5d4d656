#pragma once

#include <cstddef>
#include <cstdint>

#include "actors/relay/frame_scanner.hpp"
#include "messages/base/bytes.hpp"
#include "messages/base/endpoint.hpp"
#include "messages/interfaces/relay.hpp"

/// What a connection says before it has a seat: a load balancer's PROXY header, then Join_Room
/// (docs/protocol.md 3). Pure: bytes in, what they come to out.
namespace liveconnect::relay {

/// What the bytes read so far come to.
struct admission_step {
  enum class kind : uint8_t {
    /// Not complete: `used` bytes are done with, the rest is wanted again with what follows.
    more,
    /// The balancer has named the client, `client`.
    announced,
    /// The balancer's own connection, which is no client.
    health_check,
    /// A whole Join_Room: `size` bytes that end at `used`.
    join,
    /// The connection gets no seat, for the reason `why`.
    refused,
  };

  kind what = kind::more;
  /// How much of the text is done with.
  size_t used = 0;
  size_t size = 0;
  endpoint client;
  refusal why = refusal::join;
};

/// Reads a PROXY header at the beginning of `text`.
admission_step read_announcement(byte_view text);

/// Reads on to the end of a Join_Room. `blank_bytes` counts what came in front of it in earlier
/// calls; blanks and frame together may have `bytes_max` bytes.
admission_step read_join_frame(frame_scanner& scanner, uint32_t& blank_bytes, size_t bytes_max,
                               byte_view text);

} // namespace liveconnect::relay
