#include "actors/relay/room_switch.hpp"

#include <algorithm>
#include <future>

#include <caf/send.hpp>

#include "actors/relay/admission.hpp"
#include "actors/relay/lobby.hpp"
#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::relay {

namespace {

/// An emptied buffer larger than this gives its memory back: ten thousand idle connections must not
/// hold ten thousand frames' room.
constexpr size_t buffer_kept_bytes = 1024;

bytes encoded(message_number number, std::string details, notation how) {
  return byte_view(encode(make_relay_frame(number, std::move(details)), how)).copy();
}

bytes refused_text(refusal why, notation how) {
  return encoded(message_number::refused, std::string(word_of(why)) + " " + sentence_of(why), how);
}

void drop_front(bytes& from, size_t count) {
  if (count == from.size() && from.capacity() > buffer_kept_bytes)
    bytes{}.swap(from);
  else
    from.erase(from.begin(), from.begin() + static_cast<ptrdiff_t>(count));
}

const char* word_of(io::close_reason x) {
  switch (x) {
  case io::close_reason::none:
  case io::close_reason::local:
  case io::close_reason::peer:
    return "left";
  case io::close_reason::failed:
  case io::close_reason::timed_out:
    return "lost";
  case io::close_reason::overflow:
    return relay::word_of(refusal::stalled);
  }
  return "left";
}

} // namespace

room_switch::line::line(io::socket_id socket, const endpoint& from, const relay_limits& limits)
    : id(socket), peer(from), address(from.host()), scanner(limits.join_bytes_max, 0) {}

relay_counters& relay_counters::operator+=(const relay_counters& x) {
  accepted += x.accepted;
  joined += x.joined;
  paired += x.paired;
  frames_forwarded += x.frames_forwarded;
  bytes_received += x.bytes_received;
  bytes_forwarded += x.bytes_forwarded;
  frames_unheard += x.frames_unheard;
  held_back += x.held_back;
  throttled += x.throttled;
  for (size_t i = 0; i < refused.size(); ++i)
    refused[i] += x.refused[i];
  health_checks += x.health_checks;
  connections += x.connections;
  seated += x.seated;
  rooms_paired += x.rooms_paired;
  queued_bytes += x.queued_bytes;
  return *this;
}

std::shared_ptr<room_switch> switch_shared::home_of(uint64_t room) const {
  return switches[room % switches.size()].lock();
}

room_switch::room_switch(std::shared_ptr<io::byte_loop> loop, relay_limits limits,
                         std::shared_ptr<switch_shared> shared)
    : loop_(std::move(loop)), shared_(std::move(shared)), limits_(limits) {}

/// Its loop has ended, and has told it the end of every line.
room_switch::~room_switch() {
  LC_ASSERT_OR(line_count_ == 0 && counters_.seated == 0 && counters_.rooms_paired == 0, return );
}

// --- any thread ---

void room_switch::place(seating what) {
  loop_->post([self = shared_from_this(), what = std::move(what)] { self->seat(what); });
}

void room_switch::seat(const seating& what) {
  LC_ASSERT_OR(what.account != nullptr && what.life != nullptr && what.who, return );
  auto* x = find(what.socket);
  if (x == nullptr || x->at != stage::joining) {
    what.life->ended = true;
    caf::anon_send(what.who, connection_closed{word_of(io::close_reason::peer)});
    return;
  }
  LC_ASSERT_OR(x->partner == nullptr && x->held == 0, return );
  x->at = stage::seated;
  x->who = what.who;
  x->life = what.life;
  x->account = what.account;
  x->account->open({}, loop_->now());
  x->scanner = frame_scanner(limits_.frame_bytes_max, x->address.size() - 1);
  x->since_begun = never;
  x->keeps_room_time = true;
  ++counters_.joined;
  ++counters_.seated;
  say_at_turn_end(*x, what.greeting);
  if (auto* other = find(what.partner); other != nullptr && other->at == stage::seated) {
    say_at_turn_end(*other, what.news);
    pair(*x, *other);
  }
  // What came behind the join waits; then the socket may be read again.
  if (x->held == 0)
    loop_->resume(x->id);
  // The join's timer would ring for nothing, and every line that waits in peace would keep one.
  x->timer = next_deadline(*x);
  loop_->set_timer(x->id, x->timer);
  take_unread(*x);
}

