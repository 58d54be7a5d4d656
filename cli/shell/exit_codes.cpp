#include "cli/shell/exit_codes.hpp"

#include <csignal>

#include "messages/base/printable.hpp"

namespace liveconnect::cli {

// branches: a table with a row for each error, which the compiler keeps complete.
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

// long: a table with a row for each error, which the compiler keeps complete.
// branches: the cases of that table.
sentences sentences_for(ec x) {
  switch (x) { // No default: -Wswitch names a code that this forgets.
  case ec::bad_argument:
    return {"Invalid command line", "Run 'liveconnect --help' to see the commands and settings."};
  case ec::bad_config:
    return {"Invalid setting", "Correct it and run the command again."};
  case ec::bad_amount:
    return {"Invalid amount",
            "Write coins as 3439 or 0.25, without a sign, spaces or leading zeros."};
  case ec::bad_invitation:
    return {"The invitation cannot be read",
            "Ask the sender for the whole text again, and do not change it."};
  case ec::invitation_expired:
    return {"The invitation has expired", "Ask the sender to make a new one."};
  case ec::relay_unreachable:
    return {"The relay cannot be reached",
            "Check the address and your connection, then try again."};
  case ec::relay_busy:
    return {"The relay is not accepting new rooms right now",
            "Try again in a few minutes, or use another relay."};
  case ec::room_full:
    return {"Two others are already in the room, so someone else may know it",
            "Make a new invitation; no coins have moved."};
  case ec::relay_refused:
    return {"The relay refused the connection", "Make a new invitation, or use another relay."};
  case ec::peer_gone:
    return {"The other person did not come or has left",
            "Agree on a time and run the command again; no coins have moved."};
  case ec::peer_refused:
    return {"The other person cancelled",
            "Talk to them, and make a new invitation if you both still want the transfer."};
  case ec::not_authentic:
    return {"Someone without the right key is in the room, or what was sent has been altered",
            "Make a new invitation and hand it over another way; no coins have moved."};
  case ec::protocol_violation:
    return {"The other program sent a message that the protocol does not allow here",
            "Make sure that you both use a current version, then start again; the coins are safe."};
  case ec::bad_frame:
    return {"The other program sent something that cannot be read",
            "Make sure that you both use a current version, then start again; the coins are safe."};
  case ec::not_enough_coins:
    return {"There are not enough coins in the wallet",
            "Run 'liveconnect wallet list' to see what can be spent."};
  case ec::change_not_possible:
    return {
        "The wallet holds the amount, but not in suitable notes, and cannot make change",
        "Choose an amount that its notes add up to, or try again in a minute; no note is lost."};
  case ec::outcome_unknown:
    return {"Coins may have been sent, but no receipt has come",
            "Run 'liveconnect resume' to find out; nothing is lost."};
  case ec::counterfeit_notes:
    return {"The servers refused some of the coins",
            "Look at the receipt, which lists them, and talk to the other person."};
  case ec::partly_sent:
    return {"The receiver took only some of the coins",
            "The others are back in the wallet; send the missing amount again."};
  case ec::too_few_servers:
    return {"Too few RAIDA servers answered",
            "Check your connection ('liveconnect raida status' shows which servers answer) and try "
            "again later; the coins are safe."};
  case ec::manifest_mismatch:
    return {"The coins that came are not the ones that were announced",
            "Ask the sender to start again; none of them was taken."};
  case ec::bad_receipt:
    return {"The receipt is not signed correctly or contradicts the transfer",
            "Run 'liveconnect resume' to ask the servers themselves."};
  case ec::wallet_busy:
    return {"Another program is using this wallet",
            "Wait until it has finished, or name another folder with --data."};
  case ec::wallet_damaged:
    return {"The wallet contains something that cannot be understood, so nothing was touched",
            "Look at the file named here, and keep a copy before you change anything."};
  case ec::bad_coin_file:
    return {"A coin file cannot be read, so it was left where it is",
            "Check that the file is complete and in format 9."};
  case ec::old_coin_file:
    return {"A coin file belongs to an older coin system, so it was left where it is",
            "Convert it to current coins first."};
  case ec::file_exists:
    return {"A file with that name already exists", "Choose another name, or move that file away."};
  case ec::disk_failed:
    return {"A file could not be written or read",
            "Check disk space and permissions, then run 'liveconnect resume'."};
  case ec::cannot_listen:
    return {"Cannot listen for connections",
            "Choose another port, or stop the program that is using it."};
  case ec::network_failed:
    return {"The network failed", "Check your connection and try again."};
  case ec::timed_out:
    return {"Something took longer than allowed", "Try again, or allow more time with --timeout."};
  case ec::stopped:
    return {"The command was stopped", "Run 'liveconnect resume' if a transfer was under way."};
  case ec::internal:
    return {"Internal error",
            "Please report this line; run 'liveconnect resume' if a transfer was under way."};
  }
  return {"Something failed", "Try again."};
}

} // namespace

advice advice_for(const caf::error& x) {
  const auto text = sentences_for(code_of(x));
  advice out{text.what, text.what_to_do};
  auto detail = printable(detail_of(x), detail_chars_max);
  // The first sentence says so already.
  if (detail == "another program holds this wallet")
    detail.clear();
  while (!detail.empty() && (detail.back() == '.' || detail.back() == ' '))
    detail.pop_back();
  if (!detail.empty())
    out.what += ": " + detail;
  out.what += '.';
  return out;
}

advice advice_for_signal(int signal) {
  return {signal == SIGINT   ? "You interrupted the command."
          : signal == SIGHUP ? "The terminal was closed, and the command ended with it."
                             : "The command was told to stop.",
          "Run 'liveconnect resume' if a transfer was under way; no coin is lost."};
}

} // namespace liveconnect::cli
