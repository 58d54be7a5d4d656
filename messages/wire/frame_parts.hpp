#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <caf/expected.hpp>

#include "messages/wire/frame.hpp"

/// What the reader and the two notations share. For frame*.cpp alone.
namespace liveconnect::frame_parts {

/// ec::bad_frame with a clause.
caf::error bad(std::string what);

/// `#`, `relay` or an address: 1..frame_from_max printable ASCII characters, no blank, none of
/// `<>"`, no `/` in front, and no `#` unless alone.
bool is_from(std::string_view x);

/// A word that can name a message: a letter, then letters, digits, `_`, `-`, `.`.
bool is_tag(std::string_view x);

/// A name that an attribute can have in both notations: a letter, then letters, digits, `_`, `-`.
bool is_attribute_name(std::string_view x);

/// Decimal without sign or leading zero, 1..max.
bool parse_count(std::string_view x, uint32_t max, uint32_t& out);

/// Checks that hold in both notations for a frame otherwise complete: amount, index and count,
/// lengths.
caf::error check(const frame& x);

/// What may follow the head of a tag frame.
enum class body_rule : uint8_t { none, required, optional };
body_rule body_rule_of(const frame& x);

/// The head of a tag frame, `<` and `>` included.
caf::expected<frame> parse_tag_head(std::string_view head);
/// Puts the text between head and closing tag into the frame.
caf::error take_tag_body(frame& x, std::string_view body);
/// `</coin>`.
std::string closing_tag(const frame& x);
/// Everything but the newline; empty when there is no such form.
std::string encode_tag(const frame& x);

/// One JSON object, braces included.
caf::expected<frame> parse_json(std::string text);
/// Everything but the newline; empty when there is no such form.
std::string encode_json(const frame& x);

} // namespace liveconnect::frame_parts