void room_switch::tell(io::socket_id socket, bytes text) {
  loop_->post([self = shared_from_this(), socket, text = std::move(text)] {
    if (auto* x = self->find(socket); x != nullptr && x->at == stage::seated)
      self->say(*x, text);
  });
}

void room_switch::refuse(io::socket_id socket, refusal why) {
  loop_->post([self = shared_from_this(), socket, why] {
    if (auto* x = self->find(socket))
      self->drop(*x, why);
  });
}

void room_switch::wrong_guess(io::socket_id socket) {
  loop_->post([self = shared_from_this(), socket] {
    if (auto* x = self->find(socket))
      self->shared_->addresses.wrong_guess(x->peer, self->loop_->now());
  });
}

void room_switch::set_limits(const relay_limits& limits) {
  loop_->post([self = shared_from_this(), limits] {
    self->limits_ = limits;
    self->shared_->addresses.set_limits(limits);
    for (const auto& x : self->lines_) {
      if (!x)
        continue;
      if (x->account)
        x->account->forget_budget({});
      if (x->fast_until != never)
        x->fast_until = self->loop_->now();
      self->arm(*x);
    }
  });
}

void room_switch::close_all() {
  loop_->post([self = shared_from_this()] {
    self->closing_ = true;
    for (const auto& x : self->lines_) {
      if (!x || x->at == stage::leaving)
        continue;
      self->say(*x, encoded(message_number::closing, {}, x->how));
      self->depart(*x, "closing");
      self->loop_->close(x->id, true);
    }
  });
}

relay_counters room_switch::counters() {
  auto promise = std::make_shared<std::promise<relay_counters>>();
  auto future = promise->get_future();
  loop_->post([self = shared_from_this(), promise] {
    auto out = self->counters_;
    out.connections = self->line_count_;
    out.queued_bytes = self->loop_->queued_in_all();
    promise->set_value(out);
  });
  promise.reset();
  try {
    return future.get();
  } catch (const std::future_error&) {
    return counters_; // The loop has ended and dropped the job; its thread touches them no more.
  }
}

// --- coming and going ---

room_switch::line* room_switch::find(io::socket_id id) {
  const auto slot = id.slot();
  if (slot >= lines_.size() || !lines_[slot])
    return nullptr;
  auto& x = *lines_[slot];
  return x.id == id ? &x : nullptr;
}

room_switch::line& room_switch::keep(std::unique_ptr<line> x) {
  const auto slot = x->id.slot();
  if (lines_.size() <= slot)
    lines_.resize(slot + 1);
  LC_ASSERT_OR(lines_[slot] == nullptr, --line_count_);
  lines_[slot] = std::move(x);
  ++line_count_;
  return *lines_[slot];
}

std::unique_ptr<room_switch::line> room_switch::take_out(io::socket_id socket) {
  LC_ASSERT_OR(line_count_ > 0, ++line_count_);
  LC_ASSERT_OR(find(socket) != nullptr, return nullptr);
  --line_count_;
  return std::move(lines_[socket.slot()]);
}

void room_switch::on_accepted(io::socket_id, io::socket_id socket, const endpoint& peer) {
  ++counters_.accepted;
  const bool crowd =
      limits_.connections_max != 0 && shared_->connections >= limits_.connections_max;
  auto& x = keep(std::make_unique<line>(socket, peer, limits_));
  ++shared_->connections;
  if (closing_)
    return loop_->close(socket, false);
  if (crowd)
    return drop(x, refusal::full);
  x.since_begun = loop_->now();
  const bool announced = std::any_of(proxies_.begin(), proxies_.end(),
                                     [&](const auto& range) { return range.contains(peer); });
  if (announced)
    x.at = stage::announced;
  else
    admit(x);
  arm(x);
}

