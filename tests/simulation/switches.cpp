#include "tests/simulation/switches.hpp"

#include <utility>

namespace liveconnect::simulation {

namespace {

constexpr std::pair<const char*, bool switches::*> table[] = {
    {"old_tickets", &switches::old_tickets},     {"forger", &switches::forger},
    {"fix_race", &switches::fix_race},           {"split_change", &switches::split_change},
    {"late_change", &switches::late_change},     {"second_copy", &switches::second_copy},
    {"split_claim", &switches::split_claim},     {"many_servers", &switches::many_servers},
    {"judge_supply", &switches::judge_supply},   {"judge_secrets", &switches::judge_secrets},
    {"judge_payable", &switches::judge_payable},
};

} // namespace

switches all_on() {
  switches out;
  for (const auto& x : table)
    out.*x.second = true;
  return out;
}

bool set_switch(switches& x, const std::string& name, bool on) {
  for (const auto& row : table) {
    if (name != row.first)
      continue;
    x.*row.second = on;
    return true;
  }
  return false;
}

std::string names_of_difference(const switches& x) {
  std::string out;
  for (const auto& row : table)
    if (x.*row.second != committed.*row.second)
      out += std::string(x.*row.second ? " --with " : " --without ") + row.first;
  return out;
}

std::string switch_names() {
  std::string out;
  for (const auto& x : table)
    out += (out.empty() ? "" : " ") + std::string(x.first);
  return out;
}

} // namespace liveconnect::simulation
