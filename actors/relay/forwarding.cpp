#include <algorithm>
#include <utility>
#include <vector>

#include "actors/relay/room_switch.hpp"
#include "messages/base/assert.hpp"

// The data path of room_switch: frames from one seat to the other, and what holds them back. Here a
// frame's every `#` becomes the sender's address (frame_gatherer::add).
namespace liveconnect::relay {

namespace {

/// Frames are gathered up to this size before they are written: then at most so much and one frame
/// more can come to wait for a slow receiver.
constexpr size_t gathered_bytes_max = 64 * 1024;

refusal refusal_of(scan_result x) {
  switch (x) {
  case scan_result::wrong_from:
    return refusal::from;
  case scan_result::too_long:
    return refusal::too_long;
  case scan_result::more:
  case scan_result::frame:
  case scan_result::malformed:
    break;
  }
  return refusal::bad_frame;
}

} // namespace

// branches: the relay's hot path, one pass over what a socket has brought
size_t room_switch::pass_on(line& x, byte_view text) {
  LC_ASSERT_OR(x.at == stage::seated && x.account != nullptr, return text.size());
  // While the partner's queue is not empty, nothing is added to it, so `text` waits here.
  size_t used = 0;
  size_t passed = 0;
  size_t frames = 0;
  auto end = scan_result::more;
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
        gathered_.add(rest.sub(x.scanner.begin(), x.scanner.size()), x.scanner.placeholders(),
                      x.address);
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
    end = result;
    if (result == scan_result::more && !x.scanner.in_frame()) {
      x.scanner.next();
      used = text.size();
    }
    break;
  }
  if (x.partner != nullptr)
    pass_gathered(x);
  // Frames that find the other seat empty and endless blank lines cost the relay as much; one line
  // end per frame is in the account already.
  if (used > passed + 2 * frames)
    charge(x, used - passed);
  if (end == scan_result::more) {
    if (x.held != 0 || !x.scanner.in_frame())
      x.since_begun = never;
    else if (x.since_begun == never)
      x.since_begun = loop_->now();
    return used;
  }
  drop(x, refusal_of(end));
  return text.size();
}

/// Writes what was gathered from `from` for its partner and holds `from` back as need be.
void room_switch::pass_gathered(line& from) {
  LC_ASSERT_OR(from.partner != nullptr && from.partner->partner == &from, return );
  const auto size = gathered_.size();
  if (!flush_to(*from.partner))
    hold(from, receiver_is_slow, true);
  from.account->add({}, size);
  if (size > 0)
    charge(from, size);
}

/// Whether `more` bytes are more than the room may still pass on.
bool room_switch::room_is_spent(const line& x, size_t more) const {
  return x.account->is_spent({}, gathered_.size() + more, limits_.room_bytes_max);
}

/// Puts bytes to the room's account of this second; a debt is paid off by reading this sender
/// later.
void room_switch::charge(line& from, size_t size) {
  const auto rate = static_cast<double>(limits_.room_bytes_per_second_max);
  if (rate == 0)
    return;
  const auto now = loop_->now();
  const auto until = from.account->charge({}, size, rate, now);
  if (until <= now)
    return;
  ++counters_.throttled;
  from.fast_until = until;
  hold(from, room_is_fast, true);
  arm(from);
}

/// Both seats' lines go.
void room_switch::end_room(line& x, refusal why) {
  auto* y = x.partner;
  drop(x, why);
  if (y != nullptr)
    drop(*y, why);
}

/// Closes queues when all of them together are over the limit (docs/design/safety.md 6.5).
void room_switch::relieve_memory() {
  const auto most = limits_.queued_bytes_max;
  const auto mine = loop_->queued_in_all();
  shared_->queued_bytes += mine - std::exchange(queued_told_, mine);
  const size_t all = shared_->queued_bytes;
  if (most != 0 && all > most)
    close_largest_queues(all - mine);
}

/// Closes the largest queues until the rest fits beside the `others` bytes of the other loops.
void room_switch::close_largest_queues(size_t others) {
  const auto most = limits_.queued_bytes_max;
  // The loops relieve themselves at the same time: none gives up more than what is over its share.
  const auto share = most / shared_->switches.size();
  if (loop_->queued_in_all() <= share)
    return;
  std::vector<std::pair<size_t, line*>> largest;
  size_t sum = 0;
  for (const auto& x : lines_)
    if (const auto size = x ? loop_->queued(x->id) : 0; size > 0) {
      largest.emplace_back(size, x.get());
      sum += size;
    }
  LC_ASSERT_OR(sum == loop_->queued_in_all(), return );
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
  LC_ASSERT_OR(to.partner != nullptr && to.partner->life != nullptr, return false);
  if (gathered_.empty())
    return loop_->queued(to.id) == 0;
  if (to.has_control)
    say_control(to);
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
  LC_ASSERT_OR(x.life != nullptr && (x.held & ~(receiver_is_slow | room_is_fast)) == 0, return );
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
  LC_ASSERT_OR(loop_->queued(socket) == 0, return );
  x->since_stall = never;
  auto* sender = x->partner;
  if (sender == nullptr || (sender->held & receiver_is_slow) == 0)
    return;
  hold(*sender, receiver_is_slow, false);
  // First what waits here, which may hold it back again.
  take_unread(*sender);
}

} // namespace liveconnect::relay
