#include "cli/shell/settings.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "cli/shell/printable.hpp"
#include "messages/base/error.hpp"
#include "messages/base/nearest_word.hpp"

namespace liveconnect::cli {

namespace {

constexpr auto duration_max = std::chrono::hours(24 * 30);
constexpr size_t settings_file_bytes_max = 64 * 1024;

caf::expected<uint16_t> parse_port(std::string_view text) {
  unsigned value = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535)
    return fail(ec::bad_argument, fmt::format("'{}' is no port (1 to 65535)", printable(text, 40)));
  return static_cast<uint16_t>(value);
}

caf::expected<bool> parse_bool(std::string_view text) {
  for (auto yes : {"true", "1", "yes", "on"})
    if (text == yes)
      return true;
  for (auto no : {"false", "0", "no", "off"})
    if (text == no)
      return false;
  return fail(ec::bad_argument, fmt::format("'{}' is neither true nor false", printable(text, 40)));
}

caf::expected<int> parse_verbosity(std::string_view text) {
  if (text == "0" || text == "1" || text == "2")
    return text[0] - '0';
  return fail(ec::bad_argument, fmt::format("'{}' is not 0, 1 or 2", printable(text, 40)));
}

caf::expected<std::string> parse_wallet_name(std::string_view text) {
  const auto plain = !text.empty() && text.size() <= 64 && text[0] != '.' &&
                     std::all_of(text.begin(), text.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
                              c == ' ';
                     });
  if (!plain)
    return fail(ec::bad_argument,
                fmt::format("'{}' is no wallet name (letters, digits, '-', '_', '.', at most 64)",
                            printable(text, 40)));
  return std::string{text};
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto end = text.find(at);
    auto part = text.substr(0, end);
    while (!part.empty() && part.front() == ' ')
      part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ')
      part.remove_suffix(1);
    out.push_back(part);
    if (end == std::string_view::npos)
      return out;
    text.remove_prefix(end + 1);
  }
}

/// One address stands for consecutive ports; else all must be named.
caf::expected<std::vector<host_port>> parse_servers(std::string_view text) {
  const auto parts = split(text, ',');
  std::vector<host_port> out;
  for (auto part : parts) {
    auto one = parse_host_port(part);
    if (!one)
      return std::move(one.error());
    out.push_back(std::move(*one));
  }
  if (out.size() == 1) {
    const auto first = out.front();
    if (first.port > std::numeric_limits<uint16_t>::max() - (raida_count - 1))
      return fail(ec::bad_argument,
                  fmt::format("port {} leaves no room for {} servers", first.port, raida_count));
    for (size_t i = 1; i < raida_count; ++i)
      out.push_back({first.host, static_cast<uint16_t>(first.port + i)});
  }
  if (out.size() != raida_count)
    return fail(ec::bad_argument,
                fmt::format("{} servers are named where 1 (the first of {} ports) or {} must be",
                            out.size(), raida_count, raida_count));
  return out;
}

caf::expected<notation_choice> parse_notation(std::string_view text) {
  if (text == "tag")
    return notation_choice::tag;
  if (text == "json")
    return notation_choice::json;
  return fail(ec::bad_argument,
              fmt::format("'{}' is no notation (tag or json)", printable(text, 40)));
}

std::string environment_name(std::string_view key) {
  std::string out = variable_prefix;
  for (auto c : key)
    out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

/// Text of one TOML value, empty when it is of a kind that no setting has.
std::optional<std::string> text_of(const toml::node& x) {
  if (auto text = x.value_exact<std::string>())
    return *text;
  if (auto flag = x.value_exact<bool>())
    return *flag ? "true" : "false";
  if (auto number = x.value_exact<int64_t>())
    return std::to_string(*number);
  const auto list = x.as_array();
  if (list == nullptr)
    return std::nullopt;
  std::string out;
  for (const auto& item : *list) {
    const auto text = item.value_exact<std::string>();
    if (!text)
      return std::nullopt;
    if (!out.empty())
      out += ',';
    out += *text;
  }
  return out;
}

/// The setting on top, with its origin; every key has a built-in layer below or an empty text.
class lookup_result {
public:
  explicit lookup_result(const std::vector<settings_layer>& layers) : layers_(layers) {}

  /// Reads one setting with `parse`; keeps the first problem, naming the origin.
  template<class T, class Parse>
  void read(std::string_view key, T& into, Parse parse) {
    for (const auto& layer : layers_) {
      const auto i = layer.find(key);
      if (i == layer.end())
        continue;
      auto value = parse(std::string_view{i->second.text});
      if (value)
        into = std::move(*value);
      else if (!problem_)
        problem_ = from_flag(i->second)
                       ? fail(ec::bad_argument, i->second.origin + ": " + detail_of(value.error()))
                       : fail(ec::bad_config, i->second.origin + ": " + detail_of(value.error()));
      return;
    }
  }

  const caf::error& problem() const { return problem_; }

private:
  static bool from_flag(const raw_setting& x) { return x.origin.rfind("--", 0) == 0; }

  const std::vector<settings_layer>& layers_;
  caf::error problem_;
};

} // namespace

