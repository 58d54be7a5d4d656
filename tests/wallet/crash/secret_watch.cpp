#include "tests/wallet/crash/secret_watch.hpp"

#include <algorithm>
#include <bitset>
#include <cstring>
#include <unordered_map>

#include "wallet/raida/derive.hpp"

namespace liveconnect::test {

namespace {

using secret_value = secret_watch::secret_value;

secret_value value_of_secret(byte_view x) {
  secret_value out{};
  std::copy(x.begin(), x.begin() + out.size(), out.begin());
  return out;
}

secret_value value_of_secret(const authenticity_number& x) {
  return value_of_secret(byte_view{x.data(), x.size()});
}

/// Looks for many secrets in many bytes in one pass.
class searcher {
public:
  explicit searcher(const std::vector<secret_value>& wanted) {
    for (const auto& x : wanted)
      if (missing_.emplace(key_of(x.data()), x).second)
        first_bytes_.set(two_of(x.data()));
  }

  void look_in(const bytes& content) {
    for (size_t i = 0; i + sizeof(secret_value) <= content.size(); ++i) {
      const auto* at = content.data() + i;
      if (!first_bytes_.test(two_of(at)))
        continue;
      const auto found = missing_.find(key_of(at));
      if (found != missing_.end() && std::equal(found->second.begin(), found->second.end(), at))
        missing_.erase(found);
    }
  }

  bool lacks(const secret_value& x) const { return missing_.count(key_of(x.data())) != 0; }

private:
  static size_t two_of(const uint8_t* x) { return x[0] | static_cast<size_t>(x[1]) << 8; }
  static uint64_t key_of(const uint8_t* x) {
    uint64_t out = 0;
    std::memcpy(&out, x, sizeof out);
    return out;
  }

