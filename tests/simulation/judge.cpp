#include "tests/simulation/judge.hpp"

#include <algorithm>
#include <map>

#include "messages/base/error.hpp"
#include "tests/simulation/secrets.hpp"
#include "wallet/journal/journal.hpp"
#include "wallet/operations/operation_journal.hpp"
#include "wallet/operations/pown_again.hpp"
#include "wallet/raida/derive.hpp"

namespace liveconnect::simulation {

using namespace wallet;
using kind = fault_item::kind;

namespace {

constexpr size_t majority = 13;
constexpr size_t settled = 15;

bool is_forgers(note_id x) {
  return x.denomination >= strangers_smallest;
}

/// What one of the people has on the disk when all is over.
struct possessions {
  person* who = nullptr;
  size_t number = 0;
  std::vector<note> counted;
  std::vector<journal_view> open;
  std::set<note_id> in_journals;
};

class court {
public:
  explicit court(const outcome_of_run& x) : case_(x) {}

  std::vector<std::string> run() {
    if (case_.judged.judge_supply)
      broken_ = case_.servers->violations();
    for (size_t i = 0; i < case_.who.size(); ++i)
      take_stock(i);
    find_secrets();
    for (const auto& x : all_)
      if (!x.who->is_gone())
        judge_open(x);
    judge_counted();
    judge_received();
    judge_value();
    judge_forger();
    judge_kept_secrets();
    if (case_.judged.judge_secrets)
      judge_shared_secrets();
    if (case_.judged.judge_payable)
      judge_payable();
    return broken_;
  }

private:
  void complain(std::string what) {
    if (broken_.size() < 12)
      broken_.push_back(std::move(what));
  }

  bool in_play(kind x) const {
    return std::any_of(case_.what->faults.begin(), case_.what->faults.end(),
                       [x](const fault_item& one) { return one.what == x; });
  }

  void take_stock(size_t i) {
    auto& who = *case_.who[i];
    possessions out;
    out.who = &who;
    out.number = i;
    note_holds holds;
    auto space =
        workspace::open(who.disk(), who, holds, person::paths(), person::wallet_name, who.rules());
    if (!space)
      return complain("I13: the wallet of person " + std::to_string(i) +
                      " cannot be opened: " + detail_of(space.error()));
    auto views = load_open_journals(*space);
    if (!views)
      return complain("I13: journals of person " + std::to_string(i) +
                      " cannot be read: " + detail_of(views.error()));
    out.open = std::move(*views);
    for (const auto& view : out.open)
      for (const auto id : held_by(view))
        out.in_journals.insert(id);
    const auto listing = space->user.list({folder::bank, folder::fracked});
    if (!listing)
      return complain("I13: the wallet cannot be listed: " + detail_of(listing.error()));
    for (const auto& x : listing->notes)
      if (out.in_journals.count(x.value.id) == 0)
        out.counted.push_back(x.value);
    all_.push_back(std::move(out));
  }

  // --- who knows what ---

  void find_secrets() {
    for (const auto id : case_.servers->live_notes())
      for (size_t s = 0; s < case_.servers->servers(); ++s)
        if (const auto an = case_.servers->held(s, id))
          secrets_.add(*an);
    for (const auto& x : all_) {
      secrets_.read(x.who->disk(), x.number);
      tell_derived(x);
    }
    for (const auto& x : case_.others)
      secrets_.tell(x.an, strangers_number());
  }

  size_t strangers_number() const { return case_.who.size(); }

  // A Fix leaves an AN that stands nowhere: it follows from the PG in the journal.
  void tell_derived(const possessions& x) {
    const auto tell = [&](const journal_view& view) {
      for (const auto& heal : view.heals)
        for (const auto& intent : heal.intents)
          for (const auto id : intent.notes)
            secrets_.tell(raida::fixed_an(static_cast<uint8_t>(intent.server), id, intent.pg),
                          x.number);
    };
    for (const auto& view : x.open)
      tell(view);
    const auto root = person::paths().user(person::wallet_name);
    const auto closed = closed_journals(x.who->disk(), root);
    if (!closed)
      return;
    for (const auto& entry : *closed)
      if (const auto records = read_closed_journal(x.who->disk(), root, entry.id))
        if (const auto view = replay(*records))
          tell(*view);
  }

