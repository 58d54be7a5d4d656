#include "actors/session/session_core.hpp"

#include <algorithm>
#include <utility>

#include "messages/base/assert.hpp"
#include "messages/wire/body.hpp"

namespace liveconnect::session {

namespace {

using stage = secure_channel::stage;

core_effects only(core_effect x) {
  core_effects out;
  out.push_back(std::move(x));
  return out;
}

core_effects feed(any_input x) {
  return only(effect::feed{std::move(x)});
}

receipt_summary summarise(const receipt& x, const std::string& text) {
  receipt_summary out;
  out.id = receipt_name(text);
  out.hash = to_hex(receipt_hash(text));
  for (auto passed : {note_verdict::authentic, note_verdict::fracked}) {
    const auto sum = x.sum_of(passed);
    out.notes_passed += sum.notes;
    if (!out.sum_passed.add(sum.value))
      out.sum_passed = sum.value;
  }
  out.counterfeit = x.sum_of(note_verdict::counterfeit).notes;
  out.pending = x.sum_of(note_verdict::limbo).notes;
  return out;
}

caf::error no_peer() {
  return fail(ec::peer_gone, "no peer is in the room");
}

} // namespace

session_core::session_core(core_terms terms) : terms_(std::move(terms)) {
  terms_.auth_failures_max = std::max(terms_.auth_failures_max, 1u);
}

// --- what the line brings ---

void session_core::begin_peer() {
  LC_ASSERT_OR(!channel_ && !secured_, return );
  channel_ = terms_.side == role::sender
                 ? secure_channel::for_sender(terms_.key, terms_.channel)
                 : secure_channel::for_receiver(terms_.key, terms_.channel, receipt_key_);
  unproved_beats_ = 0;
}

core_effects session_core::drop_peer() {
  channel_.reset();
  receipt_text_.clear();
  receipt_parts_ = 0;
  receipt_count_ = 0;
  if (std::exchange(secured_, false))
    return feed(input::parted{});
  return {};
}

core_effects session_core::end_peer(std::string_view reason) {
  // It was called, or it called, and went before its proof.
  const bool unauthenticated = channel_ && !channel_->is_connected() &&
                               channel_->now() != stage::waiting &&
                               channel_->now() != stage::dead && reason != "silent";
  auto out = drop_peer();
  return unauthenticated ? count_unauthenticated_peer(std::move(out)) : out;
}

core_effects session_core::count_unauthenticated_peer(core_effects before) {
  ++unauthenticated_peers_;
  if (!std::exchange(unauthenticated_told_, true))
    before.push_back(effect::warn{"someone without the key was in the room"});
  if (unauthenticated_peers_ >= terms_.auth_failures_max)
    before.push_back(
        effect::feed{input::auth_failed{std::to_string(unauthenticated_peers_) +
                                        " peers in a row did not hold the invitation's key"}});
  return before;
}

core_effects session_core::not_authentic(const std::string& detail) {
  ++auth_failures_;
  core_effects out;
  out.push_back(effect::warn{"a message was not authentic: " + detail});
  out.push_back(effect::renew_line{});
  for (auto& x : drop_peer())
    out.push_back(std::move(x));
  if (auth_failures_ >= terms_.auth_failures_max)
    out.push_back(effect::feed{input::auth_failed{"messages failed to authenticate " +
                                                  std::to_string(auth_failures_) + " times"}});
  return out;
}

core_effects session_core::take(const frame& x) {
  if (!channel_)
    return {};
  if (x.is(message_number::heartbeat))
    return take_heartbeat(x);
  // Before key confirmation there is no peer to listen to (docs/design/safety.md I11), and what the
  // catalogue does not know has no effect ever: both are in the transcript.
  if (!channel_->is_connected() || find_message(x.number) == nullptr)
    return {};
  LC_ASSERT_OR(secured_, return {});
  if (!x.details.empty()) {
    if (x.is(message_number::ready_to_send_coins))
      return take_offer(x);
    if (x.is(message_number::coin))
      return take_coin(x);
    if (x.is(message_number::receipt))
      return take_receipt(x);
  }
  if (auto wrong = channel_->open(x))
    return not_authentic(detail_of(wrong));
  return feed(input::peer_message{static_cast<message_number>(x.number), x.details});
}

core_effects session_core::take_heartbeat(const frame& x) {
  const auto heard = channel_->take_heartbeat(x);
  if (!heard)
    return not_authentic(detail_of(heard.error()));
  if (channel_->now() == stage::confirming)
    remember_hash();
  core_effects out;
  if (heard->answer_now)
    out.push_back(effect::answer_heartbeat{});
  if (heard->connected)
    out.push_back(connect());
  else if (channel_->is_connected())
    out.push_back(effect::peer_lives{});
  return out;
}

effect::connected session_core::connect() {
  ++handshakes_;
  unauthenticated_peers_ = 0;
  remember_hash();
  session_hash_ = channel_->handshake_hash();
  if (terms_.side == role::sender)
    receipt_key_ = channel_->receipt_key();
  secured_ = true;
  return {channel_->safety_phrase(), handshakes_};
}

void session_core::remember_hash() {
  const auto& hash = channel_->handshake_hash();
  if (hashes_.empty() || hashes_.back() != hash)
    hashes_.push_back(hash);
  if (hashes_.size() > session_hashes_max)
    hashes_.pop_front();
  LC_ASSERT_OR(!hashes_.empty() && hashes_.size() <= session_hashes_max, hashes_.clear());
}

core_effects session_core::take_offer(const frame& x) {
  const auto body = channel_->open_body_frame(x, body_place{});
  if (!body)
    return not_authentic(detail_of(body.error()));
  const auto offer = decode_manifest(view(*body));
  // The peer's own words, but not a manifest: the machine knows no such message.
  if (!offer)
    return feed(input::peer_message{message_number::ready_to_send_coins, {}});
  if (terms_.side == role::receiver)
    offer_ = *offer;
  return feed(input::offered{*offer});
}

core_effects session_core::take_coin(const frame& x) {
  auto body = channel_->open_body_frame(x, place_in_transfer());
  if (!body)
    return not_authentic(detail_of(body.error()));
  input::coin_came coin;
  coin.index = x.index;
  coin.count = x.count;
  coin.file = std::move(*body);
  return feed(std::move(coin));
}

core_effects session_core::take_receipt(const frame& x) {
  const auto body = channel_->open_body_frame(x, place_in_transfer());
  if (!body)
    return not_authentic(detail_of(body.error()));
  // A body in one part may come without its numbers.
  const auto index = x.count == 0 ? 1 : x.index;
  const auto count = x.count == 0 ? 1 : x.count;
  if (index == 1) {
    receipt_text_.clear();
    receipt_parts_ = 0;
    receipt_count_ = count;
  }
  if (index != receipt_parts_ + 1 || count != receipt_count_ ||
      receipt_text_.size() + body->size() > receipt_bytes_max)
    return feed(input::peer_message{message_number::receipt, {}});
  receipt_text_.append(view(*body).text());
  ++receipt_parts_;
  LC_ASSERT_OR(receipt_text_.size() <= receipt_bytes_max, return {});
  if (receipt_parts_ < receipt_count_)
    return {};
  return feed(input::receipt_came{std::exchange(receipt_text_, {})});
}

core_effects session_core::on_beat() {
  if (channel_ && !channel_->is_connected() && ++unproved_beats_ == unproved_beats_max &&
      !std::exchange(unauthenticated_told_, true))
    return only(effect::warn{"someone is in the room who has not shown the key"});
  return {};
}

void session_core::close() {
  channel_.reset();
  secured_ = false;
}

// --- what the machine orders ---

frame session_core::next_heartbeat() {
  return channel_ ? channel_->next_heartbeat() : make_frame(message_number::heartbeat);
}

caf::expected<frame> session_core::command(message_number number, std::string details) {
  if (!channel_)
    return no_peer();
  return channel_->command(number, std::move(details));
}

caf::expected<frame> session_core::offer(const manifest& x) {
  offer_ = x;
  if (!channel_)
    return no_peer();
  return channel_->body_frame(message_number::ready_to_send_coins, body_place{}, encode(x));
}

body_place session_core::place_in_transfer() const {
  body_place out;
  if (offer_) {
    out.id = offer_->id;
    out.manifest_hash = hash_of(*offer_);
  }
  return out;
}

caf::expected<frame> session_core::coin(uint32_t index, uint32_t count, byte_view file) {
  if (!channel_)
    return no_peer();
  LC_ASSERT(offer_.has_value());
  LC_ASSERT(index >= 1 && index <= count);
  auto place = place_in_transfer();
  place.index = index;
  place.count = count;
  return channel_->body_frame(message_number::coin, place, file);
}

std::vector<caf::expected<frame>> session_core::receipt_frames(const std::string& text) {
  std::vector<caf::expected<frame>> out;
  const auto parts = split_body(byte_view(std::string_view(text)));
  auto place = place_in_transfer();
  place.count = static_cast<uint32_t>(parts.size());
  for (const auto& part : parts) {
    if (!channel_)
      break;
    out.push_back(channel_->body_frame(message_number::receipt, place, part));
    ++place.index;
  }
  return out;
}

// --- receipts ---

caf::expected<receipt_summary> session_core::check_receipt(const std::string& text) const {
  const auto x = verify_receipt(text, receipt_key_);
  if (!x)
    return x.error();
  if (!offer_ || x->id != offer_->id)
    return fail(ec::bad_receipt, "of another transfer");
  if (x->invitation != terms_.invitation)
    return fail(ec::bad_receipt, "of another invitation");
  if (x->manifest_hash != hash_of(*offer_))
    return fail(ec::bad_receipt, "of another manifest");
  std::array<uint32_t, denomination_count> counts{};
  for (const auto& n : x->notes)
    ++counts[static_cast<size_t>(n.id.denomination - denomination_min)];
  if (counts != offer_->by_denomination)
    return fail(ec::bad_receipt, "its notes are not those of the manifest");
  // A sender that was started again has not seen the sessions before: there the key of this
  // authenticated handshake, which signed, stands for them.
  const bool known = std::find(hashes_.begin(), hashes_.end(), x->handshake_hash) != hashes_.end();
  if (!known && !terms_.sending_begun)
    return fail(ec::bad_receipt, "of another session");
  return summarise(*x, text);
}

caf::expected<receipt_summary> session_core::read_own_receipt(const std::string& text) const {
  const auto x = verify_receipt(text, receipt_key_);
  if (!x)
    return fail(ec::internal, "our own receipt: " + detail_of(x.error()));
  return summarise(*x, text);
}

wallet::receipt_terms session_core::receipt_terms() const {
  wallet::receipt_terms out;
  out.invitation = terms_.invitation;
  if (session_hash_)
    out.handshake_hash = *session_hash_;
  return out;
}

} // namespace liveconnect::session
