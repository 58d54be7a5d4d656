#pragma once

namespace liveconnect::cli {

/// The program's version; CMakeLists.txt of the project has the same.
inline constexpr const char* program_version = "1.0.0";
/// The protocol's version, as in the handshake's prologue (docs/protocol.md 4).
inline constexpr int protocol_version = 1;

} // namespace liveconnect::cli
