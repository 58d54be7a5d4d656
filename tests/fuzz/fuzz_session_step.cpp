// One side of a session, fed by a peer that holds the invitation's key and says what it likes. The
// first byte chooses the side; the handshake is done for the fuzzer, and pieces follow. Checked is
// what the machines promise at every moment: no coin leaves before record SENDING, nothing is given
// back after it, nothing is stored but a whole set, Received and receipt come after the wallet's
// word, and the session ends once.
#include <optional>
#include <set>

#include "actors/session/receiver_machine.hpp"
#include "actors/session/sender_machine.hpp"
#include "actors/session/session_core.hpp"
#include "messages/base/error.hpp"
#include "tests/fuzz/pieces.hpp"
#include "tests/fuzz/session_pieces.hpp"
#include "tests/fuzz/target.hpp"

namespace liveconnect::fuzz {

using namespace session;

namespace {

const signing_key receipt_key = signing_key::from_seed(secret<32>{});

core_terms terms_of(role side) {
  core_terms out;
  out.side = side;
  out.invitation = session_channel().invitation;
  out.channel = session_channel();
  return out;
}

/// The session's work without actors: core and machine, a wallet that answers when told to, and the
/// peer's end of the channel.
class stage {
public:
  explicit stage(role side)
      : side_(side), core_(terms_of(side)), sender_(session_manifest().sum),
        receiver_(receiver_terms_here()) {
    if (side == role::receiver)
      core_.set_receipt_key(receipt_key.public_key());
    feed(input::started{});
    feed(input::entered{2});
    begin_peer();
  }

  void take(turn what, byte_view data);

private:
  static receiver_terms receiver_terms_here() {
    receiver_terms out;
    out.notes_max = 100;
    out.ask_person = true;
    return out;
  }

  void begin_peer();
  void shake_hands();
  /// Our side's heartbeat, taken by the peer while it is not connected.
  void beat();
  bool is_secured() const {
    return side_ == role::sender ? sender_.is_secured() : receiver_.is_secured();
  }
  void deliver(const caf::expected<frame>& what);
  void deliver_bytes(byte_view bytes);
  void say_body(byte_view data);
  void say_receipt(byte_view letters);
  void answer(bool well, uint8_t code);
  any_input answer_to(ticket which, const question& asked);

  void feed(any_input what);
  void perform(core_effects what);
  void check(const any_action& x);
  void check_question(const question& x);

  role side_;
  session_core core_;
  sender_machine sender_;
  receiver_machine receiver_;
  std::optional<secure_channel> peer_;
  frame_reader line_;

