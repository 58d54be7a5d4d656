#include "messages/interfaces/session.hpp"

namespace liveconnect::session {

std::string_view step_text(uint8_t number) {
  static constexpr std::string_view texts[step_count] = {
      "Sender chooses relay, room and key",
      "The invitation is written",
      "Sender enters the room",
      "Receiver enters the room",
      "Both see each other",
      "Sender asks to empty Import and Export",
      "Receiver has emptied Import and Export",
      "Sender names the amount",
      "Receiver confirms the amount",
      "Sender makes change",
      "Sender joins notes",
      "Sender finds lost change",
      "Sender fixes fracked change",
      "Sender moves the coins to its hidden wallet",
      "Sender checks the coins' health",
      "Sender fixes fracked coins",
      "Sender puts the coins in Export",
      "Sender asks whether the receiver is ready",
      "Receiver is ready",
      "Sender sends the coins",
      "Receiver puts them into Import",
      "Receiver has received the coins",
      "Receiver makes the coins its own",
      "Receiver sends the receipt",
      "Sender has seen the receipt",
  };
  if (number < 1 || number > step_count)
    return {};
  return texts[number - 1];
}

const preparation_step* find_preparation_step(message_number message) {
  for (const auto& x : preparation_steps)
    if (x.message == message)
      return &x;
  return nullptr;
}

const char* to_string(awaited x) {
  switch (x) {
  case awaited::relay:
    return "relay";
  case awaited::peer:
    return "peer";
  case awaited::peer_work:
    return "peer_work";
  case awaited::servers:
    return "servers";
  case awaited::person:
    return "person";
  }
  return "unknown";
}

} // namespace liveconnect::session
