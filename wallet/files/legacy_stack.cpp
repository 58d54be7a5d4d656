#include "wallet/files/legacy_stack.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "messages/base/error.hpp"
#include "messages/money/note.hpp"

namespace liveconnect::wallet {

namespace {

using json = nlohmann::json;

constexpr uint64_t serial_last = 16'777'216;
constexpr size_t nesting_max = 8;
constexpr size_t an_digits = 32;

caf::error bad(const std::string& what) {
  return fail(ec::bad_coin_file, "stack: " + what);
}

std::string coin_at(size_t index) {
  return "coin " + std::to_string(index + 1) + ": ";
}

/// Builds the document and stops at too deep a nesting, so that no input recurses for long.
json parse_bounded(byte_view file) {
  bool too_deep = false;
  const auto out = json::parse(
      file.begin(), file.end(),
      [&](int depth, json::parse_event_t, json&) {
        too_deep = too_deep || depth > static_cast<int>(nesting_max);
        return !too_deep;
      },
      false);
  return too_deep ? json(json::value_t::discarded) : out;
}

/// A whole number, or one in quotes; both are met in the wild.
bool read_number(const json& from, uint64_t& out) {
  if (from.is_number_unsigned()) {
    out = from.get<uint64_t>();
    return true;
  }
  if (!from.is_string())
    return false;
  const auto& text = from.get_ref<const std::string&>();
  if (text.empty() || text.size() > 10)
    return false;
  out = 0;
  for (const char x : text) {
    if (x < '0' || x > '9')
      return false;
    out = out * 10 + static_cast<uint64_t>(x - '0');
  }
  return true;
}

caf::error check_numbers(const json& list, size_t index) {
  if (!list.is_array())
    return bad(coin_at(index) + "\"an\" is not a list");
  if (list.size() != raida_count)
    return bad(coin_at(index) + std::to_string(list.size()) + " ANs, expected 25");
  for (const auto& x : list) {
    if (!x.is_string())
      return bad(coin_at(index) + "an AN is not text");
    const auto& text = x.get_ref<const std::string&>();
    if (text.find('(') != std::string::npos)
      return bad(coin_at(index) + "ANs are masked: password needed");
    if (text.size() != an_digits || !std::all_of(text.begin(), text.end(), [](unsigned char c) {
          return std::isxdigit(c) != 0;
        }))
      return bad(coin_at(index) + "an AN is not 32 hexadecimal digits");
  }
  return caf::none;
}

caf::expected<legacy_coin> read_coin(const json& from, size_t index) {
  if (!from.is_object())
    return bad(coin_at(index) + "not an object");
  const auto network = from.find("nn"), serial = from.find("sn"), numbers = from.find("an");
  uint64_t value = 0;
  if (network == from.end() || !read_number(*network, value) || value != 1)
    return bad(coin_at(index) + "\"nn\" is not 1");
  if (serial == from.end() || !read_number(*serial, value) || value == 0 || value > serial_last)
    return bad(coin_at(index) + "\"sn\" is not 1 to 16777216");
  if (numbers == from.end())
    return bad(coin_at(index) + "no \"an\"");
  if (auto err = check_numbers(*numbers, index))
    return err;
  return legacy_coin{static_cast<uint32_t>(value), legacy_value(value)};
}

/// The list under the key `cloudcoin`, in whatever case.
const json* find_coins(const json& document) {
  if (!document.is_object())
    return nullptr;
  for (const auto& [key, value] : document.items()) {
    auto lower = key;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower == "cloudcoin")
      return &value;
  }
  return nullptr;
}

} // namespace

uint32_t legacy_value(uint64_t serial) {
  if (serial == 0 || serial > serial_last)
    return 0;
  if (serial <= 2'097'152)
    return 1;
  if (serial <= 4'194'304)
    return 5;
  if (serial <= 6'291'456)
    return 25;
  return serial <= 14'680'064 ? 100 : 250;
}

caf::expected<legacy_stack> parse_legacy_stack(byte_view file) {
  if (file.size() > legacy_stack_bytes_max)
    return bad("longer than " + std::to_string(legacy_stack_bytes_max) + " bytes");
  const auto document = parse_bounded(file);
  if (document.is_discarded())
    return bad("broken JSON");
  const auto* coins = find_coins(document);
  if (coins == nullptr || !coins->is_array())
    return bad("no list \"cloudcoin\"");
  if (coins->empty())
    return bad("no coins");
  legacy_stack out;
  std::set<uint32_t> seen;
  for (size_t i = 0; i < coins->size(); ++i) {
    const auto coin = read_coin((*coins)[i], i);
    if (!coin)
      return coin.error();
    if (!seen.insert(coin->serial).second)
      return bad(coin_at(i) + "serial " + std::to_string(coin->serial) + " stands twice");
    out.total += coin->value;
    out.coins.push_back(*coin);
  }
  return out;
}

} // namespace liveconnect::wallet