  std::bitset<65536> first_bytes_;
  std::unordered_map<uint64_t, secret_value> missing_;
};

searcher search(const transfer_pair& pair, const std::vector<secret_value>& wanted) {
  searcher out{wanted};
  for (const auto* whose : {&pair.sender(), &pair.receiver()})
    whose->disk().for_each_durable(
        [&](const std::string&, const bytes& content) { out.look_in(content); });
  return out;
}

/// The secrets of one request that a server may hold afterwards (docs/formats/raida.md 6). The PG
/// of a Fix comes with the notes it is for.
std::vector<byte_view> new_secrets(raida::command what, byte_view payload) {
  std::vector<byte_view> out;
  switch (what) {
  case raida::command::pown:
    for (size_t i = 0; i + 37 <= payload.size(); i += 37)
      out.push_back(payload.sub(i + 21, 16));
    break;
  case raida::command::break_note:
    for (size_t i = 1; i <= 10; ++i)
      out.push_back(payload.sub(4 + 21 * i + 5, 16));
    break;
  case raida::command::join_notes:
    out.push_back(payload.sub(4 + 5, 16));
    break;
  case raida::command::fix:
    out.push_back(payload.sub(payload.size() - 116, 16));
    break;
  default:
    break;
  }
  return out;
}

/// Notes of a Fix: everything before PG and 25 tickets.
std::vector<note_id> notes_of_fix(byte_view payload) {
  std::vector<note_id> out;
  for (size_t i = 0; i + 5 + 116 <= payload.size(); i += 5) {
    uint32_t serial = 0;
    for (size_t j = 1; j < 5; ++j)
      serial = serial << 8 | payload[i + j];
    out.push_back({static_cast<int8_t>(payload[i]), serial});
  }
  return out;
}

} // namespace

void secret_watch::begin(const transfer_pair& pair) {
  std::vector<secret_value> held;
  for (size_t server = 0; server < pair.raida().servers(); ++server)
    pair.raida().for_each_held(server, [&](note_id, const authenticity_number& an) {
      held.push_back(value_of_secret(an));
    });
  const auto missing = search(pair, held);
  for (const auto& x : held)
    if (missing.lacks(x) && derived_.count(x) == 0)
      foreign_.insert(x);
}

bool secret_watch::is_foreign(const authenticity_number& x) const {
  return foreign_.count(value_of_secret(x)) != 0;
}

findings secret_watch::see(const raida::ask_all& ask, const transfer_pair& pair, bool with_disks) {
  std::vector<secret_value> told;
  for (size_t server = 0; server < ask.payloads.size(); ++server) {
    if (server < ask.skip.size() && ask.skip[server])
      continue;
    const auto payload = view(ask.payloads[server]);
    for (const auto& x : new_secrets(ask.what, payload)) {
      told.push_back(value_of_secret(x));
      if (ask.what != raida::command::fix)
        continue;
      authenticity_number pg;
      std::copy(x.begin(), x.end(), pg.data());
      for (const auto& id : notes_of_fix(payload))
        derived_[value_of_secret(raida::fixed_an(static_cast<uint8_t>(server), id, pg))] =
            told.back();
    }
  }
  findings out;
  if (told.empty() || !with_disks)
    return out;
  const auto missing = search(pair, told);
  const auto lost = std::count_if(told.begin(), told.end(),
                                  [&](const secret_value& x) { return missing.lacks(x); });
  if (lost > 0)
    out.push_back(std::to_string(lost) + " of " + std::to_string(told.size()) +
                  " secrets of a request of command " + std::to_string(static_cast<int>(ask.what)) +
                  " leave before they are durable (P3)");
  return out;
}

findings secret_watch::held_is_durable(const transfer_pair& pair) const {
  std::vector<secret_value> wanted;
  std::map<note_id, std::vector<secret_value>> held;
  for (size_t server = 0; server < pair.raida().servers(); ++server)
    pair.raida().for_each_held(server, [&](note_id id, const authenticity_number& an) {
      const auto x = value_of_secret(an);
      if (foreign_.count(x) != 0)
        return;
      held[id].push_back(x);
      wanted.push_back(x);
      if (const auto pg = derived_.find(x); pg != derived_.end())
        wanted.push_back(pg->second);
    });
  const auto missing = search(pair, wanted);
  findings out;
  for (const auto& [id, all] : held) {
    const auto lost = std::count_if(all.begin(), all.end(), [&](const secret_value& x) {
      const auto pg = derived_.find(x);
      return missing.lacks(x) && (pg == derived_.end() || missing.lacks(pg->second));
    });
    if (lost > 0)
      out.push_back("of " + to_string(id) + ", " + std::to_string(lost) +
                    " servers hold a secret that is durable nowhere (I3)");
  }
  return out;
}

std::map<note_id, size_t> secret_watch::within_reach(const std::vector<note>& counted,
                                                     const wallet_party& other,
                                                     const transfer_pair& pair) const {
  std::map<note_id, const note*> by_id;
  for (const auto& x : counted)
    by_id[x.id] = &x;
  std::map<note_id, std::vector<secret_value>> left;
  std::vector<secret_value> wanted;
  for (size_t server = 0; server < pair.raida().servers(); ++server)
    pair.raida().for_each_held(server, [&](note_id id, const authenticity_number& an) {
      const auto found = by_id.find(id);
      if (found == by_id.end())
        return;
      // The newest set is its owner's alone.
      const auto& newest = found->second->pans.empty() ? found->second->ans : found->second->pans;
      if (server < newest.size() && newest[server] == an)
        return;
      left[id].push_back(value_of_secret(an));
      wanted.push_back(left[id].back());
    });
  std::map<note_id, size_t> out;
  if (wanted.empty())
    return out;
  searcher missing{wanted};
  other.disk().for_each_durable(
      [&](const std::string&, const bytes& content) { missing.look_in(content); });
  for (const auto& [id, all] : left)
    for (const auto& x : all)
      if (!missing.lacks(x))
        ++out[id];
  return out;
}

} // namespace liveconnect::test
