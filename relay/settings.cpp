#include "relay/settings.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <toml++/toml.h>

#include "actors/io/resolve.hpp"
#include "messages/base/error.hpp"
#include "messages/base/nearest_word.hpp"
#include "relay/relay_server.hpp"

namespace liveconnect::relay {

namespace {

using values = std::vector<std::string>;

caf::error wrong(const std::string& what) {
  return fail(ec::bad_config, what);
}

caf::error set_listen(relay_settings& into, const values& list) {
  if (list.empty())
    return wrong("needs at least one HOST:PORT");
  for (const auto& x : list) {
    std::string host;
    uint16_t port = 0;
    if (!io::split_host_port(x, host, port))
      return wrong(shown(x) + " is no HOST:PORT, such as 0.0.0.0:9100 or [::]:9100");
  }
  into.listen = list;
  into.listen_is_default = false;
  return caf::none;
}

caf::error set_proxies(relay_settings& into, const values& list) {
  if (list.empty())
    return wrong("needs at least one block of addresses");
  into.proxies.clear();
  for (const auto& x : list) {
    address_range range;
    if (!address_range::parse(x, range))
      return wrong(shown(x) + " is no block of addresses, such as 10.0.0.0/8 or 2001:db8::7");
    into.proxies.push_back(range);
  }
  return caf::none;
}

caf::error set_status_listen(relay_settings& into, const values& list) {
  const auto text = list.size() == 1 ? list.front() : std::string{};
  std::string host;
  uint16_t port = 0;
  if (text != "none" && !io::split_host_port(text, host, port))
    return wrong(shown(text) + " is neither HOST:PORT, such as 127.0.0.1:9101, nor none");
  into.status_listen = text == "none" ? std::string{} : text;
  into.status_listen_is_default = false;
  return caf::none;
}

constexpr size_t socket_buffer_most = 16 * 1024 * 1024;

caf::error set_loops(relay_settings& into, const values& list) {
  const auto text = list.size() == 1 ? list.front() : std::string{};
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, into.loops);
  if (error != std::errc{} || end != last || into.loops > loops_max)
    return wrong(shown(text) + " is no number from 0 (as the cores suggest) to 64");
  return caf::none;
}

caf::error set_socket_buffer(relay_settings& into, const values& list) {
  const auto x = list.size() == 1 ? parse_size(list.front()) : std::nullopt;
  if (!x || *x > socket_buffer_most)
    return wrong((list.empty() ? std::string("''") : shown(list.front())) +
                 " is no size from 0 (as the system likes) to 16MiB, such as 128KiB");
  into.socket_buffer_bytes = *x;
  return caf::none;
}

template<std::string relay_settings::*Member>
caf::error set_path(relay_settings& into, const values& list) {
  const auto text = list.size() == 1 ? list.front() : std::string{};
  if (text != "none" && (text.empty() || text.front() != '/'))
    return wrong(shown(text) + " is neither an absolute path nor none");
  into.*Member = text == "none" ? std::string{} : text;
  return caf::none;
}

caf::error set_usage_addresses(relay_settings& into, const values& list) {
  const auto text = list.size() == 1 ? list.front() : std::string{};
  if (text != "rounded" && text != "full")
    return wrong(shown(text) + " is neither rounded nor full");
  into.usage_addresses_full = text == "full";
  return caf::none;
}

caf::error set_drain_timeout(relay_settings& into, const values& list) {
  const auto text = list.size() == 1 ? list.front() : std::string{};
  const auto x = text == "0s" ? std::optional{std::chrono::milliseconds(0)} : parse_duration(text);
  if (!x)
    return wrong(shown(text) + " is no duration, such as 60s or 5m, nor 0s");
  into.drain_timeout = *x;
  return caf::none;
}

template<std::chrono::milliseconds relay_limits::*Member>
caf::error set_duration(relay_settings& into, const values& list) {
  const auto x = list.size() == 1 ? parse_duration(list.front()) : std::nullopt;
  if (!x)
    return wrong((list.empty() ? std::string("''") : shown(list.front())) +
                 " is no duration, such as 90s, 500ms, 2m or 1h, of at most 24h");
  into.limits.*Member = *x;
  return caf::none;
}

template<size_t relay_limits::*Member>
caf::error set_count(relay_settings& into, const values& list) {
  uint32_t x = 0;
  const auto text = list.size() == 1 ? list.front() : std::string{};
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, x);
  if (error != std::errc{} || end != last || x > 1'000'000)
    return wrong(shown(text) + " is no number from 0 (no bound) to 1000000");
  into.limits.*Member = x;
  return caf::none;
}