  std::vector<std::pair<ticket, question>> asked_;
  std::set<timer> armed_;
  bool ended_ = false;
  bool coins_may_leave_ = false;
  bool sending_begun_ = false;
  bool stored_ = false;
  bool receipt_made_ = false;
  size_t depth_ = 0;
};

// --- the peer ---

void stage::begin_peer() {
  perform(core_.drop_peer());
  core_.begin_peer();
  peer_ = side_ == role::sender
              ? secure_channel::for_receiver({}, session_channel(), receipt_key.public_key())
              : secure_channel::for_sender({}, session_channel());
  feed(input::peer_came{});
  shake_hands();
}

void stage::shake_hands() {
  for (int round = 0; round < 4 && core_.has_peer() && !is_secured(); ++round) {
    beat();
    perform(core_.take(peer_->next_heartbeat()));
  }
  REQUIRE(ended_ || (is_secured() && peer_->is_connected()));
}

void stage::beat() {
  const auto own = core_.next_heartbeat();
  // Once both are connected the peer needs nothing of us any more: it says what it likes.
  if (!peer_->is_connected())
    REQUIRE(peer_->take_heartbeat(own));
}

void stage::deliver(const caf::expected<frame>& what) {
  // A channel that died, or a body that is too long, is not for the line.
  if (!what)
    return;
  const auto text = encode(*what, notation::tag);
  deliver_bytes(byte_view(std::string_view{text}));
}

void stage::deliver_bytes(byte_view bytes) {
  line_.feed(bytes);
  for (;;) {
    const auto x = line_.next();
    if (!x) {
      // The line is made anew after such bytes.
      line_ = frame_reader{};
      perform(core_.drop_peer());
      return;
    }
    if (!*x)
      return;
    if (!(**x).is_from_relay())
      perform(core_.take(**x));
  }
}

void stage::say_body(byte_view data) {
  byte_reader in{data};
  const auto number = static_cast<message_number>(in.u8());
  body_place place;
  place.index = in.u8();
  place.count = in.u8();
  if (number != message_number::ready_to_send_coins) {
    place.id = session_manifest().id;
    place.manifest_hash = hash_of(session_manifest());
  }
  if (place.index >= 1 && place.index <= place.count)
    deliver(peer_->body_frame(number, place, in.raw(in.left())));
}

void stage::say_receipt(byte_view letters) {
  receipt x;
  x.id = session_manifest().id;
  x.invitation = session_channel().invitation;
  x.manifest_hash = hash_of(session_manifest());
  x.handshake_hash = peer_->handshake_hash();
  x.time_unix = 1'795'370'400;
  const std::array<note_id, 3> notes{{{1, 9}, {0, 7}, {0, 8}}};
  for (size_t i = 0; i < notes.size(); ++i) {
    const size_t verdict = i < letters.size() ? letters[i] % receipt_verdicts.size() : 0;
    x.notes.push_back({notes[i], std::string(raida_count, 'p'), receipt_verdicts[verdict]});
  }
  const auto text = sign_receipt(x, receipt_key);
  body_place place;
  place.id = session_manifest().id;
  place.manifest_hash = hash_of(session_manifest());
  deliver(peer_->body_frame(message_number::receipt, place, byte_view(std::string_view{text})));
}

// --- the wallet ---

void stage::answer(bool well, uint8_t code) {
  if (asked_.empty())
    return;
  const auto [which, what] = asked_.front();
  asked_.erase(asked_.begin());
  if (!well)
    return feed(input::work_failed{which, static_cast<ec>(code % 20 + 1), "the wallet says so"});
  feed(answer_to(which, what));
}

any_input stage::answer_to(ticket which, const question& asked) {
  if (std::holds_alternative<ask::get_manifest>(asked))
    return input::manifest_ready{which, session_manifest()};
  if (std::holds_alternative<ask::begin_sending>(asked)) {
    coins_may_leave_ = true;
    input::coins_ready out;
    out.which = which;
    out.coins.files.assign(2, secret_bytes(100, 1));
    return out;
  }
  if (const auto* x = std::get_if<ask::file_receipt>(&asked)) {
    const auto summary = core_.check_receipt(x->text);
    if (!summary)
      return input::work_failed{which, code_of(summary.error()), detail_of(summary.error())};
    return input::receipt_ready{which, x->text, *summary};
  }
  if (std::holds_alternative<ask::weigh>(asked))
    return input::offer_weighed{which, wallet::transfer_state::offered};
  if (std::holds_alternative<ask::store>(asked))
    stored_ = true;
  if (std::holds_alternative<ask::make_receipt>(asked)) {
    receipt_made_ = true;
    receipt_summary summary;
    summary.hash = std::string(64, 'c');
    return input::receipt_ready{which, std::string(300, 'r'), summary};
  }
  return input::work_done{which, {}};
}

// --- the session ---

void stage::feed(any_input what) {
  // An action's answer within an action has its turn behind it; nothing here goes round for ever.
  REQUIRE(++depth_ < 1000);
  auto out =
      side_ == role::sender ? sender_.advance(std::move(what)) : receiver_.advance(std::move(what));
  REQUIRE(!ended_ || out.empty());
  for (const auto& x : out)
    check(x);
}

void stage::perform(core_effects what) {
  for (auto& x : what) {
    if (auto* fed = std::get_if<effect::feed>(&x))
      feed(std::move(fed->what));
    else if (std::holds_alternative<effect::connected>(x))
      feed(input::secured{});
    else if (std::holds_alternative<effect::answer_heartbeat>(x))
      beat();
  }
}

void stage::check(const any_action& x) {
  REQUIRE(!ended_);
  if (const auto* asked = std::get_if<action::ask_wallet>(&x)) {
    check_question(asked->what);
    asked_.emplace_back(asked->which, asked->what);
  } else if (const auto* sent = std::get_if<action::send>(&x)) {
    if (side_ == role::receiver && sent->number == message_number::received)
      REQUIRE(stored_);
    (void)core_.command(sent->number, sent->details);
  } else if (const auto* offer = std::get_if<action::send_offer>(&x)) {
    (void)core_.offer(offer->offer);
  } else if (const auto* coins = std::get_if<action::send_coins>(&x)) {
    REQUIRE(coins_may_leave_ && !coins->coins.files.empty());
    feed(input::coins_gone{});
  } else if (const auto* made = std::get_if<action::send_receipt>(&x)) {
    REQUIRE(receipt_made_);
    (void)core_.receipt_frames(made->text);
  } else if (const auto* arm = std::get_if<action::arm>(&x)) {
    armed_.insert(arm->which);
  } else if (const auto* disarm = std::get_if<action::disarm>(&x)) {
    armed_.erase(disarm->which);
  } else if (std::holds_alternative<action::end>(x)) {
    ended_ = true;
    core_.close();
  }
}

void stage::check_question(const question& x) {
  if (const auto* step = std::get_if<ask::step>(&x)) {
    const auto* mine = std::get_if<wallet::sender_step>(&step->what);
    REQUIRE((mine != nullptr) == (side_ == role::sender));
    if (mine != nullptr && *mine == wallet::sender_step::give_back)
      REQUIRE(!sending_begun_);
  }
  if (std::holds_alternative<ask::begin_sending>(x))
    sending_begun_ = true;
  if (const auto* set = std::get_if<ask::store>(&x)) {
    REQUIRE(!stored_ && core_.offered() && !set->coins.files.empty());
    size_t size = 0;
    for (const auto& file : set->coins.files)
      size += file.size();
    REQUIRE(size <= 100 * 2000);
  }
}

void stage::take(turn what, byte_view data) {
  byte_reader in{data};
  depth_ = 0;
  switch (what) {
  case turn::heartbeat:
    return deliver(peer_->next_heartbeat());
  case turn::command: {
    const auto number = static_cast<message_number>(in.u8());
    return deliver(peer_->command(number, std::string{in.raw(in.left()).text()}));
  }
  case turn::body:
    return say_body(data);
  case turn::raw:
    return deliver_bytes(data);
  case turn::wallet_done:
    return answer(true, 0);
  case turn::wallet_failed:
    return answer(false, in.u8());
  case turn::timer: {
    const auto which = static_cast<timer>(in.u8() % 4);
    if (armed_.erase(which) != 0)
      feed(input::timed_out{which});
    return;
  }
  case turn::peer_again:
    perform(core_.end_peer("left"));
    if (!ended_)
      begin_peer();
    return;
  case turn::approve:
    return feed(input::approved{session_manifest().sum, in.u8() % 2 == 0});
  case turn::cancel:
    return feed(input::user_cancelled{});
  case turn::stop:
    return feed(input::user_stopped{});
  case turn::offer:
    return deliver(peer_->body_frame(message_number::ready_to_send_coins, body_place{},
                                     encode(session_manifest())));
  case turn::receipt:
    return say_receipt(data);
  case turn::line_failed:
    return feed(input::line_failed{ec::relay_unreachable, "gone"});
  }
}

} // namespace

FUZZ_TARGET(session_step) {
  byte_reader in{data};
  const auto side = in.u8() % 2 == 0 ? role::receiver : role::sender;
  stage here{side};
  size_t turns = 0;
  for (piece x; turns < 100 && take_piece(in, x); ++turns)
    here.take(static_cast<turn>(x.kind % turn_count), x.data);
}

} // namespace liveconnect::fuzz
