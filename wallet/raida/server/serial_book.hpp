#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "messages/money/note.hpp"
#include "wallet/raida/server/client_key.hpp"

namespace liveconnect::raida {

/// Serials that are kept together: the unit in which a server remembers what is in use.
inline constexpr uint32_t page_size = 1024;
/// How long a serial stays reserved for the session that it was offered to.
inline constexpr auto reservation_lifetime = std::chrono::seconds(16);
/// Serials that are free next to each other and offered together, so that a long offer fits the few
/// ranges that its answer has room for.
inline constexpr uint32_t serial_run = 8;
/// Serials that one session may hold, in all denominations: four offers' worth.
inline constexpr size_t reserved_of_session_max = 256;
/// Serials that one client may hold, in all denominations.
inline constexpr size_t reserved_of_client_max = 1024;
/// Serials of one denomination that all clients together may hold.
inline constexpr size_t reserved_in_all_max = 65536;

/// Whether there can be a note of this name.
bool is_note(note_id id);

/// Which serials of one server are in use, and which are offered to a session. A reservation keeps
/// two clients from choosing the same serial; it is no right: whoever is over a budget loses the
/// oldest reservations first, and a change whose serials are free and not another's goes through
/// without any. Pure: time comes from the caller and never goes back. Not thread-safe.
class serial_book {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Who asks for serials.
  struct asker {
    /// Never 0.
    uint32_t session = 0;
    /// None when no budget counts the client.
    std::optional<client_key> client;
    /// The operator: not counted by any budget, and never the one who loses.
    bool trusted = false;
  };

  bool in_use(note_id id) const;
  /// `id` must be a note.
  void set_use(note_id id, bool used);
  /// Notes in use of one denomination.
  uint32_t used(int8_t denomination) const { return used_[index_of(denomination)].count; }
  /// Forgets everything, reservations too.
  void clear();

  /// At most `count` free serials, ascending, that no other session holds; they are the session's
  /// afterwards, and what it held of the denomination before is not. The lowest while nobody holds
  /// any of the denomination, as the published server does. Otherwise, also when a session asks
  /// again, an order that follows from session and denomination alone, and that nobody who does not
  /// know the session can guess: servers which heard several sessions in different order still
  /// offer each of them the same.
  std::vector<uint32_t> reserve(const asker& who, int8_t denomination, size_t count,
                                time_point now);
  /// The session that holds the serial; 0: none does.
  uint32_t holder(note_id id, time_point now) const;
  /// Serials of one denomination that are held, expired ones perhaps included.
  size_t reserved(int8_t denomination) const { return held_[index_of(denomination)].size(); }

private:
  /// A bit a serial.
  struct page {
    std::array<uint64_t, page_size / 64> words{};
    uint32_t count = 0;
  };
  struct denomination_use {
    /// Empty, or one a page; a page without any use has no memory.
    std::vector<std::unique_ptr<page>> pages;
    uint32_t count = 0;
    /// All pages before this one are full.
    uint32_t first_with_room = 0;
  };
  struct grant {
    asker who;
    int8_t denomination = 0;
    time_point until;
    std::vector<uint32_t> serials;
  };
  /// What one client holds: how many serials, and which grants.
  struct share {
    size_t serials = 0;
    std::set<uint64_t> grants;
  };

  static size_t index_of(int8_t denomination) {
    return static_cast<size_t>(denomination - denomination_min);
  }
  static uint64_t key_of_session(uint32_t session, int8_t denomination) {
    return uint64_t{session} << 8 | static_cast<uint8_t>(denomination);
  }

  const page* page_at(int8_t denomination, uint32_t number) const;
  bool is_open(int8_t denomination, uint32_t serial) const;
  std::vector<uint32_t> lowest(int8_t denomination, size_t count);
  std::vector<uint32_t> spread(uint32_t session, int8_t denomination, size_t count) const;
  /// Adds the free serials of one page until there are `count`.
  void take_from_page(int8_t denomination, uint32_t number, size_t count,
                      std::vector<uint32_t>& out) const;
  void hold(const asker& who, int8_t denomination, std::vector<uint32_t> serials, time_point now);
  void release(uint64_t grant);
  void drop_expired(time_point now);
  void keep_budgets(const asker& who, int8_t denomination, size_t more);

  std::array<denomination_use, denomination_count> used_;
  /// By age, oldest first: all live equally long.
  std::map<uint64_t, grant> grants_;
  uint64_t last_grant_ = 0;
  /// Serial to grant.
  std::array<std::unordered_map<uint32_t, uint64_t>, denomination_count> held_;
  std::unordered_map<uint64_t, uint64_t> of_session_;
  std::unordered_map<client_key, share, client_key_hash> of_client_;
  /// Grants that are not the operator's.
  std::array<std::set<uint64_t>, denomination_count> counted_;
};

} // namespace liveconnect::raida
