#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

#include "tests/support/network_fixture.hpp"
#include "tests/support/server_proxy.hpp"
#include "wallet/files/coin_file.hpp"
#include "wallet/files/posix_file_ops.hpp"
#include "wallet/journal/journal.hpp"
#include "wallet/journal/journal_records.hpp"

namespace liveconnect::test {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// A program that has not ended by then hangs. The promise is one second (docs/design/cli.md
/// "Screens"); how long programs take is printed, since a test that measures fails when the
/// computer is busy.
constexpr milliseconds hang{20'000};

/// How one program took a signal.
struct stop_report {
  json result;
  milliseconds took{0};

  int code() const { return result.value("code", -1); }
  bool open() const { return result.value("open", false); }
  /// The program's own guard ended it, since a part of it was not done in time.
  bool cut_off() const { return !result.contains("role"); }
};

/// Whom to stop, when and how.
struct stop_plan {
  int step = 0;
  role stopped = role::sender;
  int signal = SIGTERM;

  std::string name() const {
    return std::string{to_string(stopped)} + "-" + std::to_string(step) + "-" +
           std::to_string(signal);
  }
  /// Making change takes the servers only where the purse does not have the sum.
  bool makes_change() const { return step >= 10 && step <= 13; }
};

/// What the stops of one step came to.
struct stop_row {
  milliseconds most{0};
  size_t left_open = 0;
};

/// A folder in memory where the system has one, else the usual one: a hundred transfers make some
/// ten thousand syncs, and these tests are not about the disk.
std::filesystem::path fast_folder() {
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

class stopping : public network_test {
protected:
  stopping() : network_test(fast_folder()) {}

  static constexpr const char* sum = "3";

  stop_report stop(client& what, int signal) const {
    const auto began = clock::now();
    what.program().signal(signal);
    stop_report out;
    out.result = what.result(hang);
    out.took = std::chrono::duration_cast<milliseconds>(clock::now() - began);
    return out;
  }

  static void expect_stopped(const stop_report& x, int signal, const std::string& name) {
    EXPECT_EQ(x.code(), 128 + signal) << name << ": " << x.result;
  }

  /// Servers and a relay, the weather in front of the servers, and as many notes as the plans take.
  void start(size_t purses) {
    start_servers();
    // All programs come from one address, and many at once.
    start_relay(
        {"--connections-per-address-max", "0", "--new-connections-per-address-per-minute", "0"});
    weather_.emplace(server_port_, raida_count, [this](size_t, uint8_t group, uint8_t command) {
      pown_seen_ = pown_seen_ || (group == 1 && command == 20);
      return lose_fixes_ && group == 2 && command == 80;
    });
    if (purses == 0)
      return;
    const auto file = (folder_.path() / "purses.bin").string();
    const auto count = std::to_string(3 * purses);
    const auto made =
        run_to_end("servers", {"raida", "mint", "--denominations",
                               "10:" + std::to_string(purses) + ",1:" + count, "--out", file});
    ASSERT_EQ(made.value("code", -1), 0) << made;
    std::ifstream in{file, std::ios::binary};
    const std::vector<char> content{std::istreambuf_iterator<char>{in}, {}};
    auto notes =
        wallet::parse_coin_file({reinterpret_cast<const uint8_t*>(content.data()), content.size()});
    ASSERT_TRUE(notes);
    for (auto& x : *notes)
      (x.id.denomination == 0 ? ones_ : tens_).push_back(std::move(x));
  }

  /// A file with a note of 10, or with three of 1.
  std::string purse(size_t number, bool ten) const {
    const auto first = ones_.begin() + static_cast<std::ptrdiff_t>(3 * number);
    return write("purse-" + std::to_string(number),
                 ten ? std::vector<note>{tens_.at(number)} : std::vector<note>{first, first + 3});
  }

  std::string write(const std::string& name, const std::vector<note>& notes) const {
    const auto text = wallet::encode_coin_file(notes, wallet::pans::without);
    const auto path = (folder_.path() / (name + ".bin")).string();
    std::ofstream out{path, std::ios::binary};
    out.write(reinterpret_cast<const char*>(text->data()),
              static_cast<std::streamsize>(text->size()));
    return path;
  }

  /// The same words, over the weather.
  client run_in_weather(const std::string& side, std::vector<std::string> words) const {
    auto all = arguments(side, std::move(words));
    for (size_t i = 0; i + 1 < all.size(); ++i)
      if (all[i] == "--raida")
        all[i + 1] = weather_->addresses();
    return client{all};
  }

  /// Waits until a request has come to the weather since `before`.
  void wait_asked(size_t before) const {
    const auto until = clock::now() + patience;
    while (weather_->asked() == before && clock::now() < until)
      std::this_thread::yield();
    ASSERT_GT(weather_->asked(), before);
  }

  size_t open_journals_of(const std::string& side) const {
    wallet::posix_file_ops files;
    const auto open = wallet::open_journals(files, user_wallet(side));
    return open ? open->size() : 0;
  }

  /// The lease of two minutes counts from when this computer was started, so it is over.
  void end_lease(const std::string& side) const {
    wallet::posix_file_ops files;
    const auto open = wallet::open_journals(files, user_wallet(side));
    ASSERT_TRUE(open);
    for (const auto& x : *open) {
      auto journal = wallet::journal::open(files, user_wallet(side), x.id);
      ASSERT_TRUE(journal);
      const auto record = wallet::encode_moment(wallet::record_type::lease, 1);
      ASSERT_FALSE(journal->append(record.type, view(record.payload)));
    }
  }

  /// Both sides carry on, the sun shining, until nothing is open but what waits for a peer that has
  /// seen nothing; then the lease ends.
  void resume_both(const std::string& sender, const std::string& receiver) const {
    const auto sender_open = open_journals_of(sender) > 0;
    const auto receiver_open = open_journals_of(receiver) > 0;
    const auto wait = sender_open && receiver_open ? "20s" : "1s";
    std::optional<client> here;
    std::optional<client> there;
    if (sender_open)
      here.emplace(arguments(sender, {"resume", "--wait", wait, "--timeout", "10s"}));
    if (receiver_open)
      there.emplace(arguments(receiver, {"resume", "--wait", wait, "--timeout", "10s"}));
    if (here)
      (void)here->result();
    if (there)
      (void)there->result();
    if (open_journals_of(sender) == 0)
      return;
    end_lease(sender);
    (void)run_to_end(sender, {"resume", "--wait", "1s"});
    EXPECT_EQ(open_journals_of(sender), 0u) << sender;
  }

  /// By the servers' word, nothing is lost and nothing is there twice.
  void expect_conserved(const std::string& name, const std::string& sender,
                        const std::string& receiver, const std::string& whole) const {
    const auto here = ask_servers(sender);
    const auto there = ask_servers(receiver);
    auto counted = here.counted;
    auto anywhere = here.anywhere;
    ASSERT_TRUE(counted.add(there.counted));
    ASSERT_TRUE(anywhere.add(there.anywhere));
    EXPECT_EQ(to_string(anywhere), whole) << name << ", anywhere on both disks";
    EXPECT_EQ(to_string(counted), whole) << name << ", counted by both wallets";
    EXPECT_TRUE(there.counted.is_zero() || to_string(there.counted) == sum)
        << name << ": the receiver has " << to_string(there.counted);
  }

  std::optional<server_proxy> weather_;
  std::atomic<bool> pown_seen_{false};
  /// Whether the answers to Fix are lost.
  std::atomic<bool> lose_fixes_{false};
  std::vector<note> tens_;
  std::vector<note> ones_;
};

class stopping_at_a_step : public stopping {
protected:
  /// One whole plan; answers how the side named took it.
  stop_report carry_out(const stop_plan& plan, size_t number) const {
    const auto name = plan.name();
    const auto sender = "sender-" + name;
    const auto receiver = "receiver-" + name;
    const auto file = purse(number, plan.makes_change());
    EXPECT_EQ(run_to_end(sender, {"wallet", "import", file}).value("code", -1), 0) << name;
    const auto invitation_file = (folder_.path() / ("invite-" + name + ".txt")).string();
    auto sends = run_in_weather(
        sender, {"send", sum, "--invitation", invitation_file, "--wait", "1m", "--timeout", "20s"});
    EXPECT_TRUE(sends.wait_for("invitation")) << name;
    auto receives =
        run_in_weather(receiver, {"receive", invitation_file, "--yes", "--timeout", "20s"});
    auto& stopped = plan.stopped == role::sender ? sends : receives;
    auto& other = plan.stopped == role::sender ? receives : sends;
    EXPECT_TRUE(stopped.wait_until([&](const json& x) {
      return x.value("type", "") == "step" && x.value("number", 0) == plan.step;
    })) << name;
    // One of the two signals comes with the step, the other half an answer's time later.
    if (plan.signal == SIGTERM)
      (void)stopped.wait_until([](const json&) { return false; }, answers_after / 2);
    const auto out = stop(stopped, plan.signal);
    // What was done in spite of the signal is a success.
    EXPECT_TRUE(out.code() == 128 + plan.signal || out.code() == 0) << name << ": " << out.result;
    // It may have just begun, and then ends without a word.
    other.program().signal(SIGTERM);
    EXPECT_TRUE(other.program().wait(hang)) << name;
    resume_both(sender, receiver);
    expect_conserved(name, sender, receiver, plan.makes_change() ? "10" : sum);
    return out;
  }

  static constexpr milliseconds answers_after{500};
};

TEST_F(stopping_at_a_step, ends_each_side_at_once_and_resume_finishes) {
  std::vector<stop_plan> plans;
  for (int step = 1; step <= 25; ++step)
    for (auto side : {role::sender, role::receiver})
      for (auto signal : {SIGINT, SIGTERM})
        plans.push_back({step, side, signal});
  ASSERT_NO_FATAL_FAILURE(start(plans.size()));
  weather slow;
  slow.delay = answers_after;
  weather_->set(slow);

  std::vector<stop_report> reports(plans.size());
  std::atomic<size_t> next{0};
  std::vector<std::thread> threads;
  // Nearly all of the time is spent on waiting for slow servers.
  constexpr size_t at_once = 16;
  for (size_t i = 0; i < at_once; ++i)
    threads.emplace_back([&] {
      for (size_t mine = next++; mine < plans.size(); mine = next++)
        reports[mine] = carry_out(plans[mine], mine);
    });
  for (auto& x : threads)
    x.join();

  std::printf("servers answer after %d ms; a signal ends the program after at most\n",
              static_cast<int>(answers_after.count()));
  std::printf("%4s %10s %10s %10s %10s\n", "step", "sender INT", "sender TERM", "recv INT",
              "recv TERM");
  size_t cut_off = 0;
  milliseconds most{0};
  for (size_t i = 0; i < plans.size(); ++i) {
    cut_off += reports[i].cut_off() ? 1 : 0;
    most = std::max(most, reports[i].took);
    if (i % 4 == 0)
      std::printf("%4d", plans[i].step);
    std::printf(" %7d ms%s", static_cast<int>(reports[i].took.count()), i % 4 == 3 ? "\n" : "");
  }
  std::printf("the longest took %d ms; %zu of %zu were cut off by their own guard\n",
              static_cast<int>(most.count()), cut_off, plans.size());
  // A busy computer may keep a few from ending by themselves; a wait that no signal ends keeps
  // many.
  EXPECT_LE(cut_off, plans.size() / 10);
}

TEST_F(stopping, a_receiver_whose_pown_is_on_the_way_leaves_it_to_resume) {
  ASSERT_NO_FATAL_FAILURE(start(1));
  ASSERT_EQ(run_to_end("sender", {"wallet", "import", purse(0, false)}).value("code", -1), 0);
  auto sends = start_sender(sum);
  weather slow;
  // Its answers come when nobody waits for them any more.
  auto receives = run_in_weather("receiver", {"receive", invitation().string(), "--yes"});
  ASSERT_TRUE(receives.wait_for_step(22));
  slow.delay = 10min;
  weather_->set(slow);
  const auto until = clock::now() + patience;
  while (!pown_seen_ && clock::now() < until)
    std::this_thread::yield();
  const auto stopped = stop(receives, SIGTERM);
  std::printf("stopped after %d ms\n", static_cast<int>(stopped.took.count()));
  expect_stopped(stopped, SIGTERM, "receiver");
  EXPECT_FALSE(stopped.cut_off()) << stopped.result;
  EXPECT_TRUE(stopped.open()) << stopped.result;
  EXPECT_NE(stopped.result.value("what_to_do", "").find("liveconnect resume"), std::string::npos)
      << stopped.result;
  auto again = run("receiver", {"resume"});
  EXPECT_EQ(again.result().value("code", -1), 0);
  EXPECT_EQ(sends.result().value("code", -1), 0);
  expect_conserved("pown", "sender", "receiver", sum);
  EXPECT_EQ(to_string(ask_servers("receiver").counted), sum);
}

TEST_F(stopping, a_step_of_many_rounds_ends_with_its_timeout) {
  ASSERT_NO_FATAL_FAILURE(start(1));
  // Five servers fall back to what they knew two owners ago, so the notes must be fixed there
  // before they are sent.
  stop_servers();
  const auto old = folder_.path() / "old";
  std::filesystem::copy(data("servers"), old);
  start_servers();
  const auto between = (folder_.path() / "between.bin").string();
  ASSERT_EQ(run_to_end("first", {"wallet", "import", purse(0, false)}).value("code", -1), 0);
  ASSERT_EQ(run_to_end("first", {"wallet", "export", sum, "--out", between}).value("code", -1), 0);
  ASSERT_EQ(run_to_end("sender", {"wallet", "import", between}).value("code", -1), 0);
  stop_servers();
  for (const auto& entry : std::filesystem::directory_iterator{data("servers")})
    if (entry.path().filename().string().rfind("server-2", 0) == 0)
      std::filesystem::copy(old / entry.path().filename(), entry.path(),
                            std::filesystem::copy_options::overwrite_existing);
  start_servers();
  ASSERT_EQ(run_to_end("sender", {"wallet", "check"}).value("fracked", 0), 3);
  // Each Fix is waited for, for 40 s.
  lose_fixes_ = true;
  auto sends = run_in_weather(
      "sender", {"send", sum, "--invitation", invitation().string(), "--timeout", "3s"});
  ASSERT_TRUE(sends.wait_for("invitation"));
  auto receives = run_in_weather("receiver", {"receive", invitation().string(), "--yes"});
  ASSERT_TRUE(sends.wait_for_step(12));
  const auto began = clock::now();
  EXPECT_TRUE(sends.wait_for_step(13, hang));
  const auto took = std::chrono::duration_cast<milliseconds>(clock::now() - began);
  std::printf("with --timeout 3s, fixing at five silent servers took %d ms\n",
              static_cast<int>(took.count()));
  (void)stop(sends, SIGTERM);
  (void)stop(receives, SIGTERM);
  lose_fixes_ = false;
  resume_both("sender", "receiver");
  expect_conserved("fix", "sender", "receiver", sum);
}

TEST_F(stopping, commands_without_a_peer_end_at_once_over_slow_and_silent_servers) {
  ASSERT_NO_FATAL_FAILURE(start(3));
  ASSERT_EQ(run_to_end("sender", {"wallet", "import", purse(0, true)}).value("code", -1), 0);
  const auto coins = (folder_.path() / "taken.bin").string();
  const auto minted = (folder_.path() / "new.bin").string();
  weather slow;
  slow.delay = 500ms;
  weather silent;
  silent.silent = true;
  std::printf("%-14s %8s %8s\n", "command", "slow", "silent");
  struct row {
    const char* name;
    std::vector<std::string> words;
  };
  const row rows[] = {
      {"import", {"wallet", "import", purse(1, false)}},     {"check", {"wallet", "check"}},
      {"export", {"wallet", "export", "3", "--out", coins}}, {"resume", {"resume"}},
      {"mint", {"raida", "mint", "5", "--out", minted}},     {"status", {"raida", "status"}},
  };
  for (const auto& x : rows) {
    std::printf("%-14s", x.name);
    for (const auto& how : {slow, silent}) {
      weather_->set(how);
      const auto before = weather_->asked();
      // The operator's key lies with the servers.
      const auto side = std::string{x.name} == "mint" ? "servers" : "sender";
      auto works = run_in_weather(side, x.words);
      ASSERT_NO_FATAL_FAILURE(wait_asked(before)) << x.name;
      const auto stopped = stop(works, SIGTERM);
      std::printf(" %5d ms", static_cast<int>(stopped.took.count()));
      expect_stopped(stopped, SIGTERM, x.name);
    }
    std::printf("\n");
  }
  // What was open is finished by the next start, and nothing is lost.
  const auto imported = run_to_end("sender", {"wallet", "import", purse(1, false)});
  EXPECT_EQ(imported.value("code", -1), 0) << imported;
  EXPECT_EQ(to_string(list("sender").spendable), "13");
  EXPECT_EQ(to_string(ask_servers("sender").counted), "13");
}

TEST_F(stopping, an_import_over_servers_that_take_no_connection_ends_at_once) {
  ASSERT_NO_FATAL_FAILURE(start(40));
  // Too many notes for a datagram.
  const auto file = write("many", ones_);
  weather wedged;
  wedged.wedged = true;
  weather_->set(wedged);
  auto works = run_in_weather("sender", {"wallet", "import", file});
  // It says so once a second.
  ASSERT_TRUE(works.wait_for("progress"));
  const auto stopped = stop(works, SIGTERM);
  std::printf("stopped after %d ms\n", static_cast<int>(stopped.took.count()));
  expect_stopped(stopped, SIGTERM, "import");
  EXPECT_EQ(run_to_end("sender", {"wallet", "import", file}).value("code", -1), 0);
  EXPECT_EQ(to_string(ask_servers("sender").counted), std::to_string(ones_.size()));
}

TEST_F(stopping, status_tells_the_weather) {
  ASSERT_NO_FATAL_FAILURE(start(0));
  weather refuses;
  refuses.refuses = true;
  weather silent;
  silent.silent = true;
  weather twice;
  twice.copies = 2;
  weather_->set(3, refuses);
  weather_->set(4, silent);
  weather_->set(5, twice);
  auto states = run_in_weather("sender", {"raida", "status", "--timeout", "1s"}).result();
  EXPECT_EQ(states.value("up", 0), 23) << states;
  EXPECT_EQ(states["servers"][3]["state"], "unreachable");
  EXPECT_EQ(states["servers"][4]["state"], "silent");
  EXPECT_EQ(states["servers"][5]["state"], "up");
  weather_->set({});
  states = run_in_weather("sender", {"raida", "status"}).result();
  EXPECT_EQ(states.value("up", 0), 25) << states;
}

} // namespace
} // namespace liveconnect::test
