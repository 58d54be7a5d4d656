#include "actors/relay/room_switch.hpp"

#include <algorithm>
#include <future>

#include <caf/send.hpp>

#include "actors/relay/lobby.hpp"
#include "messages/base/error.hpp"
#include "messages/wire/proxy_header.hpp"

namespace liveconnect::relay {

namespace {

/// Frames are gathered up to this size before they are written: then at most so much and one frame
/// more can come to wait for a slow receiver.
constexpr size_t gathered_bytes_max = 64 * 1024;

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

std::shared_ptr<room_switch> switch_commons::home_of(uint64_t room) const {
  return switches[room % switches.size()].lock();
}

room_switch::room_switch(std::shared_ptr<io::byte_loop> loop, relay_limits limits,
                         std::shared_ptr<switch_commons> commons)
    : loop_(std::move(loop)), commons_(std::move(commons)), limits_(limits) {}

room_switch::~room_switch() = default;

// --- any thread
// -----------------------------------------------------------------------------------

void room_switch::place(seating what) {
  loop_->post([self = shared_from_this(), what = std::move(what)] {
    auto* x = self->find(what.socket);
    if (x == nullptr || x->at != stage::joining) {
      what.life->ended = true;
      caf::anon_send(what.who, departed{word_of(io::close_reason::peer)});
      return;
    }
    x->at = stage::seated;
    x->who = what.who;
    x->life = what.life;
    x->meter = what.meter;
    if (!x->meter->opened)
      x->meter->opened = self->loop_->now();
    x->scanner = frame_scanner(self->limits_.frame_bytes_max, x->address.size() - 1);
    x->since_begun = never;
    x->keeps_room_time = true;
    ++self->counters_.joined;
    ++self->counters_.seated;
    self->say_at_turn_end(*x, what.greeting);
    if (auto* other = self->find(what.partner); other != nullptr && other->at == stage::seated) {
      self->say_at_turn_end(*other, what.news);
      self->pair(*x, *other);
    }
    // What came behind the join waits; then the socket may be read again.
    if (x->held == 0)
      self->loop_->resume(x->id);
    // The join's timer would ring for nothing, and everybody who waits in peace would keep one.
    x->timer = self->next_deadline(*x);
    self->loop_->set_timer(x->id, x->timer);
    self->take_unread(*x);
  });
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
      self->commons_->addresses.wrong_guess(x->peer, self->loop_->now());
  });
}

