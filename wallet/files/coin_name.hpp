#pragma once

#include <string>
#include <string_view>

#include "messages/money/note.hpp"

/// Names of coin files (docs/formats/wallet.md 4). Names are for people and for other programs:
/// value and identity always come from the record inside. Pure, save for random_suffix.
namespace liveconnect::wallet {

/// Longest tag kept, in bytes.
inline constexpr size_t tag_bytes_max = 64;

/// An amount as the Pro client shows it: commas left of the point, a hyphen after four digits right
/// of it: `12,441.0000-034`.
std::string pro_amount(amount x);

/// A tag from anywhere, made fit for a file name: control characters, path and quote characters,
/// `#` and `.` become `_`, bytes outside ASCII too; cut to tag_bytes_max; empty becomes `coin`.
std::string clean_tag(std::string_view tag);

/// `100 CloudCoin #7998 'tag'.bin`. The tag is cleaned.
std::string coin_name(note_id id, std::string_view tag);

/// `1,021.0000-0001 CloudCoin #5 'tag'.bin`: a file of several notes.
std::string container_name(amount total, size_t notes, std::string_view tag);

/// Eight random lower-case letters and digits, for a tag whose name is taken.
std::string random_suffix();

/// The same name with `-SUFFIX` before its closing quote, or before its extension when it is none
/// of ours.
std::string with_suffix(const std::string& name, std::string_view suffix);

/// Whether a name is one plain component: not empty, not `.` or `..`, at most 255 bytes, without
/// `/` and control characters.
bool is_plain_name(std::string_view name);

} // namespace liveconnect::wallet
