#include "messages/base/error.hpp"

#include <caf/message.hpp>

namespace liveconnect {

// long: a table of names, one case an error
// branches: a table of names, one case an error
std::string to_string(ec x) {
  switch (x) { // No default: -Wswitch names a code that this forgets.
  case ec::bad_argument:
    return "bad_argument";
  case ec::bad_config:
    return "bad_config";
  case ec::bad_amount:
    return "bad_amount";
  case ec::bad_invitation:
    return "bad_invitation";
  case ec::invitation_expired:
    return "invitation_expired";
  case ec::relay_unreachable:
    return "relay_unreachable";
  case ec::relay_busy:
    return "relay_busy";
  case ec::room_full:
    return "room_full";
  case ec::relay_refused:
    return "relay_refused";
  case ec::peer_gone:
    return "peer_gone";
  case ec::peer_refused:
    return "peer_refused";
  case ec::not_authentic:
    return "not_authentic";
  case ec::protocol_violation:
    return "protocol_violation";
  case ec::bad_frame:
    return "bad_frame";
  case ec::not_enough_coins:
    return "not_enough_coins";
  case ec::change_not_possible:
    return "change_not_possible";
  case ec::outcome_unknown:
    return "outcome_unknown";
  case ec::counterfeit_notes:
    return "counterfeit_notes";
  case ec::partly_sent:
    return "partly_sent";
  case ec::too_few_servers:
    return "too_few_servers";
  case ec::manifest_mismatch:
    return "manifest_mismatch";
  case ec::bad_receipt:
    return "bad_receipt";
  case ec::wallet_busy:
    return "wallet_busy";
  case ec::wallet_damaged:
    return "wallet_damaged";
  case ec::bad_coin_file:
    return "bad_coin_file";
  case ec::old_coin_file:
    return "old_coin_file";
  case ec::file_exists:
    return "file_exists";
  case ec::disk_failed:
    return "disk_failed";
  case ec::cannot_listen:
    return "cannot_listen";
  case ec::network_failed:
    return "network_failed";
  case ec::timed_out:
    return "timed_out";
  case ec::stopped:
    return "stopped";
  case ec::internal:
    return "internal";
  }
  return "unknown";
}

caf::error fail(ec code, std::string detail) {
  return caf::make_error(code, std::move(detail));
}

ec code_of(const caf::error& x) {
  if (x.category() == caf::detail::error_factory<ec>::category)
    return static_cast<ec>(x.code());
  return ec::internal;
}

std::string detail_of(const caf::error& x) {
  if (x.category() == caf::detail::error_factory<ec>::category) {
    const auto& context = x.context();
    return context.match_elements<std::string>() ? context.get_as<std::string>(0) : std::string{};
  }
  return to_string(x);
}

} // namespace liveconnect
