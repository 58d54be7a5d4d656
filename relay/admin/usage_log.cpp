#include "relay/admin/usage_log.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "messages/base/address_range.hpp"
#include "messages/base/error.hpp"
#include "messages/base/time_text.hpp"

namespace liveconnect::relay {

namespace {

int open_for_appending(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

std::string now_text() {
  return time_to_text(static_cast<uint64_t>(std::time(nullptr)));
}

double seconds(caf::timespan x) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(x).count()) /
         1000;
}

} // namespace

std::string usage_line(const room_usage& x, const std::string& time, bool full_addresses) {
  nlohmann::ordered_json out{{"v", 1},
                             {"t", time},
                             {"mood", word_of(x.mood)},
                             {"seconds", seconds(x.open)},
                             {"seconds_together", seconds(x.together)},
                             {"bytes", x.bytes_forwarded}};
  auto people = nlohmann::ordered_json::array();
  for (const auto& who : x.people)
    people.push_back(full_addresses ? who.host() : rounded(who));
  out["people"] = std::move(people);
  return out.dump();
}

usage_log::usage_log(std::string path, bool full_addresses)
    : path_(std::move(path)), full_addresses_(full_addresses), thread_([this] { run(); }) {}

caf::expected<std::shared_ptr<usage_log>> usage_log::open(const std::string& path,
                                                          bool full_addresses) {
  const int fd = open_for_appending(path);
  if (fd < 0)
    return fail(ec::disk_failed, "cannot append to " + path + ": " + std::strerror(errno));
  close(fd);
  return std::shared_ptr<usage_log>(new usage_log(path, full_addresses));
}

usage_log::~usage_log() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void usage_log::record(const room_usage& x) {
  auto line = usage_line(x, now_text(), full_addresses_) + "\n";
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= waiting_max) {
      ++dropped_;
      return;
    }
    waiting_.push_back(std::move(line));
  }
  changed_.notify_all();
}

void usage_log::run() {
  for (bool ending = false; !ending;) {
    std::deque<std::string> lines;
    uint64_t dropped = 0;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !waiting_.empty() || ending_; });
      lines.swap(waiting_);
      dropped = std::exchange(dropped_, 0);
      ending = ending_;
    }
    std::string text;
    for (const auto& x : lines)
      text += x;
    if (dropped > 0)
      text += R"({"v":1,"t":")" + now_text() + R"(","dropped":)" + std::to_string(dropped) + "}\n";
    if (!text.empty() && !append(text)) {
      const std::lock_guard lock(mutex_);
      dropped_ += lines.size() + dropped;
    }
  }
}

bool usage_log::append(const std::string& text) const {
  const int fd = open_for_appending(path_);
  if (fd < 0)
    return false;
  size_t done = 0;
  while (done < text.size()) {
    const auto count = write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      break;
    done += static_cast<size_t>(count);
  }
  close(fd);
  return done == text.size();
}

} // namespace liveconnect::relay
