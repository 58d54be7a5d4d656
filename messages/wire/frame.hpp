#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/expected.hpp>

#include "messages/base/bytes.hpp"
#include "messages/wire/catalogue.hpp"

namespace liveconnect {

/// The two ways to write one message (docs/protocol.md 2).
enum class notation : uint8_t { tag, json };

/// A frame is at most this long, counted after the relay's replacement and without the newline
/// that follows it.
inline constexpr size_t frame_bytes_max = 64 * 1024;

/// Bounds within a frame. Longer is ec::bad_frame.
inline constexpr size_t frame_from_max = 64;
inline constexpr size_t frame_tag_max = 64;
inline constexpr size_t frame_handshake_max = 1024;
inline constexpr size_t frame_auth_max = 64;
inline constexpr size_t frame_attributes_max = 8;
inline constexpr size_t frame_attribute_name_max = 32;
inline constexpr size_t frame_attribute_value_max = 256;
inline constexpr uint32_t frame_count_max = 65'535;

/// One message as it was read or shall be written: its parsed meaning, whatever the notation.
struct frame {
  /// The notation it was read in; encode() takes its own.
  notation how = notation::tag;
  /// `#`, an address, or `relay`. The relay's word: for display only, never for a decision about
  /// money. Printable ASCII.
  std::string from = "#";
  /// Number in the catalogue; a number that the catalogue lacks (JSON form), or 0 for a tag that it
  /// lacks.
  uint16_t number = 0;
  /// The unknown tag when `number` is 0, else empty.
  std::string tag;
  /// Amount, words, or base64 body, as the catalogue says. Valid UTF-8 without control characters;
  /// its contents are the peer's, so escape_for_display() before showing it.
  std::string details;
  /// `v` / "version": 0 when absent.
  uint16_t version = 0;
  /// `h` / "handshake": base64 of a Noise message, or empty.
  std::string handshake;
  /// `a` / "auth": base64 of a tag, or empty.
  std::string auth;
  /// `i` and `n` / "index" and "count": both 0 when absent, else 1 <= index <= count.
  uint32_t index = 0;
  uint32_t count = 0;
  /// Attributes that we do not know, in order; their values are unchecked text within the bounds
  /// above.
  std::vector<std::pair<std::string, std::string>> more;

  bool is(message_number x) const { return number == to_integer(x); }
  /// True when the relay itself wrote it.
  bool is_from_relay() const { return from == "relay"; }
};

/// Compares the meaning: everything but `how`.
bool operator==(const frame& x, const frame& y);
inline bool operator!=(const frame& x, const frame& y) {
  return !(x == y);
}

/// A message of ours: from `#`, in the catalogue.
frame make_frame(message_number number, std::string details = {});

/// A message of the relay.
frame make_relay_frame(message_number number, std::string details = {});

/// The frame's name for logs and screens: `Making_Change`, `3439`'s is `amount`, an unknown tag is
/// the tag itself, an unknown number `message 77`. Safe to print.
std::string name_of(const frame& x);

/// Writes one element and a newline. Exactly one `#` comes out when `from` is `#`, as the first
/// word (tag) or as the value of "from" (JSON), and none when `from` is something else: characters
/// that a notation cannot carry become `?` in the tag form and escapes in JSON. A frame that the
/// notation has no form for (unknown tag in JSON, unknown number in tags, an amount that is none)
/// gives an empty string; so does one over frame_bytes_max. docs/protocol.md 2.
std::string encode(const frame& x, notation how);

/// Reads frames of either notation from a stream cut anywhere; each frame's own first byte tells
/// its notation, so a peer may differ from us. Memory: what was fed and not yet taken, where an
/// unfinished frame ends with an error as soon as it is over the bound. Pure; one a connection.
class frame_reader {
public:
  explicit frame_reader(size_t frame_bytes_limit = frame_bytes_max)
      : frame_bytes_limit_(frame_bytes_limit) {}

  /// Takes bytes of the stream. After an error they are dropped.
  void feed(byte_view data);

  /// The next whole frame, nothing when more bytes are needed, or ec::bad_frame; after an error
  /// the stream cannot be trusted and every call gives the same error. Unknown tags and numbers
  /// are frames, not errors.
  caf::expected<std::optional<frame>> next();

  /// Bytes held that no frame has been made of yet.
  size_t pending() const { return buffer_.size() - begin_; }

private:
  caf::expected<std::optional<frame>> next_tag_frame();
  /// Reads the head; false while it is not whole.
  caf::expected<bool> take_head(std::string_view text);
  /// Reads the body behind the head, and its closing tag.
  caf::expected<std::optional<frame>> next_tag_body(std::string_view text);
  /// The frame that was read, which is `size` bytes long.
  std::optional<frame> finish_frame(size_t size);
  caf::expected<std::optional<frame>> next_json_frame();
  std::string_view unread() const { return std::string_view{buffer_}.substr(begin_); }
  /// Drops the frame in progress, which is `size` bytes long.
  void consume(size_t size);
  /// Nothing yet, or the error when what is here already is too long.
  caf::expected<std::optional<frame>> wait_for_more() const;
  caf::error over_limit() const;

  size_t frame_bytes_limit_;
  std::string buffer_;
  /// Where the frame in progress begins in the buffer, and how many of its bytes are looked at.
  size_t begin_ = 0;
  size_t scanned_ = 0;
  /// Tag form: the head's length and meaning once it is complete.
  size_t head_ = 0;
  frame draft_;
  /// JSON form: where the scan stands.
  size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  caf::error failed_;
};

} // namespace liveconnect

// Local by design: a frame leaves the process through encode() alone.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::frame)