/// The client's address is known: its limits hold from here on.
void room_switch::admit(line& x) {
  x.at = stage::awaiting_join;
  x.counted = true;
  if (const auto why = shared_->addresses.enter(x.peer, loop_->now()))
    drop(x, *why);
}

void room_switch::on_closed(io::socket_id socket, io::close_reason reason, std::string_view) {
  auto* gone = find(socket);
  if (gone == nullptr)
    return; // A listener.
  auto& x = *gone;
  if (reason == io::close_reason::overflow)
    ++counters_.refused[static_cast<size_t>(refusal::stalled)];
  depart(x, word_of(reason));
  if (x.counted)
    shared_->addresses.leave(x.peer, loop_->now());
  LC_ASSERT_OR(shared_->connections > 0, ++shared_->connections);
  take_out(socket);
  --shared_->connections;
}

void room_switch::depart(line& x, const std::string& why) {
  if (x.at == stage::leaving)
    return;
  if (x.at == stage::seated) {
    LC_ASSERT_OR(counters_.seated > 0, ++counters_.seated);
    --counters_.seated;
  }
  x.at = stage::leaving;
  // Its unread bytes go with it, and not now: a caller may be looking at them.
  unpair(x);
  if (x.life)
    x.life->ended.store(true, std::memory_order_release);
  if (x.who)
    caf::anon_send(x.who, connection_closed{why});
  x.who = nullptr;
}

void room_switch::drop(line& x, refusal why) {
  if (x.at == stage::leaving)
    return;
  ++counters_.refused[static_cast<size_t>(why)];
  say(x, refused_text(why, x.how));
  depart(x, relay::word_of(why));
  // One that takes nothing would only make the flush wait.
  loop_->close(x.id, why != refusal::stalled && why != refusal::memory);
}

void room_switch::pair(line& x, line& y) {
  LC_ASSERT_OR(&x != &y && x.partner == nullptr && y.partner == nullptr, return );
  LC_ASSERT_OR(x.at == stage::seated && y.at == stage::seated, return );
  LC_ASSERT_OR(x.account == y.account, return );
  ++counters_.paired;
  ++counters_.rooms_paired;
  x.partner = &y;
  y.partner = &x;
  x.life->paired = true;
  y.life->paired = true;
  // The one that waited has the timer.
  x.keeps_room_time = false;
}

void room_switch::unpair(line& x) {
  auto* y = std::exchange(x.partner, nullptr);
  if (y == nullptr)
    return;
  LC_ASSERT_OR(y->partner == &x, return );
  LC_ASSERT_OR(counters_.rooms_paired > 0, ++counters_.rooms_paired);
  y->partner = nullptr;
  --counters_.rooms_paired;
  x.life->paired = false;
  y->life->paired = false;
  if (!y->keeps_room_time) {
    y->keeps_room_time = true;
    arm(*y);
  }
  // No receiver is left that could hold the other line back. Its next turn drops what is unheard.
  hold(*y, receiver_is_slow, false);
  if (!y->unread.empty())
    loop_->post([self = shared_from_this(), id = y->id] {
      if (auto* z = self->find(id))
        self->take_unread(*z);
    });
}

// --- bytes ---

void room_switch::on_received(io::socket_id socket, byte_view data, const endpoint&) {
  auto* x = find(socket);
  if (x == nullptr || x->at == stage::leaving)
    return;
  counters_.bytes_received += data.size();
  if (x->life)
    x->life->heard.store(true, std::memory_order_relaxed);
  if (x->unread.empty()) {
    // The usual case: whole frames go out from where the loop has read them.
    const auto used = take(*x, data);
    if (x->at != stage::leaving && used < data.size())
      x->unread.assign(data.begin() + used, data.end());
    arm(*x);
  } else {
    x->unread.insert(x->unread.end(), data.begin(), data.end());
    take_unread(*x);
  }
}