void room_switch::set_limits(const relay_limits& limits) {
  loop_->post([self = shared_from_this(), limits] {
    self->limits_ = limits;
    self->commons_->addresses.set_limits(limits);
    for (const auto& x : self->lines_) {
      if (!x)
        continue;
      if (x->meter)
        x->meter->budget.reset();
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
    return counters_; // The loop has ended and dropped the job; nobody else touches them now.
  }
}

// --- coming and going
// -----------------------------------------------------------------------------

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
  lines_[slot] = std::move(x);
  ++line_count_;
  return *lines_[slot];
}

std::unique_ptr<room_switch::line> room_switch::let_go(io::socket_id socket) {
  --line_count_;
  return std::move(lines_[socket.slot()]);
}

void room_switch::on_accepted(io::socket_id, io::socket_id socket, const endpoint& peer) {
  ++counters_.accepted;
  const bool crowd =
      limits_.connections_max != 0 && commons_->connections >= limits_.connections_max;
  auto& x = keep(std::make_unique<line>(socket, peer, limits_));
  ++commons_->connections;
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

/// Whose connection it is is known: the limits of its address hold from here on.
void room_switch::admit(line& x) {
  x.at = stage::knocking;
  x.counted = true;
  if (const auto why = commons_->addresses.enter(x.peer, loop_->now()))
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
    commons_->addresses.leave(x.peer, loop_->now());
  let_go(socket);
  --commons_->connections;
}

void room_switch::depart(line& x, const std::string& why) {
  if (x.at == stage::leaving)
    return;
  if (x.at == stage::seated)
    --counters_.seated;
  x.at = stage::leaving;
  // Its unread bytes go with it, and not now: a caller may be looking at them.
  unpair(x);
  if (x.life)
    x.life->ended.store(true, std::memory_order_release);
  if (x.who)
    caf::anon_send(x.who, departed{why});
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
  ++counters_.paired;
  ++counters_.rooms_paired;
  x.partner = &y;
  y.partner = &x;
  x.life->paired = true;
  y.life->paired = true;
  // The one who waited has the timer.
  x.keeps_room_time = false;
}

void room_switch::unpair(line& x) {
  auto* y = std::exchange(x.partner, nullptr);
  if (y == nullptr)
    return;
  y->partner = nullptr;
  --counters_.rooms_paired;
  x.life->paired = false;
  y->life->paired = false;
  if (!y->keeps_room_time) {
    y->keeps_room_time = true;
    arm(*y);
  }
  // Nobody is left whose slowness could hold the other back. Its next turn drops what is unheard.
  hold(*y, receiver_is_slow, false);
  if (!y->unread.empty())
    loop_->post([self = shared_from_this(), id = y->id] {
      if (auto* z = self->find(id))
        self->take_unread(*z);
    });
}

// --- bytes
// ------------------------------------------------------------------------------------------

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
    return take_proxy_header(x, text);
  case stage::knocking:
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

size_t room_switch::take_proxy_header(line& x, byte_view text) {
  const auto header = read_proxy_header(text);
  switch (header.what) {
  case proxy_header::kind::more:
    return 0;
  case proxy_header::kind::malformed:
    drop(x, refusal::join);
    return text.size();
  case proxy_header::kind::health_check:
    ++counters_.health_checks;
    depart(x, "left");
    loop_->close(x.id, false);
    return text.size();
  case proxy_header::kind::client:
    break;
  }
  x.peer = header.source;
  x.address = x.peer.host();
  admit(x);
  return header.size + take(x, text.sub(header.size));
}

size_t room_switch::take_join(line& x, byte_view text) {
  const auto result = x.scanner.scan(text);
  x.how = x.scanner.how();
  switch (result) {
  case scan_result::more:
    // What is still unread has not all been counted against the bound yet when it is blank.
    x.join_bytes += static_cast<uint32_t>(x.scanner.in_frame() ? 0 : x.scanner.blanks());
    if (x.join_bytes + (x.scanner.in_frame() ? text.size() : 0) > limits_.join_bytes_max) {
      drop(x, refusal::join);
      return text.size();
    }
    if (x.scanner.in_frame())
      return 0;
    x.scanner.next();
    return text.size();
  case scan_result::frame:
    if (x.join_bytes + x.scanner.begin() + x.scanner.size() > limits_.join_bytes_max ||
        !x.scanner.joins())
      break;
    knock_with(x, text.sub(x.scanner.begin(), x.scanner.size()));
    return x.scanner.begin() + x.scanner.size();
  case scan_result::wrong_from:
    drop(x, refusal::from);
    return text.size();
  case scan_result::malformed:
  case scan_result::too_long:
    break;
  }
  drop(x, refusal::join);
  return text.size();
}

void room_switch::knock_with(line& x, byte_view text) {
  // Whoever opened many connections before the first wrong guess gets no more than the others.
  if (commons_->addresses.out(x.peer, loop_->now()))
    return drop(x, refusal::guesses);
  x.at = stage::joining;
  // Nothing more is read until there is a seat: what waits is bounded by one read.
  loop_->pause(x.id);
  if (commons_->switches.size() > 1) {
    const auto wanted = read_join(text);
    auto home = wanted ? commons_->home_of(wanted->room) : nullptr;
    if (home && home.get() != this) {
      movers_.push_back({x.id, std::move(home), text.copy()});
      return;
    }
  }
  knocks_.push_back({x.id, x.peer, text.copy(), x.how});
}

void room_switch::move_lines() {
  for (auto& [id, home, join] : std::exchange(movers_, {})) {
    auto* x = find(id);
    if (x == nullptr || x->at != stage::joining)
      continue;
    if (auto socket = loop_->release(id); socket.valid())
      home->take_over(let_go(id), std::move(socket), std::move(join));
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
    self->knocks_.push_back({y.id, y.peer, join, y.how});
    self->loop_->touch(self);
  });
}

size_t room_switch::pass_on(line& x, byte_view text) {
  // While the partner's queue is not empty, nothing is added to it, so `text` waits here.
  size_t used = 0;
  size_t passed = 0;
  size_t frames = 0;
  auto problem = scan_result::more;
  gathered_.clear();
  while (x.held == 0) {
    const auto rest = text.sub(used);
    const auto result = x.scanner.scan(rest);
    if (result == scan_result::frame && x.scanner.joins()) {
      if (x.partner != nullptr)
        pass_gathered(x);
      drop(x, refusal::joined);
      return text.size();
    }
    if (result == scan_result::frame) {
      const auto size = x.scanner.begin() + x.scanner.size();
      if (x.partner != nullptr) {
        if (room_is_spent(x, x.scanner.size())) {
          pass_gathered(x);
          end_room(x, refusal::bytes);
          return text.size();
        }
        gathered_.add(rest.sub(x.scanner.begin(), x.scanner.size()), x.scanner.hashes(), x.address);
        ++counters_.frames_forwarded;
        passed += x.scanner.size();
      } else {
        ++counters_.frames_unheard;
      }
      used += size;
      ++frames;
      x.scanner.next();
      x.since_begun = never;
      if (gathered_.size() >= gathered_bytes_max)
        pass_gathered(x);
      continue;
    }
    problem = result;
    if (result == scan_result::more && !x.scanner.in_frame()) {
      x.scanner.next();
      used = text.size();
    }
    break;
  }
  if (x.partner != nullptr)
    pass_gathered(x);
  // Words that nobody hears and endless blank lines cost the relay as much; one line end a frame is
  // in the account already.
  if (used > passed + 2 * frames)
    charge(x, used - passed);
  if (problem == scan_result::more) {
    if (x.held != 0 || !x.scanner.in_frame())
      x.since_begun = never;
    else if (x.since_begun == never)
      x.since_begun = loop_->now();
    return used;
  }
  drop(x, problem == scan_result::wrong_from ? refusal::from
          : problem == scan_result::too_long ? refusal::too_long
                                             : refusal::bad_frame);
  return text.size();
}

/// Writes what was gathered from `from` for its partner and holds `from` back as need be.
void room_switch::pass_gathered(line& from) {
  const auto size = gathered_.size();
  if (!flush_to(*from.partner))
    hold(from, receiver_is_slow, true);
  from.meter->bytes += size;
  if (size > 0)
    charge(from, size);
}

/// Whether `more` bytes are more than the room may still pass on.
bool room_switch::room_is_spent(const line& x, size_t more) const {
  return limits_.room_bytes_max != 0 &&
         x.meter->bytes + gathered_.size() + more > limits_.room_bytes_max;
}

/// Puts bytes to the room's account of this second, which is settled by reading this sender later.
void room_switch::charge(line& from, size_t size) {
  auto& meter = *from.meter;
  const auto rate = static_cast<double>(limits_.room_bytes_per_second_max);
  if (rate == 0)
    return;
  const auto now = loop_->now();
  if (!meter.budget)
    meter.budget.emplace(rate, rate, now);
  meter.budget->spend(static_cast<double>(size), now);
  const auto until = meter.budget->solvent_at(now);
  if (until <= now)
    return;
  ++counters_.throttled;
  from.fast_until = until;
  hold(from, room_is_fast, true);
  arm(from);
}

/// Both people go.
void room_switch::end_room(line& x, refusal why) {
  auto* y = x.partner;
  drop(x, why);
  if (y != nullptr)
    drop(*y, why);
}

/// Closes the largest queues until the others fit (docs/design/safety.md 6.5).
void room_switch::relieve_memory() {
  const auto most = limits_.queued_bytes_max;
  const auto mine = loop_->queued_in_all();
  commons_->queued_bytes += mine - std::exchange(queued_told_, mine);
  const size_t all = commons_->queued_bytes;
  if (most == 0 || all <= most)
    return;
  const auto others = all - mine;
  // The loops relieve themselves at the same time: none gives up more than what is over its share.
  const auto share = most / commons_->switches.size();
  if (mine <= share)
    return;
  std::vector<std::pair<size_t, line*>> largest;
  for (const auto& x : lines_)
    if (const auto size = x ? loop_->queued(x->id) : 0; size > 0)
      largest.emplace_back(size, x.get());
  std::sort(largest.begin(), largest.end(),
            [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [size, x] : largest) {
    if (loop_->queued_in_all() + others <= most || loop_->queued_in_all() <= share)
      break;
    if (x->at == stage::leaving)
      loop_->close(x->id, false); // It has its reason already.
    else
      drop(*x, refusal::memory);
  }
}

/// Writes what was gathered; whether the system took it all.
bool room_switch::flush_to(line& to) {
  if (gathered_.empty())
    return loop_->queued(to.id) == 0;
  if (to.has_words)
    say_words(to);
  counters_.bytes_forwarded += gathered_.size();
  auto& forwarded = to.partner->life->bytes_forwarded;
  forwarded.store(forwarded.load(std::memory_order_relaxed) + gathered_.size(),
                  std::memory_order_relaxed);
  const auto& pieces = gathered_.pieces();
  const auto waiting = loop_->write(to.id, pieces.data(), pieces.size());
  gathered_.clear();
  if (waiting > 0)
    watch_queue(to);
  return waiting == 0;
}

void room_switch::hold(line& x, hold_reason why, bool held) {
  if (((x.held & why) != 0) == held)
    return;
  const bool rested = x.held != 0;
  x.held = static_cast<uint8_t>(held ? x.held | why : x.held & ~why);
  if (held && why == receiver_is_slow)
    ++counters_.held_back;
  if (rested == (x.held != 0))
    return;
  x.life->held.store(held, std::memory_order_relaxed);
  // A frame that cannot arrive because we do not read is not late.
  x.since_begun = !held && x.scanner.in_frame() ? loop_->now() : never;
  if (held) {
    loop_->pause(x.id);
  } else {
    loop_->resume(x.id);
    arm(x);
  }
}

void room_switch::on_drained(io::socket_id socket) {
  auto* x = find(socket);
  if (x == nullptr)
    return;
  x->since_stall = never;
  auto* sender = x->partner;
  if (sender == nullptr || (sender->held & receiver_is_slow) == 0)
    return;
  hold(*sender, receiver_is_slow, false);
  // First what waits here, which may hold it back again.
  take_unread(*sender);
}

void room_switch::say(line& x, byte_view text) {
  if (x.has_words)
    say_words(x);
  after_saying(x, loop_->write(x.id, text));
}

void room_switch::say_at_turn_end(line& x, bytes text) {
  x.has_words = true;
  words_.emplace_back(x.id, std::move(text));
  loop_->touch(shared_from_this());
}

/// Says what this turn has for `x`, in one write.
void room_switch::say_words(line& x) {
  x.has_words = false;
  std::vector<iovec> pieces;
  for (auto& [id, text] : words_) {
    if (id != x.id)
      continue;
    pieces.push_back({text.data(), text.size()});
    // There may be more words for it this turn; these are said.
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

// --- deadlines
// ----------------------------------------------------------------------------------------

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
  if (x.meter && x.keeps_room_time)
    out = std::min(out, *x.meter->opened + limits_.room_life);
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
  if (x->meter && *x->meter->opened + limits_.room_life <= now)
    return end_room(*x, refusal::expired);
  if (x->fast_until <= now) {
    x->fast_until = never;
    hold(*x, room_is_fast, false);
    take_unread(*x);
  }
  arm(*x);
}

void room_switch::on_turn_end() {
  for (const auto& [id, text] : words_)
    if (auto* x = find(id); x != nullptr && x->has_words)
      say_words(*x);
  words_.clear();
  move_lines();
  if (!knocks_.empty())
    caf::anon_send(lobby_, knocks{std::exchange(knocks_, {})});
  relieve_memory();
}

} // namespace liveconnect::relay
