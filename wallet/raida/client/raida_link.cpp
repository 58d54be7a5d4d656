#include "wallet/raida/client/raida_link.hpp"

#include <algorithm>

#include <caf/send.hpp>

#include "messages/base/assert.hpp"

namespace liveconnect::raida {

namespace {

/// The loop answers at once; this only keeps a request from waiting for ever.
constexpr caf::timespan loop_answers_within = std::chrono::seconds(30);

} // namespace

answer raida_link_state::request::without_answer() const {
  if (now != stage::sent)
    return {outcome::unreachable, 0, {}};
  if (saw_invalid)
    return {outcome::invalid, invalid_status, {}};
  return {outcome::silent, 0, {}};
}

raida_link_state::request* raida_link_state::find(uint64_t number) {
  const auto i = requests_.find(number);
  return i == requests_.end() ? nullptr : &i->second;
}

void raida_link_state::setup(byte_loop_actor loop, raida_link_config config) {
  config_ = config;
  loop_ = std::move(loop);
  self->monitor(loop_);
  self->set_down_handler([this](const caf::down_msg& msg) {
    if (msg.source == loop_.address())
      on_loop_down();
  });
  self->set_exit_handler([this](caf::exit_msg& msg) { on_exit(msg); });
}

// --- a request's way ---

caf::result<answer> raida_link_state::on_ask(const ask_one& x) {
  if (loop_is_gone_ || requests_.size() >= config_.requests_max)
    return answer{outcome::unreachable, 0, {}};
  auto out = encode_request(config_.server, x.what, view(x.payload), random_request_seed());
  if (!out)
    return answer{outcome::not_asked, 0, {}};
  request made;
  made.how = out->packet.size() <= udp_request_max ? io::transport::udp : io::transport::tcp;
  made.out = std::move(*out);
  made.deadline = std::max(x.deadline, caf::timespan{1});
  made.promise = self->make_response_promise<answer>();
  auto promise = made.promise;
  const auto number = ++last_number_;
  lane_of(made.how).waiting.push_back(number);
  requests_.emplace(number, std::move(made));
  start_waiting();
  if (auto* waiting = find(number); waiting && waiting->now == request::stage::waiting) {
    waiting->expires = self->clock().now() + config_.wait_max;
    self->delayed_send(self, config_.wait_max, atom::tick_v, number);
  }
  return promise;
}

void raida_link_state::start_waiting() {
  for (auto how : {io::transport::udp, io::transport::tcp}) {
    auto& at = lane_of(how);
    const auto at_once = how == io::transport::udp ? config_.udp_max : 1;
    while (!loop_is_gone_ && !at.waiting.empty() && at.open < at_once) {
      const auto number = at.waiting.front();
      at.waiting.pop_front();
      start(number, requests_.at(number));
    }
  }
}

void raida_link_state::start(uint64_t number, request& x) {
  const auto how = x.how;
  x.now = request::stage::opening;
  x.expires = self->clock().now() + x.deadline;
  ++lane_of(how).open;
  self->delayed_send(self, x.deadline, atom::tick_v, number);
  self->request(loop_, loop_answers_within,
                io::connect{config_.at, how, std::min(config_.connect_deadline, x.deadline)},
                socket_owner_actor{raida_link_impl{self}})
      .then([this, number, how](io::socket_id socket) { on_opened(number, how, socket); },
            [this, number, how](const caf::error&) {
              finish(number, {outcome::unreachable, 0, {}});
              release(how);
            });
}

void raida_link_state::finish(uint64_t number, answer what) {
  const auto i = requests_.find(number);
  if (i == requests_.end())
    return;
  auto done = std::move(i->second);
  requests_.erase(i);
  if (done.now == request::stage::waiting) {
    auto& queue = lane_of(done.how).waiting;
    queue.erase(std::remove(queue.begin(), queue.end(), number), queue.end());
  }
  if (sockets_.count(done.socket) != 0)
    self->send(loop_, io::close{done.socket, true});
  done.promise.deliver(std::move(what));
}

void raida_link_state::release(io::transport how) {
  LC_ASSERT_OR(lane_of(how).open > 0, return );
  --lane_of(how).open;
  start_waiting();
}

void raida_link_state::on_tick(uint64_t number) {
  // A tick of the wait in the queue may come when the request has long been sent.
  if (const auto* x = find(number); x && self->clock().now() >= x->expires)
    finish(number, x->without_answer());
}

// --- what comes from the byte loop ---

void raida_link_state::on_opened(uint64_t number, io::transport how, io::socket_id socket) {
  sockets_[socket] = {number, how};
  if (auto* x = find(number))
    x->socket = socket;
  else
    self->send(loop_, io::close{socket, false});
}

void raida_link_state::on_events(const io::events& list) {
  for (const auto& x : list.list)
    on_event(x);
}

void raida_link_state::on_event(const io::event& x) {
  const auto i = sockets_.find(x.socket);
  if (i == sockets_.end())
    return;
  if (x.kind == io::event_kind::closed) {
    on_closed(x.socket, x.reason);
    return;
  }
  const auto number = i->second.request;
  auto* asked = find(number);
  if (asked == nullptr)
    return;
  if (x.kind == io::event_kind::connected)
    on_connected(*asked);
  else if (x.kind == io::event_kind::received && asked->now == request::stage::sent) {
    if (asked->how == io::transport::udp)
      on_datagram(number, *asked, x.data);
    else
      on_stream(number, *asked, x.data);
  }
}

void raida_link_state::on_connected(request& x) {
  if (x.now != request::stage::opening)
    return;
  x.now = request::stage::sent;
  self->send(loop_, io::send{x.socket, view(x.out.packet).copy()});
}

void raida_link_state::on_datagram(uint64_t number, request& x, byte_view data) {
  auto got = decode_response(x.out.context, data);
  if (got.what == outcome::answered) {
    finish(number, std::move(got));
    return;
  }
  x.saw_invalid = true;
  x.invalid_status = got.status;
}

void raida_link_state::on_stream(uint64_t number, request& x, byte_view data) {
  auto& incoming = x.incoming;
  LC_ASSERT_OR(incoming.size() <= response_max, return );
  const auto room = response_max - incoming.size();
  const auto taken = data.sub(0, room);
  incoming.insert(incoming.end(), taken.begin(), taken.end());
  const auto needed = response_bytes_needed(incoming);
  if (needed > response_max)
    finish(number, {outcome::invalid, 0, {}});
  else if (incoming.size() >= needed && incoming.size() >= header_size)
    finish(number, decode_response(x.out.context, incoming));
}

void raida_link_state::on_closed(io::socket_id socket, io::close_reason reason) {
  const auto gone = sockets_.at(socket);
  sockets_.erase(socket);
  if (const auto* x = find(gone.request)) {
    auto what = x->without_answer();
    const bool refused = gone.how == io::transport::udp && reason == io::close_reason::failed;
    if (refused && what.what == outcome::silent)
      what.what = outcome::unreachable;
    finish(gone.request, std::move(what));
  }
  release(gone.how);
}

void raida_link_state::on_loop_down() {
  loop_is_gone_ = true;
  sockets_.clear();
  answer_open();
}

void raida_link_state::on_exit(caf::exit_msg& x) {
  if (!x.reason)
    return;
  answer_open();
  self->quit(std::move(x.reason));
}

void raida_link_state::answer_open() {
  while (!requests_.empty()) {
    const auto& [number, first] = *requests_.begin();
    finish(number, first.without_answer());
  }
}

raida_link_impl::behavior_type raida_link(raida_link_state::pointer self, byte_loop_actor loop,
                                          raida_link_config config) {
  self->state.setup(std::move(loop), config);
  return {
      [self](const ask_one& x) { return self->state.on_ask(x); },
      [self](const io::events& x) { self->state.on_events(x); },
      [self](atom::tick, uint64_t number) { self->state.on_tick(number); },
  };
}

} // namespace liveconnect::raida
