#include "cli/demo/demo_steps.hpp"

#include <fmt/format.h>

#include "messages/base/printable.hpp"

namespace liveconnect::cli {

namespace {

std::string text_of(const json_fields& x, const char* key) {
  const auto i = x.find(key);
  return i != x.end() && i->is_string() ? printable(i->get<std::string>()) : std::string{};
}

unsigned number_of(const json_fields& x, const char* key) {
  const auto i = x.find(key);
  return i != x.end() && i->is_number_unsigned() ? i->get<unsigned>() : 0;
}

} // namespace

void demo_steps::take(role side, const json_fields& object) {
  const auto type = text_of(object, "type");
  if (type == "connected" || type == "joined") {
    addresses_[static_cast<size_t>(side)] = text_of(object, "own_address");
    show_ready();
    return;
  }
  const auto number = number_of(object, "number");
  if (type != "step" || text_of(object, "phase") != "finished" || number == 0 ||
      number > session::step_count)
    return;
  auto& x = steps_[number - 1];
  (side == role::sender ? x.by_sender : x.by_receiver) = true;
  if (x.told.is_null() || text_of(object, "by") == to_string(side))
    x.told = object;
  show_ready();
}

void demo_steps::show_ready() {
  while (shown_ < session::step_count) {
    const auto& x = steps_[shown_];
    // The first lines wait for the addresses that every line bears.
    if (!x.by_sender || !x.by_receiver || addresses_[0].empty() || addresses_[1].empty())
      return;
    ++shown_;
    show(shown_, x);
  }
}

void demo_steps::show(uint8_t number, const seen& x) {
  const auto by_sender = text_of(x.told, "by") == to_string(role::sender);
  const auto& address = addresses_[by_sender ? 0 : 1];
  const auto name = text_of(x.told, "name");
  const auto text = text_of(x.told, "text");
  const auto passes = number_of(x.told, "passes");
  json_fields fields{{"number", number},
                     {"phase", "finished"},
                     {"title", session::step_text(number)},
                     {"by", by_sender ? "sender" : "receiver"},
                     {"name", name},
                     {"sender_address", addresses_[0]},
                     {"receiver_address", addresses_[1]}};
  if (!text.empty())
    fields["text"] = text;
  if (passes != 0)
    fields["passes"] = passes;
  out_.event("step", fields);
  auto line = fmt::format("{:>2}  {} {:<16} {:<46}", number, by_sender ? "sender  " : "receiver",
                          address, session::step_text(number));
  if (!text.empty())
    line += " " + text;
  if (passes != 0)
    line += fmt::format(" ({}/{})", passes, raida_count);
  out_.done(line.substr(0, line.find_last_not_of(' ') + 1));
}

} // namespace liveconnect::cli
