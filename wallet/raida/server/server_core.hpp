#pragma once

#include <bitset>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <caf/expected.hpp>

#include "messages/interfaces/raida.hpp"
#include "messages/money/note.hpp"
#include "wallet/raida/packet.hpp"
#include "wallet/raida/server/address_limit.hpp"
#include "wallet/raida/server/fix_votes.hpp"
#include "wallet/raida/server/record_store.hpp"
#include "wallet/raida/server/serial_book.hpp"
#include "wallet/raida/server/ticket_book.hpp"

/// One RAIDA server as a function: packet and time in, answer and changes out. No socket, file,
/// clock or thread. Source: docs/formats/raida.md 3 to 6, 9 and 10, with the repairs of its
/// section 15.
namespace liveconnect::raida {

/// Serials in one answer to available_serials, and of one denomination to admin_available.
inline constexpr size_t available_max = 64;
inline constexpr size_t admin_available_max = 1029;
/// Session number that admin_create accepts without a reservation.
inline constexpr uint32_t unchecked_session = 0xeeeeeeee;

/// Where random bytes come from.
class random_source {
public:
  virtual ~random_source() = default;
  virtual void fill(uint8_t* out, size_t size) = 0;
};

/// The operating system's generator.
class system_random final : public random_source {
public:
  void fill(uint8_t* out, size_t size) override { randombytes_buf(out, size); }
};

/// When something happens: the steady clock for lifetimes, the month for records.
struct moment {
  std::chrono::steady_clock::time_point now;
  uint8_t mfs = 1;
};

/// Months since February 2023, at least 1 and at most 255.
uint8_t months_of(std::chrono::system_clock::time_point wall);

struct server_options {
  uint8_t id = 0;
  /// Servers in the network; 25 in the product, 2 to 25 in tests.
  uint8_t servers = raida_count;
  secret<16> admin_key;
  /// Eight digits, answered to Version.
  std::string version = "20261101";
  /// Larger datagrams are refused (16).
  size_t datagram_max = 1440;
  /// Breaks of one client address; more are answered 160. 0: no limit. A transfer takes a handful.
  uint32_t breaks_per_minute = 300;
  /// Whether the limits on one client (Breaks, tickets, reservations) count 127.0.0.0/8 and ::1
  /// too. The published server exempts them (docs/formats/raida.md 10).
  bool limits_loopback = false;
  /// Servers of the same process (their own ids as bits): they look into each other's tickets
  /// themselves, so whoever asks in their name over the network is another, and is answered 18.
  std::bitset<256> siblings;
};

/// What a server says of its money (docs/design/safety.md I16).
struct supply {
  supply_account account;
  /// Value of the notes in use, in units of 10^-8 coin.
  uint64_t live = 0;
  /// Whether the law holds: live = created - freed. A server for which it does not changes nothing
  /// any more.
  bool holds = true;
  /// The records had no account when reset() read them, so it was begun with what was in use.
  bool begun = false;
};

/// An answer, and what must be durable before it may leave.
struct reply {
  uint8_t status = 0;
  secret_bytes payload;
  std::vector<change> changes;
};

/// What became of one packet.
struct handled {
  reply_context to;
  reply answer;
  /// Set when the answer must wait: ask, then call complete_fix. `answer` means nothing then.
  std::optional<pending_fix> fix;
};

/// The payload of Validate Ticket (docs/formats/raida.md 6, 2/50): `claimer` is the server that
/// asks.
secret_bytes validate_ticket_payload(uint8_t claimer, uint32_t ticket);

/// Reads the answer to Validate Ticket; nothing when the ticket was not confirmed.
std::optional<ticket_listing> read_ticket_listing(uint8_t server, const answer& from);

/// One server. Every change it answers is taken as staged by the caller before the next call; when
/// staging or committing failed, call reset().
class server_core {
public:
  /// `store` and `random` outlive the core. Call reset() before the first packet. `tickets` are
  /// those that other servers of the process look into; its own ones when there are none.
  server_core(server_options options, record_store& store, random_source& random,
              std::shared_ptr<ticket_book> tickets = nullptr);

  /// Learns from the store which serials are in use and what the operator made and freed; drops
  /// tickets and reservations. Begins the account of records that have none with the value in use.
  /// Nothing may be staged. Fails with the store's error, and with ec::wallet_damaged when the
  /// value in use is more than 64 bits can count.
  caf::error reset();

  /// Handles one request of `from`; without it no limit on addresses holds. Nothing to answer for a
  /// datagram that is shorter than a header.
  std::optional<handled> handle(arrival how, byte_view packet, moment now,
                                const std::optional<endpoint>& from = std::nullopt);

  /// Finishes a Fix with what the other servers said: each note for which enough of them vouch, and
  /// whose record is still what it was when the Fix began. A server that was not asked, or speaks
  /// twice, counts once or not at all; what was said too long ago (listing_lifetime) does not
  /// count.
  reply complete_fix(const pending_fix& fix, const std::vector<ticket_listing>& listings,
                     moment now);

  const server_options& options() const { return options_; }
  const raida::supply& supply() const { return supply_; }

private:
  struct counters {
    uint64_t echoes = 0;
    uint64_t powns = 0;
    uint64_t powned_units = 0;
    uint64_t datagrams = 0;
  };

  reply dispatch(const request& in, moment now, const std::optional<endpoint>& from,
                 std::optional<pending_fix>& fix);
  reply version() const;
  reply show_stats(const request& in) const;
  reply count_coins() const;
  reply detect(const request& in);
  reply detect_sum(const request& in);
  reply pown(const request& in, moment now);
  reply pown_sum(const request& in, moment now);
  reply find(const request& in);
  reply get_ticket(const request& in, moment now, const std::optional<endpoint>& from);
  reply validate_ticket(const request& in, moment now);
  reply begin_fix(const request& in, std::optional<pending_fix>& fix);
  /// Keeps with the Fix what its notes' records are now. False when the store cannot be read.
  bool remember_records(pending_fix& fix);
  reply available_serials(const request& in, moment now, const std::optional<endpoint>& from);
  reply break_note(const request& in, moment now, const std::optional<endpoint>& from);
  reply join_notes(const request& in, moment now);
  reply admin_available(const request& in, moment now);
  reply admin_create(const request& in, moment now);
  reply admin_free(const request& in);
  reply admin_supply(const request& in) const;

  /// The AN of a note in use; nothing for a free or unknown one.
  caf::expected<std::optional<authenticity_number>> live_an(note_id id);
  /// XOR of the listed notes' ANs; nothing when one is free or listed twice.
  caf::expected<std::optional<authenticity_number>> xor_of(const std::vector<note_id>& notes);
  bool is_admin(byte_view key) const;
  authenticity_number random_an();
  /// Whom the budgets count; nobody where no limit holds for the sender.
  std::optional<client_key> counted(const std::optional<endpoint>& from) const;
  /// Whether another session holds one of the serials at this moment. Session 0 holds nothing and
  /// gets nothing.
  bool is_kept_from(uint32_t session, const std::vector<note_id>& notes, moment now) const;
  /// Lets an answer's changes take effect in what the core knows: serials in use, value, tickets.
  /// An answer that would break the law of the servers (docs/design/safety.md I16) becomes 252
  /// without changes, and this server changes nothing any more.
  void take_effect(reply& x);

  server_options options_;
  record_store& store_;
  random_source& random_;
  std::shared_ptr<ticket_book> tickets_;
  serial_book serials_;
  raida::supply supply_;
  counters counters_;
  address_limit breaks_;
};

} // namespace liveconnect::raida
