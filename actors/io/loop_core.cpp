#include "actors/io/loop_core.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

#include "messages/base/assert.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::io {

namespace {

/// The wake-up's place among epoll's tokens; no socket has it, as a generation is never 0.
constexpr uint64_t wake_token = 0;
constexpr int events_a_turn = 256;
/// Connections and datagrams taken from one socket before others have their turn.
constexpr int accepts_a_turn = 64;
constexpr int datagrams_a_turn = 64;
/// Pieces given to one sendmsg (the system's own bound is 1024).
constexpr size_t pieces_max = 512;
/// A drained queue larger than this gives its memory back.
constexpr size_t queue_kept_bytes = 4096;
/// Streams of small messages that are not answered are read together (loop_config::coalesce): so
/// many reads without an answer make one, turns must follow each other this closely, and a read
/// that brings more than this when it was not put off, or than the second when it was, needs no
/// company.
constexpr uint32_t unanswered_reads_min = 8;
constexpr std::chrono::microseconds busy_turn_gap{50};
constexpr ssize_t small_read_bytes = 2048;
constexpr ssize_t coalesced_read_bytes = 16 * 1024;
/// A stream that brings bytes more often than this is active; while one is, and so long afterwards,
/// no turn is put off by loop_config::coalesce_idle.
constexpr uint32_t heartbeats_apart_ms = 1000;
constexpr std::chrono::milliseconds active_for{100};
/// How long resting listeners wait at most: descriptors may have been freed outside this loop.
constexpr std::chrono::seconds listeners_rest{1};

std::string system_word(int error) {
  return std::generic_category().message(error);
}

/// One write; what ::send answers. The system takes a single piece with less ado.
ssize_t send_pieces(int fd, const iovec* pieces, size_t count) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces);
  message.msg_iovlen = count;
  ssize_t n = 0;
  do
    n = count == 1 ? ::send(fd, pieces->iov_base, pieces->iov_len, MSG_NOSIGNAL)
                   : ::sendmsg(fd, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n;
}

bool try_later(int error) {
  return error == EAGAIN || error == EINTR;
}

} // namespace

byte_loop::core::core(loop_config config)
    : config_(config), coalesces_(config.coalesce.count() > 0 || config.coalesce_idle.count() > 0),
      write_queue_bytes_max_(config.write_queue_bytes_max),
      sockets_max_(config.sockets_max != 0 ? config.sockets_max : sockets_by_limit()),
      open_in_all_(config.sockets_open ? config.sockets_open
                                       : std::make_shared<std::atomic<size_t>>(0)),
      buffer_(std::max<size_t>(config.read_bytes_max, 64u << 10)) {
  epoll_ = descriptor(epoll_create1(EPOLL_CLOEXEC));
  wake_ = descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event watch{};
  watch.events = EPOLLIN;
  watch.data.u64 = wake_token;
  if (!epoll_.valid() || !wake_.valid() ||
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &watch) != 0)
    ended_ = true; // Nothing can be opened: prepare() says so.
}

byte_loop::core::~core() = default;

void byte_loop::core::start_thread() {
  if (ended_)
    return;
  thread_ = std::thread([self = shared_from_this()] {
    self->thread_id_ = std::this_thread::get_id();
    pthread_setname_np(pthread_self(), "byte_loop");
    // The system's usual slack would double the time that a turn is put off.
    if (self->coalesces_)
      prctl(PR_SET_TIMERSLACK, 1000UL);
    self->run();
  });
}

void byte_loop::core::stop() {
  std::call_once(stopped_, [this] {
    {
      std::lock_guard<std::mutex> guard{mutex_};
      stopping_ = true;
    }
    const uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(wake_.get(), &one, sizeof one);
    if (thread_.joinable())
      thread_.join();
  });
}

// --- any thread ---

bool byte_loop::core::enqueue(std::function<void()> job) {
  bool wake = false;
  {
    std::lock_guard<std::mutex> guard{mutex_};
    if (ended_)
      return false;
    commands_.push_back(std::move(job));
    wake = !std::exchange(woken_, true);
  }
  if (wake) {
    const uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(wake_.get(), &one, sizeof one);
  }
  return true;
}

