#include "actors/session/transcript.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "messages/base/time_text.hpp"

namespace liveconnect::session {

namespace {

constexpr size_t shown_characters = 8;
constexpr size_t details_characters_max = 200;
constexpr std::string_view cut_line =
    "the transcript is cut here: it has reached its largest size\n";

std::string shortened(const std::string& base64) {
  return escape_for_display(std::string_view(base64).substr(0, shown_characters)) +
         (base64.size() > shown_characters ? "..." : "");
}

bool carries_a_body(const frame& what) {
  const auto row = find_message(what.number);
  return row != nullptr &&
         (row->details == details_kind::body || row->details == details_kind::optional_body);
}

} // namespace

std::string transcript_line(std::chrono::system_clock::time_point when, direction way,
                            const std::string& address, const frame& what) {
  auto out = utc_text(when) + (way == direction::sent ? " sent " : " got ");
  out += address.empty() ? "-" : escape_for_display(address, frame_from_max);
  out += ' ' + std::to_string(what.number) + ' ' + escape_for_display(name_of(what), frame_tag_max);
  if (what.count != 0)
    out += ' ' + std::to_string(what.index) + '/' + std::to_string(what.count);
  if (!what.details.empty()) {
    // An unknown message may carry anything: it is told by its length too.
    if (carries_a_body(what) || find_message(what.number) == nullptr)
      out += " body " + std::to_string(what.details.size()) + ' ' + shortened(what.details);
    else
      out += ' ' + escape_for_display(what.details, details_characters_max);
  }
  if (!what.handshake.empty())
    out += " h=" + shortened(what.handshake);
  if (!what.auth.empty())
    out += " a=" + shortened(what.auth);
  return out + '\n';
}

caf::expected<transcript> transcript::open(const std::string& path) {
  transcript out;
  out.file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
                     S_IRUSR | S_IWUSR);
  struct stat facts {};
  if (out.file_ < 0 || ::fchmod(out.file_, S_IRUSR | S_IWUSR) != 0 ||
      ::fstat(out.file_, &facts) != 0)
    return fail(ec::disk_failed, "transcript " + path + ": " + std::strerror(errno));
  out.bytes_ = static_cast<uint64_t>(facts.st_size);
  return out;
}

transcript::transcript(transcript&& other) noexcept
    : file_(std::exchange(other.file_, -1)), bytes_(other.bytes_) {}

transcript& transcript::operator=(transcript&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

transcript::~transcript() {
  close();
}

void transcript::close() {
  if (file_ >= 0)
    ::close(std::exchange(file_, -1));
}

void transcript::add(const std::string& line) {
  // Room for the last line is kept; a file that is full already has said so.
  if (bytes_ + line.size() + cut_line.size() <= transcript_bytes_max)
    return write(line);
  if (bytes_ + cut_line.size() <= transcript_bytes_max)
    write(std::string(cut_line));
  close();
}

void transcript::write(const std::string& line) {
  bytes_ += line.size();
  size_t done = 0;
  while (file_ >= 0 && done < line.size()) {
    const auto n = ::write(file_, line.data() + done, line.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return close();
    done += static_cast<size_t>(n);
  }
}

} // namespace liveconnect::session
