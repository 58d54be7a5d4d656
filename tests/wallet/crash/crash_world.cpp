#include "tests/wallet/crash/crash_world.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <set>

#include "messages/base/error.hpp"
#include "wallet/files/coin_file.hpp"
#include "wallet/journal/recovery.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/start_up.hpp"

namespace liveconnect::test {

using namespace wallet;

namespace {

void add(findings& to, findings more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// Where a user's own coin files lie, outside every wallet.
constexpr const char* outside = "/out/";

/// Long enough for the lease, the dispute hour, tickets and every back-off.
constexpr uint64_t round_seconds = 7200;

/// So many servers make nobody an owner.
constexpr size_t minority = 12;

/// The receipt of a transfer is called by its id: 32 hexadecimal digits and ".json".
constexpr size_t receipt_name_size = 32 + 5;

std::string words_of(const caf::error& x) {
  return to_string(code_of(x)) + ", " + detail_of(x);
}

bool waits_for_confirmation(const open_transfer& x) {
  return x.state == transfer_state::graded || x.state == transfer_state::receipt;
}

} // namespace

crash_world::crash_world(const scenario& what, side victim, uint64_t seed)
    : what_(&what), victim_(victim), pair_(seed) {
  what.set_up(*this);
  from.reset();
  to.reset();
  secrets_.begin(pair_);
  supplies_ = supplies();
  party().go_through(&disk_);
  other().go_through(&other_disk_);
  for (auto* x : {&pair_.sender(), &pair_.receiver()})
    if (auto err = x->restart())
      throw std::runtime_error("no wallet: " + words_of(err));
  disk_.arm(disk_fault::none, 0);
  other_disk_.arm(disk_fault::none, 0);
  watch();
}

crash_world::crash_world(const crash_world& of)
    : what_(of.what_), victim_(of.victim_), pair_(of.pair_), secrets_(of.secrets_),
      supplies_(of.supplies_), asked_(of.asked_),
      calls_of_other_(of.calls_of_other_ + of.other_disk_.trace().size()), both_dead_(true) {
  party().go_through(&disk_);
  other().go_through(&other_disk_);
  watch();
}

void crash_world::watch() {
  const auto state_changes = [this] {
    if (at_new_state && !disk_.is_dead())
      at_new_state();
  };
  disk_.before_change = [state_changes](size_t) { state_changes(); };
  pair_.raida().on_ask = [this, state_changes](const raida::ask_all& what) {
    ++asked_;
    add(found, secrets_.see(what, pair_, watch_requests));
    state_changes();
  };
}

crash_world::stamp crash_world::now() const {
  return {disk_.changes(), asked_, other_disk_.trace().size()};
}

caf::error crash_world::restart(side which) {
  auto& whose = which == side::sender ? pair_.sender() : pair_.receiver();
  if (which == side::sender)
    from.reset();
  else
    to.reset();
  if (auto err = whose.restart())
    return err;
  if (auto report = start_up(whose.space()); !report)
    return report.error();
  return {};
}

void crash_world::mend_disk() {
  party().go_through(nullptr);
  other().go_through(nullptr);
}

caf::error crash_world::reopen_all() {
  if (!from) {
    const auto views = load_open_journals(pair_.sender().space());
    if (!views)
      return views.error();
    for (const auto& x : *views) {
      if (x.kind() != journal_kind::sender || x.closed || x.opened.servers == 0)
        continue;
      auto again = sender_transfer::reopen(pair_.sender().space(), x.id());
      if (!again)
        return again.error();
      from.emplace(std::move(*again));
    }
  }
  if (to)
    return {};
  const auto views = load_open_journals(pair_.receiver().space());
  if (!views)
    return views.error();
  for (const auto& x : *views) {
    if (x.kind() != journal_kind::receiver || x.closed || x.opened.servers == 0)
      continue;
    auto again = receiver_transfer::reopen(pair_.receiver().space(), x.id());
    if (!again)
      return again.error();
    to.emplace(std::move(*again));
  }
  return {};
}

caf::error crash_world::meet() {
  if (auto err = reopen_all())
    return err;
  if (!from)
    return {};
  if (!to)
    to.emplace(pair_.start_receiver());
  // Which of the two is to blame when this fails, and whether it may, the rules tell afterwards.
  (void)pair_.hand_over(*from, *to);
  return {};
}

findings crash_world::exclusive() {
  findings out;
  std::set<note_id> at_sender;
  const auto sender_holds = pair_.sender().holds().all();
  for (const auto& x : pair_.sender().counted())
    if (sender_holds.count(x.id) == 0)
      at_sender.insert(x.id);
  const auto receiver_holds = pair_.receiver().holds().all();
  for (const auto& x : pair_.receiver().counted())
    if (receiver_holds.count(x.id) == 0 && at_sender.count(x.id) != 0)
      out.push_back(to_string(x.id) + " counts on both sides (I1)");
  // Whoever knows what 13 servers hold can take the note: a bare majority is no owner's alone once
  // servers fall back.
  add(out, within_reach(minority, "(I6)"));
  return out;
}

findings crash_world::within_reach(size_t servers_max, const std::string& rule) {
  findings out;
  const auto look = [&](wallet_party& whose, const wallet_party& other) {
    const auto held = whose.holds().all();
    auto counted = whose.counted();
    counted.erase(std::remove_if(counted.begin(), counted.end(),
                                 [&](const note& x) { return held.count(x.id) != 0; }),
                  counted.end());
    for (const auto& [id, servers] : secrets_.within_reach(counted, other, pair_))
      if (servers > servers_max)
        out.push_back(std::to_string(servers) + " servers take " + to_string(id) +
                      " from the side that does not count it " + rule);
  };
  look(pair_.sender(), pair_.receiver());
  look(pair_.receiver(), pair_.sender());
  return out;
}

findings crash_world::receipts_agree() {
  std::vector<bytes> given;
  pair_.receiver().disk().for_each_durable(
      [&](const std::string&, const bytes& content) { given.push_back(content); });
  findings out;
  pair_.sender().disk().for_each_durable([&](const std::string& path, const bytes& content) {
    const auto name = path.substr(path.rfind('/') + 1);
    if (path.find("/Receipts/") == std::string::npos || name.size() != receipt_name_size)
      return;
    const auto has_it = [&](const bytes& x) {
      return std::search(x.begin(), x.end(), content.begin(), content.end()) != x.end();
    };
    if (std::none_of(given.begin(), given.end(), has_it))
      out.push_back("the receipt " + name + " is not one that the receiver has (I12)");
  });
  return out;
}

std::vector<crash_world::claim> crash_world::claims() {
  std::vector<claim> out;
  for (auto* whose : {&pair_.sender(), &pair_.receiver()}) {
    const std::string name = whose == &pair_.sender() ? "the sender" : "the receiver";
    for (auto& x : whose->counted())
      out.push_back({name, std::move(x)});
    whose->disk().for_each_durable([&](const std::string& path, const bytes& content) {
      // Where an export cannot make its file, it says so and leaves the coins in the wallet's
      // Export.
      const auto exported =
          path.rfind("/data/Wallets/", 0) == 0 && path.find("/Export/") != std::string::npos;
      if (path.rfind(outside, 0) != 0 && !exported)
        return;
      if (auto notes = parse_coin_file(byte_view{content}))
        for (auto& x : *notes)
          out.push_back({"a file of the user's", std::move(x)});
    });
  }
  return out;
}

std::vector<amount> crash_world::supplies() const {
  std::vector<amount> out(pair_.raida().servers());
  for (size_t server = 0; server < out.size(); ++server)
    pair_.raida().for_each_held(server, [&](note_id id, const authenticity_number&) {
      (void)out[server].add(denomination_value(id.denomination));
    });
  return out;
}

findings crash_world::conserved() {
  findings out;
  std::map<note_id, std::string> owners;
  amount sum;
  for (const auto& x : claims()) {
    if (pair_.raida().holders(x.value) < 13)
      continue;
    const auto [owner, fresh] = owners.emplace(x.value.id, x.by);
    if (fresh)
      (void)sum.add(value_of(x.value));
    else if (owner->second != x.by)
      out.push_back(to_string(x.value.id) + " belongs to " + owner->second + " and to " + x.by +
                    " (I1)");
  }
  // What strangers took before the run began is not ours to keep.
  std::map<note_id, size_t> at_strangers;
  for (size_t server = 0; server < pair_.raida().servers(); ++server)
    pair_.raida().for_each_held(server, [&](note_id id, const authenticity_number& an) {
      if (secrets_.is_foreign(an))
        ++at_strangers[id];
    });
  auto whole = sum;
  for (const auto& [id, servers] : at_strangers)
    if (servers >= 13)
      (void)whole.add(denomination_value(id.denomination));
  if (whole != supplies_.front())
    out.push_back("of " + to_string(supplies_.front()) + " only " + to_string(whole) +
                  " are left (I2)");
  if (supplies() != supplies_)
    out.push_back("the supply of a server moved (I16)");
  return out;
}

findings crash_world::nothing_left_outside() {
  findings out;
  for (auto* whose : {&pair_.sender(), &pair_.receiver()})
    whose->disk().for_each_durable([&](const std::string& path, const bytes&) {
      if (path.rfind(outside, 0) == 0 && is_temporary_name(path.substr(path.rfind('/') + 1)))
        out.push_back("'" + path + "' is left, with secrets in it (I3)");
    });
  return out;
}

findings crash_world::start_both(bool& open) {
  findings out;
  open = false;
  for (auto* whose : {&pair_.sender(), &pair_.receiver()}) {
    if (auto err = whose->restart()) {
      out.push_back("the wallet cannot be opened: " + words_of(err));
      return out;
    }
    const auto report = start_up(whose->space());
    if (!report) {
      out.push_back("recovery fails: " + words_of(report.error()));
      return out;
    }
    open = open || !report->still_open.empty() || !whose->holds().all().empty();
  }
  add(out, exclusive());
  return out;
}

findings crash_world::settle_all(wallet_party& whose, bool everything_answers, bool& open) {
  findings out;
  const auto transfers = open_transfers(whose.space());
  if (!transfers)
    return {"what is open cannot be listed: " + words_of(transfers.error())};
  for (const auto& x : *transfers) {
    const auto settled = settle(whose.space(), x.id);
    if (!settled) {
      out.push_back("a transfer cannot be settled: " + words_of(settled.error()));
      continue;
    }
    open = open || settled->state != transfer_state::closed;
    if (everything_answers && settled->state != transfer_state::closed &&
        !waits_for_confirmation(*settled))
      out.push_back("a transfer stays open although every server answers: " + settled->waits_for +
                    " (I13)");
  }
  return out;
}

findings crash_world::time_passes() {
  findings out;
  pair_.raida().set_loss(0, 0, 0);
  pair_.raida().deliver_delayed();
  auto open = true;
  for (int round = 0; open && out.empty() && round < 5; ++round) {
    // The servers that are down come back after the first round; a receipt that the sender never
    // confirms waits for as long as its life is.
    const auto seconds = round == 3 ? uint64_t{receipt_life_seconds} : round_seconds;
    pair_.clock().advance_seconds(seconds);
    pair_.raida().advance(std::chrono::seconds(seconds));
    add(out, start_both(open));
    for (auto* whose : {&pair_.sender(), &pair_.receiver()})
      if (out.empty() && open)
        add(out, settle_all(*whose, round == 2, open));
    pair_.raida().clear_faults();
  }
  // Once more with all servers there: what missed a Pown is due for another try.
  pair_.clock().advance_seconds(round_seconds);
  if (out.empty())
    add(out, start_both(open));
  if (out.empty() && open)
    out.push_back("something stays open for ever (I13)");
  return out;
}

findings crash_world::aftermath(bool together) {
  findings out;
  try {
    add(out, secrets_.held_is_durable(pair_));
    mend_disk();
    for (auto which : {side::sender, side::receiver}) {
      if (!both_dead_ && which != victim_)
        continue;
      if (auto err = restart(which))
        out.push_back("the first start fails: " + words_of(err));
    }
    if (!out.empty())
      return out;
    add(out, exclusive());
    if (together)
      if (auto err = meet())
        out.push_back("an open transfer cannot be taken up: " + words_of(err));
    from.reset();
    to.reset();
    if (out.empty())
      add(out, time_passes());
    if (out.empty() && what_->repeat)
      add(out, what_->repeat(*this));
    if (out.empty())
      add(out, conserved());
    if (out.empty())
      add(out, nothing_left_outside());
    if (out.empty())
      add(out, receipts_agree());
    if (out.empty())
      add(out, within_reach(0, "although all of them answer (I3)"));
    if (out.empty())
      add(out, secrets_.held_is_durable(pair_));
  } catch (const std::exception& err) {
    out.push_back(std::string{"a test's own step failed: "} + err.what());
  }
  add(out, found);
  return out;
}

std::string joined(const findings& x) {
  std::string out;
  for (const auto& one : x)
    out += (out.empty() ? "" : "; ") + one;
  return out;
}

} // namespace liveconnect::test
