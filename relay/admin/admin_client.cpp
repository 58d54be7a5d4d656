#include "relay/admin/admin_client.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "messages/base/error.hpp"
#include "relay/admin/unix_socket.hpp"

namespace liveconnect::relay {

namespace {

/// Ten thousand rooms are asked one by one.
constexpr std::chrono::seconds patience{30};
constexpr size_t line_bytes_max = 64 * 1024;

} // namespace

caf::error ask_admin(const std::string& path, const nlohmann::json& request,
                     const std::function<void(const nlohmann::json& line)>& take) {
  const int fd = connect_unix(path, patience);
  if (fd < 0)
    return fail(ec::relay_unreachable, path + ": " + std::strerror(errno));
  bool done = false;
  std::string text;
  if (send_all(fd, request.dump() + "\n")) {
    char buffer[4096];
    while (!done && text.size() <= line_bytes_max) {
      const auto count = recv(fd, buffer, sizeof buffer, 0);
      if (count <= 0)
        break;
      text.append(buffer, static_cast<size_t>(count));
      size_t begin = 0;
      for (size_t end = 0; !done && (end = text.find('\n', begin)) != std::string::npos;
           begin = end + 1) {
        const auto line =
            nlohmann::json::parse(text.begin() + static_cast<ptrdiff_t>(begin),
                                  text.begin() + static_cast<ptrdiff_t>(end), nullptr, false);
        if (!line.is_object())
          continue;
        take(line);
        done = line.value("type", "") == "result";
      }
      text.erase(0, begin);
    }
  }
  close(fd);
  if (!done)
    return fail(ec::protocol_violation, path + ": the relay gave no answer");
  return caf::none;
}

} // namespace liveconnect::relay
