#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <caf/timespan.hpp>

#include "messages/money/note.hpp"
#include "wallet/raida/client/port.hpp"
#include "wallet/raida/derive.hpp"
#include "wallet/raida/note_codec.hpp"
#include "wallet/raida/quorum.hpp"

/// The commands that deal with notes, asked of all servers through a port. They block, cut sets of
/// any size into requests that fit, and repeat only what changes nothing.
///
/// A note that cannot be asked about (not one AN, or PAN where needed, for each server;
/// denomination or serial out of range) is left out: its letters are 'u', its answers `not_asked`.
namespace liveconnect::raida {

/// How long servers may take (docs/formats/raida.md 13). All greater than zero.
struct command_times {
  caf::timespan echo = std::chrono::seconds(2);
  /// Detect, Find, Get Ticket, Pown: this, and `per_note` for each note of the request.
  caf::timespan notes = std::chrono::seconds(3);
  caf::timespan per_note = std::chrono::milliseconds(1);
  /// The one repeat of a request that changes nothing may take this much of the first time.
  unsigned repeat_percent = 150;
  caf::timespan fix = std::chrono::seconds(40);
  /// Available Serials, Break, Join: all three within the reservation of 16 s.
  caf::timespan change = std::chrono::seconds(5);
  /// Before the one repeat of a Break where a server answered 160.
  caf::timespan limited = std::chrono::seconds(1);
};

/// One letter a server: 'p' answered. Repeats once where silent.
std::string echo_all(raida_port& port, const command_times& times = {});

/// One version a server, empty where none came. Repeats once where silent.
std::vector<std::string> version_all(raida_port& port, const command_times& times = {});

/// One pown string a note: whether each server holds the note's AN. Changes nothing; repeats once
/// where silent.
std::vector<std::string> detect(raida_port& port, const std::vector<note>& notes,
                                const command_times& times = {});

/// Servers that a command is for, note by note: where[i][server]. Shorter than asked for: not set.
using server_choice = std::vector<std::vector<bool>>;

/// Likewise, but asks about each note only the servers chosen; the others stay 'u'.
std::vector<std::string> detect_at(raida_port& port, const std::vector<note>& notes,
                                   const server_choice& where, const command_times& times = {});

/// Sends every note's AN and PAN once and says what came back, one letter a server. **Never
/// repeats**: a second Pown fails although the first one worked (docs/formats/raida.md 8);
/// everything but 'p' is unknown until find() has told. PANs must be durable before (P3). A note
/// that occurs twice is asked once.
std::vector<std::string> pown(raida_port& port, const std::vector<note>& notes,
                              const command_times& times = {});

/// Likewise, but sends each note only to the servers chosen: the repeat of a Pown, with the same
/// PANs, where Find has found the AN.
std::vector<std::string> pown_at(raida_port& port, const std::vector<note>& notes,
                                 const server_choice& where, const command_times& times = {});

/// Asks each server which of AN and PAN it holds; a note without PANs is asked with zeros. Changes
/// nothing; repeats once where silent; a batch refused for one unknown note is cut until that note
/// is found.
std::vector<std::vector<find_answer>> find(raida_port& port, const std::vector<note>& notes,
                                           const command_times& times = {});

/// Likewise, but asks about each note only the servers chosen; the others stay `not_asked`.
std::vector<std::vector<find_answer>> find_at(raida_port& port, const std::vector<note>& notes,
                                              const server_choice& where,
                                              const command_times& times = {});

/// Tickets for one Fix (docs/formats/raida.md 9).
struct ticket_set {
  /// One a server, 0 = none.
  std::vector<uint32_t> tickets;
  /// One string a note, as detect: 'p' where the server's ticket covers the note.
  std::vector<std::string> letters;