socket_id byte_loop::core::new_id() {
  std::lock_guard<std::mutex> guard{mutex_};
  uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<uint32_t>(generations_.size());
    generations_.push_back(1);
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  return socket_id::of(generations_[slot], config_.number, slot);
}

caf::expected<listening> byte_loop::core::prepare(const io::listen& what,
                                                  std::shared_ptr<socket_handler> owner) {
  auto fd = make_bound(what, config_.backlog, config_.accepted_buffer_bytes);
  if (!fd)
    return fd.error();
  return prepare(std::move(*fd), what.how, std::move(owner));
}

caf::expected<listening> byte_loop::core::prepare(descriptor fd, transport how,
                                                  std::shared_ptr<socket_handler> owner) {
  const listening out{new_id(), local_end(fd.get())};
  const auto what = how == transport::tcp ? kind::listener : kind::udp_bound;
  // std::function wants copies; the descriptor changes hands through a shared one.
  auto hand = std::make_shared<descriptor>(std::move(fd));
  if (!act([this, id = out.socket, hand, what, owner, held = owner->hold()] {
        adopt(id, std::move(*hand), what, owner, held);
      }))
    return fail(ec::stopped, "the byte loop has ended");
  return out;
}

caf::expected<socket_id> byte_loop::core::prepare(const io::connect& what,
                                                  std::shared_ptr<socket_handler> owner) {
  auto fd = make_unconnected(what);
  if (!fd)
    return fd.error();
  const auto id = new_id();
  auto hand = std::make_shared<descriptor>(std::move(*fd));
  if (!act([this, id, hand, what, owner, held = owner->hold()] {
        const auto how = what.how == transport::tcp ? kind::connecting : kind::udp_connected;
        auto& x = adopt(id, std::move(*hand), how, owner, held);
        x.peer = what.to;
        x.connect_deadline = what.deadline;
      }))
    return fail(ec::stopped, "the byte loop has ended");
  return id;
}

std::shared_ptr<socket_handler> byte_loop::core::handler_for(const socket_owner_actor& owner) {
  const auto key = owner->id();
  std::shared_ptr<actor_owner> made;
  {
    std::lock_guard<std::mutex> guard{mutex_};
    auto& known = actor_owners_[key];
    if (known)
      return known;
    known = made = std::make_shared<actor_owner>(
        owner, [weak = weak_from_this()](std::shared_ptr<actor_owner> ready) {
          if (const auto self = weak.lock())
            self->enqueue([raw = self.get(), ready] { raw->resume_reading(ready); });
        });
  }
  // Outside the lock: for an actor that has ended already this runs at once.
  owner->attach_functor([weak = weak_from_this(), made, key](const caf::error&) {
    made->set_gone();
    if (const auto self = weak.lock()) {
      {
        std::lock_guard<std::mutex> guard{self->mutex_};
        self->actor_owners_.erase(key);
      }
      self->enqueue([raw = self.get(), made] { raw->drop_owned_by(made); });
    }
  });
  return made;
}

// --- the loop's thread: entries ---

byte_loop::core::entry* byte_loop::core::find(socket_id id) const {
  const auto slot = id.slot();
  if (slot >= entries_.size() || !entries_[slot])
    return nullptr;
  auto& x = *entries_[slot];
  return x.id == id && !x.marked_closed ? &x : nullptr;
}

byte_loop::core::entry& byte_loop::core::adopt(socket_id id, descriptor fd, kind what,
                                               std::shared_ptr<socket_handler> owner,
                                               std::shared_ptr<const void> held) {
  const auto slot = id.slot();
  if (slot >= entries_.size())
    entries_.resize(slot + 1);
  LC_ASSERT_OR(entries_[slot] == nullptr, {
    --open_;
    --*open_in_all_;
  });
  entries_[slot] = std::make_unique<entry>();
  auto& x = *entries_[slot];
  x.id = id;
  x.fd = std::move(fd);
  x.what = what;
  x.owner = std::move(owner);
  x.held = std::move(held);
  x.last_read = ticks();
  ++open_;
  ++*open_in_all_;
  return x;
}

