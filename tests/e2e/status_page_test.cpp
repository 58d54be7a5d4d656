// The status page as a person sees it: Debian's Chromium, headless, on a relay that is busy.
#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/e2e/relay_program.hpp"
#include "tests/support/browser.hpp"

namespace liveconnect::test {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

class status_page_test : public ::testing::Test {
protected:
  void SetUp() override {
    ASSERT_TRUE(browser::installed()) << "install chromium and chromium-driver "
                                         "(scripts/packages.txt)";
    window_ = std::make_unique<browser>();
    window_->set_page_size(1280, 900);
    window_->open("http://" + relay_.status() + "/");
  }

  tcp_client join(const std::string& room) const {
    tcp_client out(relay_.address());
    out.send("<# Join_Room " + room + ">\n");
    return out;
  }

  /// Waits until the element shows this, sending something in the room meanwhile.
  template<class Condition>
  bool eventually(Condition holds) {
    const auto until = clock::now() + 15s;
    while (clock::now() < until) {
      if (holds())
        return true;
      if (talker_)
        talker_->send("<# Wink>\n<# Wink>\n");
    }
    return false;
  }

  std::string shown(const std::string& id) { return window_->text(id); }

  /// The number behind a name in one of the tables.
  std::string row(const std::string& table, const std::string& name) {
    const auto x =
        window_->run("const x = document.querySelector('#" + table + " tr[data-reason=\"" + name +
                     "\"] td:last-child'); return x ? x.textContent : ''");
    return x.is_string() ? x.get<std::string>() : std::string{};
  }

  /// The points of a chart's first line, the newest last.
  std::string line_of(const std::string& id) {
    const auto x = window_->run("const x = document.querySelector('#" + id +
                                " polyline'); return x ? x.getAttribute('points') : ''");
    return x.is_string() ? x.get<std::string>() : std::string{};
  }

  /// A picture of each step goes to the folder that this variable names.
  void keep_picture(const std::string& name) {
    if (const char* folder = std::getenv("LIVECONNECT_SCREENSHOTS"))
      window_->screenshot(std::string(folder) + "/" + name + ".png");
  }

  bool fits() {
    return window_->run("return document.documentElement.scrollWidth <= window.innerWidth") == true;
  }

  relay_program relay_{{"--status-listen", "127.0.0.1:0", "--room-bytes-per-second-max", "16KiB"}};
  std::unique_ptr<browser> window_;
  tcp_client* talker_ = nullptr;
};

TEST_F(status_page_test,
       rooms_rates_and_refusals_are_there_and_move_without_an_error_at_any_width) {
  ASSERT_TRUE(eventually([&] { return shown("state") == "serving"; })) << shown("state");
  EXPECT_EQ(shown("waiting"), "0");
  auto waiting = join("1");
  auto a = join("42");
  ASSERT_TRUE(a.read_until("Room_Joined"));
  auto b = join("42");
  ASSERT_TRUE(b.read_until("Peer_Joined"));
  auto third = join("42");
  ASSERT_TRUE(third.read_until("Refused crowded"));
  EXPECT_TRUE(eventually([&] { return shown("waiting") == "1" && shown("paired") == "1"; }));
  EXPECT_TRUE(eventually([&] { return row("refusals", "crowded") == "1"; })) << shown("refusals");
  EXPECT_NE(shown("refusals").find("a third person at a room of two"), std::string::npos);
  EXPECT_EQ(shown("connections-max").rfind("of ", 0), 0u) << shown("connections-max");

  // Rates rise while frames pass, and the line of the chart moves.
  const auto before = line_of("chart-messages");
  talker_ = &a;
  EXPECT_TRUE(eventually([&] { return shown("messages") != "0" && shown("bytes") != "0 B"; }));
  EXPECT_TRUE(eventually([&] { return line_of("chart-messages") != before; }));
  keep_picture("wide");
  talker_ = nullptr;
  // A room over its rate is read more slowly, and that is seen.
  a.send("<# coin>" + std::string(30'000, 'A') + "</coin>\n");
  const std::string fast = "senders, of rooms over their rate";
  EXPECT_TRUE(eventually([&] { return row("waits", fast).find_first_of("123456789") == 0; }))
      << shown("waits");

  // Every span of time can be chosen.
  for (const auto* text : {"10 s", "10 min", "60 min", "1 min"}) {
    window_->run(std::string("for (const x of document.querySelectorAll('button')) "
                             "if (x.textContent === '") +
                 text + "') x.click()");
    EXPECT_EQ(window_->run("return document.querySelector('[aria-pressed=true]').textContent"),
              text);
  }
  // And falls back when it is quiet again.
  EXPECT_TRUE(eventually([&] { return shown("messages") == "0"; }));
  b.close();
  EXPECT_TRUE(eventually([&] { return shown("paired") == "0"; }));

  EXPECT_TRUE(fits());
  window_->set_page_size(390, 844);
  EXPECT_EQ(window_->run("return window.innerWidth"), 390);
  EXPECT_TRUE(fits());
  // Large enough to be touched.
  EXPECT_EQ(window_->run("return [...document.querySelectorAll('button')].every(x => "
                         "x.getBoundingClientRect().height >= 40)"),
            true);
  keep_picture("phone");
  const auto light = window_->run("return getComputedStyle(document.body).backgroundColor");
  window_->set_page_size(390, 844, true);
  EXPECT_NE(window_->run("return getComputedStyle(document.body).backgroundColor"), light);
  keep_picture("dark");
  EXPECT_EQ(window_->console_errors(), std::vector<std::string>{});
}

TEST_F(status_page_test, says_so_when_the_relay_drains_and_when_it_is_gone) {
  auto waiting = join("1");
  ASSERT_TRUE(waiting.read_until("Room_Joined"));
  relay_.program().signal(SIGTERM);
  EXPECT_TRUE(eventually([&] { return shown("state") == "draining"; })) << shown("state");
  waiting.close();
  EXPECT_TRUE(eventually([&] { return shown("state").rfind("no answer", 0) == 0; }))
      << shown("state");
}

TEST_F(status_page_test, the_policy_keeps_foreign_code_out) {
  ASSERT_TRUE(eventually([&] { return shown("state") == "serving"; }));
  EXPECT_TRUE(window_->console_errors().empty());
  window_->run("const x = document.createElement('script'); x.textContent = 'window.hostile = 1'; "
               "document.body.append(x)");
  EXPECT_EQ(window_->run("return window.hostile === undefined"), true);
  EXPECT_FALSE(window_->console_errors().empty());
}

} // namespace
} // namespace liveconnect::test
