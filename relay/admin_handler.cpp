#include "relay/admin_handler.hpp"

#include <algorithm>

#include <caf/scoped_actor.hpp>
#include <nlohmann/json.hpp>

#include "messages/base/address_range.hpp"
#include "messages/base/error.hpp"
#include "messages/wire/room.hpp"
#include "relay/status/status_json.hpp"

namespace liveconnect::relay {

namespace {

using json = nlohmann::ordered_json;

/// Lobby and rooms answer at once; only a relay that is ending does not.
constexpr std::chrono::seconds actor_deadline{5};

json refuse(const std::string& why) {
  return {{"ok", false}, {"error", why}};
}

std::string text_of(const nlohmann::json& request, const char* name) {
  const auto at = request.find(name);
  return at != request.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

double seconds(caf::timespan x) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(x).count()) /
         1000;
}

json to_json(const room_description& x, bool full_addresses) {
  // A number above 2^53 is not what every JSON reader reads: rooms are texts.
  json out{{"v", 1},
           {"type", "room"},
           {"room", std::to_string(x.room)},
           {"state", x.people.size() == 2 ? "paired" : "waiting"},
           {"seconds", seconds(x.open)}};
  auto people = json::array();
  for (const auto& who : x.people)
    people.push_back({{"address", full_addresses ? to_string(who.peer) : rounded(who.peer)},
                      {"seconds", seconds(who.inside)},
                      {"bytes", who.bytes_forwarded}});
  out["people"] = std::move(people);
  return out;
}

} // namespace

admin_handler::admin_handler(caf::actor_system& system, lobby_actor lobby,
                             const status_board& board, std::shared_ptr<spdlog::logger> log,
                             std::function<void()> ask_for_drain)
    : system_(system), lobby_(std::move(lobby)), board_(board), log_(std::move(log)),
      ask_for_drain_(std::move(ask_for_drain)) {}

json admin_handler::handle(const nlohmann::json& request, const admin_server::say_function& say) {
  const auto command = text_of(request, "command");
  if (command == "rooms")
    return rooms(text_of(request, "addresses") == "full", say);
  if (command == "kick")
    return kick(request);
  if (command == "log-level")
    return set_log_level(request);
  if (command == "status")
    return {{"ok", true}, {"status", json::parse(status_json(board_, false))}};
  if (command == "drain") {
    log_->info("the operator asked for a drain");
    ask_for_drain_();
    return {{"ok", true}};
  }
  return refuse("the commands are rooms, kick, drain, status and log-level");
}

json admin_handler::rooms(bool full_addresses, const admin_server::say_function& say) {
  caf::scoped_actor self{system_};
  room_numbers all;
  bool answered = false;
  self->request(lobby_, actor_deadline, atom::describe_v)
      .receive(
          [&](room_numbers& x) {
            all = std::move(x);
            answered = true;
          },
          [](const caf::error&) {});
  if (!answered)
    return refuse("the relay is ending");
  std::sort(all.list.begin(), all.list.end());
  size_t said = 0;
  for (const auto number : all.list)
    self->request(lobby_, actor_deadline, atom::describe_v, number)
        .receive(
            [&](const room_description& x) {
              // A room that has emptied meanwhile does not count.
              if (x.people.empty())
                return;
              say(to_json(x, full_addresses));
              ++said;
            },
            [](const caf::error&) {});
  return {{"ok", true}, {"rooms", said}};
}

json admin_handler::kick(const nlohmann::json& request) {
  uint64_t number = 0;
  if (!parse_room(text_of(request, "room"), number))
    return refuse("a room is a number from 1 to 18446744073709551615");
  caf::scoped_actor self{system_};
  json out;
  self->request(lobby_, actor_deadline, atom::kick_v, number)
      .receive(
          [&](uint32_t people) {
            log_->info("the operator ended a room with {} people in it", people);
            out = {{"ok", true}, {"people", people}};
          },
          [&](const caf::error& err) { out = refuse(detail_of(err)); });
  return out;
}

json admin_handler::set_log_level(const nlohmann::json& request) {
  const auto level = text_of(request, "level");
  for (const auto* known : {"debug", "info", "warn", "error"}) {
    if (level != known)
      continue;
    log_->set_level(spdlog::level::from_str(level));
    return {{"ok", true}, {"level", level}};
  }
  return refuse("the levels are debug, info, warn and error");
}

} // namespace liveconnect::relay
