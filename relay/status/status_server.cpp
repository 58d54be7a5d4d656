#include "relay/status/status_server.hpp"

#include <cerrno>
#include <cstring>
#include <deque>
#include <sys/socket.h>
#include <thread>

#include <httplib.h>

#include "actors/io/resolve.hpp"
#include "messages/base/error.hpp"
#include "messages/base/host_port.hpp"
#include "relay/status/metrics.hpp"
#include "relay/status/status_json.hpp"
#include "relay/status/status_page.hpp"

namespace liveconnect::relay {

namespace {

constexpr size_t threads = 4;
/// Also how long a stop may take: each may keep a thread for `patience_seconds`.
constexpr size_t waiting_max = 8;
constexpr time_t patience_seconds = 2;

/// The library's own pool lets any number of connections pile up. Here the one who accepts waits,
/// and further connections stay in the system's backlog.
class bounded_pool : public httplib::TaskQueue {
public:
  bounded_pool() {
    for (size_t i = 0; i < threads; ++i)
      threads_.emplace_back([this] { work(); });
  }

  void enqueue(std::function<void()> job) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return jobs_.size() < waiting_max || ending_; });
    jobs_.push_back(std::move(job));
    changed_.notify_all();
  }

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    for (auto& x : threads_)
      x.join();
  }

private:
  void work() {
    for (;;) {
      std::function<void()> job;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !jobs_.empty() || ending_; });
        if (jobs_.empty())
          return;
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      changed_.notify_all();
      job();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

/// The library's default would let two relays share one port without a word.
void own_the_port(int fd) {
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

} // namespace

struct status_server::state {
  explicit state(const status_board& shown) : board(shown), metrics(shown) { answer(); }

  ~state() {
    if (!thread.joinable())
      return;
    server.stop();
    thread.join();
  }

  void answer() {
    server.new_task_queue = [] { return new bounded_pool; };
    server.set_socket_options(own_the_port);
    server.set_read_timeout(patience_seconds);
    server.set_write_timeout(patience_seconds);
    server.set_keep_alive_max_count(1);
    server.set_keep_alive_timeout(patience_seconds);
    server.set_payload_max_length(1024);
    server.set_default_headers({{"Cache-Control", "no-store"},
                                {"X-Content-Type-Options", "nosniff"},
                                {"Referrer-Policy", "no-referrer"},
                                {"Content-Security-Policy", status_page_policy()}});
    server.Get("/", [](const auto&, auto& out) {
      out.set_content(status_page(), "text/html; charset=utf-8");
    });
    server.Get("/status.json", [this](const auto&, auto& out) {
      out.set_content(status_json(board), "application/json");
    });
    server.Get("/metrics", [this](const auto&, auto& out) {
      out.set_content(metrics.text(), "text/plain; version=0.0.4; charset=utf-8");
    });
    server.Get("/healthz", [this](const auto&, auto& out) {
      const bool well = board.now().age < sample_age_max;
      say(out, well ? 200 : 503, well ? "ok" : "the byte loop does not answer");
    });
    server.Get("/readyz", [this](const auto&, auto& out) {
      say(out, board.draining() ? 503 : 200, board.draining() ? "draining" : "ready");
    });
    server.Get("/balancer", [this](const auto&, auto& out) {
      say(out, board.draining() ? 404 : 200, board.draining() ? "draining" : "ready");
    });
  }

  static void say(httplib::Response& out, int code, const std::string& text) {
    out.status = code;
    out.set_content(text + "\n", "text/plain; charset=utf-8");
  }

  const status_board& board;
  const relay_metrics metrics;
  httplib::Server server;
  std::string address;
  std::thread thread;
};

status_server::status_server(std::unique_ptr<state> made) : state_(std::move(made)) {}

status_server::~status_server() = default;

caf::expected<std::unique_ptr<status_server>> status_server::open(const std::string& host_and_port,
                                                                  const status_board& board) {
  const auto at = split_host_port(host_and_port, 0);
  if (!at)
    return fail(ec::bad_argument, "not HOST:PORT");
  auto made = std::make_unique<state>(board);
  errno = 0;
  const int bound = at->port == 0 ? made->server.bind_to_any_port(at->host)
                                  : (made->server.bind_to_port(at->host, at->port) ? at->port : -1);
  if (bound <= 0)
    return fail(ec::cannot_listen,
                "cannot bind " + host_and_port +
                    (errno == 0 ? "" : std::string(": ") + std::strerror(errno)));
  made->address = to_string(host_port{at->host, static_cast<uint16_t>(bound)});
  made->thread = std::thread([&server = made->server] { server.listen_after_bind(); });
  // Its stop() does nothing before it runs; that is a matter of one thread's start.
  while (!made->server.is_running())
    std::this_thread::yield();
  return std::unique_ptr<status_server>(new status_server(std::move(made)));
}

const std::string& status_server::address() const {
  return state_->address;
}

} // namespace liveconnect::relay
