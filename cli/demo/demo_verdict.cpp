#include "cli/demo/demo_verdict.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cli/transfer/private_file.hpp"
#include "messages/base/error.hpp"
#include "messages/base/printable.hpp"
#include "messages/money/pown.hpp"
#include "wallet/files/coin_file.hpp"
#include "wallet/raida/client/note_commands.hpp"

namespace liveconnect::cli {

namespace {

/// The notes of every coin file of a folder; the same note in two files counts once.
caf::error read_folder(const std::filesystem::path& folder, std::set<note_id>& known,
                       std::vector<note>& out) {
  std::error_code problem;
  std::filesystem::directory_iterator entries{folder, problem};
  if (problem)
    return fail(ec::disk_failed,
                fmt::format("{}: {}", printable(folder.string()), problem.message()));
  for (const auto& entry : entries) {
    if (!entry.is_regular_file(problem) || entry.path().extension() != ".bin")
      continue;
    auto content = read_private_file(entry.path(), wallet::coin_file_bytes_max);
    if (!content)
      return std::move(content.error());
    auto notes = wallet::parse_coin_file(view(*content));
    if (!notes)
      return std::move(notes.error());
    for (auto& x : *notes)
      if (known.insert(x.id).second)
        out.push_back(std::move(x));
  }
  return {};
}

} // namespace

caf::expected<servers_word> ask_servers_about(raida::raida_port& port,
                                              const std::vector<std::filesystem::path>& folders) {
  std::set<note_id> known;
  std::vector<note> notes;
  for (const auto& folder : folders)
    if (auto err = read_folder(folder, known, notes))
      return err;
  servers_word out;
  out.notes = notes.size();
  out.fewest_passes = out.fewest_fails = port.servers();
  for (const auto& pown : raida::detect(port, notes)) {
    const auto counts = count_letters(pown);
    out.fewest_passes = std::min(out.fewest_passes, counts.passed);
    out.fewest_fails = std::min(out.fewest_fails, counts.failed);
  }
  return out;
}

} // namespace liveconnect::cli
