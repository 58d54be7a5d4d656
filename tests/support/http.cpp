#include "tests/support/http.hpp"

#include <algorithm>
#include <cctype>

#include <httplib.h>

namespace liveconnect::test {

http_answer http(const std::string& host_and_port, const std::string& method,
                 const std::string& path, const std::string& json, std::chrono::seconds deadline) {
  httplib::Client client("http://" + host_and_port);
  client.set_connection_timeout(deadline);
  client.set_read_timeout(deadline);
  httplib::Request request;
  request.method = method;
  request.path = path;
  if (method != "GET") {
    request.body = json;
    request.set_header("Content-Type", "application/json; charset=utf-8");
  }
  const auto got = client.send(request);
  if (!got)
    return {};
  http_answer out;
  out.status = got->status;
  out.body = got->body;
  for (const auto& [name, value] : got->headers) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    out.headers[lower] = value;
  }
  return out;
}

} // namespace liveconnect::test
