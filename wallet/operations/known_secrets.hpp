#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "messages/money/note.hpp"
#include "wallet/journal/journal_view.hpp"
#include "wallet/operations/workspace.hpp"

/// Every set of secrets that this disk has for a note. Before a note is called lost or counterfeit,
/// and before a server that refuses it is given up, the servers are asked about all of them: the
/// living secrets may lie in another file, or in the journal of an operation that is long over.
namespace liveconnect::wallet {

/// What kind of place a set was found in, the likeliest first.
enum class secret_origin : uint8_t {
  /// A file that counts or is in doubt: Bank, Fracked, Limbo, Suspect.
  note_file,
  /// The twin file in Pending, in which other programs keep the PANs of a Pown.
  pending,
  /// A journal, open or closed.
  journal,
  /// A file of any other folder.
  other_file,
};

/// One set of secrets for one note.
struct secret_set {
  /// One a server.
  std::vector<authenticity_number> ans;
  secret_origin from = secret_origin::other_file;
  /// When the journal was opened that has it; 0 for a file. Of two of one origin the later is the
  /// likelier.
  wall_seconds since = 0;
  /// It left this wallet for another owner, or for a file: no reason to take the note back.
  bool given_away = false;
};

using known_sets = std::map<note_id, std::vector<secret_set>>;

/// Sets of one note that are asked about at most.
inline constexpr size_t known_sets_max = 16;
/// Files of one folder, and journals, that are read at most.
inline constexpr size_t known_files_max = 16'384;

/// Adds what a journal has about these notes. Pure.
void add_known(known_sets& to, const journal_view& view, const std::set<note_id>& wanted);

/// Adds both sets of a note that lies in a file of `where`. Pure.
void add_known(known_sets& to, const note& x, folder where);

/// A note's sets as they are asked about: the likeliest first, none twice, at most known_sets_max.
/// A set that shares a secret with one that was given away counts as given away. Pure.
std::vector<secret_set> in_order(std::vector<secret_set> sets);

/// All sets of these notes in the folders of the three wallets and in their journals, in_order().
/// Files and journals that cannot be read are left out. Reads a lot, so it is asked only about
/// notes that are in trouble.
caf::expected<known_sets> known_secrets(workspace& space, const std::vector<note_id>& ids);

/// What one server was found to hold of a note's sets.
inline constexpr size_t held_unknown = SIZE_MAX;
inline constexpr size_t held_none = SIZE_MAX - 1;

/// A set's place in the list asked about, held_none or held_unknown; one entry a server.
using held_row = std::vector<size_t>;

/// Asks FIND which of its sets each server holds, for each note, two sets at a time; only the
/// servers that `where` chooses, all when it is empty. The first set of a server's secret wins.
/// Changes nothing. A server that was silent about one of the sets and holds no other is unknown.
std::vector<held_row> ask_which(workspace& space, const std::vector<note_id>& ids,
                                const std::vector<std::vector<secret_set>>& sets,
                                const raida::server_choice& where = {});

/// What a note's row adds up to.
struct held_counts {
  /// Servers that hold a set with an index below `split`, and from there on.
  size_t first = 0;
  size_t second = 0;
  size_t none = 0;
  size_t unknown = 0;
};
held_counts count_held(const held_row& row, size_t split);

/// The note with the secrets that the servers hold, and letters that say so; where no server's
/// answer names one, those of `base`. Pure.
note composed(note_id id, const std::vector<secret_set>& sets, const held_row& row, size_t base);

/// What this disk has for notes that the servers refuse.
struct living_secrets {
  /// Notes of which a majority holds secrets that lie elsewhere on this disk, and that were not
  /// given away: with those secrets.
  std::map<note_id, note> living;
  /// Notes of which 13+f servers hold none of the secrets on this disk.
  std::set<note_id> dead;
};

/// Asks about every set of these notes that lies on this disk. A note in neither list cannot be
/// judged now.
caf::expected<living_secrets> look_for_living(workspace& space, const std::vector<note>& refused);

} // namespace liveconnect::wallet
