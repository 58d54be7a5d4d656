#include "wallet/transfer/invitation_use.hpp"

#include <sodium.h>

#include "messages/base/error.hpp"
#include "messages/secure/invitation.hpp"
#include "wallet/journal/journal.hpp"

namespace liveconnect::wallet {

namespace {

// The id, which is public; of a text that cannot be read, a hash in its place.
invitation_id name_of(const secret_bytes& text) {
  if (auto known = parse_invitation(view(text).text()))
    return known->id;
  invitation_id out{};
  crypto_generichash(out.data(), out.size(), text.data(), text.size(), nullptr, 0);
  return out;
}

} // namespace

caf::error burn_invitation(workspace& space, const secret_bytes& text) {
  return text.empty() ? caf::error{} : mark_used(space.files(), space.user.root(), name_of(text));
}

caf::error refuse_used(workspace& space, const transfer_terms& terms) {
  const auto closed = is_closed_journal(space.files(), space.user.root(), terms.id);
  if (!closed)
    return closed.error();
  if (*closed)
    return fail(ec::bad_argument, "the transfer " + to_string(terms.id) + " is over");
  if (terms.invitation.empty())
    return {};
  const auto used = is_used(space.files(), space.user.root(), name_of(terms.invitation));
  if (!used)
    return used.error();
  return *used ? fail(ec::bad_argument, "the invitation was used before; each is for one transfer")
               : caf::error{};
}

} // namespace liveconnect::wallet