template<size_t relay_limits::*Member>
caf::error set_size(relay_settings& into, const values& list) {
  const auto x = list.size() == 1 ? parse_size(list.front()) : std::nullopt;
  if (!x)
    return wrong((list.empty() ? std::string("''") : shown(list.front())) +
                 " is no size, such as 65536, 512KiB or 2MiB, of at most 1024GiB");
  into.limits.*Member = *x;
  return caf::none;
}

constexpr size_t frame_bytes_least = 4 * 1024;
constexpr size_t frame_bytes_most = 1024 * 1024;

caf::error set_frame_bytes(relay_settings& into, const values& list) {
  const auto x = list.size() == 1 ? parse_size(list.front()) : std::nullopt;
  if (!x || *x < frame_bytes_least || *x > frame_bytes_most)
    return wrong((list.empty() ? std::string("''") : shown(list.front())) +
                 " is no size from 4KiB to 1MiB");
  into.limits.frame_bytes_max = *x;
  return caf::none;
}

std::optional<std::string> text_of(const toml::node& x) {
  if (const auto text = x.value_exact<std::string>())
    return *text;
  if (const auto number = x.value_exact<int64_t>())
    return std::to_string(*number);
  return std::nullopt;
}

std::vector<std::string> setting_names() {
  std::vector<std::string> out;
  for (const auto& x : all_settings())
    out.emplace_back(x.name);
  return out;
}

std::string replaced(std::string x, char from, char to) {
  std::replace(x.begin(), x.end(), from, to);
  return x;
}

} // namespace

std::string shown(const std::string& x) {
  std::string out = x.substr(0, 60);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return "'" + out + (x.size() > 60 ? "...'" : "'");
}

std::string not_known(const std::string& x, const std::vector<std::string>& candidates) {
  const auto near = nearest_word(x, candidates);
  return shown(x) + (near.empty() ? "" : " (did you mean '" + near + "')");
}

