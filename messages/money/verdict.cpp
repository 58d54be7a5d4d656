#include "messages/money/verdict.hpp"

namespace liveconnect {

std::string_view to_string(note_verdict x) {
  switch (x) {
  case note_verdict::authentic:
    return "authentic";
  case note_verdict::fracked:
    return "fracked";
  case note_verdict::counterfeit:
    return "counterfeit";
  case note_verdict::superseded:
    return "superseded";
  case note_verdict::limbo:
    return "limbo";
  }
  return "unknown";
}

} // namespace liveconnect
