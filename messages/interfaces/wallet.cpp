#include "messages/interfaces/wallet.hpp"

namespace liveconnect::wallet {

const char* to_string(transfer_state x) {
  switch (x) {
  case transfer_state::fresh:
    return "fresh";
  case transfer_state::selected:
    return "selected";
  case transfer_state::sending:
    return "sending";
  case transfer_state::refresh:
    return "refresh";
  case transfer_state::offered:
    return "offered";
  case transfer_state::received:
    return "received";
  case transfer_state::pown:
    return "pown";
  case transfer_state::graded:
    return "graded";
  case transfer_state::receipt:
    return "receipt";
  case transfer_state::closed:
    return "closed";
  }
  return "unknown";
}

} // namespace liveconnect::wallet
