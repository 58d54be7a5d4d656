#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>

#include "messages/base/secret.hpp"
#include "messages/money/transfer.hpp"

/// The messages of a wallet's keeper, and of the folder worker of one transfer (wallet/). Steps are
/// those of docs/formats/wallet.md 8, order rules P1..P6 those of docs/design/safety.md 5.3.
namespace liveconnect::wallet {

/// Work of the sender's folder worker that needs no argument, in the order of the protocol's steps
/// (docs/protocol.md "Origin"). Each is idempotent, so a resumed session may ask again for what is
/// done already and gets the report of it.
enum class sender_step : uint8_t {
  /// Echo to all servers. Fails with ec::too_few_servers below 13.
  check_servers,
  /// Sets aside what lies in Import and Export of the hidden Sender wallet. Never deletes (I8).
  set_aside,
  /// Breaks notes until the reserved sum can be taken exactly (step 10). May find nothing to do.
  make_change,
  /// Joins ten into one where that saves notes (step 11).
  join_notes,
  /// FIND for everything of ours in Limbo, change above all (step 12).
  find_change,
  /// Heals fracked change (step 13).
  fix_change,
  /// Moves exactly the agreed sum to the hidden Sender wallet's Bank (step 14).
  move_to_sender,
  /// Detects every note; a note that fails is replaced (step 15).
  health_check,
  /// Heals what is fracked among them (step 16).
  fix_notes,
  /// Builds the container in Export and locks its notes (step 17). The manifest exists from here.
  put_in_export,
  /// The last coin byte has left: Export -> Sent.
  all_sent,
  /// Asks the servers who owns the notes now (docs/design/safety.md 5.4, S in SENDING): closes the
  /// transfer as sent (evidence), or takes the notes back (refresh) when that is clean, or leaves
  /// it
  /// pending.
  ask_servers,
  /// Nothing has left yet: everything back to the user's Bank, the transfer closes. Fails once
  /// sending has begun.
  give_back,
};

/// Likewise for the receiver.
enum class receiver_step : uint8_t {
  check_servers,
  /// Sets aside Import and Export of the hidden Receiver wallet. Fails while notes of an unfinished
  /// transfer lie there.
  set_aside,
  /// Makes the received notes ours: PANs durable first (P3), POWN with FIND recovery, graded (P4),
  /// healed, moved to the user's wallet. Repeats do nothing new. The report covers all notes.
  pown,
  /// The sender, authenticated, has said that no coins will come: the offer is closed. Does nothing
  /// where coins were received.
  drop_offer,
};

/// What became of a transfer, as ask_servers and give_back find it (docs/design/safety.md 5.4).
enum class settlement : uint8_t {
  /// Not settled, or the step does not settle: the journal stays open.
  open,
  /// The receiver owns the notes, or some of them (evidence or receipt); closed.
  sent,
  /// The notes are back in the user's wallet; closed.
  returned,
  /// The user gave up notes that the servers give to nobody; the others are the receiver's or back;
  /// closed.
  written_off,
};

/// What a step did: for the screen, for scripts, and for the next step.
struct step_report {
  /// Notes the step handled (broken, joined, found, fixed, moved, checked, powned).
  uint32_t notes = 0;
  /// Their value.
  amount value;
  /// Notes of the transfer that are not authentic after this step (fracked, or counterfeit).
  uint32_t not_authentic = 0;
  /// Fewest passes of 25 over the notes checked; 0 when the step asks no server.
  uint8_t fewest_passes = 0;
  /// One clause for the screen (`1 note of 1,000 broken`); empty when there was nothing to do.
  std::string text;
  /// Only from sender_step::ask_servers and give_back.
  settlement settled = settlement::open;
  /// Likewise: value of the notes that had left and are the sender's again. Beside settlement::sent
  /// when the receiver took only some.
  amount returned;
  /// Likewise: value of the notes that the user has given up.
  amount written_off;
};

/// How far a transfer is, as its journal tells. Sender: selected..closed, receiver:
/// offered..closed. docs/design/safety.md 5.4.
enum class transfer_state : uint8_t {
  fresh,
  selected,
  sending,
  refresh,
  offered,
  received,
  pown,
  graded,
  receipt,
  closed,
};
const char* to_string(transfer_state x);

/// Coin files as they travel: each a format-9 file without PANs, at most `body_plaintext_max`
/// bytes, in the order of the manifest.
struct coin_payload {
  std::vector<secret_bytes> files;
};

/// What the receiver's machine needs to know after an offer: a transfer may be resumed.
struct offer_answer {
  /// offered: send the coins. received, pown, graded, receipt: we hold them already, send none.
  transfer_state state = transfer_state::offered;
};

/// What the session knows and the receipt must carry (docs/protocol.md 6).
struct receipt_terms {
  invitation_id invitation{};
  std::array<uint8_t, 64> handshake_hash{};
};

/// A finished receipt: canonical JSON with its signature, durable before it is answered.
struct receipt_text {
  std::string json;
};

/// The transfer's place in the world, kept in its journal, so that the journal alone can resume it.
struct transfer_terms {
  role side = role::sender;
  transfer_id id;
  /// The invitation's file text (holds the key: secret).
  secret_bytes invitation;
};

/// One open (or lately closed) transfer.
struct open_transfer {
  transfer_id id;
  role side = role::sender;
  transfer_state state = transfer_state::fresh;
  amount sum;
  uint32_t notes = 0;
  /// One sentence on what it waits for.
  std::string waits_for;
  /// When it was opened: seconds since 1970, for display.
  uint64_t since = 0;
  /// Only when closed: what became of it. `sent`: the receiver owns the notes (either side says
  /// so); `returned`: they never left the sender, or are its again.
  settlement settled = settlement::open;
  /// Only when closed: value of the notes that had left and are the sender's again.
  amount returned;
  /// Only when closed: value of the notes that the sender has given up.
  amount written_off;
};

/// A file in a folder of notes that cannot be read as one: what it may be worth is counted nowhere.
struct unreadable_note {
  /// The folder's name, that of a hidden wallet in front of it.
  std::string folder;
  std::string file;
  /// One clause on why.
  std::string why;
  /// The disk failed, or the system had nothing left to read it with: the note may be whole.
  bool disk_failed = false;
};

/// Where the money is.
struct wallet_balance {
  /// Bank and Fracked of the user's wallet, less what open transfers hold.
  amount spendable;
  /// Of these, what can be paid now by what the servers last said: the rest is to be healed first.
  amount payable;
  /// Held by open transfers: hidden wallets, locked notes, Limbo.
  amount in_transit;
  std::array<uint32_t, denomination_count> by_denomination{};
  uint32_t notes = 0;
  uint32_t fracked = 0;
  /// In Bank, Fracked, Limbo and Suspect, and where notes are in transit.
  std::vector<unreadable_note> unreadable;
};

/// What start-up recovery did (docs/design/safety.md 5.4).
struct recovery_report {
  std::vector<open_transfer> still_open;
  uint32_t closed = 0;
  /// Open transfers and operations that could not be carried on; each has a line that says why.
  uint32_t failed = 0;
  /// One line a thing done, for the screen.
  std::vector<std::string> lines;
};

/// The public half of the Ed25519 key that signs this transfer's receipt; travels in Noise message
/// 2 (docs/protocol.md 6). Drawn when a receiver's transfer is opened, in its journal from
/// OFFERED on, so that a resumed transfer has the same.
struct receipt_key {
  std::array<uint8_t, 32> public_key{};
};

/// Asks the keeper for the worker of a sender's transfer. With an id that has a journal the
/// transfer goes on where it stands, and `terms.invitation` may be empty; otherwise it is a new
/// one, which leaves no trace on the disk before `reserve`.
struct open_sender {
  transfer_terms terms;
};

/// Likewise for a receiver. The sender draws the id, so a new transfer comes with id zero and its
/// invitation; when a journal of the same invitation is open, that transfer goes on.
struct open_receiver {
  transfer_terms terms;
};

/// Coin files to take in: read, made ours (POWN), put into Bank or Fracked. The files themselves
/// stay untouched where they are. PANs and POWN strings in them are ignored.
struct import_files {
  std::vector<std::string> paths;
};

/// Likewise for coin files in memory, as a mint makes them.
struct import_coins {
  coin_payload coins;
};

/// Takes notes for exactly `sum` out of the wallet into one new coin file at `path`, which must not
/// exist. Change is made when it must be.
struct export_coins {
  amount sum;
  std::string path;
};

/// A note of the user's wallet, to be shown. No secret.
struct listed_note {
  note_id id;
  /// The folder's name: Bank, Fracked, Limbo, Suspect, ...
  std::string folder;
  /// Last answer of each server, or empty.
  std::string pown;
  /// An open transfer or operation holds it.
  bool held = false;
  /// Why it cannot be paid now, one clause; empty when it can.
  std::string obstacle;
};

/// What an import, export, health check or healing did.
struct operation_report {
  /// Notes handled, and the value of those that are ours.
  uint32_t notes = 0;
  amount value;
  /// Of these, by verdict (note_verdict). Limbo: too few servers have answered for a verdict.
  uint32_t authentic = 0;
  uint32_t fracked = 0;
  uint32_t counterfeit = 0;
  uint32_t limbo = 0;
  amount counterfeit_value;
  amount limbo_value;
  /// Fewest passes over the notes; 0 when no server was asked.
  uint8_t fewest_passes = 0;
  /// Import: files that could not be taken in; `lines` says why. They stay where they are.
  uint32_t refused = 0;
  /// Check: files that cannot be read as a note; `lines` names them.
  uint32_t unreadable = 0;
  /// One line a thing worth telling: files refused with the reason, notes set aside.
  std::vector<std::string> lines;
};

} // namespace liveconnect::wallet

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::sender_step)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::receiver_step)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::step_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::coin_payload)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::offer_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::receipt_terms)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::receipt_text)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::transfer_terms)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::wallet_balance)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::recovery_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<liveconnect::wallet::open_transfer>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::receipt_key)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::open_sender)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::open_receiver)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::import_files)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::import_coins)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::export_coins)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::operation_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(liveconnect::wallet::open_transfer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<liveconnect::wallet::listed_note>)