const std::vector<setting>& all_settings() {
  static const std::vector<setting> list{
      {"listen", "HOST:PORT to listen on; may be repeated ([::]:9100, which takes IPv4 too)",
       set_listen, "HOST:PORT"},
      {"loops",
       "threads that move bytes, up to 64; 0: one a core, one alone on two cores or fewer (0)",
       set_loops},
      {"socket_buffer_bytes",
       "the system's buffers of a connection, each way, 0 as the system likes; more lets far "
       "people "
       "be faster (128KiB)",
       set_socket_buffer},
      {"heartbeat_timeout", "drop a connection that says nothing for so long (90s)",
       set_duration<&relay_limits::heartbeat_timeout>},
      {"frame_bytes_max",
       "bytes of one message, counted after # has been replaced; programs use up to 64KiB (64KiB)",
       set_frame_bytes},
      {"join_deadline", "time for the first message, Join_Room (10s)",
       set_duration<&relay_limits::join_deadline>},
      {"frame_deadline", "time for the rest of a message once it has begun (30s)",
       set_duration<&relay_limits::frame_deadline>},
      {"write_queue_bytes_max",
       "bytes that may wait for one connection to take them, at least 128KiB more than "
       "frame_bytes_max (256KiB)",
       set_size<&relay_limits::write_queue_bytes_max>},
      {"stall_deadline", "drop a connection that takes nothing of what waits for it (30s)",
       set_duration<&relay_limits::stall_deadline>},
      {"room_wait", "how long somebody may be alone in a room (30m)",
       set_duration<&relay_limits::room_wait>},
      {"connections_max", "connections in all, 0 for no bound (20000)",
       set_count<&relay_limits::connections_max>},
      {"connections_per_address_max",
       "connections from one address, an IPv6 /64 counting as one, 0 for no bound (16)",
       set_count<&relay_limits::connections_per_address_max>},
      {"rooms_max", "rooms in all, 0 for no bound (10000)", set_count<&relay_limits::rooms_max>},
      {"new_connections_per_address_per_minute",
       "new connections from one address in a minute, 0 for no bound (30)",
       set_count<&relay_limits::new_connections_per_address_per_minute>},
      {"new_connections_per_address_burst", "of these, so many may come at once (20)",
       set_count<&relay_limits::new_connections_per_address_burst>},
      {"wrong_guesses_per_address_per_minute",
       "wrong tags from one address in a minute, after which it must wait, 0 for no bound (10)",
       set_count<&relay_limits::wrong_guesses_per_address_per_minute>},
      {"wrong_guesses_out", "how long it must wait then (10m)",
       set_duration<&relay_limits::wrong_guesses_out>},
      {"queued_bytes_max",
       "bytes that wait for all connections together, the largest closed first, 0 for no bound "
       "(512MiB)",
       set_size<&relay_limits::queued_bytes_max>},
      {"room_bytes_max", "bytes that one room passes on in all, 0 for no bound (64MiB)",
       set_size<&relay_limits::room_bytes_max>},
      {"room_bytes_per_second_max",
       "bytes that one room passes on in a second before its senders are slowed down, 0 for no "
       "bound (2MiB)",
       set_size<&relay_limits::room_bytes_per_second_max>},
      {"room_life", "how long a room may be open in all (24h)",
       set_duration<&relay_limits::room_life>},
      {"proxy_from",
       "addresses of load balancers whose connections begin with a PROXY header; may be repeated",
       set_proxies, "CIDR"},
      {"status_listen",
       "HOST:PORT of the status page, /metrics and health checks, or none (127.0.0.1:9101)",
       set_status_listen},
      {"drain_timeout", "how long people may go on after SIGTERM, 0s for not at all (60s)",
       set_drain_timeout},
      {"admin_socket",
       "path of the socket for rooms, kick, drain, status and log-level, or none (none; under "
       "systemd admin.sock in the RuntimeDirectory)",
       set_path<&relay_settings::admin_socket>},
      {"usage_log", "file that gets one line of JSON a room that is over, or none (none)",
       set_path<&relay_settings::usage_log>},
      {"usage_addresses", "addresses in the usage log: rounded to /24 and /48, or full (rounded)",
       set_usage_addresses},
  };
  return list;
}

std::string flag_of(const setting& x) {
  return "--" + replaced(x.name, '_', '-');
}

std::string variable_of(const setting& x) {
  std::string out = variable_prefix;
  for (const char* c = x.name; *c != 0; ++c)
    out += static_cast<char>(std::toupper(static_cast<unsigned char>(*c)));
  return out;
}

caf::error read_file(relay_settings& into, const std::string& path) {
  const auto at = [&](const toml::source_region& where) {
    return path + ":" + std::to_string(where.begin.line) + ": ";
  };
  toml::table table;
  try {
    std::ifstream file(path);
    // A folder opens like a file and reads like an empty one.
    std::error_code ignored;
    if (!file || std::filesystem::is_directory(path, ignored))
      return wrong(path + " is no file that can be read");
    table = toml::parse(file, path);
  } catch (const toml::parse_error& x) {
    return wrong(at(x.source()) + std::string(x.description()));
  }
  for (const auto& [key, node] : table) {
    const std::string name{key.str()};
    const auto& list = all_settings();
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const auto& x) { return name == x.name; });
    if (found == list.end())
      return wrong(at(key.source()) + "there is no setting " + not_known(name, setting_names()));
    values texts;
    bool right = true;
    if (const auto* array = node.as_array()) {
      for (const auto& x : *array) {
        auto text = text_of(x);
        right = right && text;
        texts.push_back(text.value_or(""));
      }
    } else {
      auto text = text_of(node);
      right = text.has_value();
      texts.push_back(text.value_or(""));
    }
    if (!right)
      return wrong(at(node.source()) + name + " is neither a text nor a whole number");
    if (auto err = found->set(into, texts))
      return wrong(at(node.source()) + name + ": " + detail_of(err));
  }
  return caf::none;
}

