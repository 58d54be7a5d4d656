#pragma once

#include <vector>

#include "wallet/journal/recovery.hpp"
#include "wallet/operations/workspace.hpp"

namespace liveconnect::wallet {

/// What is known of a Break or Join before it is brought further.
struct change_start {
  /// Its secrets were drawn just now, and its request has not been sent anywhere.
  bool fresh = false;
  /// The targets as FIND is to ask about them, when healings of older versions of this program may
  /// have changed their secrets; else as in the change's record.
  std::vector<note> asked_as;
  /// Servers whose last word is no, by the journal.
  std::vector<uint8_t> taken;
};

/// Brings a change as far as the servers answer, in rounds as claim_notes() does for a Pown: sends
/// the request of `change` (the same session, serials and secrets each time, durable before, P3)
/// where it is fresh, asks FIND, and sends it again wherever the sources still hold and no target
/// is there. A Break or Join may be repeated: a server that has carried it out holds the sources no
/// more.
///
/// A server that answers 41 wants the serials reserved: it is asked for them again under the same
/// session, until it offers them all. One that keeps answering 41 counts as declining for now, one
/// that answers 40 as having given the serials to others, for good.
///
/// Asks the servers of `where`, or all when it is empty; of the others nothing is known in the
/// answer. Blocks.
change_answers push_change(workspace& space, const change_record& change, const change_start& start,
                           const std::vector<bool>& where = {});

/// Asks FIND about the notes of several changes at once, each at the servers that `where` chooses
/// for it. For changes that are owed to servers: most of those servers are down, and all questions
/// wait for them together.
std::vector<change_answers> find_changes(workspace& space,
                                         const std::vector<change_record>& changes,
                                         const std::vector<std::vector<bool>>& where);

/// Sends a change once more where `known` says that a server is open to it, and asks FIND there.
/// Adds what it learns to `known`.
void push_again(workspace& space, const change_record& change, change_answers& known,
                const std::vector<bool>& where);

} // namespace liveconnect::wallet
