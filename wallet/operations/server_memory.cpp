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
  for (auto i = ticketed.begin(); i != ticketed.end();)
    i = now >= i->second && now - i->second < ticket_life_seconds ? std::next(i)
                                                                  : ticketed.erase(i);
  while (ticketed.size() > ticketed_notes_max)
    ticketed.erase(std::min_element(ticketed.begin(), ticketed.end(),
                                    [](auto& x, auto& y) { return x.second < y.second; }));
}

std::string to_text(const server_memory& x) {
  std::string out;
  for (const auto& [of, word] : {std::pair{&x.fix, "fix "}, std::pair{&x.pown, "pown "}})
    for (auto& [server, one] : *of)
      out += word + std::to_string(server) + " " + std::to_string(one.failures) + " " +
             std::to_string(one.last) + "\n";
  for (auto& [id, at] : x.ticketed)
    out += "ticket " + std::to_string(id.denomination) + " " + std::to_string(id.serial) + " " +
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

void read_line(const std::vector<std::string_view>& words, server_memory& out) {
  wall_seconds at = 0;
  if (words.size() != 4 || !read_number(words[3], at))
    return;
  if (words[0] == "fix" || words[0] == "pown") {
    size_t server = 0;
    refusal_memory one;
    one.last = at;
    if (read_number(words[1], server) && server < 256 && read_number(words[2], one.failures))
      (words[0] == "fix" ? out.fix : out.pown)[server] = one;
  } else if (words[0] == "ticket" && out.ticketed.size() < ticketed_notes_max) {
    int denomination = 0;
    note_id id;
    if (read_number(words[1], denomination) && denomination >= denomination_min &&
        denomination <= denomination_max && read_number(words[2], id.serial)) {
      id.denomination = static_cast<int8_t>(denomination);
      out.ticketed[id] = at;
    }
  }
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
