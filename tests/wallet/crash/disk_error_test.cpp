#include <algorithm>
#include <map>
#include <system_error>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/wallet/crash/explore.hpp"
#include "tests/wallet/crash/seeded_random.hpp"

// A file call that fails is no kill: the program lives, says what failed, and a restart goes on.
// Every error that the system knows for the call, at every call, once and from then on
// (docs/design/safety.md 6.1 K4). Checks I1, I2, I3, I13, I16 and what the error says.
namespace liveconnect::test {
namespace {

class disk_error : public ::testing::TestWithParam<crash_case> {};

// One error at one call.
struct trouble {
  std::string call;
  size_t at = 0;
  int error = 0;
  bool for_good = false;

  std::string words() const { return std::system_category().message(error); }
};

std::ostream& operator<<(std::ostream& out, const trouble& x) {
  return out << x.call << ", call " << x.at << ": " << x.words()
             << (x.for_good ? ", from then on" : ", once");
}

std::vector<trouble> troubles_of(const crash_case& what) {
  const seeded_random numbers{1};
  crash_world world{*what.what, what.victim};
  (void)world.run();
  std::vector<trouble> out;
  size_t at = 0, reading = 0;
  for (const auto& call : world.disk().trace()) {
    ++at;
    const auto& errors = errors_of(call);
    // Most calls only read; on every commit every sixth of them is enough.
    if (!is_nightly() && !changes_the_disk(call) && call != "close" && ++reading % 6 != 0)
      continue;
    const auto turn = out.size();
    for (size_t i = 0; i < errors.size(); ++i)
      for (const auto for_good : {false, true})
        // On every commit each call meets one of its errors, one after the other.
        if (is_nightly() || (i == turn / 2 % errors.size() && for_good == (turn % 2 == 0)))
          out.push_back({call, at, errors[i], for_good});
  }
  return out;
}

// What an error does not say that it should: the cause as the system puts it, where it happened,
// and a code of the disk. Empty when all is well.
std::string unsaid(const caf::error& err, const trouble& what,
                   const std::vector<std::string>& paths) {
  const auto detail = detail_of(err);
  const auto names_it = [&](const std::string& path) {
    return detail.find(path.substr(path.rfind('/') + 1)) != std::string::npos;
  };
  std::string out;
  if (code_of(err) != ec::disk_failed)
    out += " is called " + to_string(code_of(err));
  if (detail.find(what.words()) == std::string::npos)
    out += " without the cause";
  if (std::none_of(paths.begin(), paths.end(), names_it))
    out += " without the name";
  return out.empty()
             ? out
             : what.call + " of " + paths.front() + ": " + what.words() + out + ": " + detail;
}

TEST_P(disk_error, at_each_file_call_loses_nothing_and_is_named) {
  const auto what = GetParam();
  tally counts{"disk errors, " + name_of(what)};
  std::map<std::string, size_t> wrong;
  for (const auto& one : troubles_of(what)) {
    const seeded_random numbers{1};
    crash_world world{*what.what, what.victim};
    world.disk().arm_error(one.error, one.at, one.for_good);
    const auto err = world.run();
    counts.count(one.for_good ? "errors from then on" : "errors once");
    ASSERT_TRUE(world.disk().has_struck()) << one;
    if (err) {
      counts.count("reported");
      if (const auto x = unsaid(err, one, world.disk().struck_at()); !x.empty())
        ++wrong[x];
    }
    // A program that is started again on the same disk does no harm either.
    if (one.for_good)
      (void)world.restart(what.victim);
    world.disk().recovered();
    const auto found = world.aftermath(one.at % 4 < 2);
    ASSERT_EQ(joined(found), "") << one;
  }
  for (const auto& [text, times] : wrong)
    ADD_FAILURE() << times << " times: " << text;
}

INSTANTIATE_TEST_SUITE_P(of, disk_error, ::testing::ValuesIn(all_cases()),
                         [](const auto& x) { return name_of(x.param); });

} // namespace
} // namespace liveconnect::test
