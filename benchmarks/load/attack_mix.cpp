#include "benchmarks/load/attack_mix.hpp"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "benchmarks/load/numbered_frames.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect::bench {

namespace {

using relay::refusal;

constexpr auto tick = std::chrono::milliseconds(20);
constexpr size_t flood_frame_bytes = 4096;
/// Long before these the relay has had enough: of a join 128 bytes, of a frame 64 KiB.
constexpr size_t trickle_max = 80;
constexpr size_t oversize_bytes = 70'000;
/// The receive buffer of an end that reads nothing: the relay's queue fills, not the kernel's.
constexpr int small_buffer_bytes = 4096;

constexpr const char* frame_head = "<# coin i=\"1\" n=\"1\">";

std::string text_of(const frame& x) {
  return encode(x, notation::tag);
}

/// Numbers of a row that must not change places.
enum class open_at_most : size_t {};
enum class from_addresses : size_t {};

/// One row of the table of attacks, field by field.
struct attack : attack_traits {
  attack(attack_kind what, const char* called)
      : attack_traits{what, called, 0, 0, 0, false, waits_for::nothing, {}, {}} {}

  attack rate(double starts_per_second, open_at_most most, from_addresses addresses) {
    per_second = starts_per_second;
    at_once = static_cast<size_t>(most);
    sources = static_cast<size_t>(addresses);
    return *this;
  }

  attack in_pairs() {
    pairs = true;
    return *this;
  }

  attack until(waits_for what) {
    deadline = what;
    return *this;
  }

  attack meets(std::vector<refusal> words) {
    typical = std::move(words);
    return *this;
  }

  attack may_meet(std::vector<refusal> words) {
    also = std::move(words);
    return *this;
  }
};

} // namespace

// Rates and addresses are such that each attack gets as far as the limit that it is about: 30 new
// connections a minute and 16 at a time from one address, but for the floods. A connection that
// has to join may be late with it when this program is held up: `slow` is right then.
const std::vector<attack_traits>& all_attacks() {
  using k = attack_kind;
  using r = refusal;
  using w = waits_for;
  static const std::vector<attack_traits> list{
      attack(k::slow_join, "slow-join")
          .rate(4, open_at_most(64), from_addresses(40))
          .until(w::join)
          .meets({r::slow})
          .may_meet({r::hasty}),
      attack(k::slow_frame, "slow-frame")
          .rate(2, open_at_most(64), from_addresses(20))
          .until(w::frame)
          .meets({r::slow})
          .may_meet({r::hasty}),
      attack(k::wrong_tag, "wrong-tag")
          .rate(12, open_at_most(16), from_addresses(2))
          .meets({r::wrong_tag, r::guesses})
          .may_meet({r::slow, r::hasty, r::address}),
      attack(k::connection_flood, "connection-flood")
          .rate(100, open_at_most(256), from_addresses(3))
          .until(w::join)
          .meets({r::hasty, r::address})
          .may_meet({r::slow}),
      attack(k::frame_flood, "frame-flood")
          .rate(1, open_at_most(8), from_addresses(8))
          .in_pairs()
          .meets({r::bytes})
          .may_meet({r::slow, r::silent, r::hasty}),
      attack(k::noise, "noise")
          .rate(4, open_at_most(16), from_addresses(30))
          .meets({r::join})
          .may_meet({r::slow, r::hasty}),
      attack(k::bad_frame, "bad-frame")
          .rate(4, open_at_most(16), from_addresses(30))
          .meets({r::bad_frame})
          .may_meet({r::slow, r::hasty}),
      attack(k::forged_from, "forged-from")
          .rate(4, open_at_most(16), from_addresses(30))
          .meets({r::from})
          .may_meet({r::slow, r::hasty}),
      attack(k::oversize, "oversize")
          .rate(2, open_at_most(16), from_addresses(20))
          .meets({r::too_long})
          .may_meet({r::slow, r::hasty}),
      attack(k::second_join, "second-join")
          .rate(4, open_at_most(16), from_addresses(30))
          .meets({r::joined})
          .may_meet({r::slow, r::hasty}),
      attack(k::slow_reader, "slow-reader")
          .rate(1, open_at_most(16), from_addresses(16))
          .in_pairs()
          .until(w::stall)
          .meets({r::stalled})
          .may_meet({r::slow, r::hasty, r::bytes, r::memory}),
      attack(k::half_open, "half-open")
          .rate(2, open_at_most(64), from_addresses(20))
          .until(w::silence)
          .meets({r::silent})
          .may_meet({r::slow, r::hasty, r::lonely}),
      attack(k::proxy_header, "proxy-header")
          .rate(4, open_at_most(16), from_addresses(30))
          .meets({r::join})
          .may_meet({r::slow, r::hasty}),
      attack(k::reset, "reset")
          .rate(20, open_at_most(64), from_addresses(60))
          .may_meet({r::hasty, r::address, r::slow}),
  };
  return list;
}

