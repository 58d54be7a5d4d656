#pragma once

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "messages/interfaces/fwd.hpp"
#include "messages/interfaces/io.hpp"
#include "messages/interfaces/raida.hpp"
#include "messages/interfaces/session.hpp"
#include "messages/interfaces/wallet.hpp"
#include "messages/money/transfer.hpp"

/// One typed handle an actor that others talk to, one comment a message. Wallet and actors meet
/// here and nowhere else (docs/design/architecture.md "Folders and the one direction of
/// dependence").
namespace liveconnect {

// --- sockets (actors/io) ---

/// The SOCKET OWNER interface: an actor that opened a socket and hears what becomes of it.
using socket_owner_actor = caf::typed_actor<
    // What one loop turn brought for this owner, in order.
    caf::reacts_to<io::events>>;

/// The BYTE LOOP interface: the process's sockets, for actors of folders that cannot see actors/io.
using byte_loop_actor = caf::typed_actor<
    // Binds and listens. Fails with ec::cannot_listen.
    caf::replies_to<io::listen, socket_owner_actor>::with<io::listening>,
    // Starts a connection; `connected` or `closed` follows to the owner. Fails with
    // ec::network_failed when no descriptor is left.
    caf::replies_to<io::connect, socket_owner_actor>::with<io::socket_id>,
    // Queues bytes.
    caf::reacts_to<io::send>,
    // Sends one datagram.
    caf::reacts_to<io::send_to>,
    // Closes a socket.
    caf::reacts_to<io::close>>;

// --- RAIDA client (wallet/raida) ---

/// The RAIDA LINK interface: all traffic with one server.
using raida_link_actor = caf::typed_actor<
    // Sends one request and answers with what came back; never fails, outcome tells. UDP when the
    // request fits 1024 bytes, else TCP; at most one TCP connection at a time.
    caf::replies_to<raida::ask_one>::with<raida::answer>>;

/// The RAIDA CLIENT interface: the fan-out over all servers.
using raida_client_actor = caf::typed_actor<
    // Asks all servers named at once and answers when each has answered or its deadline has passed.
    caf::replies_to<raida::ask_all>::with<raida::answers>>;

// --- wallet ---

/// The SENDER WALLET interface: the folder worker of one transfer, on the sender's side. Runs
/// detached: it blocks on the disk and on servers. Answers in the order asked.
using sender_wallet_actor = caf::typed_actor<
    // Does one step (its comment says what) and reports it.
    caf::replies_to<wallet::sender_step>::with<wallet::step_report>,
    // Chooses and locks notes for the sum, so that no other operation picks them. Fails with
    // ec::not_enough_coins or ec::change_not_possible; then nothing is locked.
    caf::replies_to<atom::reserve, amount>::with<wallet::step_report>,
    // The manifest of what lies in Export. Fails before put_in_export.
    caf::replies_to<atom::manifest>::with<manifest>,
    // Record SENDING is durable (P1) before this answers with the coins. The handshake hash is
    // kept, so that a receipt of this session is known again after a crash. May be repeated: the
    // same coins.
    caf::replies_to<atom::begin_sending, wallet::receipt_terms>::with<wallet::coin_payload>,
    // Files a receipt that the session has verified; durable before it answers (P5). Closes the
    // transfer.
    caf::replies_to<atom::receipt, wallet::receipt_text>::with<atom::done>>;

/// The RECEIVER WALLET interface: likewise, on the receiver's side.
using receiver_wallet_actor = caf::typed_actor<
    // Does one step and reports it.
    caf::replies_to<wallet::receiver_step>::with<wallet::step_report>,
    // Takes note of what is announced (record OFFERED), or says how far this transfer is already.
    // Fails with ec::manifest_mismatch when the same id comes with another manifest.
    caf::replies_to<atom::manifest, manifest>::with<wallet::offer_answer>,
    // Checks every note against the manifest and our own folders, then makes the set durable (P2)
    // before it answers. Fails with ec::manifest_mismatch or ec::bad_coin_file: nothing is kept.
    caf::replies_to<wallet::coin_payload>::with<wallet::step_report>,
    // Builds, signs and files the receipt once graded (P4 holds); later calls give the same text.
    caf::replies_to<atom::receipt, wallet::receipt_terms>::with<wallet::receipt_text>,
    // The sender has confirmed the receipt: the transfer closes.
    caf::replies_to<atom::confirmed>::with<atom::done>,
    // The public key of this transfer's receipt, for Noise message 2.
    caf::replies_to<atom::receipt_key>::with<wallet::receipt_key>>;

/// The KEEPER interface: one a data directory. Holds the wallet's lock for its whole life, knows
/// which notes are held by whom, and runs the operations that need no peer. Detached. Before
/// anything else it locks and recovers (the first message of any kind starts that); every message
/// fails with ec::wallet_busy while another program has the wallet, with ec::wallet_damaged when a
/// journal cannot be understood.
using keeper_actor = caf::typed_actor<
    // Locks, recovers (docs/design/safety.md 5.4) and reports what was done and what is still open.
    // Asked again, it tries what is open once more.
    caf::replies_to<atom::recover>::with<wallet::recovery_report>,
    // Opens or reopens a transfer. Fails with ec::bad_argument when the id is the other side's or
    // closed, or is in work already; for a sender also when the invitation served a closed
    // transfer.
    caf::replies_to<wallet::open_sender>::with<sender_wallet_actor>,
    caf::replies_to<wallet::open_receiver>::with<receiver_wallet_actor>,
    // What is open, from the journals.
    caf::replies_to<atom::open_transfers>::with<std::vector<wallet::open_transfer>>,
    // Transfers of this sender that were closed without the receiver, while their invitation lives:
    // it may wait for a word.
    caf::replies_to<atom::answers_owed>::with<std::vector<wallet::open_transfer>>,
    // A worker that says the end of such a transfer again, and changes nothing.
    caf::replies_to<atom::answers_owed, transfer_id>::with<sender_wallet_actor>,
    // The receiver has heard it: no answer is owed any more.
    caf::replies_to<atom::confirmed, transfer_id>::with<atom::done>,
    // Role and invitation of an open transfer, or of one whose answer is owed, so that a session
    // can be built again. Fails with ec::bad_argument.
    caf::replies_to<atom::terms, transfer_id>::with<wallet::transfer_terms>,
    // Asks the servers about an open transfer and does what their answers allow without the peer.
    // Answers where it stands now (`closed` when it is over).
    caf::replies_to<atom::settle, transfer_id>::with<wallet::open_transfer>,
    // The user's word that a sender's transfer is to end: asks the servers, and writes off what
    // they give to nobody. Fails with ec::outcome_unknown and the reason while the notes can still
    // be decided otherwise, with ec::bad_argument for what is no open transfer of a sender.
    caf::replies_to<atom::cancel, transfer_id>::with<wallet::open_transfer>,
    // Where the money is. Asks no server.
    caf::replies_to<atom::balance>::with<wallet::wallet_balance>,
    // Notes of the user's wallet, largest first, those in transit included.
    caf::replies_to<atom::list_notes>::with<std::vector<wallet::listed_note>>,
    // Import, for `wallet import` and for a mint.
    caf::replies_to<wallet::import_files>::with<wallet::operation_report>,
    caf::replies_to<wallet::import_coins>::with<wallet::operation_report>,
    // Export. Fails with ec::not_enough_coins, ec::change_not_possible, ec::file_exists: nothing
    // left.
    caf::replies_to<wallet::export_coins>::with<wallet::operation_report>,
    // Detects every note that no operation holds and refiles it (Bank, Fracked). Changes no secret.
    caf::replies_to<atom::check_notes>::with<wallet::operation_report>,
    // FIND for what is in Limbo, then heals what is in Fracked.
    caf::replies_to<atom::heal_notes>::with<wallet::operation_report>>;

// --- sessions (actors/session) ---

/// The SESSION OBSERVER interface: what shows a session to people or scripts. Hears every event
/// in the order it happens; `finished` is the last.
using session_observer_actor =
    caf::typed_actor<caf::reacts_to<session::joined>, caf::reacts_to<session::peer_seen>,
                     caf::reacts_to<session::peer_lost>, caf::reacts_to<session::link_lost>,
                     caf::reacts_to<session::connected>, caf::reacts_to<session::approve_amount>,
                     caf::reacts_to<session::amount_agreed>, caf::reacts_to<session::step>,
                     caf::reacts_to<session::progress>, caf::reacts_to<session::receipt_filed>,
                     caf::reacts_to<session::waiting>, caf::reacts_to<session::warning>,
                     caf::reacts_to<session::finished>>;

/// The SESSION interface: one transfer on one side, from the room to the receipt. Ends by itself
/// after `finished`.
using session_actor = caf::typed_actor<
    // The person's answer to session::approve_amount and the sum it is about; ignored when nothing
    // was asked, or another sum is asked about by now.
    caf::reacts_to<atom::approve, amount, bool>,
    // The person wants out. Before the first coin everything goes back; afterwards the outcome
    // rules hold (docs/design/safety.md 5.4). `finished` tells what became of it. A repeat is
    // ignored.
    caf::reacts_to<atom::cancel>,
    // The program must end now: says Closing, leaves the journal as it is, finishes with
    // ec::stopped (or ec::outcome_unknown once coins may have left).
    caf::reacts_to<atom::stop>>;

} // namespace liveconnect