caf::expected<host_port> parse_host_port(std::string_view text) {
  const auto wrong = [&] {
    return fail(ec::bad_argument, fmt::format("'{}' is no HOST:PORT", printable(text, 80)));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return wrong();
  auto host = text.substr(0, colon);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']')
      return wrong();
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong();
  }
  const auto plain = host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':' ||
                              c == '_' || c == '%';
                     });
  if (!plain)
    return wrong();
  auto port = parse_port(text.substr(colon + 1));
  if (!port)
    return std::move(port.error());
  return host_port{std::string{host}, *port};
}

std::string to_string(const host_port& x) {
  return x.host.find(':') == std::string::npos ? fmt::format("{}:{}", x.host, x.port)
                                               : fmt::format("[{}]:{}", x.host, x.port);
}

caf::expected<std::chrono::milliseconds> parse_duration(std::string_view text) {
  using std::chrono::milliseconds;
  auto wrong = [&] {
    return fail(ec::bad_argument, fmt::format("'{}' is no duration (like 15m, 5s, 1h30m, 250ms)",
                                              printable(text, 40)));
  };
  milliseconds sum{0};
  auto rest = text;
  while (!rest.empty()) {
    uint32_t count = 0;
    auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (problem != std::errc{})
      return wrong();
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    auto unit = rest.substr(0, std::min(rest.find_first_of("0123456789"), rest.size()));
    milliseconds one{0};
    if (unit == "ms")
      one = milliseconds{1};
    else if (unit == "s")
      one = std::chrono::seconds{1};
    else if (unit == "m")
      one = std::chrono::minutes{1};
    else if (unit == "h")
      one = std::chrono::hours{1};
    else if (unit == "d")
      one = std::chrono::hours{24};
    else
      return wrong();
    rest.remove_prefix(unit.size());
    // 32 bits of the largest unit fit 64 bits of milliseconds with room for a sum.
    sum += one * static_cast<int64_t>(count);
    if (sum > duration_max)
      return fail(ec::bad_argument,
                  fmt::format("'{}' is longer than 30 days", printable(text, 40)));
  }
  if (sum <= milliseconds{0})
    return wrong();
  return sum;
}

const std::vector<setting_name>& setting_names() {
  static const std::vector<setting_name> list = {
      {"data", "Folder of wallets and journals"},
      {"wallet", "Name of the wallet inside the data folder"},
      {"relay", "Relay, HOST:PORT"},
      {"raida", "Servers: HOST:PORT of the first of 25 consecutive ports, or 25 addresses"},
      {"json", "One JSON object a line on standard output; the last one is the result", "true"},
      {"quiet", "Only errors and the last line", "true"},
      {"verbose", "Tell more on standard error: 1, or 2 for everything"},
      {"color", "No colours", "false", "--no-color"},
      {"yes", "Answer every question with yes", "true"},
      {"input", "Never ask; what would be asked is an error", "false", "--no-input"},
      {"wait", "How long to wait for the other person (15m)"},
      {"timeout", "How long one step of others may take (2m)"},
      {"transcript", "Write the session's commands, times and addresses to this file"},
      {"qr", "Show no QR code", "false", "--no-qr"},
      {"notation", "How messages are written on the wire: tag or json"},
  };
  return list;
}

caf::expected<settings_layer> read_settings_file(const std::filesystem::path& file) {
  const auto name = file.string();
  std::error_code problem;
  const auto size = std::filesystem::file_size(file, problem);
  if (problem)
    return fail(ec::bad_config, fmt::format("{}: {}", printable(name), problem.message()));
  if (size > settings_file_bytes_max)
    return fail(ec::bad_config, printable(name) + ": larger than 64 KiB");
  toml::table table;
  try {
    table = toml::parse_file(name);
  } catch (const toml::parse_error& x) {
    return fail(ec::bad_config, fmt::format("{}:{}: {}", printable(name), x.source().begin.line,
                                            printable(x.description())));
  }
  settings_layer out;
  for (const auto& [key, value] : table) {
    const auto where = fmt::format("{}:{}", printable(name), value.source().begin.line);
    const auto word = std::string{key.str()};
    const auto& names = setting_names();
    const auto known = std::any_of(names.begin(), names.end(),
                                   [&](const setting_name& x) { return word == x.key; });
    if (!known)
      return fail(ec::bad_config, fmt::format("{}: unknown key '{}'", where, printable(word, 40)));
    const auto text = text_of(value);
    if (!text)
      return fail(ec::bad_config,
                  fmt::format("{}: '{}' has a value of the wrong kind", where, word));
    out[word] = {*text, where};
  }
  return out;
}

settings_layer read_environment(const std::function<const char*(const char*)>& lookup) {
  settings_layer out;
  for (const auto& name : setting_names()) {
    const auto variable = environment_name(name.key);
    if (auto value = lookup(variable.c_str()); value != nullptr && *value != '\0')
      out[name.key] = {value, variable};
  }
  return out;
}