void byte_loop::core::start(socket_id id) {
  auto* x = find(id);
  if (x == nullptr || x->started)
    return;
  x->started = true;
  if (x->owner->gone() || finishing_)
    return mark_closed(*x, close_reason::local);
  if (x->what == kind::connecting || x->what == kind::udp_connected) {
    sockaddr_storage address{};
    const auto length = x->peer.to(address);
    if (::connect(x->fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 &&
        errno != EINPROGRESS)
      return mark_closed(*x, close_reason::failed, system_word(errno));
    if (x->what == kind::connecting) {
      arm(*x, timer_kind::deadline, now_ + x->connect_deadline);
    } else {
      x->owner->on_connected(id, x->peer);
      request_owner_turn_end(*x);
      flush_datagrams(*x);
    }
  } else if (x->what == kind::udp_bound) {
    flush_datagrams(*x);
  }
  if (!x->marked_closed)
    watch(*x);
}

uint32_t byte_loop::core::wanted_events(const entry& x) const {
  switch (x.what) {
  case kind::listener:
    return !x.paused && !listeners_rest_ ? uint32_t{EPOLLIN} : 0;
  case kind::connecting:
    return EPOLLOUT;
  case kind::stream: {
    // While closing, what the peer still says is read away until it ends (see entry::shut).
    const bool reads = x.closing ? x.shut : !reading_is_paused(x);
    const bool writes = x.head < x.queue.size();
    return (reads ? uint32_t{EPOLLIN} : 0) | (writes ? uint32_t{EPOLLOUT} : 0);
  }
  case kind::udp_bound:
  case kind::udp_connected: {
    const bool reads = !reading_is_paused(x) && !x.closing;
    const bool writes = x.datagrams && !x.datagrams->list.empty();
    return (reads ? uint32_t{EPOLLIN} : 0) | (writes ? uint32_t{EPOLLOUT} : 0);
  }
  }
  return 0;
}

void byte_loop::core::watch(entry& x) {
  if (!x.started || x.marked_closed)
    return;
  LC_ASSERT_OR(x.head <= x.queue.size(), return mark_closed(x, close_reason::failed, "internal"));
  // Registered even when nothing is wanted: errors and hang-ups are reported all the same.
  const auto wanted = wanted_events(x) | EPOLLERR;
  if (wanted == x.watched)
    return;
  // Most pauses end before the peer says anything: the system is told when it does (handle()).
  if (x.what == kind::stream && !x.closing && x.watched == (wanted | EPOLLIN))
    return;
  set_watch(x, wanted);
}

void byte_loop::core::set_watch(entry& x, uint32_t wanted) {
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = x.id.value;
  const int how = x.watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(epoll_.get(), how, x.fd.get(), &event) != 0)
    return mark_closed(x, close_reason::failed, system_word(errno));
  x.watched = wanted;
}

void byte_loop::core::mark_closed(entry& x, close_reason reason, std::string text) {
  if (x.marked_closed)
    return;
  x.marked_closed = true;
  LC_ASSERT_OR(x.head <= x.queue.size(), x.head = x.queue.size());
  LC_ASSERT_OR(queued_in_all_ >= x.queue.size() - x.head, queued_in_all_ = x.queue.size() - x.head);
  queued_in_all_ -= x.queue.size() - x.head;
  arm(x, timer_kind::deadline, never);
  arm(x, timer_kind::handler, never);
  closed_.push_back({x.id, reason, std::move(text)});
}

void byte_loop::core::arm(entry& x, timer_kind which, clock::time_point when) {
  auto& slot = which == timer_kind::deadline ? x.deadline : x.timer;
  if (slot == when)
    return;
  if (slot != never)
    timers_.erase({slot, x.id.value, which});
  slot = when;
  if (when != never)
    timers_.insert({when, x.id.value, which});
}

void byte_loop::core::drop_owned_by(const std::shared_ptr<socket_handler>& owner) {
  for (const auto& x : entries_)
    if (x && x->owner == owner)
      mark_closed(*x, close_reason::local);
}

void byte_loop::core::resume_reading(const std::shared_ptr<socket_handler>& owner) {
  for (const auto& x : entries_)
    if (x && x->owner == owner && x->read_paused) {
      x->read_paused = false;
      watch(*x);
    }
}