/// Goes on with what waits, unless it has to wait further.
void room_switch::take_unread(line& x) {
  if (x.held != 0 || x.at == stage::leaving)
    return;
  const auto used = take(x, x.unread);
  if (x.at != stage::leaving && used > 0)
    drop_front(x.unread, used);
  arm(x);
}

size_t room_switch::take(line& x, byte_view text) {
  switch (x.at) {
  case stage::announced:
    return take_announcement(x, text);
  case stage::awaiting_join:
    return take_join(x, text);
  case stage::joining:
    return 0;
  case stage::seated:
    return pass_on(x, text);
  case stage::leaving:
    break;
  }
  return text.size();
}

size_t room_switch::take_announcement(line& x, byte_view text) {
  const auto step = read_announcement(text);
  LC_ASSERT_OR(step.used <= text.size(), return text.size());
  switch (step.what) {
  case admission_step::kind::announced:
    x.peer = step.client;
    x.address = x.peer.host();
    admit(x);
    return step.used + take(x, text.sub(step.used));
  case admission_step::kind::health_check:
    ++counters_.health_checks;
    depart(x, "left");
    loop_->close(x.id, false);
    break;
  case admission_step::kind::refused:
    drop(x, step.why);
    break;
  case admission_step::kind::more:
  case admission_step::kind::join:
    break;
  }
  return step.used;
}

size_t room_switch::take_join(line& x, byte_view text) {
  const auto step = read_join_frame(x.scanner, x.join_bytes, limits_.join_bytes_max, text);
  x.how = x.scanner.how();
  LC_ASSERT_OR(step.size <= step.used && step.used <= text.size(), return text.size());
  if (step.what == admission_step::kind::refused)
    drop(x, step.why);
  else if (step.what == admission_step::kind::join)
    request_join(x, text.sub(step.used - step.size, step.size));
  return step.used;
}

void room_switch::request_join(line& x, byte_view text) {
  // An address that opened many connections before its first wrong guess gets no more than others.
  if (shared_->addresses.out(x.peer, loop_->now()))
    return drop(x, refusal::guesses);
  x.at = stage::joining;
  // Nothing more is read until there is a seat: what waits is bounded by one read.
  loop_->pause(x.id);
  if (shared_->switches.size() > 1) {
    const auto wanted = read_join(text);
    auto home = wanted ? shared_->home_of(wanted->room) : nullptr;
    if (home && home.get() != this) {
      migrating_.push_back({x.id, std::move(home), text.copy()});
      return;
    }
  }
  pending_joins_.push_back({x.id, x.peer, text.copy(), x.how});
}

void room_switch::move_lines() {
  for (auto& [id, home, join] : std::exchange(migrating_, {})) {
    auto* x = find(id);
    if (x == nullptr || x->at != stage::joining)
      continue;
    if (auto socket = loop_->release(id); socket.valid())
      home->take_over(take_out(id), std::move(socket), std::move(join));
  }
}

/// From another switch's thread: `x` goes on here.
void room_switch::take_over(std::unique_ptr<line> x, io::descriptor socket, bytes join) {
  // std::function wants copies; what changes hands does so through shared ones.
  auto moved = std::make_shared<std::unique_ptr<line>>(std::move(x));
  auto hand = std::make_shared<io::descriptor>(std::move(socket));
  loop_->post([self = shared_from_this(), moved, hand, join = std::move(join)] {
    auto& known = **moved;
    known.id = self->loop_->adopt(std::move(*hand), known.peer, self);
    known.timer = never;
    auto& y = self->keep(std::move(*moved));
    if (self->closing_)
      return self->loop_->close(y.id, false);
    self->arm(y);
    self->pending_joins_.push_back({y.id, y.peer, join, y.how});
    self->loop_->request_turn_end(self);
  });
}

