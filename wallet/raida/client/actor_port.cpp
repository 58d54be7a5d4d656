#include "wallet/raida/client/actor_port.hpp"

#include <caf/scoped_actor.hpp>

namespace liveconnect::raida {

namespace {

/// The answers when the client actor did not say what became of the question.
answers all_silent(const ask_all& what, size_t servers) {
  answers out;
  out.list.resize(servers);
  for (size_t i = 0; i < servers && i < what.payloads.size(); ++i)
    if (i >= what.skip.size() || !what.skip[i])
      out.list[i].what = outcome::silent;
  return out;
}

} // namespace

actor_port::actor_port(caf::actor_system& system, raida_client_actor client, size_t servers,
                       caf::timespan slack)
    : system_(system), client_(std::move(client)), servers_(servers), slack_(slack) {}

answers actor_port::ask(const ask_all& what) {
  caf::scoped_actor self{system_};
  answers out;
  self->request(client_, what.deadline + slack_, what)
      .receive([&](answers& got) { out = std::move(got); },
               [&](const caf::error&) { out = all_silent(what, servers_); });
  out.list.resize(servers_);
  return out;
}

} // namespace liveconnect::raida
