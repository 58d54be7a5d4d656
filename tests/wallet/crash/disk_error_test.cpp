#include <cerrno>
#include <map>
#include <system_error>

#include <gtest/gtest.h>

#include "messages/base/error.hpp"
#include "tests/wallet/crash/explore.hpp"
#include "tests/wallet/crash/seeded_random.hpp"

namespace liveconnect::test {
namespace {

class disk_error : public ::testing::TestWithParam<crash_case> {};

std::map<std::string, size_t> seen_codes;

TEST_P(disk_error, at_each_file_call_loses_nothing) {
  const auto what = GetParam();
  tally counts{"disk errors, " + name_of(what)};
  std::vector<std::string> trace;
  {
    const seeded_random numbers{1};
    crash_world world{*what.what, what.victim};
    (void)world.run();
    trace = world.disk().trace();
  }
  counts.count("file calls", trace.size());
  for (size_t at = 1; at <= trace.size(); ++at) {
    const auto& errors = errors_of(trace[at - 1]);
    for (size_t i = 0; i < errors.size(); ++i)
      for (const auto for_good : {false, true}) {
        if (!is_nightly() && (i != (at / 2) % errors.size() || for_good != (at % 2 == 0)))
          continue;
        const seeded_random numbers{1};
        crash_world world{*what.what, what.victim};
        world.disk().arm_error(errors[i], at, for_good);
        const auto err = world.run();
        counts.count(for_good ? "errors for good" : "errors once");
        const auto words = std::system_category().message(errors[i]);
        if (err) {
          counts.count("reported");
          const auto detail = detail_of(err);
          const bool cause = detail.find(words) != std::string::npos;
          const auto name =
              world.disk().struck_at().substr(world.disk().struck_at().rfind('/') + 1);
          const bool named =
              detail.find(name) != std::string::npos || detail.find(".tmp-") != std::string::npos;
          auto key = to_string(code_of(err)) + (cause ? "" : " nocause") + (named ? "" : " noname");
          if (code_of(err) != ec::disk_failed || !cause || !named)
            key += " | " + trace[at - 1] + " " + words + " | " + detail;
          ++seen_codes[key];
        }
        if (for_good)
          (void)world.restart(what.victim);
        world.disk().recovered();
        const auto found = world.aftermath(at % 4 < 2);
        ASSERT_EQ(joined(found), "") << trace[at - 1] << ", call " << at << ": " << words
                                     << (for_good ? ", from then on" : ", once");
      }
  }
}

TEST(zz, codes) {
  for (auto& [k, n] : seen_codes)
    std::printf("CODE %zu %s\n", n, k.c_str());
}

INSTANTIATE_TEST_SUITE_P(of, disk_error, ::testing::ValuesIn(all_cases()),
                         [](const auto& x) { return name_of(x.param); });

} // namespace
} // namespace liveconnect::test