  /// How many servers, lying ones aside, hold a secret of the note that this one knows.
  size_t known_at(size_t who, note_id id) const {
    size_t out = 0;
    for (size_t s = 0; s < case_.servers->servers(); ++s)
      if (const auto an = case_.servers->held(s, id))
        out += secrets_.knows(who, *an) ? 1 : 0;
    return out;
  }

  size_t live_at(note_id id) const {
    size_t out = 0;
    for (size_t s = 0; s < case_.servers->servers(); ++s)
      out += case_.servers->held(s, id) ? 1 : 0;
    return out;
  }

  // --- I13 ---

  /// The one rest that is allowed: a claim against a payer who cheats or a thief, or at servers of
  /// which more forgot than the margin allows for, where neither has a majority that counts. It
  /// holds nothing of value, and a server that comes back may still decide it. A payer can always
  /// cancel.
  bool may_rest(const possessions& x, const journal_view& view) const {
    if (!in_play(kind::payer_powns) && !in_play(kind::old_tickets) &&
        !in_play(kind::read_secrets) && !forgot_beyond_margin())
      return false;
    if (view.kind() != journal_kind::receiver && view.kind() != journal_kind::import)
      return false;
    const auto mine_needed = case_.what->servers_fix ? majority : settled;
    return std::any_of(view.received.begin(), view.received.end(), [&](const note& one) {
      size_t mine = 0;
      size_t others = 0;
      for (size_t s = 0; s < case_.servers->servers(); ++s) {
        const auto an = case_.servers->held(s, one.id);
        if (case_.servers->is_down(s) || case_.servers->lies(s))
          continue;
        (an && secrets_.knows(x.number, *an) ? mine : others) += 1;
      }
      return mine < mine_needed && others < settled;
    });
  }

  void judge_open(const possessions& x) {
    for (const auto& view : x.open)
      if (!is_completion(view) && !may_rest(x, view))
        complain("I13: person " + std::to_string(x.number) + " has an open journal, " +
                 to_string(view.kind()) + " in state " + to_string(state_of(view)) + " of " +
                 to_display(sum_of(view)));
  }

  // --- I1, I6 ---

  void judge_counted() {
    std::map<note_id, std::pair<size_t, note>> seen;
    for (const auto& x : all_) {
      if (x.who->is_gone())
        continue;
      for (const auto& one : x.counted) {
        const auto holders = case_.servers->honest_holders(one);
        if (holders < majority && !is_excused(x, one))
          complain("I6: person " + std::to_string(x.number) + " counts " + to_string(one.id) +
                   ", which only " + std::to_string(holders) + " honest servers hold");
        const auto [found, fresh] = seen.emplace(one.id, std::make_pair(x.number, one));
        if (!fresh && found->second.first != x.number && !in_play(kind::second_copy))
          complain("I1: persons " + std::to_string(found->second.first) + " and " +
                   std::to_string(x.number) + " count " + to_string(one.id));
      }
    }
  }

  /// A thief took it, the other copy of the wallet spent it, or its owner fixed it with tickets
  /// taken on purpose, past the wallet; and the servers do not say so with the margin that a
  /// verdict needs.
  bool is_excused(const possessions& x, const note& one) const {
    if (in_play(kind::second_copy) || in_play(kind::read_secrets) || in_play(kind::old_tickets)) {
      size_t others = 0;
      for (size_t s = 0; s < case_.servers->servers(); ++s) {
        const auto an = case_.servers->held(s, one.id);
        others += !case_.servers->is_down(s) && !case_.servers->lies(s) &&
                          !(an && secrets_.knows(x.number, *an))
                      ? 1
                      : 0;
      }
      return others < settled;
    }
    return forgot_beyond_margin();
  }

