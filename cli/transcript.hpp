#pragma once

#include <filesystem>
#include <string_view>

#include <caf/error.hpp>

#include "cli/output.hpp"

namespace liveconnect::cli {

/// The record of one session: commands, times and addresses, one JSON object a line, never a key or
/// an AN (cli.md, `history`). Files are made with mode 0600 and added to when they exist.
class transcript {
public:
  transcript() = default;
  ~transcript();
  transcript(const transcript&) = delete;
  transcript& operator=(const transcript&) = delete;

  /// Writes to this file too. Fails with ec::disk_failed; the session goes on without it then.
  [[nodiscard]] caf::error add(const std::filesystem::path& file);

  /// One line to every file. What a full disk swallows is missing here and nowhere else.
  void write(std::string_view type, const json_fields& fields);

private:
  std::vector<int> files_;
};

/// Where a session's transcript lies without being asked for:
/// `<data>/Transcripts/STAMP-ROLE.jsonl`.
std::filesystem::path own_transcript(const std::filesystem::path& data, std::string_view role);

} // namespace liveconnect::cli
