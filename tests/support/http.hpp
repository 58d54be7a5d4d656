#pragma once

#include <chrono>
#include <map>
#include <string>

namespace liveconnect::test {

/// What an HTTP server answered; status 0: nothing.
struct http_answer {
  int status = 0;
  std::string body;
  /// Names in lower case.
  std::map<std::string, std::string> headers;
};

/// One request without TLS to HOST:PORT, with a deadline for connecting and for the answer.
http_answer http(const std::string& host_and_port, const std::string& method,
                 const std::string& path, const std::string& json = {},
                 std::chrono::seconds deadline = std::chrono::seconds(10));

inline http_answer http_get(const std::string& host_and_port, const std::string& path) {
  return http(host_and_port, "GET", path);
}

} // namespace liveconnect::test
