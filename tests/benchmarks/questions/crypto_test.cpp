// What `liveconnect-bench crypto` measures, in turns too short to say anything: that each question
// is answered, by every contender. How fast is no concern of these tests.
#include <fstream>

#include <gtest/gtest.h>
#include <sodium.h>

#include "benchmarks/questions/crypto_questions.hpp"
#include "benchmarks/subjects/machine_info.hpp"
#include "messages/base/error.hpp"
#include "tests/benchmarks/bench_program.hpp"
#include "tests/support/temporary_folder.hpp"

namespace liveconnect::bench {
namespace {

using json = nlohmann::json;

ended short_run(std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"crypto", "--json", "--seconds", "0.001", "--rounds", "2"});
  return bench(std::move(more));
}

TEST(turns, each_contender_has_its_turn_and_goes_where_its_work_is_made) {
  size_t made = 0;
  size_t used = 0;
  size_t plain = 0;
  const auto count = [](size_t& x) {
    return [&x](size_t times) {
      x += times;
      return true;
    };
  };
  auto all = turns::between({{count(used), count(made)}, {count(plain), {}}});
  ASSERT_TRUE(all);
  const auto before = plain;
  const auto seconds = all->run(std::chrono::nanoseconds(1));
  ASSERT_TRUE(seconds);
  EXPECT_EQ(seconds->size(), 2u);
  EXPECT_EQ(used, made) << "nothing is used twice, nothing is left over";
  EXPECT_GT(plain, before);
}

