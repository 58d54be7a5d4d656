#include <filesystem>

#include <CLI/CLI.hpp>

#include "benchmarks/program/command.hpp"
#include "benchmarks/report/report.hpp"
#include "benchmarks/report/report_page.hpp"

namespace liveconnect::bench {

void add_result_options(CLI::App& app, std::string& out_file, std::string& report_folder) {
  app.add_option("--out", out_file, "Write the result to this file")->group(result_group);
  app.add_option("--report", report_folder, "Write a page with plots into this folder")
      ->group(result_group);
}

command_end finish_result(json result, const std::string& out_file,
                          const std::string& report_folder, environment& env) {
  command_end end;
  for (const auto& x : result.value("headlines", json::array()))
    env.out.last(x.get<std::string>());
  end.fields["result"] = result;
  if (!out_file.empty())
    if (auto err = write_result(out_file, result))
      return {err, end.fields};
  if (!report_folder.empty()) {
    if (auto err = write_report_page(report_folder, result))
      return {err, end.fields};
    env.out.last("The report is " + (std::filesystem::path(report_folder) / "index.html").string());
  }
  return end;
}

} // namespace liveconnect::bench
