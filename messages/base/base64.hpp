#pragma once

#include <string>
#include <string_view>

#include <caf/expected.hpp>

#include "messages/base/bytes.hpp"
#include "messages/base/secret.hpp"

namespace liveconnect {

/// RFC 4648 section 4, with padding. The alphabet has no `#`, so the relay cannot damage it
/// (docs/protocol.md 2).
std::string base64_encode(byte_view x);

/// Strict: padding present, unused bits zero, no white space, no other alphabet. The empty string
/// is no bytes. Fails with ec::bad_frame.
caf::expected<bytes> base64_decode(std::string_view text);

/// Characters that `size` bytes become.
constexpr size_t base64_size(size_t size) {
  return (size + 2) / 3 * 4;
}

/// RFC 4648 section 5 without padding: only the invitation's one-line form uses it.
secret_bytes base64url_encode_secret(byte_view x);

/// Likewise strict. Fails with ec::bad_invitation.
caf::expected<secret_bytes> base64url_decode_secret(std::string_view text);

} // namespace liveconnect
