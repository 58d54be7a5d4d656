#include "wallet/raida/client/link.hpp"

#include <algorithm>

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

namespace liveconnect::raida {

namespace {

using self_pointer = raida_link_impl::stateful_pointer<link_state>;
using stage = link_request::stage;

/// The loop answers at once; this only keeps a request from waiting for ever.
constexpr caf::timespan loop_answers_within = std::chrono::seconds(30);

std::deque<uint64_t>& queue_of(link_state& st, io::transport how) {
  return how == io::transport::udp ? st.udp_waiting : st.tcp_waiting;
}

size_t& open_of(link_state& st, io::transport how) {
  return how == io::transport::udp ? st.udp_open : st.tcp_open;
}

link_request* request_of(link_state& st, uint64_t number) {
  const auto i = st.requests.find(number);
  return i == st.requests.end() ? nullptr : &i->second;
}

/// What is to be said of a request that gets no answer any more.
answer answer_without(const link_request& x) {
  if (x.now != stage::sent)
    return {outcome::unreachable, 0, {}};
  if (x.saw_invalid)
    return {outcome::invalid, x.invalid_status, {}};
  return {outcome::silent, 0, {}};
}

/// Answers a request and forgets it. Its socket is closed; what still comes from there meets
/// nobody.
void finish(self_pointer self, uint64_t number, answer what) {
  auto& st = self->state;
  const auto i = st.requests.find(number);
  if (i == st.requests.end())
    return;
  auto done = std::move(i->second);
  st.requests.erase(i);
  if (done.now == stage::waiting) {
    auto& queue = queue_of(st, done.how);
    queue.erase(std::remove(queue.begin(), queue.end(), number), queue.end());
  }
  if (st.sockets.count(done.socket) != 0)
    self->send(st.loop, io::close{done.socket, true});
  done.promise.deliver(std::move(what));
}

void start_waiting(self_pointer self);

/// The socket is gone, or never came to be: the next may open.
void release(self_pointer self, io::transport how) {
  --open_of(self->state, how);
  start_waiting(self);
}

void opened(self_pointer self, uint64_t number, io::transport how, io::socket_id socket) {
  auto& st = self->state;
  st.sockets[socket] = {number, how};
  if (auto* request = request_of(st, number))
    request->socket = socket;
  else
    self->send(st.loop, io::close{socket, false});
}

void start(self_pointer self, uint64_t number, link_request& request) {
  auto& st = self->state;
  const auto how = request.how;
  request.now = stage::opening;
  request.expires = self->clock().now() + request.deadline;
  ++open_of(st, how);
  self->delayed_send(self, request.deadline, atom::tick_v, number);
  self->request(
          st.loop, loop_answers_within,
          io::connect{st.config.at, how, std::min(st.config.connect_deadline, request.deadline)},
          caf::actor_cast<socket_owner_actor>(self))
      .then([self, number, how](io::socket_id socket) { opened(self, number, how, socket); },
            [self, number, how](const caf::error&) {
              finish(self, number, {outcome::unreachable, 0, {}});
              release(self, how);
            });
}

void start_waiting(self_pointer self) {
  auto& st = self->state;
  for (auto how : {io::transport::udp, io::transport::tcp}) {
    auto& queue = queue_of(st, how);
    const auto at_once = how == io::transport::udp ? st.config.udp_max : 1;
    while (!st.loop_is_gone && !queue.empty() && open_of(st, how) < at_once) {
      const auto number = queue.front();
      queue.pop_front();
      start(self, number, st.requests.at(number));
    }
  }
}

void on_connected(self_pointer self, link_request& request) {
  if (request.now != stage::opening)
    return;
  request.now = stage::sent;
  self->send(self->state.loop, io::send{request.socket, view(request.out.packet).copy()});
}

void on_datagram(self_pointer self, uint64_t number, link_request& request, byte_view data) {
  auto got = decode_response(request.out.context, data);
  if (got.what == outcome::answered) {
    finish(self, number, std::move(got));
    return;
  }
  request.saw_invalid = true;
  request.invalid_status = got.status;
}

void on_stream(self_pointer self, uint64_t number, link_request& request, byte_view data) {
  auto& incoming = request.incoming;
  const auto room = response_max - incoming.size();
  const auto taken = data.sub(0, room);
  incoming.insert(incoming.end(), taken.begin(), taken.end());
  const auto needed = response_bytes_needed(incoming);
  if (needed > response_max)
    finish(self, number, {outcome::invalid, 0, {}});
  else if (incoming.size() >= needed && incoming.size() >= header_size)
    finish(self, number, decode_response(request.out.context, incoming));
}

void on_closed(self_pointer self, io::socket_id socket, io::close_reason reason) {
  auto& st = self->state;
  const auto gone = st.sockets.at(socket);
  st.sockets.erase(socket);
  if (auto* request = request_of(st, gone.request)) {
    auto what = answer_without(*request);
    const bool refused = gone.how == io::transport::udp && reason == io::close_reason::failed;
    if (refused && what.what == outcome::silent)
      what.what = outcome::unreachable;
    finish(self, gone.request, std::move(what));
  }
  release(self, gone.how);
}

void on_event(self_pointer self, const io::event& x) {
  auto& st = self->state;
  const auto i = st.sockets.find(x.socket);
  if (i == st.sockets.end())
    return;
  if (x.kind == io::event_kind::closed) {
    on_closed(self, x.socket, x.reason);
    return;
  }
  const auto number = i->second.request;
  auto* request = request_of(st, number);
  if (request == nullptr)
    return;
  if (x.kind == io::event_kind::connected)
    on_connected(self, *request);
  else if (x.kind == io::event_kind::received && request->now == stage::sent) {
    if (request->how == io::transport::udp)
      on_datagram(self, number, *request, x.data);
    else
      on_stream(self, number, *request, x.data);
  }
}

void on_loop_down(self_pointer self) {
  auto& st = self->state;
  st.loop_is_gone = true;
  st.sockets.clear();
  while (!st.requests.empty()) {
    const auto& first = *st.requests.begin();
    finish(self, first.first, answer_without(first.second));
  }
}

caf::result<answer> on_ask(self_pointer self, const ask_one& x) {
  auto& st = self->state;
  if (st.loop_is_gone || st.requests.size() >= st.config.requests_max)
    return answer{outcome::unreachable, 0, {}};
  auto out = encode_request(st.config.server, x.what, view(x.payload), random_request_seed());
  if (!out)
    return answer{outcome::not_asked, 0, {}};
  link_request request;
  request.how = out->packet.size() <= udp_request_max ? io::transport::udp : io::transport::tcp;
  request.out = std::move(*out);
  request.deadline = std::max(x.deadline, caf::timespan{1});
  request.promise = self->make_response_promise<answer>();
  auto promise = request.promise;
  const auto number = ++st.last_number;
  queue_of(st, request.how).push_back(number);
  st.requests.emplace(number, std::move(request));
  start_waiting(self);
  if (auto* waiting = request_of(st, number); waiting && waiting->now == stage::waiting) {
    waiting->expires = self->clock().now() + st.config.wait_max;
    self->delayed_send(self, st.config.wait_max, atom::tick_v, number);
  }
  return promise;
}

} // namespace

raida_link_impl::behavior_type raida_link(raida_link_impl::stateful_pointer<link_state> self,
                                          byte_loop_actor loop, link_config config) {
  self->state.config = config;
  self->state.loop = loop;
  self->monitor(loop);
  self->set_down_handler([self](caf::down_msg& msg) {
    if (msg.source == self->state.loop.address())
      on_loop_down(self);
  });
  return {
      [self](const ask_one& x) { return on_ask(self, x); },
      [self](const io::events& x) {
        for (const auto& one : x.list)
          on_event(self, one);
      },
      [self](atom::tick, uint64_t number) {
        // A tick of the wait in the queue may come when the request has long been sent.
        if (auto* request = request_of(self->state, number);
            request && self->clock().now() >= request->expires)
          finish(self, number, answer_without(*request));
      },
  };
}

} // namespace liveconnect::raida
