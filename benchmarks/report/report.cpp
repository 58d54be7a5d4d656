#include "benchmarks/report/report.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "benchmarks/subjects/machine_info.hpp"
#include "cli/shell/output.hpp"
#include "cli/shell/version.hpp"
#include "messages/base/error.hpp"
#include "messages/base/time_text.hpp"
#include "messages/wire/frame.hpp"

namespace liveconnect::bench {

namespace {

constexpr const char* format_name = "LiveConnect benchmark";
constexpr int format_version = 1;
constexpr uintmax_t file_bytes_max = 64 * 1024 * 1024;

} // namespace

json result_head(const std::string& kind) {
  return {{"format", format_name},
          {"version", format_version},
          {"kind", kind},
          {"time", utc_text(std::chrono::system_clock::now())},
          {"commit", built_from_commit()},
          {"program", cli::program_version},
          {"machine", to_json(this_machine())}};
}

json relay_result(const campaign_config& config, const std::vector<scenario_results>& scenarios,
                  const std::vector<goal>& goals) {
  auto out = result_head("relay");
  json versions = json::object();
  for (const auto& x : scenarios)
    for (const auto& y : x.subjects)
      if (!y.version.empty())
        versions[y.name] = y.version;
  out["versions"] = versions;
  const auto cores = choose_cores(false);
  out["settings"] = {{"seconds", std::chrono::duration<double>(config.times.measured).count()},
                     {"rounds", config.rounds},
                     {"peers", config.peers},
                     {"generator_core", cores.generator},
                     {"subject_core", config.target ? -1 : cores.subject},
                     {"limits_kept", config.start.keep_limits || config.target.has_value()}};
  out["scenarios"] = json::array();
  for (const auto& x : scenarios)
    out["scenarios"].push_back(to_json(x));
  if (!goals.empty()) {
    out["goals"] = json::array();
    for (const auto& x : goals)
      out["goals"].push_back(to_json(x));
  }
  return out;
}

std::string machine_line() {
  const auto machine = this_machine();
  return fmt::format("{}, {} cores, {}, commit {}", machine.cpu, machine.cores, machine.kernel,
                     built_from_commit());
}

caf::error write_result(const std::string& path, const json& x) {
  const auto partial = path + ".partial";
  {
    std::ofstream file(partial, std::ios::trunc);
    file << x.dump(1) << "\n";
    if (!file.flush())
      return fail(ec::disk_failed, path + " cannot be written (" + std::strerror(errno) +
                                       "). Name a file in a folder that can be written to.");
  }
  std::error_code problem;
  std::filesystem::rename(partial, path, problem);
  if (problem)
    return fail(ec::disk_failed, path + " cannot be written (" + problem.message() +
                                     "). Name a file in a folder that can be written to.");
  return caf::none;
}

caf::expected<json> read_result(const std::string& path) {
  std::error_code problem;
  const auto size = std::filesystem::file_size(path, problem);
  std::ifstream file(path);
  if (problem || !file)
    return fail(ec::bad_argument, path + " cannot be read as a file. Check the name.");
  const auto wrong = [&] {
    return fail(ec::bad_argument, path + " is not a result of liveconnect-bench. Name a file that "
                                         "--out has written.");
  };
  if (size > file_bytes_max)
    return wrong();
  std::stringstream text;
  text << file.rdbuf();
  auto out = json::parse(text.str(), nullptr, false);
  if (!out.is_object() || !out.contains("format") || out["format"] != format_name ||
      !out.contains("version") || out["version"] != format_version || !out.contains("scenarios") ||
      !out["scenarios"].is_array())
    return wrong();
  return out;
}

} // namespace liveconnect::bench
