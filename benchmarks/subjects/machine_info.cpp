#include "benchmarks/subjects/machine_info.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "benchmarks/subjects/commit.hpp"
#include "messages/wire/frame.hpp"

extern "C" char** environ;

namespace liveconnect::bench {

namespace {

/// The text behind `name`, any blanks and `between`, in the first line of `path` that begins with
/// `name`; "unknown" when there is none.
std::string value_in(const char* path, const std::string& name, char between) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, name.size(), name) != 0)
      continue;
    const auto at = line.find(between);
    if (at == std::string::npos)
      continue;
    const auto begin = line.find_first_not_of(" \t\"", at + 1);
    const auto end = line.find_last_not_of(" \t\"");
    if (begin != std::string::npos)
      return line.substr(begin, end - begin + 1);
  }
  return "unknown";
}

} // namespace

machine_info this_machine() {
  machine_info out;
  out.cpu = value_in("/proc/cpuinfo", "model name", ':');
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (::sched_getaffinity(0, sizeof cores, &cores) == 0)
    out.cores = static_cast<unsigned>(CPU_COUNT(&cores));
  utsname names{};
  if (::uname(&names) == 0)
    out.kernel = std::string(names.sysname) + " " + names.release + " " + names.machine;
  out.system = value_in("/etc/os-release", "PRETTY_NAME", '=');
  out.memory_kb = std::strtoull(value_in("/proc/meminfo", "MemTotal", ':').c_str(), nullptr, 10);
  return out;
}

json to_json(const machine_info& x) {
  return {{"cpu", x.cpu},
          {"cores", x.cores},
          {"kernel", x.kernel},
          {"system", x.system},
          {"memory_kb", x.memory_kb}};
}

const char* built_from_commit() {
  return LIVECONNECT_COMMIT;
}

std::string first_line_of(const std::string& program, const std::string& argument) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return "unknown";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  auto name = program;
  auto word = argument;
  std::array<char*, 3> arguments{name.data(), word.data(), nullptr};
  pid_t pid = -1;
  const auto failed =
      ::posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string text;
  if (failed == 0) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (text.size() < 4096 && text.find('\n') == std::string::npos) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          until - std::chrono::steady_clock::now());
      pollfd wait{ends[0], POLLIN, 0};
      if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0)
        break;
      char buffer[1024];
      const auto n = ::read(ends[0], buffer, sizeof buffer);
      if (n <= 0)
        break;
      text.append(buffer, static_cast<size_t>(n));
    }
    // It has said what we need, or nothing in time; either way it is of no more use.
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  ::close(ends[0]);
  text.erase(std::min(text.find('\n'), text.size()));
  return text.empty() ? "unknown" : escape_for_display(text);
}

std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path == nullptr ? "" : path) + ":/usr/local/sbin:/usr/sbin";
  for (size_t begin = 0; begin <= folders.size();) {
    const auto end = std::min(folders.find(':', begin), folders.size());
    const auto candidate = std::filesystem::path(folders.substr(begin, end - begin)) / name;
    if (end > begin && ::access(candidate.c_str(), X_OK) == 0)
      return candidate.string();
    begin = end + 1;
  }
  return {};
}

} // namespace liveconnect::bench