  /// Tickets that cover note `i`.
  size_t covering(size_t i) const;
};

/// Gets one ticket of each server for all notes that `where` chooses for it. At most
/// detect_notes_max notes, the rest is left out. Never repeats: a server whose answer was lost
/// would give a second of its few slots for the same notes.
ticket_set get_tickets(raida_port& port, const std::vector<note>& notes, const server_choice& where,
                       const command_times& times = {});

/// Has one server set new ANs derived from `pg` (derive.hpp, fixed_an()). One letter a note. PG
/// must be durable before (P3). Never repeated: after 'n', 'd' or 'e' ask Detect with the derived
/// AN. At most fix_notes_max notes, the rest is left out.
std::string fix(raida_port& port, size_t server, const std::vector<note_id>& notes,
                const fix_seed& pg, const std::vector<uint32_t>& tickets,
                const command_times& times = {});

/// Likewise on several servers at once, at most one intent each: no Fix touches what another
/// server holds, or the tickets for another one, and those that are silent are waited for together.
/// One string an intent.
std::vector<std::string> fix_at(raida_port& port, const std::vector<fix_intent>& intents,
                                const std::vector<uint32_t>& tickets,
                                const command_times& times = {});

/// Free serials that enough servers offer.
struct serial_offer {
  /// One letter a server.
  std::string servers;
  /// Denomination of the notes to be made.
  int8_t target = 0;
  struct candidate {
    uint32_t serial = 0;
    /// Servers that offered it, at least a majority.
    size_t offered_by = 0;
  };
  /// Most offered first, then lowest serial first.
  std::vector<candidate> serials;
};

/// Asks for free serials and reserves them for `session` (draw_session(), never 0) for 16 s. Where
/// enough servers answer but too few of them offer the same, as when others ask at the same moment,
/// asks again after a short pause: a few times (retry.hpp), all begun within `times.change`.
/// `where` leaves servers out that are known not to make change; empty, all are asked.
serial_offer available_serials(raida_port& port, uint32_t session, change_operation op, int8_t held,
                               const quorum_rules& rules = {}, const command_times& times = {},
                               const std::vector<bool>& where = {});

/// What each server offers and reserves for `session`, one answer a server; `not_asked` ('u') where
/// `where` does not choose it. For a change that was cut off: the session's serials are known, and
/// a server that demands a reservation has to give it again. Asks once.
std::vector<available_answer> reserve_again(raida_port& port, uint32_t session, change_operation op,
                                            int8_t held, const std::vector<bool>& where,
                                            const command_times& times = {});

/// What servers said to a Break or Join.
struct change_answer {
  /// One letter a server: 'p' done. Everything else is unknown until find() has told.
  std::string letters;
  /// Status bytes, 0 where none came: 41 on most servers: the session has no reservation there, so
  /// no change can be made.
  std::vector<uint8_t> statuses;
};

/// Breaks `big` into ten notes of the next smaller denomination, whose `ans` are the new secrets
/// and whose serials were offered to `session`. All secrets must be durable before (P3). Anything
/// but ten well-formed notes is not asked: all 'u'.
///
/// Sent once, and once more after a pause to the servers that answered 160 (docs/formats/raida.md
/// 5): 160 says that the server did nothing, so it is not a verdict on the note, and the same bytes
/// may go again.
change_answer break_note(raida_port& port, uint32_t session, const note& big,
                         const std::vector<note>& small, const command_times& times = {});

/// Joins ten notes into `big`, whose `ans` are the new secrets. As break_note.
change_answer join_notes(raida_port& port, uint32_t session, const note& big,
                         const std::vector<note>& small, const command_times& times = {});

/// Break or Join to the servers chosen, or to all when `where` is empty; the others stay 'u'.
/// Unlike a Pown the same change may be sent again wherever FIND finds the sources: a server
/// carries it out once.
change_answer change_at(raida_port& port, change_operation op, uint32_t session, const note& big,
                        const std::vector<note>& small, const std::vector<bool>& where,
                        const command_times& times = {});

} // namespace liveconnect::raida
