// Feeds every target with its seeds and with the inputs that once broke it, in every preset: no
// fuzzer is needed for that.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/fuzz/target.hpp"

namespace liveconnect::fuzz {

std::vector<target>& all_targets() {
  static std::vector<target> out;
  return out;
}

namespace {

std::filesystem::path corpus() {
  return std::filesystem::path{LIVECONNECT_TEST_DATA} / "corpus";
}

class replay : public ::testing::TestWithParam<target> {};

TEST_P(replay, of_the_corpus_holds_every_property) {
  size_t inputs = 0;
  for (const auto& entry : std::filesystem::directory_iterator{corpus() / GetParam().name}) {
    std::ifstream in{entry.path(), std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
    // A property that does not hold ends the process: the last name said is the input's.
    std::fprintf(stderr, "%s\n", entry.path().c_str());
    GetParam().run(byte_view(std::string_view{text}));
    ++inputs;
  }
  EXPECT_GT(inputs, 0u) << "no seeds in " << corpus() / GetParam().name;
}

std::vector<target> sorted_targets() {
  auto out = all_targets();
  std::sort(out.begin(), out.end(), [](const target& x, const target& y) {
    return std::string_view{x.name} < std::string_view{y.name};
  });
  return out;
}

} // namespace

INSTANTIATE_TEST_SUITE_P(targets, replay, ::testing::ValuesIn(sorted_targets()),
                         [](const auto& x) { return std::string{x.param.name}; });

TEST(replay_of_all, has_a_target_for_every_folder_of_seeds) {
  std::set<std::string> targets, folders;
  for (const auto& x : all_targets())
    targets.insert(x.name);
  uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{corpus()}) {
    if (entry.is_directory())
      folders.insert(entry.path().filename().string());
    else
      bytes += entry.file_size();
  }
  EXPECT_EQ(targets, folders);
  EXPECT_LT(bytes, 300'000u) << "seeds are for the repository: minimise them";
}

} // namespace liveconnect::fuzz