  /// An earlier leg that was late has taken it on since: its payee's own doing.
  bool handed_on(note_id id) const {
    const auto counts = [id](const possessions& x) {
      return std::any_of(x.counted.begin(), x.counted.end(),
                         [id](const note& one) { return one.id == id; });
    };
    return std::any_of(case_.what->legs.begin(), case_.what->legs.end(), [&](const leg& x) {
      return x.by_file && x.from == case_.payee && x.to < all_.size() && counts(all_[x.to]);
    });
  }

  // --- I12: what a payee was told is its own stays its own ---

  void judge_received() {
    if (in_play(kind::read_secrets) || in_play(kind::second_copy))
      return;
    for (const auto& x : all_) {
      if (x.number != case_.payee || x.who->is_gone())
        continue;
      for (const auto id : case_.received)
        if (!handed_on(id) && std::none_of(x.counted.begin(), x.counted.end(),
                                           [id](const note& one) { return one.id == id; }))
          return complain("I12: person " + std::to_string(x.number) + " was told that " +
                          to_string(id) + " is its own, and has it no more");
    }
  }

  // --- I2 ---

  bool has_owner(note_id id) const {
    for (const auto& x : all_) {
      if (x.who->is_gone() ? known_at(x.number, id) >= majority : x.in_journals.count(id) != 0)
        return true;
      for (const auto& one : x.counted)
        if (one.id == id && case_.servers->honest_holders(one) >= majority)
          return true;
    }
    if (known_at(strangers_number(), id) >= majority)
      return true;
    // Money in a file is whoever's who imports it.
    return std::any_of(case_.what->legs.begin(), case_.what->legs.end(),
                       [&](const leg& x) { return x.by_file && known_at(x.from, id) >= majority; });
  }

  void judge_value() {
    amount before;
    for (const auto& x : case_.minted)
      (void)before.add(value_of(x));
    amount after;
    bool rests = false;
    for (const auto& x : all_)
      rests = rests || (!x.open.empty() && !x.who->is_gone());
    for (const auto id : case_.servers->live_notes()) {
      if (is_forgers(id) || live_at(id) < majority)
        continue;
      if (has_owner(id))
        (void)after.add(denomination_value(id.denomination));
      else if (!is_disputed(id))
        complain("I2: nobody has " + to_string(id) + ", which " + std::to_string(live_at(id)) +
                 " servers have in use");
    }
    if (after > before || (after != before && !rests && !may_lose()))
      complain("I2: " + to_display(before) + " were there before, " + to_display(after) +
               " are there now");
  }

  /// Money that people who cheat have split among the servers is nobody's.
  bool may_lose() const {
    return in_play(kind::payer_powns) || in_play(kind::read_secrets) ||
           in_play(kind::old_tickets) || in_play(kind::never_back) || in_play(kind::second_copy) ||
           forgot_beyond_margin();
  }

  bool is_disputed(note_id id) const {
    if (forgot_beyond_margin())
      return true;
    return may_lose() && std::none_of(all_.begin(), all_.end(), [&](const possessions& x) {
             return known_at(x.number, id) >= settled;
           });
  }

  void judge_forger() {
    amount now;
    for (const auto id : case_.servers->live_notes())
      if (is_forgers(id) && known_at(strangers_number(), id) >= majority)
        (void)now.add(denomination_value(id.denomination));
    if (now > case_.forgers)
      complain("I16: the forger has " + to_display(now) + " of " + to_display(case_.forgers));
  }

  // --- I3 ---

  void judge_kept_secrets() {
    for (const auto id : case_.servers->live_notes()) {
      if (is_forgers(id))
        continue;
      for (size_t s = 0; s < case_.servers->servers(); ++s) {
        const auto an = case_.servers->held(s, id);
        // What is proven is proven by those that answer.
        if (!an || case_.servers->lies(s) || case_.servers->is_down(s) ||
            case_.servers->is_fracked(s, id) || secrets_.is_known(*an))
          continue;
        return complain("I3: nobody knows what server " + std::to_string(s) + " holds for " +
                        to_string(id));
      }
    }
  }

