#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "messages/money/transfer.hpp"
#include "wallet/files/file_ops.hpp"

/// The journal: one append-only file a transfer, the truth of everything in flight
/// (docs/design/safety.md 5.1). It carries full ANs and PANs and alone suffices to rebuild every
/// file. Payloads are opaque here; docs/formats/wallet.md 9 draws the file.
namespace liveconnect::wallet {

/// Version that we write and understand.
inline constexpr uint16_t journal_version = 1;
/// Type of the first record of every journal, written by journal::create. Callers' types are 1 and
/// up.
inline constexpr uint16_t journal_opened_type = 0;
inline constexpr size_t journal_header_bytes = 20;
inline constexpr size_t journal_tag_bytes = 16;
/// A record of 65,535 notes with PANs needs 53 MB.
inline constexpr size_t journal_payload_bytes_max = 64u << 20;
inline constexpr size_t journal_bytes_max = 512u << 20;

using journal_tag = std::array<uint8_t, journal_tag_bytes>;

/// One record as its caller sees it.
struct journal_record {
  uint16_t type = 0;
  secret_bytes payload;
};

// --- pure: bytes <-> records ---

/// The chain's start: the transfer's id, so that a journal under another name is recognised.
journal_tag journal_first_tag(const transfer_id& id);

/// Appends one record to `out` and answers its tag, which the next record needs.
journal_tag append_journal_record(secret_bytes& out, const journal_tag& previous, uint16_t type,
                                  uint64_t seq, byte_view payload);

/// What a journal's bytes hold.
struct journal_content {
  /// In order, the opening record included.
  std::vector<journal_record> records;
  /// Where the next record goes: everything from here on is unwritten (zero) or torn.
  uint64_t end = 0;
  /// Tag of the last record (or the first tag).
  journal_tag last_tag{};
  /// Whether something that is no record, and not zero, lies behind `end`: a write that was cut
  /// short.
  bool torn = false;
};

/// Reads a journal. A tail that a cut write explains is left out (`torn`). Everything else that is
/// not in order fails with ec::wallet_damaged: a bad record before a good one, a changed bit in the
/// last one, a version that we do not know. Nothing may then be written to the file.
///
/// "A cut write explains it": a write is cut to a prefix, or whole 512-byte sectors of it are
/// missing, so the record's last byte or one of its sectors is still zero. A record of random tag
/// that ends in a non-zero byte and has no zero sector was written whole, and was durable before
/// this program acted on it: when it does not verify, it was damaged later, and dropping it could
/// undo a SENDING.
caf::expected<journal_content> read_journal(const transfer_id& id, byte_view file);

// --- the file ---

/// One open journal. Owned by one thread.
class journal {
public:
  /// Makes the journal of a new transfer, at `size` bytes so that later appends need no new block.
  /// The file and its name are durable when this returns. Fails with ec::file_exists when the
  /// transfer has one. `opened_ms` is the wall clock, for ordering and display only.
  static caf::expected<journal> create(file_ops& ops, const std::filesystem::path& wallet_root,
                                       const transfer_id& id, uint64_t opened_ms, uint64_t size);

  /// Opens an existing journal and cuts a torn tail. Fails with ec::wallet_damaged as read_journal
  /// does; the file is then as it was.
  static caf::expected<journal> open(file_ops& ops, const std::filesystem::path& wallet_root,
                                     const transfer_id& id);

  /// Adds a record; it is durable when this succeeds. After a failure the record may or may not be
  /// found by the next open(), and this object accepts nothing more (docs/design/safety.md 5.2:
  /// never fsync the same descriptor again).
  [[nodiscard]] caf::error append(uint16_t type, byte_view payload);

  /// Makes room for `bytes` more, durably, before a step that must not run out of space.
  [[nodiscard]] caf::error reserve(uint64_t bytes);

