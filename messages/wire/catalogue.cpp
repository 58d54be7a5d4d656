#include "messages/wire/catalogue.hpp"

#include <algorithm>

namespace liveconnect {

namespace {

using n = message_number;
using d = details_kind;

constexpr std::array<catalogue_row, catalogue_size> rows{{
    {n::heartbeat, "Heartbeat", d::none, author::both, "original"},
    {n::empty_import_export, "Empty_Import_Export", d::none, author::sender, "original"},
    {n::import_export_empty, "Import_Export_Empty", d::none, author::receiver, "original"},
    {n::amount, "", d::amount, author::both, "original"},
    {n::making_change, "Making_Change", d::none, author::sender, "original"},
    {n::joining_coins, "Joining_Coins", d::none, author::sender, "original"},
    {n::finding_change, "Finding_Change", d::none, author::sender, "original"},
    {n::moving_coins_to_sender, "Moving_Coins_To_Sender", d::none, author::sender, "original"},
    {n::detecting_coin_authenticity, "Detecting_Coin_authenticity", d::none, author::sender,
     "original"},
    {n::fixing_coins, "Fixing_Coins", d::none, author::sender, "original"},
    {n::putting_coins_in_export, "Putting_Coins_in_Export", d::none, author::sender, "original"},
    {n::encrypting_coins, "Encrypting_Coins", d::none, author::sender, "original (table only)"},
    {n::ready_to_receive, "Ready_To_Receive", d::none, author::receiver, "original"},
    {n::received, "Received", d::none, author::receiver, "original"},
    {n::decrypting_coins, "Decrypting_Coins", d::none, author::receiver, "original (table only)"},
    {n::powning_coins, "Powning_Coins", d::none, author::receiver, "original"},
    {n::receipt, "receipt", d::body, author::receiver, "original"},
    {n::confirming_change_of_ownership, "Confirming_Change_of_Ownership", d::none, author::receiver,
     "original (table only)"},
    {n::coins_confirmed, "Coins_confirmed", d::receipt_hash, author::sender,
     "original (table only)"},
    {n::fixing_change, "Fixing_Change", d::none, author::sender, "original step 13, number ours"},
    {n::ready_to_send_coins, "Ready_To_Send_Coins", d::optional_body, author::sender,
     "original step 18, number ours"},
    {n::coin, "coin", d::body, author::sender, "original"},
    {n::join_room, "Join_Room", d::join, author::client_to_relay, "ours"},
    {n::room_joined, "Room_Joined", d::seat, author::relay, "ours"},
    {n::peer_joined, "Peer_Joined", d::address, author::relay, "ours"},
    {n::peer_left, "Peer_Left", d::reason, author::relay, "ours"},
    {n::refused, "Refused", d::reason_and_sentence, author::relay, "ours"},
    {n::cancel, "Cancel", d::reason, author::both, "ours"},
    {n::closing, "Closing", d::none, author::both_and_relay, "ours"},
}};

std::string_view in_words(details_kind x) {
  switch (x) {
  case details_kind::none:
    return "none";
  case details_kind::amount:
    return "amount";
  case details_kind::body:
    return "base64, sealed";
  case details_kind::optional_body:
    return "base64, sealed, or nothing";
  case details_kind::receipt_hash:
    return "the receipt's hash, or nothing";
  case details_kind::join:
    return "`ROOM [TAG]`";
  case details_kind::seat:
    return "`ROOM yourip:port N`";
  case details_kind::address:
    return "`ip:port`";
  case details_kind::reason:
    return "reason word";
  case details_kind::reason_and_sentence:
    return "reason word, then one sentence";
  }
  return "";
}

std::string_view in_words(author x) {
  switch (x) {
  case author::sender:
    return "S";
  case author::receiver:
    return "R";
  case author::both:
    return "both";
  case author::client_to_relay:
    return "client to relay";
  case author::relay:
    return "relay only";
  case author::both_and_relay:
    return "both, relay";
  }
  return "";
}

} // namespace

const std::array<catalogue_row, catalogue_size>& catalogue() {
  return rows;
}

const catalogue_row* find_message(uint16_t number) {
  const auto at =
      std::lower_bound(rows.begin(), rows.end(), number, [](const catalogue_row& row, uint16_t x) {
        return to_integer(row.number) < x;
      });
  return at != rows.end() && to_integer(at->number) == number ? &*at : nullptr;
}

const catalogue_row* find_message(std::string_view tag) {
  if (tag.empty())
    return nullptr;
  // Called once a frame by the relay: one byte tells most rows apart.
  for (const auto& row : rows)
    if (row.tag.size() == tag.size() && row.tag.front() == tag.front() && row.tag == tag)
      return &row;
  return nullptr;
}

std::string to_string(message_number x) {
  const auto* row = find_message(x);
  if (row == nullptr)
    return "message " + std::to_string(to_integer(x));
  return row->tag.empty() ? "amount" : std::string{row->tag};
}

std::string catalogue_markdown() {
  std::string out = "| Number | Tag | Details | From | Source |\n|---|---|---|---|---|\n";
  for (const auto& row : rows) {
    out += "| " + std::to_string(to_integer(row.number)) + " | ";
    out += row.tag.empty() ? "the amount itself: `<# 3439>`" : "`" + std::string{row.tag} + "`";
    for (auto cell : {in_words(row.details), in_words(row.from), row.source}) {
      out += " | ";
      out += cell;
    }
    out += " |\n";
  }
  return out;
}

} // namespace liveconnect
