#include "messages/wire/room.hpp"

#include <algorithm>
#include <charconv>

#include "messages/base/error.hpp"

namespace liveconnect {

namespace {

constexpr size_t tag_digits = 32;

/// Cuts the first word off; words are separated by spaces.
std::string_view take_word(std::string_view& rest) {
  const auto begin = std::min(rest.find_first_not_of(' '), rest.size());
  const auto end = std::min(rest.find(' ', begin), rest.size());
  const auto out = rest.substr(begin, end - begin);
  rest.remove_prefix(std::min(rest.find_first_not_of(' ', end), rest.size()));
  return out;
}

bool is_tag(std::string_view x) {
  return x.size() == tag_digits && std::all_of(x.begin(), x.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

} // namespace

bool parse_room(std::string_view text, uint64_t& out) {
  uint64_t value = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc{} || end != last || text.front() == '0')
    return false;
  out = value;
  return true;
}

std::string to_details(const join_request& x) {
  return std::to_string(x.room) + (x.tag.empty() ? "" : " " + x.tag);
}

caf::expected<join_request> parse_join_request(std::string_view details) {
  join_request out;
  if (!parse_room(take_word(details), out.room))
    return fail(ec::bad_frame, "Join_Room needs a room number greater than zero");
  const auto tag = take_word(details);
  if ((!tag.empty() && !is_tag(tag)) || !details.empty())
    return fail(ec::bad_frame, "after the room number only a tag of 32 hexadecimal digits may "
                               "follow");
  out.tag = tag;
  return out;
}

std::string to_details(const room_seat& x) {
  return std::to_string(x.room) + " " + to_string(x.you) + " " + std::to_string(x.people);
}

caf::expected<room_seat> parse_room_seat(std::string_view details) {
  room_seat out;
  uint64_t people = 0;
  if (!parse_room(take_word(details), out.room) || !endpoint::parse(take_word(details), out.you) ||
      !parse_room(take_word(details), people) || people > 2 || !details.empty())
    return fail(ec::bad_frame, "Room_Joined is not `ROOM ip:port N`");
  out.people = static_cast<uint32_t>(people);
  return out;
}

reason parse_reason(std::string_view details) {
  const auto word = take_word(details);
  return {std::string{word}, std::string{details}};
}

} // namespace liveconnect