void byte_loop::core::request_turn_end(const std::shared_ptr<socket_handler>& handler) {
  LC_ASSERT_OR(handler != nullptr, return );
  if (handler->turn_end_requested_)
    return;
  handler->turn_end_requested_ = true;
  turn_end_requests_.push_back(handler);
}

// --- the loop's thread: turns ---

void byte_loop::core::run() {
  for (;;) {
    turn(never);
    std::lock_guard<std::mutex> guard{mutex_};
    if (stopping_)
      break;
  }
  finish();
}

void byte_loop::core::turn(clock::time_point until) {
  auto next = std::min(until, listeners_retry_);
  if (!timers_.empty())
    next = std::min(next, std::get<0>(*timers_.begin()));
  int wait = -1;
  if (next != never) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(next - clock::now()).count();
    wait = static_cast<int>(std::clamp<long long>(ms, 0, 3'600'000));
  }
  put_off_ = coalescing_.count() > 0 && coalescing_ == config_.coalesce;
  if (coalescing_.count() > 0)
    coalesce(coalescing_);
  const auto idle_since = coalesces_ ? clock::now() : clock::time_point{};
  read_stream_ = false;
  read_other_ = false;
  epoll_event ready[events_a_turn];
  const int count = epoll_wait(epoll_.get(), ready, events_a_turn, wait);
  now_ = clock::now();
  const auto idle = now_ - idle_since;
  for (int i = 0; i < count; ++i) {
    if (ready[i].data.u64 == wake_token) {
      uint64_t value = 0;
      [[maybe_unused]] const auto n = ::read(wake_.get(), &value, sizeof value);
    } else if (auto* x = find({ready[i].data.u64})) {
      handle(*x, ready[i].events);
    }
  }
  coalescing_ = coalesces_ && read_stream_ ? time_to_coalesce(idle) : std::chrono::microseconds{0};
  run_commands();
  fire_timers();
  end_turn();
}

std::chrono::microseconds byte_loop::core::time_to_coalesce(clock::duration idle) const {
  if (!read_other_ && idle < busy_turn_gap)
    return config_.coalesce;
  if (now_ - last_active_ >= active_for && idle < config_.coalesce_idle)
    return config_.coalesce_idle;
  return std::chrono::microseconds{0};
}

uint32_t byte_loop::core::ticks() const {
  return static_cast<uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count());
}

void byte_loop::core::note_activity(entry& x) {
  const auto tick = ticks();
  if (tick - x.last_read < heartbeats_apart_ms)
    last_active_ = now_;
  x.last_read = tick;
}

/// Lets bytes come together in the system before the next look.
void byte_loop::core::coalesce(std::chrono::microseconds time) {
  const timespec wait{0, static_cast<long>(std::chrono::nanoseconds(time).count())};
  nanosleep(&wait, nullptr);
  coalesced_turns_.fetch_add(1, std::memory_order_relaxed);
}

void byte_loop::core::run_commands() {
  std::vector<std::function<void()>> batch;
  {
    std::lock_guard<std::mutex> guard{mutex_};
    batch.swap(commands_);
    woken_ = false;
  }
  if (!batch.empty())
    last_active_ = now_;
  for (auto& job : batch)
    job();
}

void byte_loop::core::fire_timers() {
  while (!timers_.empty() && std::get<0>(*timers_.begin()) <= now_) {
    const auto [when, value, which] = *timers_.begin();
    timers_.erase(timers_.begin());
    auto* x = find({value});
    if (x == nullptr)
      continue;
    LC_ASSERT_OR((which == timer_kind::handler ? x->timer : x->deadline) == when, continue);
    if (which == timer_kind::handler) {
      x->timer = never;
      if (!x->closing) {
        x->owner->on_timer(x->id);
        request_owner_turn_end(*x);
      }
    } else {
      x->deadline = never;
      mark_closed(*x, x->what == kind::connecting && !x->closing ? close_reason::timed_out
                                                                 : close_reason::local);
    }
  }
  if (listeners_retry_ <= now_)
    wake_listeners();
}