TEST(turns, work_that_fails_or_is_stopped_gives_no_figures) {
  size_t left = 100'000'000;
  const auto fails_later = [&](size_t times) {
    const bool enough = times <= left;
    left -= std::min(times, left);
    return enough;
  };
  const auto never = turns::between({{[](size_t) { return false; }, {}}});
  ASSERT_FALSE(never);
  auto later = turns::between({{fails_later, {}}});
  ASSERT_TRUE(later);
  left = 0;
  const auto failed = later->run(std::chrono::seconds(60));
  ASSERT_FALSE(failed);
  EXPECT_EQ(code_of(failed.error()), ec::internal);
  left = 100'000'000;
  const auto stopped = later->run(std::chrono::seconds(60), 0, [] { return true; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(code_of(stopped.error()), ec::stopped);
}

TEST(crypto_questions, figures_follow_from_seconds) {
  crypto_question what;
  what.notes = 100;
  what.bytes = 40'000;
  const auto x = figures_of(what, 50e-6);
  EXPECT_DOUBLE_EQ(x.at("operations_per_second"), 20'000);
  EXPECT_DOUBLE_EQ(x.at("cpu_us_each"), 50);
  EXPECT_DOUBLE_EQ(x.at("cpu_us_per_note"), 0.5);
  EXPECT_DOUBLE_EQ(x.at("gb_per_second"), 0.8);
  EXPECT_DOUBLE_EQ(x.at("cpu_s_per_gb"), 1.25);
  EXPECT_EQ(figures_of({}, 1e-6).count("cpu_s_per_gb"), 0u) << "about neither notes nor bytes";
  EXPECT_TRUE(figures_of(what, 0).empty()) << "a clock that stood still says nothing";
}

TEST(crypto_questions, the_cost_of_encryption_is_given_by_note_and_by_gigabyte) {
  crypto_question what;
  what.name = "seal, 100 notes";
  const side_by_side list{{"liveconnect", "", {{{"cpu_us_per_note", 0.5}, {"cpu_s_per_gb", 1.2}}}},
                          {"libsodium", "", {{{"cpu_s_per_gb", 0.6}}}}};
  EXPECT_EQ(cost_sentence(what, list),
            "seal, 100 notes: 0.500 us a note, 1.20 CPU s a GB, 2.00 x libsodium's cipher alone");
}

TEST(bench_program, crypto_answers_every_question_beside_others) {
  const auto x = short_run();
  ASSERT_EQ(x.code, 0) << x.errors << x.output;
  const auto& result = x.result.at("result");
  EXPECT_EQ(result.at("kind"), "crypto");
  EXPECT_FALSE(result.at("commit").get<std::string>().empty());
  EXPECT_EQ(result.at("machine").at("cores"), this_machine().cores) << "not of the one it used";
  EXPECT_NE(result.at("versions").at("liveconnect").get<std::string>().find("OpenSSL"),
            std::string::npos);
  EXPECT_EQ(result.at("versions").at("libsodium"), "libsodium " SODIUM_VERSION_STRING);
  // Two numbers of notes: 2 questions about commands, 2 about the handshake, 9 about notes each.
  EXPECT_EQ(result.at("scenarios").size(), 22u);
  EXPECT_EQ(result.at("headlines").size(), 10u) << "of sealing and coins, each";
  for (const auto& scenario : result.at("scenarios")) {
    const auto name = scenario.at("name").get<std::string>();
    const auto& subjects = scenario.at("subjects");
    EXPECT_GE(subjects.size(), 2u) << name;
    ASSERT_TRUE(subjects.contains("liveconnect")) << name;
    for (const auto& subject : subjects.items()) {
      EXPECT_EQ(subject.value().at("rounds").size(), 2u) << name;
      EXPECT_FALSE(subject.value().at("version").get<std::string>().empty()) << name;
      const auto& summary = subject.value().at("summary");
      EXPECT_GE(summary.size(), 2u) << name << subject.key();
      for (const auto& figure : summary.items())
        EXPECT_GT(figure.value().get<double>(), 0) << name << subject.key() << figure.key();
    }
    const auto& ours = subjects.at("liveconnect").at("summary");
    EXPECT_EQ(ours.contains("cpu_us_per_note"), scenario.at("notes") > 0) << name;
    EXPECT_EQ(ours.contains("cpu_s_per_gb"), scenario.at("plaintext_bytes") > 0) << name;
    for (const auto& ratio : scenario.at("ratios").items())
      EXPECT_GT(ratio.value().at("cpu_us_each").get<double>(), 0) << name << ratio.key();
  }
}

TEST(bench_program, crypto_answers_in_plain_text_too) {
  const auto x =
      bench({"crypto", "--mode", "seal", "--notes", "3", "--seconds", "0.001", "--rounds", "1"});
  ASSERT_EQ(x.code, 0) << x.errors;
  EXPECT_NE(x.output.find("x libsodium"), std::string::npos) << x.output;
  EXPECT_NE(x.output.find("cpu_us_per_note us"), std::string::npos) << x.output;
  EXPECT_NE(x.output.find("seal, 3 notes: "), std::string::npos) << x.output;
}

TEST(bench_program, crypto_results_are_written_compared_and_drawn) {
  test::temporary_folder folder;
  const auto file = (folder / "crypto.json").string();
  const auto page = folder / "page";
  const auto x = short_run(
      {"--mode", "seal,handshake", "--notes", "100", "--out", file, "--report", page.string()});
  ASSERT_EQ(x.code, 0) << x.errors << x.output;
  const auto compared = bench({"compare", "--json", file, file});
  ASSERT_EQ(compared.code, 0) << compared.errors;
  EXPECT_GE(compared.result.at("comparisons").size(), 14u);
  for (const auto& one : compared.result.at("comparisons"))
    EXPECT_EQ(one.at("verdict"), "tie") << one;
  std::ifstream index(page / "index.html");
  const std::string text{std::istreambuf_iterator<char>(index), {}};
  EXPECT_NE(text.find("us a note"), std::string::npos) << text;
  EXPECT_NE(text.find("cpu_us_per_note"), std::string::npos) << text;
  EXPECT_TRUE(std::filesystem::exists(page / "rates.svg"));
}

TEST(bench_program, a_signal_ends_crypto) {
  test::process program{{"liveconnect-bench", "crypto", "--json", "--seconds", "60"}};
  ASSERT_TRUE(program.read_until("progress", std::chrono::seconds(30)));
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(std::chrono::seconds(30)), 130);
}

} // namespace
} // namespace liveconnect::bench
