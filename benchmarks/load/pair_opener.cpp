#include "benchmarks/load/pair_opener.hpp"

#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "messages/base/error.hpp"
#include "messages/wire/room.hpp"

namespace liveconnect::bench {

namespace {

/// Numbers of sockets: the listener, arrivals behind it, and two for each slot.
constexpr uint32_t listener_number = UINT32_MAX;
constexpr uint32_t arrival_bit = 0x8000'0000;
/// meeting::sessions: the device that waits, and those that ask.
constexpr uint32_t host_number = 0x7fff'ffff;
constexpr uint32_t asking_bit = 0x4000'0000;
/// A session that its second end comes to a moment too early is lost; ask for another then.
constexpr unsigned session_tries_max = 5;

constexpr size_t hello_bytes = 17;

caf::error refused(const frame& x) {
  const auto why = parse_reason(x.details);
  const auto text = escape_for_display(x.details, 120);
  const bool later =
      why.word == "full" || why.word == "address" || why.word == "draining" || why.word == "rate";
  return fail(later ? ec::relay_busy : ec::relay_refused,
              "The relay refused a connection (" + text +
                  "). Lift that limit for this test, or ask for fewer pairs.");
}

/// The relay's own words (syncthing::line), and what to do.
caf::error no_session(const std::string& what) {
  return fail(ec::relay_unreachable,
              what + ". Ask for fewer pairs, or leave syncthing out of --peers.");
}

caf::error lost(const subject& x) {
  return fail(ec::relay_unreachable,
              fmt::format("{} at {} closed a connection before it could be used. Look at its log, "
                          "and at its limits.",
                          x.name, to_string(x.target)));
}

} // namespace

const endpoint* source_addresses::next() {
  if (count_ == 0)
    return nullptr;
  const auto i = first_ + at_++ % count_;
  // 127.0.0.1 .. 127.0.0.250, 127.0.1.1 .. 127.0.1.250, ...
  endpoint::parse(fmt::format("127.{}.{}.{}", i / 62'500, i / 250 % 250, i % 250 + 1), 0, current_);
  return &current_;
}

pair_opener::pair_opener(event_loop& loop, subject& through, size_t sources, pair_handler on_pair)
    : loop_(loop), through_(through), sources_(through.sources_used, sources),
      on_pair_(std::move(on_pair)), number_(loop.add(*this)),
      // Rooms of two runs against one relay must not be the same.
      next_room_(
          static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count())) {
  // The next load comes from other addresses: a relay remembers addresses for a minute.
  through_.sources_used = (through_.sources_used + sources) % 50'000;
  if (through_.how == meeting::forwarded)
    loop_.watch(through_.listener.get(), EPOLLIN, number_, listener_number);
  if (through_.how == meeting::sessions)
    loop_.watch(through_.host->where.descriptor(), EPOLLIN, number_, host_number);
}

pair_opener::~pair_opener() {
  if (through_.how == meeting::forwarded)
    loop_.unwatch(through_.listener.get());
  if (through_.how == meeting::sessions)
    loop_.unwatch(through_.host->where.descriptor());
}

void pair_opener::start() {
  uint32_t at = 0;
  if (free_slots_.empty()) {
    at = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    at = free_slots_.back();
    free_slots_.pop_back();
  }
  auto& x = slots_[at];
  x.ends[0] = end{};
  x.ends[1] = end{};
  x.since = clock::now();
  x.used = true;
  ++in_progress_;
  const auto room = next_room_++;
  switch (through_.how) {
  case meeting::rooms: {
    // A tag of the room's own, as the invitation's key would give it.
    const join_request request{room, fmt::format("{:016x}{:016x}", ~room, room)};
    const auto text =
        encode(make_frame(message_number::join_room, to_details(request)), notation::tag);
    begin(x.ends[0], 2 * at, text);
    begin(x.ends[1], 2 * at + 1, text);
    break;
  }
  case meeting::tokens: {
    const auto text = fmt::format("please relay {0:016x}{0:016x}{0:016x}{0:016x}\n", room);
    begin(x.ends[0], 2 * at, text);
    begin(x.ends[1], 2 * at + 1, text);
    break;
  }
  case meeting::sessions:
    x.tries = 0;
    ask(at);
    break;
  case meeting::forwarded:
    // The far end learns from this line whose it is.
    begin(x.ends[0], 2 * at, fmt::format("{:016x}\n", at));
    break;
  }
}

void pair_opener::begin(end& x, uint32_t number, std::string text) {
  auto fd = connect_to(through_.target, sources_.next());
  if (!fd)
    return loop_.fail_with(fail(ec::relay_unreachable, detail_of(fd.error()) +
                                                           ". Check the address, and that "
                                                           "something listens there."));
  x.fd = std::move(*fd);
  x.unsent = std::move(text);
  // On loopback the connection is often there already.
  write_rest(x, number);
}

void pair_opener::write_rest(end& x, uint32_t number) {
  if (!x.unsent.empty()) {
    const auto n = ::send(x.fd.get(), x.unsent.data(), x.unsent.size(), MSG_NOSIGNAL);
    if (n > 0)
      x.unsent.erase(0, static_cast<size_t>(n));
    else if (errno != EAGAIN && errno != ENOTCONN && errno != EINTR)
      return loop_.fail_with(
          fail(ec::relay_unreachable,
               fmt::format("{} at {} cannot be reached ({}). Check the address, and that something "
                           "listens there.",
                           through_.name, to_string(through_.target), std::strerror(errno))));
  }
  const auto events = x.unsent.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
  loop_.watch(x.fd.get(), static_cast<uint32_t>(events), number_, number);
  if (x.unsent.empty() && through_.how == meeting::forwarded)
    x.seated = true;
}

void pair_opener::on_event(uint32_t socket, uint32_t events) {
  if (socket == listener_number)
    return accept_some();
  if (socket == host_number)
    return hear_host();
  if ((socket & arrival_bit) != 0)
    return read_arrival(socket & ~arrival_bit);
  if ((socket & asking_bit) != 0)
    return hear_asking(socket & ~asking_bit);
  const auto at = socket / 2;
  auto& x = slots_[at];
  auto& one = x.ends[socket % 2];
  // An event of a pair that was completed earlier in the same turn.
  if (!x.used || !one.fd)
    return;
  if ((events & EPOLLOUT) != 0)
    write_rest(one, socket);
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0 && !loop_.failure())
    read_answers(one, socket);
  if (!loop_.failure())
    finish_if_ready(at);
}

void pair_opener::read_answers(end& x, uint32_t number) {
  char buffer[1024];
  const auto n = ::recv(x.fd.get(), buffer, sizeof buffer, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n <= 0) {
    if (!x.unsent.empty())
      return write_rest(x, number); // Says what is wrong with the connection.
    return loop_.fail_with(lost(through_));
  }
  if (through_.how == meeting::rooms) {
    x.answers.feed(byte_view(std::string_view(buffer, static_cast<size_t>(n))));
    take_frames(x);
  } else if (through_.how == meeting::tokens) {
    x.line.append(buffer, static_cast<size_t>(n));
    take_line(x);
  } else if (through_.how == meeting::sessions) {
    x.line.append(buffer, static_cast<size_t>(n));
    take_session_answer(number);
  } else {
    loop_.fail_with(fail(ec::protocol_violation, "Bytes came back before any were sent. Run the "
                                                 "test again, and report this when it stays."));
  }
}

void pair_opener::take_frames(end& x) {
  for (;;) {
    auto next = x.answers.next();
    if (!next)
      return loop_.fail_with(fail(ec::protocol_violation,
                                  "The relay's answer cannot be read (" + detail_of(next.error()) +
                                      "). Make sure that a LiveConnect relay listens there."));
    if (!*next)
      return;
    const auto& got = **next;
    if (got.is(message_number::refused))
      return loop_.fail_with(refused(got));
    if (got.is(message_number::room_joined)) {
      const auto seat = parse_room_seat(got.details);
      if (!seat)
        return loop_.fail_with(fail(ec::protocol_violation,
                                    "The relay's Room_Joined cannot be read. Make sure that a "
                                    "LiveConnect relay of this version listens there."));
      x.seated = true;
      x.address = seat->you.host();
      // The first one is told when the second has come.
      x.waits_for_peer = seat->people == 1;
    } else if (got.is(message_number::peer_joined)) {
      x.waits_for_peer = false;
    }
  }
}

void pair_opener::take_line(end& x) {
  if (x.line == "ok\n")
    x.seated = true;
  else if (x.line.size() >= 3)
    loop_.fail_with(fail(ec::relay_refused, "The transit relay answered '" +
                                                escape_for_display(x.line, 60) +
                                                "'. Look at its log."));
}

void pair_opener::ask(uint32_t at) {
  auto& x = slots_[at];
  if (!x.asker) {
    auto made = syncthing::device::make();
    if (!made)
      return loop_.fail_with(no_session(detail_of(made.error())));
    x.asker = std::move(*made);
    askers_[x.asker->id()] = at;
  }
  x.keys[0].clear();
  x.keys[1].clear();
  auto line = syncthing::line::connect(through_.target, *x.asker, sources_.next());
  if (!line)
    return loop_.fail_with(no_session(detail_of(line.error())));
  line->say(syncthing::connect_request(through_.host->who.id()));
  x.asking = std::move(*line);
  hear_asking(at);
}

void pair_opener::hear_asking(uint32_t at) {
  auto& x = slots_[at];
  // An event of a connection that had its answer earlier in the same turn.
  if (!x.asking)
    return;
  if (auto err = x.asking->advance())
    return loop_.fail_with(no_session(detail_of(err)));
  const auto got = x.asking->next();
  if (!got)
    return loop_.fail_with(no_session(detail_of(got.error())));
  if (!*got)
    return loop_.watch(x.asking->descriptor(), x.asking->waits_for(), number_, asking_bit | at);
  if ((*got)->what != syncthing::message_type::session_invitation)
    return loop_.fail_with(no_session("strelaysrv gave no session: " + describe(**got)));
  x.keys[1] = (*got)->key;
  x.asking.reset();
  enter_if_invited(at);
}

void pair_opener::hear_host() {
  auto& host = through_.host->where;
  // What came while an answer was written is not told again.
  for (bool again = true; again && !loop_.failure();) {
    again = false;
    if (auto err = host.advance())
      return loop_.fail_with(no_session(detail_of(err)));
    for (;;) {
      const auto got = host.next();
      if (!got)
        return loop_.fail_with(no_session(detail_of(got.error())));
      if (!*got)
        break;
      if ((*got)->what == syncthing::message_type::ping) {
        host.say(syncthing::pong());
        again = true;
      }
      take_invitation(**got);
    }
  }
}

void pair_opener::take_invitation(const syncthing::message& x) {
  syncthing::device_id from{};
  if (x.what != syncthing::message_type::session_invitation || x.from.size() != from.size())
    return;
  std::copy(x.from.begin(), x.from.end(), from.begin());
  // An earlier load may have asked for this one and not waited for it; then it has no slot.
  const auto asker = askers_.find(from);
  if (asker == askers_.end())
    return;
  slots_[asker->second].keys[0] = x.key;
  enter_if_invited(asker->second);
}

void pair_opener::enter_if_invited(uint32_t at) {
  auto& x = slots_[at];
  if (!x.keys[0].empty() && !x.keys[1].empty())
    begin(x.ends[0], 2 * at, syncthing::join_session_request(x.keys[0]));
}

void pair_opener::take_session_answer(uint32_t number) {
  const auto at = number / 2;
  auto& x = slots_[at];
  auto& one = x.ends[number % 2];
  const auto got = syncthing::take_message(one.line);
  if (!got)
    return loop_.fail_with(no_session(detail_of(got.error())));
  if (!*got)
    return;
  const auto& answer = **got;
  const bool response = answer.what == syncthing::message_type::response;
  if (response && answer.code == syncthing::response_success) {
    one.seated = true;
    // One after the other: strelaysrv turns an end away while it seats the other.
    if (number % 2 == 0)
      begin(x.ends[1], number + 1, syncthing::join_session_request(x.keys[1]));
  } else if (response && answer.code == syncthing::response_already_connected &&
             ++x.tries < session_tries_max) {
    x.ends[0] = end{};
    x.ends[1] = end{};
    ask(at);
  } else {
    loop_.fail_with(no_session("strelaysrv did not open its session: " + describe(answer)));
  }
}

void pair_opener::accept_some() {
  // Through nothing but loopback a pair may meet, and its successor connect, before this loop ends:
  // the event loop must have its turn in between.
  for (int i = 0; i < 64 && !loop_.failure(); ++i) {
    auto fd = accept_from(through_.listener.get());
    if (!fd)
      return loop_.fail_with(fd.error());
    if (!*fd)
      return;
    uint32_t at = 0;
    if (free_arrivals_.empty()) {
      at = static_cast<uint32_t>(arrivals_.size());
      arrivals_.emplace_back();
    } else {
      at = free_arrivals_.back();
      free_arrivals_.pop_back();
    }
    arrivals_[at] = {std::move(*fd), {}};
    loop_.watch(arrivals_[at].fd.get(), EPOLLIN, number_, arrival_bit | at);
    // Its line has often come with it.
    read_arrival(at);
  }
}

void pair_opener::read_arrival(uint32_t at) {
  auto& x = arrivals_[at];
  if (!x.fd)
    return;
  char buffer[hello_bytes];
  const auto n = ::recv(x.fd.get(), buffer, hello_bytes - x.line.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n <= 0) {
    x.fd.reset();
    free_arrivals_.push_back(at);
    return loop_.fail_with(lost(through_));
  }
  x.line.append(buffer, static_cast<size_t>(n));
  if (x.line.size() < hello_bytes)
    return;
  const auto slot_at = std::strtoull(x.line.c_str(), nullptr, 16);
  auto fd = std::move(x.fd);
  free_arrivals_.push_back(at);
  if (slot_at >= slots_.size() || !slots_[slot_at].used || slots_[slot_at].ends[1].fd)
    return loop_.fail_with(fail(ec::protocol_violation,
                                "Another program connected to the generator's port. Run the test "
                                "again."));
  auto& far = slots_[slot_at].ends[1];
  far.fd = std::move(fd);
  far.seated = true;
  loop_.watch(far.fd.get(), 0, number_, static_cast<uint32_t>(2 * slot_at + 1));
  finish_if_ready(static_cast<uint32_t>(slot_at));
}

void pair_opener::finish_if_ready(uint32_t at) {
  auto& x = slots_[at];
  if (!x.used || !x.ends[0].ready() || !x.ends[1].ready())
    return;
  open_pair out{std::move(x.ends[0].fd), std::move(x.ends[1].fd), x.ends[0].address,
                x.ends[1].address};
  x.used = false;
  free_slots_.push_back(at);
  --in_progress_;
  on_pair_(std::move(out), nanoseconds_between(x.since, clock::now()));
}

caf::expected<std::vector<open_pair>> open_pairs(event_loop& loop, subject& through, size_t count,
                                                 time_point deadline, size_t sources_at_least) {
  constexpr size_t window = 64;
  // So few connections from one address that default limits of a relay let them in.
  constexpr size_t connections_per_source = 14;
  const bool local = through.target.is_v4() && through.target.host().rfind("127.", 0) == 0;
  const auto sources = std::max(sources_at_least, 2 * count / connections_per_source + 1);
  std::vector<open_pair> out;
  out.reserve(count);
  auto opener = std::make_unique<pair_opener>(loop, through, local ? sources : 0,
                                              [&](open_pair&& x, uint64_t) {
                                                loop.unwatch(x.a.get());
                                                loop.unwatch(x.b.get());
                                                out.push_back(std::move(x));
                                              });
  const auto err = loop.run_until(deadline, [&] {
    while (out.size() + opener->in_progress() < count && opener->in_progress() < window &&
           !loop.failure())
      opener->start();
    return out.size() == count;
  });
  loop.remove(*opener);
  if (err)
    return err;
  if (out.size() < count)
    return fail(ec::timed_out,
                fmt::format("Only {} of {} pairs met in time at {}. Ask for fewer pairs, or look "
                            "at the log of what listens there.",
                            out.size(), count, to_string(through.target)));
  return out;
}

} // namespace liveconnect::bench
