#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include "messages/money/note.hpp"
#include "wallet/files/coin_file.hpp"
#include "wallet/files/file_ops.hpp"
#include "wallet/files/folders.hpp"
#include "wallet/files/wall_time.hpp"

namespace liveconnect::wallet {

/// A note with where it lies.
struct stored_note {
  note value;
  folder where = folder::bank;
  /// Its file's name in that folder.
  std::string file;
};

/// A file that could not be read as one note; it stays where it is. `problem` is ec::disk_failed
/// where the disk is at fault, a moment's lack of descriptors included: the file may well be a
/// note. Everything else is no note of ours, whenever it is read.
struct unreadable_file {
  folder where = folder::bank;
  std::string file;
  caf::error problem;
};

/// What a folder holds.
struct folder_listing {
  /// Sorted by note_id, then by file name. A note may appear twice: duplicates are reported by
  /// duplicates_of.
  std::vector<stored_note> notes;
  std::vector<unreadable_file> unreadable;
};

/// The first file of a listing that the disk did not give, and why; empty when it gave all. What is
/// missing from such a listing may lie there all the same.
caf::error disk_trouble(const folder_listing& x);

/// One note found in more than one file.
struct duplicate_note {
  note_id id;
  std::vector<stored_note> copies;
};

/// The notes of one wallet directory: blocking, for the one worker that holds the wallet's lock.
/// Identity comes from the record in each file, never from its name. Nothing here overwrites a coin
/// file (docs/design/safety.md I9), and a file goes only when its secrets stand elsewhere: in the
/// note's new file, or in the journal of the operation that superseded them (I8). So no second copy
/// of living secrets is left behind.
class wallet_store {
public:
  /// Opens an existing wallet, after checking that it is one and that no other user may write to
  /// it. Fails with ec::bad_argument when it is not a wallet, ec::bad_config for its permissions.
  static caf::expected<wallet_store> open(file_ops& ops, const std::filesystem::path& root);

  /// Makes what is missing (create_wallet), then opens.
  static caf::expected<wallet_store>
  open_or_create(file_ops& ops, const std::filesystem::path& root, const std::string& name);

  const std::filesystem::path& root() const { return root_; }
  file_ops& ops() const { return *ops_; }

  /// Every .bin file of a working folder, one note each; a file of several notes is reported as
  /// unreadable here, and so is what the disk does not give. Directories and other files are
  /// skipped. For showing and choosing: what is found is there, what is not may be.
  caf::expected<folder_listing> list(folder where) const;

  /// The notes of several folders together.
  caf::expected<folder_listing> list(const std::vector<folder>& where) const;

  /// Files, not directories, in Import, Export, Imported, Sent: whatever they hold. Names only.
  caf::expected<std::vector<std::string>> list_files(folder where) const;

  /// Content of any one file, at most `bytes_max` bytes.
  caf::expected<secret_bytes> read(folder where, const std::string& file,
                                   uint64_t bytes_max = coin_file_with_pans_bytes_max) const;

  /// All copies of these notes in these folders, in the order of list(). A note that is not there
  /// is simply missing from the answer. Fails when the disk does not give a file of the folders:
  /// this, put(), update() and move() must not take a note that cannot be read now for one that is
  /// gone, since it would be left where it counts, or made a second time.
  caf::expected<std::vector<stored_note>> find(const std::vector<note_id>& ids,
                                               const std::vector<folder>& where) const;

  /// Makes one file a note. A note that the folder already holds with the same numbers counts as
  /// put, so a repeat after a crash changes nothing; with other numbers ec::file_exists, nothing
  /// put. All are durable when this succeeds.
  [[nodiscard]] caf::error put(folder where, const std::vector<note>& notes, pans which,
                               const std::string& tag);

  /// Puts the notes as they are now and removes every older copy of them in `from`: for notes whose
  /// numbers changed (healed, graded, learned more about). What an older copy has and the new one
  /// has not must be durable in a journal. `from` may equal `to`. New copies are durable before an
  /// old one goes, so a crash leaves both. May be repeated. Fails with ec::file_exists when another
  /// folder than `from` holds a note of the id with other numbers; Limbo and Counterfeit keep such
  /// notes side by side (I9).
  [[nodiscard]] caf::error update(folder from, folder to, const std::vector<note>& notes,
                                  pans which, const std::string& tag);

  /// Moves notes by their ids to a folder of this or another wallet on the same file system; a name
  /// that is taken there gets a random suffix. Ids already there and no longer here count as moved,
  /// so a repeat after a crash finishes. Fails with ec::wallet_damaged when a note is in neither,
  /// ec::file_exists when the target holds the same note with other numbers (save Limbo and
  /// Counterfeit, as above); then nothing moved.
  [[nodiscard]] caf::error move(const std::vector<note_id>& ids, folder from, wallet_store& target,
                                folder to);

  /// The same within this wallet.
  [[nodiscard]] caf::error move(const std::vector<note_id>& ids, folder from, folder to) {
    return move(ids, from, *this, to);
  }

  /// Makes one file of all these notes, without PANs and pown, for Export or Import; answers its
  /// name. A file with exactly these bytes that is there already counts as made.
  caf::expected<std::string> put_container(folder where, const std::vector<note>& notes,
                                           const std::string& tag);

  /// Makes one file of any bytes under the given name (a received container, say). One with the
  /// same bytes and name counts as made, one with other bytes is ec::file_exists.
  [[nodiscard]] caf::error put_file(folder where, const std::string& name, byte_view content);

  /// Moves one file as it is, by name; a taken name gets a random suffix. Answers the new name.
  caf::expected<std::string> move_file(folder from, const std::string& file, folder to);

  /// Removes one file, durably. Only a copy whose secrets stand in another file of the same note,
  /// or in a journal. A file that is not there counts as removed.
  [[nodiscard]] caf::error remove_file(folder where, const std::string& file);

  /// Moves everything in a folder to Trash/<stamp>-<folder>; answers how many files. Never deletes
  /// (I8).
  caf::expected<size_t> set_aside(folder where, wall_time now);

  /// Removes temporary files that a killed put() left in any folder; answers how many. Part of
  /// recovery: only with the wallet's lock.
  caf::expected<size_t> remove_leftovers();

private:
  wallet_store(file_ops& ops, std::filesystem::path root, file_handle directory);

  /// A folder of this wallet and one of `target`'s, open, with what lies in them.
  struct folder_pair {
    file_handle source;
    file_handle destination;
    folder_listing here;
    folder_listing there;
  };
  caf::expected<folder_pair> open_pair(folder from, const wallet_store& target, folder to) const;
  caf::expected<file_handle> open_folder(folder where) const;
  caf::error remove_all(const file_handle& from, const std::vector<std::string>& files);

  file_ops* ops_;
  std::filesystem::path root_;
  file_handle directory_;
};

/// The notes that appear more than once in a listing, in the listing's order.
std::vector<duplicate_note> duplicates_of(const folder_listing& x);

/// Whether two notes hold the same ANs and PANs, in constant time.
bool same_numbers(const note& x, const note& y);

} // namespace liveconnect::wallet