void byte_loop::core::end_turn() {
  // Telling one owner may close another's socket, and the end of a turn may write and close.
  while (!closed_.empty() || !turn_end_requests_.empty()) {
    const auto gone = std::exchange(closed_, {});
    for (const auto& [id, reason, text] : gone) {
      const auto x = std::move(entries_[id.slot()]);
      LC_ASSERT_OR(x != nullptr && x->id == id && x->marked_closed, continue);
      x->fd.reset();
      --*open_in_all_;
      free_slot(id);
      x->owner->on_closed(id, reason, text);
      held_until_told_.push_back(std::move(x->held));
      request_owner_turn_end(*x);
    }
    if (!gone.empty() && listeners_rest_)
      wake_listeners();
    const auto touched = std::exchange(turn_end_requests_, {});
    for (const auto& handler : touched) {
      handler->turn_end_requested_ = false;
      handler->on_turn_end();
    }
    held_until_told_.clear();
  }
}

void byte_loop::core::free_slot(socket_id id) {
  LC_ASSERT_OR(open_ > 0, return );
  --open_;
  std::lock_guard<std::mutex> guard{mutex_};
  LC_ASSERT_OR(id.slot() < generations_.size(), return );
  auto& generation = generations_[id.slot()];
  if (++generation == 0)
    generation = 1;
  free_slots_.push_back(id.slot());
}

descriptor byte_loop::core::release(socket_id id) {
  LC_ASSERT_OR(on_thread(), return {});
  auto* x = find(id);
  if (x == nullptr || x->what != kind::stream || x->closing || !x->queue.empty())
    return {};
  auto fd = std::move(x->fd);
  if (x->watched != 0)
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd.get(), nullptr);
  arm(*x, timer_kind::deadline, never);
  arm(*x, timer_kind::handler, never);
  entries_[id.slot()].reset();
  // It counts on while it travels: its descriptor is not free.
  free_slot(id);
  return fd;
}

socket_id byte_loop::core::adopt_stream(descriptor fd, const endpoint& peer,
                                        std::shared_ptr<socket_handler> owner, bool moved) {
  LC_ASSERT_OR(on_thread() && fd.valid() && owner != nullptr, return {});
  const auto id = new_id();
  auto held = owner->hold();
  auto& made = adopt(id, std::move(fd), kind::stream, std::move(owner), std::move(held));
  if (moved)
    --*open_in_all_;
  made.started = true;
  made.paused = moved;
  made.peer = peer;
  watch(made);
  return id;
}

void byte_loop::core::finish() {
  now_ = clock::now();
  // What was asked before stop() happens before it.
  run_commands();
  end_turn();
  finishing_ = true;
  const auto until = now_ + config_.linger;
  for (const auto& x : entries_) {
    if (!x || x->marked_closed)
      continue;
    if (x->what != kind::stream)
      mark_closed(*x, close_reason::local);
    else if (x->closing)
      after_flush(*x);
    else
      close(x->id, true);
  }
  end_turn();
  while (open_ > 0 && clock::now() < until)
    turn(until);
  for (const auto& x : entries_)
    if (x && !x->marked_closed)
      mark_closed(*x, close_reason::local);
  end_turn();
  LC_ASSERT_OR(open_ == 0 && closed_.empty() && timers_.empty(), static_cast<void>(0));
  LC_ASSERT_OR(queued_in_all_ == 0, static_cast<void>(0));
  decltype(commands_) dropped;
  decltype(actor_owners_) owners;
  {
    std::lock_guard<std::mutex> guard{mutex_};
    ended_ = true;
    dropped.swap(commands_);
    owners.swap(actor_owners_);
  }
}

// --- the loop's thread: listeners ---

void byte_loop::core::rest_listeners() {
  if (!listeners_rest_)
    accept_rests_.fetch_add(1, std::memory_order_relaxed);
  listeners_rest_ = true;
  listeners_retry_ = now_ + listeners_rest;
  for (const auto& x : entries_)
    if (x && x->what == kind::listener)
      watch(*x);
}

void byte_loop::core::wake_listeners() {
  listeners_rest_ = false;
  listeners_retry_ = never;
  for (const auto& x : entries_)
    if (x && x->what == kind::listener)
      watch(*x);
}