caf::error
read_environment(relay_settings& into,
                 const std::function<std::optional<std::string>(const std::string&)>& get) {
  for (const auto& x : all_settings()) {
    const auto name = variable_of(x);
    const auto text = get(name);
    if (!text)
      continue;
    // A list has commas in the environment.
    values texts;
    size_t begin = 0;
    for (size_t end = 0; end != std::string::npos; begin = end + 1) {
      end = text->find(',', begin);
      texts.push_back(text->substr(begin, end - begin));
    }
    if (auto err = x.set(into, texts))
      return wrong(name + ": " + detail_of(err));
  }
  return caf::none;
}

caf::error check_variables(const std::vector<std::string>& names) {
  std::vector<std::string> known{std::string(variable_prefix) + "CONFIG"};
  for (const auto& x : all_settings())
    known.push_back(variable_of(x));
  for (const auto& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end())
      continue;
    // By what comes after the prefix: with it, everything would be near.
    const auto prefix = std::string(variable_prefix).size();
    std::vector<std::string> words;
    for (const auto& x : known)
      words.push_back(x.substr(prefix));
    const auto near = nearest_word(std::string_view(name).substr(prefix), words);
    return wrong("there is no variable " + shown(name) +
                 (near.empty() ? "" : " (did you mean '" + (variable_prefix + near) + "')"));
  }
  return caf::none;
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

caf::error check_together(const relay_settings& x) {
  // What is gathered for one write, a frame behind it, and the relay's own words.
  if (x.limits.write_queue_bytes_max < x.limits.frame_bytes_max + 128 * 1024)
    return wrong(
        "write_queue_bytes_max must be at least 128KiB more than frame_bytes_max, which is " +
        std::to_string(x.limits.frame_bytes_max));
  return caf::none;
}

std::vector<std::string> changed_beside_limits(const relay_settings& x, const relay_settings& y) {
  std::vector<std::string> out;
  const auto compare = [&](const char* name, bool same) {
    if (!same)
      out.emplace_back(name);
  };
  compare("listen", x.listen == y.listen);
  compare("proxy_from", x.proxies == y.proxies);
  compare("loops", x.loops == y.loops);
  compare("socket_buffer_bytes", x.socket_buffer_bytes == y.socket_buffer_bytes);
  compare("status_listen", x.status_listen == y.status_listen);
  compare("admin_socket", x.admin_socket == y.admin_socket);
  compare("usage_log", x.usage_log == y.usage_log);
  compare("usage_addresses", x.usage_addresses_full == y.usage_addresses_full);
  compare("drain_timeout", x.drain_timeout == y.drain_timeout);
  return out;
}

std::optional<size_t> parse_size(std::string_view text) {
  uint64_t number = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{} || end == text.data())
    return std::nullopt;
  const std::string_view unit(end, static_cast<size_t>(last - end));
  constexpr std::pair<std::string_view, unsigned> units[] = {
      {"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
  for (const auto& [name, shift] : units)
    if (unit == name && number <= (uint64_t{1} << 40) >> shift)
      return number << shift;
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  uint32_t number = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{} || end == text.data())
    return std::nullopt;
  const std::string_view unit(end, static_cast<size_t>(last - end));
  std::chrono::milliseconds one{0};
  if (unit == "ms")
    one = std::chrono::milliseconds(1);
  else if (unit == "s")
    one = std::chrono::seconds(1);
  else if (unit == "m")
    one = std::chrono::minutes(1);
  else if (unit == "h")
    one = std::chrono::hours(1);
  else
    return std::nullopt;
  const auto out = one * number;
  if (out.count() <= 0 || out > std::chrono::hours(24))
    return std::nullopt;
  return out;
}

} // namespace liveconnect::relay
