#include "wallet/raida/client/client.hpp"

#include <algorithm>
#include <memory>

#include <caf/sec.hpp>

#include "messages/base/assert.hpp"

namespace liveconnect::raida {

namespace {

/// One question to all, and what has come of it.
struct fan_out {
  answers got;
  size_t pending = 0;
  caf::typed_response_promise<answers> promise;

  /// Whether it was the last.
  bool arrive(size_t server, answer x) {
    LC_ASSERT_OR(server < got.list.size() && pending > 0, return false);
    got.list[server] = std::move(x);
    if (--pending != 0)
      return false;
    promise.deliver(std::move(got));
    return true;
  }
};

/// A link that has ended sent nothing of this request; one that does not answer may have sent it.
answer answer_of(const caf::error& x) {
  const bool gone = x == caf::sec::request_receiver_down;
  return {gone ? outcome::unreachable : outcome::silent, 0, {}};
}

} // namespace

void raida_client_state::setup(std::vector<raida_link_actor> links, caf::timespan slack) {
  links_ = std::move(links);
  slack_ = slack;
  for (const auto& link : links_)
    self->link_to(link);
  self->set_exit_handler([this](caf::exit_msg& msg) { on_exit(msg); });
}

caf::result<answers> raida_client_state::on_ask(const ask_all& x) {
  auto all = std::make_shared<fan_out>();
  all->got.list.resize(links_.size());
  std::vector<size_t> asked;
  for (size_t i = 0; i < links_.size() && i < x.payloads.size(); ++i)
    if (i >= x.skip.size() || !x.skip[i])
      asked.push_back(i);
  if (leaving_)
    for (auto i : asked)
      all->got.list[i].what = outcome::unreachable;
  if (asked.empty() || leaving_)
    return std::move(all->got);
  ++open_;
  all->pending = asked.size();
  all->promise = self->make_response_promise<answers>();
  const auto arrive = [this, all](size_t i, answer got) {
    if (all->arrive(i, std::move(got)))
      on_answered();
  };
  for (auto i : asked)
    self->request(links_[i], x.deadline + slack_, ask_one{x.what, x.payloads[i], x.deadline})
        .then([arrive, i](answer& got) { arrive(i, std::move(got)); },
              [arrive, i](const caf::error& err) { arrive(i, answer_of(err)); });
  return all->promise;
}

void raida_client_state::on_answered() {
  LC_ASSERT_OR(open_ > 0, return );
  --open_;
  if (open_ == 0 && leaving_)
    self->quit(std::move(*leaving_));
}

void raida_client_state::on_exit(caf::exit_msg& x) {
  const auto sent_it = [&x](const raida_link_actor& link) { return link.address() == x.source; };
  const bool from_link = std::any_of(links_.begin(), links_.end(), sent_it);
  if (from_link || !x.reason || leaving_)
    return;
  if (open_ == 0)
    return self->quit(std::move(x.reason));
  // Each link answers what is open before it ends; the last of those answers ends the client.
  leaving_ = std::move(x.reason);
  for (const auto& link : links_)
    self->send_exit(link, *leaving_);
}

raida_client_actor::behavior_type raida_client(raida_client_state::pointer self,
                                               std::vector<raida_link_actor> links,
                                               caf::timespan slack) {
  self->state.setup(std::move(links), slack);
  return {
      [self](const ask_all& x) { return self->state.on_ask(x); },
  };
}

raida_client_actor spawn_raida_client(caf::actor_system& system, byte_loop_actor loop,
                                      const std::vector<endpoint>& servers,
                                      raida_link_config bounds) {
  std::vector<raida_link_actor> links;
  const auto slack = raida_link_slack(bounds);
  for (size_t i = 0; i < servers.size(); ++i) {
    bounds.server = static_cast<uint8_t>(i);
    bounds.at = servers[i];
    links.push_back(system.spawn(raida_link, loop, bounds));
  }
  return system.spawn(raida_client, std::move(links), slack);
}

} // namespace liveconnect::raida