void byte_loop::core::on_acceptable(entry& x) {
  // `x` may move: adopting an accepted socket grows the table of pointers, not what they point to.
  for (int i = 0; i < accepts_a_turn && !x.marked_closed && !x.paused; ++i) {
    if (*open_in_all_ >= sockets_max_)
      return rest_listeners();
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    descriptor fd{accept4(x.fd.get(), reinterpret_cast<sockaddr*>(&address), &length,
                          SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!fd.valid()) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        return rest_listeners();
      if (errno == EAGAIN)
        return;
      continue; // The connection was given up before we took it.
    }
    const auto peer = endpoint::from(address);
    const auto id = adopt_stream(std::move(fd), peer, x.owner, false);
    if (find(id) == nullptr)
      continue; // It could not be watched.
    x.owner->on_accepted(x.id, id, peer);
    request_owner_turn_end(x);
  }
}

// --- the loop's thread: streams and datagrams ---

void byte_loop::core::handle(entry& x, uint32_t ready) {
  LC_ASSERT_OR(x.started && !x.marked_closed, return );
  if (x.what == kind::listener) {
    if ((ready & EPOLLIN) != 0)
      on_acceptable(x);
    return;
  }
  if (x.what == kind::connecting)
    return finish_connect(x);
  if ((ready & EPOLLOUT) != 0)
    on_writable(x);
  if (x.marked_closed)
    return;
  if ((ready & EPOLLIN) != 0 && (x.watched & EPOLLIN) != 0) {
    x.read_paused = !x.closing && !x.owner->has_room();
    if (x.closing || !reading_is_paused(x))
      return on_readable(x);
    set_watch(x, x.watched & ~uint32_t{EPOLLIN});
    if (x.marked_closed)
      return;
  }
  if ((ready & (EPOLLERR | EPOLLHUP)) != 0)
    on_hang_up(x);
}

void byte_loop::core::on_hang_up(entry& x) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(x.fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (x.what == kind::udp_bound)
    return; // An unreachable datagram's echo; reading it has cleared it.
  if (x.closing)
    return mark_closed(x, close_reason::local);
  mark_closed(x, error == 0 ? close_reason::peer : close_reason::failed,
              error == 0 ? std::string{} : system_word(error));
}

void byte_loop::core::finish_connect(entry& x) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(x.fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0)
    return mark_closed(x, close_reason::failed, system_word(error));
  x.what = kind::stream;
  arm(x, timer_kind::deadline, never);
  if (!x.closing) {
    x.owner->on_connected(x.id, x.peer);
    request_owner_turn_end(x);
  }
  if (!x.marked_closed)
    on_writable(x);
}

void byte_loop::core::read_datagrams(entry& x) {
  for (int i = 0; i < datagrams_a_turn && !x.marked_closed && !x.paused && !x.closing; ++i) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    const auto n = recvfrom(x.fd.get(), buffer_.data(), buffer_.size(), 0,
                            reinterpret_cast<sockaddr*>(&address), &length);
    if (n < 0) {
      if (errno == EINTR)
        continue;
      // Only a connected socket has one peer whose refusal ends it.
      if (errno != EAGAIN && x.what == kind::udp_connected)
        mark_closed(x, close_reason::failed, system_word(errno));
      return;
    }
    x.owner->on_received(x.id, {buffer_.data(), static_cast<size_t>(n)}, endpoint::from(address));
    request_owner_turn_end(x);
  }
}

void byte_loop::core::on_readable(entry& x) {
  LC_ASSERT_OR(x.owner != nullptr, return mark_closed(x, close_reason::failed, "internal"));
  if (x.what != kind::stream)
    return read_datagrams(x);
  const auto n = recv(x.fd.get(), buffer_.data(), config_.read_bytes_max, 0);
  if (n < 0) {
    if (!try_later(errno))
      mark_closed(x, x.closing ? close_reason::local : close_reason::failed, system_word(errno));
    return;
  }
  if (n == 0)
    return mark_closed(x, x.closing ? close_reason::local : close_reason::peer);
  if (x.closing)
    return; // Read away.
  read_stream_ = true;
  note_activity(x);
  const auto small = put_off_ ? coalesced_read_bytes : small_read_bytes;
  if (++x.reads_unanswered < unanswered_reads_min || n > small)
    read_other_ = true;
  x.owner->on_received(x.id, {buffer_.data(), static_cast<size_t>(n)}, x.peer);
  request_owner_turn_end(x);
}

