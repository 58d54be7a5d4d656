// The shipped programs on a disk that fails: real servers, a real relay, and a sender, a receiver
// or an import whose file calls go through disk_cutter.cpp. At the N-th call the program is killed,
// the call fails, or the power goes; then the programs are started again, and the servers are asked
// what the notes on both disks are worth.
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <set>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/e2e/outer/known_secrets.hpp"
#include "tests/e2e/outer/plan.hpp"
#include "tests/support/network_fixture.hpp"
#include "wallet/files/coin_file.hpp"
#include "wallet/files/posix_file_ops.hpp"
#include "wallet/files/store.hpp"

namespace liveconnect::test {
namespace {

using namespace std::chrono_literals;
using outer::cut;

/// What each sender begins with, and what it sends: a note of 10 has to be broken.
constexpr const char* purse = "12";
constexpr const char* sum_sent = "5";
/// So many purses are minted at a time.
constexpr size_t purses_minted = 40;
/// How long a program that was started again waits for the other side, and for one step.
constexpr const char* wait_again = "700ms";
constexpr const char* wait_step = "10s";
constexpr size_t quorum = 13;

/// Who has the bad disk.
enum class victim : uint8_t { sender, receiver, import, resumed_receiver };
constexpr std::array all_victims{victim::receiver, victim::sender, victim::import,
                                 victim::resumed_receiver};
const char* name_of(victim x) {
  static constexpr const char* names[] = {"sender", "receiver", "import", "resumed receiver"};
  return names[static_cast<size_t>(x)];
}

struct strike {
  const char* name;
  cut what;
  int code = 0;
};
constexpr std::array all_strikes{
    strike{"power cut", cut::power},
    strike{"kill before", cut::kill_before},
    strike{"power cut in part", cut::power_part},
    strike{"EIO", cut::fail, EIO},
    strike{"kill after", cut::kill_after},
    strike{"ENOSPC", cut::fail, ENOSPC},
    strike{"EMFILE", cut::fail, EMFILE},
    strike{"EINTR", cut::fail, EINTR},
};

/// The shared page in which the library tells what it did.
class shared_report {
public:
  explicit shared_report(std::filesystem::path file) : file_(std::move(file)) {
    const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ::ftruncate(fd, sizeof(outer::report)) != 0)
      throw std::runtime_error("no report");
    auto* at = ::mmap(nullptr, sizeof(outer::report), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (at == MAP_FAILED)
      throw std::runtime_error("no report");
    shared_ = static_cast<outer::report*>(at);
  }
  ~shared_report() { ::munmap(shared_, sizeof(outer::report)); }
  shared_report(const shared_report&) = delete;
  shared_report& operator=(const shared_report&) = delete;

