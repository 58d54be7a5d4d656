#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_set>
#include <vector>

#include <caf/expected.hpp>

#include "messages/interfaces/raida.hpp"
#include "messages/money/note.hpp"
#include "wallet/raida/packet.hpp"
#include "wallet/raida/server/address_limit.hpp"

/// One RAIDA server as a function: packet and time in, answer and changes out. No socket, file,
/// clock or thread. Source: docs/formats/raida.md 3 to 6, 9 and 10, with the repairs of its
/// section 15.
namespace liveconnect::raida {

/// Serials that a change session gets or holds as a whole (docs/formats/raida.md 10).
inline constexpr uint32_t page_size = 1024;
/// How long a page stays reserved for the session that asked.
inline constexpr auto reservation_lifetime = std::chrono::seconds(16);
/// How long a ticket may be claimed.
inline constexpr auto ticket_lifetime = std::chrono::seconds(300);
inline constexpr size_t tickets_max = 512;
inline constexpr size_t ticket_notes_max = 4096;
/// Serials in one answer to available_serials, and of one denomination to admin_available.
inline constexpr size_t available_max = 64;
inline constexpr size_t admin_available_max = 1029;
/// Pages over which an answer is spread while others ask for the same denomination.
inline constexpr size_t pages_spread = 4;
/// Session number that admin_create accepts without a reservation.
inline constexpr uint32_t unchecked_session = 0xeeeeeeee;

/// What a server keeps of one note.
struct record {
  authenticity_number an;
  /// Month of the last change of owner, counted from February 2023; 0 means free: a note
  /// without an owner, which fails everywhere (docs/formats/raida.md 15).
  uint8_t mfs = 0;
};

/// One record set to a new value.
struct change {
  note_id id;
  record to;
};

/// The server's records. A note without a record is free. Implementations: server_store (SQLite),
/// and a map in tests. Not thread-safe: its server's alone.
class record_store {
public:
  virtual ~record_store() = default;
  /// The record, staged changes included. `nullopt` when there is none. Fails with
  /// ec::disk_failed.
  virtual caf::expected<std::optional<record>> get(note_id id) = 0;
  /// Calls `visit` for every note in use, committed ones only.
  virtual caf::error for_each_in_use(const std::function<void(note_id)>& visit) = 0;
  /// Makes changes visible to get(), not yet durable. All or none of one call.
  virtual caf::error stage(const std::vector<change>& changes) = 0;
  /// Makes everything staged durable at once. After an error nothing of it has happened.
  virtual caf::error commit() = 0;
  /// Forgets everything staged.
  virtual void rollback() = 0;
};

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
  /// Whether the limit counts 127.0.0.0/8 and ::1 too. The published server exempts them
  /// (docs/formats/raida.md 10).
  bool limits_loopback = false;
};

/// A ticket of another server that a Fix relies on.
struct ticket_claim {
  uint8_t server = 0;
  uint32_t ticket = 0;
};

/// A Fix that waits for the other servers' word on their tickets.
struct pending_fix {
  std::vector<note_id> notes;
  authenticity_number pg;
  /// The servers to ask; never this one, each at most once.
  std::vector<ticket_claim> claims;
};

/// What another server said a ticket covers.
struct ticket_listing {
  uint8_t server = 0;
  std::vector<note_id> notes;
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
  /// `store` and `random` outlive the core. Call reset() before the first packet.
  server_core(server_options options, record_store& store, random_source& random);

  /// Learns from the store which serials are in use; drops tickets and reservations.
  caf::error reset();

  /// Handles one request of `from`; without it no limit on addresses holds. Nothing to answer for a
  /// datagram that is shorter than a header.
  std::optional<handled> handle(arrival how, byte_view packet, moment now,
                                const std::optional<endpoint>& from = std::nullopt);

  /// Finishes a Fix with what the other servers said. A server that was not asked, or speaks twice,
  /// counts once or not at all.
  reply complete_fix(const pending_fix& fix, const std::vector<ticket_listing>& listings,
                     moment now);

  const server_options& options() const { return options_; }

private:
  struct ticket {
    std::vector<note_id> notes;
    std::chrono::steady_clock::time_point until;
    std::bitset<256> claimed_by;
  };
  struct reservation {
    uint32_t session = 0;
    std::chrono::steady_clock::time_point until;
  };
  struct page_key {
    int8_t denomination;
    uint32_t page;
    friend bool operator<(page_key x, page_key y) {
      return x.denomination != y.denomination ? x.denomination < y.denomination : x.page < y.page;
    }
  };
  struct counters {
    uint64_t echoes = 0;
    uint64_t powns = 0;
    uint64_t powned_units = 0;
    uint64_t datagrams = 0;
  };
  using page_bits = std::bitset<page_size>;

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
  reply get_ticket(const request& in, moment now);
  reply validate_ticket(const request& in, moment now);
  reply begin_fix(const request& in, std::optional<pending_fix>& fix) const;
  reply available_serials(const request& in, moment now);
  reply break_note(const request& in, moment now, const std::optional<endpoint>& from);
  reply join_notes(const request& in, moment now);
  reply admin_available(const request& in, moment now);
  reply admin_create(const request& in, moment now);
  reply admin_free(const request& in);

  /// The AN of a note in use; nothing for a free or unknown one.
  caf::expected<std::optional<authenticity_number>> live_an(note_id id);
  /// XOR of the listed notes' ANs; nothing when one is free or listed twice.
  caf::expected<std::optional<authenticity_number>> xor_of(const std::vector<note_id>& notes);
  bool is_admin(byte_view key) const;
  authenticity_number random_an();
  bool in_use(note_id id) const;
  void note_use(const std::vector<change>& changes);
  /// Pages of the denomination that are neither full nor held by another session, ascending.
  std::vector<uint32_t> open_pages(uint32_t session, int8_t denomination) const;
  /// Whether `session` holds the page of `id` at this moment.
  bool holds(uint32_t session, note_id id, moment now) const;
  /// Whether a Break or Join of `session` may take `id`: no other session holds its page at this
  /// moment. A change that was cut off is so finished by sending it again, however late.
  bool may_take(uint32_t session, note_id id, moment now) const;
  /// Free serials, ascending, on pages that no other session holds; those pages are `session`'s
  /// afterwards. The lowest ones while no session holds a page of the denomination, as the
  /// published server does. Otherwise, also when a session asks again, they come from pages_spread
  /// pages or more, in an order that follows from session and denomination alone: servers that
  /// heard several sessions in different order then offer each of them the same.
  std::vector<uint32_t> reserve(uint32_t session, int8_t denomination, size_t count, moment now);
  void drop_expired(moment now);

  server_options options_;
  record_store& store_;
  random_source& random_;
  /// Serials in use: denomination, page. Pages that are not named are all free.
  std::array<std::map<uint32_t, page_bits>, denomination_count> used_;
  std::array<uint32_t, denomination_count> used_count_{};
  std::map<uint32_t, ticket> tickets_;
  std::map<page_key, reservation> reservations_;
  counters counters_;
  address_limit breaks_;
};

} // namespace liveconnect::raida