  /// Moves the journal to Journal/Closed, with `kept` in place of its records (the opening record
  /// stays): all of them while the secrets must stay (docs/design/safety.md I3), or a scrubbed
  /// list. Durable and out of the open list when this succeeds; may be repeated after a crash, and
  /// then the list of the first time stands. Afterwards this object accepts nothing more.
  [[nodiscard]] caf::error close(const std::vector<journal_record>& kept);

  /// The records in order, without the opening one; those appended since included.
  const std::vector<journal_record>& records() const { return records_; }
  const transfer_id& id() const { return id_; }
  uint64_t opened_ms() const { return opened_ms_; }
  /// Bytes used, and bytes that are there.
  uint64_t used() const { return end_; }
  uint64_t size() const { return size_; }

private:
  journal(file_ops& ops, file_handle folder, file_handle file);

  file_ops* ops_;
  file_handle folder_;
  file_handle file_;
  transfer_id id_;
  uint64_t opened_ms_ = 0;
  std::vector<journal_record> records_;
  uint64_t seq_ = 0;
  uint64_t end_ = 0;
  uint64_t size_ = 0;
  journal_tag last_tag_{};
  /// Set by the first failure and by close().
  bool finished_ = false;
};

/// One journal in a listing.
struct journal_entry {
  transfer_id id;
  uint64_t opened_ms = 0;
  /// ec::wallet_damaged when it cannot be read; then opened_ms is 0.
  caf::error problem;
};

/// Ids of the open journals, in no order, from their names alone: none is read, so it may be asked
/// while another thread writes.
caf::expected<std::vector<transfer_id>> open_journal_ids(file_ops& ops,
                                                         const std::filesystem::path& wallet_root);

/// Likewise of the closed ones that are not archived.
caf::expected<std::vector<transfer_id>>
closed_journal_ids(file_ops& ops, const std::filesystem::path& wallet_root);

/// Likewise of the archived ones.
caf::expected<std::vector<transfer_id>>
archived_journal_ids(file_ops& ops, const std::filesystem::path& wallet_root);

/// Whether a journal of this id is open, or closed (archived or not); from its name alone.
caf::expected<bool> is_open_journal(file_ops& ops, const std::filesystem::path& wallet_root,
                                    const transfer_id& id);
caf::expected<bool> is_closed_journal(file_ops& ops, const std::filesystem::path& wallet_root,
                                      const transfer_id& id);

/// Notes durably that an invitation is used up: a file of its id beside the closed journals. May be
/// repeated.
[[nodiscard]] caf::error mark_used(file_ops& ops, const std::filesystem::path& wallet_root,
                                   const invitation_id& id);
caf::expected<bool> is_used(file_ops& ops, const std::filesystem::path& wallet_root,
                            const invitation_id& id);

/// The open journals, oldest first, damaged ones in front.
// for tests: what lies on the disk, damaged journals included
caf::expected<std::vector<journal_entry>> open_journals(file_ops& ops,
                                                        const std::filesystem::path& wallet_root);

/// The closed ones, archived or not, oldest first.
// for tests: what lies on the disk, damaged journals included
caf::expected<std::vector<journal_entry>> closed_journals(file_ops& ops,
                                                          const std::filesystem::path& wallet_root);

/// The records of a closed journal, archived or not, without the opening one. Writes nothing.
caf::expected<std::vector<journal_record>>
read_closed_journal(file_ops& ops, const std::filesystem::path& wallet_root, const transfer_id& id);

/// Rewrites a closed journal with another list of records, its opening record kept: takes the
/// secrets out once the delay of docs/design/safety.md I3 is over. After a crash it holds the old
/// list or the new.
[[nodiscard]] caf::error scrub_closed_journal(file_ops& ops,
                                              const std::filesystem::path& wallet_root,
                                              const transfer_id& id,
                                              const std::vector<journal_record>& scrubbed);

/// Moves a closed journal to Journal/Archive, which no start looks through: nothing is left to do
/// about it. Durable when this succeeds; may be repeated.
[[nodiscard]] caf::error archive_journal(file_ops& ops, const std::filesystem::path& wallet_root,
                                         const transfer_id& id);

} // namespace liveconnect::wallet
