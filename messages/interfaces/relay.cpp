#include "messages/interfaces/relay.hpp"

#include <array>

namespace liveconnect::relay {

namespace {

/// What each refusal is called on the wire and in counters, and what a person is told.
struct refusal_row {
  refusal why;
  const char* word;
  const char* sentence;
};

constexpr std::array<refusal_row, refusal_count> refusal_rows{
    refusal_row{refusal::crowded, "crowded",
                "Two people are in this room already, so make a new invitation."},
    refusal_row{
        refusal::wrong_tag, "wrong_tag",
        "This room was opened with another tag, so check that both have the same invitation."},
    refusal_row{
        refusal::from, "from",
        "A message must begin with the address sign alone, so let the relay write the address."},
    refusal_row{refusal::join, "join",
                "The first message must be Join_Room and a room number, within 128 bytes."},
    refusal_row{refusal::joined, "joined",
                "You are in a room already, so connect again for another."},
    refusal_row{refusal::bad_frame, "bad_frame",
                "A message could not be read, so check the program that wrote it."},
    refusal_row{refusal::too_long, "too_long",
                "A message is longer than may pass with addresses filled in, so send it in parts."},
    refusal_row{refusal::slow, "slow", "A message took too long to arrive, so connect again."},
    refusal_row{refusal::silent, "silent",
                "Nothing was heard from you for too long, so send heartbeats."},
    refusal_row{refusal::lonely, "lonely",
                "No one else came into the room, so agree on a time and connect again."},
    refusal_row{refusal::stalled, "stalled",
                "You did not take what was sent to you, so connect again."},
    refusal_row{refusal::address, "address",
                "Too many connections come from your address, so close some and try later."},
    refusal_row{refusal::full, "full", "The relay is full, so try later."},
    refusal_row{
        refusal::draining, "draining",
        "The relay takes no new rooms because it is about to end, so try again at once or later."},
    refusal_row{
        refusal::kicked, "kicked",
        "The operator of the relay ended this room, so ask there or make a new invitation."},
    refusal_row{refusal::hasty, "hasty",
                "Too many new connections came from your address, so wait a minute and try again."},
    refusal_row{refusal::guesses, "guesses",
                "Too many wrong rooms or tags came from your address, so wait ten minutes."},
    refusal_row{refusal::memory, "memory",
                "You did not take what was sent to you while the relay was short of memory, so "
                "connect again."},
    refusal_row{refusal::bytes, "bytes",
                "This room has passed on as much as one room may, so make a new invitation."},
    refusal_row{refusal::expired, "expired",
                "This room has been open as long as a room may, so make a new invitation."},
};

constexpr bool rows_are_in_order() {
  for (size_t i = 0; i < refusal_rows.size(); ++i)
    if (refusal_rows[i].why != static_cast<refusal>(i) || refusal_rows[i].word == nullptr)
      return false;
  return true;
}
static_assert(rows_are_in_order());

} // namespace

const char* word_of(refusal x) {
  return refusal_rows[static_cast<size_t>(x)].word;
}

bool refusal_of(std::string_view word, refusal& out) {
  for (const auto& row : refusal_rows) {
    if (word == row.word) {
      out = row.why;
      return true;
    }
  }
  return false;
}

const char* sentence_of(refusal x) {
  return refusal_rows[static_cast<size_t>(x)].sentence;
}

const char* word_of(room_mood x) {
  switch (x) {
  case room_mood::happy:
    return "happy";
  case room_mood::lonely:
    return "lonely";
  case room_mood::errory:
    return "errory";
  case room_mood::kicked:
    return "kicked";
  }
  return "unknown";
}

} // namespace liveconnect::relay