const attack_traits* find_attack(const std::string& name) {
  for (const auto& x : all_attacks())
    if (name == x.name)
      return &x;
  return nullptr;
}

attack_mix::attack_mix(event_loop& loop, config how)
    : loop_(loop), how_(std::move(how)), number_(loop.add(*this)), random_(how_.seed),
      source_block_(static_cast<unsigned>(random_() % 250)), tallies_(attack_kinds),
      next_start_(attack_kinds, time_point::max()), started_(attack_kinds, 0), buffer_(64 * 1024) {
  const std::string tail = "</coin>\n";
  flood_frame_ = frame_head;
  flood_frame_.append(flood_frame_bytes - flood_frame_.size() - tail.size(), 'A');
  flood_frame_ += tail;
}

attack_mix::~attack_mix() {
  loop_.remove(*this);
}

void attack_mix::start(time_point now) {
  attacking_ = true;
  next_tick_ = now;
  for (const auto x : how_.kinds) {
    // Spread over the first interval, or they would all come in the same moment for ever.
    const auto interval = 1e6 / all_attacks()[static_cast<size_t>(x)].per_second;
    const auto share = std::uniform_real_distribution<double>(0, 1)(random_);
    next_start_[static_cast<size_t>(x)] =
        now + std::chrono::microseconds(static_cast<int64_t>(interval * share));
  }
}

void attack_mix::stop() {
  attacking_ = false;
  for (uint32_t i = 0; i < attackers_.size(); ++i)
    if (attackers_[i].fd && attackers_[i].how->deadline == waits_for::nothing)
      give_up(i);
}

void attack_mix::end() {
  attacking_ = false;
  next_tick_ = time_point::max();
  for (uint32_t i = 0; i < attackers_.size(); ++i)
    if (attackers_[i].fd)
      close(i);
}

uint64_t attack_mix::open() const {
  return std::accumulate(tallies_.begin(), tallies_.end(), uint64_t{0},
                         [](uint64_t sum, const auto& x) { return sum + x.open; });
}

uint64_t attack_mix::begun() const {
  return std::accumulate(tallies_.begin(), tallies_.end(), uint64_t{0},
                         [](uint64_t sum, const auto& x) { return sum + x.begun; });
}

uint64_t attack_mix::turned_away() const {
  uint64_t out = 0;
  for (const auto& x : tallies_) {
    out += x.closed;
    for (const auto& [word, count] : x.refused)
      out += count;
  }
  return out;
}

void attack_mix::on_due(time_point now) {
  free_.insert(free_.end(), freed_.begin(), freed_.end());
  freed_.clear();
  next_tick_ = now + tick;
  for (uint32_t i = 0; i < attackers_.size(); ++i)
    if (attackers_[i].fd && attackers_[i].next <= now)
      trickle(i, now);
  if (!attacking_)
    return;
  for (const auto kind : how_.kinds) {
    const auto& how = all_attacks()[static_cast<size_t>(kind)];
    auto& next = next_start_[static_cast<size_t>(kind)];
    const auto interval = std::chrono::microseconds(static_cast<int64_t>(1e6 / how.per_second));
    for (; next <= now; next += interval) {
      // What was missed while the generator was held up is not made up for.
      if (next + std::chrono::seconds(1) < now)
        continue;
      if (tallies_[static_cast<size_t>(kind)].open < how.at_once)
        begin(how, now);
    }
  }
}

std::string attack_mix::random_letters(size_t count) {
  std::string out;
  while (out.size() < count)
    out += static_cast<char>('a' + random_() % 26);
  return out;
}

/// Join_Room with a tag of this moment's own.
std::string attack_mix::join(uint64_t room) {
  const join_request request{room, fmt::format("{:016x}{:016x}", random_(), random_())};
  return text_of(make_frame(message_number::join_room, to_details(request)));
}

