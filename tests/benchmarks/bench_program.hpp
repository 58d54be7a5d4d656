#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/process.hpp"

namespace liveconnect::bench {

/// How a run of a program ended, with all it said.
struct ended {
  int code = -1;
  std::string output;
  std::string errors;
  /// The last line of standard output, where it is JSON.
  nlohmann::json result;
};

/// Runs a program of ours to its end, three minutes at most.
inline ended run_program(const std::vector<std::string>& arguments,
                         const test::process::options& how = {}) {
  test::process program{arguments, how};
  ended out;
  out.code = program.wait(std::chrono::seconds(180)).value_or(-1);
  out.output = program.output();
  out.errors = program.errors();
  auto text = out.output.substr(0, out.output.find_last_not_of('\n') + 1);
  out.result = nlohmann::json::parse(text.substr(text.rfind('\n') + 1), nullptr, false);
  return out;
}

/// `liveconnect-bench ARGUMENTS`.
inline ended bench(std::vector<std::string> arguments, const test::process::options& how = {}) {
  arguments.insert(arguments.begin(), "liveconnect-bench");
  return run_program(arguments, how);
}

} // namespace liveconnect::bench