caf::error check_variables(const std::vector<std::string>& names) {
  // The relay's; and those of our tests, whose programs start this one.
  constexpr std::string_view relay = "LIVECONNECT_RELAY_";
  const auto is_other = [=](std::string_view x) {
    return x.substr(0, relay.size()) == relay || x == "LIVECONNECT_CRASH_STRIDE" ||
           x == "LIVECONNECT_SCREENSHOTS";
  };
  const auto prefix = std::string_view{variable_prefix}.size();
  std::vector<std::string> words;
  std::vector<std::string> known;
  for (const auto& x : setting_names()) {
    known.push_back(environment_name(x.key));
    words.push_back(known.back().substr(prefix));
  }
  for (const auto& name : names) {
    if (is_other(name) || std::find(known.begin(), known.end(), name) != known.end())
      continue;
    // By what comes after the prefix: with it, everything would be near.
    const auto near = nearest_word(std::string_view{name}.substr(prefix), words);
    auto text = fmt::format("there is no variable '{}'", printable(name, 60));
    if (!near.empty())
      text += fmt::format(" (did you mean '{}{}')", variable_prefix, near);
    return fail(ec::bad_config, std::move(text));
  }
  return {};
}

settings_layer built_in(const std::function<const char*(const char*)>& lookup) {
  settings_layer out;
  const auto put = [&](const char* key, std::string text) {
    out[key] = {std::move(text), "built in"};
  };
  const auto value_of = [&](const char* name) -> std::string {
    const auto value = lookup(name);
    return value == nullptr ? "" : value;
  };
  if (auto base = value_of("XDG_DATA_HOME"); !base.empty())
    put("data", base + "/liveconnect");
  else if (auto home = value_of("HOME"); !home.empty())
    put("data", home + "/.local/share/liveconnect");
  put("wallet", wallet_built_in);
  put("relay", "127.0.0.1:9100");
  put("raida", "127.0.0.1:50000");
  put("wait", "15m");
  put("timeout", "2m");
  put("notation", "tag");
  return out;
}

std::vector<std::filesystem::path>
default_settings_files(const std::function<const char*(const char*)>& lookup) {
  std::vector<std::filesystem::path> out;
  const auto base = lookup("XDG_CONFIG_HOME");
  const auto home = lookup("HOME");
  if (base != nullptr && *base != '\0')
    out.push_back(std::filesystem::path{base} / "liveconnect" / "config.toml");
  else if (home != nullptr && *home != '\0')
    out.push_back(std::filesystem::path{home} / ".config" / "liveconnect" / "config.toml");
  out.emplace_back("/etc/liveconnect/config.toml");
  return out;
}

caf::expected<settings> resolve(const std::vector<settings_layer>& layers) {
  settings out;
  lookup_result found{layers};
  const auto as_path = [](std::string_view x) -> caf::expected<std::filesystem::path> {
    return std::filesystem::path{x};
  };
  found.read("data", out.data, as_path);
  found.read("wallet", out.wallet, parse_wallet_name);
  found.read("relay", out.relay, parse_host_port);
  found.read("raida", out.raida, parse_servers);
  found.read("json", out.as_json, parse_bool);
  found.read("quiet", out.quiet, parse_bool);
  found.read("verbose", out.verbose, parse_verbosity);
  found.read("color", out.colour, parse_bool);
  found.read("yes", out.yes, parse_bool);
  found.read("input", out.input, parse_bool);
  found.read("wait", out.wait, parse_duration);
  found.read("timeout", out.timeout, parse_duration);
  found.read("transcript", out.transcript, as_path);
  found.read("qr", out.qr, parse_bool);
  found.read("notation", out.notation, parse_notation);
  if (found.problem())
    return found.problem();
  if (out.data.empty())
    return fail(ec::bad_config, "no data folder is known: neither --data nor HOME is set");
  std::error_code problem;
  const auto whole = std::filesystem::absolute(out.data, problem);
  if (!problem)
    out.data = whole.lexically_normal();
  for (const auto& layer : layers)
    if (auto i = layer.find("data"); i != layer.end()) {
      out.data_from_flag = i->second.origin == "--data";
      break;
    }
  return out;
}

caf::error use_servers(settings& conf, std::string_view text) {
  auto list = parse_servers(text);
  if (!list)
    return std::move(list.error());
  conf.raida = std::move(*list);
  return {};
}

caf::expected<settings> load_settings(const settings_layer& flags,
                                      const std::optional<std::filesystem::path>& named_file,
                                      const std::function<const char*(const char*)>& lookup) {
  std::vector<settings_layer> layers{flags, read_environment(lookup)};
  if (named_file) {
    auto layer = read_settings_file(*named_file);
    if (!layer)
      return std::move(layer.error());
    layers.push_back(std::move(*layer));
  }
  for (const auto& file : default_settings_files(lookup)) {
    std::error_code problem;
    if (!std::filesystem::exists(file, problem))
      continue;
    auto layer = read_settings_file(file);
    if (!layer)
      return std::move(layer.error());
    layers.push_back(std::move(*layer));
  }
  layers.push_back(built_in(lookup));
  return resolve(layers);
}

} // namespace liveconnect::cli
