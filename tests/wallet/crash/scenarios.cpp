#include "tests/wallet/crash/scenarios.hpp"

#include <cerrno>
#include <map>
#include <stdexcept>

#include "messages/base/error.hpp"
#include "wallet/files/coin_file.hpp"
#include "wallet/journal/recovery.hpp"
#include "wallet/operations/check_notes.hpp"
#include "wallet/operations/export_notes.hpp"
#include "wallet/operations/heal_notes.hpp"
#include "wallet/operations/import_notes.hpp"
#include "wallet/start_up.hpp"

namespace liveconnect::test {

using namespace wallet;

namespace {

amount coins(uint64_t x) {
  return amount::from_coins(x);
}

void require(const caf::error& err) {
  if (err)
    throw std::runtime_error("a scenario cannot be set up: " + detail_of(err));
}

template<class T>
caf::error error_of(const caf::expected<T>& x) {
  return x ? caf::error{} : x.error();
}

// --- what is done ---

/// A whole transfer of `sum`.
std::function<caf::error(crash_world&)> transfer(amount sum) {
  return [sum](crash_world& world) -> caf::error {
    auto& pair = world.pair();
    world.from.emplace(pair.start_sender());
    if (auto err = pair.prepare(*world.from, sum))
      return err;
    world.to.emplace(pair.start_receiver());
    return pair.hand_over(*world.from, *world.to);
  };
}

/// Likewise where too few servers answer for it to succeed.
std::function<caf::error(crash_world&)> try_to_transfer(amount sum) {
  return [what = transfer(sum)](crash_world& world) {
    (void)what(world);
    return caf::error{};
  };
}

/// Twelve servers fall silent when the notes are on their way.
caf::error transfer_while_twelve_go_down(crash_world& world) {
  auto& pair = world.pair();
  world.from.emplace(pair.start_sender());
  if (auto err = pair.prepare(*world.from, coins(200)))
    return err;
  for (size_t i = 0; i < 12; ++i)
    pair.raida().add(fault::down(2 * i));
  world.to.emplace(pair.start_receiver());
  (void)pair.hand_over(*world.from, *world.to);
  return {};
}

/// Likewise, and two of the servers that heard the receiver lose it again: they fall back to what
/// they held before (docs/design/safety.md I6).
caf::error transfer_while_servers_fall_back(crash_world& world) {
  auto& raida = world.pair().raida();
  const std::vector<size_t> falling{1, 3};
  std::map<size_t, std::map<note_id, authenticity_number>> before;
  for (auto server : falling)
    raida.for_each_held(
        server, [&](note_id id, const authenticity_number& an) { before[server].emplace(id, an); });
  if (auto err = transfer_while_twelve_go_down(world))
    return err;
  for (auto server : falling)
    for (const auto& [id, an] : before[server])
      raida.set_held(server, id, an);
  return {};
}

/// From call `at` on the disk has no room. Then the user makes some and starts the program again.
std::function<caf::error(crash_world&)> transfer_on_a_full_disk(amount sum, size_t at) {
  return [sum, at](crash_world& world) -> caf::error {
    world.disk().arm_error(ENOSPC, at, true);
    (void)transfer(sum)(world);
    world.disk().recovered();
    for (auto which : {side::sender, side::receiver})
      if (auto err = world.restart(which))
        return err;
    return world.meet();
  };
}

/// Both programs start and go on with what they find, with each other.
caf::error start_and_meet(crash_world& world) {
  for (auto which : {side::sender, side::receiver})
    if (auto err = world.restart(which))
      return err;
  return world.meet();
}

/// The sender's program starts, asks the servers what became of its notes, and takes back what it
/// may; then the receiver's starts.
caf::error settle_and_wake(crash_world& world) {
  if (auto err = world.restart(side::sender))
    return err;
  auto& space = world.pair().sender().space();
  const auto open = open_transfers(space);
  if (!open)
    return open.error();
  for (const auto& x : *open)
    if (auto settled = settle(space, x.id); !settled)
      return settled.error();
  return world.restart(side::receiver);
}

/// The person writes a transfer off: the first time too early, since two looks must agree.
caf::error write_off(crash_world& world) {
  if (auto err = world.restart(side::sender))
    return err;
  auto& space = world.pair().sender().space();
  const auto open = open_transfers(space);
  if (!open)
    return open.error();
  for (const auto& x : *open) {
    const auto early = cancel_transfer(space, x.id);
    if (!early && code_of(early.error()) != ec::outcome_unknown)
      return early.error();
    world.pair().clock().advance_seconds(second_look_seconds);
    if (auto done = cancel_transfer(space, x.id); !done)
      return done.error();
  }
  return {};
}

caf::error start_the_sender(crash_world& world) {
  return world.restart(side::sender);
}

caf::error give_back(crash_world& world) {
  auto& pair = world.pair();
  world.from.emplace(pair.start_sender());
  if (auto err = pair.prepare(*world.from, coins(200)))
    return err;
  return error_of(world.from->run(sender_step::give_back));
}

caf::error export_thirty(crash_world& world) {
  return error_of(export_notes(world.pair().sender().space(), coins(30), "/out/coins.bin"));
}

caf::error import_the_gift(crash_world& world) {
  auto& space = world.pair().receiver().space();
  operation_report report;
  const auto items = read_import_files(space, {"/out/gift.bin"}, report);
  if (items.empty())
    return fail(ec::disk_failed, report.lines.empty() ? std::string{} : report.lines.front());
  return error_of(import_notes(space, items));
}

findings import_once_more(crash_world& world) {
  if (auto err = import_the_gift(world))
    return {"the import cannot be repeated: " + detail_of(err)};
  return {};
}

/// What `wallet check` and `wallet heal` do, one after the other.
caf::error check_and_heal(crash_world& world) {
  auto& space = world.pair().sender().space();
  if (auto checked = check_notes(space); !checked)
    return checked.error();
  const auto owner = draw_transfer_id();
  if (auto found = find_lost(space, owner); !found)
    return found.error();
  return error_of(heal_all(space, owner));
}

findings check_once_more(crash_world& world) {
  if (auto err = check_and_heal(world))
    return {"the check cannot be repeated: " + detail_of(err)};
  return {};
}

/// The sender took nothing back before its lease was over, and the receiver has it all
/// (docs/design/safety.md 5.4).
findings expect_the_promise_kept(crash_world& world) {
  if (world.pair().received() == coins(200))
    return {};
  return {"the sender took back what it had promised to leave"};
}

// --- how it begins ---

using set_up = std::function<void(crash_world&)>;

void three_hundreds(crash_world& world) {
  world.pair().mint_for_sender(2, 3);
}

void a_hundred_and_a_ten(crash_world& world) {
  world.pair().mint_for_sender(2, 1);
  world.pair().mint_for_sender(1, 1);
}

void ten_tens(crash_world& world) {
  // Joined, because they are too many to send.
  world.pair().sender().rules().change.notes_max = 5;
  world.pair().mint_for_sender(1, 10);
}

/// A Break that reaches twelve servers only; one more has lost the note before.
void a_break_that_splits(crash_world& world) {
  auto& pair = world.pair();
  const auto minted = pair.mint_for_sender(2, 1);
  pair.mint_for_sender(1, 1);
  for (size_t server = 12; server < raida_count; ++server)
    pair.raida().add(fault::lost_request(server, raida::command::break_note, 1));
  pair.raida().damage(5, minted[0].id);
}

void one_fracked(crash_world& world) {
  const auto notes = world.pair().mint_for_sender(2, 2);
  world.pair().raida().damage(3, notes[0].id);
  world.pair().raida().damage(17, notes[0].id);
}

/// Every server gets the receiver's Pown twice, and answers the second time that it fails.
void powns_come_twice(crash_world& world) {
  three_hundreds(world);
  for (size_t server = 0; server < raida_count; ++server)
    world.pair().raida().add(fault::duplicated(server, raida::command::pown));
}

set_up servers_down(size_t count) {
  return [count](crash_world& world) {
    world.pair().mint_for_sender(2, 2);
    for (size_t i = 0; i < count; ++i)
      world.pair().raida().add(fault::down(2 * i));
  };
}

void lossy_network(crash_world& world) {
  auto& raida = world.pair().raida();
  const auto notes = world.pair().mint_for_sender(2, 2);
  world.pair().mint_for_sender(1, 1);
  raida.damage(6, notes[0].id);
  raida.set_loss(0.03, 0.05, 0.03);
}

/// The notes are with the receiver and made his own; nobody has the receipt yet.
void broken_off_before_the_receipt(crash_world& world) {
  auto& pair = world.pair();
  pair.mint_for_sender(2, 2);
  auto from = pair.start_sender();
  require(pair.prepare(from, coins(200)));
  auto to = pair.start_receiver();
  require(error_of(to.offer(*from.announcement())));
  const auto sent = from.begin_sending(transfer_pair::terms());
  require(error_of(sent));
  require(error_of(to.receive(*sent)));
  require(error_of(to.run(receiver_step::pown)));
}

/// The notes have left `seconds` ago; the receiver has them (`delivered`) and slept.
set_up sent_and_not_taken(bool delivered, uint64_t seconds = 500) {
  return [delivered, seconds](crash_world& world) {
    auto& pair = world.pair();
    pair.mint_for_sender(2, 2);
    auto from = pair.start_sender();
    require(pair.prepare(from, coins(200)));
    auto to = pair.start_receiver();
    require(error_of(to.offer(*from.announcement())));
    const auto sent = from.begin_sending(transfer_pair::terms());
    require(error_of(sent));
    if (delivered)
      require(error_of(to.receive(*sent)));
    pair.clock().advance_seconds(seconds);
  };
}

/// The receiver was killed when its Pown had reached thirteen servers, and has stayed away for
/// longer than lease and dispute hour.
void stopped_after_thirteen(crash_world& world) {
  struct killed {};
  auto& pair = world.pair();
  pair.mint_for_sender(2, 1);
  auto from = pair.start_sender();
  require(pair.prepare(from, coins(100)));
  auto to = pair.start_receiver();
  require(error_of(to.offer(*from.announcement())));
  const auto sent = from.begin_sending(transfer_pair::terms());
  require(error_of(sent));
  require(error_of(to.receive(*sent)));
  require(error_of(from.run(sender_step::all_sent)));
  for (size_t server = 13; server < raida_count; ++server)
    pair.raida().add(fault::lost_request(server, raida::command::pown, SIZE_MAX));
  auto powned = false;
  pair.raida().on_ask = [&](const raida::ask_all& what) {
    if (powned)
      throw killed{};
    powned = what.what == raida::command::pown;
  };
  try {
    (void)to.run(receiver_step::pown);
  } catch (const killed&) {
    // It asks no server any more.
  }
  pair.raida().on_ask = nullptr;
  pair.raida().clear_faults();
  pair.clock().advance_seconds(dispute_seconds + 500);
}

/// One note was taken by a stranger, another on one server only, the third is untouched: each is
/// filed by itself.
void notes_went_different_ways(crash_world& world) {
  auto& pair = world.pair();
  const auto minted = pair.mint_for_sender(2, 3);
  auto from = pair.start_sender();
  require(pair.prepare(from, coins(300)));
  require(error_of(from.begin_sending(transfer_pair::terms())));
  for (size_t server = 0; server < raida_count; ++server)
    pair.raida().set_held(server, minted[0].id, authenticity_number::random());
  pair.raida().set_held(3, minted[1].id, authenticity_number::random());
  pair.clock().advance_seconds(500);
}

/// A note lies in two files: twice the same, and once with secrets that no server knows any more.
void notes_lie_twice(crash_world& world) {
  auto& pair = world.pair();
  const auto minted = pair.mint_for_sender(2, 3);
  pair.sender().give({minted[0]}, folder::fracked);
  auto stale = minted[1];
  stale.ans = raida::draw_ans(raida_count);
  pair.sender().give({stale}, folder::fracked);
}

/// A transfer in which the victim's program died at its file call number `at`.
set_up killed_before(amount sum, size_t at) {
  return [sum, at](crash_world& world) {
    a_hundred_and_a_ten(world);
    fault_file_ops disk{world.party().disk()};
    world.party().go_through(&disk);
    require(world.party().restart());
    disk.arm(disk_fault::die_before, at);
    (void)transfer(sum)(world);
    world.from.reset();
    world.to.reset();
    world.party().go_through(nullptr);
    require(world.party().restart());
  };
}

/// A directory of the user's own, outside every wallet.
file_handle make_outside(wallet_party& whose) {
  auto made = ensure_directories(whose.disk(), "/out");
  require(error_of(made));
  return std::move(*made);
}

void something_to_export(crash_world& world) {
  a_hundred_and_a_ten(world);
  (void)make_outside(world.pair().sender());
}

void a_gift(crash_world& world) {
  auto& receiver = world.pair().receiver();
  auto notes = world.pair().raida().mint(2, 700'000, 2);
  world.pair().raida().damage(9, notes[1].id);
  put_outside(receiver, "gift.bin", notes);
}

/// A gift that 14 servers hold: what the receiver claims has to be healed before it is settled.
void a_weak_gift(crash_world& world) {
  auto& pair = world.pair();
  const auto notes = pair.raida().mint(2, 700'000, 1);
  for (size_t server = 0; server < 11; ++server)
    pair.raida().damage(2 * server, notes[0].id);
  put_outside(pair.receiver(), "gift.bin", notes);
}

/// Notes of every kind that `wallet check` and `wallet heal` meet.
void a_mixed_purse(crash_world& world) {
  auto& pair = world.pair();
  auto& raida = pair.raida();
  const auto minted = pair.mint_for_sender(2, 3);
  raida.damage(5, minted[0].id);
  for (size_t server = 0; server < raida_count; ++server)
    raida.set_held(server, minted[1].id, authenticity_number::random());
  auto& user = pair.sender().space().user;
  require(user.move({minted[2].id}, folder::bank, folder::fracked));
  raida.damage(20, minted[2].id);
  const auto lost = raida.mint(1, 710'000, 1);
  auto with_pans = lost;
  with_pans[0].pans = with_pans[0].ans;
  with_pans[0].ans = raida::draw_ans(raida_count);
  require(user.put(folder::limbo, with_pans, pans::with, "lost"));
}

const std::vector<side> both{side::sender, side::receiver};
const std::vector<side> only_sender{side::sender};
const std::vector<side> only_receiver{side::receiver};

} // namespace

void put_outside(wallet_party& whose, const std::string& file, const std::vector<note>& notes) {
  const auto content = encode_coin_file(notes, pans::without);
  require(error_of(content));
  const auto directory = make_outside(whose);
  require(put(whose.disk(), directory, file, view(*content)));
}

const std::vector<scenario>& all_scenarios() {
  static const std::vector<scenario> all{
      {"plain", both, three_hundreds, transfer(coins(200)), {}},
      {"change", both, a_hundred_and_a_ten, transfer(coins(30)), {}},
      {"split_change", both, a_break_that_splits, try_to_transfer(coins(30)), {}},
      {"join", both, ten_tens, transfer(coins(100)), {}},
      {"fracked", both, one_fracked, transfer(coins(200)), {}},
      {"different_ways", only_sender, notes_went_different_ways, settle_and_wake, {}},
      {"resume", both, broken_off_before_the_receipt, start_and_meet, {}},
      {"refresh", both, sent_and_not_taken(false), settle_and_wake, {}},
      {"refresh_and_wake", both, sent_and_not_taken(true), settle_and_wake, {}},
      {"within_the_lease", both, sent_and_not_taken(true, 0), settle_and_wake,
       expect_the_promise_kept},
      {"cancel", only_sender, stopped_after_thirteen, write_off, {}},
      {"give_back", only_sender, three_hundreds, give_back, {}},
      {"duplicates", only_sender, notes_lie_twice, start_the_sender, {}},
      {"one_down", both, servers_down(1), transfer(coins(200)), {}},
      {"seven_down", both, servers_down(7), transfer(coins(200)), {}},
      {"twelve_down", only_sender, servers_down(12), try_to_transfer(coins(200)), {}},
      {"twelve_go_down", both, three_hundreds, transfer_while_twelve_go_down, {}},
      {"servers_fall_back", both, three_hundreds, transfer_while_servers_fall_back, {}},
      {"doubled_powns", both, powns_come_twice, transfer(coins(200)), {}},
      {"lossy_network", both, lossy_network, try_to_transfer(coins(120)), {}},
      {"full_disk", both, a_hundred_and_a_ten, transfer_on_a_full_disk(coins(30), 150), {}},
      {"recovery_early", both, killed_before(coins(30), 120), start_and_meet, {}},
      {"recovery_late", both, killed_before(coins(30), 350), start_and_meet, {}},
      {"export", only_sender, something_to_export, export_thirty, {}},
      {"import", only_receiver, a_gift, import_the_gift, import_once_more},
      {"weak_import", only_receiver, a_weak_gift, import_the_gift, import_once_more},
      {"check", only_sender, a_mixed_purse, check_and_heal, check_once_more},
  };
  return all;
}

const scenario& scenario_named(const std::string& name) {
  for (const auto& x : all_scenarios())
    if (x.name == name)
      return x;
  throw std::logic_error("no scenario " + name);
}

std::vector<crash_case> all_cases() {
  std::vector<crash_case> out;
  for (const auto& x : all_scenarios())
    for (auto victim : x.victims)
      out.push_back({&x, victim});
  return out;
}

std::string name_of(const crash_case& x) {
  return x.what->name + (x.victim == side::sender ? "_of_the_sender" : "_of_the_receiver");
}

std::ostream& operator<<(std::ostream& out, const crash_case& x) {
  return out << name_of(x);
}

} // namespace liveconnect::test
