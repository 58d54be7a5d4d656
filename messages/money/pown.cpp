#include "messages/money/pown.hpp"

namespace liveconnect {

letter_counts count_letters(std::string_view pown) {
  letter_counts out;
  for (char x : pown) {
    switch (x) {
    case letter::passed:
      ++out.passed;
      break;
    case letter::failed:
      ++out.failed;
      break;
    case letter::error:
      ++out.error;
      break;
    case letter::silent:
      ++out.silent;
      break;
    case letter::network:
      ++out.network;
      break;
    case letter::bad_key:
      ++out.bad_key;
      break;
    default:
      ++out.untried;
    }
  }
  return out;
}

} // namespace liveconnect
