#include "tests/e2e/outer/known_secrets.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "wallet/files/coin_file.hpp"
#include "wallet/journal/journal_view.hpp"
#include "wallet/raida/derive.hpp"

namespace liveconnect::outer {

namespace {

bytes read_whole(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  return byte_view{std::string_view{text}}.copy();
}

void add(std::vector<note>& out, note_id id, const std::vector<authenticity_number>& secrets) {
  if (secrets.size() != raida_count)
    return;
  note x;
  x.id = id;
  x.ans = secrets;
  const bool known = std::any_of(out.begin(), out.end(),
                                 [&](const note& y) { return y.id == id && y.ans == secrets; });
  if (!known)
    out.push_back(std::move(x));
}

void add(std::vector<note>& out, const std::vector<note>& notes) {
  for (const auto& x : notes) {
    add(out, x.id, x.ans);
    add(out, x.id, x.pans);
  }
}

/// The secrets that a Fix may have left, beside those that its notes had.
void add(std::vector<note>& out, const wallet::heal_record& heal) {
  add(out, heal.targets);
  for (auto target : heal.targets) {
    for (const auto& intent : heal.intents)
      target.ans.at(intent.server) =
          raida::fixed_an(static_cast<uint8_t>(intent.server), target.id, intent.pg);
    add(out, target.id, target.ans);
  }
}

void add_journal(std::vector<note>& out, const std::filesystem::path& file) {
  transfer_id id;
  bytes name;
  if (!from_hex(file.stem().string(), name) || name.size() != id.value.size())
    return;
  std::copy(name.begin(), name.end(), id.value.begin());
  auto content = wallet::read_journal(id, read_whole(file));
  if (!content || content->records.empty())
    return;
  // The first record is the file's own.
  content->records.erase(content->records.begin());
  const auto view = wallet::replay(content->records);
  if (!view)
    return;
  if (view->selected)
    add(out, view->selected->notes);
  if (view->sending)
    add(out, view->sending->notes);
  add(out, view->refresh);
  add(out, view->received);
  for (const auto& [name_of_note, graded] : view->graded)
    add(out, {graded.coin});
  if (view->change) {
    add(out, view->change->sources);
    add(out, view->change->targets);
  }
  for (const auto& heal : view->heals)
    add(out, heal);
}

} // namespace

std::vector<note> known_secrets(const std::filesystem::path& data) {
  std::vector<note> out;
  if (!std::filesystem::exists(data))
    return out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{data}) {
    if (!entry.is_regular_file())
      continue;
    if (entry.path().extension() == ".lcj")
      add_journal(out, entry.path());
    else if (const auto notes = wallet::parse_coin_file(read_whole(entry.path())))
      add(out, *notes);
  }
  return out;
}

} // namespace liveconnect::outer