uint32_t attack_mix::open_one(const attack_traits& how, std::string text, time_point now) {
  const auto kind = static_cast<size_t>(how.kind);
  auto& tally = tallies_[kind];
  ++tally.begun;
  endpoint source;
  endpoint::parse(
      fmt::format("127.{}.{}.{}", 100 + kind, source_block_, 1 + started_[kind]++ % how.sources), 0,
      source);
  auto fd = connect_to(how_.target, &source);
  if (!fd) {
    ++tally.unconnected;
    return UINT32_MAX;
  }
  uint32_t at = 0;
  if (free_.empty()) {
    at = static_cast<uint32_t>(attackers_.size());
    attackers_.emplace_back();
  } else {
    at = free_.back();
    free_.pop_back();
  }
  auto& x = attackers_[at];
  x = attacker{};
  x.fd = std::move(*fd);
  x.how = &how;
  x.unsent = std::move(text);
  x.begun = now;
  ++tally.open;
  watch(at);
  return at;
}

std::string attack_mix::first_words(const attack_traits& how) {
  // The honest rooms' numbers are below.
  const auto room = random_() | (uint64_t{1} << 63);
  const bool even = started_[static_cast<size_t>(how.kind)] % 2 == 0;
  switch (how.kind) {
  case attack_kind::slow_join:
    return "<# Join_Room ";
  case attack_kind::wrong_tag:
    return join(how_.victim_room);
  case attack_kind::connection_flood:
    return {};
  case attack_kind::noise:
    return random_letters(8 + random_() % 100) + "\r\n";
  case attack_kind::proxy_header:
    return (even ? std::string{"PROXY TCP4 198.51.100.20 203.0.113.7 55012 9100\r\n"}
                 : std::string{"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x07\xcb\0"
                               "\x71\x01\x12\x34\x23\x8c",
                               28}) +
           join(room);
  case attack_kind::reset:
    // Every other one joins first.
    return even ? join(room) : std::string{};
  default:
    return join(room);
  }
}

