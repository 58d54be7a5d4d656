#include "cli/transcript.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <sodium.h>

#include "cli/printable.hpp"

namespace liveconnect::cli {

transcript::~transcript() {
  for (auto fd : files_)
    ::close(fd);
}

caf::error transcript::add(const std::filesystem::path& file) {
  std::error_code problem;
  if (file.has_parent_path())
    std::filesystem::create_directories(file.parent_path(), problem);
  auto fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return fail(ec::disk_failed, fmt::format("the transcript {} cannot be written ({})",
                                             printable(file.string()), std::strerror(errno)));
  files_.push_back(fd);
  return {};
}

void transcript::write(std::string_view type, const json_fields& fields) {
  if (files_.empty())
    return;
  json_fields all{{"v", 1}, {"t", utc_text(std::chrono::system_clock::now())}, {"type", type}};
  all.update(fields);
  auto line = all.dump(-1, ' ', false, json_fields::error_handler_t::replace) + "\n";
  for (auto fd : files_) {
    [[maybe_unused]] auto n = ::write(fd, line.data(), line.size());
  }
}

std::filesystem::path own_transcript(const std::filesystem::path& data, std::string_view role) {
  // Two sessions of one second get two files.
  auto stamp = utc_text(std::chrono::system_clock::now());
  return data / "Transcripts" /
         fmt::format("{}-{}-{:06x}.jsonl", stamp, role, randombytes_uniform(1u << 24));
}

} // namespace liveconnect::cli
