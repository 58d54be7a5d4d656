#include "benchmarks/load/relay_status.hpp"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

#include "benchmarks/figures/json.hpp"
#include "benchmarks/load/event_loop.hpp"
#include "messages/base/error.hpp"

namespace liveconnect::bench {

namespace {

constexpr auto patience = std::chrono::seconds(2);
constexpr size_t answer_bytes_max = 4 * 1024 * 1024;

bool wait_for(int fd, short events, time_point until) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now()).count();
  pollfd wait{fd, events, 0};
  return left > 0 && ::poll(&wait, 1, static_cast<int>(left)) == 1;
}

caf::expected<std::string> fetch(const endpoint& where) {
  const auto until = clock::now() + patience;
  auto fd = connect_to(where);
  if (!fd)
    return fd.error();
  const std::string request =
      "GET /status.json HTTP/1.1\r\nHost: " + to_string(where) + "\r\nConnection: close\r\n\r\n";
  if (!wait_for(fd->get(), POLLOUT, until) ||
      ::send(fd->get(), request.data(), request.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(request.size()))
    return error_on(fd->get(), "The status page does not answer");
  std::string out;
  char buffer[16'384];
  while (out.size() <= answer_bytes_max && wait_for(fd->get(), POLLIN, until)) {
    const auto n = ::recv(fd->get(), buffer, sizeof buffer, 0);
    if (n == 0)
      return out;
    if (n > 0)
      out.append(buffer, static_cast<size_t>(n));
    else if (errno != EAGAIN && errno != EINTR)
      break;
  }
  return error_on(fd->get(), "The status page's answer does not come whole");
}

uint64_t number_in(const json& x, const char* part, const char* key) {
  const auto at = x.find(part);
  return at == x.end() || !at->is_object() ? 0 : at->value(key, uint64_t{0});
}

} // namespace

caf::expected<relay_status> fetch_status(const endpoint& where) {
  const auto text = fetch(where);
  if (!text)
    return text.error();
  const auto body = text->find("\r\n\r\n");
  const auto x = json::parse(body == std::string::npos ? std::string{} : text->substr(body + 4),
                             nullptr, false);
  if (!x.is_object() || !x.contains("refusals") || !x["refusals"].is_object())
    return fail(ec::protocol_violation, "The status page's answer cannot be read");
  relay_status out;
  out.connections = number_in(x, "now", "connections");
  out.seated = number_in(x, "now", "seated");
  for (const auto& [word, count] : x["refusals"].items())
    if (count.is_number_unsigned())
      out.refusals[word] = count.get<uint64_t>();
  return out;
}

} // namespace liveconnect::bench