void attack_mix::begin(const attack_traits& how, time_point now) {
  const auto text = first_words(how);
  const auto first = open_one(how, text, now);
  if (first == UINT32_MAX)
    return;
  if (how.kind == attack_kind::slow_join)
    attackers_[first].next = now + how_.trickle;
  if (how.kind == attack_kind::reset && text.empty())
    attackers_[first].next = now;
  if (!how.pairs)
    return;
  const auto second = open_one(how, text, now);
  if (second == UINT32_MAX)
    return;
  attackers_[second].second = true;
  attackers_[second].partner = first;
  attackers_[first].partner = second;
  if (how.kind == attack_kind::slow_reader) {
    // This end writes its join, and then neither reads nor writes.
    const int bytes = small_buffer_bytes;
    ::setsockopt(attackers_[second].fd.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
}

void attack_mix::watch(uint32_t at) {
  const auto& x = attackers_[at];
  const bool deaf = x.how->kind == attack_kind::slow_reader && x.second;
  uint32_t events = 0;
  if (!deaf)
    events |= EPOLLIN;
  if (!x.unsent.empty() || x.floods)
    events |= EPOLLOUT;
  loop_.watch(x.fd.get(), events, number_, at);
}

void attack_mix::on_event(uint32_t socket, uint32_t events) {
  auto& x = attackers_[socket];
  // An event of a connection that ended earlier in the same turn.
  if (!x.fd)
    return;
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
    read_some(socket);
  if (x.fd && (events & EPOLLOUT) != 0)
    write_some(socket);
}

void attack_mix::write_some(uint32_t at) {
  auto& x = attackers_[at];
  if (x.at == stage::connecting)
    x.at = stage::joining;
  while (!x.unsent.empty()) {
    const auto n = ::send(x.fd.get(), x.unsent.data(), x.unsent.size(), MSG_NOSIGNAL);
    if (n < 0)
      break;
    tally_of(x).bytes += static_cast<uint64_t>(n);
    x.unsent.erase(0, static_cast<size_t>(n));
  }
  // A turn is short: honest rooms share this thread.
  for (int i = 0; i < 4 && x.floods && x.unsent.empty(); ++i) {
    const auto n = ::send(x.fd.get(), flood_frame_.data() + x.flood_at,
                          flood_frame_.size() - x.flood_at, MSG_NOSIGNAL);
    if (n <= 0)
      break;
    tally_of(x).bytes += static_cast<uint64_t>(n);
    x.flood_at = (x.flood_at + static_cast<size_t>(n)) % flood_frame_.size();
  }
  // Errors come with the next event, together with the relay's last word.
  watch(at);
}

void attack_mix::read_some(uint32_t at) {
  auto& x = attackers_[at];
  const auto n = ::recv(x.fd.get(), buffer_.data(), buffer_.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n <= 0) {
    if (n < 0 && x.at == stage::connecting && errno != ECONNRESET && errno != EPIPE) {
      ++tally_of(x).unconnected;
      return close(at);
    }
    return ended(at, {});
  }
  x.heard.append(buffer_.data(), static_cast<size_t>(n));
  take_words(at);
}

void attack_mix::take_words(uint32_t at) {
  auto& x = attackers_[at];
  static constexpr std::string_view refused = "<relay Refused ";
  static constexpr std::string_view left = "<relay Peer_Left ";
  const auto word_after = [&](size_t begin) {
    return x.heard.substr(begin, x.heard.find_first_of(" >", begin) - begin);
  };
  if (const auto found = x.heard.find(refused); found != std::string::npos) {
    const auto begin = found + refused.size();
    if (x.heard.find_first_of(" >", begin) == std::string::npos)
      return;
    return ended(at, word_after(begin));
  }
  // An end that never reads cannot hear why it is sent away; its partner does.
  if (const auto found = x.heard.find(left); found != std::string::npos && x.partner) {
    const auto begin = found + left.size();
    if (x.heard.find('>', begin) == std::string::npos)
      return;
    const auto word = word_after(begin);
    const auto partner = *x.partner;
    give_up(at);
    if (attackers_[partner].fd)
      ended(partner, word);
    return;
  }
  if (x.at != stage::seated && x.heard.find("Room_Joined") != std::string::npos &&
      x.heard.back() == '\n') {
    x.at = stage::seated;
    x.heard.clear();
    return seated(at);
  }
  constexpr size_t kept = 128;
  if (x.heard.size() > kept)
    x.heard.erase(0, x.heard.size() - kept);
}

void attack_mix::seated(uint32_t at) {
  auto& x = attackers_[at];
  const auto now = clock::now();
  switch (x.how->kind) {
  case attack_kind::slow_frame:
    x.unsent = frame_head;
    x.next = now + how_.trickle;
    break;
  case attack_kind::bad_frame:
    x.unsent = random_letters(8 + random_() % 40) + "\n";
    break;
  case attack_kind::forged_from:
    x.unsent = random_() % 2 == 0 ? "<127.0.0.1 Heartbeat>\n" : "<relay Peer_Left silent>\n";
    break;
  case attack_kind::oversize:
    x.unsent = frame_head + std::string(oversize_bytes, 'A') + "</coin>\n";
    break;
  case attack_kind::second_join:
    x.unsent = join(random_() | (uint64_t{1} << 63));
    break;
  case attack_kind::frame_flood:
  case attack_kind::slow_reader:
    x.floods = !x.second;
    break;
  case attack_kind::reset:
    return give_up(at);
  default:
    return;
  }
  write_some(at);
}

void attack_mix::trickle(uint32_t at, time_point now) {
  auto& x = attackers_[at];
  if (x.how->kind == attack_kind::reset)
    return give_up(at);
  x.next = now + how_.trickle;
  if (x.trickled == trickle_max)
    return;
  ++x.trickled;
  x.unsent += x.how->kind == attack_kind::slow_join ? ' ' : 'A';
  write_some(at);
}

/// The relay has ended it; no word: it was closed without one.
void attack_mix::ended(uint32_t at, const std::string& word) {
  auto& x = attackers_[at];
  auto& tally = tally_of(x);
  if (word.empty())
    ++tally.closed;
  else
    ++tally.refused[escape_for_display(word, 20)];
  tally.longest_seconds = std::max(tally.longest_seconds,
                                   std::chrono::duration<double>(clock::now() - x.begun).count());
  const auto partner = x.partner;
  close(at);
  // Alone it is no attack any more.
  if (partner && attackers_[*partner].fd)
    give_up(*partner);
}

void attack_mix::give_up(uint32_t at) {
  ++tally_of(attackers_[at]).given_up;
  close(at);
}

void attack_mix::close(uint32_t at) {
  auto& x = attackers_[at];
  --tally_of(x).open;
  if (x.partner)
    attackers_[*x.partner].partner.reset();
  x.partner.reset();
  loop_.unwatch(x.fd.get());
  close_at_once(x.fd);
  freed_.push_back(at);
}

} // namespace liveconnect::bench
