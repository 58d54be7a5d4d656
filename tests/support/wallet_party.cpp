#include "tests/support/wallet_party.hpp"

#include <stdexcept>

#include "messages/base/error.hpp"
#include "wallet/journal/journal.hpp"

namespace liveconnect::test {

using namespace wallet;

wallet_party::wallet_party(raida::raida_port& port, test_clock& clock, const std::string& name)
    : port_(&port), clock_(&clock), name_(name) {
  rules_.now_ms = [this] { return clock_->ms; };
  if (auto err = restart())
    throw std::runtime_error("no wallet: " + detail_of(err));
}

wallet_party::wallet_party(raida::raida_port& port, test_clock& clock, const wallet_party& of)
    : disk_(of.disk_), port_(&port), clock_(&clock), name_(of.name_), rules_(of.rules_) {
  rules_.now_ms = [this] { return clock_->ms; };
  rules_.refusals = std::make_shared<raida::change_refusals>();
}

wallet_paths wallet_party::paths() const {
  wallet_paths out;
  out.data = "/data";
  return out;
}

caf::error wallet_party::restart() {
  space_.reset();
  holds_ = std::make_unique<note_holds>();
  rules_.refusals = std::make_shared<raida::change_refusals>();
  auto opened = workspace::open(*files_, *port_, *holds_, paths(), name_, rules_);
  if (!opened)
    return opened.error();
  space_ = std::make_unique<workspace>(std::move(*opened));
  return {};
}

void wallet_party::give(const std::vector<note>& notes, folder where) {
  for (auto x : notes) {
    x.pans.clear();
    if (auto err = space_->user.put(where, {x}, pans::without, "given"))
      throw std::runtime_error("cannot give: " + detail_of(err));
  }
}

std::vector<note> wallet_party::notes_in(folder where) {
  auto listing = space_->user.list(where);
  if (!listing)
    throw std::runtime_error("cannot list: " + detail_of(listing.error()));
  return notes_of(listing->notes);
}

std::vector<note> wallet_party::counted() {
  auto out = notes_in(folder::bank);
  for (auto& x : notes_in(folder::fracked))
    out.push_back(x);
  return out;
}

std::vector<transfer_id> wallet_party::open_journals() {
  auto entries = wallet::open_journals(space_->files(), space_->user.root());
  if (!entries)
    throw std::runtime_error("cannot list journals: " + detail_of(entries.error()));
  std::vector<transfer_id> out;
  for (auto& x : *entries)
    out.push_back(x.id);
  return out;
}

} // namespace liveconnect::test
