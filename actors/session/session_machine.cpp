#include "actors/session/session_machine.hpp"

namespace liveconnect::session {

const char* cancel_word(ec x) {
  switch (x) {
  case ec::not_enough_coins:
  case ec::change_not_possible:
    return cancel_reason::coins;
  case ec::too_few_servers:
    return cancel_reason::servers;
  case ec::manifest_mismatch:
    return cancel_reason::manifest;
  default:
    return cancel_reason::wallet;
  }
}

std::optional<step> step_ledger::start(uint8_t number, role by, std::string name) {
  if (number != 0 && (finished_ >> number & 1) != 0)
    return std::nullopt;
  step out;
  out.number = number;
  out.phase = step_phase::started;
  out.by = by;
  out.name = std::move(name);
  return out;
}

std::optional<step> step_ledger::finish(uint8_t number, role by, std::string name,
                                        const wallet::step_report& report) {
  auto out = start(number, by, std::move(name));
  if (!out)
    return out;
  if (number != 0)
    finished_ |= uint32_t{1} << number;
  out->phase = step_phase::finished;
  out->text = report.text;
  out->fewest_passes = report.fewest_passes;
  return out;
}

} // namespace liveconnect::session
