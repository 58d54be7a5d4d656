#include "wallet/raida/client/client.hpp"

#include <algorithm>
#include <memory>

#include <caf/sec.hpp>

namespace liveconnect::raida {

namespace {

/// One question to all, and what has come of it.
struct fan_out {
  answers got;
  size_t pending = 0;
  caf::typed_response_promise<answers> promise;

  void arrive(size_t server, answer x) {
    got.list[server] = std::move(x);
    if (--pending == 0)
      promise.deliver(std::move(got));
  }
};

/// A link that has ended took nothing with it; one that does not answer may have sent.
answer answer_of(const caf::error& x) {
  const bool gone = x == caf::sec::request_receiver_down;
  return {gone ? outcome::unreachable : outcome::silent, 0, {}};
}

} // namespace

raida_client_actor::behavior_type
raida_client(raida_client_actor::stateful_pointer<client_state> self,
             std::vector<raida_link_actor> links, caf::timespan slack) {
  self->state.links = std::move(links);
  self->state.slack = slack;
  for (const auto& link : self->state.links)
    self->link_to(link);
  self->set_exit_handler([self](caf::exit_msg& msg) {
    const auto& all = self->state.links;
    const bool from_link = std::any_of(all.begin(), all.end(), [&](const raida_link_actor& x) {
      return x.address() == msg.source;
    });
    if (!from_link && msg.reason)
      self->quit(std::move(msg.reason));
  });
  return {
      [self](const ask_all& x) -> caf::result<answers> {
        const auto& st = self->state;
        auto all = std::make_shared<fan_out>();
        all->got.list.resize(st.links.size());
        std::vector<size_t> asked;
        for (size_t i = 0; i < st.links.size() && i < x.payloads.size(); ++i)
          if (i >= x.skip.size() || !x.skip[i])
            asked.push_back(i);
        if (asked.empty())
          return std::move(all->got);
        all->pending = asked.size();
        all->promise = self->make_response_promise<answers>();
        for (auto i : asked)
          self->request(st.links[i], x.deadline + st.slack,
                        ask_one{x.what, x.payloads[i], x.deadline})
              .then([all, i](answer& got) { all->arrive(i, std::move(got)); },
                    [all, i](const caf::error& why) { all->arrive(i, answer_of(why)); });
        return all->promise;
      },
  };
}

raida_client_actor spawn_raida_client(caf::actor_system& system, byte_loop_actor loop,
                                      const std::vector<endpoint>& servers, link_config bounds) {
  std::vector<raida_link_actor> links;
  const auto slack = link_slack(bounds);
  for (size_t i = 0; i < servers.size(); ++i) {
    bounds.server = static_cast<uint8_t>(i);
    bounds.at = servers[i];
    links.push_back(system.spawn(raida_link, loop, bounds));
  }
  return system.spawn(raida_client, std::move(links), slack);
}

} // namespace liveconnect::raida
