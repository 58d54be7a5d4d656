#include "relay/admin/admin_server.hpp"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "messages/base/error.hpp"
#include "relay/admin/unix_socket.hpp"

namespace liveconnect::relay {

namespace {

using clock = std::chrono::steady_clock;

constexpr size_t request_bytes_max = 1024;
/// A client that connects and sends nothing keeps others waiting for no longer than this.
constexpr std::chrono::seconds patience{2};
constexpr int backlog = 16;

caf::error cannot(const std::string& what) {
  return fail(ec::cannot_listen, what);
}

/// The folder is there, ours, and closed to others.
caf::error provide_folder(const std::filesystem::path& folder) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return cannot("cannot make " + folder.string() + ": " + std::strerror(errno));
  struct stat about {};
  if (stat(folder.c_str(), &about) != 0 || !S_ISDIR(about.st_mode))
    return cannot(folder.string() + " is not a folder");
  if ((about.st_mode & 077) != 0 || about.st_uid != geteuid())
    return cannot(folder.string() +
                  " is open to others: it must be mode 0700 and belong to this user");
  return caf::none;
}

/// Takes a socket away that a relay left behind when it was killed.
caf::error clear_path(const std::string& path) {
  struct stat about {};
  if (lstat(path.c_str(), &about) != 0)
    return caf::none;
  if (!S_ISSOCK(about.st_mode))
    return cannot(path + " exists and is not a socket");
  const int fd = connect_unix(path, patience);
  if (fd >= 0) {
    close(fd);
    return cannot("another relay answers at " + path);
  }
  unlink(path.c_str());
  return caf::none;
}

/// The request's line; empty when it is too long, too late, or never ends.
std::string read_request(int fd) {
  std::string out;
  const auto until = clock::now() + patience;
  char buffer[256];
  while (out.size() <= request_bytes_max && clock::now() < until) {
    const auto count = recv(fd, buffer, sizeof buffer, 0);
    if (count <= 0)
      return {};
    out.append(buffer, static_cast<size_t>(count));
    if (const auto end = out.find('\n'); end != std::string::npos)
      return end <= request_bytes_max ? out.substr(0, end) : std::string{};
  }
  return {};
}

} // namespace

void answer_admin_request(std::string_view line, const admin_server::handler& what,
                          const std::function<void(const std::string& text)>& send) {
  const admin_server::say_function say = [&](const nlohmann::ordered_json& x) {
    send(x.dump() + "\n");
  };
  nlohmann::ordered_json result{{"v", 1}, {"type", "result"}};
  const auto request = nlohmann::json::parse(line, nullptr, false);
  if (request.is_object())
    result.update(what(request, say));
  else
    result.update({{"ok", false}, {"error", "a request is one line of JSON, of 1 KiB at most"}});
  say(result);
}

struct admin_server::state {
  ~state() {
    if (thread.joinable()) {
      const uint64_t one = 1;
      [[maybe_unused]] const auto written = write(wake.get(), &one, sizeof one);
      thread.join();
    }
    if (ours)
      unlink(path.c_str());
  }

  void run() {
    for (;;) {
      pollfd both[] = {{listener.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}};
      if (poll(both, 2, -1) < 0 && errno != EINTR)
        return;
      if ((both[1].revents & POLLIN) != 0)
        return;
      const int fd = accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0)
        continue;
      set_patience(fd, patience);
      answer(fd);
      close(fd);
    }
  }

  void answer(int fd) const {
    bool heard = true;
    answer_admin_request(read_request(fd), what,
                         [&](const std::string& text) { heard = heard && send_all(fd, text); });
  }

  handler what;
  std::string path;
  /// The file at `path` goes with us.
  bool ours = false;
  io::descriptor listener;
  io::descriptor wake;
  std::thread thread;
};

admin_server::admin_server(std::unique_ptr<state> made) : state_(std::move(made)) {}

admin_server::~admin_server() = default;

caf::expected<std::unique_ptr<admin_server>> admin_server::open(const std::string& path,
                                                                handler what) {
  sockaddr_un at{};
  if (path.empty() || path.front() != '/' || !unix_address(path, at))
    return cannot(path + " is not an absolute path of at most 100 bytes");
  if (auto err = provide_folder(std::filesystem::path(path).parent_path()))
    return err;
  if (auto err = clear_path(path))
    return err;
  io::descriptor listener{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!listener.valid())
    return cannot(std::strerror(errno));
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
    return cannot(path + ": " + std::strerror(errno));
  auto made = std::make_unique<state>();
  made->what = std::move(what);
  made->path = path;
  made->ours = true;
  // No client can connect before listen(), so the mode is right from the first connection on.
  if (chmod(path.c_str(), 0600) != 0 || ::listen(listener.get(), backlog) != 0)
    return cannot(path + ": " + std::strerror(errno));
  return begin(std::move(made), std::move(listener));
}

caf::expected<std::unique_ptr<admin_server>> admin_server::open(io::descriptor listener,
                                                                handler what) {
  sockaddr_un at{};
  socklen_t length = sizeof at;
  const int flags = fcntl(listener.get(), F_GETFL);
  if (io::listening_family(listener.get()) != AF_UNIX ||
      getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &length) != 0 ||
      fcntl(listener.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return cannot("what was handed over is not a listening unix socket");
  auto made = std::make_unique<state>();
  made->what = std::move(what);
  // A name that begins with NUL is in no folder; it is shown as ss(8) and systemd do.
  if (length > offsetof(sockaddr_un, sun_path))
    made->path.assign(at.sun_path, strnlen(at.sun_path + 1, sizeof at.sun_path - 1) + 1);
  if (!made->path.empty() && made->path.front() == '\0')
    made->path.front() = '@';
  return begin(std::move(made), std::move(listener));
}

caf::expected<std::unique_ptr<admin_server>> admin_server::begin(std::unique_ptr<state> made,
                                                                 io::descriptor listener) {
  made->listener = std::move(listener);
  made->wake = io::descriptor{eventfd(0, EFD_CLOEXEC)};
  if (!made->wake.valid())
    return cannot(std::strerror(errno));
  made->thread = std::thread([x = made.get()] { x->run(); });
  return std::unique_ptr<admin_server>(new admin_server(std::move(made)));
}

const std::string& admin_server::path() const {
  return state_->path;
}

} // namespace liveconnect::relay
