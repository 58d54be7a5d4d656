#pragma once

#include <chrono>
#include <string>

#include <caf/expected.hpp>

#include "messages/wire/frame.hpp"

namespace liveconnect::session {

/// Which way a frame went.
enum class direction : uint8_t { sent, got };

/// One line of a transcript, with a newline: time in UTC to the millisecond, `sent` or `got`,
/// address, number, name, then what there is of details, part, handshake and proof. Bodies are told
/// by length and their first eight characters, handshakes and proofs by their first eight; what
/// came from outside is escaped. Amounts and reasons stand as they are, up to 200 characters.
///
///     2026-11-22T19:26:05.123Z got 198.51.100.20:5012 24 coin 3/14 body 21660 Zk3fQ0aa...
std::string transcript_line(std::chrono::system_clock::time_point when, direction way,
                            const std::string& address, const frame& what);

/// A transcript ends at this size, with a line that says so: a peer decides how many frames come.
inline constexpr uint64_t transcript_bytes_max = 16 << 20;

/// A file with one line a frame. It never holds a key or an AN: neither is in a frame in clear.
class transcript {
public:
  /// Writes nowhere.
  transcript() = default;

  /// Opens for appending, makes it with mode 0600 where it is not there (an existing file is set to
  /// 0600); refuses a symbolic link. Fails with ec::disk_failed.
  static caf::expected<transcript> open(const std::string& path);

  transcript(transcript&& other) noexcept;
  transcript& operator=(transcript&& other) noexcept;
  transcript(const transcript&) = delete;
  transcript& operator=(const transcript&) = delete;
  ~transcript();

  /// Appends a line made by transcript_line(), or a remark. A failing write ends the transcript,
  /// and so does a line for which there is no room within transcript_bytes_max (what the file held
  /// before counts); a transfer never ends for want of one.
  void add(const std::string& line);

private:
  void write(const std::string& text);
  void close();

  int file_ = -1;
  uint64_t bytes_ = 0;
};

} // namespace liveconnect::session