  const std::filesystem::path& file() const { return file_; }
  outer::report& operator*() { return *shared_; }
  outer::report* operator->() { return shared_; }
  void clear() {
    shared_->changes = 0;
    shared_->calls = 0;
    shared_->syncs = 0;
    shared_->struck = 0;
    shared_->undone = 0;
    std::fill(std::begin(shared_->call), std::end(shared_->call), '\0');
  }

private:
  std::filesystem::path file_;
  outer::report* shared_ = nullptr;
};

/// A number from the environment, for the nightly form.
uint64_t number_of(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// The i-th of a sequence that fills 0..1 evenly however long it gets, also where only every n-th
/// is taken: multiples of the golden ratio.
double spread(uint64_t i) {
  return std::fmod(static_cast<double>(i + 1) * 0.6180339887498949, 1.0);
}

class outer_run : public network_test {
protected:
  outer_run() : report_(folder_.path() / "report") {}

  void SetUp() override {
    if (!std::filesystem::exists(LC_DISK_CUTTER))
      GTEST_SKIP() << "sanitizers want to be the first library of a program";
    std::filesystem::create_directory(folder_.path() / "kept");
    start_servers();
    start_relay();
  }

  /// Who is who in one trial.
  struct trial {
    std::string sender;
    std::string receiver;
    victim who = victim::receiver;
    outer::plan plan;
    bool struck = false;
    std::string call;
  };

  trial begin(victim who, const outer::plan& plan);
  void carry_out(trial& x);
  /// What both disks are worth by the servers' word: each note whose secrets 13 servers hold.
  amount worth(const trial& x);
  /// What both wallets count, as far as the servers agree.
  amount counted(const trial& x);

  /// How many calls a whole run makes: those that change something, and all.
  struct calls {
    uint64_t changes = 0;
    uint64_t all = 0;
  };
  calls measure(victim who);
  uint64_t place_of(victim who, const strike& what, uint64_t i);

  shared_report report_;

private:
  std::vector<note> take_purse();
  void give(const std::string& side, const std::vector<note>& notes);
  process::options under_library(const std::string& side, const outer::plan& plan) const;
  client start(const trial& x, bool is_victim, const std::string& side,
               std::vector<std::string> words);
  void transfer(trial& x);
  void import(trial& x);
  void resume_both(const trial& x);
  bool has_open(const std::string& side) const;

  std::vector<note> minted_notes_;
  size_t trials_ = 0;
  std::map<victim, calls> measured_;
};

// --- money ---

std::vector<note> outer_run::take_purse() {
  if (minted_notes_.empty()) {
    const auto file = (folder_.path() / ("mint-" + std::to_string(trials_) + ".bin")).string();
    const auto count = std::to_string(purses_minted);
    const auto made = run_to_end(
        "servers", {"raida", "mint", std::to_string(12 * purses_minted), "--denominations",
                    "10:" + count + ",1:" + std::to_string(2 * purses_minted), "--out", file});
    EXPECT_EQ(made.value("code", -1), 0) << made;
    std::ifstream in{file, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    auto notes = wallet::parse_coin_file(byte_view{std::string_view{text}});
    if (!notes)
      throw std::runtime_error("the mint's file cannot be read");
    minted_notes_ = std::move(*notes);
  }
  std::vector<note> out;
  for (const auto& [denomination, count] : {std::pair{int8_t{1}, 1}, std::pair{int8_t{0}, 2}})
    for (int i = 0; i < count; ++i) {
      const auto at =
          std::find_if(minted_notes_.begin(), minted_notes_.end(),
                       [d = denomination](const note& x) { return x.id.denomination == d; });
      out.push_back(*at);
      minted_notes_.erase(at);
    }
  return out;
}

void outer_run::give(const std::string& side, const std::vector<note>& notes) {
  wallet::posix_file_ops files;
  std::filesystem::create_directories(user_wallet(side).parent_path());
  std::filesystem::permissions(data(side), std::filesystem::perms::owner_all);
  auto store = wallet::wallet_store::open_or_create(files, user_wallet(side), "Default");
  if (!store)
    throw std::runtime_error("no wallet: " + detail_of(store.error()));
  for (const auto& x : notes)
    if (auto err = store->put(wallet::folder::bank, {x}, wallet::pans::without, "given"))
      throw std::runtime_error("cannot give: " + detail_of(err));
}

amount outer_run::worth(const trial& x) {
  amount out;
  std::map<note_id, std::string> best;
  // Each side by itself: a secret that only the other one has is of no use to it.
  std::set<note_id> living;
  for (const auto& side : {x.sender, x.receiver}) {
    const auto known = outer::known_secrets(data(side));
    const auto letters = detect_all(known);
    std::map<note_id, std::set<size_t>> passed;
    for (size_t i = 0; i < known.size(); ++i)
      for (size_t server = 0; server < letters[i].size(); ++server)
        if (letters[i][server] == 'p')
          passed[known[i].id].insert(server);
    for (const auto& [id, servers] : passed)
      if (servers.size() >= quorum && living.insert(id).second) {
        EXPECT_TRUE(out.add(denomination_value(id.denomination)));
      }
  }
  return out;
}

amount outer_run::counted(const trial& x) {
  auto out = ask_servers(x.sender).counted;
  EXPECT_TRUE(out.add(ask_servers(x.receiver).counted));
  return out;
}

// --- one trial ---

process::options outer_run::under_library(const std::string& side, const outer::plan& plan) const {
  process::options out;
  const auto numbers = std::to_string(static_cast<uint32_t>(plan.what)) + " " +
                       std::to_string(plan.at) + " " + std::to_string(plan.code) + " " +
                       std::to_string(plan.seed);
  out.environment = {{"LD_PRELOAD", LC_DISK_CUTTER},
                     {outer::root_variable, data(side).string()},
                     {outer::kept_variable, (folder_.path() / "kept").string()},
                     {outer::report_variable, report_.file().string()},
                     {outer::plan_variable, numbers}};
  return out;
}

outer_run::trial outer_run::begin(victim who, const outer::plan& plan) {
  trial out;
  const auto number = std::to_string(++trials_);
  out.sender = "sender-" + number;
  out.receiver = "receiver-" + number;
  out.who = who;
  out.plan = plan;
  report_.clear();
  return out;
}

client outer_run::start(const trial& x, bool is_victim, const std::string& side,
                        std::vector<std::string> words) {
  return run(side, std::move(words), is_victim ? under_library(side, x.plan) : process::options{});
}

bool outer_run::has_open(const std::string& side) const {
  const auto folder = user_wallet(side) / "Journal";
  if (!std::filesystem::exists(folder))
    return false;
  for (const auto& entry : std::filesystem::directory_iterator{folder})
    if (entry.path().extension() == ".lcj")
      return true;
  return false;
}

void outer_run::resume_both(const trial& x) {
  std::vector<client> all;
  for (const auto& side : {x.sender, x.receiver})
    if (has_open(side))
      all.push_back(run(side, {"resume", "--wait", wait_again, "--timeout", wait_step, "--yes"}));
  // Where it takes longer than that it is killed: what counts here is what the disks are worth.
  for (auto& each : all)
    each.program().wait(40s);
}

void outer_run::transfer(trial& x) {
  const auto invite = (folder_.path() / (x.sender + ".txt")).string();
  auto sender =
      start(x, x.who == victim::sender, x.sender,
            {"send", sum_sent, "--invitation", invite, "--wait", "5s", "--timeout", wait_step});
  if (!sender.wait_for("invitation", 20s))
    return;
  auto receiver = start(x, x.who == victim::receiver, x.receiver,
                        {"receive", invite, "--yes", "--wait", "5s", "--timeout", wait_step});
  if (x.who == victim::resumed_receiver) {
    // It dies behind P3, where the servers may hold its new secrets; its next run has the bad disk.
    if (receiver.wait_until([](const json& y) {
          return y.value("type", "") == "step" && y.value("number", 0) == 23;
        }))
      receiver.kill();
    auto again = start(x, true, x.receiver,
                       {"resume", "--wait", wait_again, "--timeout", wait_step, "--yes"});
    again.program().wait(30s);
    sender.program().wait(500ms);
    return;
  }
  auto& first = x.who == victim::sender ? sender : receiver;
  auto& other = x.who == victim::sender ? receiver : sender;
  const bool ended = first.program().wait(30s).has_value();
  other.program().wait(1ms);
  EXPECT_TRUE(ended) << "the program with the bad disk hangs: " << first.program().output()
                     << "and the other side said: " << other.program().output();
  // Started again at once: it may meet the other side, which is killed where it does not.
  const auto side = x.who == victim::sender ? x.sender : x.receiver;
  if (report_->struck != 0 && has_open(side))
    run(side, {"resume", "--wait", wait_again, "--timeout", wait_step, "--yes"})
        .program()
        .wait(40s);
  other.program().wait(report_->struck != 0 ? 50ms : 20s);
}

void outer_run::import(trial& x) {
  auto importing =
      start(x, true, x.receiver,
            {"wallet", "import", (data(x.receiver) / "in.bin").string(), "--timeout", wait_step});
  EXPECT_TRUE(importing.program().wait(30s)) << importing.program().output();
}

void outer_run::carry_out(trial& x) {
  const auto notes = take_purse();
  give(x.sender, x.who == victim::import ? std::vector<note>{} : notes);
  give(x.receiver, {});
  if (x.who == victim::import) {
    const auto file = wallet::encode_coin_file(notes, wallet::pans::without);
    std::ofstream out{data(x.receiver) / "in.bin", std::ios::binary};
    out.write(reinterpret_cast<const char*>(file->data()),
              static_cast<std::streamsize>(file->size()));
    out.close();
    import(x);
  } else {
    transfer(x);
  }
  x.struck = report_->struck != 0;
  x.call = report_->call;
  resume_both(x);
}

outer_run::calls outer_run::measure(victim who) {
  auto& known = measured_[who];
  if (known.all == 0) {
    auto x = begin(who, {});
    carry_out(x);
    known = {report_->changes, report_->calls};
    EXPECT_EQ(to_string(worth(x)), purse) << name_of(who);
    EXPECT_GT(report_->syncs, 0u) << "the library sees nothing of " << name_of(who);
  }
  return known;
}

uint64_t outer_run::place_of(victim who, const strike& what, uint64_t i) {
  const auto count = what.what == cut::fail ? measure(who).all : measure(who).changes;
  return 1 + static_cast<uint64_t>(spread(i) * static_cast<double>(count));
}

// --- the runs ---

TEST_F(outer_run, loses_and_doubles_no_value_wherever_a_program_is_cut) {
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::seconds(number_of("LC_OUTER_SECONDS", 35));
  const auto most = number_of("LC_OUTER_CUTS", 1000);
  // Shows that this test fails where fsync does nothing.
  const bool no_syncs = number_of("LC_OUTER_NO_SYNCS", 0) != 0;
  std::map<std::string, size_t> by_kind;
  size_t ran = 0, struck = 0;
  const auto first = number_of("LC_OUTER_FIRST", 0);
  for (uint64_t i = first; i < first + most && std::chrono::steady_clock::now() < until; ++i) {
    const auto who = all_victims[i % all_victims.size()];
    const auto& what = all_strikes[i / all_victims.size() % all_strikes.size()];
    const auto at = place_of(who, what, i);
    const bool dropped = no_syncs && what.what == cut::power;
    auto x = begin(who, {dropped ? cut::power_without_syncs : what.what, at, what.code, i});
    carry_out(x);
    const auto where = "cut number " + std::to_string(i) + ", " + what.name + " at call " +
                       std::to_string(at) + " (" + x.call + ") of the " + name_of(who);
    ASSERT_EQ(to_string(worth(x)), purse) << where;
    ASSERT_LE(counted(x), coins(purse)) << where;
    ++ran;
    struck += x.struck ? 1 : 0;
    by_kind[std::string{what.name}] += x.struck ? 1 : 0;
    by_kind[std::string{"of the "} + name_of(who)] += x.struck ? 1 : 0;
  }
  std::printf("outer run: %zu cuts in %zu runs", struck, ran);
  for (const auto& [kind, count] : by_kind)
    std::printf(", %zu %s", count, kind.c_str());
  std::printf("\n");
  RecordProperty("cuts", static_cast<int>(struck));
  EXPECT_GT(struck, 0u);
}

TEST_F(outer_run, sees_the_loss_when_fsync_does_nothing) {
  const auto most = number_of("LC_OUTER_NOSYNC_CUTS", 12);
  size_t lost = 0, struck = 0;
  for (uint64_t i = 0; i < most && lost == 0; ++i) {
    const auto who = i % 2 == 0 ? victim::receiver : victim::import;
    // Near the end, where the servers hold what only this disk knows.
    const auto at = measure(who).changes * (95 - i * 5) / 100;
    auto x = begin(who, {cut::power_without_syncs, at, 0, i});
    carry_out(x);
    struck += x.struck ? 1 : 0;
    lost += worth(x) < coins(purse) ? 1 : 0;
  }
  std::printf("outer run without syncs: value lost in %zu of %zu power cuts\n", lost, struck);
  EXPECT_GT(lost, 0u) << "a disk that never syncs goes unnoticed";
}

} // namespace
} // namespace liveconnect::test