  // --- secrets that another knows, and money that cannot be paid ---

  /// More servers fell back than the margin allows for: no promise.
  bool forgot_beyond_margin() const {
    server_set all = 0;
    for (const auto& x : case_.what->faults)
      all |= x.what == kind::roll_back ? x.servers : 0;
    size_t count = 0;
    for (size_t s = 0; s < case_.servers->servers(); ++s)
      count += has(all, s) ? 1 : 0;
    return count > 2;
  }

  /// A Pown is sent again only where 13+f servers confirm the present secrets, or 13 and none
  /// denies them. Servers that lie or forgot, a thief who took some for good, and a payer who fixed
  /// its own notes past its wallet, can withhold that.
  bool may_stay_weak(const possessions& x, const note& one) const {
    const auto by_own_trick = in_play(kind::old_tickets) && x.number == alice;
    if (!in_play(kind::lying) && !in_play(kind::read_secrets) && !forgot_beyond_margin() &&
        !by_own_trick)
      return false;
    std::vector<server_holds> row;
    const auto& present = present_secrets(one);
    for (size_t s = 0; s < case_.servers->servers(); ++s) {
      const auto an = case_.servers->held(s, one.id);
      if (case_.servers->is_down(s))
        row.push_back(server_holds::unknown);
      else if (!an || case_.servers->lies(s))
        row.push_back(server_holds::other);
      else if (*an == present[s])
        row.push_back(server_holds::present);
      else
        row.push_back(secrets_.knows(x.number, *an) ? server_holds::older : server_holds::other);
    }
    const auto holders = std::count(row.begin(), row.end(), server_holds::present);
    return static_cast<size_t>(holders) < settled && !may_pown_again(row, raida::quorum_rules{});
  }

  /// The owner has never seen the secret that this server holds, so only a Fix could replace it: of
  /// a payee that stopped there, or of a change that reached the server when its note had been
  /// passed on. Published servers do no Fix.
  bool takes_a_fix(const possessions& x, const note& one, const authenticity_number& an) const {
    return !case_.what->servers_fix && !secrets_.knows(x.number, an) &&
           case_.servers->honest_holders(one) >= settled;
  }

  void judge_shared_secrets() {
    if (in_play(kind::second_copy))
      return;
    for (const auto& x : all_)
      for (const auto& one : x.counted)
        for (const auto& other : all_) {
          if (other.number == x.number || x.who->is_gone())
            continue;
          size_t shared = 0;
          for (size_t s = 0; s < case_.servers->servers(); ++s) {
            const auto an = case_.servers->held(s, one.id);
            if (an && !case_.servers->is_down(s) && !case_.servers->lies(s) &&
                secrets_.knows(other.number, *an) && !takes_a_fix(x, one, *an))
              ++shared;
          }
          if (shared > 0 && !may_stay_weak(x, one))
            return complain("I3: person " + std::to_string(other.number) + " knows what " +
                            std::to_string(shared) + " servers hold for " + to_string(one.id) +
                            ", which person " + std::to_string(x.number) + " counts");
        }
  }

  void judge_payable() {
    for (const auto& x : all_)
      for (const auto& one : x.counted) {
        const auto holders = case_.servers->honest_holders(one);
        size_t away = 0;
        for (size_t s = 0; s < case_.servers->servers(); ++s)
          away += case_.servers->is_down(s) || case_.servers->lies(s) ? 1 : 0;
        if (!x.who->is_gone() && holders >= majority && holders + away < settled &&
            !may_stay_weak(x, one))
          return complain(
              "I6: person " + std::to_string(x.number) + " counts " + to_string(one.id) +
              " and cannot pay with it: " + std::to_string(holders) + " servers hold it");
      }
  }

  const outcome_of_run& case_;
  std::vector<possessions> all_;
  secret_search secrets_;
  std::vector<std::string> broken_;
};

} // namespace

std::vector<std::string> judge(const outcome_of_run& x) {
  return court{x}.run();
}

} // namespace liveconnect::simulation
