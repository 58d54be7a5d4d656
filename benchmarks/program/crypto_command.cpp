#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "benchmarks/program/command.hpp"
#include "benchmarks/program/options.hpp"
#include "benchmarks/questions/crypto_questions.hpp"
#include "benchmarks/report/report.hpp"
#include "benchmarks/report/report_page.hpp"
#include "benchmarks/subjects/cores.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

/// What was asked for, as text; empty: not given.
struct crypto_flags {
  std::string modes;
  std::string notes;
  std::string seconds;
  std::string rounds;
  std::string out_file;
  std::string report_folder;
};

struct crypto_plan {
  std::vector<crypto_topic> topics{std::begin(all_crypto_topics), std::end(all_crypto_topics)};
  std::vector<size_t> notes{1, 100};
  std::chrono::milliseconds measured{200};
  size_t rounds = 5;
};

struct crypto_answer {
  crypto_question what;
  side_by_side figures;
};

caf::expected<crypto_plan> plan_of(const crypto_flags& flags) {
  crypto_plan out;
  if (!flags.modes.empty())
    out.topics.clear();
  for (const auto& name : split_list(flags.modes)) {
    const auto topic = parse_crypto_topic(name);
    if (!topic)
      return wrong_value("--mode", name,
                         "command, seal, coin, handshake, base64 or coin-file, with commas "
                         "between them");
    out.topics.push_back(*topic);
  }
  if (!flags.notes.empty())
    out.notes.clear();
  for (const auto& text : split_list(flags.notes)) {
    const auto count = parse_count(text, "--notes", 1, notes_of_a_frame());
    if (!count)
      return count.error();
    out.notes.push_back(*count);
  }
  if (!flags.seconds.empty()) {
    const auto seconds = parse_seconds(flags.seconds, "--seconds", 3600);
    if (!seconds)
      return seconds.error();
    out.measured = *seconds;
  }
  if (!flags.rounds.empty()) {
    const auto rounds = parse_count(flags.rounds, "--rounds", 1, 1000);
    if (!rounds)
      return rounds.error();
    out.rounds = *rounds;
  }
  return out;
}

caf::expected<side_by_side> answer(const crypto_question& what, const crypto_plan& plan,
                                   environment& env) {
  side_by_side out;
  std::vector<contender> list;
  for (const auto& x : what.ways) {
    out.push_back({x.subject, x.version, {}});
    list.push_back(x.how);
  }
  auto all = turns::between(std::move(list));
  if (!all)
    return all.error();
  env.out.progress(what.name, 0, plan.rounds);
  for (size_t round = 0; round < plan.rounds; ++round) {
    const auto seconds = all->run(plan.measured, round, env.stopped());
    if (!seconds)
      return seconds.error();
    for (size_t i = 0; i < out.size(); ++i)
      out[i].rounds.push_back(figures_of(what, (*seconds)[i]));
    env.out.progress(what.name, round + 1, plan.rounds);
  }
  return out;
}

json to_json(const crypto_answer& x) {
  json out{{"name", x.what.name},
           {"mode", to_string(x.what.topic)},
           {"notes", x.what.notes},
           {"plaintext_bytes", x.what.bytes}};
  add_figures(out, x.figures);
  return out;
}

json result_of(const crypto_plan& plan, int core, const std::vector<crypto_answer>& list) {
  auto out = result_head("crypto");
  json versions = json::object();
  for (const auto& x : list)
    for (const auto& y : x.figures)
      versions[y.name] = y.version;
  out["versions"] = versions;
  out["settings"] = {{"seconds", std::chrono::duration<double>(plan.measured).count()},
                     {"rounds", plan.rounds},
                     {"notes", plan.notes},
                     {"core", core}};
  out["headlines"] = json::array();
  out["scenarios"] = json::array();
  for (const auto& x : list) {
    out["scenarios"].push_back(to_json(x));
    const auto topic = x.what.topic;
    if (topic == crypto_topic::seal || topic == crypto_topic::coin)
      out["headlines"].push_back(cost_sentence(x.what, x.figures));
  }
  return out;
}

command_end run_crypto(const crypto_flags& flags, environment& env) {
  const auto plan = plan_of(flags);
  if (!plan)
    return {plan.error()};
  if (!flags.report_folder.empty())
    if (auto err = check_gnuplot())
      return {err};
  std::vector<crypto_question> questions;
  for (const auto topic : plan->topics) {
    auto some = crypto_questions(topic, plan->notes);
    if (!some)
      return {some.error()};
    for (auto& x : *some)
      questions.push_back(std::move(x));
  }
  env.out.line(machine_line());
  env.out.line(fmt::format("{} questions, about {:.0f} s; rates are a second of processor time",
                           questions.size(),
                           static_cast<double>(questions.size() * plan->rounds) *
                               std::chrono::duration<double>(plan->measured).count()));
  const auto core = choose_cores(true).subject;
  std::vector<crypto_answer> answers;
  {
    const on_core here{core};
    for (auto& x : questions) {
      auto figures = answer(x, *plan, env);
      if (!figures)
        return {figures.error()};
      answers.push_back({std::move(x), std::move(*figures)});
      for (const auto& line : table_of(answers.back().figures))
        env.out.line(line);
      env.out.event("scenario", to_json(answers.back()));
    }
  }
  return finish_result(result_of(*plan, core, answers), flags.out_file, flags.report_folder, env);
}

} // namespace

void add_crypto_command(CLI::App& root, command_table& table) {
  auto* app =
      root.add_subcommand("crypto", "Measure what sealing, framing and coin files cost, beside "
                                    "libsodium and memcpy");
  auto flags = std::make_shared<crypto_flags>();
  auto& x = *flags;
  const auto* work = "Work";
  app->add_option("--mode", x.modes,
                  "command, seal, coin, handshake, base64, coin-file (all of them)")
      ->group(work);
  app->add_option("--notes", x.notes, "Notes in a coin file, a list (1,100)")->group(work);
  app->add_option("--seconds", x.seconds, "Seconds of each round (0.2)")->group(work);
  app->add_option("--rounds", x.rounds, "Rounds of each question (5)")->group(work);
  add_result_options(*app, x.out_file, x.report_folder);
  table.add(app, [flags](environment& env) { return run_crypto(*flags, env); });
}

} // namespace liveconnect::bench
