#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <caf/expected.hpp>

#include "messages/base/secret.hpp"
#include "messages/money/transfer.hpp"
#include "messages/secure/noise.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect {

/// The versions that this program speaks.
inline constexpr uint16_t protocol_version_min = 1;
inline constexpr uint16_t protocol_version_max = 1;

/// What both sides must agree on before any key does: the handshake's prologue (docs/protocol.md
/// 4). All of it comes from the invitation.
struct channel_terms {
  uint16_t min_version = protocol_version_min;
  uint16_t max_version = protocol_version_max;
  uint64_t room = 0;
  invitation_id invitation{};
  uint64_t expires_unix = 0;
};

/// The prologue's bytes.
bytes encode_prologue(const channel_terms& x);

/// Names the place of a sealed body in its transfer; part of what its tag covers. In message 21,
/// whose body tells the transfer's id and manifest, those two are zeros.
struct body_place {
  uint32_t index = 1;
  uint32_t count = 1;
  transfer_id id;
  digest manifest_hash{};
};

/// The receiver's Ed25519 key that signs the receipt; it travels in Noise message 2.
using receipt_public_key = std::array<uint8_t, 32>;

/// One session's security, from the first heartbeat to the last frame (docs/protocol.md 4 and 5).
/// Pure: no clock, no socket. One object serves one connection: after a lost connection, or when
/// the peer left and came again, make a new one; the transfer goes on by its id.
///
/// The first failure kills it: from then on everything fails with ec::not_authentic and nothing is
/// ever sealed or opened again. Money state is untouched by a failure (docs/design/safety.md I11).
///
///     S  calling ---h=1--->            R  waiting
///                <---h=2---               answering
///        confirming ---a--->              connected
///        connected  <---a---
class secure_channel {
public:
  enum class stage : uint8_t {
    /// Sender: message 1 goes out with every heartbeat until it is answered.
    calling,
    /// Receiver: no message 1 yet; its heartbeats are bare.
    waiting,
    /// Receiver: message 2 goes out with every heartbeat until the sender's confirmation is here.
    answering,
    /// Sender: keys are there, the receiver has not proved yet that it has them.
    confirming,
    /// Both have proved it: commands may have effect.
    connected,
    /// Something failed; for good.
    dead,
  };

  /// What a heartbeat changed.
  struct heard {
    /// Send next_heartbeat() now, without waiting for the timer.
    bool answer_now = false;
    /// The stage became `connected` with this heartbeat.
    bool connected = false;
  };

  /// The sender's side.
  static secure_channel for_sender(const secret<32>& key, const channel_terms& terms);
  /// The receiver's side; `receipt_key` is what its receipts will be signed with.
  static secure_channel for_receiver(const secret<32>& key, const channel_terms& terms,
                                     const receipt_public_key& receipt_key);

  stage now() const { return stage_; }
  bool is_connected() const { return stage_ == stage::connected; }
  // for tests: that an altered frame ends the channel
  bool is_dead() const { return stage_ == stage::dead; }

  /// The heartbeat to send in this stage, handshake and proof included. Each call may use up one
  /// number of our counter, so a frame made is a frame to send, in order. Dead: a bare heartbeat.
  frame next_heartbeat();

  /// Takes a heartbeat of the peer (never one of the relay). Before the stage is connected a bare
  /// one changes nothing, and neither does a repeated message 1 or 2, or (three times) an answer
  /// that is an older session's; after it every heartbeat must be authentic. Fails with
  /// ec::not_authentic, or with ec::protocol_violation when the peer speaks no version of ours;
  /// dead after both.
  caf::expected<heard> take_heartbeat(const frame& x);

  /// Proof for a clear command, for the `a` attribute. Only when connected (or, for heartbeats,
  /// through next_heartbeat).
  caf::expected<std::string> seal_command(message_number number, std::string_view details);
  /// Checks the peer's proof; the command may act only after caf::none. Before the stage is
  /// connected: ec::protocol_violation, and the channel lives on, for what an older session still
  /// had on its way.
  caf::error open_command(uint16_t number, std::string_view details, std::string_view auth);

  /// A whole command, proof included.
  caf::expected<frame> command(message_number number, std::string details = {});
  /// Checks a whole command. Frames that the catalogue does not know carry no proof and have no
  /// effect: log them and do not bring them here.
  caf::error open(const frame& x);

  /// Base64 of a sealed body (messages 17, 21, 24). The body is its own proof: such a frame carries
  /// no `a`. At most body_plaintext_max bytes.
  caf::expected<std::string> seal_body(message_number number, const body_place& place,
                                       byte_view plaintext);
  /// The plaintext, or ec::not_authentic.
  caf::expected<secret_bytes> open_body(uint16_t number, const body_place& place,
                                        std::string_view body);

  /// A whole frame with a sealed body, `i` and `n` included.
  caf::expected<frame> body_frame(message_number number, const body_place& place,
                                  byte_view plaintext);
  /// Opens a frame's body; index and count are the frame's own, the rest is `place`'s.
  caf::expected<secret_bytes> open_body_frame(const frame& x, body_place place);

  /// Names this session; zeros before the handshake is done.
  const noise::hash& handshake_hash() const { return hash_; }
  /// Four words, the same on both sides of an honest session; empty before the handshake is done.
  std::string safety_phrase() const;
  /// Sender: the key that the receipt will be signed with, once the handshake is done. Receiver:
  /// its own.
  const receipt_public_key& receipt_key() const { return receipt_key_; }

private:
  static constexpr unsigned unreadable_answers_max = 3;

  secure_channel(role side, const secret<32>& key, const channel_terms& terms);

  caf::error die(const char* what);
  /// A heartbeat with a proof: checked, the session is confirmed.
  caf::expected<heard> confirm(const frame& x);
  caf::expected<heard> take_message_1(const frame& x);
  caf::expected<heard> take_message_2(const frame& x);
  caf::expected<std::string> prove(uint16_t number, std::string_view details);
  caf::error check(uint16_t number, std::string_view details, std::string_view auth);
  void keep(const noise::handshake_result& done);

  role side_;
  stage stage_;
  channel_terms terms_;
  secret<32> key_;
  receipt_public_key receipt_key_{};
  std::optional<noise::handshake_state> handshake_;
  /// Our Noise message as text, sent until it is answered; and the peer's, to know a repeat.
  std::string own_message_;
  std::string peer_message_;
  unsigned unreadable_answers_ = 0;
  noise::cipher_state sending_;
  noise::cipher_state receiving_;
  noise::hash hash_{};
};

} // namespace liveconnect