void byte_loop::core::on_writable(entry& x) {
  if (x.what != kind::stream) {
    flush_datagrams(x);
  } else {
    const bool waited = x.head < x.queue.size();
    flush(x);
    if (waited)
      request_owner_turn_end(x); // Less waits now, which its owner may count.
    if (!x.marked_closed && waited && x.queue.empty() && !x.closing)
      x.owner->on_drained(x.id);
  }
  if (!x.marked_closed && x.closing)
    after_flush(x);
  if (!x.marked_closed)
    watch(x);
}

void byte_loop::core::flush(entry& x) {
  while (x.head < x.queue.size()) {
    const auto n =
        ::send(x.fd.get(), x.queue.data() + x.head, x.queue.size() - x.head, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR)
        continue;
      if (errno != EAGAIN)
        mark_closed(x, x.closing ? close_reason::local : close_reason::failed, system_word(errno));
      return;
    }
    x.head += static_cast<size_t>(n);
    LC_ASSERT_OR(queued_in_all_ >= static_cast<size_t>(n), queued_in_all_ = static_cast<size_t>(n));
    queued_in_all_ -= static_cast<size_t>(n);
    x.written += static_cast<uint64_t>(n);
  }
  x.head = 0;
  x.queue.clear();
  if (x.queue.capacity() > queue_kept_bytes)
    bytes{}.swap(x.queue);
}

void byte_loop::core::flush_datagrams(entry& x) {
  if (!x.datagrams || !x.started)
    return;
  auto& list = x.datagrams->list;
  while (!list.empty()) {
    sockaddr_storage address{};
    socklen_t length = 0;
    if (x.what == kind::udp_bound)
      length = list.front().to.to(address);
    const auto& data = list.front().data;
    const auto n =
        sendto(x.fd.get(), data.data(), data.size(), MSG_NOSIGNAL,
               length == 0 ? nullptr : reinterpret_cast<const sockaddr*>(&address), length);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EAGAIN)
      return watch(x);
    if (n < 0 && x.what == kind::udp_connected)
      return mark_closed(x, close_reason::failed, system_word(errno));
    // From a bound socket a datagram that cannot go is lost, as any may be.
    LC_ASSERT_OR(x.datagrams->bytes >= data.size(), x.datagrams->bytes = data.size());
    x.datagrams->bytes -= data.size();
    list.pop_front();
  }
  x.datagrams.reset();
  watch(x);
}

void byte_loop::core::append(entry& x, const iovec* pieces, size_t count, size_t skip) {
  if (x.head > 0) {
    x.queue.erase(x.queue.begin(), x.queue.begin() + static_cast<ptrdiff_t>(x.head));
    x.head = 0;
  }
  if (x.queue.empty()) {
    // A relay's queue is filled by one write: exactly, since one that grew by doubling would hold
    // twice what waits, for every silent receiver.
    size_t more = 0;
    for (size_t i = 0; i < count; ++i)
      more += pieces[i].iov_len;
    x.queue.reserve(more - skip);
  }
  for (size_t i = 0; i < count; ++i) {
    const auto* from = static_cast<const uint8_t*>(pieces[i].iov_base);
    if (skip >= pieces[i].iov_len) {
      skip -= pieces[i].iov_len;
      continue;
    }
    x.queue.insert(x.queue.end(), from + skip, from + pieces[i].iov_len);
    queued_in_all_ += pieces[i].iov_len - skip;
    skip = 0;
  }
}

size_t byte_loop::core::write(socket_id id, const iovec* pieces, size_t count) {
  auto* x = find(id);
  if (x == nullptr || x->closing || (x->what != kind::stream && x->what != kind::connecting))
    return 0;
  size_t sent = 0;
  x->reads_unanswered = 0;
  if (x->what == kind::stream && x->queue.empty()) {
    // Straight to the system, whole batches first; what it does not take is kept.
    size_t first = 0;
    while (first < count) {
      const auto batch = std::min(count - first, pieces_max);
      size_t size = 0;
      for (size_t i = first; i < first + batch; ++i)
        size += pieces[i].iov_len;
      const auto n = send_pieces(x->fd.get(), pieces + first, batch);
      if (n < 0 && errno != EAGAIN) {
        mark_closed(*x, close_reason::failed, system_word(errno));
        return 0;
      }
      const auto taken = n < 0 ? 0 : static_cast<size_t>(n);
      x->written += taken;
      sent = taken;
      if (taken < size)
        break;
      sent = 0;
      first += batch;
    }
    pieces += first;
    count -= first;
    if (count == 0)
      return 0;
  }
  append(*x, pieces, count, sent);
  LC_ASSERT_OR(x->head <= x->queue.size(), return 0);
  const auto waiting = x->queue.size() - x->head;
  if (waiting > write_queue_bytes_max_) {
    mark_closed(*x, close_reason::overflow);
    return waiting;
  }
  watch(*x);
  return waiting;
}