// --- what the relay itself says ---

void room_switch::say(line& x, byte_view text) {
  if (x.has_control)
    say_control(x);
  after_saying(x, loop_->write(x.id, text));
}

void room_switch::say_at_turn_end(line& x, bytes text) {
  x.has_control = true;
  pending_control_.emplace_back(x.id, std::move(text));
  loop_->request_turn_end(shared_from_this());
}

/// Says what this turn has for `x`, in one write.
void room_switch::say_control(line& x) {
  x.has_control = false;
  std::vector<iovec> pieces;
  for (auto& [id, text] : pending_control_) {
    if (id != x.id)
      continue;
    pieces.push_back({text.data(), text.size()});
    // More may follow for it in this turn; this part is said.
    id = {};
  }
  after_saying(x, loop_->write(x.id, pieces.data(), pieces.size()));
}

void room_switch::after_saying(line& x, size_t waiting) {
  if (waiting == 0)
    return;
  watch_queue(x);
  if (x.partner != nullptr)
    hold(*x.partner, receiver_is_slow, true);
}

void room_switch::watch_queue(line& x) {
  if (x.since_stall != never)
    return;
  x.since_stall = loop_->now();
  x.written_then = loop_->written(x.id);
  arm(x);
}

// --- deadlines ---

/// How long what it has begun may take.
std::chrono::nanoseconds room_switch::begun_deadline(const line& x) const {
  return x.at == stage::seated ? limits_.frame_deadline : limits_.join_deadline;
}

room_switch::time_point room_switch::next_deadline(const line& x) const {
  auto out = never;
  if (x.since_begun != never)
    out = std::min(out, x.since_begun + begun_deadline(x));
  if (x.since_stall != never)
    out = std::min(out, x.since_stall + limits_.stall_deadline);
  if (x.account && x.keeps_room_time)
    out = std::min(out, x.account->opened({}) + limits_.room_life);
  out = std::min(out, x.fast_until);
  return out;
}

/// Sets the socket's timer when none rings early enough. One that rings too early is set anew then:
/// a busy connection does not touch the loop's timers at each frame.
void room_switch::arm(line& x) {
  if (x.at == stage::leaving)
    return;
  const auto next = next_deadline(x);
  if (next >= x.timer)
    return;
  x.timer = next;
  loop_->set_timer(x.id, next);
}

void room_switch::on_timer(io::socket_id socket) {
  auto* x = find(socket);
  if (x == nullptr || x->at == stage::leaving)
    return;
  x->timer = never;
  const auto now = loop_->now();
  if (x->since_stall != never && x->since_stall + limits_.stall_deadline <= now) {
    const auto written = loop_->written(x->id);
    if (written == x->written_then)
      return drop(*x, refusal::stalled);
    x->written_then = written;
    x->since_stall = now;
  }
  if (x->since_begun != never && x->since_begun + begun_deadline(*x) <= now)
    return drop(*x, refusal::slow);
  if (x->account && x->account->opened({}) + limits_.room_life <= now)
    return end_room(*x, refusal::expired);
  if (x->fast_until <= now) {
    x->fast_until = never;
    hold(*x, room_is_fast, false);
    take_unread(*x);
  }
  arm(*x);
}

void room_switch::on_turn_end() {
  for (const auto& [id, text] : pending_control_)
    if (auto* x = find(id); x != nullptr && x->has_control)
      say_control(*x);
  pending_control_.clear();
  LC_ASSERT_OR(counters_.seated >= 2 * counters_.rooms_paired, counters_.rooms_paired = 0);
  move_lines();
  if (!pending_joins_.empty())
    caf::anon_send(lobby_, pending_joins{std::exchange(pending_joins_, {})});
  relieve_memory();
}

} // namespace liveconnect::relay
