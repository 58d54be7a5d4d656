#include "wallet/operations/server_memory.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "messages/base/error.hpp"

namespace liveconnect::wallet {

bool backs_off(const refusal_memory& x, wall_seconds now) {
  if (x.failures == 0 || now < x.last)
    return false;
  auto wait = back_off_first_seconds;
  for (uint32_t i = 1; i < x.failures && wait < back_off_most_seconds; ++i)
    wait = std::min(2 * wait, back_off_most_seconds);
  return now - x.last < wait;
}

void note_outcome(std::map<size_t, refusal_memory>& of, size_t server, bool did, wall_seconds now) {
  if (did) {
    of.erase(server);
    return;
  }
  auto& x = of[server];
  x.failures = std::min(x.failures, 1000u) + 1;
  x.last = now;
}

raida::heal_limits server_memory::limits(size_t servers, wall_seconds now) const {
  raida::heal_limits out;
  out.no_fix.assign(servers, false);
  for (auto& [server, x] : fix)
    if (server < servers)
      out.no_fix[server] = backs_off(x, now);
  for (auto& [id, at] : ticketed)
    if (now >= at && now - at < ticket_life_seconds)
      out.no_tickets.insert(id);
  return out;
}

namespace {

// Forgets notes whose tickets are over, and the oldest beyond `most`.
void prune(std::map<note_id, wall_seconds>& notes, size_t most, wall_seconds now) {
  for (auto i = notes.begin(); i != notes.end();)
    i = now >= i->second && now - i->second < ticket_life_seconds ? std::next(i) : notes.erase(i);
  if (notes.size() <= most)
    return;
  std::vector<std::pair<wall_seconds, note_id>> by_age;
  for (const auto& [id, at] : notes)
    by_age.emplace_back(at, id);
  const auto over = static_cast<std::ptrdiff_t>(notes.size() - most);
  std::nth_element(by_age.begin(), by_age.begin() + over, by_age.end());
  for (auto i = by_age.begin(); i != by_age.begin() + over; ++i)
    notes.erase(i->second);
}

} // namespace

void server_memory::add_powned(const std::vector<note_id>& ids, wall_seconds now) {
  for (const auto& id : ids)
    powned[id] = now;
  prune(powned, powned_notes_max, now);
}

void server_memory::learn(const raida::heal_result& from, const raida::quorum_rules& rules,
                          wall_seconds now) {
  for (size_t server = 0; server < from.fixes.size(); ++server) {
    if (from.fixes[server] == letter::untried)
      continue;
    note_outcome(fix, server, from.fixes[server] == letter::passed, now);
  }
  for (auto& id : from.ticketed)
    ticketed[id] = now;
  for (auto& x : from.notes)
    if (raida::grade_detect(x.pown, rules) == note_verdict::authentic)
      ticketed.erase(x.id);
  prune(ticketed, ticketed_notes_max, now);
}

std::string to_text(const server_memory& x) {
  std::string out;
  for (const auto& [of, word] : {std::pair{&x.fix, "fix "}, std::pair{&x.pown, "pown "}})
    for (auto& [server, one] : *of)
      out += word + std::to_string(server) + " " + std::to_string(one.failures) + " " +
             std::to_string(one.last) + "\n";
  for (const auto& [of, word] :
       {std::pair{&x.ticketed, "ticket "}, std::pair{&x.powned, "powned "}})
    for (auto& [id, at] : *of)
      out += word + std::to_string(id.denomination) + " " + std::to_string(id.serial) + " " +
             std::to_string(at) + "\n";
  return out;
}

namespace {

// The words of a line.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  while (!line.empty()) {
    const auto end = std::min(line.find(' '), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return out;
}

template<class T>
bool read_number(std::string_view text, T& out) {
  const auto end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, out);
  return problem == std::errc{} && stopped == end;
}

// `fix 3 1 1790000000`, and likewise `pown`.
void read_refusal(const std::vector<std::string_view>& words,
                  std::map<size_t, refusal_memory>& out) {
  size_t server = 0;
  refusal_memory one;
  if (read_number(words[1], server) && server < 256 && read_number(words[2], one.failures) &&
      read_number(words[3], one.last))
    out[server] = one;
}

// `ticket 2 700 1790000000`, and likewise `powned`.
void read_time(const std::vector<std::string_view>& words, size_t most,
               std::map<note_id, wall_seconds>& out) {
  int denomination = 0;
  note_id id;
  wall_seconds at = 0;
  if (out.size() >= most || !read_number(words[1], denomination) ||
      denomination < denomination_min || denomination > denomination_max ||
      !read_number(words[2], id.serial) || !read_number(words[3], at))
    return;
  id.denomination = static_cast<int8_t>(denomination);
  out[id] = at;
}

void read_line(const std::vector<std::string_view>& words, server_memory& out) {
  if (words.size() != 4)
    return;
  if (words[0] == "fix")
    read_refusal(words, out.fix);
  else if (words[0] == "pown")
    read_refusal(words, out.pown);
  else if (words[0] == "ticket")
    read_time(words, ticketed_notes_max, out.ticketed);
  else if (words[0] == "powned")
    read_time(words, powned_notes_max, out.powned);
}

} // namespace

server_memory load_memory(workspace& space) {
  const auto folder = space.files().open_directory(space.state);
  if (!folder)
    return {};
  const auto raw =
      read_file(space.files(), *folder, server_memory_file_name, server_memory_bytes_max);
  return raw ? read_server_memory(view(*raw).text()) : server_memory{};
}

void save_memory(workspace& space, const server_memory& x) {
  const auto folder = ensure_directories(space.files(), space.state);
  if (!folder)
    return;
  const auto text = to_text(x);
  (void)replace(space.files(), *folder, server_memory_file_name, byte_view{std::string_view{text}});
}

server_memory read_server_memory(std::string_view text) {
  server_memory out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    read_line(words_of(text.substr(0, end)), out);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

caf::expected<raida::heal_result> heal_by_tickets(workspace& space, std::vector<note> notes,
                                                  const raida::persist_intents& persist,
                                                  bool just_asked) {
  auto limits = load_memory(space).limits(space.servers(), space.now());
  limits.just_asked = just_asked;
  return raida::heal(*space.port, std::move(notes), persist, space.rules.quorum, space.rules.times,
                     limits);
}

void remember_healing(workspace& space, const raida::heal_result& from) {
  if (from.ticketed.empty())
    return;
  auto memory = load_memory(space);
  memory.learn(from, space.rules.quorum, space.now());
  save_memory(space, memory);
}

} // namespace liveconnect::wallet
