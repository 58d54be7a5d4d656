#include "tests/support/onlooker.hpp"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

namespace liveconnect::test {

int message_number(const std::string& line) {
  if (!line.empty() && line[0] == '{') {
    auto x = nlohmann::json::parse(line, nullptr, false);
    return x.is_object() ? x.value("Message Number", 0) : 0;
  }
  // Written down here once more, so that a mistake in the catalogue shows.
  static const std::map<std::string, int> numbers = {
      {"Heartbeat", 1},
      {"Empty_Import_Export", 2},
      {"Import_Export_Empty", 3},
      {"Making_Change", 5},
      {"Joining_Coins", 6},
      {"Finding_Change", 7},
      {"Moving_Coins_To_Sender", 8},
      {"Detecting_Coin_authenticity", 9},
      {"Fixing_Coins", 10},
      {"Putting_Coins_in_Export", 11},
      {"Encrypting_Coins", 12},
      {"Ready_To_Receive", 13},
      {"Received", 14},
      {"Decrypting_Coins", 15},
      {"Powning_Coins", 16},
      {"receipt", 17},
      {"Confirming_Change_of_Ownership", 18},
      {"Coins_confirmed", 19},
      {"Fixing_Change", 20},
      {"Ready_To_Send_Coins", 21},
      {"coin", 24},
      {"Join_Room", 100},
      {"Cancel", 105},
      {"Closing", 106},
  };
  if (line.compare(0, 3, "<# ") != 0)
    return 0;
  auto word = line.substr(3, line.find_first_of(" >", 3) - 3);
  if (!word.empty() && word.find_first_not_of("0123456789.") == std::string::npos)
    return 4;
  auto i = numbers.find(word);
  return i == numbers.end() ? 0 : i->second;
}

std::vector<said> conversation(const std::vector<line_proxy::record>& lines) {
  std::vector<said> out;
  for (const auto& x : lines) {
    if (!x.to_relay)
      continue;
    auto number = message_number(x.line);
    if (number == 1 || number == 100)
      continue;
    auto part = !out.empty() && out.back().number == number &&
                out.back().connection == x.connection && (number == 24 || number == 17);
    if (!part)
      out.push_back({x.connection, number});
  }
  return out;
}

std::vector<int> numbers_of_steps(const std::vector<said>& all) {
  std::vector<int> out;
  for (const auto& x : all)
    if (x.number != 12 && x.number != 15 && x.number != 18 && x.number != 19 && x.number < 100)
      out.push_back(x.number);
  return out;
}

const std::vector<int>& seed_order() {
  static const std::vector<int> list = {2, 3,  4,  4,  5,  6,  7,  20, 8,
                                        9, 10, 11, 21, 13, 24, 14, 16, 17};
  return list;
}

} // namespace liveconnect::test
