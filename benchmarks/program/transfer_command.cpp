#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "benchmarks/program/command.hpp"
#include "benchmarks/program/options.hpp"
#include "benchmarks/questions/side_by_side.hpp"
#include "benchmarks/questions/transfer_run.hpp"
#include "benchmarks/report/report.hpp"
#include "benchmarks/subjects/machine_info.hpp"
#include "benchmarks/subjects/scratch_folder.hpp"
#include "cli/shell/child_process.hpp"
#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect::bench {

namespace {

struct transfer_flags {
  std::string sum = "3439";
  std::string count = "20";
  std::string jobs = "4";
  std::string purse;
  std::string out_file;
};

caf::expected<transfer_plan> plan_of(const transfer_flags& flags) {
  transfer_plan out;
  const auto sum = amount::parse(flags.sum);
  if (!sum)
    return fail(ec::bad_argument, "--amount cannot be " + in_quotes(flags.sum, 40) +
                                      ". Give it coins, such as 3439 or 0.25.");
  out.sum = *sum;
  const auto count = parse_count(flags.count, "--count", 1, 100'000);
  if (!count)
    return count.error();
  out.count = *count;
  const auto jobs = parse_count(flags.jobs, "--jobs", 1, 256);
  if (!jobs)
    return jobs.error();
  out.jobs = std::min(*jobs, *count);
  out.purse = flags.purse;
  return out;
}

/// The programs that it starts lie beside this one.
caf::expected<std::string> find_client() {
  const auto folder = cli::own_folder();
  if (!folder)
    return folder.error();
  for (const auto* name : {"liveconnect", "liveconnect-relay"}) {
    std::error_code problem;
    if (!std::filesystem::exists(*folder / name, problem))
      return fail(ec::bad_config, fmt::format("Cannot find {}. Build it, or begin with ./run.",
                                              (*folder / name).string()));
  }
  return (*folder / "liveconnect").string();
}

command_end run_transfer(const transfer_flags& flags, environment& env) {
  const auto plan = plan_of(flags);
  if (!plan)
    return {plan.error()};
  const auto client = find_client();
  if (!client)
    return {client.error()};
  const auto folder = scratch_folder::make();
  if (!folder)
    return {folder.error()};
  env.out.line(machine_line());
  env.out.line(fmt::format("{}: {} of them", name_of(*plan), plan->count));
  const auto figures = run_transfers(*plan, folder->path(), env.out, env.stop);
  if (!figures)
    return {figures.error()};
  const auto version = first_line_of(*client, "version");
  const side_by_side ours{{relay_name, version, {*figures}}};
  for (const auto& line : table_of(ours))
    env.out.last(line);

  json scenario{{"name", name_of(*plan)}};
  add_figures(scenario, ours);
  auto result = result_head("transfer");
  result["versions"] = {{relay_name, version}};
  result["settings"] = {{"count", plan->count}, {"jobs", plan->jobs}};
  result["scenarios"] = json::array({scenario});
  return finish_result(std::move(result), flags.out_file, "", env);
}

} // namespace

void add_transfer_command(CLI::App& root, command_table& table) {
  auto* app = root.add_subcommand("transfer", "Run whole transfers between real programs");
  auto flags = std::make_shared<transfer_flags>();
  auto& x = *flags;
  app->add_option("--count", x.count, "Number of transfers (20)");
  app->add_option("--jobs", x.jobs, "How many of them at a time (4)");
  app->add_option("--amount", x.sum, "Coins sent in each (3439)");
  app->add_option(
      "--purse", x.purse,
      "Notes that each sender starts with, such as 1000:5,100:3 (notes that need change)");
  app->add_option("--out", x.out_file, "Write the result to this file")->group(result_group);
  table.add(app, [flags](environment& env) { return run_transfer(*flags, env); });
}

} // namespace liveconnect::bench
