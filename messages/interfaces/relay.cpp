#include "messages/interfaces/relay.hpp"

namespace liveconnect::relay {

const char* word_of(refusal x) {
  switch (x) { // No default: -Wswitch names one that this forgets.
  case refusal::crowded:
    return "crowded";
  case refusal::wrong_tag:
    return "wrong_tag";
  case refusal::from:
    return "from";
  case refusal::join:
    return "join";
  case refusal::joined:
    return "joined";
  case refusal::bad_frame:
    return "bad_frame";
  case refusal::too_long:
    return "too_long";
  case refusal::slow:
    return "slow";
  case refusal::silent:
    return "silent";
  case refusal::lonely:
    return "lonely";
  case refusal::stalled:
    return "stalled";
  case refusal::address:
    return "address";
  case refusal::full:
    return "full";
  case refusal::draining:
    return "draining";
  case refusal::kicked:
    return "kicked";
  case refusal::hasty:
    return "hasty";
  case refusal::guesses:
    return "guesses";
  case refusal::memory:
    return "memory";
  case refusal::bytes:
    return "bytes";
  case refusal::expired:
    return "expired";
  }
  return "unknown";
}

bool refusal_of(std::string_view word, refusal& out) {
  for (size_t i = 0; i < refusal_count; ++i) {
    if (word == word_of(static_cast<refusal>(i))) {
      out = static_cast<refusal>(i);
      return true;
    }
  }
  return false;
}

const char* sentence_of(refusal x) {
  switch (x) {
  case refusal::crowded:
    return "Two people are in this room already, so make a new invitation.";
  case refusal::wrong_tag:
    return "This room was opened with another tag, so check that both have the same invitation.";
  case refusal::from:
    return "A message must begin with the address sign alone, so let the relay write the address.";
  case refusal::join:
    return "The first message must be Join_Room and a room number, within 128 bytes.";
  case refusal::joined:
    return "You are in a room already, so connect again for another.";
  case refusal::bad_frame:
    return "A message could not be read, so check the program that wrote it.";
  case refusal::too_long:
    return "A message is longer than may pass with addresses filled in, so send it in parts.";
  case refusal::slow:
    return "A message took too long to arrive, so connect again.";
  case refusal::silent:
    return "Nothing was heard from you for too long, so send heartbeats.";
  case refusal::lonely:
    return "Nobody else came into the room, so agree on a time and connect again.";
  case refusal::stalled:
    return "You did not take what was sent to you, so connect again.";
  case refusal::address:
    return "Too many connections come from your address, so close some and try later.";
  case refusal::full:
    return "The relay is full, so try later.";
  case refusal::draining:
    return "The relay takes no new rooms because it is about to end, so try again at once or "
           "later.";
  case refusal::kicked:
    return "The operator of the relay ended this room, so ask there or make a new invitation.";
  case refusal::hasty:
    return "Too many new connections came from your address, so wait a minute and try again.";
  case refusal::guesses:
    return "Too many wrong rooms or tags came from your address, so wait ten minutes.";
  case refusal::memory:
    return "You did not take what was sent to you while the relay was short of memory, so connect "
           "again.";
  case refusal::bytes:
    return "This room has passed on as much as one room may, so make a new invitation.";
  case refusal::expired:
    return "This room has been open as long as a room may, so make a new invitation.";
  }
  return "";
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
