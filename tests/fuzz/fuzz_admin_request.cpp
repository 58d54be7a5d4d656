// A line on the relay's admin socket: the real commands, with a lobby that knows two rooms. Every
// request is answered by lines of JSON of which the last one is the result, and none of them holds
// more than a request can explain.
#include <caf/all.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/null_sink.h>

#include "messages/base/error.hpp"
#include "relay/admin_handler.hpp"
#include "tests/fuzz/target.hpp"

namespace liveconnect::fuzz {

using namespace relay;

namespace {

lobby_actor::behavior_type small_lobby() {
  return {
      [](const pending_joins&) {},
      [](const room_empty&) {},
      [](atom::drain) {},
      [](const limits_update&) {},
      [](atom::describe) {
        return room_numbers{{1, 42}};
      },
      [](atom::describe, uint64_t number) -> caf::result<room_description> {
        room_description out;
        out.room = number;
        out.people.resize(2);
        return out;
      },
      [](atom::kick, uint64_t number) -> caf::result<uint32_t> {
        if (number != 42)
          return fail(ec::bad_argument, "no such room");
        return 2u;
      },
  };
}

/// The relay around the handler; made once, for all inputs.
struct office {
  office() : lobby(system.spawn(small_lobby)) {}

  caf::actor_system_config config;
  caf::actor_system system{config};
  lobby_actor lobby;
  status_board board{"1.0.0"};
  std::shared_ptr<spdlog::logger> log =
      std::make_shared<spdlog::logger>("fuzz", std::make_shared<spdlog::sinks::null_sink_mt>());
  admin_handler handler{system, lobby, board, log, [] {}};
};

} // namespace

FUZZ_TARGET(admin_request) {
  // Never taken down: actors of CAF must not end when main() has returned.
  static auto& here = *new office;
  std::string said;
  answer_admin_request(
      data.text().substr(0, data.text().find('\n')),
      [](const nlohmann::json& request, const admin_server::say_function& say) {
        return here.handler.handle(request, say);
      },
      [&](const std::string& text) { said += text; });
  REQUIRE(!said.empty() && said.back() == '\n');
  const auto last = said.rfind('\n', said.size() - 2);
  const auto result = nlohmann::json::parse(said.substr(last == said.npos ? 0 : last + 1));
  REQUIRE(result.at("type") == "result" && result.at("ok").is_boolean());
  REQUIRE(result.at("ok") == true || result.at("error").is_string());
}

} // namespace liveconnect::fuzz
