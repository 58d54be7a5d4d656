#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "benchmarks/program/command.hpp"
#include "benchmarks/questions/campaign.hpp"
#include "benchmarks/report/compare.hpp"
#include "benchmarks/report/report.hpp"

namespace liveconnect::bench {

namespace {

command_end run_compare(const std::string& before_file, const std::string& after_file,
                        environment& env) {
  const auto before = read_result(before_file);
  if (!before)
    return {before.error()};
  const auto after = read_result(after_file);
  if (!after)
    return {after.error()};
  command_end end;
  end.fields["doubts"] = json::array();
  for (const auto& x : doubts_about(*before, *after)) {
    env.out.note(x);
    end.fields["doubts"].push_back(x);
  }
  std::string scenario;
  end.fields["comparisons"] = json::array();
  for (const auto& x : compare_results(*before, *after)) {
    if (x.scenario != scenario)
      env.out.last(x.scenario);
    scenario = x.scenario;
    env.out.last(fmt::format("  {:<28}{:>12}{:>12}{:>8.2f}  {}", x.metric, short_number(x.before),
                             short_number(x.after), x.ratio, to_string(x.what)));
    end.fields["comparisons"].push_back({{"scenario", x.scenario},
                                         {"metric", x.metric},
                                         {"before", x.before},
                                         {"after", x.after},
                                         {"ratio", x.ratio},
                                         {"verdict", to_string(x.what)}});
  }
  if (end.fields["comparisons"].empty())
    env.out.last("The two results have no scenario in common.");
  else
    env.out.line("Figures less than 15 % apart count as a tie.");
  return end;
}

} // namespace

void add_compare_command(CLI::App& root, command_table& table) {
  auto* app = root.add_subcommand("compare", "Compare two results");
  auto files = std::make_shared<std::pair<std::string, std::string>>();
  app->add_option("BEFORE", files->first, "File written by --out")->required();
  app->add_option("AFTER", files->second, "Another such file")->required();
  table.add(app,
            [files](environment& env) { return run_compare(files->first, files->second, env); });
}

} // namespace liveconnect::bench
