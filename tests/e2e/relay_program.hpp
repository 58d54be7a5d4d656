#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/process.hpp"
#include "tests/support/tcp_client.hpp"

namespace liveconnect::test {

/// The real `liveconnect-relay run` on free ports of loopback. Ends with the test.
class relay_program {
public:
  explicit relay_program(std::vector<std::string> flags = {},
                         std::vector<std::string> listen = {"127.0.0.1:0"})
      : process_(arguments(std::move(flags), listen)) {
    const auto line = process_.read_line(std::chrono::seconds(10));
    const auto ready = nlohmann::json::parse(line.value_or(""), nullptr, false);
    if (!ready.is_object() || ready.value("type", "") != "ready")
      throw std::runtime_error("the relay is not ready: " + line.value_or("nothing said") + "\n" +
                               process_.errors());
    for (const auto& x : ready["listen"])
      addresses_.push_back(x.get<std::string>());
    if (ready["status"].is_string())
      status_ = ready["status"];
  }

  /// HOST:PORT it listens on.
  const std::string& address(size_t i = 0) const { return addresses_.at(i); }
  size_t addresses() const { return addresses_.size(); }
  process& program() { return process_; }
  /// HOST:PORT of the status page; empty when there is none.
  const std::string& status() const { return status_; }

private:
  static std::vector<std::string> arguments(std::vector<std::string> flags,
                                            const std::vector<std::string>& listen) {
    std::vector<std::string> out{"liveconnect-relay", "run", "--json"};
    if (std::find(flags.begin(), flags.end(), "--status-listen") == flags.end())
      out.insert(out.end(), {"--status-listen", "none"});
    for (const auto& x : listen) {
      out.push_back("--listen");
      out.push_back(x);
    }
    out.insert(out.end(), flags.begin(), flags.end());
    return out;
  }

  process process_;
  std::vector<std::string> addresses_;
  std::string status_;
};

} // namespace liveconnect::test
