#include "cli/shell/exit_codes.hpp"

#include <cctype>
#include <csignal>

#include "messages/base/printable.hpp"

namespace liveconnect::cli {

// branches: a table of codes, one case an error
exit_status exit_of(ec x) {
  switch (x) { // No default: -Wswitch names a code that this forgets.
  case ec::bad_argument:
  case ec::bad_config:
  case ec::bad_amount:
  case ec::bad_invitation:
  case ec::invitation_expired:
  case ec::bad_coin_file:
  case ec::old_coin_file:
  case ec::file_exists:
    return {2, "usage"};
  case ec::relay_unreachable:
    return {3, "relay_unreachable"};
  case ec::peer_gone:
    return {4, "peer_gone"};
  case ec::room_full:
  case ec::not_authentic:
    return {5, "wrong_key"};
  case ec::not_enough_coins:
  case ec::change_not_possible:
    return {6, "not_enough_coins"};
  case ec::peer_refused:
    return {7, "peer_refused"};
  case ec::outcome_unknown:
  case ec::bad_receipt:
    return {8, "outcome_unknown"};
  case ec::counterfeit_notes:
    return {9, "counterfeit"};
  case ec::partly_sent:
    return {9, "partly_sent"};
  case ec::wallet_busy:
  case ec::wallet_damaged:
    return {10, "wallet"};
  case ec::too_few_servers:
    return {11, "too_few_servers"};
  case ec::relay_busy:
    return {75, "try_later"};
  case ec::relay_refused:
  case ec::protocol_violation:
  case ec::bad_frame:
  case ec::manifest_mismatch:
  case ec::disk_failed:
  case ec::cannot_listen:
  case ec::network_failed:
  case ec::timed_out:
  case ec::stopped:
  case ec::internal:
    return {1, "error"};
  }
  return {1, "error"};
}

exit_status exit_of(const caf::error& x) {
  return x ? exit_of(code_of(x)) : exit_status{};
}

exit_status exit_of_signal(int signal) {
  return {128 + signal, signal == SIGINT   ? "interrupted"
                        : signal == SIGHUP ? "hung_up"
                                           : "terminated"};
}

namespace {

struct sentences {
  /// The first sentence without its full stop; the detail follows after a colon.
  const char* what;
  const char* what_to_do;
};

// long: a table of sentences, one case an error
// branches: a table of sentences, one case an error
sentences sentences_for(ec x) {
  switch (x) {
  case ec::bad_argument:
    return {"", "Run 'liveconnect --help' to see what there is."};
  case ec::bad_config:
    return {"A setting is wrong", "Correct it where it stands and run the command again."};
  case ec::bad_amount:
    return {"This is not an amount",
            "Write coins as 3439 or 0.25, without a sign, a space, or a zero in front."};
  case ec::bad_invitation:
    return {"The invitation cannot be read",
            "Ask the sender for the whole text again and leave it as it is."};
  case ec::invitation_expired:
    return {"The invitation has expired", "Ask the sender to make a new one."};
  case ec::relay_unreachable:
    return {"The relay cannot be reached",
            "Check the address and your connection, then try again."};
  case ec::relay_busy:
    return {"The relay is not accepting new rooms right now",
            "Try again in a few minutes, or use another relay."};
  case ec::room_full:
    return {"Two others are in the room already, so someone else may know your room",
            "Make a new invitation; nothing has moved."};
  case ec::relay_refused:
    return {"The relay refused us", "Make a new invitation, or use another relay."};
  case ec::peer_gone:
    return {"The other person did not come, or has left",
            "Agree on a time and run the command again; nothing has moved."};
  case ec::peer_refused:
    return {"The other person cancelled",
            "Talk to them and make a new invitation if both want it."};
  case ec::not_authentic:
    return {"Someone in the room does not have the right key, or altered what was sent",
            "Make a new invitation and hand it over another way; nothing has moved."};
  case ec::protocol_violation:
    return {"The other program broke the protocol",
            "Make sure both use a current version, then start again; the coins are safe."};
  case ec::bad_frame:
    return {"The other program sent something unreadable",
            "Make sure both use a current version, then start again; the coins are safe."};
  case ec::not_enough_coins:
    return {"The wallet does not hold enough",
            "Run 'liveconnect wallet list' to see what can be spent."};
  case ec::change_not_possible:
    return {"The wallet holds enough, but not in notes that fit, and no change can be made",
            "Choose a sum that the notes can make, or try again in a minute; no note is lost."};
  case ec::outcome_unknown:
    return {"Coins may have been sent, and no receipt has come",
            "Run 'liveconnect resume' to find out; nothing is lost."};
  case ec::counterfeit_notes:
    return {"The servers refused some of the coins",
            "Look at the receipt, which lists them, and talk to the other person."};
  case ec::partly_sent:
    return {"The receiver took only some of the coins",
            "The others are back in the wallet; send what is missing again."};
  case ec::too_few_servers:
    return {"Fewer than 13 servers answer",
            "Check your connection and try again later; the coins are "
            "safe."};
  case ec::manifest_mismatch:
    return {"The coins that arrived are not the ones announced",
            "Ask the sender to start again; none of them was taken."};
  case ec::bad_receipt:
    return {"The receipt is not signed correctly, or contradicts the transfer",
            "Run 'liveconnect resume' to ask the servers themselves."};
  case ec::wallet_busy:
    return {"Another program is using this wallet",
            "Wait until it has finished, or choose another folder with --data."};
  case ec::wallet_damaged:
    return {"Something in the wallet cannot be read, so nothing was touched",
            "Look at the file named, and keep a copy before you change anything."};
  case ec::bad_coin_file:
    return {"A coin file cannot be read, and stays where it is",
            "Check that the file is whole and in format 9."};
  case ec::old_coin_file:
    return {"A coin file belongs to an older coin system, and stays where it is",
            "Have it converted to current coins first."};
  case ec::file_exists:
    return {"A file with that name already exists", "Choose another name, or move that file away."};
  case ec::disk_failed:
    return {"A file could not be read or written",
            "Check free space and permissions, then run 'liveconnect resume'."};
  case ec::cannot_listen:
    return {"Cannot listen on the address", "Choose another port, or stop what is using it."};
  case ec::network_failed:
    return {"The network failed", "Check your connection and try again."};
  case ec::timed_out:
    return {"Something took too long", "Try again, or allow more time with --timeout."};
  case ec::stopped:
    return {"The command was stopped", "Run 'liveconnect resume' if a transfer was under way."};
  case ec::internal:
    return {"Internal error",
            "Please report this line, and run 'liveconnect resume' if a transfer was under way."};
  }
  return {"Something failed", "Try again."};
}

} // namespace

advice advice_for(const caf::error& x) {
  const auto text = sentences_for(code_of(x));
  advice out{text.what, text.what_to_do};
  auto detail = printable(detail_of(x), detail_chars_max);
  // The sentence says that already.
  if (detail == "another program holds this wallet")
    detail.clear();
  while (!detail.empty() && (detail.back() == '.' || detail.back() == ' '))
    detail.pop_back();
  // A mistake on the command line needs no heading: the detail is the sentence.
  if (out.what.empty()) {
    out.what = detail.empty() ? "The command line is not complete" : std::move(detail);
    out.what.front() =
        static_cast<char>(std::toupper(static_cast<unsigned char>(out.what.front())));
  } else if (!detail.empty()) {
    out.what += ": " + detail;
  }
  if (out.what.back() != '?')
    out.what += '.';
  return out;
}

advice advice_for_signal(int signal) {
  return {signal == SIGINT   ? "You interrupted the command."
          : signal == SIGHUP ? "The terminal closed, and the command ended with it."
                             : "The command was told to stop.",
          "Run 'liveconnect resume' if a transfer was under way; no coin is lost."};
}

} // namespace liveconnect::cli
