#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <caf/expected.hpp>

#include "actors/session/session_machine.hpp"
#include "messages/interfaces/wallet.hpp"
#include "messages/secure/invitation.hpp"
#include "messages/secure/manifest.hpp"
#include "messages/secure/receipt.hpp"
#include "messages/secure/secure_channel.hpp"
#include "messages/wire/frame.hpp"

/// What a session believes: which frames are the peer's, what they come to for the machine, and
/// which receipt fits this transfer. Pure: no actor, clock or socket. The session (session.hpp)
/// hands in what the line brings and carries out what is answered, in its order.
namespace liveconnect::session {

/// What a session knows before anything happens.
struct core_terms {
  role side = role::sender;
  invitation_id invitation{};
  secret<32> key;
  channel_terms channel;
  /// Connections in a row, and frames in all, that may fail to authenticate; at least 1.
  uint32_t auth_failures_max = 3;
  /// Sender: an earlier run may have sent coins, so a receipt may name a session of that run.
  bool sending_begun = false;
};

/// What the session is to do, in the order given.
namespace effect {

/// Send core.next_heartbeat() now, without waiting for the timer.
struct answer_heartbeat {};
/// The handshake is confirmed: tell people, then feed input::secured.
struct connected {
  /// The four words that both sides show.
  std::string phrase;
  /// 1 for the first handshake of this run.
  uint32_t handshakes = 0;
};
/// The secured peer shows life: it may be at work.
struct peer_lives {};
/// Something for the machine.
struct feed {
  any_input what;
};
/// Something for people.
struct warn {
  std::string text;
};
/// This connection is over: say Closing without a proof, and have the line make a new one.
struct renew_line {};

} // namespace effect

using core_effect = std::variant<effect::answer_heartbeat, effect::connected, effect::peer_lives,
                                 effect::feed, effect::warn, effect::renew_line>;
using core_effects = std::vector<core_effect>;

/// Most hashes of sessions that are kept. Each costs a peer a handshake.
inline constexpr size_t session_hashes_max = 1024;
/// Bare heartbeats of ours that a peer may leave unanswered before people hear of it.
inline constexpr uint32_t unproved_beats_max = 3;

/// One session's belief, from the first peer to the last receipt; connections come and go in it
/// (docs/design/safety.md I11).
///
/// Before key confirmation a peer's frames have no effect but the handshake's own. A frame that
/// does not authenticate ends the connection; the transfer stays where its journal says. The
/// failure number `auth_failures_max`, or as many peers in a row without a proof, feeds
/// auth_failed.
class session_core {
public:
  explicit session_core(core_terms terms);

  /// Receiver: the key that its receipts are signed with; before the first peer comes.
  void set_receipt_key(const receipt_public_key& key) { receipt_key_ = key; }

  // --- what the line brings ---

  /// A peer is in the room, and it is not the one that was there before. Call drop_peer() first,
  /// and carry its effects out.
  void begin_peer();
  /// The peer went, for the relay's word or `silent`.
  core_effects end_peer(std::string_view reason);
  /// The connection is gone, or this peer's frames are not listened to any more.
  core_effects drop_peer();
  /// A frame that another client has written.
  core_effects take(const frame& x);
  /// It is time for a heartbeat of ours, which the caller then sends.
  core_effects on_beat();
  /// Nothing is sent or believed from here on.
  void close();

  // --- what the machine orders; each fails without a peer, and when the channel died ---

  bool has_peer() const { return channel_.has_value(); }
  frame next_heartbeat();
  caf::expected<frame> command(message_number number, std::string details);
  /// Remembers the manifest: it places coins and receipt in the transfer.
  caf::expected<frame> offer(const manifest& x);
  /// Coin file `index` of `count`, from 1 on.
  caf::expected<frame> coin(uint32_t index, uint32_t count, byte_view file);
  /// The receipt, cut into as many frames as it needs.
  std::vector<caf::expected<frame>> receipt_frames(const std::string& text);

  // --- receipts ---

  /// Sender: what the receiver's receipt says, when its signature verifies and it is of this
  /// transfer, invitation, manifest, notes and session (docs/protocol.md 6). Fails with
  /// ec::bad_receipt.
  caf::expected<receipt_summary> check_receipt(const std::string& text) const;
  /// Receiver: what our own receipt says. Fails with ec::internal.
  caf::expected<receipt_summary> read_own_receipt(const std::string& text) const;
  /// What a wallet's receipt or SENDING must name of this session.
  wallet::receipt_terms receipt_terms() const;

  const std::optional<manifest>& offered() const { return offer_; }
  /// Hash of the last session that both sides had proved, as we know.
  const std::optional<std::array<uint8_t, 64>>& session_hash() const { return session_hash_; }
  uint32_t handshakes() const { return handshakes_; }

private:
  core_effects take_heartbeat(const frame& x);
  core_effects take_offer(const frame& x);
  core_effects take_coin(const frame& x);
  core_effects take_receipt(const frame& x);
  core_effects not_authentic(const std::string& detail);
  core_effects count_unauthenticated_peer(core_effects before);
  effect::connected connect();
  void remember_hash();
  body_place place_in_transfer() const;

  core_terms terms_;
  /// From a peer's coming to its going; the transfer outlives it.
  std::optional<secure_channel> channel_;
  /// The machine was fed `secured`, and not `parted` since.
  bool secured_ = false;
  /// Heartbeats of ours since the peer came, while it has proved nothing.
  uint32_t unproved_beats_ = 0;
  /// Peers in a row that went without a proof; and frames or handshakes that failed, in all. Apart,
  /// because a good handshake excuses the first and nothing excuses the second.
  uint32_t unauthenticated_peers_ = 0;
  uint32_t auth_failures_ = 0;
  bool unauthenticated_told_ = false;
  uint32_t handshakes_ = 0;
  /// Hashes of this run's sessions that a receipt may name: the one in which it was made. A sender
  /// keeps one before it sends the proof that lets the receiver begin, for the receiver's own proof
  /// may never come. The last session_hashes_max.
  std::deque<std::array<uint8_t, 64>> hashes_;
  std::optional<std::array<uint8_t, 64>> session_hash_;
  /// Receiver: our own. Sender: the peer's, by the last handshake.
  receipt_public_key receipt_key_{};
  /// The manifest of the offer.
  std::optional<manifest> offer_;
  /// Parts of a receipt that is coming in.
  std::string receipt_text_;
  uint32_t receipt_parts_ = 0;
  uint32_t receipt_count_ = 0;
};

} // namespace liveconnect::session
