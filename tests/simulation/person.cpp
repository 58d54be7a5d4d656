#include "tests/simulation/person.hpp"

#include <stdexcept>

#include "messages/base/error.hpp"
#include "tests/simulation/seeded.hpp"

namespace liveconnect::simulation {

using namespace raida;
using test::disk_fault;

namespace {

uint64_t hash_of(byte_view x) {
  uint64_t out = x.size();
  for (const auto one : x)
    out = mixed(out ^ one);
  return out;
}

/// The wall clock at the beginning of every run.
constexpr uint64_t wall_begins_ms = 1'790'000'000'000;

} // namespace

person::person(event_queue& events, datagram_way& net, const scenario& what, size_t who)
    : events_(events), net_(net), what_(what), who_(who),
      disk_(std::make_unique<test::memory_file_ops>()) {}

person::~person() {
  if (!fiber_)
    return;
  dead_ = true;
  go_on();
}

wallet::wallet_paths person::paths() {
  wallet::wallet_paths out;
  out.data = "/data";
  return out;
}

wallet::wallet_rules person::rules() const {
  wallet::wallet_rules out;
  out.now_ms = [this] {
    return wall_begins_ms + (frozen_up_ms_ != 0 ? frozen_wall_ms_ : events_.now() / 1000);
  };
  out.up_ms = [this] {
    return frozen_up_ms_ != 0 ? frozen_up_ms_ : 60'000 + (events_.now() - power_on_since_) / 1000;
  };
  return out;
}

void person::give(const std::vector<note>& notes) {
  wallet::note_holds holds;
  auto space = wallet::workspace::open(*disk_, *this, holds, paths(), wallet_name, rules());
  if (!space)
    throw std::logic_error("no wallet: " + detail_of(space.error()));
  for (const auto& x : notes)
    if (auto err = space->user.put(wallet::folder::bank, {x}, wallet::pans::without, "given"))
      throw std::logic_error("cannot give: " + detail_of(err));
}

// --- programs ---

void person::run(program what, std::function<void()> ended) {
  work_ = std::move(what);
  ended_ = std::move(ended);
  dead_ = false;
  loses_power_ = false;
  files_ = std::make_unique<test::fault_file_ops>(*disk_);
  arm_disk();
  memory_ = mixed(++programs_);
  holds_ = std::make_unique<wallet::note_holds>();
  fiber_ = std::make_unique<fiber>([this] { body(); });
  go_on();
}

void person::arm_disk() {
  files_->arm(disk_fault::none, 0);
  for (const auto& x : what_.faults)
    if (!calm_ && x.what == fault_item::kind::disk && x.person == who_ && x.count == programs_)
      files_->arm(x.disk, x.nth);
}

void person::body() {
  try {
    auto space = wallet::workspace::open(*files_, *this, *holds_, paths(), wallet_name, rules());
    if (space)
      work_(*space);
  } catch (const killed&) {
  }
}

void person::go_on() {
  choose_row(1 + who_ * 1000 + programs_);
  fiber_->resume();
  choose_row(0);
  if (fiber_->is_over())
    end_program();
}

void person::end_program() {
  fiber_.reset();
  work_ = nullptr;
  holds_.reset();
  disk_calls_ += files_->trace().size();
  if (dead_ || files_->is_dead()) {
    ++kills_;
    for (const auto& x : what_.faults)
      loses_power_ = loses_power_ || (files_->is_dead() && x.what == fault_item::kind::disk &&
                                      x.person == who_ && x.count + 1 == programs_ && x.power_cut);
    if (loses_power_) {
      disk_->lose_power(static_cast<uint32_t>(mixed(what_.seed ^ kills_)));
      power_on_since_ = events_.now();
    }
    for (const auto& x : what_.faults)
      gone_ = gone_ || (x.what == fault_item::kind::never_back && x.person == who_);
  }
  files_.reset();
  if (auto told = std::exchange(ended_, nullptr))
    events_.after(1, std::move(told));
}

void person::wait() {
  require_alive();
  waiting_ = true;
  fiber_->wait();
  require_alive();
}

void person::wake() {
  if (!std::exchange(waiting_, false))
    return;
  go_on();
}

void person::kill(bool power_cut) {
  if (!is_alive())
    return;
  dead_ = true;
  loses_power_ = power_cut;
  wake();
}

void person::require_alive() {
  if (dead_ || files_->is_dead())
    throw killed{};
}

// --- servers ---

struct person::open_question {
  answers got;
  std::vector<bool> answered;
  size_t open = 0;
  bool over = false;
};

const fault_item* person::deadly(const question_name& name) const {
  for (const auto& x : what_.faults)
    if (!calm_ && x.what == fault_item::kind::kill && x.person == who_ && x.on == name.what &&
        x.nth == name.nth)
      return &x;
  return nullptr;
}

answers person::ask(const ask_all& what) {
  require_alive();
  const question_name name{who_, what.what, asked_[what.what]++, questions_++};
  const auto* death = deadly(name);
  memory_ = mixed(memory_ ^ static_cast<uint64_t>(what.what));
  if (on_question)
    on_question(name);
  const auto all = std::make_shared<open_question>();
  all->got.list.resize(servers());
  all->answered.resize(servers());
  // Until all have left, none may be the last to be answered.
  all->open = 1;
  uint32_t sent = 0;
  const auto first = first_asked(what_, name);
  for (size_t k = 0; k < servers(); ++k) {
    const auto i = (first + k) % servers();
    if (i >= what.payloads.size() || (i < what.skip.size() && what.skip[i]))
      continue;
    if (death != nullptr && sent == death->count) {
      dead_ = true;
      loses_power_ = death->power_cut;
      throw killed{};
    }
    ++sent;
    ++all->open;
    all->got.list[i].what = outcome::silent;
    net_.send(name, i, what.payloads[i], [this, all, i](answer x) {
      if (all->over || all->answered[i])
        return;
      all->answered[i] = true;
      memory_ +=
          mixed(i << 8 ^ x.status ^ static_cast<uint64_t>(x.what) << 16 ^ hash_of(x.payload) << 20);
      all->got.list[i] = std::move(x);
      if (--all->open > 0)
        return;
      all->over = true;
      wake();
    });
  }
  if (death != nullptr) {
    dead_ = true;
    loses_power_ = death->power_cut;
    throw killed{};
  }
  if (--all->open == 0)
    return std::move(all->got);
  const auto deadline = static_cast<sim_time>(
      std::chrono::duration_cast<std::chrono::microseconds>(what.deadline).count());
  events_.after(deadline, [this, all] {
    if (std::exchange(all->over, true))
      return;
    wake();
  });
  try {
    while (!all->over)
      wait();
  } catch (...) {
    all->over = true;
    throw;
  }
  return std::move(all->got);
}

bool person::pause(std::chrono::nanoseconds length) {
  const auto over = std::make_shared<bool>(false);
  events_.after(static_cast<sim_time>(length.count() / 1000), [this, over] {
    *over = true;
    wake();
  });
  while (!*over)
    wait();
  return true;
}

} // namespace liveconnect::simulation