void byte_loop::core::send(socket_id id, byte_view data) {
  auto* x = find(id);
  if (x == nullptr || x->closing)
    return;
  if (x->what == kind::udp_connected)
    return send_to(id, x->peer, data.copy());
  const iovec piece{const_cast<uint8_t*>(data.data()), data.size()};
  if (!data.empty())
    write(id, &piece, 1);
}

void byte_loop::core::send_to(socket_id id, const endpoint& to, bytes data) {
  auto* x = find(id);
  if (x == nullptr || x->closing || (x->what != kind::udp_bound && x->what != kind::udp_connected))
    return;
  // A bound on datagrams too; one more than fits is lost, as any datagram may be.
  if (!x->datagrams)
    x->datagrams = std::make_unique<datagram_queue>();
  auto& waiting = *x->datagrams;
  if (waiting.bytes + data.size() > write_queue_bytes_max_)
    return;
  waiting.bytes += data.size();
  waiting.list.push_back({to, std::move(data)});
  if (waiting.list.size() == 1)
    flush_datagrams(*x);
}

void byte_loop::core::close(socket_id id, bool flush_first) {
  auto* x = find(id);
  if (x == nullptr)
    return;
  if (!flush_first || x->what == kind::listener || !x->started)
    return mark_closed(*x, close_reason::local);
  if (x->closing)
    return;
  x->closing = true;
  arm(*x, timer_kind::handler, never);
  auto until = now_ + config_.linger;
  if (x->what == kind::connecting)
    until = std::min(until, x->deadline);
  arm(*x, timer_kind::deadline, until);
  after_flush(*x);
  if (!x->marked_closed)
    watch(*x);
}

void byte_loop::core::after_flush(entry& x) {
  if (x.what == kind::udp_bound || x.what == kind::udp_connected) {
    if (!x.datagrams || x.datagrams->list.empty())
      mark_closed(x, close_reason::local);
    return;
  }
  if (x.what == kind::connecting) {
    if (x.queue.empty())
      mark_closed(x, close_reason::local);
    return;
  }
  if (!x.queue.empty())
    return;
  if (!x.shut) {
    x.shut = true;
    if (shutdown(x.fd.get(), SHUT_WR) != 0)
      return mark_closed(x, close_reason::local);
  }
  if (!finishing_)
    return;
  // The loop ends: read away what is here, so that the system sends no reset over our last bytes,
  // and wait for no peer.
  for (int i = 0; i < 64; ++i)
    if (recv(x.fd.get(), buffer_.data(), buffer_.size(), 0) <= 0)
      break;
  mark_closed(x, close_reason::local);
}

void byte_loop::core::pause(socket_id id, bool paused) {
  auto* x = find(id);
  if (x == nullptr || x->paused == paused)
    return;
  x->paused = paused;
  watch(*x);
}

size_t byte_loop::core::queued(socket_id id) const {
  const auto* x = find(id);
  return x == nullptr ? 0 : x->queue.size() - x->head;
}

uint64_t byte_loop::core::written(socket_id id) const {
  const auto* x = find(id);
  return x == nullptr ? 0 : x->written;
}

void byte_loop::core::set_timer(socket_id id, clock::time_point when) {
  if (auto* x = find(id); x != nullptr && !x->closing)
    arm(*x, timer_kind::handler, when);
}

void byte_loop::core::set_bounds(size_t write_queue_bytes_max, size_t sockets_max) {
  write_queue_bytes_max_ = write_queue_bytes_max;
  sockets_max_ = sockets_max;
  if (listeners_rest_)
    wake_listeners();
}

} // namespace liveconnect::io
