#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <sys/uio.h>
#include <vector>

#include "messages/base/bytes.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect {

/// What a frame scanner found.
enum class scan_result : uint8_t {
  /// The frame in progress (or the next one) is not complete.
  more,
  /// A whole frame lies at begin()..begin()+size().
  frame,
  /// The from-word is not exactly `#` (docs/protocol.md 3).
  wrong_from,
  /// Not in the grammar.
  malformed,
  /// Over the bound, counted after the replacement of every `#`.
  too_long,
};

/// Finds where frames end in a stream of either notation, without parsing or copying them: what the
/// relay needs to know of a message, and no more (docs/protocol.md 2 and 3).
///
/// It accepts at least what frame_reader accepts, and finds the same ends. In particular:
/// * Blanks (space, tab, CR, LF) between frames belong to none.
/// * A tag frame ends at its `>`, without a second `<`, without control characters before it. Its
///   second word is a name (a letter, then letters, digits, `_ - .`; 64 at most) or begins with a
///   digit.
/// * `coin` and `receipt` have a body up to their closing tag. `Ready_To_Send_Coins`, and every
/// name
///   that the catalogue lacks, has one when neither a blank nor another message follows its `>` at
///   once; so the byte after it must be seen before the frame counts as complete. No body holds
///   a `<`: a client that reads less strictly than we do must not find a message within a message.
/// * A JSON frame is one object, whatever its line breaks. "from" is its first key and stands once;
///   no key at the top has escapes (they could spell a second "from").
///
/// Both from-rules are checked as early as the bytes are there. Pure; one per connection. After
/// anything but `more` and `frame` the stream is lost: do not go on.
class frame_scanner {
public:
  /// `growth` is how much longer one `#` becomes: the address text's length less one.
  frame_scanner(size_t frame_bytes_limit, size_t growth)
      : frame_bytes_limit_(narrow(frame_bytes_limit)), growth_(narrow(growth)) {}

  /// Looks at what is unread: it begins where the last frame ended (or where its last `more` left
  /// blanks()), and on a repeated call holds at least what it held before. Takes time in proportion
  /// to the bytes that are new.
  scan_result scan(byte_view unread);

  /// Blanks in front of the frame in progress, or all there was when none has begun.
  size_t blanks() const { return begin_; }
  /// Whether a frame has begun and is not complete.
  bool in_frame() const { return state_ != state::between; }

  // After `frame`, until next():
  size_t begin() const { return begin_; }
  size_t size() const { return scanned_ - begin_; }
  /// `#` bytes in the frame.
  size_t placeholders() const { return placeholders_; }
  notation how() const { return how_; }
  /// Whether it is a Join_Room.
  bool joins() const { return joins_; }

  /// Makes ready for the next frame. The caller passes what follows begin() + size().
  void next();

private:
  enum class state : uint8_t { between, head, lookahead, body, json };

  /// Looks at the first character that is no blank; false when no notation begins so.
  bool begin_frame(byte_view unread);
  scan_result scan_head(byte_view text);
  scan_result end_head(byte_view text);
  scan_result scan_lookahead(byte_view text);
  scan_result scan_body(byte_view text);
  scan_result scan_json(byte_view text);
  scan_result end_json_member(byte_view text, size_t end);
  /// Counts `#` up to `scanned_` and holds the bound.
  bool within_bound(byte_view text);

  /// Places in what is unread, which is a read and a frame at most. Half the size of size_t: ten
  /// thousand idle connections have one scanner each.
  using position = uint32_t;
  static constexpr position narrow(size_t x) { return static_cast<position>(x); }

  position frame_bytes_limit_;
  position growth_;
  position begin_ = 0;
  /// Looked at, and counted.
  position scanned_ = 0;
  position counted_ = 0;
  position placeholders_ = 0;

  // Tag form: where the name lies.
  position name_ = 0;
  position name_size_ = 0;

  // JSON form: state at scanned_; the string last begun and ended at the top level, the current
  // member's key, and its value.
  position depth_ = 0;
  position members_ = 0;
  position string_ = 0;
  position string_end_ = 0;
  position key_ = 0;
  position key_size_ = 0;
  position value_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;

  state state_ = state::between;
  notation how_ = notation::tag;
  bool joins_ = false;
};

/// Gathers frames for one write, every `#` replaced: long pieces are pointed at where they lie,
/// short ones are put together, and each frame ends with one newline. What add() was given must
/// live until pieces() has been used.
class frame_gatherer {
public:
  /// A frame as frame_scanner found it (without blanks around it).
  void add(byte_view frame, size_t placeholders, std::string_view address);

  /// What to write; valid until the next call of anything else.
  const std::vector<iovec>& pieces();
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear();

private:
  /// Shorter pieces are copied: a vector's seat_request costs the system more than that.
  static constexpr size_t copied_max = 512;

  /// A frame that is copied whole, which most are.
  void add_short(byte_view frame, size_t placeholders, std::string_view address);
  void put(byte_view x);
  /// The list's account of bytes that were copied.
  void count_copied(size_t more);

  struct piece {
    /// nullptr: `size` bytes of the copied ones, from where the last such piece ended.
    const uint8_t* data;
    size_t size;
  };

  std::vector<piece> list_;
  bytes copied_;
  std::vector<iovec> out_;
  size_t size_ = 0;
};

} // namespace liveconnect
